"""What a step client-cert thinks of a certificate, and what becomes of a visit by it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ostiary.compiler.client_certificates import certificate_judgement_of
from ostiary.config.model.client_cert import ClientCertAction
from ostiary.consumers.certificates import CertificateCredential, CertificateRule
from ostiary.consumers.judging import Judgement, ScopeTest
from ostiary.consumers.model import CredentialType, Known
from ostiary.consumers.reason import CredentialReason
from ostiary.services.certificate_consumers import Recognized, recognize
from ostiary.services.certificate_index import fits, index_of
from ostiary.services.certificate_steps import Shows, certificate_step
from ostiary.services.explanation import Answer
from ostiary.services.pipeline_steps import Went
from ostiary.services.requests import Request
from ostiary.trust.names.facts import Facts
from ostiary.trust.names.index import NameIndex
from tests.unit.consumers.test_tied import NOW, credential
from tests.unit.trust.names.model import facts

ME = facts("CN=me", "O=o", fingerprint="ab" * 32, dns=("me.example",))


def action(**given: Any) -> ClientCertAction:
    return ClientCertAction.model_validate(given)


def judged(
    step: ClientCertAction, *fitting: CertificateCredential, scopes: Sequence[str] = ()
) -> Recognized:
    tests = (ScopeTest(frozenset({"read"})),)
    asked = Judgement(type=CredentialType.CERTIFICATE, scopes=frozenset(scopes), tests=tests)
    judgement = certificate_judgement_of(step, asked)
    return recognize(judgement, NameIndex(judgement.names), ME, fitting, NOW)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, None),
        ({"trustedDistinguishedNames": "CN=me,**"}, None),
        ({"trustedDistinguishedNames": ["CN=you,**"]}, CredentialReason.NAME_REFUSED),
        ({"allow": [{"dns": "*.example"}]}, None),
        ({"deny": [{"dns": "*.example"}]}, CredentialReason.NAME_REFUSED),
        ({"consumers": ["user1"]}, None),
        ({"consumers": "00000000-0000-0000-0000-000000000001"}, None),
        ({"consumers": ["user2"]}, CredentialReason.CONSUMER_REFUSED),
    ],
)
def test_a_step_narrows_by_names_and_consumers(
    given: dict[str, Any], reason: CredentialReason | None
) -> None:
    assert judged(action(**given), credential(1, "a", "read")).reason is reason


def test_the_scopes_of_all_credentials_that_fit_count() -> None:
    read, write = credential(1, "a", "read"), credential(1, "b", "write")
    found = judged(action(), read, write, scopes=["read", "write"])
    assert (found.reason, found.passed) == (None, 1)
    off = replace(read, valid_until=NOW)
    assert judged(action(), off, write, scopes=["read"]).reason is CredentialReason.SCOPE_MISSING
    assert judged(action(), off, write).passed == 0


def test_nobody_s_certificate_passes_only_where_that_was_said() -> None:
    lenient = action(consumer="optional")
    assert judged(action()).reason is CredentialReason.NOBODYS
    assert judged(lenient) == Recognized(reason=None, detail="no credential fits it")
    assert judged(lenient, scopes=["read"]).reason is CredentialReason.SCOPE_MISSING
    assert judged(action(consumer="optional", consumers=["ada"])).reason is CredentialReason.NOBODYS


def test_a_credential_that_was_withdrawn_is_no_way_to_be_nobody() -> None:
    lenient = action(consumer="optional")
    off, ended = credential(active=False), credential(end=-1)
    assert judged(lenient, off).reason is CredentialReason.INACTIVE
    assert judged(lenient, ended).reason is CredentialReason.OUT_OF_DATE
    two = judged(lenient, credential(1), credential(2))
    assert two.reason is CredentialReason.AMBIGUOUS


def test_names_that_nothing_may_be_decided_by_are_nobody_s() -> None:
    hostile = facts("CN=a\x01b", fingerprint="ab" * 32)
    judgement = certificate_judgement_of(action(), Judgement(type=CredentialType.CERTIFICATE))
    found = recognize(judgement, NameIndex(judgement.names), hostile, [credential()], NOW)
    assert found.reason is CredentialReason.NAME_REFUSED


def test_what_changed_after_the_index_was_made_is_found_and_what_went_is_still_looked_at() -> None:
    rule = CertificateRule(distinguished_name="CN=me,**")
    index = index_of([("old", (rule,)), ("other", (CertificateRule(dns="x.example"),))])
    assert index.candidates(ME) == ("old",)
    later = index.with_changed([("new", (CertificateRule(fingerprint="AB" * 32),))])
    assert set(later.candidates(ME)) == {"old", "new"}
    assert index.candidates(ME) == ("old",)
    again = later.with_changed([("new", (CertificateRule(fingerprint="cd" * 32),))])
    assert again.candidates(ME) == ("old",)
    assert not again.crowded
    many = ((f"c{n}", (CertificateRule(serial="1", issuer="CN=ca"),)) for n in range(300))
    assert again.with_changed(many).crowded


def test_a_rule_that_can_t_be_read_any_more_fits_nobody() -> None:
    broken = replace(credential(), rules=(CertificateRule(fingerprint="no"), CertificateRule()))
    assert not fits(broken, ME)
    assert index_of([("broken", broken.rules)]).candidates(ME) == ()


def visit(
    step: ClientCertAction,
    *fitting: CertificateCredential,
    shown: bool = True,
    admitted: bool = True,
    broken: bool = False,
) -> Answer | Went:
    def found(_facts: Facts) -> Sequence[CertificateCredential]:
        if broken:
            raise OSError("the disk is gone")
        return fitting

    shows = Shows(certificate=shown, scopes=frozenset())
    request = Request(method="GET", host="x", path="/", facts=ME if admitted else None)
    return certificate_step(found, NOW, shows, step, request)


def status(found: Answer | Went) -> int | None:
    return found.status if isinstance(found, Answer) else None


def test_an_explanation_tells_what_the_step_does() -> None:
    good = visit(action(), credential())
    assert isinstance(good, Went)
    assert good.request.known is not None
    assert "'user1'" in good.sentence
    assert status(visit(action(), shown=False, admitted=False)) == 401
    assert status(visit(action(required=False), shown=False, admitted=False)) is None
    assert status(visit(action(), admitted=False)) == 403
    nobodys = visit(action())
    assert status(nobodys) == 403
    assert isinstance(nobodys, Answer)
    assert "certificate-nobodys" in nobodys.sentence
    assert status(visit(action(passThrough=True))) is None
    assert status(visit(action(passThrough=True), broken=True)) == 503
    told = visit(action(reportOnly=True))
    assert isinstance(told, Went)
    assert "would answer 403" in told.sentence
    free = visit(action(consumer="optional"))
    assert isinstance(free, Went)
    assert free.request.known is None


def test_as_if_a_consumer_s_certificate_were_shown() -> None:
    request = Request(method="GET", host="a", path="/")
    mine, off = credential(1, "a", "read").known, credential(2, "b", active=False).known

    def walked(shows: Shows, **given: Any) -> Answer | Went:
        return certificate_step(lambda _: (), NOW, shows, action(**given), request)

    def shows(*as_if: Known, scopes: frozenset[str] = frozenset()) -> Shows:
        return Shows(certificate=False, as_if=as_if, scopes=scopes)

    went = walked(shows(off, mine, scopes=frozenset({"read"})))
    assert isinstance(went, Went)
    assert went.request.known == mine
    statuses = [
        walked(shows(mine, scopes=frozenset({"write"}))),
        walked(shows(off)),
        walked(shows(mine), consumers=["user2"]),
        walked(shows()),
    ]
    assert [one.status for one in statuses if isinstance(one, Answer)] == [403, 403, 403, 401]
