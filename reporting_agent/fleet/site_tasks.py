"""One site as a task, and what became of it: kept in a file, so that a later run need not do again what has not changed.

A site's folder holds what `label` or `check` writes and `outcome.json`: its labels or its data in short, under a digest of all that they
were made from (settings, shared tables, pack and factors, period, language, versions, and path, size and time of every input). While that
stays the same a later run takes the outcome as it is. A site that reads from a provider's source is always done again: what it gives has
no digest beforehand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePath
from typing import Any, Literal

from benchmarks import packs
from benchmarks.catalogue import in_language
from benchmarks.errors import InputError, SteplabelError
from reporting_agent import pipeline
from reporting_agent.config import Site
from reporting_agent.fleet import places
from reporting_agent.pipeline.inputs import paths_of
from reporting_agent.report import writing
from reporting_agent.software import SOFTWARE
from reporting_agent.sources import object_storage

OUTCOME = "outcome.json"
FORM = 4  # of outcome.json: what an agent wrote that kept less of a site is done again
Work = Literal["label", "check"]


@dataclass(frozen=True, slots=True)
class SiteStep:
    """One label of a site, as the group's report needs it. `money` is what a unit of its energy cost in the gap, in `currency`."""

    pack: str
    step: str
    product: str
    variant: str
    metric: str
    boundary: str
    unit: str
    best: float
    uncertainty: float | None  # expanded, k = 2, in `unit`
    typical: float | None
    used: int
    read: int  # batches, with those that were left out
    output: float  # of the used batches
    money: float | None
    currency: str | None
    name: str  # as `label` says it, in the task's language
    excluded: Mapping[str, int] = field(default_factory=dict)  # batches that were left out, by reason
    causes: Mapping[str, float] = field(default_factory=dict)  # what each named cause took of the gap, in `unit` of the whole output
    in_total: bool = False  # its energy is part of another label of the step
    without_money: str | None = None  # why `money` is None, in the task's language


@dataclass(frozen=True, slots=True)
class LackingLabel:
    """A label that a site has not, though batches of it were read: why, by code, and in a sentence of the task's language."""

    step: str
    product: str
    variant: str
    metric: str
    reason: str
    used: int
    read: int
    excluded: Mapping[str, int]
    sentence: str


@dataclass(frozen=True, slots=True)
class EnergyPrice:
    """What a site pays for a carrier by its tariff: one price, or the least and the most of its hours and days; of a series of prices by
    time neither, but its name."""

    carrier: str
    unit: str  # such as CNY/kWh
    least: float | None
    most: float | None
    series: str | None = None


@dataclass(frozen=True, slots=True)
class Prices:
    """A site's prices, and whether it has them from `[inherit.tariff]` of fleet.toml or from its own site.toml."""

    inherited: bool
    carriers: tuple[EnergyPrice, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """What `check` found at a site, in numbers; `first` is the sentence of the worst finding, in the task's language."""

    batches: int
    excluded: int
    rejected_rows: int
    open_questions: int  # changes in the data that nothing explains: no report leaves the site before they are answered
    findings: Mapping[str, int]  # by severity
    first: str | None
    place: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one site: its steps or the quality of its data, or the refusal with code, sentence and remedy. A site whose files were
    written but that has no label is refused too, and kept."""

    file: str
    site: str
    folder: str
    made_from: str
    steps: tuple[SiteStep, ...] = ()
    prices: Prices | None = None
    quality: Quality | None = None
    refused: Mapping[str, Any] | None = None
    at: str = ""  # place of the refusal, where it is not the site.toml as a whole, in the task's language
    lacking: tuple[LackingLabel, ...] = ()
    refusal: str = ""  # as a terminal shows it, in the task's language
    kept: bool = False  # taken from an earlier run

    def as_row(self) -> dict[str, Any]:
        """The site in the group's document."""
        return {"file": self.file, "site": self.site, "folder": self.folder, "kept": self.kept, "refused": self.refused} | {
            "lacking": [asdict(label) for label in self.lacking]
        }


@dataclass(frozen=True, slots=True)
class Task:
    """One site and what is to be done with it: its site.toml and the folder of its results, each on this machine or `s3://`. `within`:
    folders beside its own that inputs may lie in; None is anywhere."""

    file: str
    inherit: Mapping[str, Any]
    period: str | None
    lang: str
    out: str
    work: Work = "label"
    within: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """By which a site is called that cannot be read: its folder."""
        return name_of(self.file)


def refused(task: Task, refusal: SteplabelError) -> Outcome:
    """What becomes of a site that cannot be done. It is not kept: the next run tries again."""
    place = refusal.place if isinstance(refusal, InputError) else None
    at = "" if place is None or place.words == task.file else in_language(place.words, task.lang)
    return Outcome(task.file, task.name, task.out, "", refused=refusal.to_json(), at=at, refusal=refusal.told(task.lang))


def name_of(file: str) -> str:
    """The name of the folder that a site.toml lies in."""
    return PurePath(file).parent.name or PurePath(file).stem


def keep(outcome: Outcome, folder: Path) -> Outcome:
    """Write it beside the site's files, which must all be there: only then is the site done."""
    writing.write_json(folder / OUTCOME, asdict(outcome))
    return outcome


def earlier_outcome(task: Task, site: Site | None = None) -> Outcome | None:
    """The outcome of an earlier run, where it was made from the same."""
    try:
        if (text := places.read(task.out, OUTCOME)) is None:
            return None
        raw = json.loads(text)
        site = site or places.site_at(task.file, task.inherit)
        if site.inputs.source is not None or raw["made_from"] != made_from(task, site):
            return None
        quality = None if raw["quality"] is None else Quality(**raw["quality"])
        steps = tuple(SiteStep(**step) for step in raw["steps"])
        lacking = tuple(LackingLabel(**label) for label in raw["lacking"])
        return Outcome(**{**raw, "steps": steps, "lacking": lacking, "prices": _prices(raw["prices"]), "quality": quality, "kept": True})
    except (OSError, ValueError, KeyError, TypeError, SteplabelError):
        return None


def _prices(raw: Mapping[str, Any] | None) -> Prices | None:
    return None if raw is None else Prices(raw["inherited"], tuple(EnergyPrice(**price) for price in raw["carriers"]))


def made_from(task: Task, site: Site) -> str:
    """Digest of all that a site's files are made from."""
    pack = pipeline.pack_of(site)
    stats = [
        (_named(path), (stat := path.stat()).st_size, stat.st_mtime_ns) for pattern in patterns_of(site) for path in paths_of(site, pattern)
    ]
    by = [SOFTWARE, FORM, packs.digest(pack).hex(), packs.factors(pack).digest.hex()]
    inputs = [*by, task.work, task.period, task.lang, site.path.read_text(encoding="utf-8-sig"), task.inherit, sorted(stats)]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()


def _named(path: Path) -> str:
    """Its path; a fetched object's has the name that it has on every machine."""
    home = object_storage.copies()
    return f"{object_storage.SCHEME}{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)


def patterns_of(site: Site) -> list[str]:
    """Every file or pattern that `[inputs]` names."""
    return [pattern for pattern in site.inputs.model_dump(exclude={"source"}).values() if pattern]
