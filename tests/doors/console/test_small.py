"""The pure parts of the console: text, times, the chart, the meaning of forms."""

import inspect
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.admin.console.changing import at_their_fields
from ostiary.admin.console.chart import HEIGHT, WIDTH, ceiling, chart
from ostiary.admin.console.fields import api_changes, gateway_changes
from ostiary.admin.console.forms import Form
from ostiary.admin.console.gist import gist
from ostiary.admin.console.templating import code, commas
from ostiary.admin.console.text import grouped, relative, short, shown
from ostiary.config.effective import AuthType, Source
from ostiary.management.errors import EngineRefuses, Fault
from ostiary.management.management import Management
from ostiary.management.sights import TrafficPoint
from ostiary.management.views import GatewayView, Setting
from tests.doors.console import fake, sample
from tests.doors.console.sample import NOW


@given(st.text())
def test_shown_text_has_no_character_that_is_unseen_or_turns_others(text: str) -> None:
    assert all(char.isprintable() for char in shown(text))


def test_what_is_harmless_is_shown_as_it_is() -> None:
    for text in ("CN=Müller & Söhne, O=東京", "Tiếng Việt", "Tiê\u0301ng", "مرحبا", ""):
        assert shown(text) == text


def test_unseen_characters_are_spelt_out_and_counted() -> None:
    assert shown("a\u202eb") == "a⟨U+202E⟩b"
    assert shown("a\x00\x00\x00b\n") == "a⟨U+0000 3 times⟩b⟨U+000A⟩"


def test_long_text_is_cut_and_says_how_long_it_was() -> None:
    assert short("A" * 2000, 10) == "AAAAAAAAA… (2,000 characters)"
    assert short("A" * 10, 10) == "A" * 10


@given(st.text(min_size=1), st.integers(2, 50))
def test_cutting_never_shows_more_than_asked(text: str, most: int) -> None:
    assert len(text) <= most or len(short("A" * len(text), most)) < most + 40


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"), (-30, "just now"), (30, "in less than a minute"),
        (-60, "1 minute ago"), (-7100, "118 minutes ago"), (-7200, "2 hours ago"),
        (36 * 3600, "in 36 hours"), (54 * 86400, "in 54 days"), (90 * 86400, "in 90 days"),
        (200 * 86400, "in 6 months"), (-400 * 86400, "13 months ago"), (900 * 86400, "in 2 years"),
    ],
)  # fmt: skip
def test_times_are_told_as_people_tell_them(seconds: int, words: str) -> None:
    assert relative(NOW + timedelta(seconds=seconds), NOW) == words


def test_a_fingerprint_is_grouped_as_tools_print_it() -> None:
    assert grouped("00ff1a") == "00:FF:1A"


@given(st.integers(0, 10**9))
def test_the_top_of_the_chart_is_round_and_holds_everything(most: int) -> None:
    top = ceiling(most)
    assert top >= most
    assert top % 4 == 0
    assert most <= 4 or top < most * 2.6


points = st.builds(
    TrafficPoint,
    at=st.just(NOW),
    seconds=st.just(60),
    requests=st.integers(0, 10**6),
    connections=st.just(0),
    admitted=st.integers(10**5, 10**6),
    refused=st.integers(0, 10**6),
    would_refuse=st.integers(0, 10**5),
)


def _points(*counts: tuple[int, int, int], seconds: int = 60) -> list[TrafficPoint]:
    """Requests, refused, would be refused: one point after the other from the full minute on."""
    start = NOW.replace(second=0, microsecond=0)
    return [
        TrafficPoint(
            at=start + timedelta(seconds=seconds * at),
            seconds=seconds,
            requests=requests,
            connections=0,
            admitted=requests - refused,
            refused=refused,
            would_refuse=would,
        )
        for at, (requests, refused, would) in enumerate(counts)
    ]


def test_requests_are_let_through_or_refused_and_nothing_else() -> None:
    made = chart(_points((100, 10, 3), (50, 0, 0)))
    assert (made.requests, made.passed, made.refused, made.would_refuse) == (150, 140, 10, 3)
    kinds = {one.kind: one.height for one in made.bars[0].segments}
    assert kinds["passed"] > kinds["refused"] > kinds["would"]


def test_a_bar_is_a_minute_however_fine_the_points_are() -> None:
    made = chart(_points(*[(1, 0, 0)] * 12, seconds=10))
    assert [(bar.point.requests, bar.point.seconds) for bar in made.bars] == [(6, 60), (6, 60)]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (["CN=a", "CN=b"], ["CN=b", "CN=c"], ("- CN=a", "+ CN=c")),
        (None, ["CN=a"], ("+ CN=a",)),
        (None, list("abcde"), ("+ a", "+ b", "+ c", "and 2 more")),
        ({"required": None}, {"required": True}, ("required: not set → true",)),
        ({"type": "none", "x": 1}, {"type": "header", "x": 1}, ("type: none → header",)),
        (None, {"name": "partner-ca", "version": 2, "sha256": "00"}, ("partner-ca, version 2",)),
        ({"subject": "CN=a"}, None, ("CN=a",)),
        (None, None, ()),
    ],
)
def test_a_line_of_the_audit_says_what_came_and_what_went(
    before: object, after: object, lines: tuple[str, ...]
) -> None:
    assert gist(before, after) == lines


