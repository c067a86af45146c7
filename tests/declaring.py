"""What an engineer does before a first report: looks at what the run proposes to declare, and
pastes it into site.toml.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.config.events import CONFIRM


def declare(folder: Path, period: str) -> int:
    """Declare everything that the run over a period proposes; returns how much it was."""
    path = folder / "site.toml"
    site = load_site(path)
    proposals = pipeline.read(site, Period.parse(period, site.zone), outward=True).proposals
    text = path.read_text(encoding="utf-8")
    for proposal in proposals:
        toml = proposal.toml.replace(
            CONFIRM, "Confirmed by the shift's lead; log book of the year, page 12."
        )
        text = (
            f"{text}\n{toml}" if proposal.toml.startswith("[[events]]") else _with_power(text, toml)
        )
    path.write_text(text, encoding="utf-8")
    return len(proposals)


def _with_power(text: str, toml: str) -> str:
    """The same file with another allocation of one meter."""
    comment, allocation = toml.strip().splitlines()
    named = re.search(r"\[\[meters\]\] of (\S+),", comment)
    assert named is not None, comment
    tables = text.split("[[meters]]")
    return "[[meters]]".join(
        re.sub(r"(?m)^allocation.*$", allocation, table) if f'id = "{named[1]}"' in table else table
        for table in tables
    )
