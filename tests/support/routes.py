"""Random documents and requests, made so that they often meet, and often nearly meet."""

from random import Random

from ostiary.config.model.api_endpoint import ApiEndpoint
from tests.support.express import Request

_SEGMENTS = (
    "a",
    "b",
    "A",
    "ab",
    "users",
    "v1.0",
    "%20",
    "x-y",
    "~u",
    "|",
    ",",
    "'",
    "(b)",
    "id-123",
    "c",
)
_LITERALS = ("a", "b", "A", "ab", "users", "v1.0", "%20", "x-y", "~u", ",", "'")
_PATTERN_SEGMENTS = (*_LITERALS, ":id", ":id", ":x", "*", "a*", "*b", "a:x", ":x,b")
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND")
_HOSTS = (
    *("a.com", "A.Com", "b.com", "*.a.com", "*.com", "*.*.com", "x*.com", "*"),
    *("b.*.com", "[::1]", "*.c.a.com", "127.0.0.1", "a_b.com", "localhost"),
)
_HOST_REGEXES = (r"[ab]\.com", r"a|b", r".*\.a\.com", r"(x|Y)[0-9]*\.com", r"\[::1\]", r"A\.COM")
_NAMES = (
    *("a.com", "A.COM", "b.com", "x.a.com", "X.a.Com", "y.c.a.com", "a.b.com", "b.c.com"),
    *("x1.com", "other", "[::1]", "127.0.0.1", "a_b.com", "com", "localhost"),
)
_PATH_REGEXES = (
    *(r"/id-[0-9]{3}", r"^/a$", r"b", r"^/users/", r"\.0/", r"^/A", r"a|users", r"^/[^/]+/b$"),
    *(r"}", r"-a", r"%20", r"/$", r"^/(a|b)/(?!a)"),
)


def endpoints(dice: Random, number: int) -> dict[str, tuple[ApiEndpoint, ...]]:
    """``apiEndpoints`` by the names e0, e1, …, of one or two entries each."""
    return {
        f"e{at}": tuple(_entry(dice) for _ in range(dice.choice((1, 1, 2)))) for at in range(number)
    }


def _entry(dice: Random) -> ApiEndpoint:
    """Regular expressions are the exception, as in life."""
    host_regex = dice.choice(_HOST_REGEXES) if dice.randrange(6) == 0 else None
    methods = tuple(dice.choice(_METHODS) for _ in range(dice.choice((0, 0, 1, 2, 3))))
    return ApiEndpoint(
        host=None if host_regex else dice.choice((None, *_HOSTS)),
        host_regex=host_regex,
        paths=tuple(_pattern(dice) for _ in range(dice.choice((1, 1, 2, 3)))),
        path_regex=dice.choice(_PATH_REGEXES) if dice.randrange(6) == 0 else None,
        methods=methods or None,
    )


def _pattern(dice: Random) -> str:
    return dice.choice(("*", *([_path(dice, _PATTERN_SEGMENTS)] * 9)))


def _path(dice: Random, vocabulary: tuple[str, ...]) -> str:
    segments = "/".join(dice.choice(vocabulary) for _ in range(dice.randrange(5)))
    return ("/" + segments + dice.choice(("", "", "/"))).replace("//", "/")


def request(dice: Random) -> Request:
    """A request whose path is already in one form; hosts have ports, trailing dots, capitals."""
    name = dice.choice(_NAMES)
    ends = ("", "", ":80") if name.startswith("[") else ("", "", ".", ":80", ".:8443")
    return Request(
        dice.choice((*_METHODS, "GET", "GET", "LOCK")),
        name + dice.choice(ends),
        _path(dice, _SEGMENTS) + dice.choice(("", "", "?a=/b", "?")),
    )
