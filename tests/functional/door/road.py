"""The road of a file: recognised, with what a person who knows the plant answers; written into
site.toml; read by it, and compared with the truth.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.errors import InputError
from benchmarks.quantities import ratio
from reporting_agent import pipeline
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.door import (
    ProfileProposal,
    ProfileQuestion,
    profile_lines,
    settled,
    table_lines,
)
from reporting_agent.sources import LOG, read_table, stream_readings
from reporting_agent.sources.reading_log import ReadingLog
from tests.functional.door.layouts import Case


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file: read, refused or misread, with what was said."""

    kind: str
    why: str = ""
    asked: tuple[str, ...] = ()


def take(case: Case) -> Outcome:
    """Recognise, answer what a person knows, write site.toml, read, and compare with the truth."""
    order = "".join(letter for letter in case.habit.date.lower() if letter in "ymd")
    facts = {"timezone": case.habit.zone, "step": "eaf", "energy.carrier": "electricity"}
    facts |= {f"{name}.date_order": order for name in ("batches", "readings", "log")} | case.answers
    asked: list[str] = []

    def answer(question: ProfileQuestion) -> str | None:
        asked.append(question.key)
        return facts.get(question.key)

    paths = [case.path, *([case.beside] if case.beside is not None else [])]
    try:
        files = [(path, settled(path, None, {}, None, answer)) for path in paths]
    except InputError as refused:
        return Outcome("refused", str(refused), tuple(asked))
    strangers = [key for key in asked if key not in facts]
    if strangers:
        why = f"asked what the file or nobody can tell: {', '.join(strangers)}"
        return Outcome("refused", why, tuple(asked))
    site = _site(case, files)
    return _rows(case, site, tuple(asked)) if case.rows else _read(case, site, tuple(asked))


def _site(case: Case, files: Sequence[tuple[Path, list[ProfileProposal]]]) -> SiteSettings:
    """The files under [inputs], each with its profile, and every meter at the furnace."""
    inputs = {proposal.input: str(path) for path, proposals in files for proposal in proposals}
    if "readings" in inputs:
        batches = case.path.with_suffix(".batches.csv")
        batches.write_text(
            "batch_id,step,start,output_quantity\nH1,eaf,2025-05-01 06:00,100\n", encoding="utf-8"
        )
        inputs["batches"] = str(batches)
    about = {"id": "works", "timezone": case.habit.zone, "pack": "steel"}
    parts = [["[site]", *table_lines(about)], ["[inputs]", *table_lines(inputs)]]
    for proposal in (proposal for _, proposals in files for proposal in proposals):
        parts.append(profile_lines(f"mapping.{proposal.input}", proposal.keys))
        of_meter = {"step": "eaf", "carrier": "electricity"}
        parts += [
            ["[[meters]]", *table_lines({"id": name} | of_meter | keys)]
            for name, keys in proposal.meters.items()
        ]
        parts += [["[runs]", *table_lines(proposal.runs)]] if proposal.runs else []
    path = case.path.with_suffix(".site.toml")
    path.write_text("\n\n".join("\n".join(part) for part in parts), encoding="utf-8")
    return load_site(path)


def _rows(case: Case, site: SiteSettings, asked: tuple[str, ...]) -> Outcome:
    """Readings and logs, row by row."""
    of_meters = site.inputs.readings is not None
    read = _readings(case, site) if of_meters else _log(case, site)
    rows, wanted = sorted(read, key=str), sorted(case.rows, key=str)
    runs = case.runs if of_meters else {site.runs.unit, site.runs.energy}
    units = {meter.unit for meter in site.meters} - {"kWh", "MWh", "m3"}
    if rows != wanted or runs != case.runs or units:
        why = f"{len(rows)} rows, such as {rows[:2]}, of {len(wanted)}, such as {wanted[:2]}"
        return Outcome("misread", f"{why}; {site.path.read_text(encoding='utf-8')}", asked)
    return Outcome("read", "", asked)


def _readings(
    case: Case, site: SiteSettings
) -> Iterator[tuple[str, datetime, float | None, float]]:
    for block in stream_readings(
        [case.path],
        site.mapping.readings,
        frozenset(meter.id for meter in site.meters),
        site.zone,
        ReadingLog(),
    ):
        for stamp, value in zip(block.time_us.tolist(), block.value.tolist(), strict=True):
            moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=stamp)).astimezone(
                site.zone
            )
            yield block.meter, moment.replace(tzinfo=None), None, value


def _log(case: Case, site: SiteSettings) -> Iterator[tuple[str, datetime, float | None, float]]:
    columns = read_table(case.path, site.mapping.log, LOG, site.zone).columns
    names = ("equipment", "timestamp", "output_quantity", "energy")
    for machine, at, output, energy in zip(*(columns[name] for name in names), strict=True):
        yield machine, at.astimezone(site.zone).replace(tzinfo=None), output, energy


def _read(case: Case, site: SiteSettings, asked: tuple[str, ...]) -> Outcome:
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            data = pipeline.read(site)
    except InputError as refused:
        return Outcome("refused", str(refused), asked)
    batches = {
        batch.batch_id: (
            batch.start,
            batch.end,
            batch.output,
            sum(
                (e.quantity or 0.0) * ratio(e.unit, "kWh")
                for e in batch.energy
                if e.carrier == "electricity"
            )
            if batch.energy
            else None,
        )
        for batch in data.batches
    }
    return _compared(case, batches, asked)


def _compared(
    case: Case,
    batches: dict[str, tuple[datetime, datetime | None, float, float | None]],
    asked: tuple[str, ...],
) -> Outcome:
    def local(at: datetime | None) -> datetime | None:
        return None if at is None else at.astimezone(case.habit.tz).replace(tzinfo=None)

    if case.hopeless:
        return Outcome(
            "misread", f"{len(batches)} batches out of formulas that have no value", asked
        )
    for name, (start, end, output, energy_kwh) in case.truth.items():
        if name not in batches:
            return Outcome(
                "misread",
                f"{name} is missing; {len(batches)} found, such as {next(iter(batches), None)!r}",
                asked,
            )
        starts, ends, tonnes, kwh = batches[name]
        if local(starts) != start or local(ends) != end:
            return Outcome(
                "misread",
                f"{name}: {local(starts)} to {local(ends)}, but it was {start} to {end}",
                asked,
            )
        if abs(tonnes - output) > 1e-6 or (kwh is None) != (energy_kwh is None):
            return Outcome(
                "misread",
                f"{name}: {tonnes} t, {kwh} kWh, but it was {output} t, {energy_kwh} kWh",
                asked,
            )
        if kwh is not None and energy_kwh is not None and abs(kwh - energy_kwh) > 1e-3:
            return Outcome("misread", f"{name}: {kwh} kWh, but it was {energy_kwh} kWh", asked)
    more = set(batches) - set(case.truth)
    return (
        Outcome("misread", f"{len(more)} batches too many, such as {min(more)!r}", asked)
        if more
        else Outcome("read", "", asked)
    )
