"""What documents say of each fault of a batch, from `FAULTS`: the table of `docs/agent.md`, and the
rows of `docs/reasons.md`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from benchmarks.labels.columns import Flags
from reporting_agent.pipeline.batch_faults import FAULTS, ExaminedBatches, always, metered, never
from tests.documents.refusals import ROOT

PAGE = ROOT / "docs" / "agent.md"
BEGIN, END = "<!-- faults -->", "<!-- end -->"
EXCLUDES: dict[Callable[[ExaminedBatches], Flags], str] = {
    always: "yes",
    metered: "where metered",
    never: "no",
}


def filled(text: str) -> str:
    """The page of the agent with its table of faults, in the order in which they claim a batch."""
    before, rest = text.split(BEGIN, 1)
    rows = [
        f"| `{fault.code}` | {fault.shown_by} | {fault.which or EXCLUDES[fault.excludes]} |"
        for fault in FAULTS
    ]
    table = "\n".join(["| code | what shows it | excludes |", "|---|---|---|", *rows])
    return f"{before}{BEGIN}\n{table}\n{END}{rest.split(END, 1)[1]}"


def among_reasons(text: str) -> str:
    """A table of why batches are left out, with the rows of the faults that leave them out before
    all others.
    """
    rows = {
        fault.code: f"| `{fault.code}` | {fault.shown_by} | {fault.remedy} |"
        for fault in FAULTS
        if fault.excludes is not never
    }
    head, rule, *others = text.strip().splitlines()
    return "\n".join(
        [head, rule, *rows.values(), *(line for line in others if _code(line) not in rows)]
    )


def _code(line: str) -> str:
    match = re.match(r"\| `([a-z0-9-]+)`", line)
    return match[1] if match else ""
