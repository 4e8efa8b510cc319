"""Letting other devices in: the token, the certificate, and the addresses this machine has."""

from __future__ import annotations

import io
import ipaddress
import os
import secrets
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import segno
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: Days a self-made certificate is good for (browsers take up to 398), and is renewed before its end.
VALID_DAYS, RENEW_DAYS = 397, 30


def pairing_token(folder: Path, anew: bool = False) -> str:
    """The token of this server: made once and kept, so that devices stay paired, or made anew."""
    path = folder / "token"
    if not anew and path.is_file():
        kept = path.read_text("ascii").strip()
        if len(kept) >= 32:
            return kept
    token = secrets.token_urlsafe(32)
    _write(path, token.encode())
    return token


def addresses() -> list[str]:
    """The addresses by which the network reaches this machine, the likeliest first; no packet is sent."""
    found = []
    for family, other in ((socket.AF_INET, "10.255.255.255"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((other, 9))
                found.append(str(probe.getsockname()[0]))
        except OSError:
            continue
    return [one for one in dict.fromkeys(found) if not ipaddress.ip_address(one).is_loopback]


def certificate(folder: Path, names: list[str]) -> tuple[Path, Path]:
    """A self-made certificate for those names and addresses, and its key: the one that is kept, or a new one."""
    cert, key = folder / "tls" / "cert.pem", folder / "tls" / "key.pem"
    if not _good(cert, key, names):
        made, secret = _make(names)
        _write(key, secret)
        _write(cert, made)
    return cert, key


def fingerprint(cert: Path) -> str:
    """The SHA-256 of a certificate, as browsers show it."""
    der = ssl.PEM_cert_to_DER_cert(cert.read_text("ascii"))
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    return digest.finalize().hex(":").upper()


def qr_code(address: str) -> str:
    """The address as a QR code made of characters."""
    text = io.StringIO()
    segno.make(address, error="m").terminal(text, compact=True, border=2)
    return text.getvalue()


def _good(cert: Path, key: Path, names: list[str]) -> bool:
    try:
        kept = x509.load_pem_x509_certificate(cert.read_bytes())
        serialization.load_pem_private_key(key.read_bytes(), None)
        said = kept.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    known = {str(name.value) for name in said}
    return set(names) <= known and kept.not_valid_after_utc > datetime.now(UTC) + timedelta(days=RENEW_DAYS)


def _make(names: list[str]) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "poise on this machine")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS - 1))
        .add_extension(x509.SubjectAlternativeName([_general(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM), secret


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, data: bytes) -> None:
    """Write a secret that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    part.replace(path)
