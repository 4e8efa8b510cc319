from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from poise.server import pairing
from poise.server.pairing import addresses, certificate, pairing_token, qr_code


def test_the_token_is_kept_secret_and_the_same_until_a_new_one_is_wanted(tmp_path: Path) -> None:
    token = pairing_token(tmp_path)
    assert len(token) >= 43
    assert pairing_token(tmp_path) == token
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    assert pairing_token(tmp_path, anew=True) != token
    (tmp_path / "token").write_text("short")
    assert len(pairing_token(tmp_path)) >= 43


def test_a_certificate_is_kept_until_it_ends_or_names_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate(tmp_path, ["localhost", "192.168.1.5"])
    first = cert.read_bytes()
    made = x509.load_pem_x509_certificate(first)
    assert made.not_valid_after_utc - datetime.now(UTC) < timedelta(days=398)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert certificate(tmp_path, ["192.168.1.5"])[0].read_bytes() == first
    assert certificate(tmp_path, ["192.168.1.6"])[0].read_bytes() != first
    second = cert.read_bytes()
    monkeypatch.setattr(pairing, "RENEW_DAYS", 397)
    assert certificate(tmp_path, ["192.168.1.6"])[0].read_bytes() != second
    key.write_text("damaged")
    certificate(tmp_path, ["192.168.1.6"])
    assert "PRIVATE KEY" in key.read_text()


def test_the_qr_code_is_drawn_with_characters() -> None:
    lines = qr_code("https://192.168.1.5:8765/pair?token=abc").splitlines()
    assert len(lines) > 15
    assert not addresses() or all("." in one or ":" in one for one in addresses())
