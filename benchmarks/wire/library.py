"""The signed document of one edition of the library of practices: which file it is, which edition,
of which day.

The key is a receipt key of the portal's key directory; the transparency log holds the same content
(`logged.practices`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from benchmarks.errors import VerificationError
from benchmarks.wire import documents
from benchmarks.wire.signing import Purpose, ReceiptKey, VerifyingKey

SCHEMA = "steplabel/practices/1"


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


def sign(edition: LibraryEdition, key: ReceiptKey) -> dict[str, Any]:
    """The document with its signature."""
    return documents.sign(SCHEMA, Purpose.LIBRARY, asdict(edition), key)


def verify(document: Mapping[str, Any], keys: Mapping[str, VerifyingKey]) -> LibraryEdition:
    """What the document says. Raises VerificationError `library-signature-invalid` where no key of
    the portal signed it so.
    """
    try:
        edition = LibraryEdition(
            **documents.signed_members(SCHEMA, Purpose.LIBRARY, document, keys)
        )
        edition.number, date.fromisoformat(edition.published_on)  # or it is no document of ours
    except (ValueError, TypeError) as error:
        raise VerificationError(
            "library-signature-invalid",
            "This library of practices was altered after it was signed, or was signed by another "
            "portal.",
            "Fetch it again from the portal you are enrolled with. Do not use this copy.",
        ) from error
    return edition
