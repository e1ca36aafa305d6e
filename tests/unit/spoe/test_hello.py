"""What is taken from HAProxy's offer."""

import pytest

from ostiary.spoe.hello import agree
from ostiary.spoe.status import Malformed, Status
from ostiary.spoe.values import Value


def offer(**changes: Value) -> dict[str, Value]:
    usual: dict[str, Value] = {
        "supported-versions": "2.0",
        "max-frame-size": 16380,
        "capabilities": "pipelining,async",
        "engine-id": "e",
    }
    return usual | {name.replace("_", "-"): value for name, value in changes.items()}


@pytest.mark.parametrize(("offered", "agreed"), [(16380, 16380), (65532, 65532), (131068, 65532)])
def test_the_smaller_frame_size_wins(offered: int, agreed: int) -> None:
    assert agree(offer(max_frame_size=offered), 65532).max_frame_size == agreed


def test_only_what_both_can_do_is_agreed() -> None:
    assert agree(offer(capabilities="async , pipelining"), 999).capabilities == {"pipelining"}
    assert agree(offer(capabilities="async"), 999).capabilities == frozenset()
    assert agree(offer(capabilities=""), 999).capabilities == frozenset()


@pytest.mark.parametrize("versions", ["2.0", "2.7", "1.5, 2.0", "3.0 ,2.1"])
def test_any_list_with_our_major_version_will_do(versions: str) -> None:
    assert agree(offer(supported_versions=versions), 999).engine_id == "e"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"supported_versions": None}, Status.NO_VERSION),
        ({"supported_versions": 2}, Status.NO_VERSION),
        ({"supported_versions": "1.0,20.0"}, Status.UNSUPPORTED_VERSION),
        ({"supported_versions": ""}, Status.UNSUPPORTED_VERSION),
        ({"max_frame_size": None}, Status.NO_MAX_FRAME_SIZE),
        ({"max_frame_size": True}, Status.NO_MAX_FRAME_SIZE),
        ({"max_frame_size": 255}, Status.BAD_MAX_FRAME_SIZE),
        ({"max_frame_size": -1}, Status.BAD_MAX_FRAME_SIZE),
        ({"capabilities": None}, Status.NO_CAPABILITIES),
    ],
)
def test_an_offer_we_cannot_take_is_refused_with_its_status(
    changes: dict[str, Value], status: Status
) -> None:
    with pytest.raises(Malformed) as refusal:
        agree(offer(**changes), 65532)
    assert refusal.value.status is status


def test_only_a_true_healthcheck_is_one() -> None:
    assert agree(offer(healthcheck=True), 999).healthcheck
    assert not agree(offer(healthcheck=False), 999).healthcheck
    assert not agree(offer(healthcheck=1), 999).healthcheck
    assert not agree(offer(), 999).healthcheck
