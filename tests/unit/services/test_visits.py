import pytest

from ostiary.compiler.patterns import path_shape
from ostiary.compiler.routes import route_table
from ostiary.compiler.tls import Asking, Entry
from ostiary.services.requests import normalised
from ostiary.services.visits import sample_path, visit_of_api
from tests.unit.services.support import prepared


@pytest.mark.parametrize(
    ("pattern", "path"),
    [("*", "/"), ("/", "/"), ("/a", "/a"), ("/a/:id", "/a/x"), ("/a*", "/a"), ("/:b/c/*", "/x/c/")],
)
def test_a_sample_fits_its_pattern_and_is_normal(pattern: str, path: str) -> None:
    assert sample_path(path_shape(pattern)) == path
    assert normalised(path) == path


def test_without_a_default_entry_the_first_name_is_visited() -> None:
    document = prepared().document
    table = route_table(document.api_endpoints)
    entries = [Entry("*.b.example", Asking.ANY), Entry("a.example", Asking.ANY)]
    assert visit_of_api(document, table, entries, "users").name == "any.b.example"
    assert visit_of_api(document, table, (), "users").name == ""
