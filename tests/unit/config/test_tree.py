"""Paths are written as an operator reads them."""

import pytest

from ostiary.config.text.tree import Places, below, camel, leaves, step
from tests.unit.config.test_reading import tree_of


@pytest.mark.parametrize(
    ("path", "part", "written"),
    [("", "a", "a"), ("a", "b", "a.b"), ("a", 0, "a[0]"), ("a", "b.c", 'a["b.c"]')],
)
def test_a_path_grows_by_a_part(path: str, part: str | int, written: str) -> None:
    assert below(path, part) == written


def test_snake_case_finds_camel_case() -> None:
    assert camel("request_cert") == "requestCert"
    assert step(tree_of("requestCert: 1"), "request_cert") is not None


def test_the_deepest_existing_place_is_found() -> None:
    places = Places(tree_of("a: {b: [1, 2]}"))
    tree, missing = places.find(("a", "b", 7, "c"))
    assert tree.path == "a.b"
    assert missing == (7, "c")


def test_leaves_come_in_file_order() -> None:
    assert [leaf.value for leaf in leaves(tree_of("a: [1, {b: 2}]\nc: 3"))] == [1, 2, 3]
