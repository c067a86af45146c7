"""The two roads a user takes: `map` and what it prints into site.toml, or `check` and `label` with
the lines that they ask for.

Both must read what is meant, by the same profile to the last key: what `map` says of a unit,
`label` says too.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import tomllib
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.errors import InputError
from benchmarks.quantities import ratio
from reporting_agent import pipeline
from reporting_agent.cli import main
from reporting_agent.commands.asking import recognised_site
from reporting_agent.config import Profile, SiteSettings, load_site
from reporting_agent.sources import LOG, read_table, stream_readings
from reporting_agent.sources.meter_readings import ReadingLog
from tests.functional.door.layouts import Case

_HEAD = '[site]\nid = "works"\ntimezone = "{zone}"\npack = "steel"\n\n{toml}'
_QUESTIONS = 12  # more than this nobody answers for one file
_OPEN = re.compile(r'^  "(.+)" = "…"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file: read, refused or misread, with what was said."""

    kind: str
    why: str = ""
    asked: tuple[str, ...] = ()


def take(case: Case) -> Outcome:
    """Map, answer what a person knows, read, and compare with the truth; then the same without a
    mapping.
    """
    order = "".join(letter for letter in case.habit.date.lower() if letter in "ymd")
    facts = {"timezone": case.habit.zone, "step": "eaf", "energy.carrier": "electricity"}
    facts |= {f"{name}.date_order": order for name in ("batches", "readings", "log")} | case.answers
    answers: dict[str, str] = {}
    for _ in range(_QUESTIONS):
        code, answer, message = _both(case, answers)
        open_keys = [question["key"] for question in answer.get("questions", ())]
        if not open_keys:
            break
        strangers = [key for key in open_keys if key not in facts]
        if strangers:
            return Outcome(
                "refused",
                f"asked what the file or nobody can tell: {', '.join(strangers)}",
                tuple(answers),
            )
        answers |= {key: facts[key] for key in open_keys}
    if code != 0:
        return Outcome("refused", message, tuple(answers))
    if case.rows:
        return _rows(case, answer["toml"], facts)
    path = case.path.with_suffix(".toml")
    path.write_text(_HEAD.format(zone=case.habit.zone, toml=answer["toml"]), encoding="utf-8")
    mapped = load_site(path)
    outcome = _read(case, mapped, tuple(answers))
    return outcome if outcome.kind != "read" else _without_mapping(case, mapped, facts)


def _both(case: Case, answers: dict[str, str]) -> tuple[int, dict[str, Any], str]:
    """What `map` says of the file, and of the one beside it."""
    code, answer, message = _map(case, case.path, answers)
    if case.beside is None:
        return code, answer, message
    second, more, also = _map(case, case.beside, answers)
    toml = f"{answer.get('toml', '')}{more.get('toml', '')}".replace("\n[inputs]\n", "\n")
    inputs = re.findall(r"^(?:batches|energy) = .*$", toml, re.MULTILINE)
    rest = re.sub(r"^(?:\[inputs\]|(?:batches|energy) = .*)$", "", toml, flags=re.MULTILINE)
    whole = "[inputs]\n" + "\n".join(inputs) + "\n" + rest
    return (
        max(code, second),
        {"questions": [*answer.get("questions", ()), *more.get("questions", ())], "toml": whole},
        message + also,
    )


def _map(case: Case, path: Path, answered: dict[str, str]) -> tuple[int, dict[str, Any], str]:
    answers = case.path.with_suffix(".answers")
    answers.write_text(_as_toml(answered), encoding="utf-8")
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["map", str(path), "--json", "--answers", str(answers)])
    answer = json.loads(out.getvalue()) if out.getvalue().startswith("{") else {}
    return code, answer, " ".join(err.getvalue().split())


