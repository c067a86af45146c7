"""Faults that no single reading shows, in both generators of plants: told by the right cause and
meter, or without effect on the label.

A case is one kind at one of its three sizes, on one line of one plant. It passes where every label
lies within half a per cent of the truth, or where an open question of the right kind names the
meter (of a fault in the log, every line with a meter whose rows it changed): then no report leaves
the site. Anything else is silently wrong.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.measurements import Period
from fixtures.simulator import mill
from fixtures.simulator.mistakes import MISTAKES, Mistake, Target
from fixtures.simulator.works import Works
from reporting_agent import pipeline
from reporting_agent.changes.review import ChangeQuestion, review
from reporting_agent.config import SiteSettings, load_site
from tests.functional.every_fault.alarms import explained, false_alarms

NEAR = 0.005
GENERATORS = ("mill", "cement", "steel")
_WORKS_LINES = {"cement": ("mill-1", "mill-2", "raw-mill-1"), "steel": ("eaf-1", "eaf-2", "bof-1")}


@dataclass(frozen=True, slots=True)
class Case:
    """One fault put into one plant, and what came of it."""

    generator: str
    mistake: str
    size: float
    seed: int
    line: str
    worst: float  # of the labels, as a share of the truth
    told: bool
    questions: tuple[str, ...]

    @property
    def silent(self) -> bool:
        return abs(self.worst) > NEAR and not self.told


@dataclass(frozen=True, slots=True)
class Clean:
    """One sound plant: its open questions, which of them tell what it really did, its false alarms,
    and how far its labels lie off.
    """

    generator: str
    seed: int
    questions: tuple[str, ...]  # that nothing in the plant explains
    true: tuple[str, ...]  # of a process that did change
    worst: float
    alarms: tuple[str, ...]  # of its control charts, that nothing in the plant explains
    years: float  # that it was charted for


def cases(generators: Iterable[str], seeds: Iterable[int]) -> Iterator[tuple[str, str, int, int]]:
    """Every case's generator, kind, index of its size, and seed."""
    for seed in seeds:
        for generator in generators:
            for mistake in MISTAKES:
                for index in range(len(mistake.sizes)):
                    yield generator, mistake.id, index, seed


def try_case(generator: str, kind: str, index: int, seed: int) -> Case:
    """Put the fault into a fresh plant and label it."""
    mistake = next(candidate for candidate in MISTAKES if candidate.id == kind)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        target, period, truth = plant_of(generator, seed, index, folder)
        touched = mistake.put(target, mistake.sizes[index])
        questions, labels, (site, _) = _label(folder, period)
        metered = {meter.equipment for meter in site.meters if meter.role in {"main", "sub"}}
        lines = [target.equipment] if touched is None else sorted(touched & metered)
    return Case(
        generator,
        kind,
        mistake.sizes[index],
        seed,
        target.equipment,
        _worst(labels, truth),
        all(
            any(_names(question, mistake, target, line) for question in questions) for line in lines
        ),
        tuple(str(question.sentence) for question in questions),
    )


def try_clean(generator: str, seed: int) -> Clean:
    """The sound plant of this seed."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _, period, truth = plant_of(generator, seed, 0, folder)
        questions, labels, (site, result) = _label(folder, period)
        works = None if generator == "mill" else Works.live(generator, seed)
        alarms, years = false_alarms(site, result, works)
    real = [explained(question.change, works, site.zone) for question in questions]
    true, false = (
        tuple(
            str(question.sentence)
            for question, is_real in zip(questions, real, strict=True)
            if is_real is wanted
        )
        for wanted in (True, False)
    )
    return Clean(generator, seed, false, true, _worst(labels, truth), alarms, years)


Labels = dict[tuple[str, str], float]


def plant_of(generator: str, seed: int, index: int, folder: Path) -> tuple[Target, str, Labels]:
    """A sound plant in `folder`: where a fault would go, its period, and its true labels."""
    if generator == "mill":
        year = mill.live(seed)
        mill.write(year, folder)
        line, other = mill.LINES[(seed + index) % 3], mill.LINES[(seed + index + 1) % 3]
        meters = (*(mill_line.name for mill_line in mill.LINES), mill.MAIN)
        target = Target(
            folder,
            line.name,
            line.reading,
            other.name,
            other.reading,
            line.name,
            year.start_s,
            year.end_s,
            ZoneInfo(year.zone),
            meters,
        )
        return (
            target,
            str(mill.PACK_YEAR),
            {(mill.STEP, product): value for product, value in year.labels().items()},
        )
    works = Works.live(generator, seed)
    truth = works.write(folder, 0.0, "parquet")
    meters_of = {meter.equipment: meter for meter in works.meters if meter.carrier == "electricity"}
    lines = _WORKS_LINES[generator]
    meter, other_meter = (
        meters_of[lines[(seed + index) % 3]],
        meters_of[lines[(seed + index + 1) % 3]],
    )
    every = tuple(path.stem for path in sorted((folder / "readings").glob("*.parquet")))
    target = Target(
        folder,
        meter.id,
        meter.reading,
        other_meter.id,
        other_meter.reading,
        meter.equipment,
        works.start_s,
        works.end_s,
        ZoneInfo(truth.zone),
        every,
    )
    labels = {
        (step, variant): value
        for (step, variant, metric), value in truth.labels.items()
        if metric.value == "electricity"
    }
    return target, truth.period, labels


def _label(
    folder: Path, period: str
) -> tuple[tuple[ChangeQuestion, ...], Labels, tuple[SiteSettings, pipeline.LabelResult]]:
    site = load_site(folder / "site.toml")
    result = pipeline.label(site, Period.parse(period, site.zone))
    labels = {
        (label.step, label.variant): label.best.value
        for label in result.site_label.steps
        if label.metric.value == "electricity" and label.best.value is not None
    }
    return review(site, result.data).open, labels, (site, result)


def _worst(labels: Labels, truth: Labels) -> float:
    """A label that could not be made is a refusal, not a wrong figure."""
    away = [labels[key] / true - 1 for key, true in truth.items() if key in labels]
    return max(away, key=abs, default=0.0)


def _names(question: ChangeQuestion, mistake: Mistake, target: Target, line: str) -> bool:
    change = question.change
    if change.kind.value not in mistake.told_as:
        return False
    if mistake.of == "meter":
        return target.meter in change.meters
    return mistake.of == "all" or line in change.equipment


def markdown(cases: Iterable[Case]) -> str:
    """One row a kind and generator: how many cases, told, within half a per cent, silently wrong,
    and the worst untold label.
    """
    rows: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        rows.setdefault((case.mistake, case.generator), []).append(case)
    lines = [
        "| kind | plants | sizes | cases | told and held | label within 0.5 % | silently wrong |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    for (kind, generator), own in rows.items():
        sizes = ", ".join(f"{size:g}" for size in dict.fromkeys(case.size for case in own))
        detected, near = (
            sum(case.told for case in own),
            sum(abs(case.worst) <= NEAR for case in own),
        )
        silent = sum(case.silent for case in own)
        lines.append(
            f"| `{kind}` | {generator} | {sizes} | {len(own)} | {detected} | {near} | {silent} |"
        )
    return "\n".join(lines)