def test_words_between_backticks_are_code_and_stay_escaped() -> None:
    assert code("write `<CN>` & go") == "write <code>&lt;CN&gt;</code> &amp; go"
    assert code("cut `he") == "cut `he"


def test_names_are_broken_after_their_commas_and_stay_escaped() -> None:
    assert commas("CN=<a>,O=b") == "CN=&lt;a&gt;,<wbr>O=b"
    assert not commas("")


@given(st.lists(points, max_size=120))
def test_bars_stay_inside_the_chart(series: list[TrafficPoint]) -> None:
    made = chart(series)
    for bar in made.bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH + 0.1
        assert sum(one.height for one in bar.segments) <= HEIGHT
        assert all(one.y >= 0 and one.height > 0 for one in bar.segments)


def _form(**fields: str) -> Form:
    return Form(fields={name: (value,) for name, value in fields.items()})


def view() -> GatewayView:
    return sample.gateway()


def test_only_what_differs_becomes_a_change() -> None:
    same = _form(type="certificate", required="1")
    assert gateway_changes(same, view()) == {}
    assert gateway_changes(_form(type="certificate"), view()) == {"required": False}
    assert gateway_changes(_form(type="none"), view()) == {"type": "none"}


def test_a_default_that_stays_is_not_written_down() -> None:
    changes = gateway_changes(_form(type="header", required="1", headerName="X-Cert"), view())
    assert changes == {"type": "header", "headerName": "X-Cert"}


def test_another_balancer_takes_name_and_format_along_unless_written_by_hand() -> None:
    nginx = Setting("nginx", Source.STORE)
    header = replace(
        view().header,
        preset=nginx,
        name=Setting("X-Client-Cert", Source.STORE),
        format=Setting("urlencoded-pem", Source.STORE),
    )
    now = replace(view(), type=Setting(AuthType.HEADER, Source.STORE), header=header)
    form = {"type": "header", "required": "1", "headerPreset": "cloudflare"}
    kept = _form(**form, headerName="X-Client-Cert", headerFormat="urlencoded-pem")
    assert gateway_changes(kept, now) == {
        "headerPreset": "cloudflare", "headerName": None, "headerFormat": None,
    }  # fmt: skip
    written = _form(**form, headerName="X-Mine", headerFormat="urlencoded-pem")
    assert gateway_changes(written, now)["headerName"] == "X-Mine"


def test_settings_of_the_file_are_never_changed() -> None:
    policy = replace(view().policy, required=Setting(True, Source.FILE, "gateway.config.yml"))
    assert gateway_changes(_form(type="certificate"), replace(view(), policy=policy)) == {}


def test_an_api_inherits_by_giving_up_its_own() -> None:
    own = fake.Desk().api_views["devices"]
    assert api_changes(_form(required="inherit", names="inherit"), own) == {
        "required": None, "trustedDistinguishedNames": None,
    }  # fmt: skip
    inherits = fake.Desk().api_views["orders"]
    assert (
        api_changes(_form(required="inherit", names="inherit", reportOnly="inherit"), inherits)
        == {}
    )
    assert api_changes(_form(required="no", names="own", patterns="CN=a\n\n CN=b "), inherits) == {
        "required": False, "trustedDistinguishedNames": ["CN=a", "CN=b"],
    }  # fmt: skip


def test_numbers_in_forms_are_numbers_or_nothing() -> None:
    for wrong in ("", "x", "-1", "1.5", "٣", "9" * 30):
        assert _form(n=wrong).number("n") is None
    assert _form(n=" 42 ").number("n") == 42


def test_what_the_gateway_refuses_is_told_at_the_field_that_caused_it() -> None:
    refused = EngineRefuses(
        [
            Fault(where="", message="clientCertificateAuth.trustedProxies[2]: is no network"),
            Fault(where="", message="clientCertificateAuth.type: needs https"),
            Fault(where="", message="clientCertificateAuth: no name", way_out="add headerName, or"),
        ]
    )
    placed = at_their_fields(refused)
    assert placed is not None
    told = [(fault.where, fault.message) for fault in placed.faults]
    assert told == [
        ("/trustedProxies/2", "is no network"),
        ("/type", "needs https"),
        ("/headerName", "no name"),
    ]


def test_what_the_gateway_refuses_for_other_reasons_stays_whole() -> None:
    refused = EngineRefuses([Fault(where="", message="the engine said: no such file")])
    assert at_their_fields(refused) is None


# Consumers are real ones in the desk, and no page changes the configuration file.
PARTS = [one.name for one in fields(Management) if one.name not in {"consumers", "configuration"}]


@pytest.mark.parametrize("part", PARTS)
def test_the_management_in_memory_is_asked_as_the_real_one_is(part: str) -> None:
    kept = getattr(fake.Desk(), part)
    real = {one.name: one.type for one in fields(Management)}[part]
    for name, method in inspect.getmembers(type(kept), inspect.isfunction):
        if name.startswith("_"):
            continue
        wanted = list(inspect.signature(getattr(real, name)).parameters)
        assert list(inspect.signature(method).parameters) == wanted, name
