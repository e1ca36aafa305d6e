"""OCSP: questions that can be read, answers that openssl believes, and bytes that are neither."""

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.ca.authority import Issued, new_root
from ostiary.ca.dice import SystemDice
from ostiary.ca.ocsp import (
    LARGEST_QUESTION,
    Failure,
    Good,
    Malformed,
    NoResponder,
    Question,
    Responder,
    Revoked,
    Status,
    Unknown,
    names_of,
    read_question,
    read_questions,
)
from ostiary.ca.requests import key_to_certify
from ostiary.ca.signing import Purpose, Reason, Signer, naming_of
from ostiary.x509.certificate import Certificate, parse
from ostiary.x509.keys import KeyKind

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
DICE = SystemDice()


class House:
    """A root that signs a client and a responder."""

    def __init__(self, kind: KeyKind) -> None:
        self.root: Issued = new_root("root", NOW, DICE, kind=kind)
        signer = Signer(self.root.certificate, self.root.key)
        client, key = DICE.key(KeyKind.EC), DICE.key(KeyKind.EC)
        self.client = parse(
            signer.sign(
                naming_of("device", {}, ()),
                key_to_certify(client.public_der()),
                Purpose.CLIENT,
                serial=DICE.serial(),
                now=NOW,
                days=30,
            ).der
        )
        signed = signer.sign_responder(
            naming_of("root OCSP", {}, ()),
            key_to_certify(key.public_der()),
            serial=DICE.serial(),
            now=NOW,
            days=7,
        )
        self.pem = key.pem() + parse(signed.der).pem
        self.responder = Responder(self.pem)

    def question(
        self, nonce: bytes | None = None, digest: hashes.HashAlgorithm | None = None
    ) -> bytes:
        builder = ocsp.OCSPRequestBuilder().add_certificate(
            self.client.native, self.root.certificate.native, digest or hashes.SHA1()
        )
        if nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder.build().public_bytes(Encoding.DER)

    def answer(self, status: Status, question: Question | None = None) -> bytes:
        return self.responder.answer(
            question or read_question(self.question()),
            status,
            this_update=NOW,
            next_update=NOW + HOUR,
        )


@pytest.fixture(scope="module", params=[KeyKind.EC, KeyKind.RSA, KeyKind.ED25519])
def house(request: pytest.FixtureRequest) -> House:
    return House(request.param)


@pytest.fixture(scope="module")
def usual() -> House:
    return House(KeyKind.EC)


def openssl(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["openssl", *map(str, arguments)], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("status", "word"),
    [(Good(), "good"), (Revoked(NOW, Reason.KEY_COMPROMISE), "revoked"), (Unknown(), "unknown")],
)
def test_openssl_believes_an_answer(
    house: House, status: Status, word: str, tmp_path: Path
) -> None:
    (tmp_path / "root").write_bytes(house.root.certificate.pem)
    (tmp_path / "device").write_bytes(house.client.pem)
    (tmp_path / "answer").write_bytes(house.answer(status))
    done = openssl(
        tmp_path, "ocsp", "-respin", "answer", "-issuer", "root", "-cert", "device",
        "-CAfile", "root", "-no_nonce",
    )  # fmt: skip
    assert "Response verify OK" in done.stderr
    assert f"device: {word}" in done.stdout


@pytest.mark.parametrize(
    "digest", [hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()]
)
def test_a_question_names_its_authority_by_any_usual_digest(
    house: House, digest: hashes.HashAlgorithm
) -> None:
    question = read_question(house.question(digest=digest))
    assert question.issuer in set(names_of(house.root.certificate))
    assert question.serial == house.client.serial
    answer = ocsp.load_der_ocsp_response(house.answer(Good(), question))
    assert answer.issuer_key_hash == question.issuer.key
    assert answer.hash_algorithm.name == digest.name


