"""Many consumers with many credentials: as lines, and as a store that is made once and kept.

Run it by itself: ``.venv/bin/python -m bench.consumers > consumers.jsonl`` writes the lines.
"""

import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.certificates import Pki
from bench.children import DidNotStart
from bench.paths import CACHE
from ostiary.consumers.names import base62
from ostiary.consumers.secrets import kept_generated

IN_TURN = 100
"""Consumers whose credentials are shown in a run."""
TOKEN_SECRET = "a secret of the benchmark, 32 bytes or more"
_FOREVER = 4_102_444_800
"""2100-01-01, as ``exp`` tells it."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many there are: each user has API keys, and one credential of type jwt."""

    users: int
    credentials: int

    @property
    def each(self) -> int:
        """Credentials of a user."""
        return self.credentials // self.users


def crowd() -> Crowd:
    """What a run has: 100,000 with 1,000,000, or BENCH_USERS with BENCH_CREDENTIALS."""
    users = int(os.environ.get("BENCH_USERS", "100000"))
    return Crowd(users, int(os.environ.get("BENCH_CREDENTIALS", str(users * 10))))


def secret_of(name: str) -> str:
    """The secret of the API key with this id."""
    return base62(hashlib.sha256(name.encode()).digest()[:16])


def api_keys() -> list[tuple[str, str]]:
    """Ids and secrets of the first users' first keys."""
    return [(name, secret_of(name)) for name in (f"key-{user}-0" for user in range(IN_TURN))]


def tokens() -> list[str]:
    """JSON Web Tokens (RFC 7519) of the first users, HS256."""
    return [_token(f"jwt-{user}") for user in range(IN_TURN)]


def _token(subject: str) -> str:
    head = _part({"alg": "HS256", "typ": "JWT"})
    body = _part({"sub": subject, "exp": _FOREVER})
    signed = hmac.digest(TOKEN_SECRET.encode(), f"{head}.{body}".encode(), "sha256")
    return f"{head}.{body}.{_encoded(signed)}"


def _part(value: dict[str, object]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def lines(crowd: Crowd) -> Iterator[str]:
    """For ``ostiary consumers import``; secrets are hashed already, scopes none."""
    for user in range(crowd.users):
        yield f'{{"user":"user-{user}"}}'
        names = [("key-auth", f"key-{user}-{n}") for n in range(crowd.each - 1)]
        for kind, name in (*names, ("jwt", f"jwt-{user}")):
            kept = kept_generated(secret_of(name))
            yield (
                f'{{"credential":"{kind}","user":"user-{user}","name":"{name}","hash":"{kept}"}}'
            )


def put_store(command: tuple[str, ...], env: dict[str, str], config: Path, pki: Pki) -> None:
    """Beside ``config``, the state of a gateway with the crowd in it; the first user's certificate
    is the client's of this run. Raises DidNotStart."""
    kept = CACHE / "stores" / f"{crowd().users}-{crowd().credentials}"
    if not (kept / "ostiary.db").exists():
        _make(command, env, config, kept)
    state = config.parent / ".ostiary"
    state.mkdir(mode=0o700)
    shutil.copy(kept / "ostiary.db", state)
    text = _certificate_line(pki)
    _import((*command, "consumers", "import", "-", "--config", str(config)), env, text)


def _make(command: tuple[str, ...], env: dict[str, str], config: Path, kept: Path) -> None:
    """Takes two minutes with a million credentials."""
    making = kept.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    file = making / "lines"
    file.write_text("".join(f"{line}\n" for line in lines(crowd())))
    words = ("consumers", "import", str(file), "--config", str(config), "--state", str(making))
    _import((*command, *words), env, "")
    file.unlink()
    making.replace(kept)


def _certificate_line(pki: Pki) -> str:
    der = subprocess.run(
        ["openssl", "x509", "-in", str(pki.client.cert), "-outform", "DER"],
        check=True,
        capture_output=True,
        timeout=30,
    ).stdout
    rule = {"fingerprint": hashlib.sha256(der).hexdigest()}
    return json.dumps(
        {"credential": "certificate", "user": "user-0", "name": "bench", "rules": [rule]}
    )


def _import(argv: tuple[str, ...], env: dict[str, str], text: str) -> None:
    done = subprocess.run(
        argv,
        input=text,
        capture_output=True,
        text=True,
        timeout=1_200,
        check=False,
        env={**os.environ, **env},
    )
    if done.returncode != 0:
        raise DidNotStart(f"consumers can't be imported: {(done.stdout + done.stderr)[-400:]}")


def main() -> None:
    for line in lines(crowd()):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
