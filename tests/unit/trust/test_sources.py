"""Lists and OCSP together: each preference, and each thing that either may say."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from cryptography import x509

from ostiary.trust.decision import Admitted, Decision, Presented, Refused
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.judge import judge
from ostiary.trust.keeper import Keeper
from ostiary.trust.ocsp import OcspRules, Question, Responder, Unbelieved
from ostiary.trust.policy import Preference, Revocation, TrustPolicy
from ostiary.trust.reason import Reason
from ostiary.trust.statuses import Statuses
from ostiary.x509.ocsp_question import Subject
from ostiary.x509.revocation import RevocationList
from tests.support.lists import list_of, point
from tests.support.ocsp import OCSP_SIGNING
from tests.support.ocsp_der import answer_of, single
from tests.support.pki import DAY, Kit, Made

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
RULES = OcspRules(responders=(Responder(url="http://a.example/"),))
UNDETERMINED, REVOKED = Reason.REVOCATION_UNDETERMINED, Reason.REVOKED


class Scene:
    """A root, a client of it, and who says what."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.root = kit.root("root")
        self.client = kit.client(self.root, "client")
        self.statuses = Statuses()
        self.lists: tuple[Any, ...] = ()

    def list(self, said: str) -> None:
        match said:
            case "good":
                self.lists = (list_of(self.root, begin=NOW - HOUR),)
            case "older":
                self.lists = (list_of(self.root, begin=NOW - 2 * DAY),)
            case "same":
                self.lists = (list_of(self.root, begin=NOW - DAY),)
            case "delta":
                whole = list_of(self.root, begin=NOW - 2 * DAY, number=5)
                self.lists = (whole, list_of(self.root, begin=NOW - HOUR, number=6, base=5))
            case "revoked":
                self.lists = (list_of(self.root, {self.client: None}),)
            case "old":
                self.lists = (list_of(self.root, begin=NOW - 2 * DAY, end=NOW - DAY),)
            case _:
                self.lists = ()

    def ocsp(
        self, said: str, client: Made | None = None, issuer: Made | None = None, **more: Any
    ) -> None:
        if said == "none":
            return
        client, issuer = client or self.client, issuer or self.root
        times = {"begin": more.pop("begin", NOW - HOUR), "end": NOW + HOUR}
        at = NOW
        if said == "revoked-ended":
            said, times, at = "revoked", {"begin": NOW - DAY, "end": NOW - HOUR}, NOW - 2 * HOUR
        der = answer_of(issuer, single(client, issuer, said, **times), produced=at, **more)
        asked = self.question(client, issuer)
        status = self.statuses.read(asked, der, b"", at)
        assert not isinstance(status, Unbelieved), status.why
        self.statuses.take(asked, der, status, at)

    def question(self, client: Made, issuer: Made) -> Question:
        subject = Subject(client.certificate, issuer.certificate)
        (asked,) = Statuses().look(subject, RULES, NOW).asking
        return asked

    def decide(self, preference: Preference, client: Made | None = None, **more: Any) -> Decision:
        client = client or self.client
        at = more.pop("at", NOW)
        given: dict[str, Any] = {"revocation": Revocation.STRICT, "ocsp": RULES, **more}
        policy = TrustPolicy(
            anchors=(self.root.certificate,), crls=self.lists, preference=preference, **given
        )
        keeper = Keeper(policy, statuses=self.statuses)
        shown = Presented("e", client.der, client.chain)
        return judge(shown, keeper, Intermediates(), at)


def reason(decision: Decision) -> Reason | None:
    return decision.reason if isinstance(decision, Refused) else None


CRL, OCSP, IF_NONE = Preference.CRL_FIRST, Preference.OCSP_FIRST, Preference.OCSP_IF_NO_CRL


