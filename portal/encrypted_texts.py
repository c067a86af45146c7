"""Texts that lie encrypted in the database, each purpose under a key of its own that is derived
from `SECRET_KEY`.

A stolen copy of the database opens none of them.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def seal(text: str, purpose: bytes) -> str:
    return _cipher(purpose).encrypt(text.encode()).decode("ascii")


def unseal(sealed: str, purpose: bytes) -> str:
    """What `seal` was given; `cryptography.fernet.InvalidToken` for anything else."""
    return _cipher(purpose).decrypt(sealed.encode("ascii")).decode()


def _cipher(purpose: bytes) -> Fernet:
    key = HKDF(SHA256(), 32, salt=None, info=purpose).derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(key))
