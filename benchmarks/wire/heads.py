"""The signed tree head: what a portal says its log is at one size. `head_succession` holds two of
them against each other.

`at` is when the last of these entries was added, in whole seconds since 1970-01-01T00:00Z: a head
holds no other moment, and asked again for the same size the portal answers with the same bytes for
as long as it signs with the same key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, ClassVar

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.canonical import Value, decode, encode
from benchmarks.wire.fields import VERSION, Fields
from benchmarks.wire.merkle import HASH_BYTES
from benchmarks.wire.records import DigestHex, Natural, Record, Seconds, octets
from benchmarks.wire.signing import SIGNATURE_BYTES, Purpose, ReceiptKey, VerifyingKey


@dataclass(frozen=True, slots=True)
class TreeHead(Record):
    """Of a log with `size` entries: its root, when the last of them was added, and the key that
    signed this.
    """

    WHERE: ClassVar[str] = "tree_head"

    size: Natural
    root: Annotated[bytes, octets(HASH_BYTES)]
    at: Seconds
    key_id: DigestHex

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)


@dataclass(frozen=True, slots=True)
class SeenHead:
    """A head with its signed bytes, which are what counts as evidence."""

    head: TreeHead
    signed: bytes


def issue(size: int, root: bytes, at: int, key: ReceiptKey) -> bytes:
    """A signed head in canonical CBOR. The same arguments always give the same bytes."""
    content = TreeHead(size, root, at, key.key_id).to_wire()
    TreeHead.from_wire(content)
    return encode(
        {"v": VERSION, "tree_head": content, "signature": key.sign(Purpose.TREE_HEAD, content)}
    )


def parse(raw: bytes) -> TreeHead:
    """A head by its structure alone: nothing is known of who signed it."""
    return _parts(raw)[0]


def read(raw: bytes, keys: Mapping[str, VerifyingKey]) -> SeenHead:
    """A head signed by one of the portal's `keys` (by key id, as the key directory lists them).

    Raises:
        VerificationError: `tree-head-signature-invalid`, or malformed bytes or fields.
    """
    head, content, signature = _parts(raw)
    key = keys.get(head.key_id)
    if key is None or not key.accepts(Purpose.TREE_HEAD, content, signature):
        raise VerificationError(
            "tree-head-signature-invalid",
            Phrase("The head of the log was not signed by a receipt key of this portal."),
            Phrase(
                "Fetch the portal's key directory and the head again. If it is still not valid, "
                "ask the coordinator."
            ),
        )
    return SeenHead(head, raw)


def _parts(raw: bytes) -> tuple[TreeHead, Value, bytes]:
    """The head, what is signed of it, and the signature."""
    fields = Fields(decode(raw))
    fields.version()
    content = fields.map_of("tree_head")
    signature = fields.octets("signature", SIGNATURE_BYTES)
    fields.done()
    return TreeHead.from_wire(content), content, signature
