"""The portal's signed answer to a commitment: 32 random bytes that the site's draws are keyed by, and a place in the log.

The site cannot know them before its data are fixed, so it cannot choose records, or the moment, by their luck. The portal
does not know the site's seed, so it cannot choose the noise. It gives one challenge for one commitment, always the same
bytes; an agent keeps the first it was given and takes no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from benchmarks.errors import VerificationError
from benchmarks.wire.canonical import LARGEST_INTEGER, Value, decode, encode
from benchmarks.wire.commitments import Commitment
from benchmarks.wire.fields import Fields
from benchmarks.wire.signing import SIGNATURE_BYTES, Purpose, ReceiptKey, VerifyingKey

VERSION = 1
NONCE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the portal attests: this commitment is entry `log_index` of its log since `given_on`, and its draws are keyed by `nonce`."""

    commitment: Commitment
    nonce: bytes
    log_index: int
    given_on: date
    key_id: str

    def _to_wire(self) -> Value:
        return {
            "commitment": self.commitment.to_wire(),
            "nonce": self.nonce,
            "log_index": self.log_index,
            "given_on": self.given_on.isoformat(),
            "key_id": self.key_id,
        }


def issue(commitment: Commitment, nonce: bytes, log_index: int, given_on: date, key: ReceiptKey) -> bytes:
    """A signed challenge in canonical CBOR. The same arguments always give the same bytes."""
    challenge = Challenge(commitment, nonce, log_index, given_on, key.key_id)
    content = challenge._to_wire()
    _from_wire(Fields(content, "challenge"))
    return encode({"v": VERSION, "challenge": content, "signature": key.sign(Purpose.CHALLENGE, content)})


def parse(raw: bytes) -> Challenge:
    """A challenge by its structure alone: nothing is known of who signed it."""
    return _parts(raw)[0]


def read(raw: bytes, keys: Mapping[str, VerifyingKey]) -> Challenge:
    """A challenge signed by one of the portal's `keys` (by key id, as the key directory lists them).

    Raises:
        VerificationError: `challenge-signature-invalid`, or malformed bytes or fields.
    """
    challenge, content, signature = _parts(raw)
    key = keys.get(challenge.key_id)
    if key is None or not key.accepts(Purpose.CHALLENGE, content, signature):
        raise VerificationError(
            "challenge-signature-invalid",
            "The challenge was not signed by a receipt key of this portal.",
            "Hand the commitment in again and take the portal's own answer; if that does not hold either, ask the coordinator.",
        )
    return challenge


def verify(raw: bytes, keys: Mapping[str, VerifyingKey], commitment: Commitment) -> Challenge:
    """A challenge for exactly this commitment.

    Raises:
        VerificationError: as `read`, and `challenge-for-another` where it answers another commitment.
    """
    challenge = read(raw, keys)
    if challenge.commitment != commitment:
        given = challenge.commitment
        raise VerificationError(
            "challenge-for-another",
            f"The challenge answers a commitment of {given.site}, {given.period}, revision {given.revision}, and not the one that was made "
            f"for {commitment.site}, {commitment.period}, revision {commitment.revision}.",
            "Take the challenge that the portal gave for this commitment; the portal gives it again whenever the commitment is handed in.",
        )
    return challenge


def _parts(raw: bytes) -> tuple[Challenge, Value, bytes]:
    """The challenge, what is signed of it, and the signature."""
    fields = Fields(decode(raw))
    fields.integer("v", VERSION, VERSION)
    content = fields.map_of("challenge")
    signature = fields.octets("signature", SIGNATURE_BYTES)
    fields.done()
    return _from_wire(Fields(content, "challenge")), content, signature


def _from_wire(fields: Fields) -> Challenge:
    challenge = Challenge(
        commitment=Commitment.from_wire(fields.map_of("commitment"), fields.path("commitment")),
        nonce=fields.octets("nonce", NONCE_BYTES),
        log_index=fields.integer("log_index", 0, LARGEST_INTEGER),
        given_on=fields.day("given_on"),
        key_id=fields.digest_hex("key_id"),
    )
    fields.done()
    return challenge
