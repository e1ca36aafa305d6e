"""The certificate authority of a state folder, with a clock, dice and a ledger on the disk."""

import os
import secrets
import threading
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
TURN_SECONDS = 3.0
"""Devices and operators at the gateway's doors are sooner told to ask again."""
_LOOK_SECONDS = 0.02


class Holder:
    """The gateway's way to the authority in its state folder.

    It holds nothing open: each use takes the folder's lock for as long as it lasts, as the commands
    do, so that both may be at work on one host (docs/decisions/0024).
    """

    def __init__(self, folder: Path, passphrase_file: Path | None) -> None:
        self._folder = folder
        self._passphrase_file = passphrase_file
        self._place = Place(folder, passphrase_file)
        self._turn = threading.Lock()

    @contextmanager
    def open(self, actor: str) -> Iterator[House]:
        """The authority, for this actor alone; waits for whoever is at work. May take seconds.

        Raises NoAuthority, AuthorityInUse, BadProfile, FileTrouble, and what opening the ledger
        does.
        """
        if not self._place.begun:
            raise _none_in(self._folder)
        with self._in_turn(), Ledger(self._place.ledger) as ledger:
            yield House(self._place, ledger, _hands(actor))

    @contextmanager
    def found(self, actor: str, founding: Founding, profile: Profile) -> Iterator[House]:
        """A new authority in the folder, likewise. Raises what ``founding.found`` does besides."""
        # A place remembers what opens its keys, which is another thing from now on.
        place = Place(self._folder, self._passphrase_file)
        with self._in_turn(), Ledger(place.ledger) as ledger:
            house = found(place, ledger, _hands(actor), founding, profile)
            self._place = place
            yield house

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=TURN_SECONDS):
            raise AuthorityInUse("the certificate authority has much to do (try again)")
        try:
            with _locked(self._folder, TURN_SECONDS):
                yield
        finally:
            self._turn.release()


def holder_of(state: Path) -> Holder:
    """Of the authority in this state folder, whether there is one or not."""
    named = os.environ.get("OSTIARY_CA_PASSPHRASE_FILE")
    return Holder(state / "ca", Path(named) if named else None)


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
        raise _none_in(folder)
    patience = PATIENCE_SECONDS if patient else 0.0
    with _locked(folder, patience), Ledger(place.ledger) as ledger:
        yield House(place, ledger, _hands())


@contextmanager
def found_house(
    folder: Path, passphrase_file: Path | None, founding: Founding, profile: Profile
) -> Iterator[House]:
    """A new authority in this folder, likewise. Raises what ``found`` does besides."""
    place = Place(folder, passphrase_file)
    with _locked(folder), Ledger(place.ledger) as ledger:
        yield found(place, ledger, _hands(), founding, profile)


def _none_in(folder: Path) -> NoAuthority:
    return NoAuthority(
        f"there is no certificate authority in {str(folder)!r} (make one: ostiary ca init)"
    )


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


def _hands(actor: str = "") -> Hands:
    return Hands(
        clock=world.now,
        dice=SystemDice(),
        secret=secrets.token_bytes,
        actor=actor or f"local:{os.geteuid()}",
    )


def _locked(folder: Path, patience: float = PATIENCE_SECONDS) -> StateLock:
    until = time.monotonic() + patience
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
