"""Small signed documents whose members are texts: an approved pack, an edition of the library of
practices.

They are JSON, so what is signed is their canonical CBOR without the member `signature`, by a
receipt key of the portal's key directory; the transparency log holds the same content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.signing import Purpose, ReceiptKey, SigningKey, VerifyingKey


def sign(
    schema: str, purpose: Purpose, members: Mapping[str, str], key: SigningKey
) -> dict[str, Any]:
    """The document with its signature: `{"algorithm", "key_id", "value"}`, the value in hex."""
    content = {"schema": schema, **members}
    value = key.sign(purpose, {**content}).hex()
    return {**content, "signature": {"algorithm": "Ed25519", "key_id": key.key_id, "value": value}}


def signed_members(
    schema: str, purpose: Purpose, document: object, keys: Mapping[str, VerifyingKey]
) -> dict[str, str]:
    """The members without `schema` and `signature`. Raises ValueError where no key of these signed
    the document as it stands.
    """
    members: Mapping[str, Any] = document if isinstance(document, Mapping) else {}
    content = {name: str(value) for name, value in members.items() if name != "signature"}
    signature = members.get("signature")
    signed = signature if isinstance(signature, Mapping) else {}
    key = keys.get(str(signed.get("key_id")))
    value = bytes.fromhex(str(signed.get("value")))
    if (
        content.pop("schema", "") != schema
        or key is None
        or not key.accepts(purpose, {"schema": schema, **content}, value)
    ):
        raise ValueError("not signed by one of these keys")
    return content


PACK_SCHEMA = "steplabel/pack/1"


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


def sign_pack(pack: ApprovedPack, key: ReceiptKey) -> dict[str, Any]:
    """The document with its signature: `{"algorithm", "key_id", "value"}`, the value in hex."""
    return sign(PACK_SCHEMA, Purpose.PACK, asdict(pack), key)


def verify_pack(document: Mapping[str, Any], keys: Mapping[str, VerifyingKey]) -> ApprovedPack:
    """What the document says, if a key of the portal signed it as it stands.

    Args:
        keys: receipt keys by key id, as `Directory.receipt_keys` gives them.

    Raises:
        VerificationError: `pack-signature-invalid`.
    """
    try:
        pack = ApprovedPack(**signed_members(PACK_SCHEMA, Purpose.PACK, document, keys))
        pack.in_effect_from  # noqa: B018  # a day, or no document of ours
    except (ValueError, TypeError) as error:
        raise _pack_not_signed() from error
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


def _pack_not_signed() -> VerificationError:
    return VerificationError(
        "pack-signature-invalid",
        "The approval of this pack was altered after it was signed, or was signed by another "
        "portal.",
        "Fetch it again from the portal you are enrolled with. Do not use this copy.",
    )


LIBRARY_SCHEMA = "steplabel/practices/1"


@dataclass(frozen=True, slots=True)
class LibraryEdition:
    """The whole library after one change of it."""

    edition: str  # 1, 2, 3 …: an agent never goes back
    practices: str  # how many stand in it
    file: str  # SHA-256 of the bytes of the library's JSON, in hex
    published_on: str  # ISO 8601, a day of UTC

    @property
    def number(self) -> int:
        return int(self.edition)


def sign_library(edition: LibraryEdition, key: ReceiptKey) -> dict[str, Any]:
    """The document with its signature."""
    return sign(LIBRARY_SCHEMA, Purpose.LIBRARY, asdict(edition), key)


def verify_library(document: Mapping[str, Any], keys: Mapping[str, VerifyingKey]) -> LibraryEdition:
    """What the document says. Raises VerificationError `library-signature-invalid` where no key of
    the portal signed it so.
    """
    try:
        edition = LibraryEdition(**signed_members(LIBRARY_SCHEMA, Purpose.LIBRARY, document, keys))
        edition.number, date.fromisoformat(edition.published_on)  # or it is no document of ours
    except (ValueError, TypeError) as error:
        raise VerificationError(
            "library-signature-invalid",
            "This library of practices was altered after it was signed, or was signed by another "
            "portal.",
            "Fetch it again from the portal you are enrolled with. Do not use this copy.",
        ) from error
    return edition
