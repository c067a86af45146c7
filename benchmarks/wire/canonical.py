"""Canonical CBOR: every value has exactly one spelling, so a signature is over a meaning and not over a choice.

The subset of RFC 8949 section 4.2.1 (core deterministic encoding) that the wire needs: integers of 64 bits, byte
strings, text, arrays, and maps with text keys. No floats, tags, null or booleans, no indefinite lengths: a field that
is not there is left out. Text keys sort by length and then bytes, which for text is the same in RFC 7049 and RFC 8949.

`encode` spells by itself: six kinds of value, and nothing else has a spelling. (The library's canonical encoder, which a
test holds this one to, takes 1.3 to 2 times as long and writes floats, nulls and tags as well.) `decode` trusts nothing: the
library reads the bytes with every tag refused (it would obey such as bigfloats, which expand to gigabytes), and what it
read is spelled again and compared: unsorted keys, long forms of integers and lengths, floats and nulls all show there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn, TypeAlias

import cbor2

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase

Value: TypeAlias = "int | bytes | str | list[Value] | dict[str, Value]"

LARGEST_INTEGER = 2**63 - 1
SMALLEST_INTEGER = -(2**63)
_FEW_KEYS, _SHORT_TEXT = 16, 64  # what messages repeat is spelled once; a stranger's long keys and texts are not kept
DEEPEST = 8  # containers within containers; a sealed report needs 5

_INTEGER, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP = range(6)  # major types, RFC 8949 section 3.1
_REMEDY = Phrase("Send the bytes as the agent wrote them; another writer must follow docs/wire-format.md.")


class Spelled(bytes):
    """A value in its canonical bytes already: `encode` puts it in as it stands, and it is spelled once for many messages."""

    __slots__ = ()


def encode(value: Value | Spelled) -> bytes:
    """The one spelling of `value`.

    Raises:
        TypeError: a value outside the subset (a float, None, a boolean, a map key that is no text); a programming error.
        OverflowError: an integer that needs more than 64 bits.
        ValueError: deeper than DEEPEST.
    """
    return _spelled(value, DEEPEST)


def decode(raw: bytes) -> Value:
    """The value spelled by `raw`, all of it.

    Raises:
        VerificationError: `cbor-malformed` where this is not the subset, `cbor-not-canonical` where it is not its one spelling.
    """
    value = parse(raw)
    try:
        spelled = _spelled(value, DEEPEST)
    except (TypeError, OverflowError) as outside:
        raise _malformed(outside.args[0]) from outside
    if spelled != raw:
        if raw.startswith(spelled):
            raise _malformed(Phrase("%(number)s bytes after the end of the value", number=len(raw) - len(spelled)))
        raise VerificationError(
            "cbor-not-canonical",
            Phrase(
                "The bytes are not in canonical form: a key stands twice or out of order, or a number or length "
                "is written longer than needed."
            ),
            _REMEDY,
        )
    return value


def parse(raw: bytes) -> Value:
    """What `raw` begins with, as the library reads it: nothing is proved but that no tag was obeyed. For `decode`, and for a
    reader that spells what it read by its own schema and compares."""
    try:
        value: Value = cbor2.loads(raw, semantic_decoders=_NO_TAGS, max_depth=DEEPEST, allow_indefinite=False)
    except cbor2.CBORDecodeError as error:
        raise _malformed(Phrase("they end too early, are no CBOR, or hold a tag or an open length")) from error
    return value


def _spelled(value: object, depth_left: int) -> bytes:
    kind = type(value)  # not isinstance: a boolean is an integer to that
    if kind is str:
        return _text(value)  # type: ignore[arg-type]  # narrowed by `kind`, as below
    if kind is int:
        return _integer(value)
    if kind is Spelled:
        return value  # type: ignore[return-value]
    if kind is bytes:
        return _head(_BYTES, len(value)) + value  # type: ignore[arg-type, operator]
    if kind is not dict and kind is not list:
        raise TypeError(Phrase("%(kind)s does not travel on the wire; use integers, bytes, text, lists and maps", kind=kind.__name__))
    if depth_left == 0:
        raise ValueError(f"a value on the wire is nested at most {DEEPEST} deep")
    if kind is list:
        return b"".join([_head(_ARRAY, len(value)), *[_spelled(item, depth_left - 1) for item in value]])  # type: ignore[arg-type, attr-defined]
    parts = [_head(_MAP, len(value))]  # type: ignore[arg-type]
    for spelled_key, key in _in_order(tuple(value)):  # type: ignore[arg-type]
        parts += (spelled_key, _spelled(value[key], depth_left - 1))  # type: ignore[index]
    return b"".join(parts)


def _in_order(keys: tuple[str, ...]) -> tuple[tuple[bytes, str], ...]:
    """A message's own fields are few and short: that order is remembered. What a stranger sends may be one key as large as a body."""
    repeated = len(keys) <= _FEW_KEYS and all(type(key) is str and len(key) <= _SHORT_TEXT for key in keys)
    return _remembered_order(keys) if repeated else _ordered(keys)


@lru_cache(maxsize=512)
def _remembered_order(keys: tuple[str, ...]) -> tuple[tuple[bytes, str], ...]:
    return _ordered(keys)


def _ordered(keys: tuple[str, ...]) -> tuple[tuple[bytes, str], ...]:
    """Keys with their spelling, the shorter first and then by their bytes (RFC 8949 section 4.2.1)."""
    if not all(type(key) is str for key in keys):
        raise TypeError(Phrase("map keys on the wire are text"))
    return tuple(sorted(((_text(key), key) for key in keys), key=lambda pair: (len(pair[0]), pair[0])))


def _text(text: str) -> bytes:
    return _spelled_text(text) if len(text) > _SHORT_TEXT else _remembered_text(text)


@lru_cache(maxsize=4096)
def _remembered_text(text: str) -> bytes:
    return _spelled_text(text)


def _spelled_text(text: str) -> bytes:
    raw = text.encode("utf-8")
    return _head(_TEXT, len(raw)) + raw


@lru_cache(maxsize=4096)
def _integer(number: int) -> bytes:
    if not SMALLEST_INTEGER <= number <= LARGEST_INTEGER:
        raise OverflowError(Phrase("an integer on the wire has at most 64 bits"))
    return _head(_INTEGER, number) if number >= 0 else _head(_NEGATIVE, -1 - number)


def _head(major: int, argument: int) -> bytes:
    """Major type and argument in the fewest bytes (RFC 8949 section 3)."""
    if argument < 24:
        return bytes((major << 5 | argument,))
    for short, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << 8 * width:
            return bytes((major << 5 | short,)) + argument.to_bytes(width)
    raise OverflowError(Phrase("a length on the wire has at most 64 bits"))


def _refuse_tag(_decoder: object, _immutable: bool = False) -> NoReturn:
    raise TypeError("a tag, none of which travel")


class _NoTags(dict[int, Callable[[object, bool], NoReturn]]):
    """The decoder of every tag there is: one that refuses."""

    def get(self, _tag: int, _default: object = None) -> Callable[[object, bool], NoReturn]:
        return _refuse_tag

    __getitem__ = get


_NO_TAGS = _NoTags()


def _malformed(found: Phrase) -> VerificationError:
    return VerificationError("cbor-malformed", Phrase("These are not the bytes of a Steplabel message: %(found)s.", found=found), _REMEDY)
