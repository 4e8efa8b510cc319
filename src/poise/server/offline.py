"""No connection to anywhere but this machine, whoever in the process tries: what `--no-network` switches on."""

from __future__ import annotations

import ipaddress
import sys
from typing import Any

from poise.errors import NetworkForbidden

_ASKED = ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname")


def forbid_network() -> None:
    """Refuse, for the rest of the process, every connection and look-up that leads away from this machine."""
    sys.addaudithook(_refuse)


def _refuse(event: str, given: tuple[Any, ...]) -> None:
    if event not in _ASKED:
        return
    address = given[1] if event in ("socket.connect", "socket.sendto") else given[0]
    host = address[0] if isinstance(address, tuple) else address if event.startswith("socket.get") else None
    if host is None or _here(host):  # a socket file is on this machine, too
        return
    raise NetworkForbidden(
        f"A connection to {host} was refused: poise runs with --no-network.",
        "Fetch what it needs first (poise models fetch), or start it without --no-network.",
    )


def _here(host: Any) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if name in ("", "localhost"):
        return True
    try:
        found = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return found.is_loopback or found.is_unspecified
