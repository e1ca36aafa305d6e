"""What a policy does with a verdict, as rules."""

from collections.abc import Mapping

import pytest

from tests.unit.compiler.auth import HEADER, compiled, frontend, refused

CERTIFICATE = "type: certificate"


def said(files: Mapping[str, str]) -> dict[str, str]:
    """Status to the condition under which it is said."""
    found = {}
    for line in (*frontend(files), *refused(files)):
        if "set-var(txn.ost.said)" in line:
            status, _, condition = line.partition("int(")[2].partition(") if ")
            found[status] = condition
    return found


def sent_away(files: Mapping[str, str]) -> str:
    """The condition under which a request goes where refusals are said."""
    (line,) = (one for one in frontend(files) if one.startswith("use_backend ost_refused "))
    return line.removeprefix("use_backend ost_refused ")


def test_nobody_is_told_to_show_a_certificate_where_none_is_required() -> None:
    assert set(said(compiled(CERTIFICATE))) == {"403", "503"}
    assert set(said(compiled(f"{CERTIFICATE}, required: true"))) == {"401", "403", "503"}


ADMITTED = "{ var(txn.ost.code) -m int eq 1 }"


@pytest.mark.parametrize(
    ("kind", "there"),
    [(CERTIFICATE, "{ var(sess.ost.cc) -m found }"), (HEADER, "{ var(txn.ost.der) -m len gt 0 }")],
)
def test_nobody_gets_to_a_service_unadmitted_where_all_policies_require(
    kind: str, there: str
) -> None:
    files = compiled(f"{kind}, required: true")
    assert sent_away(files) == f"unless {ADMITTED} {there}"
    lines = frontend(files)
    told = [line for line in lines if "add-header 'X-Client-Cert-" in line]
    assert told
    assert not [line for line in told if " if " in line], "asked once is enough"
    files = compiled(f"{kind}, required: true", {"a": "required: false"})
    told = [line for line in frontend(files) if "add-header 'X-Client-Cert-" in line]
    assert all(line.endswith(f"if {ADMITTED}") for line in told)


@pytest.mark.parametrize("kind", [CERTIFICATE, HEADER])
@pytest.mark.parametrize("listener", ["http", "https"])
@pytest.mark.parametrize("required", ["true", "false", "true, reportOnly: true"])
def test_who_is_refused_is_sent_away_before_any_pipeline_is_chosen(
    kind: str, listener: str, required: str
) -> None:
    lines = frontend(compiled(f"{kind}, required: {required}"), listener)
    chosen = [line for line in lines if line.startswith("use_backend")]
    assert chosen[0].startswith("use_backend ost_refused ")
    assert len(chosen) == 2


def test_where_refusals_are_said_nobody_gets_through() -> None:
    for required in ("true", "false", "true, reportOnly: true"):
        lines = refused(compiled(f"{CERTIFICATE}, required: {required}"))
        assert lines[-1].startswith("http-request return status 500 ")
        assert " if " not in lines[-1]
        assert not [line for line in lines if line.startswith(("server", "use_backend"))]


def test_where_nobody_is_judged_nobody_is_sent_away() -> None:
    assert "ost_refused" not in compiled("type: none")["haproxy.cfg"]


BLOCKED = "{ var(txn.ost.code) -m int 30 }"
LOST = "{ var(txn.ost.code) -m int 5 } { var(txn.ost.up) -m bool }"


@pytest.mark.parametrize("auth", [CERTIFICATE, HEADER])
def test_who_is_blocked_is_refused_by_policies_that_only_report(auth: str) -> None:
    files = compiled(f"{auth}, reportOnly: true")
    would = next(
        line for line in frontend(files) if line.startswith("http-request set-var(txn.ost.would) v")
    )
    assert f"!{BLOCKED}" in would, "it is no report"
    assert sent_away(files) == f"if {BLOCKED} or {LOST}"
    assert said(files) == {"403": BLOCKED, "503": LOST}
    assert [line for line in refused(files) if "return status 403" in line]


def test_who_is_blocked_is_refused_where_pipelines_decide() -> None:
    asking = "requestCert: true, rejectUnauthorized: false"
    files = compiled("type: none", options=asking)
    assert said(files) == {"403": BLOCKED, "503": LOST}
    assert sent_away(files) == f"if {BLOCKED} or {LOST}"
    assert len([line for line in refused(files) if "return status 403" in line]) == 2


def test_at_strict_entries_only_who_is_admitted_goes_on() -> None:
    files = compiled("type: none", options="requestCert: true")
    assert sent_away(files) == f"unless {ADMITTED}"
    assert set(said(files)) == {"401", "403", "503"}


@pytest.mark.parametrize("auth", [CERTIFICATE, HEADER, "type: none"])
@pytest.mark.parametrize("policy", ["", ", reportOnly: true", ", required: true"])
def test_a_websocket_that_nobody_answered_about_begins_nowhere(auth: str, policy: str) -> None:
    own = {} if auth == "type: none" else {"a": "reportOnly: true"}
    asking = "requestCert: true, rejectUnauthorized: false" if auth == "type: none" else ""
    files = compiled(auth + policy * bool(own), own, asking)
    assert sent_away(files) in ("if { var(txn.ost.said) -m found }", f"if {BLOCKED} or {LOST}")
    lines = (*frontend(files), *refused(files))
    wanted = f"int(503) if {LOST}"
    (at,) = (at for at, line in enumerate(lines) if line.endswith(wanted))
    (answered,) = (
        at for at, line in enumerate(lines)
        if "return status 503" in line and line.endswith("{ var(txn.ost.said) -m int 503 }")
    )  # fmt: skip
    assert at < answered


