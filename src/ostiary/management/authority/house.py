"""The authority's house, for one who works in it: its ledger, keys and rules."""

from ostiary.ca.addresses import Addresses
from ostiary.ca.authority import LONGEST_COMMON_NAME, Issued
from ostiary.ca.signing import Signer
from ostiary.management.authority.errors import NoAuthority
from ostiary.management.authority.orders import Hands
from ostiary.management.authority.place import Place
from ostiary.management.authority.ports import Book
from ostiary.management.authority.public import public_name
from ostiary.store.ledger.records import AUTHORITIES, Kind, Written
from ostiary.x509.certificate import parse
from ostiary.x509.names import hostile_character


def may_be_name(text: str) -> bool:
    """Whether a certificate may be called so; nothing else is ever looked for in the ledger."""
    return 0 < len(text) <= LONGEST_COMMON_NAME and hostile_character(text) is None


class House:
    """What all who work here need; one at a time."""

    def __init__(self, place: Place, ledger: Book, hands: Hands) -> None:
        self.place = place
        self.ledger = ledger
        self.hands = hands
        self.profile, self.rules = place.profile()
        self._signers: dict[int, Signer] = {}
        self._chains: dict[int, tuple[bytes, ...]] = {}

    def authorities(self) -> tuple[Written, ...]:
        """The root and all issuing authorities there ever were, the oldest first."""
        return self.ledger.of_kinds(one.value for one in AUTHORITIES)

    def root(self) -> Written:
        """Raises NoAuthority."""
        return self._newest(Kind.ROOT)

    def issuing(self) -> Written:
        """The authority that issues now: the newest that is good. Raises NoAuthority."""
        return self._newest(Kind.ISSUING)

    def _newest(self, kind: Kind) -> Written:
        now = self.hands.clock()
        known = self.authorities()
        if not known:
            raise NoAuthority(
                f"the authority in {str(self.place.folder)!r} was not finished (ostiary ca init)"
            )
        good = [one for one in known if one.entry.kind is kind and one.good_at(now)]
        if not good:
            raise NoAuthority(
                f"the authority in {str(self.place.folder)!r} has no {kind.value} certificate that "
                "is good (make one: ostiary ca rotate; or begin anew in another state folder)"
            )
        return good[-1]

    def chain_of(self, authority: int) -> tuple[bytes, ...]:
        """The authority with this number and those above it, DER, the root last."""
        if authority not in self._chains:
            known = {one.id: one.entry for one in self.authorities()}
            found: list[bytes] = []
            above: int | None = authority
            while above is not None:
                found.append(known[above].der)
                above = known[above].issuer
            self._chains[authority] = tuple(found)
        return self._chains[authority]

    def signer(self, authority: Written) -> Signer:
        """Its key is opened once. Raises KeyStaysShut, FileTrouble."""
        if authority.id not in self._signers:
            key = self.place.key(authority.fingerprint)
            certificate = parse(authority.entry.der)
            self._signers[authority.id] = Signer(
                certificate, key, self.addresses(authority.fingerprint)
            )
        return self._signers[authority.id]

    def addresses(self, fingerprint: bytes) -> Addresses | None:
        """Where the authority with this SHA-256 publishes, if the profile says so."""
        return self.profile.publish.addresses_of(public_name(fingerprint))

    def issued(self, authority: Written) -> Issued:
        """With its key, for signing other authorities. Raises KeyStaysShut, FileTrouble."""
        key = self.place.key(authority.fingerprint)
        return Issued(parse(authority.entry.der), key)
