"""What `docs/reasons.md` says of each fault of a batch, from `FAULTS`."""

from __future__ import annotations

import re
from collections.abc import Callable

from benchmarks.labels.columns import Flags
from reporting_agent.pipeline.batch_faults import (
    FAULTS,
    BatchFault,
    ExaminedBatches,
    always,
    metered,
    never,
)

EXCLUDES: dict[Callable[[ExaminedBatches], Flags], str] = {
    always: "",
    metered: "where metered",
    never: "",
}


def among_reasons(text: str) -> str:
    """A table of why batches are left out, with the rows of the faults that leave them out before
    all others.
    """
    rows = {
        fault.code: f"| `{fault.code}` | {_shown(fault)} | {fault.remedy} |"
        for fault in FAULTS
        if fault.excludes is not never
    }
    head, rule, *others = text.strip().splitlines()
    return "\n".join(
        [head, rule, *rows.values(), *(line for line in others if _code(line) not in rows)]
    )


def _shown(fault: BatchFault) -> str:
    which = fault.which or EXCLUDES[fault.excludes]
    return f"{fault.shown_by} ({which})" if which else fault.shown_by


def _code(line: str) -> str:
    match = re.match(r"\| `([a-z0-9-]+)`", line)
    return match[1] if match else ""
