"""The route table gives the endpoint that Express Gateway's order of evaluation gives."""

from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from ostiary.compiler.routes import Table, route_table
from ostiary.config.model.api_endpoint import ApiEndpoint
from ostiary.services.route_match import match_route
from tests.support.express import Request, endpoint_of
from tests.support.routes import endpoints, request


def _looked_up(written: dict[str, tuple[ApiEndpoint, ...]], request: Request) -> str | None:
    route = match_route(
        route_table(written), method=request.method, host=request.host, path=request.path
    )
    return route.endpoint if route else None


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 12))
def test_any_document_routes_any_request_as_the_plain_walk_does(dice: Random, size: int) -> None:
    written = endpoints(dice, size)
    for _ in range(10):
        asked = request(dice)
        assert _looked_up(written, asked) == endpoint_of(written, asked), (written, asked)


@pytest.mark.parametrize("number", range(5))
def test_a_large_document_routes_as_the_plain_walk_does(number: int) -> None:
    dice = Random(number)
    written = endpoints(dice, 150)
    table = route_table(written)
    for _ in range(200):
        asked = request(dice)
        route = match_route(table, method=asked.method, host=asked.host, path=asked.path)
        assert (route.endpoint if route else None) == endpoint_of(written, asked), asked


def test_the_host_seen_first_wins_even_over_a_more_exact_one() -> None:
    written = {"any": (ApiEndpoint(host="*.com"),), "exact": (ApiEndpoint(host="foo.com"),)}
    assert _looked_up(written, Request("GET", "foo.com", "/")) == "any"


def test_an_endpoint_joins_the_group_of_its_host_wherever_it_stands() -> None:
    written = {
        "first": (ApiEndpoint(host="a.com", paths=("/x",)),),
        "any": (ApiEndpoint(),),
        "late": (ApiEndpoint(host="A.COM", paths=("/y",)),),
    }
    assert _looked_up(written, Request("GET", "a.com", "/y")) == "late"


def test_get_answers_head_but_nothing_else() -> None:
    written = {"one": (ApiEndpoint(methods=("GET",)),)}
    assert _looked_up(written, Request("HEAD", "a", "/")) == "one"
    assert _looked_up(written, Request("OPTIONS", "a", "/")) is None


def test_a_shorter_prefix_written_first_wins_over_a_longer_one() -> None:
    written = {
        "wide": (ApiEndpoint(paths=("/a*",)),),
        "narrow": (ApiEndpoint(paths=("/a/b/*",)),),
    }
    assert _looked_up(written, Request("GET", "h", "/a/b/c")) == "wide"


def test_a_host_written_with_a_trailing_dot_is_the_same_host() -> None:
    written = {"one": (ApiEndpoint(host="a.com."),)}
    assert _looked_up(written, Request("GET", "a.com", "/")) == "one"
    assert _looked_up(written, Request("GET", "a.com.", "/")) == "one"


def test_a_thousand_endpoints_of_the_common_kinds_share_a_few_tables() -> None:
    written = {
        f"e{at}": (
            ApiEndpoint(
                host=(None, "api.example.com", "*.example.org")[at % 3],
                paths=(f"/s{at}", f"/s{at}/*", f"/s{at}/:id", f"/s{at}/:id/*"),
                methods=(None, ("GET", "POST"))[at % 2],
            ),
        )
        for at in range(1000)
    }
    table = route_table(written)
    kinds = {
        Table(host, mask, prefix)
        for host in ("any", "exact", "star")
        for mask, prefix in (((), False), ((), True), ((2,), False), ((2,), True))
    }
    assert set(table.tables) == kinds
    assert not table.walked
