"""The memory of clients between a decision and the store."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from ostiary.telemetry import clients as module
from ostiary.telemetry.clients import Clients
from ostiary.telemetry.facts import decode
from ostiary.telemetry.noting import path_verdict, went_on
from ostiary.telemetry.seen import Remembered, SeenClient
from ostiary.trust.decision import Admitted, Refused
from ostiary.trust.reason import ADMITTED_CODE, Reason
from tests.support.pki import Kit
from tests.unit.telemetry.people import NOW, Batches, admitted, in_a_loop, refused

SECOND = timedelta(seconds=1)


def counted(clients: Clients, key: bytes, requests: int, **other: object) -> bool:
    values: dict[str, object] = {"api": "", "by_header": False, **other}
    return clients.counted(key, requests, NOW + SECOND, **values)  # type: ignore[arg-type] # by name


@in_a_loop
async def test_a_decision_reaches_the_store_with_what_previews_need(kit: Kit) -> None:
    root = kit.root("seen root")
    good = kit.client(root, "seen good")
    store = Batches()
    clients = Clients(store)
    clients.seen(admitted(good, root, api="orders"))
    clients.seen(admitted(good, root, api="stock", at=NOW + SECOND))
    await clients.flush()
    [client] = store.clients
    assert client.fingerprint == good.certificate.sha256
    assert (client.first_seen, client.last_seen) == (NOW, NOW + SECOND)
    assert client.apis == {"orders", "stock"}
    assert (client.verdict, client.requests) == (ADMITTED_CODE, 0)
    assert client.certificate is not None
    assert client.certificate.anchor == root.certificate.sha256
    assert client.certificate.subject == good.certificate.subject
    facts = decode(client.certificate.facts)
    assert facts.verified
    assert facts.names == good.certificate.names


@in_a_loop
async def test_a_refused_certificate_is_remembered_whole_until_it_is_admitted(kit: Kit) -> None:
    root = kit.root("seen root 2")
    leaf = kit.client(root, "seen refused")
    store = Batches()
    clients = Clients(store)
    clients.seen(refused(leaf.der, chain=(root.der,)))
    await clients.flush()
    [client] = store.clients
    assert client.verdict == Reason.UNTRUSTED_ISSUER.code
    assert client.certificate is not None
    assert client.certificate.anchor is None
    assert clients.remembered(client.fingerprint) == Remembered(leaf.der, (root.der,))
    clients.seen(admitted(leaf, root))
    assert clients.remembered(client.fingerprint) is None


@in_a_loop
async def test_who_is_refused_for_its_name_is_kept_with_the_anchor_of_its_path(kit: Kit) -> None:
    root = kit.root("seen root 7")
    leaf = kit.client(root, "seen by name")
    store = Batches()
    clients = Clients(store)
    path = (leaf.certificate, root.certificate)
    decision = Refused(Reason.NAME_NOT_TRUSTED, "", None, path=path)
    clients.seen(replace(refused(leaf.der), decision=decision))
    await clients.flush()
    [client] = store.clients
    assert client.certificate is not None
    assert client.certificate.anchor == root.certificate.sha256
    facts = decode(client.certificate.facts)
    assert facts.verified
    assert len(facts.path) == 1


@in_a_loop
async def test_whom_soft_revocation_lets_pass_is_admitted(kit: Kit) -> None:
    root = kit.root("seen root 6")
    leaf = kit.client(root, "seen softly")
    store = Batches()
    clients = Clients(store)
    decision = admitted(leaf, root).decision
    assert isinstance(decision, Admitted)
    soft = replace(decision, would_refuse=Refused(Reason.REVOCATION_UNDETERMINED, "", None))
    clients.seen(replace(admitted(leaf, root), decision=soft))
    await clients.flush()
    assert [one.verdict for one in store.clients] == [ADMITTED_CODE]


@in_a_loop
async def test_who_is_admitted_without_a_path_has_no_anchor(kit: Kit) -> None:
    leaf = kit.client(kit.root("seen root 9"), "seen behind a balancer")
    store = Batches()
    clients = Clients(store)
    alone = admitted(leaf)
    assert isinstance(alone.decision, Admitted)
    clients.seen(replace(alone, decision=replace(alone.decision, anchored=False)))
    await clients.flush()
    (seen,) = store.clients
    assert seen.certificate is not None
    assert (seen.certificate.anchor, seen.verdict) == (None, ADMITTED_CODE)


@in_a_loop
async def test_a_verdict_that_is_only_reported_is_known_from_one_that_refuses(kit: Kit) -> None:
    root = kit.root("seen root 5")
    named, other = kit.client(root, "seen reported"), kit.client(root, "seen reported too")
    store = Batches()
    clients = Clients(store)
    decision = admitted(named, root).decision
    assert isinstance(decision, Admitted)
    would = replace(decision, would_refuse=Refused(Reason.DENIED_BY_RULE, "", None))
    clients.seen(replace(admitted(named, root), decision=would, reported=True))
    clients.seen(replace(refused(other.der), reported=True))
    await clients.flush()
    verdicts = [one.verdict for one in store.clients]
    assert verdicts == [-Reason.DENIED_BY_RULE.code, -Reason.UNTRUSTED_ISSUER.code]
    assert [went_on(one) for one in verdicts if one is not None] == [True, True]
    known = [path_verdict(one) for one in verdicts if one is not None]
    assert known == [ADMITTED_CODE, Reason.UNTRUSTED_ISSUER.code]
    assert not went_on(Reason.UNTRUSTED_ISSUER.code)


@in_a_loop
async def test_bytes_that_are_no_certificate_are_counted_and_not_stored() -> None:
    store = Batches()
    clients = Clients(store)
    clients.seen(refused(b"\x30\x00", Reason.MALFORMED_CERTIFICATE))
    clients.seen(refused(b"", Reason.NO_CERTIFICATE))
    await clients.flush()
    assert store.batches == []
    assert clients.snapshot().unreadable == 1


@in_a_loop
async def test_requests_are_added_to_the_decision_of_the_same_flush(kit: Kit) -> None:
    root = kit.root("seen root 3")
    good = kit.client(root, "seen counted")
    store = Batches()
    clients = Clients(store)
    clients.seen(admitted(good, root))
    assert counted(clients, good.certificate.sha256, 5, api="orders")
    assert counted(clients, good.certificate.sha256, 2)
    assert counted(clients, b"x" * 32, 1)
    await clients.flush()
    first, second = store.clients
    assert (first.requests, first.apis, first.last_seen) == (7, {"orders"}, NOW + SECOND)
    assert second.certificate is None
    assert (second.fingerprint, second.requests) == (b"x" * 32, 1)
    assert (first.verdict, second.verdict) == (ADMITTED_CODE, None)


@in_a_loop
async def test_a_key_that_is_no_fingerprint_is_counted_for_its_certificate(kit: Kit) -> None:
    root = kit.root("seen root 4")
    good = kit.client(root, "seen by header")
    store = Batches()
    clients = Clients(store)
    clients.seen(admitted(good, root, key=b"k" * 32))
    assert counted(clients, b"k" * 32, 3, by_header=True)
    assert counted(clients, b"?" * 32, 4, by_header=True)
    await clients.flush()
    [client] = store.clients
    assert client.requests == 3
    assert clients.snapshot().unattributed == 4


@in_a_loop
async def test_what_the_store_refuses_is_offered_again_with_what_came_since(kit: Kit) -> None:
    root = kit.root("seen root 5")
    one, two = kit.client(root, "seen one"), kit.client(root, "seen two")
    store = Batches(broken=True)
    clients = Clients(store)
    clients.seen(admitted(one, root))
    counted(clients, one.certificate.sha256, 5)
    await clients.flush()
    assert clients.snapshot().failures == 1
    clients.seen(admitted(one, root, at=NOW + 9 * SECOND))
    clients.seen(admitted(two, root))
    counted(clients, one.certificate.sha256, 1)
    store.broken = False
    await clients.flush()
    found = {client.fingerprint: client for client in store.clients}
    again = found[one.certificate.sha256]
    assert (again.first_seen, again.last_seen) == (NOW, NOW + 9 * SECOND)
    assert again.requests == 6
    assert two.certificate.sha256 in found
    assert len(store.batches) == 1


@in_a_loop
async def test_memory_is_bounded_and_what_finds_no_room_is_counted(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_PENDING", 3)
    monkeypatch.setattr(module, "MOST_REFUSED_PENDING", 2)
    monkeypatch.setattr(module, "MOST_COUNTS", 1)
    store = Batches()
    clients = Clients(store)
    for number in range(5):
        clients.seen(refused(b"%d" % number))
    assert clients.snapshot().missed == 3
    assert counted(clients, b"a" * 32, 1)
    assert counted(clients, b"a" * 32, 1)
    assert not counted(clients, b"b" * 32, 1)
    await clients.flush()
    assert counted(clients, b"b" * 32, 1)


@in_a_loop
async def test_what_is_pending_is_stored_when_the_gateway_ends(kit: Kit) -> None:
    root = kit.root("seen root 6")
    store = Batches()
    clients = Clients(store)
    task = asyncio.create_task(clients.run())
    await asyncio.sleep(0)
    clients.seen(admitted(kit.client(root, "seen last"), root))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(store.clients) == 1


@in_a_loop
async def test_a_cancelled_flush_stores_its_batch_once(kit: Kit) -> None:
    root = kit.root("seen root 7")

    class Slow(Batches):
        def merge(self, batch: tuple[SeenClient, ...]) -> None:
            time.sleep(0.2)
            super().merge(batch)

    store = Slow()
    clients = Clients(store)
    clients.seen(admitted(kit.client(root, "seen once"), root))
    flushing = asyncio.create_task(clients.flush())
    await asyncio.sleep(0.05)
    flushing.cancel()
    await asyncio.gather(flushing, return_exceptions=True)
    await clients.flush()
    assert len(store.clients) == 1


@in_a_loop
async def test_a_mistake_of_our_own_loses_a_batch_and_not_the_gateway(kit: Kit) -> None:
    root = kit.root("seen root 8")

    class Mistaken(Batches):
        def merge(self, batch: tuple[SeenClient, ...]) -> None:
            if self.broken:
                raise ZeroDivisionError
            super().merge(batch)

    store = Mistaken(broken=True)
    clients = Clients(store)
    clients.seen(admitted(kit.client(root, "seen lost"), root))
    await clients.flush()
    store.broken = False
    await clients.flush()
    assert store.clients == []
    assert (clients.snapshot().missed, clients.snapshot().failures) == (1, 1)


@in_a_loop
async def test_many_are_handed_over_in_slices_so_that_nobody_waits_for_all_of_them() -> None:
    class FullAfterTwo(Batches):
        def merge(self, batch: tuple[SeenClient, ...]) -> None:
            super().merge(batch)
            self.broken = len(self.batches) == 2

    keys = [number.to_bytes(32, "big") for number in range(1_000)]
    store = FullAfterTwo()
    clients = Clients(store)
    for key in keys:
        assert counted(clients, key, 1)
    await clients.flush()
    assert len(store.clients) < len(keys)
    store.broken = False
    await clients.flush()
    assert max(map(len, store.batches)) < len(keys) // 3
    found = {client.fingerprint: client.requests for client in store.clients}
    assert found == dict.fromkeys(keys, 1)
    assert len(store.clients) == len(keys)
