"""``req.params`` of Express 4, as its path-to-regexp 0.1 finds them."""

import pytest

from ostiary.config.path_parameters import has_parameters, parameters_of


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("*", "/a/b", {"0": "/a/b"}),
        ("/users/:id", "/Users/7/", {"id": "7"}),
        ("/users/:id/", "/users/7", {"id": "7"}),
        ("/:a/x/:b_2", "/1/X/2", {"a": "1", "b_2": "2"}),
        ("/users/:id", "/users/a%20b%C3%A9+c", {"id": "a bé+c"}),
        ("/orders/*", "/orders/", {"0": ""}),
        ("/orders/*", "/orders/1/2/", {"0": "1/2/"}),
        ("/star*", "/starfish/x", {"0": "fish/x"}),
        ("/*/a/:b", "/1/2/a/3", {"0": "1/2", "b": "3"}),
        ("/now", "/now", {}),
        ("/", "/", {}),
        ("/a.b", "/axb", None),
        ("/users/:id", "/users/%ff", None),
        ("/users/:id", "/users/%zz", None),
        ("/users/:id", "/users/a%2", None),
        ("/users/:id", "/users/%", None),
        ("/users/:id", "/users/1/2", None),
    ],
)
def test_parameters_are_found(pattern: str, path: str, found: dict[str, str] | None) -> None:
    assert parameters_of(pattern, path) == found


@pytest.mark.parametrize(
    "pattern", ["", "/*/*", "/:a-:b", "/:a*", "/x:a", "/a*b", "/:a/:a", "/:__proto__", "/**"]
)
def test_of_other_patterns_they_are_not_known(pattern: str) -> None:
    assert not has_parameters(pattern)
