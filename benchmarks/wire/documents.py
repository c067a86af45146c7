"""Small signed documents whose members are texts: JSON, so what is signed is their canonical CBOR
without the member `signature`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.wire.signing import Purpose, SigningKey, VerifyingKey


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
