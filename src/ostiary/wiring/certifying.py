"""The certificate authority of a state folder, with a clock, dice and a ledger on the disk."""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from ostiary.ca.dice import SystemDice
from ostiary.kernel.errors import OstiaryError
from ostiary.management.authority.errors import AuthorityInUse, NoAuthority
from ostiary.management.authority.founding import found
from ostiary.management.authority.house import House
from ostiary.management.authority.orders import Founding, Hands
from ostiary.management.authority.place import Place
from ostiary.management.authority.profile import Profile
from ostiary.store.ledger.ledger import Ledger
from ostiary.store.ledger.reading import LedgerReader
from ostiary.store.lock import StateFolderInUse, StateLock
from ostiary.telemetry.expiry import Dated, Held
from ostiary.wiring import world
from ostiary.x509.certificate import Certificate, parse

PATIENCE_SECONDS = 15.0
"""Others hold the authority for moments: what a gateway renews by itself must not be in the way."""
_LOOK_SECONDS = 0.05


@contextmanager
def open_house(
    folder: Path, passphrase_file: Path | None, *, patient: bool = True
) -> Iterator[House]:
    """The authority in this folder, for ourselves until the end of the block.

    ``patient``: wait for who works in it, for some seconds.

    Raises NoAuthority, AuthorityInUse, BadProfile, FileTrouble, and what opening the ledger does.
    """
    place = Place(folder, passphrase_file)
    if not place.begun:
        raise NoAuthority(
            f"there is no certificate authority in {str(folder)!r} (make one: ostiary ca init)"
        )
    with _locked(folder, patient=patient), Ledger(place.ledger) as ledger:
        yield House(place, ledger, _hands())


@contextmanager
def found_house(
    folder: Path, passphrase_file: Path | None, founding: Founding, profile: Profile
) -> Iterator[House]:
    """A new authority in this folder, likewise. Raises what ``found`` does besides."""
    place = Place(folder, passphrase_file)
    with _locked(folder), Ledger(place.ledger) as ledger:
        yield found(place, ledger, _hands(), founding, profile)


def own_authorities(state: Path) -> Iterator[Dated]:
    """The authorities in a state folder, whoever works with them just now, with their ends.

    A ledger that can't be read is told in the log: nothing else hangs on it here.
    """
    try:
        found = _good_authorities(Place(state / "ca", None).ledger)
    except OstiaryError as error:
        structlog.get_logger("ostiary.ca").warning("authority-not-read", error=str(error))
        return
    for one in found:
        yield Dated(
            held=Held.AUTHORITY,
            fingerprint=one.sha256,
            subject=one.subject,
            where="ca",
            not_after=one.not_after,
            not_before=one.not_before,
        )


def _good_authorities(ledger: Path) -> list[Certificate]:
    """Those that are not revoked; none where there is no ledger."""
    if not ledger.exists():
        return []
    with LedgerReader(ledger) as reader:
        every = [parse(one.der) for one in reader.authorities()]
        found = [(one, reader.standing(one.serial)) for one in every]
    return [one for one, standing in found if standing is None or standing.revocation is None]


def _hands() -> Hands:
    return Hands(
        clock=world.now,
        dice=SystemDice(),
        secret=secrets.token_bytes,
        actor=f"local:{os.geteuid()}",
    )


def _locked(folder: Path, *, patient: bool = True) -> StateLock:
    until = time.monotonic() + (PATIENCE_SECONDS if patient else 0.0)
    while True:
        try:
            return StateLock(folder)
        except StateFolderInUse as error:
            if time.monotonic() < until:
                time.sleep(_LOOK_SECONDS)
                continue
            who = "another command" if error.pid is None else f"process {error.pid}"
            raise AuthorityInUse(
                f"the certificate authority in {str(folder)!r} is in use by {who} (try again)"
            ) from error
