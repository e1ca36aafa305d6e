"""Named parts of the document are found and changed in every form they may be written in."""

import pytest

from ostiary.config.sections import Section, items_of, with_item, without_item
from ostiary.config.text.splicing import Entangled
from ostiary.config.text.tree import Plain

PIPELINES = Section.PIPELINES


@pytest.mark.parametrize("key", ["pipelines", "pipeline"])
def test_a_mapping_is_changed_under_the_key_it_has(key: str) -> None:
    document: dict[str, Plain] = {key: {"a": {"x": 1}}, "http": None}
    assert items_of(document, PIPELINES) == {"a": {"x": 1}}
    changed = with_item(document, PIPELINES, "b", {"x": 2})
    assert changed == {key: {"a": {"x": 1}, "b": {"x": 2}}, "http": None}
    assert without_item(changed, PIPELINES, "b") == document


def test_a_section_that_is_empty_or_absent_gets_its_first_item() -> None:
    empty: tuple[dict[str, Plain], ...] = ({}, {"pipelines": None}, {"pipelines": {}})
    for document in empty:
        assert items_of(document, PIPELINES) == {}
        assert with_item(document, PIPELINES, "a", {}) == {"pipelines": {"a": {}}}


def test_a_list_with_names_is_one_of_named_items() -> None:
    document: dict[str, Plain] = {"pipelines": [{"name": "a", "x": 1}, {"name": "b", "x": 2}]}
    assert items_of(document, PIPELINES) == {"a": {"x": 1}, "b": {"x": 2}}
    changed = with_item(document, PIPELINES, "a", {"x": 3})
    assert changed["pipelines"] == [{"name": "a", "x": 3}, {"name": "b", "x": 2}]
    longer = with_item(document, PIPELINES, "c", {"x": 4})
    assert items_of(longer, PIPELINES)["c"] == {"x": 4}
    assert without_item(longer, PIPELINES, "c") == document


def test_an_item_that_is_called_by_its_number_goes_only_from_the_end() -> None:
    document: dict[str, Plain] = {"pipelines": [{"x": 1}, {"x": 2}]}
    assert with_item(document, PIPELINES, "1", {"x": 3})["pipelines"] == [{"x": 1}, {"x": 3}]
    assert without_item(document, PIPELINES, "1") == {"pipelines": [{"x": 1}]}
    with pytest.raises(Entangled, match="no names"):
        without_item(document, PIPELINES, "0")
