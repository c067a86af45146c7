"""What a plant answers a draw with: one file for the auditor, handed over on site or sealed to the
auditor's key; never for the portal.

It holds the leaves that were drawn with their salts and proofs, the table of contents, the report's
key, the portal's challenge, the report that was released, the site's settings, and an extract of
the plant's own rows and readings from which every batch that was drawn can be computed again. The
device signs it: the plant stands by what it opened.

With the report's key an auditor can tell every salt of this report, and so try guesses at a
neighbour whose hash stands in a proof. That is the price of drawing the noise again; the auditor is
bound to confidence. Of the site's other reports the key tells nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.audit import committed_tree
from benchmarks.audit.committed_tree import SALT_BYTES, Contents, DataTree, require_record
from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.privacy.randomness import SEED_BYTES
from benchmarks.wire import sealing
from benchmarks.wire.canonical import LARGEST_INTEGER, Value, decode, encode
from benchmarks.wire.merkle import HASH_BYTES
from benchmarks.wire.records import VERSION, Fields
from benchmarks.wire.sealing import ProcessingKey, ProcessingPublicKey
from benchmarks.wire.signing import PUBLIC_BYTES, SIGNATURE_BYTES, DeviceKey, Purpose, VerifyingKey

_MOST_LEAVES = 2_000_000
_SEAL = b"steplabel/1 opening seal\x00"


@dataclass(frozen=True, slots=True)
class OpenedLeaf:
    """One leaf of the tree: its record, its salt, and the hashes that lead from it to the root, the
    nearest first.
    """

    index: int
    record: bytes
    salt: bytes
    proof: tuple[bytes, ...]

    @classmethod
    def of(cls, tree: DataTree, index: int) -> OpenedLeaf:
        return cls(index, tree.record(index), tree.salt(index), tuple(tree.proof(index)))

    def require_in(self, root: bytes, size: int) -> None:
        """Refuse a leaf that the tree of this root and size does not hold there.

        Raises:
            VerificationError: `proof-malformed`, `not-included`.
        """
        require_record(root, size, self.index, self.salt, self.record, self.proof)


@dataclass(frozen=True, slots=True)
class Opening:
    """Everything that is shown of one report for one draw.

    `leaves` are in rising order, the table of contents first. `challenge` and `report` are the
    files as they were exchanged. `settings` is site.toml as the agent read it (JSON), without where
    files lie and without access data. `extract` is spelled by the agent. `unread` counts rows of
    the plant's tables that could not be read and so are in no record, by input.
    """

    draw: str
    leaves: tuple[OpenedLeaf, ...]
    key: bytes = field(repr=False)
    challenge: bytes
    report: bytes
    settings: bytes
    extract: bytes = field(repr=False)
    device: VerifyingKey
    unread: Mapping[str, int] = field(default_factory=dict)

    @property
    def contents(self) -> Contents:
        """The table of contents, read strictly; whether it is the one committed to is another
        question.

        Raises:
            VerificationError: `contents-missing`, or as `committed_tree.read_contents`.
        """
        if not self.leaves or self.leaves[0].index != 0:
            raise VerificationError(
                "contents-missing",
                "The opening does not contain leaf 0, the table of contents.",
                "Have the plant open the draw again.",
            )
        return committed_tree.read_contents(self.leaves[0].record)

    @property
    def content(self) -> dict[str, Value]:
        return {
            "draw": self.draw,
            "leaves": [
                {
                    "index": leaf.index,
                    "record": leaf.record,
                    "salt": leaf.salt,
                    "proof": b"".join(leaf.proof),
                }
                for leaf in self.leaves
            ],
            "key": self.key,
            "challenge": self.challenge,
            "report": self.report,
            "settings": self.settings,
            "extract": self.extract,
            "device": self.device.public_bytes,
            "unread": dict(self.unread),
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical content, lower-case hex: what the device signs, and what was
        recorded as opened.
        """
        return hashlib.sha256(encode(self.content)).hexdigest()


