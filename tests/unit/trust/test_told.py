"""The chain as a service is told of it."""

import base64

from ostiary.trust.told import NOTHING, chain_list
from tests.support.pki import Kit, Made


def read(text: str) -> list[bytes]:
    """The Byte Sequences of a List (RFC 8941 sections 4.2.1 and 4.2.7), strictly."""
    items = text.split(", ")
    assert all(item[0] == item[-1] == ":" and len(item) > 2 for item in items), items
    return [base64.b64decode(item[1:-1], validate=True) for item in items]


def told(*path: Made) -> str:
    return chain_list([made.certificate for made in path])


def test_intermediates_are_told_nearest_first_without_leaf_and_root(kit: Kit) -> None:
    root = kit.root("told-root")
    upper = kit.intermediate(root, "told-upper")
    lower = kit.intermediate(upper, "told-lower")
    leaf = kit.client(lower, "told-leaf")
    assert read(told(leaf, lower, upper, root)) == [lower.der, upper.der]


def test_an_anchor_that_is_no_root_is_told(kit: Kit) -> None:
    upper = kit.intermediate(kit.root("told-root-2"), "told-anchor")
    lower = kit.intermediate(upper, "told-under")
    leaf = kit.client(lower, "told-leaf-2")
    assert read(told(leaf, lower, upper)) == [lower.der, upper.der]
    assert read(told(kit.client(upper, "told-leaf-3"), upper)) == [upper.der]


def test_where_nothing_stands_between_leaf_and_root_the_word_is_no_list(kit: Kit) -> None:
    root = kit.root("told-root-4")
    assert told(kit.client(root, "told-leaf-4"), root) == NOTHING
    pinned = kit.client(None, "told-pinned")
    assert told(pinned) == NOTHING
    assert not NOTHING.startswith(":")
