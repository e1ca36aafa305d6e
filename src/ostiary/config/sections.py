"""The parts of the document that have names, in the forms they may be written in."""

from collections.abc import Mapping
from enum import Enum

from ostiary.config.text.splicing import Entangled
from ostiary.config.text.tree import Plain

Named = dict[str, Plain]


class Section(Enum):
    """A mapping of the document; the values are its keys there."""

    API_ENDPOINTS = "apiEndpoints"
    SERVICE_ENDPOINTS = "serviceEndpoints"
    PIPELINES = "pipelines"

    @property
    def noun(self) -> str:
        """One of them, in words."""
        return {"apiEndpoints": "API endpoint", "serviceEndpoints": "service endpoint"}.get(
            self.value, "pipeline"
        )


def items_of(written: Mapping[str, Plain], section: Section) -> Named:
    """All of a section by name, as they are written."""
    found = written.get(_key(written, section))
    if isinstance(found, list):
        return {_name(one, number): _nameless(one) for number, one in enumerate(found)}
    return dict(found) if isinstance(found, dict) else {}


def with_item(written: Mapping[str, Plain], section: Section, name: str, value: Plain) -> Named:
    """The document with one item set, in the form it is written in. Raises nothing."""
    key = _key(written, section)
    found = written.get(key)
    if not isinstance(found, list):
        items = found if isinstance(found, dict) else {}
        return {**written, key: {**items, name: value}}
    named = [_name(one, number) for number, one in enumerate(found)]
    if name not in named:
        return {**written, key: [*found, _called(name, value)]}
    at = named.index(name)
    old = found[at]
    changed = _called(name, value) if isinstance(old, dict) and "name" in old else value
    return {**written, key: [*found[:at], changed, *found[at + 1 :]]}


def without_item(written: Mapping[str, Plain], section: Section, name: str) -> Named:
    """The document without one item, which is there.

    Raises Entangled where others would then have another name.
    """
    key = _key(written, section)
    found = written[key]
    if isinstance(found, dict):
        return {**written, key: {other: one for other, one in found.items() if other != name}}
    items = found if isinstance(found, list) else []
    left = [one for number, one in enumerate(items) if _name(one, number) != name]
    after = {**written, key: left}
    if items_of(after, section).keys() != items_of(written, section).keys() - {name}:
        raise Entangled(key, "is a list whose items have no names: they are called by their number")
    return after


def _key(written: Mapping[str, Plain], section: Section) -> str:
    """Express Gateway takes ``pipeline`` for ``pipelines``, and likewise."""
    other = section.value.removesuffix("s")
    return other if other in written and section.value not in written else section.value


def _name(item: Plain, number: int) -> str:
    return str(item["name"]) if isinstance(item, dict) and "name" in item else str(number)


def _nameless(item: Plain) -> Plain:
    if not isinstance(item, dict):
        return item
    return {key: value for key, value in item.items() if key != "name"}


def _called(name: str, value: Plain) -> Plain:
    return {"name": name, **value} if isinstance(value, dict) else value
