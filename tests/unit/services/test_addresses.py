"""Addresses are told apart by who may be reached there, however they are written."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.services.addresses import Reach, is_among, meant, reach_of

WORLD = ["1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111"]
SITE = [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "100.64.0.1", "198.18.0.1", "192.0.2.1", "::1", "fc00::1", "fd12::1", "fec0::1",
    "2001:db8::1", "5f00::1", "100::1", "4000::1",
]  # fmt: skip
NEVER = [
    "169.254.169.254", "169.254.1.1", "100.100.100.200", "168.63.129.16", "0.0.0.0", "0.1.2.3",
    "224.0.0.1", "255.255.255.255", "240.0.0.1", "::", "fe80::1", "ff02::1", "fd00:ec2::254",
    "2001::1", "64:ff9b:1::a9fe:a9fe",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "reach"),
    [
        *((one, Reach.PUBLIC) for one in WORLD),
        *((one, Reach.PRIVATE) for one in SITE),
        *((one, Reach.NEVER) for one in NEVER),
    ],
)
def test_who_is_reached_at_an_address(text: str, reach: Reach) -> None:
    assert reach_of(ip_address(text)) is reach


def _disguises(inner: IPv4Address) -> list[IPv6Address]:
    number = int(inner)
    return [
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address((0x64FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80) | 1),
        IPv6Address((0xFFFF << 48) | number),
    ]


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_an_ipv6_one_is_judged_as_what_it_is(inner: IPv4Address) -> None:
    for outer in _disguises(inner):
        assert meant(outer) == inner
        assert reach_of(outer) is reach_of(inner)


@given(st.ip_addresses(v=4, network="169.254.0.0/16"))
def test_no_disguise_leads_to_link_local(inner: IPv4Address) -> None:
    compatible = IPv6Address(int(inner))
    assert {reach_of(one) for one in (inner, compatible, *_disguises(inner))} == {Reach.NEVER}


@given(st.ip_addresses())
def test_what_python_takes_for_private_is_never_public(
    address: IPv4Address | IPv6Address,
) -> None:
    if reach_of(address) is Reach.PUBLIC and meant(address) == address:
        assert address.is_global
        assert not address.is_multicast


def test_a_named_network_holds_an_address_in_disguise_too() -> None:
    named = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    assert is_among(ip_address("::ffff:10.1.2.3"), named)
    assert is_among(ip_address("fd00::1"), named)
    assert not is_among(ip_address("11.0.0.1"), named)
