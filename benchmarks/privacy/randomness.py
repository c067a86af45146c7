"""Randomness an auditor can check: a key for each report, derived from the site's seed, and streams
keyed by it and by public values.

    seed ─▶ report's key = HKDF(seed; site, period, revision) ─▶ stream = HKDF(key; challenge, data
    root, name of the draw)

The seed never leaves the site. The key of one report is opened to its auditor alone: neither the
seed nor the key of any other report follows from it. A crash or a retry gives the same bytes. The
key is committed to in the first leaf of the report's data, together with the commitment to the seed
that the site enrolled with. The challenge is the portal's, 32 random bytes given after the data's
root is logged, so that no plant can redraw until it is lucky. The data root is in the stream's key,
so that a portal that gives the same challenge for other data gains nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from dataclasses import dataclass, field
from typing import Any, NoReturn

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SEED_BYTES = 32
_STREAM_INFO = b"steplabel/release-stream/1"
_COMMITMENT = b"steplabel/seed-commitment/1"
_KEY_INFO = b"steplabel/report-key/1"
_KEY_COMMITMENT = b"steplabel/report-key-commitment/1"
_VALUES_SALT = b"steplabel/values-salt/1"
_BLOCK = bytes(4096)  # drawn ahead: one draw of a quantile takes some thousand bytes


def commitment(seed: bytes) -> bytes:
    """What the site publishes at enrolment: it binds the site to its seed and tells nothing of it
    (SHA-256 of 256 secret bits).
    """
    _require_secret(seed)
    return hashlib.sha256(_COMMITMENT + seed).digest()


@dataclass(frozen=True, slots=True)
class ReportKey:
    """What the noise and the salts of one report follow from, and of no other.

    `seed_commitment` is of the seed that the site enrolled with. It is part of what is committed
    to, so that one key is bound to one report of one enrolled site.
    """

    site: str
    period: str
    revision: int
    seed_commitment: bytes
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _require_secret(self.secret)

    @classmethod
    def of(cls, seed: bytes, site: str, period: str, revision: int) -> ReportKey:
        """Derived by the site: the same arguments always give the same key."""
        _require_secret(seed)
        info = _in_parts(_KEY_INFO, site.encode(), period.encode(), b"%d" % revision)
        secret = HKDF(SHA256(), length=SEED_BYTES, salt=None, info=info).derive(seed)
        return cls(site, period, revision, commitment(seed), secret)

    @property
    def commitment(self) -> bytes:
        """What the first leaf of the report's data says of it."""
        of = (self.site.encode(), self.period.encode(), b"%d" % self.revision)
        parts = _in_parts(_KEY_COMMITMENT, self.seed_commitment, *of, self.secret)
        return hashlib.sha256(parts).digest()

    def stream(self, name: str, *, challenge: bytes, data_root: bytes) -> KeyedStream:
        """The chance of one draw."""
        return KeyedStream(self.secret, challenge=challenge, data_root=data_root, name=name)

    def values_salt(self, data_root: bytes) -> bytes:
        """What the report hides its values in the portal's log with: 32 bytes that key and data
        give, so a retry sends the same.
        """
        return hmac.digest(self.secret, _VALUES_SALT + data_root, "sha256")


class KeyedStream(random.SystemRandom):
    """A `random.SystemRandom` whose bytes come from a keyed ChaCha20 stream instead of the
    operating system.

    diffprivlib takes a SystemRandom as it is and asks it for `random()` only; every other method of
    the class rests on `random` and `getrandbits`, which are both ours. State is neither seedable,
    printable, copyable nor picklable.
    """

    def __new__(cls, *_args: object, **_kwargs: object) -> KeyedStream:
        return super().__new__(cls)  # the base class would hash the arguments as a seed

    def __init__(self, key: bytes, *, challenge: bytes, data_root: bytes, name: str) -> None:
        super().__init__()
        _require_secret(key)
        info = _in_parts(_STREAM_INFO, challenge, data_root, name.encode())
        derived = HKDF(SHA256(), length=44, salt=None, info=info).derive(key)
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


def _in_parts(*parts: bytes) -> bytes:
    """The parts with their lengths before them, so that no two lists give the same bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _require_secret(secret: bytes) -> None:
    if len(secret) != SEED_BYTES:
        raise ValueError(f"a seed or a key has {SEED_BYTES} bytes, not {len(secret)}")
