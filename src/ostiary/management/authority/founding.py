"""How an authority begins, and how its issuing part is followed by another."""

import hashlib

from ostiary.ca.authority import Issued, IssueRefusedError, new_intermediate, new_root
from ostiary.ca.packing import SALT_BYTES
from ostiary.management.authority.errors import AuthorityThere, NotIssued, Why
from ostiary.management.authority.house import House, may_be_name
from ostiary.management.authority.orders import Founding, Hands
from ostiary.management.authority.place import Place
from ostiary.management.authority.ports import Book
from ostiary.management.authority.profile import Profile, read_profile, text_of
from ostiary.store.ledger.records import Entry, Kind, Written
from ostiary.x509.keys import KeyKind

ISSUING_DAYS = 1825
"""Of an issuing authority; five years, the root's end at the latest."""


def found(place: Place, ledger: Book, hands: Hands, founding: Founding, profile: Profile) -> House:
    """A new authority: a root and an issuing authority below it.

    Keys are on disk before the ledger tells of them, so whatever stops this on its way leaves no
    authority behind, and the same again makes it. Raises AuthorityThere, BadProfile, KeyStaysShut,
    NotIssued, FileTrouble.
    """
    read_profile(text_of(profile).encode(), "the profile")
    if not may_be_name(founding.name):
        raise NotIssued(Why.BAD_NAME, f"{founding.name[:80]!r} can't be an authority's name")
    if ledger.of_kinds([Kind.ROOT.value]):
        raise AuthorityThere(
            f"there is a certificate authority in {str(place.folder)!r} already "
            "(use another state folder for another one)"
        )
    place.found(profile, hands.secret(SALT_BYTES), hands.secret(32).hex())
    house = House(place, ledger, hands)
    _make(house, founding)
    return house


def rotate(house: House, name: str | None, kind: KeyKind, days: int = ISSUING_DAYS) -> Written:
    """Another issuing authority takes over; what the ones before it issued stays good.

    ``name`` None: the root's name and the year. Needs the root's key. Raises NotIssued,
    KeyStaysShut, FileTrouble, NoAuthority, SerialTaken.
    """
    root = house.root()
    issued = _below(house, house.issued(root), name or _name_of(house, root.entry.name), kind, days)
    house.place.keep_key(issued.certificate.sha256, issued.key)
    house.ledger.write([_entry(house, issued, Kind.ISSUING, root.id)])
    return house.issuing()


def _make(house: House, founding: Founding) -> None:
    now, dice = house.hands.clock(), house.hands.dice
    try:
        root = new_root(founding.name, now, dice, kind=founding.kind, days=founding.days)
    except IssueRefusedError as error:
        raise NotIssued(Why.BAD_NAME, str(error)) from error
    below = _below(house, root, _name_of(house, founding.name), founding.kind, ISSUING_DAYS)
    for one in (root, below):
        house.place.keep_key(one.certificate.sha256, one.key)
    house.ledger.write_below_new(
        _entry(house, root, Kind.ROOT, None), _entry(house, below, Kind.ISSUING, None)
    )


def _name_of(house: House, root: str) -> str:
    """Names of authorities must differ, or lists and chains could be mistaken for each other's."""
    count = sum(one.entry.kind is Kind.ISSUING for one in house.authorities()) + 1
    return f"{root[:48]} issuing {count}"


def _below(house: House, root: Issued, name: str, kind: KeyKind, days: int) -> Issued:
    if not may_be_name(name):
        raise NotIssued(Why.BAD_NAME, f"{name[:80]!r} can't be an authority's name")
    if house.ledger.named([name]) or name == root.certificate.subject.removeprefix("CN="):
        raise NotIssued(Why.NAME_TAKEN, f"there is a certificate for {name!r} already")
    try:
        return new_intermediate(
            root,
            name,
            house.hands.clock(),
            house.hands.dice,
            kind=kind,
            days=days,
            addresses=house.addresses(root.certificate.sha256),
        )
    except IssueRefusedError as error:
        raise NotIssued(Why.BAD_NAME, str(error)) from error


def _entry(house: House, issued: Issued, kind: Kind, issuer: int | None) -> Entry:
    one = issued.certificate
    return Entry(
        serial=one.serial,
        issuer=issuer,
        kind=kind,
        name=one.subject.removeprefix("CN="),
        subject=one.subject,
        not_before=one.not_before,
        not_after=one.not_after,
        der=one.der,
        key=hashlib.sha256(one.public_key_der).digest(),
        issued=house.hands.clock(),
        issued_by=house.hands.actor,
    )
