from ostiary.compiler.bundle import entry_id
from ostiary.services.blame import blame, origin_of
from tests.unit.services.support import prepared

CFG = """\
# engine
global
    maxconn 10

defaults
    mode http

# pipelines.users
backend pl1
    # kept
    http-request deny
"""


def test_a_line_is_traced_to_the_path_above_its_section() -> None:
    assert origin_of(CFG, 3) == "engine"
    assert origin_of(CFG, 9) == "pipelines.users"
    assert origin_of(CFG, 11) == "pipelines.users"


def test_a_section_without_an_origin_does_not_take_its_neighbours() -> None:
    assert origin_of(CFG, 6) == ""
    assert origin_of(CFG, 0) == ""


def test_a_complaint_is_told_at_the_operators_line() -> None:
    loaded = prepared().loaded
    told = blame(loaded, CFG.encode(), "/x/haproxy.cfg", 11, "unknown keyword")
    assert told.path == "pipelines.users"
    assert told.position.line == 20
    assert told.message == "HAProxy refuses what this compiles to: haproxy.cfg:11: unknown keyword"
    assert "ostiary check --show engine" in told.way_out


def test_a_complaint_about_a_certificate_is_told_at_its_tls_entry() -> None:
    loaded = prepared().loaded
    file = f"/x/server-{entry_id('https', 'strict.example')}.pem"
    told = blame(loaded, CFG.encode(), "/x/haproxy.cfg", 3, f"unable to load '{file}'")
    assert told.path == 'https.tls["strict.example"].cert'


def test_a_complaint_without_a_place_is_about_the_whole_document() -> None:
    told = blame(prepared().loaded, CFG.encode(), None, None, "out of memory")
    assert told.path == ""
    assert told.position.line == 1
