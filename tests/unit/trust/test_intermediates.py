"""The memory of intermediates: bounded, useful, and never trusted by itself."""

from ostiary.trust.intermediates import Intermediates, load
from ostiary.x509.certificate import Certificate
from tests.support.pki import Kit, Made


def path_of(*made: Made) -> tuple[Certificate, ...]:
    return tuple(one.certificate for one in made)


def test_only_what_stands_between_leaf_and_anchor_is_remembered(kit: Kit) -> None:
    root = kit.root("root")
    mid = kit.intermediate(root, "mid")
    leaf = kit.client(mid, "leaf")
    memory = Intermediates()
    assert memory.remember(path_of(leaf, mid, root))
    assert not memory.remember(path_of(leaf, mid, root))
    assert len(memory) == 1
    assert memory.known(mid.der) == mid.certificate
    assert memory.known(root.der) is None
    assert not memory.remember(path_of(leaf))


def test_candidates_climb_issuer_by_issuer_and_leave_out_what_is_there(kit: Kit) -> None:
    root = kit.root("root")
    top = kit.intermediate(root, "top")
    mid = kit.intermediate(top, "mid")
    twin = kit.intermediate(top, "twin", common_name="mid", key=mid.key)
    leaf = kit.client(mid, "leaf")
    memory = Intermediates()
    memory.remember(path_of(leaf, mid, twin, top, root))
    found = memory.candidates(path_of(leaf), 10)
    assert set(found[:2]) == set(path_of(mid, twin))
    assert found[2:] == path_of(top)
    assert set(memory.candidates(path_of(leaf, mid), 10)) == set(path_of(twin, top))
    assert len(memory.candidates(path_of(leaf), 1)) == 1
    assert memory.candidates(path_of(leaf), 0) == ()


def test_the_longest_unused_is_forgotten_first(kit: Kit) -> None:
    root = kit.root("root")
    first, second, third = (kit.intermediate(root, f"m{n}") for n in range(3))
    memory = Intermediates(capacity=2)
    memory.remember(path_of(root, first, second, root))
    assert memory.candidates(path_of(kit.client(first, "leaf")), 5) == path_of(first)
    memory.remember(path_of(root, third, root))
    assert memory.known(second.der) is None
    assert memory.candidates(path_of(kit.client(second, "leaf")), 5) == ()
    assert memory.known(first.der)
    assert memory.known(third.der)


def test_a_very_large_intermediate_is_not_remembered(kit: Kit) -> None:
    root = kit.root("root")
    fat = kit.intermediate(root, "fat", padding=20_000)
    assert not Intermediates().remember(path_of(root, fat, root))


def test_what_is_dumped_is_loaded(kit: Kit) -> None:
    root = kit.root("root")
    mids = [kit.intermediate(root, f"m{n}") for n in range(3)]
    memory = Intermediates()
    memory.remember(path_of(root, *mids, root))
    loaded = load(memory.dump())
    assert loaded.damage == ()
    assert loaded.intermediates.dump() == memory.dump()
    assert load(b"").damage == ()
    assert len(load(memory.dump(), capacity=2).intermediates) == 2


def test_damage_is_told_and_the_rest_is_kept(kit: Kit) -> None:
    root = kit.root("root")
    one, two = kit.intermediate(root, "one"), kit.intermediate(root, "two")
    spoilt = one.pem.replace(b"MII", b"M!!").replace(b"MIH", b"M!!")
    cut_short = one.pem[:100] + b"\n"
    headless = b"\0\1" + two.pem[3:]
    for data in (spoilt + two.pem, cut_short + two.pem, two.pem + cut_short, headless + two.pem):
        loaded = load(data)
        assert len(loaded.damage) == 1, data[:60]
        assert loaded.intermediates.dump() == two.certificate.pem