@pytest.mark.parametrize(
    ("listed", "told", "expected", "asks"),
    # What comes of it, and whether OCSP is to be asked: by crl-first, ocsp-first, ocsp-if-no-crl.
    [
        ("good", "none", (None, None, None), (0, 1, 0)),
        ("good", "good", (None, None, None), (0, 0, 0)),
        ("good", "unknown", (None, None, None), (0, 0, 0)),
        ("good", "revoked", (REVOKED, REVOKED, REVOKED), (0, 0, 0)),
        # An answer that has ended is outdone by a list that is newer, and by no other.
        ("good", "revoked-ended", (None, None, None), (1, 1, 1)),
        ("delta", "revoked-ended", (None, None, None), (1, 1, 1)),
        ("same", "revoked-ended", (REVOKED, REVOKED, REVOKED), (1, 1, 1)),
        ("older", "revoked-ended", (REVOKED, REVOKED, REVOKED), (1, 1, 1)),
        ("revoked", "good", (REVOKED, REVOKED, REVOKED), (0, 0, 0)),
        ("revoked", "none", (REVOKED, REVOKED, REVOKED), (0, 0, 0)),
        ("old", "none", (UNDETERMINED, UNDETERMINED, UNDETERMINED), (1, 1, 0)),
        ("old", "good", (None, None, UNDETERMINED), (0, 0, 0)),
        ("old", "unknown", (UNDETERMINED, UNDETERMINED, UNDETERMINED), (0, 0, 0)),
        ("old", "revoked-ended", (REVOKED, REVOKED, REVOKED), (1, 1, 1)),
        ("none", "none", (UNDETERMINED, UNDETERMINED, UNDETERMINED), (1, 1, 1)),
        ("none", "good", (None, None, None), (0, 0, 0)),
        ("none", "unknown", (UNDETERMINED, UNDETERMINED, UNDETERMINED), (0, 0, 0)),
        ("none", "revoked", (REVOKED, REVOKED, REVOKED), (0, 0, 0)),
    ],
)
def test_what_lists_and_ocsp_come_to(
    kit: Kit,
    listed: str,
    told: str,
    expected: tuple[Reason | None, ...],
    asks: tuple[int, ...],
) -> None:
    scene = Scene(kit)
    scene.list(listed)
    scene.ocsp(told)
    found = [scene.decide(one) for one in (CRL, OCSP, IF_NONE)]
    assert tuple(map(reason, found)) == expected
    assert tuple(len(one.asking) for one in found) == asks


def test_soft_lets_pass_and_tells_whom_nobody_has_told_about_yet(kit: Kit) -> None:
    scene = Scene(kit)
    found = scene.decide(CRL, revocation=Revocation.SOFT)
    assert isinstance(found, Admitted)
    assert found.would_refuse is not None
    assert found.would_refuse.reason is UNDETERMINED
    assert len(found.asking) == 1
    assert found.until <= NOW + timedelta(seconds=10)
    scene.ocsp("revoked")
    assert reason(scene.decide(CRL, revocation=Revocation.SOFT)) is REVOKED


def test_a_refusal_is_not_remembered_while_the_answer_is_on_its_way(kit: Kit) -> None:
    scene = Scene(kit)
    found = scene.decide(CRL)
    assert isinstance(found, Refused)
    assert found.until is None
    asked = scene.question(scene.client, scene.root)
    scene.statuses.fail(asked, "nobody there", NOW + timedelta(seconds=5))
    found = scene.decide(CRL)
    assert isinstance(found, Refused)
    assert found.until == NOW + timedelta(seconds=5)
    assert "nobody there" in found.detail


def test_an_admission_is_not_remembered_beyond_the_answers_end(kit: Kit) -> None:
    scene = Scene(kit)
    scene.ocsp("good")
    found = scene.decide(CRL, maximum_age=2 * HOUR)
    assert isinstance(found, Admitted)
    assert found.until == NOW + HOUR


def test_each_certificate_below_the_anchor_is_asked_about(kit: Kit) -> None:
    scene = Scene(kit)
    middle = kit.intermediate(scene.root, "middle")
    leaf = kit.client(middle, "leaf")
    found = scene.decide(CRL, leaf)
    asked = [one.subject.certificate.subject for one in found.asking]
    assert asked == ["CN=leaf", "CN=middle"]
    scene.ocsp("good", leaf, middle)
    assert reason(scene.decide(CRL, leaf)) is UNDETERMINED
    scene.ocsp("good", middle, scene.root)
    assert reason(scene.decide(CRL, leaf)) is None
    scene.ocsp("revoked", middle, scene.root)
    assert reason(scene.decide(CRL, leaf)) is REVOKED


