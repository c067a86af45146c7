"""The signed document of an approved pack: which file it is, which digest labels by it name, since
when it is in effect, what it corrects.

It is JSON whose members are texts, so what is signed is their canonical CBOR, without the member
`signature`. The key is a receipt key of the portal's key directory; the transparency log holds the
same content (`logged.pack`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import documents
from benchmarks.wire.signing import Purpose, ReceiptKey, VerifyingKey

SCHEMA = "steplabel/pack/1"


@dataclass(frozen=True, slots=True)
class ApprovedPack:
    """What two people approved. Digests are SHA-256 in hex; empty texts say that there is none."""

    pack: str
    version: str
    digest: str  # that labels by it name (`benchmarks.packs.digest`)
    file: str  # of the bytes of the pack's file
    factors: str  # of the bytes of its own table of conversion factors
    effective_from: str  # ISO 8601, a day
    corrects: str  # the version that an erratum corrects
    approved_on: str  # ISO 8601, a day of UTC

    @property
    def in_effect_from(self) -> date:
        return date.fromisoformat(self.effective_from)


def sha256(text: str) -> str:
    """Of a file's bytes, in hex."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def sign(pack: ApprovedPack, key: ReceiptKey) -> dict[str, Any]:
    """The document with its signature: `{"algorithm", "key_id", "value"}`, the value in hex."""
    return documents.sign(SCHEMA, Purpose.PACK, asdict(pack), key)


def verify(document: Mapping[str, Any], keys: Mapping[str, VerifyingKey]) -> ApprovedPack:
    """What the document says, if a key of the portal signed it as it stands.

    Args:
        keys: receipt keys by key id, as `Directory.receipt_keys` gives them.

    Raises:
        VerificationError: `pack-signature-invalid`.
    """
    try:
        pack = ApprovedPack(**documents.signed_members(SCHEMA, Purpose.PACK, document, keys))
        pack.in_effect_from  # noqa: B018  # a day, or no document of ours
    except (ValueError, TypeError) as error:
        raise _not_signed() from error
    return pack


def require_files(pack: ApprovedPack, file: str, factors: str) -> None:
    """Refuse files that are not, byte for byte, those that were approved. Raises VerificationError
    `pack-altered`.
    """
    if (sha256(file), sha256(factors) if factors else "") != (pack.file, pack.factors):
        raise VerificationError(
            "pack-altered",
            Phrase(
                "The file of the pack %(pack)s %(version)s is not the one that was approved and "
                "signed.",
                pack=pack.pack,
                version=pack.version,
            ),
            "Fetch it again (`steplabel-agent pack fetch`). To change a pack, propose the change "
            "to the authority.",
        )


def _not_signed() -> VerificationError:
    return VerificationError(
        "pack-signature-invalid",
        "The approval of this pack was altered after it was signed, or was signed by another "
        "portal.",
        "Fetch it again from the portal you are enrolled with. Do not use this copy.",
    )
