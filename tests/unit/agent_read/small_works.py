"""Small works for tests of what a pack asks of a site: some days of one or several steps, with
energy by run, through the whole agent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import packs
from benchmarks.labels import StepLabel
from benchmarks.measurements import Metric, Period
from reporting_agent import pipeline
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.pipeline import LabelResult

Amount = tuple[str, float, str, float | None, str]
"""Carrier, quantity per unit of output, unit, heating value in MJ per that unit, direction."""
HOURS = {"heat": 1, "melt": 4, "shift": 8, "day": 24}


@dataclass(frozen=True)
class Ran:
    """One step: its output a run, what a unit of it took and gave back, its variables."""

    output: float
    energy: Sequence[Amount]
    variables: Mapping[str, float] = field(default_factory=dict)
    variant: str = ""


def took(carrier: str, quantity: float, unit: str, lhv: float | None = None) -> Amount:
    return carrier, quantity, unit, lhv, "import"


def gave(carrier: str, quantity: float, unit: str, lhv: float | None = None) -> Amount:
    return carrier, quantity, unit, lhv, "recovered"


def works(
    folder: Path,
    pack: str,
    steps: Mapping[str, Ran],
    settings: str = "",
    runs: int = 60,
    *,
    states_own_power: bool = True,
) -> SiteSettings:
    """The site whose files say so: `runs` of each step from the beginning of 2026, days of a step
    that runs by day; all its power is in them, which it states."""
    loaded = packs.load(pack)
    names = sorted({name for ran in steps.values() for name in ran.variables})
    rows = [
        ",".join(
            [
                "batch_id,step,start,end,output_quantity,output_unit,variant",
                *(f"var.{name}" for name in names),
            ]
        )
    ]
    energy = ["batch_id,step,carrier,quantity,unit,lhv,lhv_unit,direction"]
    for id_, ran in steps.items():
        step = loaded.step(id_)
        length = timedelta(hours=HOURS[step.run_kind])
        for number in range(runs):
            start = datetime(2026, 1, 1, tzinfo=UTC) + number * length
            variables = [str(ran.variables.get(name, "")) for name in names]
            own = [
                f"{id_}-{number}",
                id_,
                start.isoformat(),
                (start + length).isoformat(),
                str(ran.output),
                step.output_unit,
            ]
            rows.append(",".join([*own, ran.variant or step.variants[0].id, *variables]))
            for carrier, quantity, unit, lhv, direction in ran.energy:
                heat = f"{lhv},MJ/{unit}" if lhv else ","
                energy.append(
                    f"{id_}-{number},{id_},{carrier},{quantity * ran.output},{unit},{heat},{direction}"
                )
    if states_own_power and loaded.own_power and loaded.own_power not in settings:
        table, stated = "[static]\n", f"[static]\n{loaded.own_power} = 0\n"
        settings = settings.replace(table, stated) if table in settings else f"{settings}\n{stated}"
    head = (
        f'[site]\nid = "works"\ntimezone = "UTC"\npack = "{pack}"\n[inputs]\nbatches = '
        '"batches.csv"\nenergy = "energy.csv"\n'
    )
    (folder / "site.toml").write_text(head + settings, encoding="utf-8")
    (folder / "batches.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "energy.csv").write_text("\n".join(energy) + "\n", encoding="utf-8")
    return load_site(folder / "site.toml")


def labelled(site: SiteSettings) -> LabelResult:
    return pipeline.label(site, Period.parse("2026", UTC))


def of(result: LabelResult, step: str, metric: Metric = Metric.TOTAL) -> StepLabel:
    return next(
        label for label in result.site_label.steps if label.step == step and label.metric is metric
    )


def besides(label: StepLabel) -> list[str]:
    """What stands beside the label, but for what small works are all asked: what they are made of,
    and where their gas comes from.
    """
    return [
        proviso.en
        for proviso in label.provisos
        if not proviso.en.startswith(
            ("The log names no materials of the product", "No step and no conversion")
        )
    ]


def codes(result: LabelResult) -> set[str]:
    return {finding.code for finding in result.findings}


def going_out(site: SiteSettings) -> dict[str, set[str | None]]:
    """By step, the reasons under which its runs are left out on the way out; None of those that
    count.
    """
    data = pipeline.read(site, outward=True)
    assert data.outward is not None
    reasons: dict[str, set[str | None]] = {}
    for batch in data.outward.batches:
        reasons.setdefault(batch.step, set()).add(batch.excluded)
    return reasons
