"""What the demo is made of on disk: certificates, keys, and the configuration of the seeds."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ostiary.ca.authority import Issued, issue_client, issue_server, new_root
from ostiary.ca.dice import Dice
from ostiary.store.files import write_atomically

STRICT = "strict.localhost"
"""The name whose handshake refuses clients without a trusted certificate."""

_PUBLIC = 0o644
_LONG_AGO = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The demo's folder."""

    folder: Path
    port: int
    service_port: int
    admin_port: int
    """Of console and admin API, on loopback."""
    engine: Path | None
    """The HAProxy to use; None: as ``ostiary run`` chooses."""

    @property
    def config(self) -> Path:
        """The gateway's configuration."""
        return self.folder / "gateway.config.yml"

    @property
    def root(self) -> Path:
        """The authority that the gateway trusts, and that made its server certificate."""
        return self.folder / "rootCA.pem"

    @property
    def state(self) -> Path:
        """What the gateway remembers."""
        return self.folder / "state"

    @property
    def admin_token(self) -> Path:
        """The first administrator's token; there soon after the start."""
        return self.state / "admin.token"

    @property
    def access_log(self) -> Path:
        """One JSON object for each request."""
        return self.folder / "access.log"

    @property
    def program_log(self) -> Path:
        """What the gateway has to say."""
        return self.folder / "gateway.log"


def make_certificates(scene: Scene, now: datetime, dice: Dice) -> None:
    """A root, a server, and three clients: a trusted one, an expired one, a foreign one."""
    before = now - _LONG_AGO
    root = new_root("Ostiary demo root", before, dice)
    foreign = new_root("Foreign root", before, dice)
    _write(scene.folder, "rootCA", "pem", root)
    names = ["localhost", STRICT, "127.0.0.1", "::1"]
    _write(scene.folder, "server", "crt", issue_server(root, names, now, dice))
    trusted = issue_client(root, "device-1", now, dice, organization="Ostiary demo")
    _write(scene.folder, "client", "crt", trusted)
    _write(scene.folder, "expired", "crt", issue_client(root, "device-0", before, dice, days=30))
    _write(scene.folder, "foreign", "crt", issue_client(foreign, "device-1", now, dice))


def _write(folder: Path, name: str, ending: str, issued: Issued) -> None:
    write_atomically(folder / f"{name}.key", issued.key_pem())
    write_atomically(folder / f"{name}.{ending}", issued.fullchain_pem(), mode=_PUBLIC)


def write_config(scene: Scene) -> None:
    """The recipe of the seeds: one path that needs a certificate, one that is open."""
    engine = f"  binary: {json.dumps(str(scene.engine))}\n" if scene.engine else ""
    text = _CONFIG.format(
        port=scene.port,
        service_port=scene.service_port,
        admin_port=scene.admin_port,
        strict=STRICT,
        engine=engine,
    )
    write_atomically(scene.config, text.encode(), mode=_PUBLIC)


_CONFIG = """\
https:
  port: {port}
  hostname: 127.0.0.1
  tls:
    default:
      key: server.key
      cert: server.crt
      ca: [rootCA.pem]
    # Clients of this name without a trusted certificate are refused in the handshake.
    {strict}:
      key: server.key
      cert: server.crt
      ca: [rootCA.pem]
      rejectUnauthorized: true
  options:
    requestCert: true
    rejectUnauthorized: false # the pipelines decide

apiEndpoints:
  clientAuthEndpoint:
    paths: /users*
  openEndpoint:
    paths: /open*

serviceEndpoints:
  backend:
    url: http://127.0.0.1:{service_port}

pipelines:
  default:
    apiEndpoints: [clientAuthEndpoint]
    policies:
      - terminate:
          - condition:
              name: not
              condition:
                name: tlsClientAuthenticated
            action:
              statusCode: 403
      - proxy:
          - action:
              serviceEndpoint: backend
  open:
    apiEndpoints: [openEndpoint]
    policies:
      - proxy:
          - action:
              serviceEndpoint: backend

admin:
  port: {admin_port}

engine:
{engine}  drainTimeoutMs: 1000
"""