def _rows(case: Case, toml: str, facts: dict[str, str]) -> Outcome:
    """Readings and logs, row by row: by the profile that `map` prints, and without a mapping."""
    document = tomllib.loads(toml)
    (name,) = document["mapping"]
    meters = "".join(
        '[[meters]]\nstep = "eaf"\ncarrier = '
        f'"electricity"\n{_as_toml({key: str(value) for key, value in meter.items()})}'
        for meter in document.get("meters", ())
    )
    batches = case.path.with_suffix(".batches.csv")
    batches.write_text(
        "batch_id,step,start,output_quantity\nH1,eaf,2025-05-01 06:00,100\n", encoding="utf-8"
    )
    more = f"batches = {json.dumps(str(batches))}\n" if name == "readings" else ""
    path = case.path.with_suffix(".site.toml")
    answers = {key: value for key, value in facts.items() if key != "timezone"}
    inputs = f"[inputs]\n{name} = {json.dumps(str(case.path))}\n{more}"
    path.write_text(
        _HEAD.format(zone=case.habit.zone, toml=f"{inputs}[answers]\n{_as_toml(answers)}{meters}"),
        encoding="utf-8",
    )
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            site = recognised_site(Namespace(site=path, json=True))
    except InputError as refused:
        return Outcome("refused", f"without a mapping: {refused}")
    mapped = Profile.model_validate(document["mapping"][name])
    if getattr(site.mapping, name) != mapped:
        return Outcome(
            "misread", f"map says {mapped!r}, check and label take {getattr(site.mapping, name)!r}"
        )
    rows = sorted(
        _readings(case, mapped, site) if name == "readings" else _log(case, mapped, site), key=str
    )
    runs = case.runs if name == "readings" else set(document.get("runs", {}).values())
    wanted = sorted(case.rows, key=str)
    if (
        rows != wanted
        or runs != case.runs
        or {meter["unit"] for meter in document.get("meters", ())} - {"kWh", "MWh", "m3"}
    ):
        return Outcome(
            "misread",
            f"{len(rows)} rows, such as {rows[:2]}, of {len(wanted)}, such as {wanted[:2]}; {toml}",
        )
    return Outcome("read")


def _readings(
    case: Case, profile: Profile, site: SiteSettings
) -> Iterator[tuple[str, datetime, float | None, float]]:
    for block in stream_readings(
        [case.path], profile, frozenset(meter.id for meter in site.meters), site.zone, ReadingLog()
    ):
        for stamp, value in zip(block.time_us.tolist(), block.value.tolist(), strict=True):
            moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=stamp)).astimezone(
                site.zone
            )
            yield block.meter, moment.replace(tzinfo=None), None, value


def _log(
    case: Case, profile: Profile, site: SiteSettings
) -> Iterator[tuple[str, datetime, float | None, float]]:
    columns = read_table(case.path, profile, LOG, site.zone).columns
    names = ("equipment", "timestamp", "output_quantity", "energy")
    for machine, at, output, energy in zip(*(columns[name] for name in names), strict=True):
        yield machine, at.astimezone(site.zone).replace(tzinfo=None), output, energy


def _as_toml(answers: dict[str, str]) -> str:
    return "".join(
        f"{json.dumps(key)} = {json.dumps(value, ensure_ascii=False)}\n"
        for key, value in answers.items()
    )


def _without_mapping(case: Case, mapped: SiteSettings, facts: dict[str, str]) -> Outcome:
    """site.toml names the file and nothing else; each line that is asked for is added, and no
    other.
    """
    path, answers = case.path.with_suffix(".site.toml"), dict[str, str]()
    inputs = "".join(
        f"{name} = {json.dumps(file)}\n"
        for name, file in mapped.inputs.model_dump(exclude_none=True).items()
    )
    for _ in range(_QUESTIONS):
        toml = f"[inputs]\n{inputs}\n[answers]\n{_as_toml(answers)}"
        path.write_text(_HEAD.format(zone=case.habit.zone, toml=toml), encoding="utf-8")
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                site = recognised_site(Namespace(site=path, json=True))
        except InputError as refused:
            lines = _OPEN.findall(refused.remedy) if refused.code == "answers-wanted" else []
            if not lines or set(lines) - set(facts):
                return Outcome("refused", f"without a mapping: {refused}", tuple(answers))
            answers |= {key: facts[key] for key in lines}
            continue
        for name in mapped.mapping.model_fields_set:
            mapping, as_read = getattr(mapped.mapping, name), getattr(site.mapping, name)
            if mapping != as_read:
                return Outcome(
                    "misread",
                    f"map says {mapping!r} of {name}, check and label take {as_read!r}",
                    tuple(answers),
                )
        return _read(case, site, tuple(answers))
    return Outcome("refused", "without a mapping: asked too much", tuple(answers))


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
