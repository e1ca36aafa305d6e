from datetime import timedelta

import pytest

from ostiary.store.database.clients_merge import MOST_APIS, ClientLimits
from ostiary.store.database.database import Database
from ostiary.store.database.records import (
    Client,
    ClientFilter,
    ClientOrder,
    Merged,
)
from ostiary.store.database.tables import TOLD
from tests.unit.store.database.conftest import Opener
from tests.unit.store.database.samples import DAY, NOW, certificate, fingerprint, seen

SECOND = timedelta(seconds=1)
CUT = NOW.replace(microsecond=0)


def found(database: Database, number: int = 1) -> Client:
    with database.reading() as work:
        client = work.clients.find(fingerprint(number))
    assert client is not None
    return client


def numbers(database: Database, only: ClientFilter) -> list[int]:
    """Of the clients that a page and a stream with this filter both show."""
    with database.reading() as work:
        page = [int.from_bytes(one.fingerprint, "big") for one in work.clients.page(only).items]
        stream = [int.from_bytes(one.fingerprint, "big") for one in work.clients.stream(only)]
    assert sorted(page) == sorted(stream)
    return page


def test_a_certificate_seen_first_is_kept_as_it_was_seen(database: Database) -> None:
    with database.begin() as work:
        merged = work.clients.merge([seen(1, certificate(serial=-(2**159)), verdict=25)])
        assert merged == Merged(added=1, updated=0, evicted=0)
        assert work.clients.count() == 1
    client = found(database)
    assert client == Client(
        id=client.id,
        fingerprint=fingerprint(1),
        subject="CN=device",
        issuer="CN=Devices CA",
        serial=-(2**159),
        not_after=CUT + 30 * DAY,
        anchor=b"\x01" * 32,
        facts=b"facts",
        first_seen=CUT,
        last_seen=CUT,
        count=1,
        verdict=25,
        apis=frozenset({"orders"}),
    )


def test_what_is_seen_again_adds_up_and_the_later_verdict_stays(database: Database) -> None:
    with database.begin() as work:
        work.clients.merge([seen(1, certificate(), at=NOW, count=2)])
    with database.begin() as work:
        late = seen(
            1,
            certificate(facts=b"more", anchor=None),
            at=NOW + DAY,
            verdict=26,
            apis=frozenset({"pay"}),
        )
        early = seen(1, certificate(facts=b"stale"), at=NOW - DAY, verdict=25, count=10)
        assert work.clients.merge([late]).updated == 1
        work.clients.merge([early])
    client = found(database)
    assert (client.count, client.verdict, client.facts) == (13, 26, b"more")
    assert (client.first_seen, client.last_seen) == (CUT - DAY, CUT + DAY)
    assert client.anchor is None
    assert client.apis == {"orders", "pay"}


def test_a_certificate_twice_in_a_batch_is_one_client(database: Database) -> None:
    with database.begin() as work:
        batch = [
            seen(1, None, at=NOW + SECOND, verdict=26, apis=frozenset()),
            seen(1, certificate(), count=4),
        ]
        assert work.clients.merge(batch).added == 1
    assert (found(database).count, found(database).verdict) == (5, 26)


def test_numbers_alone_make_no_client_and_leave_the_rest(database: Database) -> None:
    with database.begin() as work:
        assert work.clients.merge([seen(1, None)]) == Merged(added=0, updated=0, evicted=0)
        work.clients.merge([seen(1, certificate())])
        work.clients.merge([seen(1, None, at=NOW + DAY, count=0), seen(2, None)])
    client = found(database)
    assert (client.subject, client.facts, client.anchor) == ("CN=device", b"facts", b"\x01" * 32)
    assert (client.count, client.last_seen) == (1, CUT + DAY)


def test_hostile_names_are_cut_and_kept(database: Database) -> None:
    with database.begin() as work:
        work.clients.merge([seen(1, certificate("a\0\ud800" * 1000, issuer="é" * 9999))])
    client = found(database)
    assert client.subject.startswith("a\N{REPLACEMENT CHARACTER}?a")
    assert (len(client.subject), len(client.issuer)) == (TOLD, TOLD)


def test_a_client_of_many_apis_is_bounded(database: Database) -> None:
    with database.begin() as work:
        for part in range(3):
            apis = frozenset(f"api {part}/{n}" for n in range(40))
            work.clients.merge([seen(1, certificate(), apis=apis)])
    assert len(found(database).apis) == MOST_APIS


