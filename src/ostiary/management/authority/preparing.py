"""From what is asked for to what is to be signed, or why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ostiary.ca.authority import IssueRefusedError
from ostiary.ca.requests import CertifiedKey, Request, key_to_certify, read_request
from ostiary.ca.signing import Naming, Purpose, naming_of
from ostiary.management.authority.errors import NotIssued, Why
from ostiary.management.authority.orders import Order
from ostiary.management.authority.profile import Profile, Rules
from ostiary.store.ledger.records import OUR_OWN, Written
from ostiary.x509.certificate import parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A certificate that may be issued; only its serial number lacks."""

    name: str
    naming: Naming
    purpose: Purpose
    key: CertifiedKey
    days: int
    renews: int | None = None

    def is_like(self, written: Written) -> bool:
        """Whether that one says the same of the same key."""
        there = parse(written.entry.der)
        return (
            written.entry.key == self.key.digest()
            and written.entry.kind.value == self.purpose.value
            and written.entry.subject == self.naming.subject_text()
            and there.names.alternatives == self.naming.alternative_names()
        )


def drafted(order: Order, profile: Profile, rules: Rules) -> Draft:
    """What to sign for an order. Raises NotIssued."""
    days = profile.days_for(order.purpose, order.days)
    request, key = asked(order.key, order.request)
    try:
        naming = _naming(order, request)
    except IssueRefusedError as error:
        raise NotIssued(Why.BAD_NAME, str(error)) from error
    rules.check(naming)
    return Draft(name=order.name, naming=naming, purpose=order.purpose, key=key, days=days)


def asked(key: bytes | None, request: bytes | None) -> tuple[Request | None, CertifiedKey]:
    """The request, where there is one, and the key to be certified. Raises NotIssued."""
    try:
        if request is not None:
            read = read_request(request)
            return read, read.key
        if key is not None:
            return None, key_to_certify(key)
    except IssueRefusedError as error:
        raise NotIssued(Why.BAD_REQUEST, str(error)) from error
    raise NotIssued(Why.BAD_REQUEST, "neither a key nor a request was given")


def name_in(request: bytes) -> str:
    """The common name that a request asks for. Raises NotIssued."""
    found = asked(None, request)[0]
    name = found.attributes.get("CN", "") if found else ""
    if not name:
        raise NotIssued(Why.BAD_NAME, "the request has no common name", "say what to call it")
    return name


def naming_in(read: Request, name: str, purpose: Purpose) -> Naming:
    """The names that a request asks for; ``name`` where it has no common name. Raises NotIssued."""
    attributes = {key: value for key, value in read.attributes.items() if key != "CN"}
    common = read.attributes.get("CN", name)
    try:
        return naming_of(common, attributes, alternatives_in(read, common, purpose))
    except IssueRefusedError as error:
        raise NotIssued(Why.BAD_NAME, str(error)) from error


def alternatives_in(read: Request, name: str, purpose: Purpose) -> tuple[str, ...]:
    """The alternative names that a request for ``name`` comes to."""
    return _or_own(read.alternatives, name, purpose)


def _or_own(given: Sequence[str], name: str, purpose: Purpose) -> tuple[str, ...]:
    """A server's own name where none are given: clients look at no other (RFC 9525 2)."""
    if given or purpose is not Purpose.SERVER:
        return tuple(given)
    address = ":" in name or name.replace(".", "").isdigit()
    return (f"ip:{name}" if address else f"dns:{name}",)


def _naming(order: Order, request: Request | None) -> Naming:
    """What the operator says comes before what the request says."""
    attributes: Mapping[str, str] = order.attributes
    alternatives: Sequence[str] = order.alternatives
    if request is not None:
        theirs = dict(request.attributes)
        name = theirs.pop("CN", order.name)
        if name != order.name:
            raise IssueRefusedError(f"the request is for {name!r}, and not for {order.name!r}")
        attributes = {**theirs, **attributes}
        alternatives = alternatives or request.alternatives
    alternatives = _or_own(alternatives, order.name, order.purpose)
    return naming_of(order.name, dict(attributes), alternatives)


def standing(order: Order, draft: Draft, there: Sequence[Written]) -> Written | None:
    """The good certificate that is just what is asked for, if there is one.

    ``there`` has the good certificates of the name. Raises NotIssued if they are in the way.
    """
    if any(one.entry.kind in OUR_OWN for one in there):
        raise NotIssued(
            Why.NAME_TAKEN, f"{order.name!r} is an authority's own name", "choose another name"
        )
    if order.another or not there:
        return None
    same = next((one for one in there if draft.is_like(one)), None)
    if same is None:
        last = there[-1].entry
        raise NotIssued(
            Why.NAME_TAKEN,
            f"{order.name!r} has a certificate until {last.not_after:%Y-%m-%d}, with the serial "
            f"number {last.serial:032x}",
            "renew or revoke that one; or say that another one is wanted",
        )
    return same
