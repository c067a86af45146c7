"""A profile for what a file holds: what the file proves, with its evidence, and what only a person can know, as questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from reporting_agent.proposal import meters, rows
from reporting_agent.proposal.carriers import energy_columns
from reporting_agent.proposal.look import Look, look_at
from reporting_agent.proposal.maker import Maker
from reporting_agent.proposal.naming import dates, named, numbers
from reporting_agent.proposal.spread_moments import calendar
from reporting_agent.proposal.types import INPUTS, Proposal

_OWN_PART = {"batches": rows.batches, "energy": rows.energy, "log": rows.log, "readings": meters.readings}


def propose(path: Path, wanted: str | None, answers: Mapping[str, str], sheet: str | None = None) -> list[Proposal]:
    """Profiles for what the file holds: one, or two where batches carry their energy in the same row.

    Args:
        wanted: batches, energy, readings or log; found out where None.
        answers: to questions of an earlier proposal, by their keys.

    Raises:
        InputError: the file cannot be read, or an answer cannot be one.
    """
    look = look_at(path, sheet)
    if "sheet" in answers and answers["sheet"] in look.sheets:
        look = replace(look_at(path, answers["sheet"]), sheets=look.sheets)
    name, because = (wanted, "as asked") if wanted is not None else _kind_of(look)
    made = [_made(look, name, answers, because)]
    if wanted is None and name == "batches" and energy_columns(look):
        made.append(_made(look, "energy", answers, "energy stands beside the batches"))
    if look.sheets and "sheet" not in answers:  # what else is open depends on the sheet
        for one in made:
            one.questions = [question for question in one.questions if question.key == "sheet"]
    return made


def _made(look: Look, name: str, answers: Mapping[str, str], because: str) -> Proposal:
    maker = Maker(look, INPUTS[name], answers, because)
    maker.begin()
    _OWN_PART[name](maker)
    return maker.end()


def _kind_of(look: Look) -> tuple[str, str]:
    """What the file holds, by which of the templates its columns answer to."""
    found = {name: named(look, wanted) for name, wanted in INPUTS.items()}
    sure = {name: {column for column, one in columns.items() if one.share > 0} for name, columns in found.items()}
    when = dates(look) or list(calendar(look) or ())
    if {"meter_id", "value"} <= sure["readings"] and when:
        return "readings", "a column names meters, another holds values"
    if "batch_id" in sure["batches"] and (when or "start" in sure["batches"]):
        return "batches", f"{found['batches']['batch_id'].header!r} names batches, and there are dates"
    if "batch_id" in sure["energy"] and {"quantity", "carrier"} & sure["energy"]:
        return "energy", "batches are named and quantities given, without dates"
    if len(when) == 1 and "equipment" in sure["log"] and "output_quantity" in sure["log"]:
        return "log", "one column of dates, equipment and output, and no batches"
    if len(when) >= 2:
        return "batches", "two columns of dates"
    if when and numbers(look):
        return "readings", "one column of dates and numbers beside it"
    return "batches", "nothing else fits"
