"""``ostiary ca``: what was issued is listed, shown and revoked."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ostiary.ca.packing import pem_of_certificate
from ostiary.ca.signing import Reason
from ostiary.cli.ca import ca, tell_lists
from ostiary.cli.ca_home import Home, at_home
from ostiary.cli.ca_telling import publish_lists
from ostiary.cli.options import All, Search, content_of
from ostiary.cli.showing import cut, facts, say, show, text, when
from ostiary.cli.tables import console, emit_json, misuse
from ostiary.cli.uploading import read_upload
from ostiary.management.authority.errors import NoSuchCertificate
from ostiary.management.authority.publishing import make_lists
from ostiary.management.authority.revoking import of_content, revoke, sought
from ostiary.store.ledger.records import Kind, State, Written
from ostiary.x509.certificate import parse
from ostiary.x509.errors import UnreadableError

_PAGE = 1000

Given = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CERTIFICATE...", help="Names, serial numbers, SHA-256 fingerprints, or files."
    ),
]


@ca.command("list")
@at_home
def list_issued(
    home: Home,
    *,
    search: Search = "",
    only: Annotated[State, typer.Option(help="Which of them.")] = State.ALL,
    limit: All = None,
) -> None:
    """List what was issued, the newest first."""
    now = home.house.hands.clock()
    found: list[Written] = []
    before: int | None = None
    while limit is None or len(found) < limit:
        most = _PAGE if limit is None else min(_PAGE, limit - len(found))
        page = home.house.ledger.page(search=search, state=only, now=now, before=before, limit=most)
        found.extend(page)
        if len(page) < most:
            break
        before = page[-1].id
    if home.as_json:
        emit_json([written_json(one, now) for one in found])
        return
    show(
        ("name", "for", "serial number", "issued on", "expires on", "state"),
        [
            (
                one.entry.name,
                one.entry.kind.value,
                f"{one.entry.serial:032x}",
                f"{one.entry.issued:%Y-%m-%d}",
                f"{one.entry.not_after:%Y-%m-%d}",
                text(*_state(one, now)),
            )
            for one in found
        ],
        nothing="nothing was issued" if not search and only is State.ALL else "nothing fits",
    )
    cut(limit, found)


@ca.command("show")
@at_home
def show_issued(
    home: Home,
    given: Given = None,
    *,
    pem: Annotated[bool, typer.Option("--pem", help="Print the certificates alone, PEM.")] = False,
) -> None:
    """Show what the ledger knows of certificates."""
    if not given:
        raise misuse("name what to show (see: ostiary ca list)")
    found = [one for each in given for one in _found(home, each)]
    now = home.house.hands.clock()
    if home.as_json:
        emit_json([written_json(one, now) for one in found])
        return
    for index, one in enumerate(found):
        if pem:
            typer.echo(pem_of_certificate(one.entry.der).decode(), nl=False)
            continue
        if index:
            console().print()
        console().print(_facts(one, now))


@ca.command("revoke")
@at_home
def revoke_issued(
    home: Home,
    given: Given = None,
    *,
    reason: Annotated[Reason, typer.Option(help="Why, as in RFC 5280.")] = Reason.UNSPECIFIED,
) -> None:
    """Revoke certificates for good, and write the revocation lists anew.

    A name stands for all its certificates that are still good. The lists go to the files that the
    profile names (`ostiary ca init --crl`).
    """
    if not given:
        raise misuse("name what to revoke (see: ostiary ca list)")
    now = home.house.hands.clock()
    found = [one for each in given for one in _to_revoke(home, each, now)]
    done = revoke(home.house, list({one.id: one for one in found}.values()), reason)
    if not home.as_json:
        # Told before the lists are written: it holds also if they can't be.
        _tell_revoked(done)
    files = publish_lists(home, make_lists(home.house))
    if home.as_json:
        emit_json(
            {
                "revoked": [written_json(one, now) for one in done],
                "lists": [str(one) for one in files],
            }
        )
        return
    tell_lists(home, files)


def _tell_revoked(done: Sequence[Written]) -> None:
    for one in done:
        say(f"{one.entry.name}: revoked, serial number {one.entry.serial:032x}")
    if not done:
        say("nothing to do: revoked already")


def _to_revoke(home: Home, given: str, now: datetime) -> tuple[Written, ...]:
    """Of several certificates with one name those that can still be used."""
    found = _found(home, given)
    return tuple(one for one in found if one.good_at(now)) if len(found) > 1 else found


def _found(home: Home, given: str) -> tuple[Written, ...]:
    """By name or number; else the first certificate of a file that is called so."""
    try:
        return sought(home.house, given)
    except NoSuchCertificate:
        if not _is_file(given):
            raise
    try:
        first = read_upload(content_of(Path(given)), None)[0]
    except UnreadableError as error:
        raise NoSuchCertificate(f"{given!r}: {error}") from error
    return (of_content(home.house, first.sha256, repr(given)),)


def _is_file(given: str) -> bool:
    try:
        return Path(given).is_file()
    except (OSError, ValueError):
        # Too long for a path, or with a NUL in it.
        return False


def written_json(one: Written, now: datetime) -> dict[str, object]:
    """An entry of the ledger, for scripts."""
    entry, gone = one.entry, one.revocation
    return {
        "name": entry.name,
        "kind": entry.kind.value,
        "subject": entry.subject,
        "serial": f"{entry.serial:032x}",
        "fingerprint": one.fingerprint.hex(),
        "notBefore": entry.not_before.isoformat(),
        "notAfter": entry.not_after.isoformat(),
        "issued": entry.issued.isoformat(),
        "issuedBy": entry.issued_by,
        "state": _state(one, now)[0],
        "revoked": None
        if gone is None
        else {"at": gone.at.isoformat(), "reason": gone.reason, "by": gone.by},
    }


def _state(one: Written, now: datetime) -> tuple[str, str]:
    """A word and its colour."""
    if one.revocation is not None:
        return "revoked", "red"
    return ("good", "") if one.good_at(now) else ("expired", "dim")


def _facts(one: Written, now: datetime) -> object:
    entry, certificate = one.entry, parse(one.entry.der)
    gone = one.revocation
    told = f"{when(gone.at)}, {gone.reason}, by {gone.by}" if gone else ""
    rows = (
        ("Name", entry.name),
        ("For", entry.kind.value),
        ("State", text(*_state(one, now))),
        ("Revoked", told),
        ("Subject", entry.subject),
        ("Alternative names", "  ".join(certificate.subject_alternative_names)),
        ("Issuer", certificate.issuer),
        ("Serial number", f"{entry.serial:032x}"),
        ("SHA-256", one.fingerprint.hex()),
        ("Key", str(certificate.key)),
        ("Issued", f"{when(entry.issued)}, by {entry.issued_by}"),
        ("Expires on", when(entry.not_after)),
        ("May issue", "yes" if entry.kind in {Kind.ROOT, Kind.ISSUING} else ""),
    )
    return facts((name, value) for name, value in rows if value)
