"""Whose OCSP answer is believed (RFC 6960 section 4.2.2): by openssl, and by people who cheat."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509

from ostiary.ca.ocsp import Good, Revoked, Unknown, read_question
from ostiary.ca.signing import Reason
from ostiary.trust.ocsp import (
    SKEW,
    OcspRules,
    Responder,
    Status,
    Target,
    Unbelieved,
    believe,
    targets_of,
)
from ostiary.trust.weak import WeakPolicy
from ostiary.x509.keys import KeyKind
from ostiary.x509.ocsp_answer import Condition, OcspAnswer, read_answer
from ostiary.x509.ocsp_question import Subject, question
from tests.support.ocsp import OCSP_SIGNING, Index
from tests.support.ocsp_der import UNKNOWN_OID, answer_of, extension, single
from tests.support.pki import ANY_PURPOSE, DAY, Kit, Made
from tests.unit.ca.test_ocsp import House

HOUR = timedelta(hours=1)
SIGNING = x509.ObjectIdentifier(OCSP_SIGNING)


@pytest.fixture(scope="module")
def root(kit: Kit) -> Made:
    return kit.root("ocsp-root")


@pytest.fixture(scope="module")
def client(kit: Kit, root: Made) -> Made:
    return kit.client(root, "ocsp-client")


def told(
    client: Made, root: Made, der: bytes, rules: OcspRules | None = None, at: datetime | None = None
) -> Status | Unbelieved:
    answer = read_answer(der)
    assert isinstance(answer, OcspAnswer)
    subject = Subject(client.certificate, root.certificate)
    return believe(answer, subject, rules or OcspRules(), at or datetime.now(UTC))


def status(*words: Any, **more: Any) -> Status:
    found = told(*words, **more)
    assert isinstance(found, Status), found
    return found


def why(*words: Any, **more: Any) -> str:
    found = told(*words, **more)
    assert isinstance(found, Unbelieved)
    return found.why


def delegate(kit: Kit, issuer: Made, name: str = "delegate", **odd: Any) -> Made:
    return kit.client(issuer, name, **{"purposes": [SIGNING], **odd})


def by(signer: Made, client: Made, root: Made) -> bytes:
    return answer_of(root, single(client, root), signer=signer, certificates=[signer])


def test_the_authority_itself_is_believed(client: Made, root: Made, kit: Kit) -> None:
    index = Index(kit.folder, root)
    index.good(client)
    der = index.answer(question(Subject(client.certificate, root.certificate)))
    assert status(client, root, der).condition is Condition.GOOD
    index.revoke(client)
    der = index.answer(question(Subject(client.certificate, root.certificate)))
    found = status(client, root, der)
    assert found.condition is Condition.REVOKED
    assert "was revoked on 2026-01-01" in found.told
    assert "keyCompromise" in found.told


@pytest.mark.parametrize(
    ("said", "condition"),
    [
        (Good(), Condition.GOOD),
        (Revoked(datetime.now(UTC), Reason.KEY_COMPROMISE), Condition.REVOKED),
        (Unknown(), Condition.UNKNOWN),
    ],
)
def test_answers_that_our_own_authority_publishes_are_believed(
    said: Good | Revoked | Unknown, condition: Condition
) -> None:
    house = House(KeyKind.EC)
    subject = Subject(house.client, house.root.certificate)
    der = house.answer(said, read_question(question(subject, b"n" * 32)))
    answer = read_answer(der)
    assert isinstance(answer, OcspAnswer)
    assert answer.nonce == b"n" * 32
    found = believe(answer, subject, OcspRules(), datetime.now(UTC))
    assert isinstance(found, Status)
    assert found.condition is condition


def test_whom_the_authority_has_certified_for_it_is_believed_by_name_and_by_key(
    client: Made, root: Made, kit: Kit
) -> None:
    signer = delegate(kit, root)
    index = Index(kit.folder, root, signer)
    index.good(client)
    asked = question(Subject(client.certificate, root.certificate))
    for options in ((), ("-resp_key_id",), ("-rmd", "sha512")):
        found = status(client, root, index.answer(asked, *options))
        assert (found.condition, found.delegate) == (Condition.GOOD, signer.certificate)


def test_who_signs_with_nocheck_is_not_looked_up(client: Made, root: Made, kit: Kit) -> None:
    signer = delegate(kit, root, "nocheck", extensions=[(x509.OCSPNoCheck(), False)])
    assert status(client, root, by(signer, client, root)).delegate is None


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"purposes": None}, "not for OCSP signing"),
        ({"purposes": [ANY_PURPOSE]}, "not for OCSP signing"),
        ({"not_after": datetime.now(UTC) - DAY}, "not valid now"),
        ({"not_before": datetime.now(UTC) + DAY}, "not valid now"),
        ({"key": "rsa1024"}, "1024"),
    ],
)
def test_a_delegate_must_be_fit(
    client: Made, root: Made, kit: Kit, odd: dict[str, Any], told: str
) -> None:
    signer = delegate(kit, root, "unfit", **odd)
    index = Index(kit.folder, root, signer)
    der = index.answer(question(Subject(client.certificate, root.certificate)))
    assert told in why(client, root, der)


def test_a_delegate_of_another_authority_is_nobody(client: Made, root: Made, kit: Kit) -> None:
    other = kit.root("other")
    assert "not certified" in why(client, root, by(delegate(kit, other), client, root))


def test_a_delegate_of_an_authority_below_or_above_is_nobody(root: Made, kit: Kit) -> None:
    middle = kit.intermediate(root, "middle")
    leaf = kit.client(middle, "leaf")
    der = by(delegate(kit, root, "above"), leaf, middle)
    assert "not certified" in why(leaf, middle, der)
    assert isinstance(told(leaf, middle, by(delegate(kit, middle, "own"), leaf, middle)), Status)
    assert "not certified" in why(
        leaf, middle, answer_of(root, single(leaf, middle), certificates=[root])
    )


def test_who_bears_the_authoritys_name_needs_its_key(client: Made, root: Made, kit: Kit) -> None:
    namesake = kit.root("namesake", common_name="ocsp-root")
    der = answer_of(root, single(client, root), signer=namesake, certificates=[namesake])
    assert "not certified" in why(client, root, der)


def test_an_answer_must_say_by_whom_it_is(client: Made, root: Made, kit: Kit) -> None:
    der = answer_of(root, single(client, root), named=kit.root("somebody"))
    assert "signed neither" in why(client, root, der)
    der = answer_of(root, single(client, root), named=kit.root("somebody"), by_key=True)
    assert "signed neither" in why(client, root, der)


def test_a_responder_in_the_configuration_is_believed_for_its_authorities(
    client: Made, root: Made, kit: Kit
) -> None:
    signer = kit.client(None, "local")
    der = answer_of(root, single(client, root), signer=signer)
    assert "signed neither" in why(client, root, der)

    def rules(**more: Any) -> OcspRules:
        named = Responder(url="http://a.example/", certificate=signer.certificate, **more)
        return OcspRules(responders=(named,))

    found = status(client, root, der, rules())
    assert (found.condition, found.delegate) == (Condition.GOOD, None)
    assert status(client, root, der, rules(issuer="CN=ocsp-*")).condition is Condition.GOOD
    assert "signed neither" in why(client, root, der, rules(issuer="CN=another"))
    late = signer.certificate.not_after + HOUR
    fresh = answer_of(
        root,
        single(client, root, begin=late - HOUR, end=late + HOUR),
        signer=signer,
        produced=late - HOUR,
    )
    assert "not valid now" in why(client, root, fresh, rules(), late)


def test_an_answer_about_somebody_else_says_nothing(client: Made, root: Made, kit: Kit) -> None:
    other = kit.client(root, "somebody-else")
    assert (
        why(client, root, answer_of(root, single(other, root))) == "it is about another certificate"
    )
    elsewhere = kit.root("elsewhere")
    named = single(client, elsewhere)
    assert why(client, root, answer_of(root, named)) == "it is about another certificate"


def test_of_several_the_one_about_the_certificate_counts_and_of_two_the_newer(
    client: Made, root: Made, kit: Kit
) -> None:
    now = datetime.now(UTC)
    other = kit.client(root, "beside")
    mixed = answer_of(root, single(other, root, "revoked"), single(client, root))
    assert status(client, root, mixed).condition is Condition.GOOD
    older = single(client, root, begin=now - 2 * HOUR)
    newer = single(client, root, "revoked", begin=now - HOUR)
    assert status(client, root, answer_of(root, older, newer)).condition is Condition.REVOKED
    same = single(client, root), single(client, root, "revoked")
    assert status(client, root, answer_of(root, *same)).condition is Condition.REVOKED


def test_what_has_a_critical_extension_does_not_count(client: Made, root: Made) -> None:
    critical = extension(UNKNOWN_OID, b"\x05\x00", critical=True)
    der = answer_of(root, single(client, root, extensions=critical))
    assert "critical extension" in why(client, root, der)
    der = answer_of(root, single(client, root), extensions=critical)
    assert "critical extension 1.2.3.4" in why(client, root, der)


def test_clocks_may_differ_by_five_minutes(client: Made, root: Made) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    for off, believed in (
        (SKEW - timedelta(seconds=5), True),
        (SKEW + timedelta(seconds=5), False),
    ):
        der = answer_of(root, single(client, root, begin=now + off, end=now + HOUR))
        assert isinstance(told(client, root, der, at=now), Status) is believed
        der = answer_of(root, single(client, root), produced=now + off)
        assert isinstance(told(client, root, der, at=now), Status) is believed
    slow = answer_of(root, single(client, root, begin=now - HOUR, end=now - timedelta(minutes=1)))
    assert status(client, root, slow, at=now).until == now + timedelta(minutes=4)


def test_an_answer_that_ends_before_it_begins_says_nothing(client: Made, root: Made) -> None:
    now = datetime.now(UTC)
    der = answer_of(root, single(client, root, begin=now, end=now - HOUR))
    assert "ends before it begins" in why(client, root, der)


def test_an_answer_counts_until_its_end_and_no_longer_than_is_allowed(
    client: Made, root: Made
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    begin = now - HOUR / 2
    endless = answer_of(root, single(client, root, begin=begin, end=None))
    assert status(client, root, endless).until == begin + HOUR
    long = answer_of(root, single(client, root, begin=begin, end=now + 300 * DAY))
    assert status(client, root, long).until == now + 300 * DAY
    rules = OcspRules(maximum_age=2 * DAY)
    assert status(client, root, long, rules).until == begin + 2 * DAY
    assert status(client, root, endless, rules).until == begin + HOUR
    short = OcspRules(maximum_age=timedelta(minutes=40))
    assert status(client, root, endless, short).until == begin + timedelta(minutes=40)


def test_an_answer_ends_with_the_certificate_that_signed_it(
    client: Made, root: Made, kit: Kit
) -> None:
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=10)
    signer = delegate(kit, root, "soon-over", not_after=ends)
    assert status(client, root, by(signer, client, root)).until == ends


def test_a_digest_that_is_too_weak_proves_nothing(client: Made, root: Made) -> None:
    der = answer_of(root, single(client, root), digest="sha1")
    assert why(client, root, der) == "it is signed with sha1"
    lax = WeakPolicy(refuse_digests=frozenset({"md5"}))
    assert status(client, root, der, OcspRules(weak=lax)).condition is Condition.GOOD


def test_a_delegate_without_the_right_key_usage_is_nobody(
    client: Made, root: Made, kit: Kit
) -> None:
    signer = delegate(kit, root, "enciphers", usage=["key_encipherment"])
    assert "not for signatures" in why(client, root, by(signer, client, root))
    for usage in (["digital_signature"], ["content_commitment"], None):
        signer = delegate(kit, root, "signs", usage=usage)
        assert status(client, root, by(signer, client, root)).delegate == signer.certificate


def test_who_is_named_is_asked_before_whom_the_certificate_names(kit: Kit, root: Made) -> None:
    access = x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(
                x509.AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url)
            )
            for url in ("http://aia.example/", "http://both.example/")
        ]
    )
    client = kit.client(root, "names", extensions=[(access, False)])
    subject = Subject(client.certificate, root.certificate)
    rules = OcspRules(
        responders=(
            Responder(url="http://own.example/"),
            Responder(url="http://other.example/", issuer="CN=other"),
            Responder(url="http://both.example/", issuer="CN=ocsp-root"),
        )
    )
    assert targets_of(subject, rules) == (
        Target("http://own.example/", True),
        Target("http://both.example/", True),
        Target("http://aia.example/", False),
    )
    assert targets_of(subject, OcspRules()) == (
        Target("http://aia.example/", False),
        Target("http://both.example/", False),
    )
    assert targets_of(subject, OcspRules(aia=False)) == ()


def test_rules_of_the_same_content_have_the_same_id(root: Made) -> None:
    one = Responder(url="http://a.example/", certificate=root.certificate)
    assert OcspRules(responders=(one,)).id == OcspRules(responders=(replace(one),)).id
    others = (
        OcspRules(),
        OcspRules(aia=False),
        OcspRules(maximum_age=HOUR),
        OcspRules(refresh=HOUR),
        OcspRules(weak=WeakPolicy(minimum_rsa_bits=3072)),
        OcspRules(responders=(one,)),
        OcspRules(responders=(replace(one, issuer="CN=a"),)),
        OcspRules(responders=(replace(one, certificate=None),)),
    )
    assert len({rules.id for rules in others}) == len(others)
