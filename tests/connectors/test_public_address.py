"""Only hosts of the public internet are called, whatever name or spelling leads elsewhere."""

import ipaddress

import pytest

from connectors.public_address import NotPublic, checked_addresses, is_public

PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
INSIDE = [
    "127.0.0.1", "127.8.9.1", "0.1.2.3", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "169.254.0.1", "192.0.0.8", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1", "2001::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::", "2002:a00:1::1", "::127.0.0.1", "::10.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
    assert checked_addresses("hooks.example", 443, resolve=lambda _host, _port: [address])


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_refused_however_they_are_wrapped(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(NotPublic, match=r"hooks\.example leads to .* which is no address of the public internet"):
        checked_addresses("hooks.example", 443, resolve=lambda _host, _port: [address])


def test_a_name_with_one_address_inside_is_refused_as_a_whole() -> None:
    with pytest.raises(NotPublic):
        checked_addresses("hooks.example", 443, resolve=lambda _host, _port: ["8.8.8.8", "10.0.0.1"])


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "0x7f.1", "2130706433"])
def test_every_spelling_of_this_machine_is_refused(host: str) -> None:
    with pytest.raises(NotPublic):
        checked_addresses(host, 443)


def test_only_this_machine_is_what_development_may_allow() -> None:
    assert set(checked_addresses("localhost", 80, allow_loopback=True)) <= {"127.0.0.1", "::1"}
    with pytest.raises(NotPublic):
        checked_addresses("hooks.example", 80, allow_loopback=True, resolve=lambda _host, _port: ["10.0.0.1"])


def test_a_name_without_an_address_is_no_refusal() -> None:
    with pytest.raises(OSError, match="has no address"):
        checked_addresses("hooks.example", 443, resolve=lambda _host, _port: [])
