"""Documents that are signed whole: a record, the signature over its content, and who signs it.

    {"v": 1, <the record's name>: content, "signature": 64 bytes}

A receipt key of the portal's key directory signs receipts, challenges and heads of the log, and the
record names it (`key_id`). The offline directory key signs the directory itself, restarts of the
log and releases of the agent: its public half stands beside, as `signer`, and the reader holds it
against the fingerprint that the enrolment token carries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from benchmarks.errors import VerificationError
from benchmarks.wire.canonical import Value, decode, encode
from benchmarks.wire.records import VERSION, Fields, Record
from benchmarks.wire.signing import (
    PUBLIC_BYTES,
    SIGNATURE_BYTES,
    Purpose,
    SigningKey,
    VerifyingKey,
)

T = TypeVar("T", bound=Record)
Refusal = Callable[[], VerificationError]


@dataclass(frozen=True, slots=True)
class Signed(Generic[T]):
    """One kind of document. `refusal` is of a signature that does not hold; `stranger` of an
    offline signer with another fingerprint, where that is told apart.
    """

    record: type[T]
    purpose: Purpose
    refusal: Refusal
    offline: bool = False
    stranger: Refusal | None = None

    def issue(self, record: T, key: SigningKey) -> bytes:
        """The signed document in canonical CBOR; the same arguments always give the same bytes.
        VerificationError for what could not be read back.
        """
        content = record.to_wire()
        self.record.from_wire(content)
        signer: dict[str, Value] = {"signer": key.public_bytes} if self.offline else {}
        signature = key.sign(self.purpose, content)
        return encode({"v": VERSION, self.record.WHERE: content, **signer, "signature": signature})

    def parse(self, raw: bytes) -> T:
        """By its structure alone: nothing is known of who signed it."""
        return self.record.from_wire(self._parts(raw)[0])

    def read(self, raw: bytes, keys: Mapping[str, VerifyingKey]) -> T:
        """Signed by the one of these keys, by key id, that it names. VerificationError: `refusal`,
        or malformed bytes or fields.
        """
        content, _, signature = self._parts(raw)
        record = self.record.from_wire(content)
        key = keys.get(Fields(content).digest_hex("key_id"))
        if key is None or not key.accepts(self.purpose, content, signature):
            raise self.refusal()
        return record

    def verify(self, raw: bytes, fingerprint: str) -> T:
        """Signed by the directory key with this fingerprint. VerificationError: `stranger`,
        `refusal`, or malformed bytes or fields.
        """
        content, signer, signature = self._parts(raw)
        if signer is None or signer.key_id != fingerprint:
            raise (self.stranger or self.refusal)()
        if not signer.accepts(self.purpose, content, signature):
            raise self.refusal()
        return self.record.from_wire(content)

    def _parts(self, raw: bytes) -> tuple[Value, VerifyingKey | None, bytes]:
        fields = Fields(decode(raw))
        fields.version()
        content = fields.map_of(self.record.WHERE)
        signer = VerifyingKey(fields.octets("signer", PUBLIC_BYTES)) if self.offline else None
        signature = fields.octets("signature", SIGNATURE_BYTES)
        fields.done()
        return content, signer, signature
