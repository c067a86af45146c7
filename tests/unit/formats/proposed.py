"""What the door proposes for a file where nobody but these answers is asked, and what reading the
whole file by the proposal gives.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.errors import InputError
from reporting_agent.config import Profile
from reporting_agent.door import (
    ProfileProposal,
    nobody,
    open_questions,
    profile_lines,
    settled,
    table_lines,
)
from reporting_agent.door.types import INPUTS
from reporting_agent.sources import CellKind, read_table, stream_readings
from reporting_agent.sources.reading_log import ReadingLog

_SHOWN = 3


def flat(table: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """`[batches]` with `output_unit = "t"` is the same as `"batches.output_unit" = "t"`."""
    answers: dict[str, str] = {}
    for key, value in table.items():
        more = flat(value, f"{above}{key}.") if isinstance(value, dict) else {above + key: value}
        answers |= {name: str(answer) for name, answer in more.items()}
    return answers


def proposed(
    path: Path, answers: str = "", wanted: str | None = None, sheet: str | None = None
) -> tuple[int, dict[str, Any]]:
    """1 where something is open, or the file cannot be read by the proposal; and all of it."""
    try:
        proposals = settled(path, wanted, flat(tomllib.loads(answers)), sheet, nobody)
    except InputError as refused:
        return 1, {"error": refused.to_json()}
    questions = open_questions(proposals)
    answer = {
        "proposals": [_one(proposal) for proposal in proposals],
        "questions": [
            {"key": question.key, "ask": question.ask, "choices": question.choices}
            for question in questions
        ],
        "toml": toml_of(proposals),
    }
    refused_ones = [each for each in answer["proposals"] if each["proof"]["refused"] is not None]  # type: ignore[index]
    return int(bool(questions or refused_ones)), json.loads(json.dumps(answer))


def toml_of(proposals: list[ProfileProposal]) -> str:
    """Profiles, meters and runs, as site.toml has them."""
    parts = [profile_lines(f"mapping.{proposal.input}", proposal.keys) for proposal in proposals]
    for proposal in proposals:
        parts += [
            ["[[meters]]", *table_lines({"id": name, **keys})]
            for name, keys in proposal.meters.items()
        ]
        parts += [["[runs]", *table_lines(proposal.runs)]] if proposal.runs else []
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _one(proposal: ProfileProposal) -> dict[str, Any]:
    return {
        "input": proposal.input,
        "profile": proposal.keys,
        "meters": proposal.meters,
        "runs": proposal.runs,
        "evidence": [
            {"key": clue.key, "value": clue.value, "because": clue.because}
            for clue in proposal.evidence
        ],
        "not_used": proposal.unused,
        "proof": _proof(proposal),
    }


def _proof(proposal: ProfileProposal) -> dict[str, Any]:
    given = {*proposal.look.header, *proposal.table("columns"), *proposal.table("constants")}
    given |= {"carrier", "quantity", "unit"} if "carriers" in proposal.keys else set()
    open_ones = {  # what is asked for stands for itself
        column.name: 0.0 if column.kind in {CellKind.NUMBER, CellKind.AMOUNT} else "?"
        for column in INPUTS[proposal.input].columns
        if column.required and column.name not in given and column.kind is not CellKind.MOMENT
    }
    constants = open_ones | proposal.table("constants")
    profile = Profile.model_validate(proposal.keys | {"constants": constants})
    zone, path, log = ZoneInfo(profile.timezone or "UTC"), proposal.look.path, ReadingLog()
    try:
        if proposal.input == "readings":
            blocks = stream_readings([path], profile, frozenset(proposal.meters), zone, log)
            read, first = sum(len(block.row) for block in blocks), []
            rejected, totals, count = log.rejected, log.totals, log.rejected_count
        else:
            table = read_table(path, profile, INPUTS[proposal.input], zone)
            first = [
                {name: _shown(values[row]) for name, values in table.columns.items()}
                for row in range(min(_SHOWN, len(table)))
            ]
            read, rejected, totals = len(table), table.rejected, table.totals
            count = len(rejected)
    except InputError as refused:
        nothing = {"read": 0, "rejected": 0, "totals": 0, "first": [], "reasons": []}
        return nothing | {"refused": str(refused)}
    return {
        "read": read,
        "rejected": count,
        "totals": len(totals),
        "first": first,
        "reasons": [f"{rejection.reason}; {rejection.wanted}" for rejection in rejected[:5]],
        "refused": None,
    }


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return f"{value:.10g}" if isinstance(value, float) else "" if value is None else str(value)
