"""The codes are a contract: in logs, tables and documents of other people."""

from ostiary.trust.reason import ADMITTED_CODE, Reason, reason_of_code

FROZEN = {
    "unknown-entry": 2,
    "no-trust-anchors": 3,
    "no-certificate": 4,
    "no-answer": 5,
    "malformed-certificate": 6,
    "hostile-name": 7,
    "chain-too-large": 8,
    "certificate-expired": 9,
    "not-yet-valid": 10,
    "issuer-missing": 11,
    "untrusted-issuer": 12,
    "wrong-purpose": 13,
    "issuer-not-a-ca": 14,
    "path-too-long": 15,
    "name-constraint-violated": 16,
    "certificate-policy-violated": 17,
    "signature-invalid": 18,
    "critical-extension-unknown": 19,
    "weak-key": 20,
    "weak-digest": 21,
    "path-refused": 22,
    "revoked": 23,
    "revocation-undetermined": 24,
    "name-not-trusted": 25,
    "denied-by-rule": 26,
    "header-malformed": 27,
    "header-repeated": 28,
    "header-too-large": 29,
    "blocked": 30,
}


def test_no_code_ever_changes() -> None:
    assert {reason.value: reason.code for reason in Reason} == FROZEN


def test_no_two_reasons_share_a_number_and_none_means_admitted() -> None:
    codes = [reason.code for reason in Reason]
    assert len(set(codes)) == len(codes)
    assert ADMITTED_CODE not in codes
    assert all(2 <= code <= 99 for code in codes)


def test_every_reason_says_what_happened_and_what_to_do() -> None:
    for reason in Reason:
        assert reason.sentence
        assert reason.way_out
        assert not reason.sentence.endswith(".")


def test_a_reason_is_found_by_its_value() -> None:
    assert Reason("weak-key") is Reason.WEAK_KEY


def test_a_reason_is_found_by_its_number_and_admission_is_none() -> None:
    assert all(reason_of_code(reason.code) is reason for reason in Reason)
    assert reason_of_code(ADMITTED_CODE) is None
    assert reason_of_code(99) is None
