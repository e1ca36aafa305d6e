"""Which certificates a credential is tied to, as options: each makes one rule."""

from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.options import Unclear, content_of
from ostiary.cli.tables import misuse
from ostiary.cli.uploading import read_upload
from ostiary.x509.errors import UnreadableError

_KINDS = ("dns", "uri", "email", "ip")

Cert = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SHA-256|FILE", help="Just this certificate: its fingerprint, or a file with it."
    ),
]
Issuer = Annotated[
    str | None, typer.Option(metavar="DN", help="With --serial: what it issued by this number.")
]
Serial = Annotated[str | None, typer.Option(metavar="HEX", help="With --issuer.")]
Dn = Annotated[
    list[str] | None,
    typer.Option(metavar="PATTERN", help="Whose subject is like this, as CN=device-*,O=Example."),
]
San = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KIND:PATTERN",
        help="With an alternative name like this: dns:, uri:, email: or ip: before the pattern.",
    ),
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="From when they count: 2030-01-31, or 7d ahead."),
]
Until = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="Until when they count: 2030-01-31, or 7d."),
]


def rules_of(
    *,
    cert: list[str] | None,
    issuer: str | None,
    serial: str | None,
    dn: list[str] | None,
    san: list[str] | None,
) -> list[dict[str, str]]:
    """Rules as the API takes them, the narrow ones first."""
    if bool(issuer) is not bool(serial):
        raise misuse("--issuer and --serial go together")
    rules = [{"fingerprint": _fingerprint(one)} for one in cert or ()]
    if issuer and serial:
        rules.append({"issuer": issuer, "serial": serial})
    rules += [{"distinguishedName": one} for one in dn or ()]
    return rules + [_alternative(one) for one in san or ()]


def _fingerprint(given: str) -> str:
    """Of a file's first certificate; what is no file is one already, or the gateway says so."""
    if not Path(given).exists():
        return given
    try:
        return read_upload(content_of(Path(given)), None)[0].fingerprint
    except UnreadableError as error:
        raise Unclear(f"{given!r}: {error}") from error


def _alternative(given: str) -> dict[str, str]:
    kind, _, pattern = given.partition(":")
    if kind.lower() not in _KINDS or not pattern:
        raise misuse(f"--san: {given!r} has no kind (write dns:*.example.com, uri:, email: or ip:)")
    return {kind.lower(): pattern}
