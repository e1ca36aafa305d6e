"""An authority in a folder, with a clock and dice that a test holds."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ostiary.ca.dice import SystemDice
from ostiary.management.authority.errors import NotIssued
from ostiary.management.authority.founding import found
from ostiary.management.authority.house import House
from ostiary.management.authority.issuing import issue
from ostiary.management.authority.orders import Certified, Founding, Hands, Order
from ostiary.management.authority.place import Place
from ostiary.management.authority.profile import Allowed, Profile
from ostiary.store.ledger.ledger import Ledger
from ostiary.x509.certificate import Certificate, parse
from ostiary.x509.keys import KeyKind, PrivateKey

DICE = SystemDice()
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


@dataclass
class Loaded:
    """Real keys; serial numbers as they are told, then real ones."""

    serials: list[int] = field(default_factory=list)

    def key(self, kind: KeyKind) -> PrivateKey:
        return DICE.key(kind)

    def serial(self) -> int:
        return self.serials.pop(0) if self.serials else DICE.serial()


class World:
    """What changes while an authority lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = NOW
        self.dice = Loaded()

    def hands(self) -> Hands:
        return Hands(
            clock=lambda: self.now,
            dice=self.dice,
            secret=lambda count: bytes(range(count)),
            actor="local:0",
        )

    @contextmanager
    def founded(self, profile: Profile | None = None, **more: Any) -> Iterator[House]:
        place = Place(self.folder, more.pop("passphrase_file", None))
        self.folder.mkdir(exist_ok=True)
        founding = Founding(**{"name": "Example", **more})
        with Ledger(place.ledger) as ledger:
            yield found(place, ledger, self.hands(), founding, profile or Profile())

    @contextmanager
    def opened(self, passphrase_file: Path | None = None) -> Iterator[House]:
        place = Place(self.folder, passphrase_file)
        with Ledger(place.ledger) as ledger:
            yield House(place, ledger, self.hands())


def allowing(**lists: Sequence[str]) -> Profile:
    return Profile(allowed=Allowed.model_validate(lists))


def order(name: str = "device", **more: Any) -> Order:
    if "request" not in more:
        more.setdefault("key", DICE.key(KeyKind.EC).public_der())
    return Order(name=name, **more)


def issued(house: House, *orders: Order) -> list[Certified]:
    """All of them, for each must be issued."""
    done = issue(house, orders)
    for one in done:
        assert isinstance(one, Certified), one
    return [one for one in done if isinstance(one, Certified)]


def refused(house: House, one: Order) -> NotIssued:
    (done,) = issue(house, [one])
    assert isinstance(done, NotIssued), done
    return done


def certificate(certified: Certified) -> Certificate:
    return parse(certified.der)


def request(name: str = "device", *sans: str, uris: Sequence[str] = (), **subject: str) -> bytes:
    """A request for these names."""
    oids = {"O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME}
    attributes = [x509.NameAttribute(oids[key], value) for key, value in subject.items()]
    attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, name))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    if sans or uris:
        found = [*map(x509.DNSName, sans), *map(x509.UniformResourceIdentifier, uris)]
        names = x509.SubjectAlternativeName(found)
        builder = builder.add_extension(names, critical=False)
    key: Any = DICE.key(KeyKind.EC).native
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
