"""The real commands as child processes, and a folder with a configuration to use them on."""

import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.support import nursery
from tests.support.pki import DAY, Kit
from tests.support.ports import free_port


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """Everything, as one line: what was wrapped for a terminal is whole again."""
        return " ".join(re.sub(r"[│╭╮╰╯─]", " ", self.out + self.err).split())


def environment(**extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OSTIARY_")}
    return {**kept, "COLUMNS": "200", "NO_COLOR": "1", **extra}


def ostiary(*arguments: object, cwd: Path | None = None, **env: str) -> Done:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = nursery.start(*arguments, stdout=out, stderr=err, cwd=cwd, env=environment(**env))
        try:
            code = child.wait(90)
        finally:
            child.kill()
        out.seek(0)
        err.seek(0)
        return Done(code, out.read().decode(), err.read().decode())


CONFIG = """\
https:
  port: {port}
  hostname: 127.0.0.1
  tls:
    default: {{key: site.key, cert: site.crt, ca: [root.crt]}}
    strict.example: {{key: site.key, cert: site.crt, ca: [root.crt], rejectUnauthorized: true}}
    other.example: {{key: site.key, cert: site.crt, ca: [foreign.crt]}}
    open.example: {{key: site.key, cert: site.crt, requestCert: false}}
  options: {{requestCert: true, rejectUnauthorized: false}}
apiEndpoints:
  users: {{paths: /users*}}
  orders: {{paths: ['/orders/:id', '/orders/:id/*'], methods: 'GET,POST'}}
  open: {{paths: /open*}}
  odd: {{pathRegex: '/id-[0-9]+$'}}
  lost: {{paths: /lost}}
serviceEndpoints:
  backend: {{url: 'http://127.0.0.1:{service}'}}
pipelines:
  users:
    apiEndpoints: [users]
    policies:
      - terminate:
          condition: {{name: not, condition: {{name: tlsClientAuthenticated}}}}
          action: {{statusCode: 403}}
      - proxy: {{action: {{serviceEndpoint: backend}}}}
  orders:
    apiEndpoints: [orders]
    policies:
      - terminate:
          condition: {{name: allOf, conditions: [{{name: pathMatch, pattern: '^/orders/[0-9]+$'}},
                       {{name: not, condition: {{name: tlsClientAuthenticated}}}}]}}
          action: {{statusCode: 418, message: teapot}}
      - proxy: {{action: {{serviceEndpoint: backend}}}}
  rest:
    apiEndpoints: [open, odd]
    policies:
      - proxy: {{action: {{serviceEndpoint: backend}}}}
engine: {{drainTimeoutMs: 500{engine}}}
"""


@dataclass
class House:
    """A folder with certificates and a configuration."""

    folder: Path
    service_port: int = 0
    engine: Path | None = None
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.kit = Kit(self.folder)
        self.root = self.kit.root("root")
        self.foreign = self.kit.root("foreign")
        self.site(self.kit.now + 90 * DAY)
        self.write()

    def site(self, not_after: datetime) -> None:
        """Make the server's certificate anew."""
        names = ["localhost", "*.example"]
        self.kit.server(self.root, "site", dns=names, ips=["127.0.0.1"], not_after=not_after)

    @property
    def config(self) -> Path:
        return self.folder / "gateway.config.yml"

    @property
    def state(self) -> Path:
        return self.folder / "s"

    @property
    def text(self) -> str:
        engine = f", binary: {json.dumps(str(self.engine))}" if self.engine else ""
        return CONFIG.format(
            port=self.port, service=self.service_port or free_port(), engine=engine
        )

    def write(self, text: str | None = None) -> None:
        self.config.write_text(self.text if text is None else text)

    def do(self, verb: str, *arguments: object, **env: str) -> Done:
        return ostiary(verb, "--config", self.config, *arguments, cwd=self.folder, **env)

    def everything(self) -> dict[str, bytes]:
        """Every file below the folder with its content."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files}

    @contextmanager
    def running(self) -> Iterator["Log"]:
        """`ostiary run` as a child until the end of the block; gives its access log."""
        log = self.folder / "access.log"
        with log.open("wb") as out, (self.folder / "program.log").open("wb") as err:
            child = nursery.start(
                *("run", "--config", self.config, "--state", self.state), stdout=out, stderr=err
            )
        try:
            end = time.monotonic() + 60
            while b"ready\n" not in log.read_bytes():
                assert child.poll() is None, (self.folder / "program.log").read_text()
                assert time.monotonic() < end, "not ready in time"
                time.sleep(0.02)
            yield Log(log)
        finally:
            child.terminate()
            child.wait(60)


@dataclass(frozen=True)
class Log:
    path: Path

    def request(self, request_id: str) -> dict[str, Any]:
        """The access log's line about a request."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            for line in self.path.read_text().splitlines():
                if request_id in line:
                    found: dict[str, Any] = json.loads(line)
                    return found
            time.sleep(0.02)
        raise AssertionError(f"no line about {request_id}")
