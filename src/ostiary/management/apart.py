"""PKCS#12 bundles are opened in a process of their own, for a few seconds at most.

A bundle says itself how much work it is to open, some of it under encryption, where it can't be
looked at before: a few hundred bytes would keep the library busy for minutes, and with it the whole
interpreter, decisions about clients too.
"""

import base64
import json
import os
import resource
import subprocess
import sys
from typing import Any, Final

from ostiary.x509.certificate import Certificate, parse
from ostiary.x509.errors import NotACertificate, Unreadable
from ostiary.x509.forms import kind_of
from ostiary.x509.uploads import LARGEST_UPLOAD, read_upload

PROCESSOR_SECONDS: Final = 5
_SECONDS: Final = 30
_NICE: Final = 10
_COMMAND: Final = (sys.executable, "-P", "-m", "ostiary.management.apart")


def is_bundle(data: bytes) -> bool:
    """Whether it is PKCS#12, of a size that is looked at."""
    return len(data) <= LARGEST_UPLOAD and kind_of(data, []) is Unreadable.PKCS12


def read_bundle(data: bytes, password: str | None) -> tuple[Certificate, ...]:
    """As ``read_upload``; it waits for another process. Raises NotACertificate."""
    asked = json.dumps({"data": base64.b64encode(data).decode(), "password": password})
    try:
        done = subprocess.run(
            _COMMAND, input=asked.encode(), capture_output=True, timeout=_SECONDS, check=True
        )
        told: dict[str, Any] = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        # What failed may hold the password: it is not passed on.
        raise NotACertificate(
            Unreadable.TOO_LARGE,
            f"the PKCS#12 bundle could not be opened within {PROCESSOR_SECONDS} seconds",
            "take the certificates out: openssl pkcs12 -in FILE -nokeys -out NEWFILE",
        ) from None
    if "reason" in told:
        raise NotACertificate(Unreadable(told["reason"]), told["sentence"], told["wayOut"])
    return tuple(parse(base64.b64decode(one)) for one in told["found"])


def main() -> None:
    """In the other process: from the standard input to the standard output."""
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    os.nice(_NICE)
    asked = json.load(sys.stdin)
    json.dump(_answer(base64.b64decode(asked["data"]), asked["password"]), sys.stdout)


def _answer(data: bytes, password: str | None) -> dict[str, Any]:
    try:
        found = read_upload(data, password)
    except NotACertificate as error:
        return {"reason": error.reason.value, "sentence": error.sentence, "wayOut": error.way_out}
    return {"found": [base64.b64encode(one.der).decode() for one in found]}


if __name__ == "__main__":
    main()
