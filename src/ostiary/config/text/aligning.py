"""Which item of a list became which one of another."""

import json
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

from ostiary.config.text.tree import Plain

_MOST = 400
"""Items of longer lists are held against each other by their places: comparing all would take the
product of both lengths."""

Pair = tuple[int | None, int | None]
"""Numbers in both lists; None where one came or went."""


def aligned(before: Sequence[Plain], after: Sequence[Plain]) -> list[Pair]:
    """Pairs in order: what is equal, else what has the same keys, as the steps of one policy have,
    else what stands at the same place."""
    equal, alike = _signs(before, after, _whole), _signs(before, after, _kind)
    found: list[Pair] = []
    blocks = list(_blocks(range(len(before)), range(len(after)), *equal))
    kept = sum(len(olds) for olds, news in blocks if _fits(olds, news, *equal))
    if len(before) == len(after) and kept <= sum(map(str.__eq__, *equal)):
        return list(_by_place(range(len(before)), range(len(after))))
    for olds, news in blocks:
        if _fits(olds, news, *equal):
            found += zip(olds, news, strict=True)
            continue
        for inner, others in _blocks(olds, news, *alike):
            found += _by_place(inner, others)
    return found


def _blocks(
    olds: range, news: range, old_signs: Sequence[str], new_signs: Sequence[str]
) -> Iterator[tuple[range, range]]:
    """Rows that have the same signs, and what is between them."""
    if max(len(olds), len(news)) > _MOST:
        yield olds, news
        return
    one, other = (
        [signs[n] for n in part] for signs, part in ((old_signs, olds), (new_signs, news))
    )
    for _, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        yield olds[a:b], news[c:d]


def _fits(olds: range, news: range, one: Sequence[str], other: Sequence[str]) -> bool:
    return [one[n] for n in olds] == [other[n] for n in news]


def _by_place(olds: range, news: range) -> Iterator[Pair]:
    both = min(len(olds), len(news))
    yield from zip(olds[:both], news[:both], strict=True)
    yield from ((old, None) for old in olds[both:])
    yield from ((None, new) for new in news[both:])


def _signs(
    before: Sequence[Plain], after: Sequence[Plain], sign: Callable[[Plain], str]
) -> tuple[list[str], list[str]]:
    return [sign(one) for one in before], [sign(one) for one in after]


def _whole(value: Plain) -> str:
    return json.dumps(value, sort_keys=True)


def _kind(value: Plain) -> str:
    if isinstance(value, dict):
        return json.dumps(sorted(value))
    return "[]" if isinstance(value, list) else ""
