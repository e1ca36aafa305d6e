"""Random documents and requests, made so that they often meet, and often nearly meet."""

from hypothesis import strategies as st

from ostiary.config.model.api_endpoint import ApiEndpoint
from tests.support.express import Request

_SEGMENTS = ("a", "b", "A", "ab", "users", "v1.0", "%20", "x-y", "~u", "|", ",", "'", "(b)")
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


def paths() -> st.SearchStrategy[str]:
    """Patterns such as ``/users/:id/*``."""
    slash = st.sampled_from(("", "", "/"))
    segments = st.lists(st.sampled_from(_PATTERN_SEGMENTS), max_size=4)
    made = st.tuples(segments, slash).map(lambda one: "/" + "/".join(one[0]) + one[1])
    return st.one_of(st.just("*"), made.map(lambda one: one.replace("//", "/")))


def entries() -> st.SearchStrategy[ApiEndpoint]:
    """One entry of an endpoint; regular expressions are the exception, as in life."""
    rare = st.integers(0, 5).map(lambda number: number == 0)
    return st.builds(
        _entry,
        st.sampled_from((None, *_HOSTS)),
        st.tuples(rare, st.sampled_from(_HOST_REGEXES)),
        st.lists(paths(), min_size=1, max_size=3),
        st.tuples(rare, st.sampled_from(_PATH_REGEXES)),
        st.one_of(st.none(), st.lists(st.sampled_from(_METHODS), min_size=1, max_size=3)),
    )


def _entry(
    host: str | None,
    host_regex: tuple[bool, str],
    written: list[str],
    path_regex: tuple[bool, str],
    methods: list[str] | None,
) -> ApiEndpoint:
    return ApiEndpoint(
        host=None if host_regex[0] else host,
        host_regex=host_regex[1] if host_regex[0] else None,
        paths=tuple(written),
        path_regex=path_regex[1] if path_regex[0] else None,
        methods=tuple(methods) if methods else None,
    )


def endpoints(
    *, min_size: int = 0, max_size: int = 12
) -> st.SearchStrategy[dict[str, tuple[ApiEndpoint, ...]]]:
    """``apiEndpoints`` by the names e0, e1, …"""
    lists = st.lists(
        st.lists(entries(), min_size=1, max_size=2), min_size=min_size, max_size=max_size
    )
    return lists.map(lambda made: {f"e{at}": tuple(one) for at, one in enumerate(made)})


def requests() -> st.SearchStrategy[Request]:
    """Requests whose path is already in one form, with ports, trailing dots and capitals."""
    segments = st.lists(st.sampled_from((*_SEGMENTS, "id-123", "c")), max_size=5)
    path = st.tuples(segments, st.sampled_from(("", "/"))).map(
        lambda one: ("/" + "/".join(one[0]) + one[1]).replace("//", "/")
    )
    host = st.tuples(st.sampled_from(_NAMES), st.sampled_from(("", "", ".", ":80", ".:8443")))
    return st.builds(
        Request,
        st.sampled_from((*_METHODS, "GET", "GET", "LOCK")),
        host.map(lambda one: one[0] + (one[1].lstrip(".") if one[0][0] == "[" else one[1])),
        st.tuples(path, st.sampled_from(("", "", "?a=/b", "?"))).map("".join),
    )
