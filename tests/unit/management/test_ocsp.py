"""OCSP as operators see it: the responders of the file and of certificates, and what happens."""

from datetime import timedelta

from ostiary.services.ocsp_state import OcspState, ResponderState
from tests.support.desk import CONFIG, DeskRig, prepared_of

A, B = "http://a.example/", "http://b.example/"
AUTH = """
clientCertificateAuth:
  type: certificate
  revocation:
    grace: 1h
    ocsp: {responders: %s}
"""


def serve(desk: DeskRig, text: str = AUTH % A) -> None:
    desk.gatekeeper.serve(prepared_of(desk.kit, CONFIG + text, desk.clock.now))


def responder(url: str, **more: object) -> ResponderState:
    well = {"answers": 0, "failures": 0, "error": "", "left_alone_until": None}
    return ResponderState(url=url, **{**well, **more})  # type: ignore[arg-type]  # passed on as given


def test_where_ocsp_is_not_asked_there_is_nothing_to_see(desk: DeskRig) -> None:
    assert desk.management.revocations.view().ocsp is None


def test_responders_of_the_file_come_first_asked_or_not(desk: DeskRig) -> None:
    serve(desk)
    later = desk.clock.now + timedelta(minutes=5)
    desk.gatekeeper.told = OcspState(
        good=2,
        revoked=1,
        ends=later,
        responders=(responder(B, failures=3, error="no answer", left_alone_until=later),),
    )
    found = desk.management.revocations.view().ocsp
    assert found is not None
    assert (found.good, found.revoked, found.unknown, found.ends) == (2, 1, 0, later)
    a, b = found.responders
    assert (a.url, a.named, a.answers, a.error) == (A, True, 0, "")
    assert (b.url, b.named, b.failures, b.left_alone_until) == (B, False, 3, later)


def test_what_happens_without_an_answer_is_told_by_mode(desk: DeskRig) -> None:
    serve(desk)
    found = desk.management.revocations.view().ocsp
    assert found is not None
    assert found.then == (
        "strict at the gateway: its clients are refused, 1h after that, as revocation-undetermined",
    )
