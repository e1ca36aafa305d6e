"""What a policy does with a verdict, as rules."""

import pytest

from tests.unit.compiler.auth import HEADER, compiled, frontend

CERTIFICATE = "type: certificate"


def said(lines: list[str]) -> dict[str, str]:
    """Status to the condition under which it is said."""
    found = {}
    for line in lines:
        if "set-var(txn.ost.said)" in line:
            status, _, condition = line.partition("int(")[2].partition(") if ")
            found[status] = condition
    return found


def test_nobody_is_told_to_show_a_certificate_where_none_is_required() -> None:
    assert set(said(frontend(compiled(CERTIFICATE)))) == {"403", "503"}
    assert set(said(frontend(compiled(f"{CERTIFICATE}, required: true")))) == {"401", "403", "503"}


@pytest.mark.parametrize("kind", [CERTIFICATE, HEADER])
def test_nobody_gets_to_a_service_unadmitted_where_all_policies_require(kind: str) -> None:
    lines = frontend(compiled(f"{kind}, required: true"))
    admitted = "unless { var(txn.ost.code) -m int eq 1 }"
    (asked,) = (at for at, line in enumerate(lines) if admitted in line)
    told = [at for at, line in enumerate(lines) if "add-header 'X-Client-Cert-" in line]
    assert min(told) > asked
    assert not [at for at in told if " if " in lines[at]], "asked once is enough"
    lenient = frontend(compiled(f"{kind}, required: true", {"a": "required: false"}))
    told = [line for line in lenient if "add-header 'X-Client-Cert-" in line]
    assert all(line.endswith("if { var(txn.ost.code) -m int eq 1 }") for line in told)


BLOCKED = "{ var(txn.ost.code) -m int 30 }"
LOST = "{ var(txn.ost.code) -m int 5 } { var(txn.ost.up) -m bool }"


@pytest.mark.parametrize("auth", [CERTIFICATE, HEADER])
def test_who_is_blocked_is_refused_by_policies_that_only_report(auth: str) -> None:
    lines = frontend(compiled(f"{auth}, reportOnly: true"))
    would = next(line for line in lines if line.startswith("http-request set-var(txn.ost.would) v"))
    assert f"!{BLOCKED}" in would, "it is no report"
    (refusing,) = (at for at, line in enumerate(lines) if line.endswith(f"int(403) if {BLOCKED}"))
    assert refusing < max(at for at, line in enumerate(lines) if "return status 403" in line)


def test_who_is_blocked_is_refused_where_pipelines_decide() -> None:
    asking = "requestCert: true, rejectUnauthorized: false"
    lines = frontend(compiled("type: none", options=asking))
    assert said(lines) == {"403": BLOCKED, "503": LOST}
    assert len([line for line in lines if "return status 403" in line]) == 2


@pytest.mark.parametrize("auth", [CERTIFICATE, HEADER, "type: none"])
@pytest.mark.parametrize("policy", ["", ", reportOnly: true", ", required: true"])
def test_a_websocket_that_nobody_answered_about_begins_nowhere(auth: str, policy: str) -> None:
    own = {} if auth == "type: none" else {"a": "reportOnly: true"}
    asking = "requestCert: true, rejectUnauthorized: false" if auth == "type: none" else ""
    lines = frontend(compiled(auth + policy * bool(own), own, asking))
    wanted = f"int(503) if {LOST}"
    (at,) = (at for at, line in enumerate(lines) if line.endswith(wanted))
    (answered,) = (
        at for at, line in enumerate(lines)
        if "return status 503" in line and line.endswith("{ var(txn.ost.said) -m int 503 }")
    )  # fmt: skip
    assert at < answered


def test_a_report_only_gateway_says_nothing_but_to_who_is_blocked_and_tells_all() -> None:
    lines = frontend(compiled(f"{CERTIFICATE}, required: true, reportOnly: true"))
    assert said(lines) == {"403": BLOCKED, "503": LOST}
    assert not [line for line in lines if "http-request return status 40" in line and "401" in line]
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
    found = said(frontend(compiled(f"{CERTIFICATE}, required: true", apis)))
    assert found["401"].endswith("!{ var(txn.ost.mode) -m int 0 3 }")
    assert found["403"].endswith("!{ var(txn.ost.mode) -m int 3 }")


@pytest.mark.parametrize(
    ("auth", "own", "closes"),
    [(CERTIFICATE, "", True), (CERTIFICATE, "required: true", False), (HEADER, "", False)],
)
def test_a_connection_is_closed_only_where_it_can_serve_nobody_any_more(
    auth: str, own: str, closes: bool
) -> None:
    lines = frontend(compiled(f"{auth}, required: true", {"a": own}))
    answers = [line for line in lines if "txn.ost.said" in line and "return" in line]
    assert len(answers) == 6
    assert {"hdr Connection close" in line for line in answers} == {closes}


def test_the_policy_is_enforced_before_anything_is_told_of_the_path() -> None:
    lines = frontend(compiled(f"{CERTIFICATE}, required: true"))
    routed = next(at for at, line in enumerate(lines) if "set-var(txn.ost.route)" in line)
    refused = max(at for at, line in enumerate(lines) if "txn.ost.said" in line)
    chosen = next(at for at, line in enumerate(lines) if line.startswith("use_backend"))
    assert routed < refused < chosen


def test_whom_soft_revocation_lets_pass_is_told_and_nobody_else_is_let_pass() -> None:
    soft = f"{CERTIFICATE}, revocation: {{mode: soft}}"
    files = compiled(soft)
    assert "gpt(5),http_req_cnt" in files["haproxy.cfg"]
    lines = frontend(files)
    assert set(said(lines)) == set(said(frontend(compiled(CERTIFICATE))))
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
