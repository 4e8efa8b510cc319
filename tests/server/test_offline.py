from __future__ import annotations

import subprocess
import sys

import pytest

_TRY = """
import socket
from poise.server.offline import forbid_network
forbid_network()
{what}
print("went through")
"""


def _tried(what: str) -> str:
    ran = subprocess.run([sys.executable, "-c", _TRY.format(what=what)], capture_output=True, text=True, timeout=30)
    return ran.stdout + ran.stderr


@pytest.mark.parametrize(
    "what",
    [
        "socket.create_connection(('192.0.2.1', 80), 1)",
        "socket.getaddrinfo('poise.example', 443)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
        "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
        "import urllib.request; urllib.request.urlopen('http://poise.example')",
    ],
)
def test_nothing_leads_away_from_this_machine(what: str) -> None:
    said = _tried(what)
    assert "was refused: poise runs with --no-network" in said
    assert "went through" not in said


@pytest.mark.parametrize(
    "what",
    [
        "s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname()).close(); s.close()",
        "socket.getaddrinfo('localhost', 80)",
        "import tempfile; from poise.store import open_store; from pathlib import Path;"
        "open_store('', Path(tempfile.mkdtemp())).close()",
    ],
)
def test_this_machine_can_be_reached(what: str) -> None:
    assert "went through" in _tried(what)
