"""Label every site of a fleet in processes of their own. A site that fails takes no other with it; what is done is not done again.

A site's folder holds what `label` writes and `outcome.json`: its labels in short, or its refusal, under a digest of all that they were made
from (settings, shared tables, pack and factors, period, language, version, and path, size and time of every input). While that stays the
same a later run takes the outcome as it is. A site that reads from a provider's source is always done again: what it gives has no digest
beforehand.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks import packs, shelf
from benchmarks.errors import InputError, SteplabelError
from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.analysis import Analysis, analyse
from reporting_agent.config import Site, load_site
from reporting_agent.pipeline.inputs import paths_of
from reporting_agent.report import site_files, writing
from reporting_agent.software import SOFTWARE

OUTCOME = "outcome.json"


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
    output: float  # of the used batches
    money: float | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one site: its steps, or the refusal with code, sentence and remedy."""

    file: str
    site: str
    folder: str
    made_from: str
    steps: tuple[SiteStep, ...]
    refused: Mapping[str, Any] | None
    kept: bool = False  # taken from an earlier run


@dataclass(frozen=True, slots=True)
class Task:
    """One site and how it is to be labelled."""

    file: Path
    inherit: Mapping[str, Any]
    period: str
    lang: str
    out: Path


def label_all(tasks: Sequence[Task], processes: int) -> Iterator[Outcome]:
    """Outcomes as they come; a process that dies (memory, a signal) is told as the refusal of its site, and the others go on."""
    waiting = []
    for task in tasks:
        known = _kept(task)
        if known is None:
            waiting.append(task)
        else:
            yield known
    if not waiting:
        return
    broken = []
    with _pool(min(processes, len(waiting))) as pool:
        running: dict[Future[Outcome], Task] = {pool.submit(label_one, task): task for task in waiting}
        for done in as_completed(running):
            try:
                yield done.result()
            except BrokenProcessPool:
                broken.append(running[done])
    for task in broken:  # a pool that breaks takes all with it: each alone, so that the next death names its site
        with _pool(1) as alone:
            try:
                yield alone.submit(label_one, task).result()
            except BrokenProcessPool:
                yield _refused(task, "", _DIED)


def _pool(processes: int) -> ProcessPoolExecutor:
    """Processes that look for approved packs where this one does."""
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=shelf.use, initargs=(shelf.approved(),))


_DIED = InputError(
    "fleet-process-died", "The process that labelled this site ended before it was done.", "Run `label` on the site alone; see its memory."
)


def label_one(task: Task) -> Outcome:
    """Label one site and write its files; a refusal is an outcome too."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    made_from = ""
    try:
        site = load_site(task.file, task.inherit)
        made_from = _made_from(task, site)
        result = pipeline.label(site, Period.parse(task.period, site.zone), outward=True)
        analysis = analyse(site, result)
        site_files.write(site, analysis.ungraded(result), analysis, task.out, task.lang, datetime.now(UTC))
    except SteplabelError as refusal:
        return _refused(task, made_from, refusal)
    outcome = Outcome(str(task.file), site.id, str(task.out), made_from, tuple(_steps(result, analysis)), None)
    writing.write_json(task.out / OUTCOME, asdict(outcome))
    return outcome


def _refused(task: Task, made_from: str, refusal: SteplabelError) -> Outcome:
    return Outcome(str(task.file), task.file.parent.name, str(task.out), made_from, (), refusal.to_json())


def _steps(result: pipeline.LabelResult, analysis: Analysis) -> Iterator[SiteStep]:
    pack = result.data.pack
    lost = {(one.step, one.product, one.variant, one.metric): one for one in analysis.losses}
    for label in result.site_label.steps:
        if label.best.value is None:
            continue
        losses = lost.get((label.step, label.product, label.variant, label.metric))
        gap = None if losses is None else losses.gap
        yield SiteStep(
            f"{pack.id} {pack.version}",
            *(label.step, label.product, label.variant, str(label.metric), label.boundary, label.unit),
            best=label.best.value,
            uncertainty=None if label.uncertainty is None or label.uncertainty.best is None else label.uncertainty.best.value,
            typical=label.typical,
            used=label.used,
            output=label.output_t,
            money=None if gap is None or gap.money is None or gap.energy <= 0 else gap.money / gap.energy,
            currency=None if losses is None else losses.currency,
        )


def _made_from(task: Task, site: Site) -> str:
    """Digest of all that a site's files are made from."""
    pack = pipeline.pack_of(site)
    patterns = [pattern for pattern in site.inputs.model_dump(exclude={"source"}).values() if pattern]
    stats = [(str(path), (stat := path.stat()).st_size, stat.st_mtime_ns) for pattern in patterns for path in paths_of(site, pattern)]
    by = [SOFTWARE, packs.digest(pack).hex(), packs.factors(pack).digest.hex()]
    told = [*by, task.period, task.lang, task.file.read_text(encoding="utf-8-sig"), task.inherit, sorted(stats)]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def _kept(task: Task) -> Outcome | None:
    """The outcome of an earlier run, where it was made from the same."""
    try:
        raw = json.loads((task.out / OUTCOME).read_text(encoding="utf-8"))
        site = load_site(task.file, task.inherit)
        if site.inputs.source is not None or raw["made_from"] != _made_from(task, site):
            return None
        return Outcome(**{**raw, "steps": tuple(SiteStep(**step) for step in raw["steps"]), "kept": True})
    except (OSError, ValueError, KeyError, TypeError, SteplabelError):
        return None