def test_a_nonce_comes_back_and_none_is_added(usual: House) -> None:
    for nonce in (None, b"n", b"n" * 32, b"n" * 128):
        question = read_question(usual.question(nonce))
        assert question.nonce == nonce
        said = list(ocsp.load_der_ocsp_response(usual.answer(Good(), question)).extensions)
        assert [one.value for one in said] == ([x509.OCSPNonce(nonce)] if nonce else [])


@pytest.mark.parametrize("nonce", [b"", b"n" * 129])
def test_a_nonce_of_a_length_that_is_not_allowed_is_refused(usual: House, nonce: bytes) -> None:
    with pytest.raises(Malformed, match="nonce"):
        read_question(usual.question(nonce))


def test_a_critical_extension_that_is_not_known_is_refused(usual: House) -> None:
    native = (
        ocsp.OCSPRequestBuilder()
        .add_certificate(usual.client.native, usual.root.certificate.native, hashes.SHA1())
        .add_extension(
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0"), critical=True
        )
        .build()
    )
    with pytest.raises(Malformed, match=r"1\.2\.3\.4"):
        read_question(native.public_bytes(Encoding.DER))


def test_an_answer_does_not_outlive_the_certificate_that_signs_it(usual: House) -> None:
    question = read_question(usual.question())
    der = usual.responder.answer(
        question, Good(), this_update=NOW, next_update=NOW + timedelta(days=90)
    )
    found = ocsp.load_der_ocsp_response(der)
    assert found.next_update_utc == usual.responder.certificate.not_after


def test_a_responder_may_do_nothing_else_and_is_not_asked_about(usual: House) -> None:
    extensions = usual.responder.certificate.native.extensions
    assert usual.responder.certificate.extended_key_usages == ("1.3.6.1.5.5.7.3.9",)
    assert extensions.get_extension_for_class(x509.OCSPNoCheck)
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_reason_is_told_unless_there_is_none(usual: House) -> None:
    for reason in Reason:
        found = ocsp.load_der_ocsp_response(usual.answer(Revoked(NOW, reason)))
        flag = found.revocation_reason
        assert (flag.value if flag else "unspecified") == reason.value
        assert found.revocation_time_utc == NOW


def test_failures_are_what_openssl_reads_as_such(tmp_path: Path) -> None:
    words = {
        Failure.MALFORMED_REQUEST: "malformedrequest",
        Failure.INTERNAL_ERROR: "internalerror",
        Failure.TRY_LATER: "trylater",
        Failure.UNAUTHORIZED: "unauthorized",
    }
    for failure, word in words.items():
        (tmp_path / "answer").write_bytes(failure.der)
        done = openssl(tmp_path, "ocsp", "-respin", "answer", "-resp_text", "-noverify")
        assert word in done.stdout + done.stderr


def test_key_and_certificate_of_a_responder_belong_together(usual: House) -> None:
    other = House(KeyKind.EC)
    for pem in (b"", b"nothing", usual.responder.certificate.pem, other.root.key.pem() + usual.pem):
        with pytest.raises(NoResponder):
            Responder(pem)


def mutilated(der: bytes, at: int, byte: int) -> bytes:
    return der[:at] + bytes([byte]) + der[at + 1 :]


def refused_or_read(der: bytes, authority: Certificate, responder: Responder) -> None:
    """Nothing but Malformed comes out; what is read can be answered."""
    try:
        question = read_question(der)
    except Malformed:
        return
    assert question.issuer not in set(names_of(authority)) or isinstance(question.serial, int)
    responder.answer(question, Unknown(), this_update=NOW, next_update=NOW + HOUR)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_bytes_that_are_no_question_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_questions(data)


WHOLE = House(KeyKind.EC)
QUESTION = WHOLE.question(b"n" * 16)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(QUESTION) - 1), st.integers(0, 255))
def test_a_question_with_a_wrong_byte_is_refused_or_answered(at: int, byte: int) -> None:
    refused_or_read(mutilated(QUESTION, at, byte), WHOLE.root.certificate, WHOLE.responder)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(QUESTION)), st.binary(max_size=8))
