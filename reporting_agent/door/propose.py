"""A profile for what a file holds: what the file proves, with its evidence, and what only a person
can know, as questions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.config.profile import MONTH
from reporting_agent.door import columns, rows
from reporting_agent.door.columns import counter_pair, energy_columns, output_columns
from reporting_agent.door.deciding import Ask
from reporting_agent.door.look import FileLook, look_at
from reporting_agent.door.maker import Maker
from reporting_agent.door.naming import bare_days, calendar, dates, named, numbers, unit_of
from reporting_agent.door.types import INPUTS, ProfileProposal, ProfileQuestion, impossible
from reporting_agent.door.vocabulary import VOCABULARY

_OWN_PART = {
    "batches": rows.batches,
    "energy": rows.energy,
    "log": rows.log,
    "readings": columns.readings,
}


def settled(
    path: Path, wanted: str | None, answers: Mapping[str, str], sheet: str | None, ask: Ask
) -> list[ProfileProposal]:
    """Profiles in which `ask` answered what it can; a question that it leaves stays open.

    Args:
        wanted: batches, energy, readings or log; found out where None.
        answers: that are known, by the keys of questions.

    Raises:
        InputError: the file cannot be read, or an answer cannot be one.
    """
    known_answers, left, first = dict(answers), set[str](), look_at(path, sheet)
    looks: dict[tuple[str | None, str | None, str | None], FileLook] = {(sheet, None, None): first}
    while True:
        asked_for = (
            _among(known_answers.get("sheet"), first.sheets) or sheet,
            _among(known_answers.get("encoding"), first.encodings),
            _month(known_answers.get("month"), path),
        )
        if asked_for not in looks:
            looked = look_at(path, *asked_for)
            looks[asked_for] = replace(looked, sheets=first.sheets, encodings=first.encodings)
        look = looks[asked_for]
        proposals = _profiles(look, wanted, known_answers)
        questions = [each for each in open_questions(proposals) if each.key not in left]
        if not questions:
            return proposals
        for question in questions:
            answer = ask(question)
            if answer is None:
                left.add(question.key)
            else:
                known_answers[question.key] = answer


def _among(answer: str | None, possible: Sequence[str]) -> str | None:
    return answer if answer in possible else None


def _month(answer: str | None, path: Path) -> str | None:
    if answer is None or re.fullmatch(MONTH, answer):
        return answer
    sentence = Phrase("The answer to month is not a month.")
    wanted = Phrase("a year and a month, such as 2025-03")
    raise impossible(path, "month", answer, sentence, wanted)


def open_questions(proposals: Sequence[ProfileProposal]) -> list[ProfileQuestion]:
    """Each once: two inputs of one file may ask the same."""
    return list(
        {
            question.key: question for proposal in proposals for question in proposal.questions
        }.values()
    )


def _profiles(
    look: FileLook, wanted: str | None, answers: Mapping[str, str]
) -> list[ProfileProposal]:
    """One, or two where batches carry their energy in the same row."""
    name, because = (wanted, Phrase("as asked")) if wanted is not None else _kind_of(look)
    proposals = [_proposal(look, name, answers, because)]
    if wanted is None and name == "batches" and (energy_columns(look) or counter_pair(look)):
        proposals.append(
            _proposal(look, "energy", answers, Phrase("energy stands beside the batches"))
        )
    for key, unclear in (("sheet", look.sheets), ("encoding", look.encodings), ("month", look.day)):
        if unclear and key not in answers:  # what else is open depends on it
            for proposal in proposals:
                proposal.questions = [
                    question for question in proposal.questions if question.key == key
                ]
    return proposals


def _proposal(
    look: FileLook, name: str, answers: Mapping[str, str], because: str
) -> ProfileProposal:
    maker = Maker(look, INPUTS[name], answers, because)
    maker.begin()
    _OWN_PART[name](maker)
    return maker.end()


def _kind_of(look: FileLook) -> tuple[str, str]:
    """What the file holds, by the template that its columns answer to."""
    matches = {name: named(look, wanted) for name, wanted in INPUTS.items()}
    sure = {
        name: {column for column, matched in columns.items() if matched.share > 0}
        for name, columns in matches.items()
    }
    when = dates(look) or list(calendar(look) or ())
    if {"meter_id", "value"} <= sure["readings"] and when:
        return "readings", Phrase("a column names meters, another holds values")
    one_meter = "meter_id" in sure["readings"] and "value" in matches["readings"]
    if one_meter and when and "batch_id" not in sure["batches"] and not output_columns(look):
        return "readings", Phrase("a column names meters, and one beside it holds amounts")
    if "batch_id" in sure["batches"] and (when or "start" in sure["batches"]):
        header = repr(matches["batches"]["batch_id"].header)
        return "batches", Phrase("%(header)s names batches, and there are dates", header=header)
    if "batch_id" in sure["energy"] and {"quantity", "carrier"} & sure["energy"]:
        return "energy", Phrase("batches are named and quantities given, without dates")
    if len(when) == 1 and "equipment" in sure["log"] and "output_quantity" in sure["log"]:
        return "log", Phrase("one column of dates, equipment and output, and no batches")
    outputs, used = output_columns(look), energy_columns(look)
    named_so = "output_quantity" in sure["batches"]  # its energy may be in another file
    counted = used or counter_pair(look) or named_so
    one_output = len(outputs) == 1 or (named_so and not outputs)
    if len(when) == 1 and one_output and counted and bare_days(look):
        return "batches", Phrase("a row a day, output beside its date")
    if len(when) == 1 and outputs and used:
        if len(outputs) > 1 and len(used) > 1:
            raise _side_by_side(look, outputs, used)
        return "log", Phrase(
            "one column of dates, output and energy beside each other, and no batches"
        )
    made = outputs or "batch_id" in sure["batches"]
    if len(when) >= 2 and not made and (used or _metered(look)):
        return "readings", Phrase("amounts from one moment to another, and nothing that was made")
    if len(when) >= 2:
        return "batches", Phrase("two columns of dates")
    if when and numbers(look):
        return "readings", Phrase("one column of dates and numbers beside it")
    return "batches", Phrase("nothing else fits")


def _metered(look: FileLook) -> bool:
    """Whether a column is in a unit of energy or power, beside a counter read twice a row."""
    pair = counter_pair(look) or ()
    units = (unit_of(look, index) for index in numbers(look) if index not in pair)
    kinds = {VOCABULARY.kind_of_unit(unit[0]) for unit in units if unit is not None}
    return bool(kinds & {"energy", "power"})


def _side_by_side(look: FileLook, outputs: Sequence[int], used: Sequence[int]) -> InputError:
    return InputError(
        "side-by-side",
        "Output and energy of several shifts or machines are side by side in one row.",
        "Write one row for each of them, with a column that names it.",
        place=Place(str(look.path)),
        found=", ".join(look.header[index] for index in sorted([*outputs, *used])),
        wanted=Phrase("one column of output, and one of each carrier"),
    )
