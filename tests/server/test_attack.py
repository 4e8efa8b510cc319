"""Whoever sends without end, or never reads: the server's memory stays as it is, and it still coaches."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

from poise.server.serve import Patient
from tests.processes import end

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads a process's memory from /proc")

#: Bytes that every attacker tries to send, and how much memory all of that may cost, in MB.
BYTES, MOST_MB = 24_000_000, 25.0
#: Sockets of those who attack by sockets.
ATTACKERS = 12

_UPGRADE = (
    "GET {} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def _frame(data: bytes, first: int = 0x81) -> bytes:
    """A masked frame; text unless ``first`` says otherwise."""
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return bytes([first]) + size + b"\0\0\0\0" + data


def _pose(t: float) -> bytes:
    points = [[300.0 + i, 200.0 + 5 * i, 0.9] for i in range(33)]
    return _frame(json.dumps({"type": "pose", "t": t, "keypoints": points}).encode())


_START = _frame(json.dumps({"type": "start", "exercise": "squat", "width": 640, "height": 480}).encode())
#: What is sent once, and what then again and again.
SOCKET_ATTACKS = {
    "poses, and reads no answer": (_START, b"".join(_pose(1.0 + i / 15) for i in range(100))),
    "questions, and reads no answer": (b"", _frame(b'{"type":"ping","t":1}') * 1000),
    "pings, and reads no pong": (b"", _frame(b"p" * 125, 0x89) * 500),
    "pings among poses, and reads neither": (
        _START,
        b"".join(_frame(b"p" * 125, 0x89) * 50 + _pose(1.0 + i / 15) for i in range(10)),
    ),
    "one message in pieces": (_frame(b"x" * 100, 0x01), _frame(b"x" * 100, 0x00) * 500),
}
REQUEST_ATTACKS = {
    "headers": (b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"".join(b"x-%d: y\r\n" % i for i in range(5000))),
    "header": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ", b"a" * 65_536),
    "address": (b"GET /", b"a" * 65_536),
    "body": (
        b"PUT /api/uploads/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n",
        b"a" * 65_536,
    ),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """A server in a process of its own: its id and port."""
    folder = tmp_path_factory.mktemp("attacked")
    command = [sys.executable, "-m", "poise", "serve", "--port", "0", "--workers", "0", "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        found = re.search(r":(\d+)/", process.stdout.readline())
        assert found
        port = int(found[1])
        _coached(port)  # what a first session needs is there
        yield process.pid, port
        end(process, signal.SIGINT)


def _memory_mb(process: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    assert found
    return int(found[1]) / 1024


def _coached(port: int) -> None:
    with connect(f"ws://localhost:{port}/ws", proxy=None) as talk:
        talk.send(json.dumps({"type": "start", "exercise": "squat", "width": 640, "height": 480}))
        assert json.loads(talk.recv(timeout=20))["type"] == "ready"
        talk.send(json.dumps({"type": "pose", "t": 1.0, "keypoints": None}))
        assert json.loads(talk.recv(timeout=20))["type"] == "feedback"


def _send(port: int, first: bytes, again: bytes, path: str = "") -> None:
    """Send, on the socket at a path if one is given, until all is sent, no more is taken, or it is closed."""
    with socket.socket() as out:
        out.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # as little of the answers waits here as can be
        out.connect(("127.0.0.1", port))
        out.settimeout(1.5)
        sent = 0
        try:
            if path:
                out.sendall(_UPGRADE.format(path).encode())
                assert b" 101 " in out.recv(4096)
            out.sendall(first)
            while sent < BYTES:
                sent += out.send(again)
        except OSError:
            return


@pytest.mark.parametrize("what", SOCKET_ATTACKS)
def test_memory_is_bounded_when_sockets_send_without_end(server: tuple[int, int], what: str) -> None:
    process, port = server
    before = _memory_mb(process)
    attack = (port, *SOCKET_ATTACKS[what], "/ws")
    attackers = [threading.Thread(target=_send, args=attack) for _ in range(ATTACKERS)]
    for attacker in attackers:
        attacker.start()
    most = before
    while any(attacker.is_alive() for attacker in attackers):
        attackers[0].join(0.1)
        most = max(most, _memory_mb(process))
    assert most - before < MOST_MB
    _coached(port)


@pytest.mark.parametrize("what", REQUEST_ATTACKS)
def test_memory_is_bounded_when_a_request_does_not_end(server: tuple[int, int], what: str) -> None:
    process, port = server
    before = _memory_mb(process)
    _send(port, *REQUEST_ATTACKS[what])
    assert _memory_mb(process) - before < MOST_MB
    _coached(port)


def test_pieces_of_a_message_with_nothing_in_them_do_not_pile_up() -> None:
    protocol = object.__new__(Patient)
    protocol.frames = []
    for data in (b"", b"some", b""):
        protocol.handle_cont(Frame(Opcode.CONT, data, fin=False))
    assert protocol.frames == [b"some"]
