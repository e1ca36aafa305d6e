"""Path patterns mean what Express 4 means by them: held against what it answered itself."""

import json
import re
from pathlib import Path

import pytest

from ostiary.compiler.patterns import ExactPath, PrefixPath, RegexPath, path_regex, path_shape

_RECORDED = json.loads((Path(__file__).parents[2] / "vectors/express/routes.json").read_text())


@pytest.mark.parametrize("pattern", _RECORDED["patterns"])
def test_a_pattern_matches_what_express_matches(pattern: str) -> None:
    source, ignores_case = path_regex(path_shape(pattern))
    compiled = re.compile(source, re.IGNORECASE if ignores_case else 0)
    matched = [path for path in _RECORDED["paths"] if compiled.search(path)]
    assert matched == _RECORDED["patterns"][pattern]


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [
        ("*", PrefixPath("")),
        ("/", ExactPath("")),
        ("/Orders/", ExactPath("/orders")),
        ("/orders/*", PrefixPath("/orders/")),
        ("/star*", PrefixPath("/star")),
        ("/users/:id", ExactPath("/users/:", (2,))),
        ("/:tenant/users/:id/*", PrefixPath("/:/users/:/", (1, 3))),
    ],
)
def test_the_common_kinds_need_no_regular_expression(
    pattern: str, shape: ExactPath | PrefixPath
) -> None:
    assert path_shape(pattern) == shape


@pytest.mark.parametrize("pattern", ["/a/*/b", "/:id*", "/file.:ext", "/a:b", "*/x", "/:", "/**"])
def test_the_rest_is_a_regular_expression(pattern: str) -> None:
    assert isinstance(path_shape(pattern), RegexPath)


def test_a_path_regex_is_kept_as_it_is() -> None:
    assert path_regex(RegexPath("/id-[0-9]{3}", anchored=False)) == ("/id-[0-9]{3}", False)