def sign(opening: Opening, key: DeviceKey) -> bytes:
    """The signed opening, plain: for handing over on site.

    Raises:
        ValueError: the opening names another device's key.
    """
    if opening.device != key.public:
        raise ValueError("the opening names another device than the key's")
    signature = key.sign(Purpose.OPENING, {"v": VERSION, "opening": opening.digest})
    return encode({"v": VERSION, "opening": opening.content, "signature": signature})


def read(raw: bytes) -> Opening:
    """An opening that the device whose key stands in it signed.

    Raises:
        VerificationError: malformed bytes or fields; `opening-signature-invalid`.
    """
    fields = Fields(decode(raw))
    fields.version()
    inner, signature = fields.fields("opening"), fields.octets("signature", SIGNATURE_BYTES)
    fields.done()
    opening = Opening(
        draw=inner.digest_hex("draw"),
        leaves=tuple(_leaf(leaf) for leaf in inner.each("leaves", _MOST_LEAVES)),
        key=inner.octets("key", SEED_BYTES),
        challenge=inner.octets("challenge"),
        report=inner.octets("report"),
        settings=inner.octets("settings"),
        extract=inner.octets("extract"),
        device=VerifyingKey(inner.octets("device", PUBLIC_BYTES)),
        unread=_counts(inner),
    )
    inner.done()
    if not opening.device.accepts(
        Purpose.OPENING, {"v": VERSION, "opening": opening.digest}, signature
    ):
        raise VerificationError(
            "opening-signature-invalid",
            "The opening was not signed by the device that it names, or was changed after it was "
            "signed.",
            "Ask the plant for the file again, exactly as its agent wrote it.",
        )
    return opening


def seal(signed: bytes, draw: str, recipient: ProcessingPublicKey) -> bytes:
    """The signed opening, so that the auditor alone can read it. Every call gives other bytes."""
    sealed = sealing.seal_bytes(recipient, _info(draw), signed)
    return encode(
        {"v": VERSION, "sealed_opening": sealed, "draw": draw, "key_id": recipient.key_id}
    )


def unseal(raw: bytes, key: ProcessingKey) -> bytes:
    """The signed opening that was sealed to this key.

    Raises:
        VerificationError: malformed bytes or fields; `opening-sealed-to-another`, `seal-broken`.
    """
    fields = Fields(decode(raw))
    fields.version()
    sealed, draw, key_id = (
        fields.octets("sealed_opening"),
        fields.digest_hex("draw"),
        fields.digest_hex("key_id"),
    )
    fields.done()
    if key_id != key.key_id:
        raise VerificationError(
            "opening-sealed-to-another",
            Phrase(
                "The opening is sealed to the key %(key_id)s, but this key is %(own)s.",
                key_id=key_id[:16],
                own=key.key_id[:16],
            ),
            "Open it with the auditor's key that the draw names.",
        )
    return sealing.unseal_bytes(key, _info(draw), sealed)


def is_sealed(raw: bytes) -> bool:
    """Whether a file is an opening that travels sealed."""
    value = decode(raw)
    return isinstance(value, dict) and "sealed_opening" in value


def _info(draw: str) -> bytes:
    return _SEAL + draw.encode()


def _leaf(fields: Fields) -> OpenedLeaf:
    index, record = fields.integer("index", 0, LARGEST_INTEGER), fields.octets("record")
    salt, path = fields.octets("salt", SALT_BYTES), fields.octets("proof")
    fields.done()
    if len(path) % HASH_BYTES:
        raise VerificationError(
            "proof-malformed",
            "A proof does not consist of whole hashes.",
            "Have the plant open the record again.",
        )
    return OpenedLeaf(
        index,
        record,
        salt,
        tuple(path[at : at + HASH_BYTES] for at in range(0, len(path), HASH_BYTES)),
    )


def _counts(fields: Fields) -> dict[str, int]:
    named = fields.map_of("unread")
    within = Fields(named, fields.path("unread"))
    return {
        name: within.integer(name, 1, LARGEST_INTEGER)
        for name in (named if isinstance(named, dict) else ())
    }
