"""The decision, over real certificates, with `openssl verify` as the second opinion."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostiary.trust.decision import Admitted, Decision, Presented, Refused
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.judge import Keeper, judge, walk
from ostiary.trust.policy import TrustPolicy
from ostiary.trust.reason import Reason
from ostiary.trust.weak import WeakPolicy
from ostiary.x509.pem import read_certificates
from tests.support.pki import DAY, Kit, Made
from tests.unit.trust.matrix import ROWS, Row, Showing, below, direct

NEVER_BY_JUDGE = {
    Reason.UNKNOWN_ENTRY,  # the desk's, see test_desk
    Reason.NO_ANSWER,  # the engine's, when there was no decision at all
    Reason.HEADER_MALFORMED,  # the agent's, when a header holds no certificate to judge
    Reason.HEADER_REPEATED,
    Reason.HEADER_TOO_LARGE,
    Reason.BLOCKED,  # the desk's, see test_blocks
}
PRODUCED_BESIDE = {
    Reason.REVOKED,  # see test_revocation
    Reason.REVOCATION_UNDETERMINED,
    Reason.NAME_NOT_TRUSTED,  # see test_naming
    Reason.DENIED_BY_RULE,
}
PRODUCED_BELOW = {
    Reason.NO_TRUST_ANCHORS,
    Reason.NO_CERTIFICATE,
    Reason.HOSTILE_NAME,
    Reason.CHAIN_TOO_LARGE,
    Reason.CERTIFICATE_EXPIRED,
    Reason.NOT_YET_VALID,
    Reason.PATH_REFUSED,
}


def decide(kit: Kit, showing: Showing, **policy: object) -> Decision:
    keeper = keeper_for(showing.anchors, **policy)
    presented = Presented("default", showing.leaf.der, tuple(made.der for made in showing.chain))
    return judge(presented, keeper, Intermediates(), kit.now)


def keeper_for(anchors: tuple[Made, ...], **policy: object) -> Keeper:
    certificates = tuple(made.certificate for made in anchors)
    return Keeper(TrustPolicy(anchors=certificates, **policy))  # type: ignore[arg-type]


def reason_of(decision: Decision) -> Reason | None:
    return decision.reason if isinstance(decision, Refused) else None


def openssl_admits(kit: Kit, showing: Showing, folder: Path) -> bool:
    anchors, chain = folder / "anchors.pem", folder / "chain.pem"
    anchors.write_bytes(b"".join(made.pem for made in showing.anchors))
    chain.write_bytes(b"".join(made.pem for made in showing.chain))
    command = ["openssl", "verify", "-purpose", "sslclient", "-partial_chain"]
    command += ["-policy_check", "-policy", "anyPolicy"]
    command += ["-no-CApath", "-no-CAstore", "-attime", str(int(kit.now.timestamp()))]
    command += ["-CAfile", str(anchors)]
    if showing.chain:
        command += ["-untrusted", str(chain)]
    command.append(str(showing.leaf.certificate_file))
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_matrix_is_judged_as_written_and_as_openssl_does(
    kit: Kit, row: Row, tmp_path: Path
) -> None:
    showing = row.make(kit)
    decision = decide(kit, showing)
    assert reason_of(decision) is row.says, decision
    admitted = isinstance(decision, Admitted)
    assert (admitted == openssl_admits(kit, showing, tmp_path)) == row.openssl_agrees


def test_every_reason_has_a_certificate_that_produces_it() -> None:
    produced = {row.says for row in ROWS if row.says} | PRODUCED_BELOW | PRODUCED_BESIDE
    assert produced | NEVER_BY_JUDGE == set(Reason)


def test_a_client_is_refused_from_its_last_second_on(kit: Kit) -> None:
    expired = Reason.CERTIFICATE_EXPIRED
    for seconds, says in ((-1, expired), (0, expired), (1, None)):
        end = kit.now + timedelta(seconds=seconds)
        assert reason_of(decide(kit, direct(not_after=end)(kit))) is says


def test_an_admission_always_has_time_left(kit: Kit) -> None:
    showing = direct(not_after=kit.now + timedelta(seconds=1))(kit)
    keeper, presented = keeper_for(showing.anchors), Presented("d", showing.leaf.der)
    for tenths in range(25):
        now = kit.now + timedelta(milliseconds=100 * tenths)
        decision = judge(presented, keeper, Intermediates(), now)
        assert isinstance(decision, Admitted) is (tenths < 10)
        assert isinstance(decision, Refused) or decision.until > now


def test_a_client_is_refused_until_it_begins_and_told_when_to_ask_again(kit: Kit) -> None:
    begin = kit.now + timedelta(seconds=20)
    decision = decide(kit, direct(not_before=begin)(kit))
    assert isinstance(decision, Refused)
    assert decision.reason is Reason.NOT_YET_VALID
    assert decision.until == begin


def test_an_expired_intermediate_is_refused(kit: Kit) -> None:
    decision = decide(kit, below(not_after=kit.now - DAY)(kit))
    assert reason_of(decision) is Reason.CERTIFICATE_EXPIRED


def test_a_path_ends_with_its_shortest_certificate(kit: Kit) -> None:
    decision = decide(kit, below(not_after=kit.now + timedelta(minutes=10))(kit))
    assert isinstance(decision, Admitted)
    assert decision.until == kit.now + timedelta(minutes=10)


def test_an_admission_is_never_remembered_longer_than_the_policy_says(kit: Kit) -> None:
    decision = decide(kit, direct()(kit), maximum_age=timedelta(minutes=5))
    assert isinstance(decision, Admitted)
    assert decision.until == kit.now + timedelta(minutes=5)


def test_a_missing_issuer_is_not_remembered_and_other_refusals_are_for_a_minute(kit: Kit) -> None:
    missing = decide(kit, Showing(below()(kit).leaf, (kit.root("r"),)))
    forged = decide(kit, direct(version_1=True, signer=kit.root("s"))(kit))
    assert isinstance(missing, Refused)
    assert isinstance(forged, Refused)
    assert missing.until is None
    assert forged.until == kit.now + timedelta(seconds=60)


def test_a_policy_without_anchors_trusts_nobody(kit: Kit) -> None:
    leaf = direct()(kit).leaf
    assert reason_of(decide(kit, Showing(leaf, ()))) is Reason.NO_TRUST_ANCHORS


def test_no_certificate_is_a_refusal(kit: Kit) -> None:
    keeper = keeper_for((kit.root("root"),))
    decision = judge(Presented("default", b""), keeper, Intermediates(), kit.now)
    assert reason_of(decision) is Reason.NO_CERTIFICATE


@pytest.mark.parametrize("bad", ["\x00", "\n", "\x1b", "\x7f"])
def test_a_control_character_in_a_name_is_hostile(kit: Kit, bad: str) -> None:
    patch = [(b"adminXevil", f"admin{bad}evil".encode())]
    for odd in (
        {"common_name": "adminXevil"},
        {"dns": ["adminXevil"]},
        {"emails": ["adminXevil@a.example"]},
        {"uris": ["https://adminXevil/"]},
        {"other_names": [x509.OtherName(x509.ObjectIdentifier("1.2.3"), b"\x0c\x0aadminXevil")]},
    ):
        decision = decide(kit, direct(**odd, patch=patch)(kit))
        assert reason_of(decision) is Reason.HOSTILE_NAME, (odd, decision)


def test_a_control_character_in_a_sent_intermediate_is_hostile(kit: Kit) -> None:
    showing = below(common_name="midXmid", patch=[(b"midXmid", b"mid\0mid")])(kit)
    assert reason_of(decide(kit, showing)) is Reason.HOSTILE_NAME


def test_eleven_certificates_beside_the_leaf_are_too_many(kit: Kit) -> None:
    showing = below()(kit)
    many = Showing(showing.leaf, showing.anchors, showing.chain * 11)
    assert reason_of(decide(kit, many)) is Reason.CHAIN_TOO_LARGE


def test_a_chain_of_100_kilobytes_is_too_large(kit: Kit) -> None:
    assert reason_of(decide(kit, below(padding=100_000)(kit))) is Reason.CHAIN_TOO_LARGE
    assert reason_of(decide(kit, direct(padding=100_000)(kit))) is Reason.CHAIN_TOO_LARGE


def test_a_rare_refusal_of_openssl_is_still_a_refusal(kit: Kit) -> None:
    # RFC 3779 address blocks: the client claims 10.0.0.0/8, which its issuer does not have.
    oid = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.7")
    block = bytes.fromhex("300c300a040200013004030200") + b"\x0a"
    extension = (x509.UnrecognizedExtension(oid, block), True)
    decision = decide(kit, direct(extensions=[extension])(kit))
    assert reason_of(decision) is Reason.PATH_REFUSED, decision


def test_an_rsa_key_too_large_to_compute_with_is_refused_before_any_computing(kit: Kit) -> None:
    modulus = (1 << 16_999) + 1
    huge = rsa.RSAPublicNumbers(65537, modulus).public_key()
    decision = decide(kit, direct(public_key=huge)(kit))
    assert reason_of(decision) is Reason.WEAK_KEY
    assert isinstance(decision, Refused)
    assert "17000 bits" in decision.detail


def test_the_minimum_can_be_raised_and_lowered(kit: Kit) -> None:
    small, usual = direct(key="rsa1024")(kit), direct(key="rsa2048")(kit)
    assert reason_of(decide(kit, small, weak=WeakPolicy(minimum_rsa_bits=1024))) is None
    strict = WeakPolicy(minimum_rsa_bits=3072)
    assert reason_of(decide(kit, usual, weak=strict)) is Reason.WEAK_KEY


def test_a_remembered_intermediate_completes_a_resumed_session(kit: Kit) -> None:
    showing = below()(kit)
    keeper, memory = keeper_for(showing.anchors), Intermediates()
    first = judge(Presented("d", showing.leaf.der, showing.leaf.chain), keeper, memory, kit.now)
    assert isinstance(first, Admitted)
    memory.remember(first.path)
    resumed = judge(Presented("d", showing.leaf.der), keeper, memory, kit.now)
    assert resumed == first


def test_a_remembered_intermediate_stands_in_for_an_expired_one_that_is_sent(kit: Kit) -> None:
    root = kit.root("root")
    old = kit.intermediate(root, "mid", not_after=kit.now - DAY)
    new = kit.intermediate(root, "mid2", common_name="mid", key=old.key)
    memory = Intermediates()
    memory.remember((old.certificate, new.certificate, root.certificate))
    leaf = kit.client(old, "leaf")
    decision = judge(Presented("d", leaf.der, leaf.chain), keeper_for((root,)), memory, kit.now)
    assert isinstance(decision, Admitted)


def test_a_remembered_intermediate_is_no_anchor_for_another_policy(kit: Kit) -> None:
    showing = below()(kit)
    memory = Intermediates()
    memory.remember(
        (showing.leaf.certificate, showing.chain[0].certificate, kit.root("x").certificate)
    )
    other = keeper_for((kit.root("other"),))
    decision = judge(Presented("d", showing.leaf.der), other, memory, kit.now)
    assert reason_of(decision) is Reason.ISSUER_MISSING


@pytest.mark.parametrize("row", ROWS[::5], ids=lambda row: row.name)
def test_a_walk_ends_in_the_same_decision_and_in_the_step_that_decided(kit: Kit, row: Row) -> None:
    showing = row.make(kit)
    keeper = keeper_for(showing.anchors)
    presented = Presented("default", showing.leaf.der, tuple(made.der for made in showing.chain))
    told = walk(presented, keeper, Intermediates(), kit.now)
    assert told.decision == judge(presented, keeper, Intermediates(), kit.now)
    assert all(step.passed for step in told.steps[:-1])
    assert told.steps[-1].passed is isinstance(told.decision, Admitted)
    assert all(step.detail for step in told.steps)


def test_judging_twice_says_the_same(kit: Kit) -> None:
    for row in ROWS[:12]:
        showing = row.make(kit)
        assert decide(kit, showing) == decide(kit, showing)


def test_one_keeper_judges_by_the_time_it_is_given(kit: Kit) -> None:
    showing = direct()(kit)
    keeper, presented = keeper_for(showing.anchors), Presented("d", showing.leaf.der)
    for _ in range(2):
        late = judge(presented, keeper, Intermediates(), kit.now + 40 * DAY)
        early = judge(presented, keeper, Intermediates(), kit.now - 40 * DAY)
        assert reason_of(late) is Reason.CERTIFICATE_EXPIRED
        assert reason_of(early) is Reason.NOT_YET_VALID
        assert reason_of(judge(presented, keeper, Intermediates(), kit.now)) is None


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_bytes_make_the_judge_fall_over(kit: Kit, data: st.DataObject) -> None:
    showing = _SHARED.setdefault("showing", below(client={"dns": ["a.example"]})(kit))
    leaf, chain = bytearray(showing.leaf.der), bytearray(showing.chain[0].der)
    target = data.draw(st.sampled_from([leaf, chain]))
    for _ in range(data.draw(st.integers(1, 4))):
        target[data.draw(st.integers(0, len(target) - 1))] = data.draw(st.integers(0, 255))
    decision = judge(
        Presented("d", bytes(leaf), (bytes(chain), data.draw(st.binary(max_size=40)))[:1]),
        keeper_for(showing.anchors),
        Intermediates(),
        kit.now,
    )
    intact = bytes(leaf) == showing.leaf.der
    assert isinstance(decision, Refused) or intact


_SHARED: dict[str, Showing] = {}


def test_clients_made_by_the_classic_openssl_commands_are_admitted(
    kit: Kit, tmp_path: Path
) -> None:
    """The commands every mutual TLS tutorial gives: version 1, no extensions, serial 01."""
    for command in (
        "genrsa -out rootCA.key 2048",
        "req -x509 -new -nodes -key rootCA.key -sha256 -days 1024 -out rootCA.pem -subj /CN=Root",
        "req -nodes -newkey rsa:2048 -keyout client.key -out client.csr -subj /CN=client",
        "x509 -req -days 365 -in client.csr -CA rootCA.pem -CAkey rootCA.key -set_serial 01"
        " -out client.crt",
    ):
        subprocess.run(["openssl", *command.split()], cwd=tmp_path, check=True, capture_output=True)
    (root,) = read_certificates((tmp_path / "rootCA.pem").read_bytes())
    (client,) = read_certificates((tmp_path / "client.crt").read_bytes())
    keeper = Keeper(TrustPolicy(anchors=(root,)))
    now = client.not_before + timedelta(minutes=1)
    assert isinstance(judge(Presented("d", client.der), keeper, Intermediates(), now), Admitted)
