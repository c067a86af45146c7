"""From the plant's files to batches with energy, and from those to the local label.

`read` looks at everything and computes no label; `label` adds the label. What is outside the period is marked and
counted, never dropped silently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks import packs
from benchmarks.conversion import FactorTable
from benchmarks.errors import InputError, Place
from benchmarks.labels import RELATIVE_UNCERTAINTY, ExclusionReason, SiteLabel, label_site
from benchmarks.measurements import Batch, Finding, Period, Severity
from benchmarks.packs.corrections import factors_of
from benchmarks.routes import Pack
from reporting_agent import batch_names, sources
from reporting_agent.config import Site
from reporting_agent.console import say
from reporting_agent.pipeline import batches as batch_rows
from reporting_agent.pipeline import faults, given, metered, runs
from reporting_agent.pipeline.rejections import rejections
from reporting_agent.sources import Rejected, read_table

PLACES_KEPT = 20


@dataclass(frozen=True, slots=True)
class PlantData:
    """What the plant's files hold: batches with energy (some excluded, with the reason), findings, unreadable rows."""

    pack: Pack
    batches: list[Batch]
    findings: list[Finding]
    rejected: list[Rejected]
    unit_assumed: bool = False  # the site says that nothing proves the unit of its energy


@dataclass(frozen=True, slots=True)
class LabelResult:
    """The exact label of the site and the data it was made from. Confidential."""

    site_label: SiteLabel
    data: PlantData

    @property
    def findings(self) -> list[Finding]:
        """Everything found, in the data and while labelling."""
        return [*self.data.findings, *self.site_label.findings]

    def to_json(self) -> dict[str, Any]:
        """The content of label.json; every step says so where the unit of its energy is an assumption."""
        payload = self.site_label.to_json()
        if self.data.unit_assumed:
            for step in payload["steps"]:
                step["unit_assumed"] = True
        return payload


def read(site: Site, period: Period | None = None) -> PlantData:
    """Read all inputs of the site. With a period, batches that start outside it are marked and not metered.

    Raises:
        InputError: a file, the profile or the pack cannot be used; names file, row, column, found and wanted.
    """
    pack = packs.load(site.pack, site.pack_version, site.folder)
    if site.inputs.log is not None:
        return _read_log(site, pack, period)
    table = _gather(site, site.inputs.batches, sources.BATCHES)
    rejected = [bad for one in table for bad in one.rejected]
    made: list[Batch] = []
    for one in table:
        some, refused = batch_rows.batches_of(one, pack)
        made += some
        rejected += refused
    own_ids: Mapping[batch_names.Key, str] = {}
    if site.site.batch_ids == "restart-yearly":
        made = batch_names.in_their_years(made)
        own_ids = batch_names.by_own_id(made) if site.inputs.energy is not None else {}
    made = _mark_period(made, period)
    findings: list[Finding] = []
    blank: frozenset[given.Key] = frozenset()
    metered_steps: dict[str, set[str]] = {}
    if site.inputs.energy is not None:
        for one in _gather(site, site.inputs.energy, sources.ENERGY):
            joined = given.join(made, one, own_ids)
            made, blank = joined.batches, blank | joined.blank
            rejected += [*one.rejected, *joined.rejected]
            findings += joined.findings
    if site.inputs.readings is not None:
        for meter in metered.counted_meters(site, pack):
            metered_steps.setdefault(meter.step, set()).add(meter.equipment)
        measured = metered.measure(made, site, pack, _paths(site, site.inputs.readings))
        made = measured.batches
        rejected += measured.rejected
        findings += measured.findings
    made, found = faults.examine(made, site, pack, metered_steps=metered_steps, blank=blank)
    return PlantData(pack, made, [*_outside(made), *found, *findings, *rejections(rejected), *_unused_factors(site, pack)], rejected)


def label(site: Site, period: Period) -> LabelResult:
    """The site's exact label over the period, by its pack's rules."""
    data = read(site, period)
    pack = data.pack
    uncertainty = RELATIVE_UNCERTAINTY if site.site.uncertainty_pct is None else site.site.uncertainty_pct / 100
    say(f"labelling {len(data.batches):,} batches by pack {pack.id} {pack.version}")
    site_label = label_site(
        data.batches,
        pack,
        FactorTable.load(),
        period,
        site=site.id,
        not_used={step: frozenset(setting.not_used) for step, setting in site.steps.items()},
        static_factors=site.static or None,
        relative_uncertainty=uncertainty,
    )
    return LabelResult(site_label, data)


def _read_log(site: Site, pack: Pack, period: Period | None) -> PlantData:
    rejected: list[Rejected] = []
    made: list[Batch] = []
    findings: list[Finding] = []
    for one in _gather(site, site.inputs.log, sources.LOG):
        cut = runs.cut(one, site, pack)
        rejected += [*one.rejected, *cut.rejected]
        made += cut.batches
        findings += cut.findings
    made = _mark_period(made, period)
    made, found = faults.examine(made, site, pack, metered_steps={}, blank=frozenset())
    return PlantData(
        pack,
        made,
        [*_outside(made), *found, *findings, *rejections(rejected), *_unused_factors(site, pack)],
        rejected,
        site.runs.unit_assumed,
    )


def _gather(site: Site, pattern: str | None, wanted: sources.Wanted) -> list[sources.Table]:
    profile = getattr(site.mapping, wanted.name)
    return [read_table(path, profile, wanted, site.zone) for path in _paths(site, pattern or "")]


def _paths(site: Site, pattern: str) -> list[Path]:
    """Files of an input, in order of name; InputError where there is none."""
    whole = site.folder / pattern
    if whole.is_file():
        return [whole]
    if Path(pattern).is_absolute():
        found = sorted(Path(whole.anchor).glob(str(whole.relative_to(whole.anchor))))
    else:
        found = sorted(site.folder.glob(pattern))
    if not found:
        raise InputError(
            "file-missing",
            "No file of this name is there.",
            "Check the path under [inputs] in site.toml; it is relative to site.toml.",
            place=Place(str(site.path), column="inputs"),
            found="no such file",
            wanted=str(whole),
        )
    return [path for path in found if path.is_file()]


def _mark_period(batches: Sequence[Batch], period: Period | None) -> list[Batch]:
    if period is None:
        return list(batches)
    return [batch if batch.start in period else replace(batch, excluded=ExclusionReason.OUTSIDE_PERIOD.value) for batch in batches]


def _outside(batches: Sequence[Batch]) -> list[Finding]:
    outside = [batch for batch in batches if batch.excluded == ExclusionReason.OUTSIDE_PERIOD]
    if not outside:
        return []
    places = tuple(batch.place for batch in outside[:PLACES_KEPT] if batch.place is not None)
    count = len(outside)
    en, zh = f"{count:,} batches start outside the period.", f"{count:,} 个批次的开始时间不在本期。"
    return [Finding("outside-period", Severity.EXCLUSION, en, count, places, zh=zh)]


def _unused_factors(site: Site, pack: Pack) -> list[Finding]:
    """Static factors that no limit of the pack asks for: most often a name mistyped."""
    known = factors_of(pack)
    names = ", ".join(sorted(known)) or "none"
    return [
        Finding(
            "factor-unknown",
            Severity.NOTICE,
            f"[static] {name} is asked for by no limit of the pack {pack.id} and changes nothing. Asked for: {names}.",
            1,
            (Place(str(site.path), column=f"static.{name}"),),
            zh=f"方法包 {pack.id} 的限额均不需要 [static] {name}，该项不起作用。需要的有：{names}。",
        )
        for name in site.static
        if name not in known
    ]
