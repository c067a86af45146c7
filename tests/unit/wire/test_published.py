"""The signature on a published benchmark."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from benchmarks.errors import VerificationError
from benchmarks.wire import published
from benchmarks.wire.signing import ReceiptKey

DOCUMENT: dict[str, Any] = {
    "schema": published.SCHEMA,
    "pack": "steel",
    "steps": [{"step": "eaf", "best": 41.25, "interval": [41.0, 41.5]}],
    "zh": "钢",
}


@pytest.fixture(scope="module")
def key() -> ReceiptKey:
    return ReceiptKey.generate()


def test_a_signed_document_survives_a_round_trip_through_json(key: ReceiptKey) -> None:
    signed = json.loads(json.dumps(published.sign(DOCUMENT, key), indent=2))
    published.verify(signed, {key.key_id: key.public})


@pytest.mark.parametrize("path", ["best", "interval", "key", "value", "not-hex", "member"])
def test_any_change_is_noticed(key: ReceiptKey, path: str) -> None:
    signed = copy.deepcopy(published.sign(DOCUMENT, key))
    match path:
        case "best":
            signed["steps"][0]["best"] = 41.26
        case "interval":
            signed["steps"][0]["interval"][1] = 41.6
        case "key":
            signed["signature"]["key_id"] = ReceiptKey.generate().key_id
        case "value":
            signed["signature"]["value"] = "00" * 64
        case "not-hex":
            signed["signature"]["value"] = "zz"
        case "member":
            signed["note"] = "added"
    with pytest.raises(VerificationError) as refused:
        published.verify(signed, {key.key_id: key.public})
    assert refused.value.code == "benchmark-signature-invalid"


@pytest.mark.parametrize("value", ["NaN", "Infinity", '"\\ud800"'])
def test_what_no_portal_can_have_signed_is_refused_like_any_change(
    key: ReceiptKey, value: str
) -> None:
    signed = json.loads(json.dumps(published.sign(DOCUMENT, key)).replace("41.25", value))
    with pytest.raises(VerificationError) as refused:
        published.verify(signed, {key.key_id: key.public})
    assert refused.value.code == "benchmark-signature-invalid"


def test_a_document_without_signature_is_told_from_a_forged_one(key: ReceiptKey) -> None:
    with pytest.raises(VerificationError) as refused:
        published.verify(DOCUMENT, {key.key_id: key.public})
    assert refused.value.code == "benchmark-unsigned"
