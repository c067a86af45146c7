"""Canonical CBOR: every value has exactly one spelling, so a signature is over a meaning and not
over a choice.

The subset of RFC 8949 section 4.2.1 (core deterministic encoding) that the wire needs: integers of
64 bits, byte strings, text, arrays, and maps with text keys. No floats, tags, null or booleans, no
indefinite lengths: a field that is not there is left out. Text keys sort by length and then bytes,
which for text is the same in RFC 7049 and RFC 8949.

Both ways the library does the work (cbor2), and what it would take or give beyond the subset is
refused here: `encode` looks at every value first, for the library writes floats, nulls and tags
too; `decode` has every tag refused (the library would obey such as bigfloats, which expand to
gigabytes), and what was read is spelled again and compared: unsorted keys, long forms of integers
and lengths, floats and nulls all show there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeAlias

import cbor2

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase

Value: TypeAlias = "int | bytes | str | list[Value] | dict[str, Value]"

LARGEST_INTEGER = 2**63 - 1
SMALLEST_INTEGER = -(2**63)
DEEPEST = 8  # containers within containers; a sealed report needs 5

_REMEDY = Phrase(
    "Send the bytes as the agent wrote them. Any other program must follow docs/wire-format.md."
)


def encode(value: Value) -> bytes:
    """The one spelling of `value`.

    Raises:
        TypeError: a value outside the subset (a float, None, a boolean, a map key that is no text);
            a programming error.
        OverflowError: an integer that needs more than 64 bits.
        ValueError: deeper than DEEPEST.
    """
    _require_subset(value, DEEPEST)
    return cbor2.dumps(value, canonical=True)


def decode(raw: bytes) -> Value:
    """The value spelled by `raw`, all of it.

    Raises:
        VerificationError: `cbor-malformed` where this is not the subset, `cbor-not-canonical` where
            it is not its one spelling.
    """
    value = parse(raw)
    try:
        spelled = encode(value)
    except (TypeError, OverflowError) as outside:
        raise _malformed(outside.args[0]) from outside
    if spelled != raw:
        if raw.startswith(spelled):
            raise _malformed(
                Phrase(
                    "%(number)s bytes after the end of the value", number=len(raw) - len(spelled)
                )
            )
        raise VerificationError(
            "cbor-not-canonical",
            "The bytes are not in canonical form: a key appears twice or out of order, or a "
            "number or length is written longer than"
            " needed.",
            _REMEDY,
        )
    return value


def parse(raw: bytes) -> Value:
    """What `raw` begins with, as the library reads it: nothing is proved but that no tag was
    obeyed. For `decode`, and for a reader that spells what it read by its own schema and
    compares."""
    try:
        value: Value = cbor2.loads(
            raw, semantic_decoders=_NO_TAGS, max_depth=DEEPEST, allow_indefinite=False
        )
    except cbor2.CBORDecodeError as error:
        raise _malformed(
            Phrase("they end too early, are not CBOR, or contain a tag or an open length")
        ) from error
    return value


def _require_subset(value: object, depth_left: int) -> None:
    kind = type(value)  # not isinstance: a boolean is an integer to that
    if kind is str or kind is bytes:
        return
    if kind is int:
        if not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:  # type: ignore[operator]  # narrowed by `kind`
            raise OverflowError(Phrase("an integer on the wire has at most 64 bits"))
        return
    if not isinstance(value, dict | list):
        raise TypeError(
            Phrase(
                "%(kind)s cannot be sent; use integers, bytes, text, lists and maps",
                kind=kind.__name__,
            )
        )
    if depth_left == 0:
        raise ValueError(
            Phrase("a value on the wire is nested at most %(deepest)s deep", deepest=DEEPEST)
        )
    if isinstance(value, dict) and {*map(type, value)} - {str}:
        raise TypeError(Phrase("map keys on the wire are text"))
    for item in value.values() if isinstance(value, dict) else value:
        if type(item) is not str:  # what most are
            _require_subset(item, depth_left - 1)


def _refuse_tag(_decoder: object, _immutable: bool = False) -> NoReturn:
    raise TypeError("a tag, none of which travel")


class _NoTags(dict[int, Callable[[object, bool], NoReturn]]):
    """The decoder of every tag there is: one that refuses."""

    def get(self, _tag: int, _default: object = None) -> Callable[[object, bool], NoReturn]:
        return _refuse_tag

    __getitem__ = get


_NO_TAGS = _NoTags()


def _malformed(fault: Phrase) -> VerificationError:
    return VerificationError(
        "cbor-malformed",
        Phrase("These are not the bytes of a Steplabel message: %(found)s.", found=fault),
        _REMEDY,
    )
