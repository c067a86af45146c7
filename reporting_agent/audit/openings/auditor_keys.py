"""An auditor's own keys, in one file under one password: an Ed25519 key that signs draws and statements, and a key that openings are
sealed to. The portal and the plants are given the public halves only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from benchmarks.errors import VerificationError
from benchmarks.wire import sealing
from benchmarks.wire.sealing import ProcessingKey
from benchmarks.wire.signing import AuditorKey

_PEM_BLOCK = re.compile(rb"-----BEGIN [^-]+-----.*?-----END [^-]+-----\n?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class AuditorKeys:
    """Both halves of both keys."""

    signing: AuditorKey
    sealing: ProcessingKey

    @classmethod
    def generate(cls) -> AuditorKeys:
        """New keys from the operating system's randomness. Called at entrances only."""
        return cls(AuditorKey.generate(), sealing.generate())

    @classmethod
    def from_pem(cls, pem: bytes, password: bytes) -> AuditorKeys:
        """Read them back.

        Raises:
            VerificationError: `key-unreadable`: damaged, other keys, or not this password.
        """
        blocks = _PEM_BLOCK.findall(pem)
        if len(blocks) < 2:
            raise VerificationError(
                "key-unreadable",
                "The auditor's keys cannot be read.",
                "Check that the file is the one that `steplabel-agent auditor` wrote, and that it is whole.",
            )
        return cls(AuditorKey.from_pem(blocks[0], password), ProcessingKey.from_pem(b"".join(blocks[1:]), password))

    def to_pem(self, password: bytes) -> bytes:
        return self.signing.to_pem(password) + self.sealing.to_pem(password)

    @property
    def public(self) -> dict[str, str]:
        """What may be shown to everybody, in hex digits."""
        return {
            "public_key": self.signing.public.hex,
            "fingerprint": self.signing.key_id,
            "sealing_key": self.sealing.public_bytes.hex(),
            "sealing_key_id": self.sealing.key_id,
        }
