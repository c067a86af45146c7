"""A client that speaks to one server as site.toml says: encrypted, to a server that is trusted, by
a certificate of its own.

The server's certificate is checked when it answers the opening of a session, before the agent names
its user: it must be one of the trusted ones or signed by a trusted authority, be in its time, name
the server's own URI, and not be revoked.
"""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path

from asyncua import Client
from asyncua.crypto import security_policies, uacrypto
from asyncua.crypto.cert_gen import (
    dump_private_key_as_pem,
    generate_private_key,
    setup_self_signed_certificate,
)
from asyncua.crypto.truststore import TrustStore
from asyncua.crypto.validator import CertificateValidator, CertificateValidatorOptions
from asyncua.ua import MessageSecurityMode, UaError
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from extras.live.sources.opcua.settings import OpcUa
from extras.live.sources.passwords import password_of

REVOKED = "revoked"
"""Folder in that of trusted certificates, for lists of revoked ones."""
TIMEOUT_S = 10.0
SESSION_TIMEOUT_MS = 120_000
_CHECKS = (
    CertificateValidatorOptions.TIME_RANGE
    | CertificateValidatorOptions.URI
    | CertificateValidatorOptions.TRUSTED
    | CertificateValidatorOptions.REVOKED
    | CertificateValidatorOptions.PEER_SERVER
)
REFUSALS = (OSError, UaError, ValueError, InvalidSignature, x509.ExtensionNotFound, InputError)
"""What keeps a connection from being made, or ends it: network, server, a certificate that cannot
be read, a password that is gone.
"""
_MODES = {"sign": MessageSecurityMode.Sign, "sign-and-encrypt": MessageSecurityMode.SignAndEncrypt}

logging.getLogger("asyncua").setLevel(
    logging.CRITICAL
)  # what it meets is told by `watch`, in a sentence
logging.getLogger("asyncuagds").setLevel(logging.CRITICAL)


def check(settings: OpcUa, folder: Path) -> None:
    """That what site.toml names can be read.

    Raises:
        InputError: `password-unreadable` or `certificate-unreadable`.
    """
    password_of(folder, settings.password_file, "source.opcua.password_file")
    if settings.trusted is not None and not [
        path for path in (folder / settings.trusted).glob("*.*") if path.suffix in (".der", ".pem")
    ]:
        raise InputError(
            "certificate-unreadable",
            "No certificate of an OPC UA server is trusted.",
            "Put the server's certificate, or that of the authority that signed it, into this "
            "folder as *.der or *.pem.",
            place=Place("site.toml", column="source.opcua.trusted"),
            found=Phrase("no *.der and no *.pem"),
            wanted=str(folder / settings.trusted),
        )


async def client(settings: OpcUa, folder: Path) -> Client:
    """Not yet connected. Raises OSError, TimeoutError or asyncua's UaError where the server does
    not answer.
    """
    connection = Client(settings.url, TIMEOUT_S)
    connection.session_timeout = SESSION_TIMEOUT_MS
    connection.name = connection.description = "steplabel-agent"
    if settings.username is not None:
        connection.set_user(settings.username)
        connection.set_password(
            password_of(folder, settings.password_file, "source.opcua.password_file") or ""
        )
    if settings.certificate is None or settings.private_key is None or settings.trusted is None:
        return connection
    certificate, key, trusted = (
        folder / settings.certificate,
        folder / settings.private_key,
        folder / settings.trusted,
    )
    connection.application_uri = await _own_uri(certificate)
    store = TrustStore([trusted], [trusted / REVOKED])
    await store.load()
    connection.certificate_validator = CertificateValidator(_CHECKS, store)
    policy = getattr(security_policies, f"SecurityPolicy{settings.security}")
    await connection.set_security(policy, certificate, key, mode=_MODES[settings.mode])
    return connection


async def make_certificate(settings: OpcUa, folder: Path) -> Path | None:
    """Where neither the agent's certificate nor its key is there, make both, valid for a year;
    returns the certificate's path then.
    """
    if settings.certificate is None or settings.private_key is None:
        return None
    certificate, key = folder / settings.certificate, folder / settings.private_key
    if certificate.exists() or key.exists():
        return None
    host = socket.gethostname()
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(dump_private_key_as_pem(generate_private_key()))
    await setup_self_signed_certificate(
        key,
        certificate,
        f"urn:{host}:steplabel-agent",
        host,
        [ExtendedKeyUsageOID.CLIENT_AUTH],
        {"commonName": "steplabel-agent"},
    )
    return certificate


async def _own_uri(certificate: Path) -> str:
    """Under which the agent's own certificate stands; the server compares it with what the agent
    calls itself.
    """
    own_certificate = await uacrypto.load_certificate(certificate)
    names = own_certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return str(names.get_values_for_type(x509.UniformResourceIdentifier)[0])
