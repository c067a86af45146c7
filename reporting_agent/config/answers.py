"""Answers to what `map` asks, by the keys of its questions."""

from __future__ import annotations

from collections.abc import Mapping


def flat(table: Mapping[str, object], above: str = "") -> dict[str, object]:
    """`[batches]` with `output_unit = "t"` is the same as `"batches.output_unit" = "t"`."""
    flattened: dict[str, object] = {}
    for key, value in table.items():
        flattened |= (
            flat(value, f"{above}{key}.") if isinstance(value, dict) else {above + key: value}
        )
    return flattened
