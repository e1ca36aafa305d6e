"""A text is changed where it says something else, and nowhere else."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.config.text.reading import read
from ostiary.config.text.splicing import Entangled, says
from ostiary.config.text.splicing import spliced as spliced_from
from ostiary.config.text.tree import Plain, plain
from ostiary.config.text.writing import in_block, in_flow, scalar

ENVIRON = {"PORT": "8080", "SECRET": "s3cret: 'x'", "EMPTY": ""}

FILE = """\
# The gateway of the shop.
http: {port: ${PORT}}   # plain

serviceEndpoints:
  # the old one
  orders:
    url: 'http://127.0.0.1:8081'   # by hand
    proxyOptions:
      headers: {X-Key: "${SECRET}"}
  # the new one
  open: {url: "http://127.0.0.1:8082"}

pipelines:
  all:
    apiEndpoints: [orders, open]
    policies:
    - terminate:   # for strangers
      - condition: {name: never}
        action:
          message: |
            go

            away
    # then
    - proxy:
        - action:
            serviceEndpoint: orders
"""


def said(text: str) -> Any:
    reading = read(text, "", ENVIRON)
    assert reading.tree is not None, reading.problems
    return plain(reading.tree)


def spliced(text: str, wanted: Plain) -> str:
    tree = read(text, "", ENVIRON).tree
    assert tree is not None
    return spliced_from(text, tree, ENVIRON, wanted)


def changed(text: str, change: str, value: Plain = None) -> str:
    """``change``: keys with dots between; None removes."""
    wanted = copy.deepcopy(said(text))
    *above, last = change.split(".")
    at: Any = wanted
    for part in above:
        at = at[int(part) if isinstance(at, list) else part]
    if isinstance(at, list):
        at[int(last) : int(last) + 1] = [] if value is None else [value]
    elif value is None:
        del at[last]
    else:
        at[last] = value
    return spliced(text, wanted)


def test_what_is_said_already_changes_no_byte() -> None:
    assert spliced(FILE, said(FILE)) == FILE


@pytest.mark.parametrize(
    ("change", "value", "before", "after"),
    [
        ("serviceEndpoints.orders.url", "http://127.0.0.1:9", "'http://127.0.0.1:8081'",
         "http://127.0.0.1:9"),
        ("http.port", 9, "${PORT}", "9"),
        ("serviceEndpoints.open.url", "${SECRET}", "http://127.0.0.1:8082", "${SECRET}"),
        ("serviceEndpoints.orders", None,
         "  orders:\n    url: 'http://127.0.0.1:8081'   # by hand\n    proxyOptions:\n"
         '      headers: {X-Key: "${SECRET}"}\n', ""),
        ("serviceEndpoints.open", None, '  open: {url: "http://127.0.0.1:8082"}\n', ""),
        ("pipelines.all.apiEndpoints.1", None, ", open", ""),
        ("pipelines.all.apiEndpoints.0", None, "orders, ", ""),
        ("pipelines.all.policies.0.terminate.0.action.message", "gone", "|\n            go\n\n"
         "            away", "gone"),
        ("pipelines.all.policies.1", None,
         "    - proxy:\n        - action:\n            serviceEndpoint: orders\n", ""),
        ("pipelines.all.policies.0.terminate.0.condition", None,
         "condition: {name: never}\n        ", ""),
        ("serviceEndpoints.third", {"url": "http://x", "scopes": []}, "",
         "  third:\n    url: http://x\n    scopes: []\n"),
        ("serviceEndpoints.orders.proxyOptions.headers.Y", "on", "", ', "Y": "on"'),
    ],
)  # fmt: skip
def test_a_change_leaves_all_other_bytes(
    change: str, value: Plain, before: str, after: str
) -> None:
    text = changed(FILE, change, value)
    if before:
        assert text == FILE.replace(before, after, 1)
    else:
        assert text.replace(after, "", 1) == FILE


def test_a_policy_is_put_between_two_others() -> None:
    wanted = said(FILE)
    wanted["pipelines"]["all"]["policies"].insert(1, {"log": [{"action": {"message": "hi"}}]})
    wanted["pipelines"]["all"]["policies"].insert(0, {"cors": None})
    text = spliced(FILE, wanted)
    assert said(text) == wanted
    lines = [line for line in text.splitlines() if line not in FILE.splitlines()]
    assert lines == [
        "    - cors: null",
        "    - log:",
        "            message: hi",
    ]
    assert "# for strangers" in text


def test_windows_line_ends_and_byte_order_mark_stay() -> None:
    text = "\ufeff" + FILE.replace("\n", "\r\n")
    after = changed(text, "serviceEndpoints.third", {"url": "http://x"})
    assert after.startswith("\ufeff#")
    assert after.count("\n") == after.count("\r\n") == FILE.count("\n") + 2
    assert changed(after, "serviceEndpoints.third") == text


def test_json_stays_json() -> None:
    text = json.dumps(said(FILE), indent=4)
    for after in (
        changed(text, "serviceEndpoints.third", {"url": "http://x"}),
        changed(text, "pipelines.all.policies.1"),
        changed(text, "serviceEndpoints.orders", {"url": "é"}),
        changed(text, "pipelines.all", None),
    ):
        assert json.loads(after) == said(after)
        assert after.startswith(text[:40])
        assert after.endswith("\n}")


@pytest.mark.parametrize(
    ("text", "change", "value", "after"),
    [
        ("a:\n", "a", {"b": 1}, "a:\n  b: 1\n"),
        ("a:   # later\n", "a", 5, "a: 5   # later\n"),
        ("a:\n- 1\n- 2\n", "a", {"b": 1}, "a:\n  b: 1\n"),
        ("a:\n- 1\nb: 2", "a", "x", "a:\n  x\nb: 2"),
        ("a: 1", "b", [1, {"c": 2}], "a: 1\nb:\n  - 1\n  - c: 2"),
        ("a: 1 # one\n# end\n", "a", [1], "a:\n  - 1 # one\n# end\n"),
        ("a:\n  b: 1\n", "a.b", None, "a:\n  {}\n"),
        ("a: {}\n", "a", {"b": {}}, "a:\n  b: {}\n"),
        ("a:\n  b: 1\n    # b\n  # c\n", "a.c", 2, "a:\n  b: 1\n    # b\n  c: 2\n  # c\n"),
        ("a:\n  - - 1\n    - 2\n", "a.0.0", None, "a:\n  - - 2\n"),
        ("a:\n  -\n    # one\n    b: 1\n  - 2\n", "a.0", None, "a:\n  - 2\n"),
        ("a:\n  - b: 1 # b\n    # c\n    c: 2\n", "a.0.b", None, "a:\n  - \n    # c\n    c: 2\n"),
        ("a:\n  # b\n  - b\n", "a", ["n", "b"], "a:\n  - n\n  # b\n  - b\n"),
        ("a:\r\n# b\r\n- b\r\n", "a", ["n", "b"], "a:\r\n- n\r\n# b\r\n- b\r\n"),
        ("a:\n  - - b\n", "a.0", ["n", "b"], "a:\n  - - n\n    - b\n"),
        ("a: [1, 2,]\n", "a.1", 3, "a: [1, 3,]\n"),
        ("a: |+\n  x\n\nb: 1\n", "b", 2, "a: |+\n  x\n\nb: 2\n"),
        ("? a\n: 1\nb: 2\n", "b", 3, "? a\n: 1\nb: 3\n"),
        ("? a\n: 1\nb: 2\n", "a", None, "b: 2\n"),
        ("? a\n: 1\n", "b", 2, "? a\n: 1\nb: 2\n"),
    ],
)  # fmt: skip
def test_odd_places(text: str, change: str, value: Plain, after: str) -> None:
    assert changed(text, change, value) == after


@pytest.mark.parametrize(
    ("text", "change", "value"),
    [
        ("a: &x {b: 1}\nc: *x\n", "c.b", 2),
        ("a: &x {b: 1}\nc: *x\n", "a.b", 2),
        ("a: &x {b: 1}\nc: *x\n", "a", None),
        ("a: &x {b: 1}\nc: {<<: *x, d: 1}\n", "c.b", 2),
        ("a: &x {b: 1}\nc: {<<: *x, d: 1}\n", "c.b", None),
        ("a: |+\n  x\n\n", "b", 2),
    ],
)
def test_what_hangs_together_is_refused(text: str, change: str, value: Plain) -> None:
    with pytest.raises(Entangled):
        changed(text, change, value)


def test_an_anchor_that_nobody_uses_and_the_use_of_one_may_go() -> None:
    assert changed("a: &x {b: 1}\nc: 2\n", "a.b", 2) == "a: &x {b: 2}\nc: 2\n"
    assert changed("a: &x {b: 1}\nc: *x\n", "c") == "a: &x {b: 1}\n"
    assert changed("a: &x {b: 1}\nc: {<<: *x, d: 1}\n", "c.d", 3).endswith("<<: *x, d: 3}\n")


def test_true_is_not_one() -> None:
    tree = read("a: 1\n", "", {}).tree
    assert tree is not None
    assert says(tree, {"a": 1.0}, {})
    assert not says(tree, {"a": True}, {})
    assert changed("a: 1\n", "a", True) == "a: true\n"


words = st.one_of(
    st.sampled_from(
        ["on", "1e3", "0x1f", "~", "null", "<<", "+a", "- a", "a: b", "a #b", "", " ", "'", '"',
         "${PORT}", "${SECRET}", "$${PORT}", "${req.ip}", "*x", "&x", "!!str", "é😀", "{", "]", ","]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f\x85$"
            + "".join(map(chr, range(0x80, 0xA0)))), max_size=6),
)  # fmt: skip
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(10**17), 10**17), st.sampled_from([0.5, -2.25]),
        words,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(words.filter(lambda word: "${" not in word), inner, max_size=3),
    ),
    max_leaves=8,
)  # fmt: skip


def told(value: Any) -> Any:
    """With variables replaced."""
    if isinstance(value, str):
        for name, stands in (("PORT", "8080"), ("SECRET", ENVIRON["SECRET"])):
            value = value if value.startswith("$$") else value.replace(f"${{{name}}}", stands)
    if isinstance(value, list):
        return [told(one) for one in value]
    if isinstance(value, dict):
        return {key: told(one) for key, one in value.items()}
    return value


@given(values)
def test_every_value_is_read_back_as_it_was_written(value: Any) -> None:
    inside = in_block({"a": value})
    for text in (inside, f'{{"a": {in_flow(value)}}}', f"b:\n  - {in_flow([value])}"):
        assert json.dumps(told(value), sort_keys=True) in json.dumps(said(text), sort_keys=True)
    if not isinstance(value, dict | list):
        assert said(f"a: {scalar(value)}") == {"a": told(value)}


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """A file with comments, and the text of each of its items."""
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    comment = st.sampled_from(["", "  # a comment", "  # {: ["])
    items: dict[str, str] = {}
    lines = ["# head", "things:"]
    for number in range(draw(st.integers(1, 4))):
        value = draw(values)
        lines += draw(st.sampled_from([[], ["  # above"], ["", "  # x: y"]]))
        if draw(st.booleans()) or not value or not isinstance(value, dict | list):
            own = [f"  i{number}: {in_flow(value)}{draw(comment)}"]
        else:
            own = ["  " + line for line in in_block({f"i{number}": value}).split("\n")]
            own[0] += draw(comment) if own[0].endswith(":") else ""
        items[f"i{number}"] = ending.join(own)
        lines += own
    lines += draw(st.sampled_from([[], ["", "# tail"], ["after: 1"]]))
    return ending.join([*lines, ""]), items


@settings(max_examples=60)
@given(documents(), st.data())
def test_an_edit_of_one_item_keeps_the_bytes_of_all_others(
    made: tuple[str, dict[str, str]], data: st.DataObject
) -> None:
    text, items = made
    name = data.draw(st.sampled_from([*items, "new"]))
    wanted = said(text)
    remove = name in items and data.draw(st.booleans())
    if remove:
        del wanted["things"][name]
    else:
        wanted["things"][name] = data.draw(values)
    after = spliced(text, wanted)
    assert said(after) == told(wanted) if not remove else said(after) == wanted
    before, own, rest = text.partition(items.get(name, "\0"))
    if own and len(wanted["things"]):
        assert after.startswith(before.rstrip())
        assert after.endswith(rest.lstrip("\r\n"))
    for other, written in items.items():
        assert other == name or not wanted["things"] or written in after


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where there is something without parts."""
    if isinstance(value, dict | list) and value:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for key, one in pairs for leaf in leaves(one, (*path, key))]
    return [path]


@settings(max_examples=50)
@given(values, st.data())
def test_a_leaf_anywhere_changes_one_line_and_no_comment(value: Any, data: st.DataObject) -> None:
    remark = st.sampled_from(["", "", "# one", "  # two - ", "      # three: {"])
    lines: list[str] = []
    behind: list[str] = []
    for line in in_block({"top": value, "more": {"a": [1, [2]]}}).split("\n"):
        above_it = [one for one in (data.draw(remark),) if one]
        lines, behind = [*lines, *above_it], [*behind, *above_it]
        behind.append(f"  # {len(lines)}" if data.draw(st.booleans()) else "")
        lines.append(line + behind[-1])
    text = "\n".join([*lines, "# end"])
    wanted = said(text)
    *above, last = data.draw(st.sampled_from(leaves(wanted)))
    at: Any = wanted
    for part in above:
        at = at[part]
    at[last] = 10**17 + 1
    after = spliced(text, wanted).split("\n")
    assert len(after) == len(text.split("\n"))
    assert sum(one != other for one, other in zip(after, text.split("\n"), strict=True)) == 1
    assert all(map(str.endswith, after, behind))
