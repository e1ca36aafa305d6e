"""Make the odd certificates of this folder again, with what must become of them.

    python -m tests.vectors.x509.make      (from the top of the repository, PYTHONPATH=src)

Keys and serials are new each time; what is odd about each stays the same.
"""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from tests.support.der import elements, inside, tlv
from tests.support.pki import Kit, Made

HERE = Path(__file__).parent
OTHER = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")


def main() -> None:
    """Write every vector and ``expected.json``."""
    with tempfile.TemporaryDirectory() as folder:
        kit = Kit(Path(folder), datetime(2026, 1, 1, tzinfo=UTC))
        rows = {**_hostile(kit), **_malformed(kit), **_bearable(kit)}
    for name, (der, _) in rows.items():
        (HERE / f"{name}.der").write_bytes(der)
    expected = {name: outcome for name, (_, outcome) in sorted(rows.items())}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")


Rows = dict[str, tuple[bytes, str]]


def _hostile(kit: Kit) -> Rows:
    nul = [(b"adminXevil", b"admin\0evil")]
    utf16 = "adminXevil".encode("utf-16-be")
    upn = x509.OtherName(OTHER, b"\x0c\x0aadminXevil")
    wide = x509.OtherName(OTHER, tlv(0x1E, utf16))
    made = {
        "nul-in-common-name": kit.client(None, "a", common_name="adminXevil", patch=nul),
        "nul-in-dns-name": kit.client(None, "a", dns=["adminXevil"], patch=nul),
        "nul-in-email": kit.client(None, "a", emails=["adminXevil@a.example"], patch=nul),
        "nul-in-other-name": kit.client(None, "a", other_names=[upn], patch=nul),
        "nul-in-wide-other-name": kit.client(
            None, "a", other_names=[wide], patch=[(utf16, "admin\0evil".encode("utf-16-be"))]
        ),
        "newline-in-common-name": kit.client(
            None, "a", common_name="adminXevil", patch=[(b"adminXevil", b"admin\nevil")]
        ),
        "line-separator-in-common-name": kit.client(None, "a", common_name="admin\u2028evil"),
        "c1-control-in-common-name": kit.client(None, "a", common_name="admin\u0085evil"),
    }
    return {name: (one.der, "hostile-name") for name, one in made.items()}


def _malformed(kit: Kit) -> Rows:
    good = kit.client(
        None, "good", dns=["a.example"], not_after=datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC)
    )
    known = x509.PolicyConstraints(require_explicit_policy=3, inhibit_policy_mapping=None)
    other = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.99"), b"\x30\x03\x80\x01\x03")
    twice = kit.client(
        None,
        "a",
        extensions=[(known, True), (other, True)],
        patch=[(b"\x06\x03\x55\x1d\x63", b"\x06\x03\x55\x1d\x24")],
    )
    made = {
        "trailing-byte": good.der + b"\0",
        "indefinite-length": b"\x30\x80" + inside(good.der) + b"\0\0",
        "extension-twice": twice.der,
        "version-17": good.der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x10"),
        "no-seconds-in-end": _with_end(good, b"\x17\x0b3012312359Z"),
        "offset-in-end": _with_end(good, b"\x17\x11301231235959+0100"),
        "fraction-in-end": _with_end(good, b"\x18\x1120501231235959.5Z"),
        "thirteenth-month": _with_end(good, b"\x17\x0d301331235959Z"),
        "invalid-utf8-in-common-name": kit.client(
            None, "a", common_name="adminXYevil", patch=[(b"adminXY", b"admin\xc3\x28")]
        ).der,
    }
    return {name: (der, "malformed") for name, der in made.items()}


def _bearable(kit: Kit) -> Rows:
    made = {
        "version-1": kit.client(None, "a", version_1=True),
        "serial-zero": kit.client(None, "a", serial=0x55, patch=[(b"\x02\x01\x55", b"\x02\x01\0")]),
        "serial-negative": kit.client(
            None, "a", serial=0x55, patch=[(b"\x02\x01\x55", b"\x02\x01\xff")]
        ),
        "empty-subject": kit.client(kit.root("root"), "a", common_name=""),
        "no-end": kit.client(None, "a", not_after=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    }
    return {name: (one.der, "read") for name, one in made.items()}


def _with_end(made: Made, end: bytes) -> bytes:
    """The certificate with another notAfter; its signature no longer fits, and is not looked at."""
    tbs, algorithm, signature = elements(inside(made.der))
    parts = elements(inside(tbs))
    begin, _ = elements(inside(parts[4]))
    parts[4] = tlv(0x30, begin + end)
    return tlv(0x30, tlv(0x30, b"".join(parts)) + algorithm + signature)


if __name__ == "__main__":
    main()
