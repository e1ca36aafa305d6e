"""Caddy: client certificate verified if given, refused per request by a matcher."""

from pathlib import Path

from bench.children import Launch
from bench.contestants.contestant import Contestant, Refusal, Site, on_path, says
from bench.paths import CACHE

PACKED = CACHE / "deb" / "usr" / "bin" / "caddy"

CONFIG = """
{{
  admin off
  auto_https off
  log {{
    level ERROR
  }}
  servers {{
    protocols h1 h2
  }}
}}
https://localhost:{port}, https://127.0.0.1:{port} {{
  bind 127.0.0.1
  tls {cert} {key} {{
    protocols tls1.3 tls1.3
    client_auth {{
      mode verify_if_given
      trusted_ca_cert_file {ca}
    }}
  }}
  @anonymous not vars_regexp {{http.request.tls.client.fingerprint}} ^[0-9a-f]+$
  respond @anonymous 403
  reverse_proxy 127.0.0.1:{upstream} {{
    transport http {{
      keepalive 1h
      keepalive_idle_conns 1024
      keepalive_idle_conns_per_host 1024
      compression off
    }}
  }}
}}
"""


def _prepare(binary: Path, site: Site) -> Launch:
    config = site.folder / "Caddyfile"
    config.write_text(
        CONFIG.lstrip().format(
            port=site.port,
            upstream=site.upstream_port,
            cert=site.pki.server.cert,
            key=site.pki.server.key,
            ca=site.pki.ca.cert,
        )
    )
    argv = (str(binary), "run", "--config", str(config), "--adapter", "caddyfile")
    own = {"HOME": str(site.folder), "XDG_DATA_HOME": str(site.folder)}
    env = {**own, "XDG_CONFIG_HOME": str(site.folder), "GOMAXPROCS": "1"}
    return Launch(argv=argv, env=env, folder=site.folder, port=site.port)


CADDY = Contestant(
    key="caddy",
    title="Caddy, verify_if_given + matcher",
    rule="403 unless the client's fingerprint is set, each request",
    http2=True,
    refusal=Refusal.PER_REQUEST,
    locate=lambda: on_path("caddy", otherwise=PACKED),
    version=lambda binary: says(str(binary), "version"),
    prepare=_prepare,
)
