"""Changes to an envelope that somebody on the way could make: of bits, of lengths, of whole fields,
by splicing two envelopes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.wire.canonical import decode, encode

Chance = np.random.Generator
Mutation = Callable[[bytes, bytes, Chance], bytes]

_TAGS_FLOATS_NULLS = (b"\xc2", b"\xd8\x1c", b"\xfb" + bytes(8), b"\xf6")
_OPEN_LENGTHS = (b"\x9f", b"\x5f", b"\xbf", b"\xff")
_GIGABYTES = (b"\x9b" + b"\xff" * 8, b"\x5a\x7f\xff\xff\xff")
_HEADS = (*_TAGS_FLOATS_NULLS, *_OPEN_LENGTHS, *_GIGABYTES)


def mutated(raw: bytes, other: bytes, chance: Chance) -> tuple[str, bytes]:
    """One change to `raw`, with material of `other` where it splices; its kind, and bytes that
    differ from both.
    """
    while True:
        kind = tuple(MUTATIONS)[int(chance.integers(len(MUTATIONS)))]
        changed = MUTATIONS[kind](raw, other, chance)
        if changed not in (raw, other):
            return kind, changed


def _offset(raw: bytes, chance: Chance) -> int:
    """Half of the offsets lie in the first kilobyte, where header and lengths stand."""
    return int(chance.integers(min(len(raw), 1024) if chance.random() < 0.5 else len(raw)))


def _flip_bits(raw: bytes, _other: bytes, chance: Chance) -> bytes:
    changed = bytearray(raw)
    for _ in range(int(chance.integers(1, 4))):
        changed[_offset(raw, chance)] ^= 1 << int(chance.integers(8))
    return bytes(changed)


def _insert(raw: bytes, _other: bytes, chance: Chance) -> bytes:
    at = _offset(raw, chance)
    return raw[:at] + chance.bytes(int(chance.integers(1, 9))) + raw[at:]


def _delete(raw: bytes, _other: bytes, chance: Chance) -> bytes:
    at = _offset(raw, chance)
    return raw[:at] + raw[at + int(chance.integers(1, 9)) :]


def _repeat(raw: bytes, _other: bytes, chance: Chance) -> bytes:
    at = _offset(raw, chance)
    end = at + int(chance.integers(1, 65))
    return raw[:end] + raw[at:end] + raw[end:]


def _cut(raw: bytes, _other: bytes, chance: Chance) -> bytes:
    return raw[: _offset(raw, chance)]


def _append(raw: bytes, other: bytes, chance: Chance) -> bytes:
    return raw + (other if chance.random() < 0.2 else chance.bytes(int(chance.integers(1, 65))))


def _cross(raw: bytes, other: bytes, chance: Chance) -> bytes:
    """The beginning of one and the end of the other."""
    at = _offset(raw, chance)
    return raw[:at] + other[at:]


def _head(raw: bytes, _other: bytes, chance: Chance) -> bytes:
    """A head of CBOR where none belongs: tags, floats, open lengths, lengths of gigabytes."""
    at = _offset(raw, chance)
    heads = (
        b"\xc2",
        b"\xd8\x1c",
        b"\xfb" + bytes(8),
        b"\x9f",
        b"\x5f",
        b"\xbf",
        b"\xff",
        b"\x9b" + b"\xff" * 8,
        b"\x5a\x7f\xff\xff\xff",
        b"\xf6",
    )
    chosen = heads[int(chance.integers(len(heads)))]
    return raw[:at] + chosen + raw[at + len(chosen) :]


def _field(raw: bytes, other: bytes, chance: Chance) -> bytes:
    """A field of the header or of the envelope changed, taken from the other, left out or added;
    canonical again.
    """
    content: Any = decode(raw)
    foreign: Any = decode(other)
    inside = chance.random() < 0.7
    part, source = (content["header"], foreign["header"]) if inside else (content, foreign)
    name = sorted(part)[int(chance.integers(len(part)))]
    match int(chance.integers(5)):
        case 0:
            part[name] = source[name]
        case 1:
            del part[name]
        case 2:
            part[f"{name}x"] = part[name]
        case 3:
            part[name] = [part[name]]
        case _:
            part[name] = _other_value(part[name], chance)
    return encode(content)


def _other_value(value: Any, chance: Chance) -> Any:
    if isinstance(value, int):
        return value + int(chance.choice((-2, -1, 1, 2, 10**6)))
    if isinstance(value, str):
        return (
            "",
            value + "x",
            value[:-1],
            value.upper() + "0",
            "../../etc/passwd",
            "\u0000",
            "9" * 70,
        )[int(chance.integers(7))]
    if isinstance(value, bytes):
        return (b"", value[:-1], value + b"\x00", bytes(len(value)), value[::-1])[
            int(chance.integers(5))
        ]
    return 0


def _splice(raw: bytes, other: bytes, chance: Chance) -> bytes:
    """Whole parts of two good envelopes: one's header over the other's seal, one's signature under
    the other's content.
    """
    content: Any = decode(raw)
    foreign: Any = decode(other)
    for name in ("header", "sealed", "signature"):
        if chance.random() < 0.5:
            content[name] = foreign[name]
    return encode(content)


MUTATIONS: dict[str, Mutation] = {
    "bits flipped": _flip_bits,
    "bytes inserted": _insert,
    "bytes deleted": _delete,
    "bytes repeated": _repeat,
    "cut short": _cut,
    "more behind": _append,
    "two crossed": _cross,
    "a head of CBOR": _head,
    "a field changed": _field,
    "parts spliced": _splice,
}
