"""Steps client-cert: what each judges by, how many places that takes, what a refusal is."""

import pytest

from ostiary.compiler.client_cert_steps import answer_of
from ostiary.compiler.profiles import certificate_judgements_of, judgements_of, profiles_of
from ostiary.compiler.routes import route_table
from ostiary.config.load import load
from ostiary.config.model.document import Document
from ostiary.consumers.reason import CredentialReason

HEAD = """
http: {port: 8080}
clientCertificateAuth: {type: header, headerName: X-Cert, trustedProxies: [127.0.0.1]}
serviceEndpoints: {s: {url: "http://192.0.2.1"}}
"""


def document(*pipelines: str) -> Document:
    """Each of them the steps of one API."""
    numbers = range(len(pipelines))
    apis = "".join(f"  a{n}: {{paths: /a{n}, scopes: [s{n % 2}]}}\n" for n in numbers)
    made = "".join(
        f"  p{n}:\n    apiEndpoints: [a{n}]\n    policies:\n{steps}"
        "      - proxy: {action: {serviceEndpoint: s}}\n"
        for n, steps in enumerate(pipelines)
    )
    text = f"{HEAD}apiEndpoints:\n{apis}pipelines:\n{made}"
    return load(text, "gateway.config.yml", {}).document


def step(action: str = "{}", condition: str = "") -> str:
    more = f", condition: {condition}" if condition else ""
    return f"      - client-cert: {{action: {action}{more}}}\n"


def numbers(found: Document) -> list[int]:
    return [one.number for one in profiles_of(found, route_table(found.api_endpoints))]


def test_a_hundred_apis_with_names_of_their_own_take_one_place() -> None:
    found = document(*(step(f"{{consumers: [c{n}]}}") for n in range(100)))
    assert numbers(found) == [0]
    assert len(certificate_judgements_of(found)) == 100
    assert judgements_of(found) == {}


def test_steps_of_one_pipeline_that_judge_otherwise_take_a_place_each() -> None:
    one, two, three = (step(f"{{consumers: [c{n}]}}", "{name: anonymous}") for n in range(3))
    assert numbers(document(one + two, two + three, three + one)) == [1, 2, 3]
    assert numbers(document(one + two, two, three + one)) == [1, 2]
    lenient = step("{consumers: [c0], passThrough: true}")
    assert numbers(document(one + lenient)) == [0]


def test_what_a_step_does_with_the_verdict_is_not_part_of_it() -> None:
    plain = certificate_judgements_of(document(step()))
    for same in ("{required: false}", "{reportOnly: true}", "{passThrough: true}"):
        assert certificate_judgements_of(document(step(same))) == plain
    for other in (
        "{consumer: optional}",
        "{consumers: [ada]}",
        "{trustedDistinguishedNames: ['CN=*']}",
        "{allow: [{dns: a.example}]}",
        "{deny: [{dns: a.example}]}",
    ):
        assert certificate_judgements_of(document(step(other))).keys().isdisjoint(plain)


@pytest.mark.parametrize("reason", list(CredentialReason))
def test_a_refusal_says_who_should_do_what_and_nothing_of_others(reason: CredentialReason) -> None:
    expected = {CredentialReason.MISSING: 401, CredentialReason.NO_ANSWER: 503}
    assert answer_of(reason)[0] == expected.get(reason, 403)
