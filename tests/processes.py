"""Processes of tests, ended as users and services end them."""

from __future__ import annotations

import signal
import subprocess


def end(process: subprocess.Popen[str], sign: signal.Signals) -> None:
    """Send a process the signal; one that has not ended after half a minute is killed, and fails the test."""
    process.send_signal(sign)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
