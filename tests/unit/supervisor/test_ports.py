import os
import socket

import pytest

from ostiary.supervisor.ports import Address, PortInUse, PortUnavailable, ensure_free


def listening(host: str = "127.0.0.1") -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family)
    # Both, as HAProxy does: the first must not hide it, the second not block it after its end.
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((host, 0))
    server.listen()
    return server


def test_a_port_held_by_no_listener_is_in_use_by_nobody_known() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(PortInUse, match="it is in use") as caught:
            ensure_free([Address("127.0.0.1", bound.getsockname()[1])])
        assert caught.value.holder is None


@pytest.mark.parametrize("asked", ["127.0.0.1", "", "*", "0.0.0.0", "localhost"])
def test_a_port_in_use_is_told_with_its_holder(asked: str) -> None:
    with listening() as server:
        address = Address(asked, server.getsockname()[1])
        with pytest.raises(PortInUse, match=f"process {os.getpid()} ") as caught:
            ensure_free([address])
        assert caught.value.address == address
        assert str(address) in str(caught.value)


def test_a_free_port_is_free_and_still_free_after_the_question() -> None:
    with listening() as server:
        port = server.getsockname()[1]
    for _ in range(2):
        ensure_free([Address("127.0.0.1", port)])


def test_a_port_with_connections_in_time_wait_is_free() -> None:
    with listening() as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()
        client.recv(1)
        client.close()
    ensure_free([Address("127.0.0.1", port)])


def test_the_second_of_two_addresses_is_looked_at_too() -> None:
    with listening() as free, listening() as taken:
        open_port, taken_port = (each.getsockname()[1] for each in (free, taken))
        free.close()
        with pytest.raises(PortInUse):
            ensure_free([Address("127.0.0.1", open_port), Address("127.0.0.1", taken_port)])


@pytest.mark.parametrize(
    ("host", "port", "sentence"),
    [
        ("192.0.2.1", 8443, "no interface of this host"),
        ("no-such-host.invalid", 8443, "the name is not known here"),
        ("127.0.0.1", 70000, "no such port"),
        ("127.0.0.1", 0, "no such port"),
        ("a" * 300, 1, "the name is not known here"),
    ],
)
def test_an_address_that_is_not_ours_is_told(host: str, port: int, sentence: str) -> None:
    with pytest.raises(PortUnavailable, match=sentence) as caught:
        ensure_free([Address(host, port)])
    assert not isinstance(caught.value, PortInUse)


def test_an_ipv6_address_is_printed_in_brackets() -> None:
    assert str(Address("::1", 443)) == "[::1]:443"
    assert str(Address("", 443)) == "*:443"
