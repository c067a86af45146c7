"""The signature on a published benchmark, by which a copy found anywhere can be trusted, and the
digest that a citation names.

The document is JSON with decimal fractions, which canonical CBOR does not carry; what is signed is
the SHA-256 of its canonical JSON: without the member `signature`, sorted keys, no white space,
UTF-8, numbers in their shortest form. The key is a receipt key of the portal's key directory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.canonical import Value
from benchmarks.wire.signing import Purpose, ReceiptKey, VerifyingKey

SCHEMA = "steplabel/benchmark/1"
MEMBER = "signature"


def sign(document: Mapping[str, Any], key: ReceiptKey) -> dict[str, Any]:
    """The document with its signature: `{"algorithm", "key_id", "value"}`, the value in hex."""
    signature = {
        "algorithm": "Ed25519",
        "key_id": key.key_id,
        "value": key.sign(Purpose.BENCHMARK, _content(document)).hex(),
    }
    return {**document, MEMBER: signature}


def verify(document: Mapping[str, Any], keys: Mapping[str, VerifyingKey]) -> None:
    """Refuse a document that no key of the portal signed as it stands.

    Args:
        keys: receipt keys by key id, as `Directory.receipt_keys` gives them.

    Raises:
        VerificationError: `benchmark-unsigned`, `benchmark-signature-invalid`.
    """
    signature = document.get(MEMBER)
    if document.get("schema") != SCHEMA or not isinstance(signature, Mapping):
        raise VerificationError(
            "benchmark-unsigned",
            "This is not a signed benchmark of Steplabel.",
            Phrase(
                "Fetch the JSON form of the published page. Its schema must be %(schema)s.",
                schema=SCHEMA,
            ),
        )
    key = keys.get(str(signature.get("key_id")))
    try:
        content = _content(document)
    except ValueError:  # NaN, or half a surrogate pair: nothing a portal ever signed
        key, content = None, {}
    if key is None or not key.accepts(Purpose.BENCHMARK, content, _octets(signature.get("value"))):
        raise VerificationError(
            "benchmark-signature-invalid",
            "The benchmark was altered after it was published, or was signed by another portal.",
            "Fetch it again from the portal you are enrolled with. Do not compare with this copy.",
        )


def digest(document: Mapping[str, Any]) -> bytes:
    """SHA-256 of the canonical JSON without the signature: what is signed, and what a citation
    names.
    """
    bare = {name: value for name, value in document.items() if name != MEMBER}
    canonical = json.dumps(
        bare, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode("utf-8")).digest()


def _content(document: Mapping[str, Any]) -> Value:
    return {"sha256": digest(document)}


def _octets(value: object) -> bytes:
    try:
        return bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        return b""
