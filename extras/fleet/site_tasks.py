"""One site as a task, and what became of it: its labels and those it lacks, its prices, the quality
of its data, or a refusal.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import PurePath
from typing import Any, Literal

from benchmarks.catalogue import in_language
from benchmarks.errors import InputError, SteplabelError
from reporting_agent.sources.object_storage import is_object

Work = Literal["label", "check"]


@dataclass(frozen=True, slots=True)
class SiteStep:
    """One label of a site, as the group's report needs it. `money` is what a unit of its energy
    cost in the gap, in `currency`.
    """

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
    excluded: Mapping[str, int] = field(
        default_factory=dict
    )  # batches that were left out, by reason
    causes: Mapping[str, float] = field(
        default_factory=dict
    )  # what each named cause took of the gap, in `unit` of the whole output
    in_total: bool = False  # its energy is part of another label of the step
    without_money: str | None = None  # why `money` is None, in the task's language


@dataclass(frozen=True, slots=True)
class LackingLabel:
    """A label that a site has not, though batches of it were read: why, by code, and in a sentence
    of the task's language.
    """

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
    """What a site pays for a carrier by its tariff: one price, or the least and the most of its
    hours and days; of a series of prices by time neither, but its name."""

    carrier: str
    unit: str  # such as CNY/kWh
    least: float | None
    most: float | None
    series: str | None = None


@dataclass(frozen=True, slots=True)
class SitePrices:
    """A site's prices, and whether it has them from `[inherit.tariff]` of fleet.toml or from its
    own site.toml.
    """

    inherited: bool
    carriers: tuple[EnergyPrice, ...]


@dataclass(frozen=True, slots=True)
class DataQuality:
    """What `check` found at a site, in numbers; `first` is the sentence of the worst finding, in
    the task's language.
    """

    batches: int
    excluded: int
    rejected_rows: int
    # changes in the data that nothing explains: no report leaves the site before they are answered
    open_questions: int
    findings: Mapping[str, int]  # by severity
    first: str | None
    place: str | None


@dataclass(frozen=True, slots=True)
class SiteTaskOutcome:
    """What became of one site: its steps or the quality of its data, or the refusal with code,
    sentence and remedy. A site whose files were written but that has no label is refused too, and
    kept."""

    file: str
    site: str
    folder: str
    made_from: str
    steps: tuple[SiteStep, ...] = ()
    prices: SitePrices | None = None
    quality: DataQuality | None = None
    refused: Mapping[str, Any] | None = None
    at: str = (
        ""  # place of the refusal, where it is not the site.toml as a whole, in the task's language
    )
    lacking: tuple[LackingLabel, ...] = ()
    refusal: str = ""  # as a terminal shows it, in the task's language
    kept: bool = False  # taken from an earlier run

    def as_row(self) -> dict[str, Any]:
        """The site in the group's document."""
        return {
            "file": self.file,
            "site": self.site,
            "folder": self.folder,
            "kept": self.kept,
            "refused": self.refused,
        } | {"lacking": [asdict(label) for label in self.lacking]}


@dataclass(frozen=True, slots=True)
class Task:
    """One site and what is to be done with it: its site.toml and the folder of its results, each on
    this machine or `s3://`. `within`: folders beside its own that inputs may lie in; None is
    anywhere."""

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


def refused(task: Task, refusal: SteplabelError) -> SiteTaskOutcome:
    """What becomes of a site that cannot be done. It is not kept: the next run tries again."""
    place = refusal.place if isinstance(refusal, InputError) else None
    at = "" if place is None or place.words == task.file else in_language(place.words, task.lang)
    return SiteTaskOutcome(
        task.file,
        task.name,
        task.out,
        "",
        refused=refusal.to_json(),
        at=at,
        refusal=refusal.in_words(task.lang),
    )


def name_of(file: str) -> str:
    """The name of the folder that a site.toml lies in, however its path was typed."""
    path = PurePath(file if is_object(file) else os.path.abspath(file))
    return path.parent.name or path.stem
