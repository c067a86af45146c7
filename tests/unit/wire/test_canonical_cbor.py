"""One spelling for every value, and nothing outside the subset."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import VerificationError
from benchmarks.wire import canonical

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "fixtures/vectors/wire/cbor.json").read_text()
)

integers = st.integers(canonical.SMALLEST_INTEGER, canonical.LARGEST_INTEGER)
values = st.recursive(
    integers | st.binary(max_size=40) | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=12), inner, max_size=5)
    ),
    max_leaves=12,
).filter(lambda value: depth(value) <= canonical.DEEPEST)


def depth(value: object) -> int:
    if isinstance(value, list):
        return 1 + max((depth(item) for item in value), default=0)
    if isinstance(value, dict):
        return 1 + max((depth(item) for item in value.values()), default=0)
    return 0


def code_of(raw: bytes) -> str:
    with pytest.raises(VerificationError) as refusal:
        canonical.decode(raw)
    return refusal.value.code


@pytest.mark.parametrize("case", VECTORS["accepted"], ids=lambda case: case["hex"][:24] or "empty")
def test_the_rfc_s_own_examples_read_and_write_the_same(case: dict[str, Any]) -> None:
    raw = bytes.fromhex(case["hex"])
    assert canonical.decode(raw) == case["value"]
    assert canonical.encode(case["value"]) == raw


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["why"])
def test_what_has_another_spelling_or_lies_outside_is_refused(case: dict[str, Any]) -> None:
    assert code_of(bytes.fromhex(case["hex"])) == case["code"]


def test_the_ends_of_64_bits_travel_and_the_next_do_not() -> None:
    for edge in (canonical.LARGEST_INTEGER, canonical.SMALLEST_INTEGER):
        assert canonical.decode(canonical.encode(edge)) == edge
    for beyond in (canonical.LARGEST_INTEGER + 1, canonical.SMALLEST_INTEGER - 1):
        with pytest.raises(OverflowError):
            canonical.encode(beyond)
        assert code_of(cbor2.dumps(beyond, canonical=True)) == "cbor-malformed"


@pytest.mark.parametrize(
    "value", [1.0, None, True, (1, 2), {1: 2}, {b"a": 1}, [1.5], {"a": None}, 2j]
)
def test_what_is_outside_the_subset_is_never_written(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical.encode(value)


def test_eight_containers_within_each_other_travel_and_nine_do_not() -> None:
    nested: canonical.Value = 0
    for _ in range(canonical.DEEPEST):
        nested = [nested]
    assert canonical.decode(canonical.encode(nested)) == nested
    with pytest.raises(ValueError, match="nested"):
        canonical.encode([nested])


def test_a_hundred_thousand_nested_arrays_are_refused_without_descending() -> None:
    assert code_of(b"\x81" * 100_000 + b"\x00") == "cbor-malformed"


@pytest.mark.slow
@given(values)
def test_whatever_is_written_is_read_back(value: canonical.Value) -> None:
    raw = canonical.encode(value)
    assert canonical.decode(raw) == value


@given(values)
def test_every_proper_beginning_is_refused(value: canonical.Value) -> None:
    raw = canonical.encode(value)
    for end in range(len(raw)):
        assert code_of(raw[:end]) == "cbor-malformed"


@given(values, st.binary(min_size=1, max_size=8))
def test_anything_after_the_value_is_refused(value: canonical.Value, more: bytes) -> None:
    assert code_of(canonical.encode(value) + more) == "cbor-malformed"


@given(st.binary(max_size=64))
def test_bytes_are_refused_in_our_own_words_or_are_the_one_spelling_of_something(
    raw: bytes,
) -> None:
    try:
        value = canonical.decode(raw)
    except VerificationError:
        assert code_of(raw) in {"cbor-malformed", "cbor-not-canonical"}
    else:
        assert canonical.encode(value) == raw


@given(
    st.dictionaries(st.text(max_size=30), integers, min_size=2, max_size=6),
    st.randoms(use_true_random=False),
)
def test_only_one_order_of_keys_is_read(content: dict[str, Any], rng: Any) -> None:
    entries = list(content.items())
    rng.shuffle(entries)
    head = bytes([0xA0 + len(entries)])
    raw = head + b"".join(cbor2.dumps(key) + cbor2.dumps(number) for key, number in entries)
    if raw == canonical.encode(content):
        assert canonical.decode(raw) == content
    else:
        assert code_of(raw) == "cbor-not-canonical"


@given(st.integers(0, 2**64 - 1), values)
def test_no_tag_is_obeyed_whatever_its_number(tag: int, value: canonical.Value) -> None:
    assert code_of(cbor2.dumps(cbor2.CBORTag(tag, value), canonical=True)) == "cbor-malformed"


@pytest.mark.parametrize("tag", range(300))
def test_no_tag_that_the_library_knows_is_obeyed(tag: int) -> None:
    head = (
        bytes((0xC0 | tag,))
        if tag < 24
        else bytes((0xD8, tag))
        if tag < 256
        else b"\xd9" + tag.to_bytes(2)
    )
    for content in (b"\x01", b"\x61a", b"\x82\x01\x02", b"\x49" + bytes(9), b"\x80"):
        assert code_of(head + content) == "cbor-malformed"
        assert code_of(b"\x81" + head + content) == "cbor-malformed"


def test_maps_of_a_key_as_large_as_a_body_leave_nothing_in_memory() -> None:
    """200 bodies of 255 KiB, which is what an anonymous request may send: 51 MB if they stayed."""
    tracemalloc.start()
    try:
        for number in range(200):
            canonical.decode(cbor2.dumps({f"{number:06d}" + "k" * 255 * 1024: 1}))
        memory, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert memory < 1_000_000