def test_a_question_that_breaks_off_or_goes_on_is_refused(cut: int, more: bytes) -> None:
    data = QUESTION[:cut] + more
    if data != QUESTION:
        refused_or_read(data, WHOLE.root.certificate, WHOLE.responder)


def test_too_long_a_question_is_not_read() -> None:
    with pytest.raises(Malformed, match="more than"):
        read_questions(b"\x30" * (LARGEST_QUESTION + 1))


def asked_by_openssl(folder: Path, house: House, serials: list[int], *words: str) -> bytes:
    """One request about so many certificates."""
    (folder / "root").write_bytes(house.root.certificate.pem)
    about = [word for serial in serials for word in ("-serial", f"0x{serial:x}")]
    done = openssl(folder, "ocsp", "-issuer", "root", *about, "-reqout", "question", *words)
    assert done.returncode == 0, done.stderr
    return (folder / "question").read_bytes()


@pytest.mark.parametrize("nonce", ["-nonce", "-no_nonce"])
def test_openssl_believes_an_answer_about_several_certificates(
    house: House, tmp_path: Path, nonce: str
) -> None:
    serials = [7, 2**127 + 5, 9]
    questions = read_questions(asked_by_openssl(tmp_path, house, serials, nonce))
    assert [one.serial for one in questions] == serials
    assert {one.issuer for one in questions} < set(names_of(house.root.certificate))
    statuses: list[Status] = [Good(), Revoked(NOW, Reason.SUPERSEDED), Unknown()]
    answer = house.responder.answer_several(
        list(zip(questions, statuses, strict=True)), this_update=NOW, next_update=NOW + HOUR
    )
    (tmp_path / "answer").write_bytes(answer)
    done = openssl(
        tmp_path, "ocsp", "-respin", "answer", "-reqin", "question", "-issuer", "root",
        "-CAfile", "root", "-resp_text",
    )  # fmt: skip
    assert "Response verify OK" in done.stderr
    assert "WARNING" not in done.stderr
    found = re.findall(r"Serial Number: (\w+)\n +Cert Status: (\w+)", done.stdout)
    assert [(int(serial, 16), word) for serial, word in found] == [
        (serials[0], "good"),
        (serials[1], "revoked"),
        (serials[2], "unknown"),
    ]


def test_an_answer_about_several_is_as_long_as_it_must_be(usual: House, tmp_path: Path) -> None:
    """Lengths of one, two and three octets."""
    for count in (2, 20):
        questions = read_questions(asked_by_openssl(tmp_path, usual, list(range(1, count + 1))))
        answer = usual.responder.answer_several(
            [(one, Good()) for one in questions], this_update=NOW, next_update=NOW + HOUR
        )
        (tmp_path / "answer").write_bytes(answer)
        done = openssl(tmp_path, "ocsp", "-respin", "answer", "-CAfile", "root", "-resp_text")
        assert done.stdout.count("Cert Status: good") == count
        assert "Response verify OK" in done.stderr


def test_more_than_a_few_certificates_are_not_asked_about_at_once(
    usual: House, tmp_path: Path
) -> None:
    with pytest.raises(Malformed, match="21 certificates"):
        read_questions(asked_by_openssl(tmp_path, usual, list(range(1, 22))))


def test_one_question_is_read_the_same_way_by_itself(usual: House) -> None:
    for nonce in (None, b"n" * 16):
        der = usual.question(nonce)
        assert read_questions(der) == (read_question(der),)


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return asked_by_openssl(tmp_path_factory.mktemp("several"), WHOLE, [1, 2])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_several_questions_with_a_wrong_byte_or_end_are_refused_or_answered(
    several: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(several) - 1))
    byte = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(several)) | st.just(len(several)))
    try:
        questions = read_questions(mutilated(several, at, byte)[:cut])
    except Malformed:
        return
    asked: list[tuple[Question, Status]] = [(one, Unknown()) for one in questions]
    WHOLE.responder.answer_several(asked, this_update=NOW, next_update=NOW + HOUR)