def test_those_seen_longest_ago_are_forgotten(opened: Opener) -> None:
    database = opened(ClientLimits(rows=3))
    with database.begin() as work:
        for number in (3, 1, 2):
            shown = certificate(issuer=f"CN=issuer {number}")
            work.clients.merge([seen(number, shown, at=NOW + number * DAY)])
        work.clients.merge([seen(1, None, at=NOW + 9 * DAY)])
        merged = work.clients.merge([seen(4, certificate(), at=NOW + 4 * DAY)])
        assert (merged.evicted, work.clients.count()) == (1, 3)
    assert numbers(database, ClientFilter()) == [1, 4, 3]
    with database.begin() as work:
        # One whose issuer was forgotten with the last certificate of it.
        work.clients.merge([seen(2, certificate(issuer="CN=issuer 2"), at=NOW + 10 * DAY)])
    assert found(database, 2).issuer == "CN=issuer 2"


def test_strangers_with_long_names_can_not_fill_the_disk(opened: Opener) -> None:
    database = opened(ClientLimits(bytes=100_000))
    with database.begin() as work:
        for start in range(0, 500, 100):
            work.clients.merge(
                seen(n, certificate("s" * 500, issuer=f"{n:0500}"), at=NOW + n * SECOND)
                for n in range(start, start + 100)
            )
        assert 40 < work.clients.count() < 70
        newest = work.clients.page(limit=1).items[0]
    assert newest.fingerprint == fingerprint(499)


def test_pages_go_on_where_the_last_ended_in_either_order(database: Database) -> None:
    with database.begin() as work:
        work.clients.merge(
            # Many at one second: the order must be whole all the same.
            seen(n, certificate(not_after=NOW + (n % 3) * DAY), at=NOW + (n % 2) * SECOND)
            for n in range(1, 12)
        )
    for order in ClientOrder:
        shown: list[Client] = []
        cursor = None
        with database.reading() as work:
            while True:
                page = work.clients.page(order=order, after=cursor, limit=3)
                shown += page.items
                cursor = page.next
                if cursor is None:
                    break
        assert len({one.id for one in shown}) == len(shown) == 11
        times = [
            one.last_seen if order is ClientOrder.LAST_SEEN else one.not_after for one in shown
        ]
        assert times == sorted(times, reverse=order is ClientOrder.LAST_SEEN)


def test_filters_find_what_they_say(database: Database) -> None:
    with database.begin() as work:
        work.clients.merge(
            [
                seen(0xABCDEF << 232, certificate("CN=Pump 100%,O=Müller")),
                seen(
                    2,
                    certificate("CN=valve", not_after=NOW + DAY, issuer="CN=Devices 2"),
                    verdict=25,
                ),
                seen(3, certificate("CN=sensor"), at=NOW - DAY, apis=frozenset({"pay", "orders"})),
            ]
        )
    pump = 0xABCDEF << 232
    for only, wanted in (
        (ClientFilter(search="pump 100%"), [pump]),
        (ClientFilter(search="o=M"), [pump]),
        (ClientFilter(search="%"), [pump]),
        (ClientFilter(search="AB:CD:EF"), [pump]),
        (ClientFilter(search="abcdef0"), [pump]),
        (ClientFilter(search="bcdef0"), []),
        (ClientFilter(verdicts=frozenset({25, 26})), [2]),
        (ClientFilter(expiring_before=NOW + 2 * DAY), [2]),
        (ClientFilter(api="pay"), [3]),
        (ClientFilter(api="nothing"), []),
        (ClientFilter(seen_since=NOW - SECOND), [2, pump]),
        (ClientFilter(issuer="devices 2"), [2]),
        (ClientFilter(issuer="%"), []),
        (ClientFilter(api="orders", search="cn=s"), [3]),
    ):
        assert numbers(database, only) == wanted, only


def test_a_stream_is_whole_across_its_chunks(database: Database) -> None:
    with database.begin() as work:
        work.clients.merge(seen(n, certificate()) for n in range(1, 4_502))
    with database.reading() as work:
        streamed = [one.fingerprint for one in work.clients.stream()]
    assert streamed == [fingerprint(n) for n in range(1, 4_502)]


def test_the_memory_can_be_begun_anew(database: Database) -> None:
    with database.begin() as work:
        work.clients.merge([seen(1, certificate())])
        work.revision.grow()
    database.forget_clients(now=NOW)
    with database.begin() as work:
        assert (work.clients.count(), work.clients.find(fingerprint(1))) == (0, None)
        assert work.clients.merge([seen(1, certificate())]).added == 1
        assert work.revision.current() == 1


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_clients_do_not_wait_for_a_change_of_settings(database: Database) -> None:
    with database.begin() as change:
        change.revision.grow()
        with database.begin() as work:
            assert work.clients.merge([seen(1, certificate())]).added == 1
