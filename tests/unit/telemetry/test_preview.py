"""What a change would do to the clients seen."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from ostiary.telemetry.foresight import (
    DAMAGED,
    ISSUER_KNOWN,
    NAMES_TOO_LONG,
    NOT_NOTED,
    OTHER_PATH,
    OTHER_WAY,
)
from ostiary.telemetry.noting import seen_certificate
from ostiary.telemetry.preview import KnownClient, Outcome, Preview, preview
from ostiary.telemetry.regimes import Authority, Regime, authority_of
from ostiary.trust.decision import Admitted, Decision, Refused
from ostiary.trust.names.index import NameIndex
from ostiary.trust.names.rules import NameRules
from ostiary.trust.reason import ADMITTED_CODE, Reason
from tests.support.pki import DAY, Kit, Made
from tests.unit.telemetry.people import ENTRY, HOUR

_numbers = itertools.count()


@dataclass
class Scene:
    kit: Kit
    root: Made
    other: Made
    good: Made
    clients: list[KnownClient] = field(default_factory=list)

    def client(
        self, *path: Made, code: int = ADMITTED_CODE, verified: bool = True, api: str = ""
    ) -> KnownClient:
        certificates = tuple(one.certificate for one in path)
        kept = seen_certificate(certificates, verified=verified, entry=ENTRY)
        return KnownClient(
            fingerprint=certificates[0].sha256,
            subject=kept.subject,
            facts=kept.facts,
            verdict=code,
            last_seen=self.kit.now,
            apis=frozenset({api} - {""}),
        )

    def stranger(self, made: Made, reason: Reason = Reason.ISSUER_MISSING) -> KnownClient:
        return self.client(made, code=reason.code, verified=False)

    def look(self, now: Regime, then: Regime, *clients: KnownClient, **other: object) -> Preview:
        return preview(clients, lambda *_: now, lambda *_: then, self.kit.now, **other)  # type: ignore[arg-type] # by name


@pytest.fixture(scope="module")
def scene(kit: Kit) -> Scene:
    root = kit.root("preview root")
    return Scene(kit, root, kit.root("preview other"), kit.client(root, "preview good"))


def trusting(*anchors: Made, **settings: object) -> Regime:
    authorities = tuple(authority_of(one.certificate) for one in anchors)
    trust = "+".join(sorted(one.fingerprint.hex() for one in authorities))
    regime = Regime(id="", trust_id=trust, anchors=authorities)
    return replace(regime, id=str(next(_numbers)), **settings)  # type: ignore[arg-type] # by name


def named(*patterns: str) -> NameIndex:
    return NameIndex(NameRules(patterns=patterns))


def outcome(found: Preview) -> Outcome:
    assert found.clients == 1
    counts = {
        Outcome.REFUSED: found.refused,
        Outcome.ADMITTED: found.admitted,
        Outcome.UNKNOWN: found.unknown,
        Outcome.UNCHANGED: found.unchanged,
    }
    return next(one for one, count in counts.items() if count)


def test_without_the_anchor_of_its_path_a_client_is_refused(scene: Scene) -> None:
    found = scene.look(
        trusting(scene.root, scene.other),
        trusting(scene.other),
        scene.client(scene.good, scene.root),
    )
    assert outcome(found) is Outcome.REFUSED
    assert found.by_reason == {Reason.UNTRUSTED_ISSUER: 1}
    [example] = found.examples
    assert "preview root" in example.after.why
    assert example.before.passes


def test_without_any_anchor_everybody_is_refused(scene: Scene) -> None:
    found = scene.look(trusting(scene.root), trusting(), scene.client(scene.good, scene.root))
    assert found.by_reason == {Reason.NO_TRUST_ANCHORS: 1}


def test_another_anchor_beside_changes_nothing_for_who_is_admitted(scene: Scene) -> None:
    found = scene.look(
        trusting(scene.root),
        trusting(scene.root, scene.other),
        scene.client(scene.good, scene.root),
    )
    assert outcome(found) is Outcome.UNCHANGED
    assert found.examples == ()


def test_a_renewed_anchor_with_the_same_name_and_key_serves_as_well(scene: Scene) -> None:
    again = scene.kit.root("preview root", key=scene.root.key)
    assert again.der != scene.root.der
    found = scene.look(trusting(scene.root), trusting(again), scene.client(scene.good, scene.root))
    assert outcome(found) is Outcome.UNCHANGED


def test_an_authority_of_the_same_name_with_another_key_does_not_pass(scene: Scene) -> None:
    namesake = scene.kit.root("preview root")
    found = scene.look(
        trusting(scene.root), trusting(namesake), scene.client(scene.good, scene.root)
    )
    assert outcome(found) is Outcome.REFUSED


def test_an_anchor_out_of_its_time_ends_no_path(scene: Scene) -> None:
    old = scene.kit.root("preview root", key=scene.root.key, not_after=scene.kit.now - DAY)
    found = scene.look(trusting(scene.root), trusting(old), scene.client(scene.good, scene.root))
    assert outcome(found) is Outcome.REFUSED


def test_a_cross_signed_authority_makes_it_unknown(scene: Scene) -> None:
    mid = scene.kit.intermediate(scene.root, "preview mid")
    leaf = scene.kit.client(mid, "preview below")
    cross = scene.kit.intermediate(scene.other, "preview mid", key=mid.key)
    found = scene.look(
        trusting(scene.root),
        trusting(scene.other),
        scene.client(leaf, mid, scene.root),
        authorities=[authority_of(one.certificate) for one in (mid, cross)],
    )
    assert outcome(found) is Outcome.UNKNOWN
    assert found.unknowns == {OTHER_PATH: 1}


def test_a_pinned_certificate_hangs_on_itself(scene: Scene) -> None:
    pinned = scene.client(scene.good)
    assert outcome(scene.look(trusting(scene.good), trusting(scene.other), pinned)) is (
        Outcome.REFUSED
    )
    stranger = scene.stranger(scene.good)
    found = scene.look(trusting(scene.other), trusting(scene.other, scene.good), stranger)
    assert outcome(found) is Outcome.ADMITTED


def test_whether_a_new_anchor_signed_a_stranger_is_unknown_unless_it_is_at_hand(
    scene: Scene,
) -> None:
    stranger = scene.stranger(scene.good)
    now, then = trusting(scene.other), trusting(scene.other, scene.root)
    found = scene.look(now, then, stranger)
    assert found.unknowns == {ISSUER_KNOWN: 1}

    def judge(fingerprint: bytes) -> Decision | None:
        path = (scene.good.certificate, scene.root.certificate)
        return Admitted(path, scene.kit.now + HOUR) if fingerprint == path[0].sha256 else None

    assert outcome(scene.look(now, replace(then, judge=judge), stranger)) is Outcome.ADMITTED

    def refuse(_: bytes) -> Decision:
        return Refused(Reason.SIGNATURE_INVALID, "forged", None)

    assert outcome(scene.look(now, replace(then, judge=refuse), stranger)) is Outcome.UNCHANGED
    then = replace(then, judge=judge)
    assert outcome(scene.look(replace(now, judge=judge), then, stranger)) is Outcome.UNCHANGED


def test_a_stranger_whose_issuer_stays_unknown_stays_refused(scene: Scene) -> None:
    found = scene.look(trusting(scene.other), trusting(), scene.stranger(scene.good))
    assert outcome(found) is Outcome.UNCHANGED


@pytest.mark.parametrize(
    "reason", [Reason.WEAK_KEY, Reason.REVOKED, Reason.MALFORMED_CERTIFICATE, Reason.HOSTILE_NAME]
)
def test_no_anchor_helps_what_is_refused_for_itself(scene: Scene, reason: Reason) -> None:
    found = scene.look(
        trusting(scene.other),
        trusting(scene.root),
        scene.client(scene.good, code=reason.code, verified=False),
    )
    assert outcome(found) is Outcome.UNCHANGED


def test_a_certificate_that_has_ended_is_refused_before_and_after(scene: Scene) -> None:
    old = scene.kit.client(scene.root, "preview old", not_after=scene.kit.now - timedelta(hours=1))
    found = scene.look(trusting(scene.root), trusting(scene.other), scene.client(old, scene.root))
    assert outcome(found) is Outcome.UNCHANGED


def test_new_names_refuse_and_admit(scene: Scene) -> None:
    good = scene.client(scene.good, scene.root)
    everybody = trusting(scene.root)
    elsewhere = trusting(scene.root, names=named("CN=somebody else,**"))
    right = trusting(scene.root, names=named("CN=preview good,**"))
    found = scene.look(everybody, elsewhere, good)
    assert found.by_reason == {Reason.NAME_NOT_TRUSTED: 1}
    assert outcome(scene.look(everybody, right, good)) is Outcome.UNCHANGED
    denied = replace(good, verdict=Reason.NAME_NOT_TRUSTED.code)
    assert outcome(scene.look(elsewhere, right, denied)) is Outcome.ADMITTED


def test_refused_for_its_names_and_its_path_not_noted(scene: Scene) -> None:
    denied = scene.client(scene.good, code=Reason.NAME_NOT_TRUSTED.code)
    elsewhere = trusting(scene.root, names=named("CN=somebody else,**"))
    assert outcome(scene.look(elsewhere, trusting(scene.root), denied)) is Outcome.ADMITTED
    both = trusting(scene.root, scene.other)
    found = scene.look(elsewhere, both, denied)
    assert set(found.unknowns) <= {NOT_NOTED, ISSUER_KNOWN}
    assert outcome(found) is Outcome.UNKNOWN
    stays = trusting(scene.root, scene.other, names=named("CN=nobody,**"))
    assert outcome(scene.look(elsewhere, stays, denied)) is Outcome.UNCHANGED


def test_names_too_long_to_be_kept_are_said_to_be_unknown(scene: Scene) -> None:
    long = scene.kit.client(
        scene.root, "preview long", dns=[f"{n:040d}.example" for n in range(30)]
    )
    found = scene.look(
        trusting(scene.root),
        trusting(scene.root, names=named("CN=preview long,**")),
        scene.client(long, scene.root),
    )
    assert found.unknowns == {NAMES_TOO_LONG: 1}


def test_report_only_refuses_nobody(scene: Scene) -> None:
    good = scene.client(scene.good, scene.root)
    reported = trusting(scene.other, report_only=True)
    assert outcome(scene.look(trusting(scene.root), reported, good)) is Outcome.UNCHANGED
    root = [authority_of(scene.root.certificate)]
    found = scene.look(reported, trusting(scene.other), good, authorities=root)
    assert outcome(found) is Outcome.REFUSED


def test_turning_checks_off_admits_and_on_refuses(scene: Scene) -> None:
    stranger = scene.stranger(scene.good)
    off, on = trusting(scene.other, checked=False), trusting(scene.other)
    assert outcome(scene.look(on, off, stranger)) is Outcome.ADMITTED
    assert outcome(scene.look(off, on, stranger)) is Outcome.REFUSED


def test_a_header_instead_of_the_handshake_makes_it_unknown(scene: Scene) -> None:
    good = scene.client(scene.good, scene.root)
    header = trusting(scene.root, by_header=True)
    assert scene.look(trusting(scene.root), header, good).unknowns == {OTHER_WAY: 1}


def test_header_mode_without_anchors_asks_for_no_path(scene: Scene) -> None:
    stranger = scene.stranger(scene.good)
    then = trusting(path_needed=False, by_header=True)
    found = scene.look(trusting(scene.other, by_header=True), then, stranger)
    assert outcome(found) is Outcome.ADMITTED


def test_each_api_is_judged_by_its_own_policy_and_a_client_counts_once(scene: Scene) -> None:
    base = trusting(scene.root)
    own = trusting(scene.root, names=named("CN=somebody else,**"))
    client = replace(scene.client(scene.good, scene.root), apis=frozenset({"orders", "stock"}))
    found = preview(
        [client],
        lambda entry, api: base,
        lambda entry, api: own if (entry, api) == (ENTRY, "orders") else base,
        scene.kit.now,
    )
    assert (found.clients, found.refused) == (1, 1)
    assert found.by_api == {"orders": {Outcome.REFUSED: 1}}


def test_apis_that_share_a_policy_are_judged_and_told_as_one(scene: Scene) -> None:
    client = replace(scene.client(scene.good, scene.root), apis=frozenset({"orders", "stock"}))
    found = scene.look(trusting(scene.root), trusting(scene.other, required=True), client)
    assert [one.api for one in found.examples] == [""]
    assert found.newly_required == ("",)


def test_where_a_certificate_becomes_required_is_said(scene: Scene) -> None:
    found = scene.look(trusting(scene.root), trusting(scene.root, required=True))
    assert found.newly_required == ("",)
    assert scene.look(trusting(), trusting()).newly_required == ()


def test_damaged_facts_are_unknown_and_examples_are_bounded(scene: Scene) -> None:
    broken = replace(scene.client(scene.good, scene.root), facts=b"\xff")
    found = scene.look(trusting(scene.root), trusting(scene.other), *[broken] * 50, examples=3)
    assert found.unknowns == {DAMAGED: 50}
    assert len(found.examples) == 3


def test_an_authority_is_told_for_people(scene: Scene) -> None:
    authority = authority_of(scene.root.certificate)
    assert isinstance(authority, Authority)
    assert authority.told == scene.root.certificate.subject
