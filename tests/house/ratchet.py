"""What may only fall: `ratchet.toml` holds a limit for each measure, and the tests compare.

A limit is lowered by `python -m tests.house --lower` and never raised by a command. Whoever needs
more writes the limit and, under `[[raised]]`, the measure, the number, the reason and who asked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("ratchet.toml")


def limits() -> dict[str, float]:
    limits: dict[str, float] = _read()["limits"]
    return limits


def exceeded(counted: Mapping[str, float]) -> list[str]:
    """A sentence for each measure above its limit."""
    return [
        f"{name}: {counted[name]:,.0f}, at most {limit:,.0f}. Take as much out, or raise the limit "
        f"in {FILE.name} with its reason and who asked."
        for name, limit in limits().items()
        if counted[name] > limit
    ]


def unreasoned() -> list[str]:
    """Limits above the lowest that ever stood, without an entry that says why."""
    content = _read()
    reasons = {
        (entry["measure"], entry["to"])
        for entry in content.get("raised", [])
        if entry["because"] and entry["asked_by"]
    }
    return [
        name
        for name, limit in content["limits"].items()
        if limit > content["lowest"][name] and (name, limit) not in reasons
    ]


def lower(counted: Mapping[str, float]) -> None:
    """Write what has fallen; comments and entries of the file stay."""
    lines = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        name, _, limit = line.rpartition(" = ")
        name = name.strip('"')
        fallen = name in counted and int(counted[name]) < int(limit)
        lines.append(f'"{name}" = {int(counted[name])}' if fallen else line)
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _read() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
