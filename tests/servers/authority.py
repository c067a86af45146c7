"""An authority of our own, as plants and ministries have: what it signed is trusted by who was
given its certificate alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def write(folder: Path, name: str, until: datetime | None = None) -> None:
    """`ca.pem` signed `server.crt` for that name, whose key is `server.key`; `other.pem` is another
    authority's. `until`: when the certificate expires; in two days."""
    keys = {owner: ec.generate_private_key(ec.SECP256R1()) for owner in ("ca", "other", "server")}
    for authority in ("ca", "other"):
        own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, authority)])
        certificate = _signed(authority, keys[authority], own, keys[authority], authority=True)
        (folder / f"{authority}.pem").write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
        )
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ca")])
    certificate = _signed(name, keys["server"], issuer, keys["ca"], authority=False, until=until)
    (folder / "server.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "server.key").write_bytes(keys["server"].private_bytes(*form))
    (folder / "server.key").chmod(0o600)


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    by: x509.Name,
    by_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
    until: datetime | None = None,
) -> x509.Certificate:
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder(
            by,
            subject,
            key.public_key(),
            x509.random_serial_number(),
            now - timedelta(days=9),
            until or now + timedelta(days=2),
        )
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(by_key, hashes.SHA256())
    )
