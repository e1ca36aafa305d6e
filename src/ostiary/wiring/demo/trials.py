"""What the demo tries, with which command, and what each must answer."""

import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ostiary.wiring.attacks import Call, Listener, call, context
from ostiary.wiring.demo.scene import STRICT, Scene

REFUSED = "handshake refused"
_SECONDS = 15
_HANDSHAKE_CODES = (35, 56)
"""curl's exit codes for a handshake that fails, and (TLS 1.3) fails when the answer is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One thing to try."""

    name: str
    expected: str
    path: str = "/users"
    host: str = "localhost"
    client: str | None = None
    """Name of the client certificate's files."""
    header: str | None = None
    resumes: bool = False
    """Asks twice, each on a connection of its own: the second resumes the TLS session."""


TRIALS = (
    Trial(name="no certificate", expected="403"),
    Trial(name="trusted certificate", client="client", expected="200"),
    Trial(name="certificate of a foreign authority", client="foreign", expected="403"),
    Trial(name="expired certificate", client="expired", expected="403"),
    Trial(name="open path, no certificate", path="/open", expected="200"),
    Trial(
        name="no certificate, TLS session resumed (Express Gateway: 403 200)",
        resumes=True,
        expected="403 403",
    ),
    Trial(
        name="foreign certificate, TLS session resumed",
        client="foreign",
        resumes=True,
        expected="403 403",
    ),
    Trial(name="strict name, no certificate", host=STRICT, expected=REFUSED),
    Trial(name="strict name, expired certificate", host=STRICT, client="expired", expected=REFUSED),
    Trial(name="strict name, trusted certificate", host=STRICT, client="client", expected="200"),
    Trial(
        name="Host of another name than the connection's",
        path="/open",
        header=f"Host: {STRICT}",
        expected="421",
    ),
    Trial(
        name="posing by headers, no certificate",
        header="X-Client-Cert-Subject-DN: CN=device-1",
        expected="403",
    ),
    Trial(name="path trick //users, no certificate", path="//users", expected="403"),
    Trial(
        name="path trick /open/../users, no certificate", path="/open/%2e%2e/users", expected="403"
    ),
    Trial(
        name="path trick with encoded slashes, no certificate",
        path="/open/..%2fusers",
        expected="400",
    ),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a trial."""

    trial: Trial
    command: str
    """The curl command that tries the same, to be run in the demo's folder."""
    got: str

    @property
    def passed(self) -> bool:
        """It came as expected."""
        return self.got.split(":")[0] == self.trial.expected


def command(trial: Trial, scene: Scene) -> str:
    """The curl command for a person to run in the demo's folder."""
    return shlex.join(["curl", *_arguments(trial, scene)])


def run_trial(trial: Trial, scene: Scene) -> Outcome:
    """Try it, by curl where there is one, else by Python's own TLS."""
    curl = shutil.which("curl")
    got = _by_curl(curl, trial, scene) if curl else _by_python(trial, scene)
    return Outcome(trial, command(trial, scene), got)


def _arguments(trial: Trial, scene: Scene) -> list[str]:
    words = ["--cacert", scene.root.name]
    if trial.client:
        words += ["--cert", f"{trial.client}.crt", "--key", f"{trial.client}.key"]
    if trial.header:
        words += ["-H", trial.header]
    if trial.host != "localhost":
        words += ["--resolve", f"{trial.host}:{scene.port}:127.0.0.1"]
    if "//" in trial.path or ".." in trial.path.replace("%2e", "."):
        words.append("--path-as-is")
    if trial.resumes:
        words += ["--http1.1", "-H", "Connection: close"]  # HTTP/2 knows no such header
    url = f"https://{trial.host}:{scene.port}{trial.path}"
    return [*words, *([url, url] if trial.resumes else [url])]


def _by_curl(curl: str, trial: Trial, scene: Scene) -> str:
    # -q: nobody's own settings; --noproxy: straight to the gateway.
    silent = ["-q", "-sS", "--noproxy", "*", "-m", "10", "-w", "\n%{http_code}\n"]
    try:
        done = subprocess.run(
            [curl, *silent, *_arguments(trial, scene)],
            cwd=scene.folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"curl failed: {error}"
    if done.returncode in _HANDSHAKE_CODES:
        return f"{REFUSED}: {_alert(done.stderr)}"
    if done.returncode != 0:
        return f"curl failed: {done.stderr.strip()}"
    codes = [line for line in done.stdout.splitlines() if len(line) == 3 and line.isdigit()]
    return " ".join(codes)


def _alert(stderr: str) -> str:
    words = stderr.strip().splitlines()[:1] or [""]
    return words[0].rpartition("error:")[2].rpartition(":")[2].split(",")[0].strip() or words[0]


def _by_python(trial: Trial, scene: Scene) -> str:
    client = _files(scene.folder, trial.client) if trial.client else None
    using = context(roots=scene.root, client=client)
    name, _, value = (trial.header or "").partition(": ")
    own_host = {"Host": value} if name == "Host" else {}
    wanted = Call(
        sni=trial.host,
        host=own_host.get("Host", f"{trial.host}:{scene.port}"),
        path=trial.path,
        headers=((name, value),) if name and not own_host else (),
    )
    listener = Listener(address="127.0.0.1", port=scene.port)
    first = call(listener, using, wanted)
    heard = [first]
    if trial.resumes:
        heard.append(call(listener, using, wanted, first.session))
    if first.status is None:
        return f"{REFUSED}: {first.failure}" if first.refused else first.failure
    return " ".join(map(str, heard))


def _files(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / f"{name}.crt", folder / f"{name}.key"
