"""Randomness an auditor can check: a stream keyed by the site's seed and public values, the seed's
commitment, and a report's salt.

The site commits to its seed at enrolment; key and nonce are HKDF(seed; challenge, data root, name
of the draw). A crash or a retry gives the same bytes, and the seed is opened to the auditor alone.
The challenge is the portal's, 32 random bytes given after the data's root is logged, so that no
plant can redraw until it is lucky. The data root is in the key, so that a portal that gives the
same challenge for other data gains nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from typing import Any, NoReturn

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SEED_BYTES = 32
_STREAM_INFO = b"steplabel/release-stream/1"
_COMMITMENT = b"steplabel/seed-commitment/1"
_VALUES_SALT = b"steplabel/values-salt/1"
_BLOCK = bytes(4096)  # drawn ahead: one draw of a quantile takes some thousand bytes


def commitment(seed: bytes) -> bytes:
    """What the site publishes at enrolment: it binds the site to its seed and tells nothing of it
    (SHA-256 of 256 secret bits).
    """
    _require_seed(seed)
    return hashlib.sha256(_COMMITMENT + seed).digest()


def values_salt(seed: bytes, data_root: bytes) -> bytes:
    """What a report hides its values in the portal's log with: 32 bytes that seed and data give, so
    a retry sends the same.
    """
    _require_seed(seed)
    return hmac.digest(seed, _VALUES_SALT + data_root, "sha256")


class KeyedStream(random.SystemRandom):
    """A `random.SystemRandom` whose bytes come from a keyed ChaCha20 stream instead of the
    operating system.

    diffprivlib takes a SystemRandom as it is and asks it for `random()` only; every other method of
    the class rests on `random` and `getrandbits`, which are both ours. State is neither seedable,
    printable, copyable nor picklable.
    """

    def __new__(cls, *_args: object, **_kwargs: object) -> KeyedStream:
        return super().__new__(cls)  # the base class would hash the arguments as a seed

    def __init__(self, seed: bytes, *, challenge: bytes, data_root: bytes, name: str) -> None:
        super().__init__()
        _require_seed(seed)
        # lengths go before the parts, so that no two triples give the same bytes
        parts = (_STREAM_INFO, challenge, data_root, name.encode())
        info = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        derived = HKDF(SHA256(), length=44, salt=None, info=info).derive(seed)
        block_counter = bytes(4)
        self._keystream = Cipher(
            algorithms.ChaCha20(derived[:32], block_counter + derived[32:]), mode=None
        ).encryptor()
        self._ready = b""

    def randbytes(self, n: int) -> bytes:
        """The next n bytes of the stream."""
        while len(self._ready) < n:
            self._ready += self._keystream.update(_BLOCK)
        next_bytes, self._ready = self._ready[:n], self._ready[n:]
        return next_bytes

    def random(self) -> float:
        """The next number of [0, 1), 53 bits."""
        return (int.from_bytes(self.randbytes(7), "big") >> 3) * 2.0**-53

    def getrandbits(self, k: int, /) -> int:
        if k < 0:
            raise ValueError("number of bits must be non-negative")
        length = (k + 7) // 8
        return int.from_bytes(self.randbytes(length), "big") >> (length * 8 - k)

    def seed(self, *_args: object, **_kwargs: object) -> None:
        """Ignored, as in the base class: a stream cannot be set back."""

    def __repr__(self) -> str:
        return "KeyedStream(<secret>)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a keyed stream is secret and cannot be pickled")

    def __copy__(self) -> NoReturn:
        raise TypeError("a keyed stream cannot be copied: the same chance would be drawn twice")

    def __deepcopy__(self, _memo: dict[int, Any]) -> NoReturn:
        raise TypeError("a keyed stream cannot be copied: the same chance would be drawn twice")


def _require_seed(seed: bytes) -> None:
    if len(seed) != SEED_BYTES:
        raise ValueError(f"a seed has {SEED_BYTES} bytes, not {len(seed)}")
