"""Canonical CBOR: every value has exactly one spelling, so a signature is over a meaning and not over a choice.

The subset of RFC 8949 section 4.2.1 (core deterministic encoding) that the wire needs: integers of 64 bits, byte
strings, text, arrays, and maps with text keys. No floats, tags, null or booleans, no indefinite lengths: a field that
is not there is left out. Text keys sort by length and then bytes, which for text is the same in RFC 7049 and RFC 8949.

`decode` trusts nothing. It first walks the raw bytes without building anything (a decoder for all of CBOR would obey
tags such as bigfloats that expand to gigabytes), then decodes, then encodes the result again and compares: duplicate
keys, unsorted keys, long forms of integers and lengths all show there.
"""

from __future__ import annotations

from typing import TypeAlias

import cbor2

from benchmarks.errors import VerificationError

Value: TypeAlias = "int | bytes | str | list[Value] | dict[str, Value]"

LARGEST_INTEGER = 2**63 - 1
SMALLEST_INTEGER = -(2**63)
DEEPEST = 8  # containers within containers; a sealed report needs 5

_INTEGERS, _NEGATIVES, _BYTES, _TEXT, _ARRAY, _MAP = range(6)
_REMEDY = "Send the bytes as the agent wrote them; another writer must follow docs/wire-format.md."


def encode(value: Value) -> bytes:
    """The one spelling of `value`.

    Raises:
        TypeError: a value outside the subset (a float, None, a boolean, a map key that is no text); a programming error.
        OverflowError: an integer that needs more than 64 bits.
        ValueError: deeper than DEEPEST.
    """
    _check_encodable(value, DEEPEST)
    return cbor2.dumps(value, canonical=True)


def decode(raw: bytes) -> Value:
    """The value spelled by `raw`, all of it.

    Raises:
        VerificationError: `cbor-malformed` where this is not the subset, `cbor-not-canonical` where it is not its one spelling.
    """
    _check_structure(raw)
    try:
        value: Value = cbor2.loads(raw)
    except cbor2.CBORDecodeError as error:  # after the walk only text that is not UTF-8 is left
        raise _malformed("a text that is not UTF-8") from error
    if cbor2.dumps(value, canonical=True) != raw:
        raise VerificationError(
            "cbor-not-canonical",
            "The bytes are not in canonical form: a key stands twice or out of order, or a number or length is written longer than needed.",
            _REMEDY,
        )
    return value


def _check_encodable(value: object, depth_left: int) -> None:
    kind = type(value)
    if kind is int:
        if not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:  # type: ignore[operator]  # narrowed by `kind`: bool is an int to isinstance
            raise OverflowError("an integer on the wire has at most 64 bits")
    elif isinstance(value, list | dict):
        if depth_left == 0:
            raise ValueError(f"a value on the wire is nested at most {DEEPEST} deep")
        if isinstance(value, dict) and not all(type(key) is str for key in value):
            raise TypeError("map keys on the wire are text")
        for child in value.values() if isinstance(value, dict) else value:
            _check_encodable(child, depth_left - 1)
    elif kind is not str and kind is not bytes:
        raise TypeError(f"{kind.__name__} does not travel on the wire; use integers, bytes, text, lists and maps")


def _check_structure(raw: bytes) -> None:
    """Walk one item and everything in it; refuse what lies outside the subset, is cut short, or is followed by more."""
    at = 0
    open_containers: list[list[int]] = []  # [items left, 1 in a map]; in a map an even number left means a key comes next
    while True:
        major, argument, at = _head(raw, at)
        if open_containers:
            left, in_map = open_containers[-1]
            if in_map and left % 2 == 0 and major != _TEXT:
                raise _malformed("a map key that is no text")
            open_containers[-1][0] = left - 1
        if major >= _ARRAY:
            open_containers.append([argument * (2 if major == _MAP else 1), major - _ARRAY])
            if len(open_containers) > DEEPEST:
                raise _malformed(f"more than {DEEPEST} containers within each other")
        else:
            at = _end_of_scalar(raw, at, major, argument)
        while open_containers and open_containers[-1][0] == 0:
            open_containers.pop()
        if not open_containers:
            break
    if at != len(raw):
        raise _malformed(f"{len(raw) - at} bytes after the end of the value")


def _end_of_scalar(raw: bytes, at: int, major: int, argument: int) -> int:
    """Where an integer or string ends whose head ended at `at`."""
    if major <= _NEGATIVES:
        if argument > LARGEST_INTEGER:
            raise _malformed("an integer of more than 64 bits")
        return at
    if argument > len(raw) - at:
        raise _malformed("a string longer than the bytes that are there")
    return at + argument


def _head(raw: bytes, at: int) -> tuple[int, int, int]:
    """Major type and argument of the item that starts at `at`, and where its head ends."""
    if at >= len(raw):
        raise _malformed("the bytes end in the middle of a value")
    major, short = raw[at] >> 5, raw[at] & 31
    at += 1
    if major > _MAP:
        raise _malformed("a tag, a float, a boolean or a null, none of which travel")
    if short < 24:
        return major, short, at
    if short > 27:
        raise _malformed("a length left open")
    end = at + (1 << (short - 24))
    if end > len(raw):
        raise _malformed("the bytes end in the middle of a value")
    return major, int.from_bytes(raw[at:end]), end


def _malformed(found: str) -> VerificationError:
    return VerificationError("cbor-malformed", f"These are not the bytes of a Steplabel message: {found}.", _REMEDY)
