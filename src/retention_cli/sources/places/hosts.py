"""Where the host of an address leads: it is looked up once, what that gave is judged, and nothing else is talked to.

By itself only addresses of the public internet are; this machine, private networks and what lies beside a machine in a
cloud (169.254.169.254 gives its keys away) must be allowed by the source. What is judged is the address that a look-up
gives, so that no spelling matters (2130706433, 0x7f.1, localhost.), and no second answer of a name server.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from retention_cli.errors import DataUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONNECT, SILENCE = 10, 30
"""Seconds: for a connection to be there, and between two signs of life on it."""
ALLOW = "if that is meant, write allow_private: true at the source"
_WRAPPED = ip_network("64:ff9b::/96")  # an IPv4 address as networks without IPv4 write it
_NOT_PUBLIC = tuple(map(ip_network, ("::/96", "64:ff9b:1::/48", "fec0::/10", "192.88.99.0/24")))  # which `is_global` does not know


def _looked_up(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class Wire:
    """How names are looked up, and how an address is talked to."""

    look_up: Callable[[str, int], Sequence[str]] = _looked_up
    dial: Callable[[tuple[str, int], float], socket.socket] = socket.create_connection


@dataclass(frozen=True, slots=True)
class Route:
    """The addresses that a host had when it was looked up, all of them allowed; `lines` are the connections that were made."""

    addresses: tuple[str, ...]
    port: int
    wire: Wire = Wire()
    lines: list[socket.socket] = field(default_factory=list)

    def connect(self) -> socket.socket:
        """Return a connection to the first that answers; raises OSError where none does."""
        fault = OSError("it has no address")
        for address in self.addresses:
            try:
                line = self.wire.dial((address, self.port), CONNECT)
            except OSError as error:
                fault = error
                continue
            line.settimeout(SILENCE)
            return line
        raise fault


def route_to(host: str, port: int, shown: str, *, private: bool, wire: Wire | None = None) -> Route:
    """Look a host up and return the way there; raises DataUnreachable where it is unknown, or leads where the source may not go."""
    wire = wire or Wire()
    try:
        addresses = tuple(dict.fromkeys(wire.look_up(host.rstrip("."), port)))
    except (OSError, UnicodeError) as error:
        raise DataUnreachable(f"{shown} cannot be fetched: its host is not known", "is the address right?") from error
    barred = next((address for address in addresses if not is_public(address)), None)
    if barred is not None and not private:
        raise DataUnreachable(f"{shown} leads to {barred}, {_place_of(barred)}", ALLOW)
    return Route(addresses, port, wire)


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, however it is wrapped into another."""
    found = _plain(address)
    return found.is_global and not found.is_multicast and not any(found in network for network in _NOT_PUBLIC)


def is_loopback(host: str) -> bool:
    """Whether a host, as it is written, is this machine itself."""
    if host.rstrip(".") == "localhost":
        return True
    try:
        return _plain(host).is_loopback
    except ValueError:
        return False


def _plain(address: str) -> IPv4Address | IPv6Address:
    """Return an address, or the one that it holds."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv4Address):
        return found
    held = found.ipv4_mapped or found.sixtofour
    return held or (IPv4Address(found.packed[-4:]) if found in _WRAPPED else found)


def _place_of(address: str) -> str:
    found = _plain(address)
    if found.is_loopback or found.is_unspecified:
        return "this machine itself"
    return "where a cloud keeps a machine's keys" if found.is_link_local else "no address of the public internet"
