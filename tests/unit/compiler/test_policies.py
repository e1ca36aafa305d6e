"""What policies need beside their rules. What they do is shown on the real HAProxy."""

import re

import pytest

from ostiary.compiler.bundle import EntryMaterial, Materials, Place
from ostiary.compiler.compile import compile_document
from ostiary.compiler.pipelines import CompiledPipeline, compile_pipeline
from ostiary.compiler.stage import Setting
from ostiary.config.effective import effective
from ostiary.config.load import load
from ostiary.config.model.pipeline import ACTIONS
from tests.support.cases import bundle_of
from tests.unit.compiler.auth import HEADER

HEAD = """
http: {port: 8080}
apiEndpoints: {a: {}}
serviceEndpoints: {s: {url: "http://192.0.2.1"}, backend: {url: "http://192.0.2.1"}}
"""


def _pipeline(policies: str, name: str = "p") -> CompiledPipeline:
    text = f"{HEAD}pipelines: {{p: {{apiEndpoints: a, policies: {policies}}}}}"
    pipeline = load(text, "f", {}).document.pipelines["p"]
    return compile_pipeline(1, name, pipeline, Setting(path_of="/f/{}".format))


def _limits(*actions: str, name: str = "p") -> CompiledPipeline:
    steps = ", ".join(f"{{action: {{{one}}}}}" for one in actions)
    return _pipeline(f"[rate-limit: [{steps}], proxy: {{action: {{serviceEndpoint: s}}}}]", name)


def test_steps_that_count_by_the_same_thing_share_a_row_and_no_number() -> None:
    made = _limits("max: 1", "max: 2, windowMs: 1000", 'rateLimitBy: "${req.method}"')
    first, second, third = made.slots.values()
    assert (first.table, first.counter) == (second.table, second.counter)
    assert [first.index, second.index, third.index] == [0, 1, 0]
    assert third.table != first.table
    assert (first.counter, third.counter) == (1, 3)
    lines = [table.lines[0] for table in made.tables]
    assert "expire 60000ms store gpt(2),gpc(2)" in lines[0]
    assert "expire 60000ms store gpt(1),gpc(1)" in lines[1]


def test_what_a_step_between_may_change_is_followed_for_each_step() -> None:
    made = _limits('rateLimitBy: "${req.headers.a}"', 'rateLimitBy: "${req.headers.a}"', "max: 3")
    assert [slot.counter for slot in made.slots.values()] == [1, 3, 4]


def test_two_pipelines_never_count_together() -> None:
    (one,), (other,) = _limits("").slots.values(), _limits("", name="q").slots.values()
    assert one.table != other.table


def test_a_table_keeps_its_name_until_its_limits_change() -> None:
    tables = [_limits(text).tables[0].title for text in ("max: 5", "message: no", "max: 6")]
    assert tables[0] == tables[1] != tables[2]


def test_no_limit_needs_no_table() -> None:
    made = _limits("max: 0")
    assert (made.slots, made.tables) == ({}, ())
    assert made.branches[0].rules == ()


def test_more_counters_are_asked_for_only_where_they_are_needed() -> None:
    rules = "[rate-limit: {}, rate-limit: {action: {rateLimitBy: x}}]"
    few = f"{HEAD}pipelines: {{p: {{apiEndpoints: a, policies: [rate-limit: ]}}}}"
    many = f"{HEAD}pipelines: {{p: {{apiEndpoints: a, policies: {rules}}}}}"
    text = bundle_of(few, "/f").files["haproxy.cfg"].decode()
    assert "localpeer ostiary\n" in text
    assert "tune.stick-counters" not in text
    assert "bind unix@/f/peers.sock mode 600" in text
    text = bundle_of(many, "/f").files["haproxy.cfg"].decode()
    assert "tune.stick-counters 4\n" in text
    assert ".alert " in text
    without = f"{HEAD}pipelines: {{p: {{apiEndpoints: a, policies: [cors: ]}}}}"
    assert "peers" not in bundle_of(without, "/f").files["haproxy.cfg"].decode()


@pytest.mark.parametrize(
    ("auth", "options", "counter"),
    [
        ("", "", 1),
        ("clientCertificateAuth: {type: certificate}", "requestCert: true", 1),
        (f"clientCertificateAuth: {{{HEADER}}}", "", 0),
        (f"clientCertificateAuth: {{{HEADER}}}", "requestCert: true", 3),
    ],
)
def test_the_counters_of_verdicts_are_left_alone(auth: str, options: str, counter: int) -> None:
    text = _with_https("[rate-limit: ]", auth, options)
    assert f"track-sc{counter} var(txn.ost.s1_key)" in text
    assert len(re.findall(rf"track-sc{counter} ", text)) == 1


