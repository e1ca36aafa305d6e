"""What real HAProxies said, recorded by ``tests/vectors/spop/capture.py``."""

from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest

from ostiary.spoe.connection import AgentConnection
from ostiary.spoe.events import Departed, Event, Greeted, Notify, Refused
from ostiary.spoe.frames import encode_frame, encode_messages, read_frame
from ostiary.spoe.values import Kind

VECTORS = Path(__file__).parents[2] / "vectors" / "spop"
ENGINES = ("haproxy-2.6", "haproxy-2.8")
SCENES = sorted(VECTORS.glob("haproxy-*/*.txt"))


def said(path: Path) -> dict[str, list[bytes]]:
    """HAProxy's frames by connection."""
    spoken: dict[str, list[bytes]] = {}
    for line in path.read_text().splitlines():
        number, speaker, frame = line.split()
        if speaker == "haproxy":
            spoken.setdefault(number, []).append(bytes.fromhex(frame))
    return spoken


def heard(path: Path) -> list[Event]:
    """Every event of every connection of a scene."""
    events = []
    for frames in said(path).values():
        connection = AgentConnection()
        events += connection.receive_data(b"".join(frames))
    return events


def test_both_engines_were_recorded_in_the_same_scenes() -> None:
    scenes = [{path.name for path in SCENES if path.parent.name == engine} for engine in ENGINES]
    assert scenes[0] == scenes[1]
    assert len(scenes[0]) == 7


@pytest.mark.parametrize("path", SCENES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_everything_a_real_haproxy_said_is_understood(path: Path) -> None:
    events = heard(path)
    assert events
    assert not any(isinstance(event, Refused) for event in events)
    assert len(events) == sum(len(frames) for frames in said(path).values())


@pytest.mark.parametrize("path", SCENES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_recorded_frame_encodes_back_to_its_bytes(path: Path) -> None:
    for frames in said(path).values():
        for wire in frames:
            found = read_frame(wire, 0, 65532)
            assert isinstance(found, tuple)
            assert encode_frame(found[0]) == wire


@pytest.mark.parametrize("engine", ENGINES)
def test_every_type_of_argument_means_what_the_configuration_said(engine: str) -> None:
    questions = [
        event for event in heard(VECTORS / engine / "typed.txt") if isinstance(event, Notify)
    ]
    assert len(questions) == 2
    typed, judge = questions[0].messages
    assert typed.name == "typed"
    assert typed.arguments == {
        "yes": True,
        "no": False,
        "small": 5,
        "more": 300,
        "less": -5,
        "v4": IPv4Address("192.0.2.1"),
        "v6": IPv6Address("2001:db8::1"),
        "text": "word",
        "raw": b"\x00\xff\x10",
        "nothing": None,
        "": "unnamed",
    }
    assert judge.arguments == {"entry": "api", "cert": bytes(range(30)), "chain": None}


@pytest.mark.parametrize("engine", ENGINES)
def test_our_encoding_of_messages_is_haproxys(engine: str) -> None:
    wire = said(VECTORS / engine / "certificate.txt")["1"][1]
    found = read_frame(wire, 0, 65532)
    assert isinstance(found, tuple)
    (event,) = [e for e in heard(VECTORS / engine / "certificate.txt") if isinstance(e, Notify)][:1]
    assert encode_messages(event.messages) == found[0].payload
    assert found[0].payload.endswith(bytes((Kind.NULL,)))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("scene", "size"), [("typed", 16380), ("wide-buffer", 65532)])
def test_haproxy_offers_its_buffer_less_four_bytes(engine: str, scene: str, size: int) -> None:
    greeting = heard(VECTORS / engine / f"{scene}.txt")[0]
    assert isinstance(greeting, Greeted)
    assert greeting.max_frame_size == size


@pytest.mark.parametrize("engine", ENGINES)
def test_a_health_check_is_known_as_one(engine: str) -> None:
    events = heard(VECTORS / engine / "health-check.txt")
    assert all(isinstance(event, Greeted) and event.healthcheck for event in events)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("scene", "status"), [("idle", 2), ("old-version", 8)])
def test_haproxy_says_why_it_leaves(engine: str, scene: str, status: int) -> None:
    last = heard(VECTORS / engine / f"{scene}.txt")[-1]
    assert isinstance(last, Departed)
    assert last.status == status
