"""The route of a request, told without the engine. Whole documents: see the compiler's tests."""

import pytest

from ostiary.compiler.routes import route_table
from ostiary.config.model.api_endpoint import ApiEndpoint
from ostiary.services.route_match import host_name, match_route


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("a.com", "a.com"),
        ("A.Com:8443", "a.com"),
        ("a.com.", "a.com"),
        ("a.com.:80", "a.com"),
        ("[::1]", "[::1]"),
        ("[2001:DB8::1]:443", "[2001:db8::1]"),
        ("127.0.0.1:80", "127.0.0.1"),
    ],
)
def test_the_name_in_a_host_header(header: str, name: str) -> None:
    assert host_name(header) == name


def test_no_endpoint_no_route() -> None:
    assert match_route(route_table({}), method="GET", host="a", path="/") is None


def test_the_route_says_which_entry_and_path_it_is() -> None:
    table = route_table({"a": (ApiEndpoint(paths=("/x", "/y/:id")), ApiEndpoint(host="h"))})
    route = match_route(table, method="GET", host="a.com", path="/y/1")
    assert route is not None
    assert (route.rank, route.endpoint, route.strip) == (2, "a", 3)


def test_a_method_that_no_endpoint_names_still_finds_those_that_take_all() -> None:
    table = route_table(
        {"some": (ApiEndpoint(paths=("/x",), methods=("GET",)),), "all": (ApiEndpoint(),)}
    )
    route = match_route(table, method="PURGE", host="h", path="/x")
    assert route is not None
    assert route.endpoint == "all"