def test_one_authoritys_answers_may_stand_beside_anothers_list(kit: Kit) -> None:
    scene = Scene(kit)
    middle = kit.intermediate(scene.root, "middle")
    leaf = kit.client(middle, "leaf")
    scene.list("good")
    scene.ocsp("good", leaf, middle)
    assert reason(scene.decide(CRL, leaf)) is None
    assert reason(scene.decide(IF_NONE, leaf)) is None


def test_off_asks_nobody_and_ocsp_alone_means_strict(kit: Kit) -> None:
    scene = Scene(kit)
    found = scene.decide(CRL, revocation=Revocation.OFF)
    assert (reason(found), found.asking) == (None, ())
    assert reason(scene.decide(CRL, revocation=None)) is UNDETERMINED
    assert reason(scene.decide(CRL, revocation=None, ocsp=None)) is None


def test_of_lists_for_some_reasons_each_must_be_newer_than_the_answer(kit: Kit) -> None:
    scene = Scene(kit)
    scene.ocsp("revoked-ended")
    some = [x509.ReasonFlags.key_compromise]
    others = [one for one in x509.ReasonFlags if one not in some and one not in _NEVER_SAID]
    new = list_of(scene.root, begin=NOW - HOUR, extensions=point(reasons=some))
    for begin, expected in ((NOW - 2 * DAY, REVOKED), (NOW - HOUR, None)):
        rest = list_of(scene.root, begin=begin, extensions=point(reasons=others))
        scene.lists = (new, rest)
        assert reason(scene.decide(CRL)) is expected


_NEVER_SAID = (x509.ReasonFlags.unspecified, x509.ReasonFlags.remove_from_crl)


def test_who_signed_may_have_been_revoked_by_list(kit: Kit) -> None:
    scene, signed = signed_by_another(kit)
    assert reason(scene.decide(OCSP)) is None
    scene.lists = (signed.gone,)
    found = scene.decide(OCSP)
    assert isinstance(found, Refused)
    assert found.reason is UNDETERMINED
    assert "who signed the OCSP answer" in found.detail


def test_where_who_signed_is_revoked_the_responder_is_asked_again_but_not_without_end(
    kit: Kit,
) -> None:
    scene, signed = signed_by_another(kit)
    scene.lists = (signed.gone,)
    later = NOW + timedelta(seconds=10)
    # Its answer came this moment: it would say the same.
    found = scene.decide(OCSP)
    assert isinstance(found, Refused)
    assert (found.asking, found.until) == ((), later)
    assert len(scene.decide(OCSP, at=later).asking) == 1
    scene.ocsp("good", signer=signed.signer, certificates=[signed.signer])
    assert scene.decide(OCSP).asking == ()


def test_what_a_revoked_signer_has_dated_ahead_keeps_no_other_answer_away(kit: Kit) -> None:
    scene, signed = signed_by_another(kit)
    scene.lists = (signed.gone,)
    assert reason(scene.decide(OCSP)) is UNDETERMINED
    scene.ocsp("revoked", begin=NOW - 2 * HOUR)
    assert reason(scene.decide(OCSP)) is REVOKED


class Signed(NamedTuple):
    signer: Made
    gone: RevocationList
    """Has ended, and names the signer."""


def signed_by_another(kit: Kit) -> tuple[Scene, Signed]:
    """A good answer about the client, by somebody whom the root has certified for that."""
    scene = Scene(kit)
    signing = x509.ObjectIdentifier(OCSP_SIGNING)
    signer = kit.client(scene.root, "signer", purposes=[signing])
    scene.ocsp("good", signer=signer, certificates=[signer])
    gone = list_of(scene.root, {signer: None}, begin=NOW - 2 * DAY, end=NOW - DAY)
    return scene, Signed(signer, gone)
