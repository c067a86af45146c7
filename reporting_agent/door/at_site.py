"""Files that site.toml names without a mapping, recognised with what the site declares as its
answers; and a proposed profile proved by reading the file with it.

A file of the strict template is left to the reader, and so is one that cannot be looked at: what is
wrong with it is told where it is read. `[answers]` of site.toml holds what a person answered; a
meter's unit and kind of reading, and the site's time zone, are known. A report is never made so: it
takes profiles that stand in site.toml alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase, as_phrase, in_number, lines
from benchmarks.quantities import ratio
from reporting_agent.config import Meter, Profile, SiteSettings
from reporting_agent.door.deciding import Ask
from reporting_agent.door.naming import unit_of
from reporting_agent.door.propose import settled
from reporting_agent.door.types import INPUTS, ProfileProposal, ProfileQuestion
from reporting_agent.door.vocabulary import folded, without_unit
from reporting_agent.sources import Template, read_sheet, stream_readings
from reporting_agent.sources.cells import RejectedRow
from reporting_agent.sources.meter_readings import ReadingLog
from reporting_agent.sources.sheets import Sheet, format_of, open_sheet
from reporting_agent.sources.wanted import CellKind

SHOWN = 3
_ROWS_WHILE_OPEN = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Proof:
    """How many rows the profile reads and rejects, the first ones as the template has them, and why
    rows were rejected.
    """

    read: int
    rejected: int
    totals: int
    header: tuple[str, ...]
    first: tuple[tuple[str, ...], ...]
    reasons: tuple[str, ...]
    refused: InputError | None = None


def prove(proposal: ProfileProposal) -> Proof:
    """Read the whole file by the proposal; while something is open only its first rows, with "?"
    (or 0) for it, and the zone as UTC.
    """
    profile = Profile.model_validate(
        proposal.keys | {"constants": {**_open(proposal), **proposal.table("constants")}}
    )
    zone = ZoneInfo(profile.timezone or "UTC")
    try:
        return (
            _of_readings(proposal, profile, zone)
            if proposal.input == "readings"
            else _of_table(proposal, profile, zone)
        )
    except InputError as refused:
        return Proof(0, 0, 0, (), (), (), refused=refused)


def _open(proposal: ProfileProposal) -> dict[str, str | float]:
    """Something for each required column that neither the file nor an answer gives yet."""
    given_columns = {
        *proposal.look.header,
        *proposal.table("columns"),
        *(("carrier", "quantity", "unit") if "carriers" in proposal.keys else ()),
    }
    lacking = [
        column
        for column in INPUTS[proposal.input].columns
        if column.required and column.name not in given_columns
    ]
    return {
        column.name: 0.0 if column.kind in {CellKind.NUMBER, CellKind.AMOUNT} else "?"
        for column in lacking
        if column.kind is not CellKind.MOMENT
    }


def _of_table(proposal: ProfileProposal, profile: Profile, zone: ZoneInfo) -> Proof:
    wanted = INPUTS[proposal.input]
    table = read_sheet(lambda: _sheet(proposal, profile), profile, wanted, zone)
    names = tuple(
        name
        for name, values in table.columns.items()
        if any(value not in (None, "") for value in values[:100])
    )
    first = tuple(
        tuple(_shown(table.columns[name][row]) for name in names)
        for row in range(min(SHOWN, len(table)))
    )
    return Proof(
        len(table), len(table.rejected), len(table.totals), names, first, _reasons(table.rejected)
    )


def _sheet(proposal: ProfileProposal, profile: Profile) -> Sheet:
    """The file; of one with open questions its first rows: each that cannot be read yet would be
    kept with all its cells.
    """
    sheet = open_sheet(proposal.look.path, profile, proposal.input)
    return (
        replace(sheet, rows=islice(sheet.rows, _ROWS_WHILE_OPEN)) if proposal.questions else sheet
    )


def _of_readings(proposal: ProfileProposal, profile: Profile, zone: ZoneInfo) -> Proof:
    log = ReadingLog()
    first: list[tuple[str, ...]] = []
    read = 0
    for block in stream_readings(
        [proposal.look.path], profile, frozenset(proposal.meters), zone, log
    ):
        read += len(block.row)
        for stamp, value in list(zip(block.time_us.tolist(), block.value.tolist(), strict=True))[
            : max(SHOWN - len(first), 0)
        ]:
            first.append(
                (
                    block.meter,
                    _shown((_EPOCH + timedelta(microseconds=stamp)).astimezone(zone)),
                    _shown(value),
                )
            )
    return Proof(
        read,
        log.rejected_count,
        len(log.totals),
        ("meter_id", "timestamp", "value"),
        tuple(first),
        _reasons(log.rejected),
    )


def _reasons(rejected: Sequence[RejectedRow]) -> tuple[str, ...]:
    counted = Counter(
        (rejection.reason, rejection.place.column or "", rejection.wanted) for rejection in rejected
    )
    first = {
        (rejection.reason, rejection.place.column or "", rejection.wanted): rejection
        for rejection in reversed(rejected)
    }
    return tuple(_reason(first[key], count) for key, count in counted.most_common(5))


def _reason(rejection: RejectedRow, count: int) -> Phrase:
    return in_number(
        count,
        "%(count)s row, %(row)s: column %(column)s, %(reason)s; found %(found)s, wanted %(wanted)s",
        "%(count)s rows, first %(row)s: column %(column)s, %(reason)s; found %(found)s, wanted "
        "%(wanted)s",
        count=f"{count:,}",
        row=str(rejection.place.row),
        column=repr(rejection.place.column or ""),
        reason=rejection.reason,
        found=rejection.found,
        wanted=rejection.wanted,
    )


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return f"{value:.10g}" if isinstance(value, float) else "" if value is None else str(value)


_FIRST_ROWS = 200  # by these a file with the template's header is held against the template


@dataclass(frozen=True, slots=True)
class RecognisedSite:
    """The site with a profile for every foreign file, and the proposals that these are from."""

    site: SiteSettings
    proposals: tuple[ProfileProposal, ...] = ()


def recognise(
    site: SiteSettings, files: Mapping[str, Path], steps: Sequence[str], ask: Ask
) -> RecognisedSite:
    """Profiles for the inputs without one.

    Args:
        files: of each input that the site names, the first file.
        steps: of the site's pack.
        ask: what `map` asks, of a person; None where nobody answers.

    Raises:
        InputError: `answers-wanted` where something is still open, with the line to add;
            `unit-differs` where a file states another unit than the site declares.
    """
    proposals = []
    for name, path in files.items():
        if (
            name in site.mapping.model_fields_set
            or name not in INPUTS
            or _is_template(path, INPUTS[name], site)
        ):
            continue
        known_answers = _Known(site, steps, ask)
        try:
            proposed = settled(path, name, dict(site.answers), None, known_answers.answer)
        except InputError as refused:
            if refused.code == "answer-unknown":
                raise
            continue  # it cannot be looked at: the reader says why
        if name == "readings":
            _name_meters(proposed[0], site, ask)
        if _says_something(proposed[0]):
            proposals += proposed
    if not proposals:
        return RecognisedSite(site)
    _refuse_open(proposals)
    profiles = {proposal.input: Profile.model_validate(proposal.keys) for proposal in proposals}
    mapped = site.with_mapping(site.mapping.model_copy(update=profiles))
    return RecognisedSite(_with_runs(mapped, proposals), tuple(proposals))


@dataclass(frozen=True, slots=True)
class _Known:
    """What site.toml answers by itself; a person is asked for the rest."""

    site: SiteSettings
    steps: Sequence[str]
    ask: Ask

    def answer(self, question: ProfileQuestion) -> str | None:
        if question.key == "timezone":
            return self.site.site.timezone
        if question.key == "step":
            return (
                self.steps[0]
                if len(self.steps) == 1
                else self.ask(replace(question, choices=tuple(self.steps)))
            )
        run_key = question.key.removeprefix("log.")
        if (
            question.key in {"log.unit", "log.energy"}
            and run_key in self.site.runs.model_fields_set
        ):
            return str(getattr(self.site.runs, run_key))
        what, _, header = question.key.removeprefix("readings.").partition(".")
        if question.key.startswith("readings.") and what in {"unit", "reading", "stamp"}:
            meter = _meter_of(header, self.site) if header else next(iter(self.site.meters), None)
            if meter is not None:
                return str(getattr(meter, what))
            return (
                question.choices[0] if question.choices else question.example
            )  # not declared: it counts nowhere
        return self.ask(question)


def _is_template(path: Path, wanted: Template, site: SiteSettings) -> bool:
    """Whether the file has the template's columns, and rows that can be read by it."""
    try:
        if format_of(path) == "b2mml":
            return True
        sheet = open_sheet(path, Profile(), wanted.name)
        needed = {column.name for column in wanted.columns if column.required}
        if wanted.name == "readings" and "value" not in sheet.header:
            return "timestamp" in sheet.header and any(
                meter.id in sheet.header for meter in site.meters
            )
        if not needed <= set(sheet.header):
            return False
        first = replace(sheet, rows=islice(sheet.rows, _FIRST_ROWS))
        read_sheet(lambda: first, Profile(), wanted, site.zone)
    except InputError as refused:
        return refused.code == "file-empty"
    return True


