"""Requests that wait for an operator: looked at, approved, denied."""

from ostiary.ca.signing import Purpose
from ostiary.management.authority.errors import NoSuchRequest, NotIssued, Why
from ostiary.management.authority.house import House
from ostiary.management.authority.issuing import foresee, issue
from ostiary.management.authority.orders import Certified, Order
from ostiary.management.authority.preparing import Draft
from ostiary.store.ledger.enrolment_records import AlreadyDecided, KeptRequest, RequestState


def request_numbered(house: House, number: int) -> KeptRequest:
    """Raises NoSuchRequest."""
    found = house.ledger.enrolments.request(number)
    if found is None:
        raise NoSuchRequest(f"there is no request {number} (see: ostiary ca requests)")
    return found


def faults_of(house: House, kept: KeptRequest) -> tuple[NotIssued, ...]:
    """What stands against it just now: the first rule it breaks, and who has its name."""
    try:
        foresee(house, order_of(kept))
    except NotIssued as refused:
        return (refused,)
    return ()


def order_of(kept: KeptRequest, *, days: int | None = None, another: bool = False) -> Order:
    """What is asked for."""
    asked = kept.request
    return Order(
        name=asked.name,
        purpose=Purpose(asked.purpose),
        request=asked.der,
        days=days,
        another=another,
    )


def approve(
    house: House, number: int, *, days: int | None = None, another: bool = False
) -> Certified:
    """Issue what is asked for; whoever asked gets it when he asks again.

    ``another``: also if the name has a good certificate with another key or other names. The rules
    hold for operators, too. Killed in between, the same again finds the certificate and goes on.
    Raises NoSuchRequest, AlreadyDecided, NotIssued, and what ``issue`` does.
    """
    kept = _pending(house, number)
    (done,) = issue(house, [order_of(kept, days=days)])
    if isinstance(done, NotIssued) and done.why is Why.NAME_TAKEN and another:
        (done,) = issue(house, [order_of(kept, days=days, another=True)])
    if isinstance(done, NotIssued):
        raise done
    written = house.ledger.of_serial(done.serial)
    _decide(house, number, RequestState.APPROVED, certificate=written.id if written else None)
    return done


def foresee_approval(
    house: House, number: int, *, days: int | None = None, another: bool = False
) -> Draft | Certified:
    """What ``approve`` would do. Raises NoSuchRequest, AlreadyDecided, NotIssued."""
    return foresee(house, order_of(_pending(house, number), days=days, another=another))


def deny(house: House, number: int, note: str = "") -> KeptRequest:
    """Whoever asked is told so, with the note. Raises NoSuchRequest, AlreadyDecided."""
    _pending(house, number)
    _decide(house, number, RequestState.DENIED, note=note)
    return request_numbered(house, number)


def _pending(house: House, number: int) -> KeptRequest:
    kept = request_numbered(house, number)
    if kept.state is not RequestState.PENDING:
        raise AlreadyDecided(f"request {number} is {kept.state.value} already")
    return kept


def _decide(
    house: House,
    number: int,
    state: RequestState,
    *,
    note: str = "",
    certificate: int | None = None,
) -> None:
    hands = house.hands
    house.ledger.enrolments.decide(
        number, state, at=hands.clock(), by=hands.actor, note=note, certificate=certificate
    )
