"""``ostiary ca``: certificates are issued and renewed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ostiary.ca.signing import Purpose
from ostiary.cli.ca import ca, tell_lists
from ostiary.cli.ca_bulk import Bulk, issue_all, tell_bulk
from ostiary.cli.ca_files import (
    Folder,
    file_stem,
    key_there,
    new_key,
    write_bundle,
    write_certified,
)
from ostiary.cli.ca_home import Home, Key, NewKey, NewName, Out, ValidDays, at_home, pairs
from ostiary.cli.ca_telling import publish_lists
from ostiary.cli.options import PasswordFile, content_of, password_of
from ostiary.cli.showing import say
from ostiary.cli.tables import FAILED, emit_json, misuse
from ostiary.kernel.errors import WrongUse
from ostiary.management.authority.errors import NotIssued
from ostiary.management.authority.issuing import issue, renew
from ostiary.management.authority.orders import Certified, Order, Renewal
from ostiary.management.authority.publishing import make_lists
from ostiary.store.files import write_atomically
from ostiary.x509.keys import PrivateKey

Request = Annotated[
    Path | None,
    typer.Option("--csr", metavar="FILE", help="A certificate signing request, PEM or DER."),
]
Name = Annotated[
    str | None,
    typer.Argument(metavar="NAME", help="The common name; the files are called so, too."),
]
ForServer = Annotated[
    bool, typer.Option("--server/--client", help="For a server, or for a client.")
]
Sans = Annotated[
    list[str] | None,
    typer.Option(metavar="KIND:NAME", help="dns:…, ip:…, uri:… or email:…; again for more."),
]
Subject = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="More of the subject, as O=Example; again for more."),
]
Many = Annotated[
    Path | None,
    typer.Option("--from", metavar="FILE", help="Issue all that a CSV or NDJSON file lists."),
]
_SHORTEST_PASSWORD = 8


@ca.command("issue")
@at_home
def issue_certificate(
    home: Home,
    name: Name = None,
    *,
    out: Out = Path(),
    server: ForServer = False,
    san: Sans = None,
    subject: Subject = None,
    days: ValidDays = None,
    key: NewKey = Key.EC,
    csr: Request = None,
    p12: Annotated[
        bool, typer.Option("--p12", help="PKCS#12 in place of NAME.key: with --password-file.")
    ] = False,
    password_file: PasswordFile = None,
    another: Annotated[
        bool, typer.Option("--another", help="Also if NAME has a certificate that is still good.")
    ] = False,
    many: Many = None,
) -> None:
    """Issue a certificate: NAME.crt with the issuing authority's, NAME.key, and chain.pem.

    A key that is in NAME.key already is used. Of a request (--csr) the key is taken, its subject,
    and its alternative names unless --san gives others; never its other extensions.
    """
    folder, purpose = Folder(out), Purpose.SERVER if server else Purpose.CLIENT
    if many is not None:
        if any((name, csr, p12, san, subject, another)):
            raise misuse("--from says what to issue: no NAME, and no options about names")
        _issue_all(home, Bulk(file=many, folder=folder, purpose=purpose, key=key, days=days))
        return
    asked = Order(name=_named(name), purpose=purpose, days=days, another=another)
    order = replace(asked, attributes=_subject(subject), alternatives=tuple(san or ()))
    if csr is not None:
        order = replace(order, request=content_of(csr))
    password = _password(password_file, order) if p12 else None
    _tell(home, _issue_one(home, order, folder, key, password), folder, with_p12=p12)


@ca.command("renew")
@at_home
def renew_certificate(
    home: Home,
    name: NewName,
    *,
    out: Out = Path(),
    days: ValidDays = None,
    key: NewKey = Key.EC,
    csr: Request = None,
    same_key: Annotated[
        bool, typer.Option("--same-key", help="Certify the key that the old certificate has.")
    ] = False,
    revoke_old: Annotated[
        bool, typer.Option("--revoke-old", help="Revoke the old one at once (superseded).")
    ] = False,
) -> None:
    """Issue a certificate with the names and the purpose of an old one.

    The old one stays good until it ends, so that there is time to change over. Without --csr or
    --same-key there is a new key, which replaces NAME.key.
    """
    if csr is not None and same_key:
        raise misuse("--csr and --same-key exclude each other")
    folder = Folder(out)
    folder.make()
    made = None if csr is not None or same_key else new_key(key.kind)
    fresh = folder.path / f"{file_stem(name)}.key.new"
    if made is not None:
        # On disk before the certificate is in the ledger, so that it can't be without its key.
        write_atomically(fresh, made.pem())
    renewal = Renewal(
        name=name,
        days=days,
        key=None if made is None else made.public_der(),
        request=None if csr is None else content_of(csr),
        revoke_old=revoke_old,
    )
    with _gone_if_refused(fresh):
        certified = renew(home.house, renewal)
    if made is not None:
        fresh.replace(folder.key(name))
    write_certified(folder, certified)
    _tell(home, certified, folder, with_p12=False)
    if revoke_old:
        tell_lists(home, publish_lists(home, make_lists(home.house)))


def _issue_one(
    home: Home, order: Order, folder: Folder, key: Key, password: str | None
) -> Certified:
    folder.make()
    path = folder.key(order.name)
    found: PrivateKey | None = None
    there = False
    if order.request is None:
        found = key_there(path)
        there = found is not None
        found = found or new_key(key.kind)
        order = replace(order, key=found.public_der())
        if not there and password is None:
            # On disk before the certificate is in the ledger, so that it can't be without its key.
            write_atomically(path, found.pem())
    with _gone_if_refused(None if there else path):
        (done,) = issue(home.house, [order])
        if isinstance(done, NotIssued):
            raise done
    write_certified(folder, done)
    if found is not None and password is not None:
        write_bundle(folder, done, found, password)
    return done


@contextmanager
def _gone_if_refused(path: Path | None) -> Iterator[None]:
    """A key that was made for nothing does not stay."""
    try:
        yield
    except WrongUse:
        if path is not None:
            path.unlink(missing_ok=True)
        raise


def _subject(written: list[str] | None) -> dict[str, str]:
    found = pairs(written, "--subject")
    if len(dict(found)) != len(found):
        raise misuse("--subject: each key may be given once")
    return dict(found)


def _named(name: str | None) -> str:
    if name is None:
        raise misuse("say for whom: NAME, or --from FILE")
    return name


def _password(path: Path | None, order: Order) -> str:
    if order.request is not None:
        raise misuse("--p12 needs the key, which --csr does not bring")
    password = password_of(path)
    if password is None or len(password) < _SHORTEST_PASSWORD:
        raise misuse(f"--p12 needs --password-file with at least {_SHORTEST_PASSWORD} characters")
    return password


def _tell(home: Home, certified: Certified, folder: Folder, *, with_p12: bool) -> None:
    path = folder.certificate(certified.name)
    if home.as_json:
        emit_json(
            {
                "name": certified.name,
                "serial": f"{certified.serial:032x}",
                "notAfter": certified.not_after.isoformat(),
                "certificate": str(path),
                "thereAlready": certified.there_already,
            }
        )
        return
    what = str(folder.bundle(certified.name)) if with_p12 else str(path)
    already = ", as it was issued before" if certified.there_already else ""
    say(
        f"{what}: until {certified.not_after:%Y-%m-%d}, serial number {certified.serial:032x}"
        f"{already}"
    )


def _issue_all(home: Home, bulk: Bulk) -> None:
    done = issue_all(home, bulk)
    tell_bulk(home, done)
    if done.refused:
        raise typer.Exit(FAILED)