def _says_something(proposal: ProfileProposal) -> bool:
    """Whether a reader of the template reads other than without it; of readings, also whether one
    is of a meter that the site has.
    """
    new = any(value for key, value in proposal.keys.items() if key != "timezone")
    return bool(proposal.questions) or (
        new and bool(proposal.meters or proposal.input != "readings")
    )


def _meter_of(name: str, site: SiteSettings) -> Meter | None:
    """The meter that a header or a cell means: by its id, however it is capitalised, spaced and
    followed by a unit.
    """
    return next((meter for meter in site.meters if meter.id == name), None) or next(
        (meter for meter in site.meters if _bare(meter.id) == _bare(name)), None
    )


def _bare(name: str) -> str:
    return folded(without_unit(name)).replace("-", " ").replace(".", " ")


def _name_meters(proposal: ProfileProposal, site: SiteSettings, ask: Ask) -> None:
    """The declared meters among those of the file; a unit that the file states has to be the
    declared one.

    Where no name is that of a meter, it is asked which column each meter is, if the file has a
    column a meter.
    """
    named = {
        name: meter for name in proposal.meters if (meter := _meter_of(name, site)) is not None
    }
    if not named and proposal.keys.get("wide") and "meter_id" not in proposal.look.header:
        for meter in site.meters:
            which = Phrase("Which column is meter %(meter)s?", meter=repr(meter.id))
            question = ProfileQuestion(f"readings.meters.{meter.id}", which, tuple(proposal.meters))
            answer = site.answers.get(question.key) or ask(question)
            if answer in proposal.meters:
                named[str(answer)] = meter
            else:
                proposal.questions.append(question)
    for name, meter in named.items():
        if (stated := _stated_unit(proposal, name)) is not None:
            _refuse_other_unit(stated, meter.unit, proposal, f"[[meters]] {meter.id}")
        if name == meter.id:
            continue
        if proposal.keys.get("wide"):
            why = Phrase("column %(column)s is meter %(meter)s", column=repr(name), meter=meter.id)
            proposal.set(f"columns.{meter.id}", name, why)
        else:
            words = proposal.table("values").setdefault("meter_id", {})
            assert isinstance(words, dict)  # noqa: S101 - a table of words
            words[name] = meter.id
    asked = any(
        open_question.key.startswith("readings.meters.") for open_question in proposal.questions
    )
    proposal.meters = {
        name: meter_keys for name, meter_keys in proposal.meters.items() if name in named or asked
    }


