"""Says whether a host may be called: only addresses of the public internet, never one inside the customer's network."""

import ipaddress
import socket
from collections.abc import Callable, Sequence

Resolve = Callable[[str, int], Sequence[str]]
"""The IP addresses of a host name, for a port. Raises OSError where there are none."""

_PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")
"""For machines that speak to themselves; not every Python knows that of all of it."""
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


class NotPublic(Exception):
    """The host is inside a network, or is this machine. The message has its name and the next step."""


def resolved(host: str, port: int) -> Sequence[str]:
    """Asks the system's resolver. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return tuple(dict.fromkeys(str(one[4][0]) for one in found))


def checked_addresses(
    host: str, port: int, *, allow_loopback: bool = False, resolve: Resolve = resolved
) -> tuple[str, ...]:
    """The IP addresses to connect to, and to no other: who asks for the name again may get another answer.

    Raises OSError where the name is unknown, and NotPublic if any of its addresses is not public: a name that has both
    sorts is somebody's trick or mistake.
    """
    addresses = [ipaddress.ip_address(one.partition("%")[0]) for one in resolve(host, port)]
    if not addresses:
        raise OSError(f"{host} has no address")
    for one in addresses:
        if not (is_public(one) or (allow_loopback and _plain(one).is_loopback)):
            raise NotPublic(
                f"{host} leads to {one}, which is no address of the public internet; nothing is sent there. "
                "Give an address that everybody can reach."
            )
    return tuple(str(one) for one in addresses)


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is of the public internet, however it is wrapped: an IPv4 address inside an IPv6 one counts
    as itself. Private, shared, link-local (the cloud's metadata), loopback, multicast and reserved ones are not."""
    plain = _plain(address)
    if isinstance(plain, ipaddress.IPv6Address) and (plain.teredo or plain.is_site_local):
        return False
    if isinstance(plain, ipaddress.IPv4Address) and plain in _PROTOCOLS:
        return False
    return plain.is_global and not plain.is_multicast and not plain.is_reserved and not plain.is_unspecified


def _plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if any(address in network for network in _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    # ::a.b.c.d, deprecated, is still taken for a.b.c.d by some systems.
    compatible = int(address) >> 32 == 0 and int(address) > 1
    return address.ipv4_mapped or address.sixtofour or (ipaddress.IPv4Address(int(address)) if compatible else address)
