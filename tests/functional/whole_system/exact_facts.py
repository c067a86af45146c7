"""What a plant must never let out, taken from its own files and its exact label, and a search for
any of it in bytes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.wire import canonical
from benchmarks.wire.canonical import Value

SHORTEST_DIGEST = 16
PRIME = 16_777_213


@dataclass(frozen=True)
class ExactFacts:
    """Values with their meaning, so that a finding says what leaked."""

    names: dict[str, str]  # text -> meaning: batch ids
    moments: dict[datetime, str]
    numbers: dict[float, str]  # exact values and outputs
    counts: dict[int, str]


def facts_of(label_folder: Path) -> ExactFacts:
    """Read `label.json` and `batches.parquet` as the `label` command wrote them."""
    label = json.loads((label_folder / "label.json").read_text(encoding="utf-8"))
    numbers: dict[float, str] = {}
    counts: dict[int, str] = {}
    for step in label["steps"]:
        where = f"{step['step']} {step['metric']}"
        counts |= {
            step["batches"]["read"]: f"{where}: batches read",
            step["batches"]["used"]: f"{where}: batches used",
        }
        for path, value in _leaves(step):
            if isinstance(value, float) and value not in (0.0, 1.0):
                numbers[value] = f"{where}: {path}"
    batches = pq.read_table(label_folder / "batches.parquet").to_pylist()
    moments = {
        batch[edge]: f"{edge} of {batch['batch_id']}"
        for batch in batches
        for edge in ("start", "end")
        if batch.get(edge)
    }
    for kind in ("value", "at_reference", "energy", "output"):
        numbers |= {
            batch[kind]: f"{kind} of {batch['batch_id']}" for batch in batches if batch[kind]
        }
    return ExactFacts(
        {batch["batch_id"]: "batch id" for batch in batches}, moments, numbers, counts
    )


def found_in_bytes(facts: ExactFacts, raw: bytes, shortest: int = 4) -> list[str]:
    """Every fact that stands in `raw` as text, as a binary float of either width and order, or as a
    time in any usual form.

    `shortest` leaves out forms of fewer bytes: among tens of kilobytes of ciphertext some four
    bytes match by chance.
    """
    begun = _begun(raw)

    def stands(forms: list[bytes], shortest: int = shortest) -> bool:
        return any(
            len(form) >= shortest
            and (len(form) < 4 or begun[int.from_bytes(form[:4], "little") % PRIME])
            and form in raw
            for form in forms
        )

    matches = [
        f"{meaning}: {text}"
        for text, meaning in facts.names.items()
        if stands([text.encode()], shortest=0)
    ]
    for number, meaning in facts.numbers.items():
        forms = [struct.pack(order + width, number) for order in "<>" for width in "df"]
        forms += [repr(number).encode(), number.hex().encode()]
        forms += [
            text.encode() for digits in (2, 3, 4, 6) if len(text := f"{number:.{digits}f}") >= 6
        ]
        if stands(forms):
            matches.append(f"{meaning}: {number}")
    for moment, meaning in facts.moments.items():
        seconds = int(moment.timestamp())
        forms = [
            moment.isoformat().encode(),
            moment.isoformat(sep=" ").encode(),
            str(seconds).encode(),
        ]
        forms += [seconds.to_bytes(4, order) for order in ("big", "little")] + [
            (seconds * scale).to_bytes(8, order)
            for scale in (1000, 1_000_000)
            for order in ("big", "little")
        ]
        if stands(forms):
            matches.append(f"{meaning}: {moment}")
    return matches


def _begun(raw: bytes) -> bytes:
    """By the remainder of four bytes, whether such four may stand in `raw`: half a million forms
    are looked for, and few begin as anything does."""
    each = np.frombuffer(raw, np.uint8).astype(np.uint32)
    begun = np.zeros(PRIME, bool)
    begun[(each[:-3] | each[1:-2] << 8 | each[2:-1] << 16 | each[3:] << 24) % PRIME] = True
    return begun.tobytes()


def found_in_message(facts: ExactFacts, message: Value) -> list[str]:
    """Every fact that stands in a decoded message: in any form outside its digests and keys, in
    forms of six bytes within.

    A digest's bytes are any bytes: among tens of thousands of facts, one or another of four bytes
    stands in some of them by chance.
    """
    opaque = [leaf for _, leaf in _leaves(message) if _is_opaque(leaf)]
    return found_in_bytes(facts, canonical.encode(_without_opaque(message))) + found_in_bytes(
        facts, b"".join(opaque), shortest=6
    )


def counts_in(facts: ExactFacts, value: Value) -> list[str]:
    """Exact counts that stand as a number anywhere in a decoded message.

    Not looked at: grid points, which may be any number by chance, and the public count class, whose
    lower edge a count may happen to be.
    """
    return [
        f"{facts.counts[leaf]}: {leaf} at {path}"
        for path, leaf in _leaves(value)
        if isinstance(leaf, int)
        and not isinstance(leaf, bool)
        and leaf in facts.counts
        and not path.endswith(("/cell", "/count_class"))
    ]


def _is_opaque(leaf: Any) -> bool:
    return isinstance(leaf, bytes) and len(leaf) >= SHORTEST_DIGEST


def _without_opaque(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_opaque(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_opaque(inner) for inner in value]
    return b"" if _is_opaque(value) else value


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}/{index}")
    else:
        yield path, value