def test_a_report_only_gateway_says_nothing_but_to_who_is_blocked_and_tells_all() -> None:
    files = compiled(f"{CERTIFICATE}, required: true, reportOnly: true")
    assert said(files) == {"403": BLOCKED, "503": LOST}
    lines = frontend(files)
    assert not [line for line in refused(files) if "return status 401" in line]
    assert [line for line in lines if line.startswith("http-request set-log-level err if")]
    assert [line for line in lines if '"would_refuse"' in line]


def test_verdicts_of_report_only_policies_are_remembered_with_what_they_would_do() -> None:
    def stored(auth: str) -> str:
        return compiled(auth)["haproxy.cfg"].partition("store ")[2].split("\n")[0]

    assert stored(CERTIFICATE) == "gpt(4),http_req_cnt"
    assert stored(f"{CERTIFICATE}, reportOnly: true") == "gpt(5),http_req_cnt"


def test_a_mode_that_nobody_knows_refuses() -> None:
    """Refusals are written as "unless the mode is one of the others"."""
    apis = {"a": "", "open": "required: false", "watched": "reportOnly: true"}
    files = compiled(f"{CERTIFICATE}, required: true", apis)
    assert sent_away(files) == "if { var(txn.ost.said) -m found }"
    found = said(files)
    assert found["401"].endswith("!{ var(txn.ost.mode) -m int 0 3 }")
    assert found["403"].endswith("!{ var(txn.ost.mode) -m int 3 }")


@pytest.mark.parametrize(
    ("auth", "own", "closes"),
    [(CERTIFICATE, "", True), (CERTIFICATE, "required: true", False), (HEADER, "", False)],
)
def test_a_connection_is_closed_only_where_it_can_serve_nobody_any_more(
    auth: str, own: str, closes: bool
) -> None:
    lines = refused(compiled(f"{auth}, required: true", {"a": own}))
    answers = [line for line in lines if "txn.ost.said" in line and "return" in line]
    assert len(answers) == 6
    assert {"hdr Connection close" in line for line in answers} == {closes}


def test_the_policy_is_enforced_before_anything_is_told_of_the_path() -> None:
    lines = frontend(compiled(f"{CERTIFICATE}, required: true"))
    routed = next(at for at, line in enumerate(lines) if "set-var(txn.ost.route)" in line)
    enforced = next(at for at, line in enumerate(lines) if "use_backend ost_refused" in line)
    chosen = next(at for at, line in enumerate(lines) if "backends.map" in line)
    assert routed < enforced < chosen


def test_conditions_of_a_pipeline_are_asked_only_of_who_goes_on() -> None:
    """They may be slow, and may answer 400 where a regular expression can't be decided."""
    for auth, passes in (
        (f"{CERTIFICATE}, required: true", f"if {ADMITTED} {{ var(sess.ost.cc) -m found }}"),
        (CERTIFICATE, "unless { var(txn.ost.said) -m found }"),
    ):
        lines = frontend(compiled(auth, several=True))
        (chosen,) = (line for line in lines if "set-var(txn.ost.pl)" in line)
        assert chosen.endswith(f" {passes}")
        asked = [line for line in lines if "-m reg -- '^/x(a+)+" in line]
        assert asked
        assert all("{ var(txn.ost.pl) -m int eq 1 }" in line for line in asked)


def test_whom_soft_revocation_lets_pass_is_told_and_nobody_else_is_let_pass() -> None:
    soft = f"{CERTIFICATE}, revocation: {{mode: soft}}"
    files = compiled(soft)
    assert "gpt(5),http_req_cnt" in files["haproxy.cfg"]
    lines = frontend(files)
    assert set(said(files)) == set(said(compiled(CERTIFICATE)))
    assert not [line for line in lines if "set-var(txn.ost.would) var(txn.ost.code)" in line]
    assert "http-request set-log-level err if { var(txn.ost.would) -m int gt 0 }" in lines
    assert [line for line in lines if '"would_refuse"' in line]
    api = compiled(CERTIFICATE, {"a": "revocation: {mode: soft}"})
    assert "gpt(5),http_req_cnt" in api["haproxy.cfg"]
    strict = compiled(f"{CERTIFICATE}, revocation: {{mode: strict}}")
    assert strict == compiled(CERTIFICATE)


@pytest.mark.parametrize(
    ("auth", "closed"), [(CERTIFICATE, True), ("type: none", True), (HEADER, False)]
)
def test_a_blocked_client_s_connection_is_closed_only_where_it_is_its_own_and_that_is_wanted(
    auth: str, closed: bool
) -> None:
    asks = "requestCert: true, rejectUnauthorized: false" if "none" in auth else ""
    assert not any("http-request reject" in line for line in frontend(compiled(auth, options=asks)))
    wanted = ", ".join(one for one in (asks, "closeBlocked: true") if one)
    lines = frontend(compiled(auth, options=wanted))
    assert any("http-request reject" in line for line in lines) is closed