def _with_https(policies: str, auth: str, options: str = "") -> str:
    https = f"https: {{port: 8443, options: {{{options}}}, tls: {{default: {{key: k, cert: c}}}}}}"
    pipelines = f"pipelines: {{p: {{apiEndpoints: a, policies: {policies}}}}}"
    document = load("\n".join((HEAD, https, auth, pipelines)), "f", {}).document
    entry = EntryMaterial(certificate=b"", key=b"", anchors=())
    place = Place(folder="/f", run_folder="/r", revision=1)
    materials = Materials(entries={"default": entry})
    files = compile_document(document, materials, place, effective(document)).files
    return files["haproxy.cfg"].decode()


def test_no_step_answers_who_is_refused_before_the_pipelines() -> None:
    """In the frontend, too, where steps stand beside the rules that refuse."""
    proxies = "proxy: [{condition: {name: method, methods: GET}, action: {serviceEndpoint: s}}, "
    proxies += "{action: {serviceEndpoint: backend}}]"
    text = _with_https(
        "[cors: , redirect: {condition: {name: pathExact, path: /a}, action: {location: /b}}, "
        f"{proxies}]",
        "clientCertificateAuth: {type: certificate, required: true}",
    )
    frontend = text.split("frontend https\n")[1].split("\n\n")[0].splitlines()
    (numbered,) = [line for line in frontend if "set-var(txn.ost.pl)" in line]
    assert "txn.ost.code" in numbered
    steps = frontend[frontend.index(numbered) + 1 :]
    for line in steps:
        if " set-var(txn.ost.p1c" in line:
            assert "{ var(txn.ost.pl) -m int eq 1 }" in line
        elif "http-request" in line:
            assert "if { var(txn.ost.p1c" in line
    assert len([line for line in steps if "http-request return" in line]) == 3


def test_nobody_is_let_in_by_an_address_inside_another() -> None:
    """HAProxy takes 2002:a00:1:: for 10.0.0.1."""

    def rules(allow: str) -> str:
        made = _pipeline(f"[ip-filter: {{action: {{allow: {allow}}}}}]")
        assert list(made.files.values()) == [f"{one}\n".encode() for one in (allow.strip('"'),)]
        return "\n".join(made.branches[0].rules)

    assert "{ src -m ip 2002::/16 }" in rules("10.0.0.0/8")
    assert "{ src -m ip 2002::/16 }" not in rules('"2002:a00::/24"')
    assert "{ src -m ip 2002::/16 }" not in rules('"2000::/3"')


def test_the_request_is_looked_at_once_however_many_rules_a_step_has() -> None:
    change = "{headers: {add: {X-A: '1', X-B: '2'}}, query: {remove: x}}"
    made = _pipeline(
        f"[request-transformer: {{condition: {{name: pathMatch, pattern: x}}, action: {change}}}]"
    )
    rules = made.branches[0].rules
    assert len([rule for rule in rules if "pathq -m reg" in rule]) == 1
    assert all("var(txn.ost.c1)" in rule for rule in rules[1:-1])


def test_a_condition_behind_a_change_is_judged_after_it() -> None:
    """In the frontend, since HAProxy chooses the backend before it sees the backend's rules."""
    proxies = "[{condition: {name: pathMatch, pattern: ^/b}, action: {serviceEndpoint: s}}, "
    proxies += "{action: {serviceEndpoint: s}}]"
    rewrite = "{condition: {name: regexpmatch, match: ^/a}, action: {rewrite: /b}}"
    made = _pipeline(f"[rewrite: {rewrite}, proxy: {proxies}]")
    assert all(branch.rules == () for branch in made.branches)
    judged = [at for at, rule in enumerate(made.choosing) if "-m reg -- '^/b'" in rule]
    (changed,) = [at for at, rule in enumerate(made.choosing) if " set-pathq " in rule]
    assert judged[0] > changed
    ours = "{ var(txn.ost.pl) -m int eq 1 }"
    assert all(ours in rule or "txn.ost.p1c" in rule for rule in made.choosing)


@pytest.mark.parametrize("model", ACTIONS, ids=lambda one: str(one.__name__))
def test_every_example_becomes_rules(model: type) -> None:
    lines = "".join(f"    {line}\n" for line in model.example.splitlines())
    asking = (
        "clientCertificateAuth: {type: header, headerName: X-Cert, trustedProxies: [127.0.0.1]}\n"
    )
    text = f"{asking}{HEAD}pipelines:\n  p:\n    apiEndpoints: a\n    policies:\n{lines}"
    assert b"pl1" in bundle_of(text, "/f").files["haproxy.cfg"]