def _stated_unit(proposal: ProfileProposal, meter: str) -> str | None:
    header = (
        meter if proposal.keys.get("wide") else str(proposal.table("columns").get("value", "value"))
    )
    stated = (
        unit_of(proposal.look, proposal.look.header.index(header))
        if header in proposal.look.header
        else None
    )
    return None if stated is None else stated[0]


def _with_runs(site: SiteSettings, proposals: Sequence[ProfileProposal]) -> SiteSettings:
    """What the energy column of a log is, where site.toml does not say."""
    for proposal in proposals:
        declared = site.runs.model_fields_set
        if "unit" in declared and "unit" in proposal.runs:
            _refuse_other_unit(proposal.runs["unit"], site.runs.unit, proposal, "[runs] unit")
        proposal.runs = {key: value for key, value in proposal.runs.items() if key not in declared}
        site = site.model_copy(update={"runs": site.runs.model_copy(update=proposal.runs)})
    return site


def _refuse_other_unit(stated: str, declared: str, proposal: ProfileProposal, where: str) -> None:
    try:
        if ratio(stated, declared) == 1:
            return
    except InputError:
        pass  # of another kind, or unknown: another unit in any case
    raise InputError(
        "unit-differs",
        "The unit in the file differs from the one that site.toml declares.",
        Phrase(
            "Correct the unit under %(where)s, or declare a [mapping.%(input)s] if the file is "
            "wrong.",
            where=where,
            input=proposal.input,
        ),
        place=Place(str(proposal.look.path), column=where),
        found=stated,
        wanted=declared,
    )


def open_lines(questions: Sequence[ProfileQuestion]) -> Iterator[Phrase]:
    """One line a question, as an answers file and [answers] of site.toml take it, and the question
    below it.

    The line is pasted: it is a phrase of its own, without values, so that what the plant's headers
    say is the same in every language.
    """
    for question in questions:
        line = f'  {json.dumps(question.key, ensure_ascii=False)} = "…"'
        if question.choices:
            line += f"  # {' '.join(' | '.join(question.choices).split())}"
        elif question.example:
            line = Phrase(
                "%(line)s  # such as %(example)s",
                line=as_phrase(line),
                example=" ".join(question.example.split()),
            )
        yield Phrase("%(line)s\n      %(question)s", line=as_phrase(line), question=question.ask)


def _refuse_open(proposals: Sequence[ProfileProposal]) -> None:
    questions = {
        question.key: question for proposal in proposals for question in proposal.questions
    }
    if not questions:
        return
    first = next(proposal for proposal in proposals if proposal.questions)
    raise InputError(
        "answers-wanted",
        "The files do not show all settings, and site.toml has no mapping for them.",
        Phrase(
            "Add to site.toml:\n  [answers]\n%(lines)s",
            lines=lines(open_lines(list(questions.values()))),
        ),
        place=Place(str(first.look.path), column=f"mapping.{first.input}"),
        found=in_number(
            len(questions),
            "%(count)s open question",
            "%(count)s open questions",
            count=len(questions),
        )
        if len(questions) > 1
        else Phrase("1 open question"),
        wanted=Phrase(
            "an answer to each, under [answers], or a profile, as `steplabel-agent map FILE` "
            "makes it"
        ),
    )
