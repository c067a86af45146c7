"""What it costs a plant that what leaves is judged record by record: labels withheld, batches not
counted, and how far the label moves.

Simulated works of every sector, without faults and with every fault at real rates (in the long form
at ten times those too, more works), as their files are and once a person has declared all that the
run proposes: every overlapping row unusable, a power for shared meters.
"""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.measurements import Period
from benchmarks.privacy.pooling import fewest_batches
from fixtures.simulator.works import SECTORS, Works
from reporting_agent import pipeline
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.pipeline.proposals import DeclarationProposal
from tests.statistical.outcome import Outcome

MOST_OFF = 0.5  # per cent between the two labels of a plant, faults and all
MOST_LOST = 5.0  # per cent of the batches, once everything is declared


@dataclass(slots=True)
class Seen:
    """Labels that could be released, over all plants: as they are on the site, and on their way
    out.
    """

    labels: int = 0
    withheld: int = 0
    here: int = 0  # batches counted
    there: int = 0
    off: list[float] = field(default_factory=list)  # per cent between the two, where both are there

    def take(self, site: SiteSettings, data: pipeline.PlantData, period: Period) -> None:
        out = pipeline.outgoing_label(site, data, period)
        leaving = {
            (outgoing.step, outgoing.product, outgoing.variant, outgoing.metric): outgoing
            for outgoing in out.steps
        }
        for label in pipeline.label_of(site, data, period).steps:
            step = data.pack.step(label.step)
            rule = step.metric(label.metric)
            if (
                rule is None
                or not rule.released
                or label.best.value is None
                or label.used < fewest_batches(step, data.pack.policy)
            ):
                continue
            self.labels += 1
            other = leaving.get((label.step, label.product, label.variant, label.metric))
            if other is None or other.path.bound is None or other.best.value is None:
                self.withheld += 1
                continue
            self.here, self.there = self.here + label.used, self.there + other.used
            self.off.append(abs(100 * (other.best.value / label.best.value - 1)))

    @property
    def lost_pct(self) -> float:
        """Batches that count on the site and not in a report; below 0 where more count there."""
        return 100 * (1 - self.there / self.here) if self.here else 0.0

    def row(self, plants: str, declared: str) -> tuple[str, ...]:
        off = (f"{np.median(self.off):.2f}", f"{max(self.off):.2f}") if self.off else ("-", "-")
        return (
            plants,
            declared,
            f"{self.labels}",
            f"{self.withheld}",
            f"{self.here:,}",
            f"{self.lost_pct:.1f}",
            *off,
        )


def run(long: bool) -> Outcome:
    rows, sound = [], True
    for rate in (0.0, 1.0, 10.0) if long else (0.0, 1.0):
        as_is, declared = Seen(), Seen()
        for sector in SECTORS:
            for seed in range(1, (5 if long else 1) + 1):
                _try(sector, seed, rate, as_is, declared)
        plants = (
            "without faults"
            if not rate
            else f"every fault, {rate:g} times real rates"
            if rate > 1
            else "every fault at real rates"
        )
        rows += [as_is.row(plants, "nothing"), declared.row(plants, "what the run proposes")]
        sound &= rate > 0 or (as_is.withheld == 0 and max(as_is.off) <= MOST_OFF)
        sound &= rate > 1 or (
            max(declared.off) <= MOST_OFF
            and declared.withheld == 0
            and declared.there >= declared.here * (1 - MOST_LOST / 100)
        )
    return Outcome(
        "outward-road",
        sound,
        "labels that leave beside the plant's own, over works of all sectors: withheld, batches "
        "not counted, how far apart",
        (
            "works",
            "declared",
            "labels",
            "withheld",
            "batches of the others",
            "not counted, %",
            "median apart, %",
            "most apart, %",
        ),
        tuple(rows),
    )


def _try(sector: str, seed: int, rate: float, as_is: Seen, declared: Seen) -> None:
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stderr(io.StringIO()):
        folder = Path(name)
        truth = Works.live(sector, seed).write(folder, rate)
        site = load_site(folder / "site.toml")
        period = Period.parse(truth.period, site.zone)
        data = pipeline.read(site, period, outward=True)
        as_is.take(site, data, period)
        if data.proposals:
            declare(folder / "site.toml", data.proposals)
            site = load_site(folder / "site.toml")
            data = pipeline.read(site, period, outward=True)
        declared.take(site, data, period)


def declare(path: Path, proposals: tuple[DeclarationProposal, ...]) -> None:
    """Paste all that is proposed: a shared meter's allocation in place of its own, events at the
    end.
    """
    text = path.read_text(encoding="utf-8")
    for toml in (proposal.toml for proposal in proposals):
        if (of := re.match(r"# in the \[\[meters\]\] of (\S+),.*\n(.*)\n", toml)) is None:
            text += f"\n{toml}"
            continue
        before, rest = text.split(f'id = "{of[1]}"', 1)
        text = (
            f"{before}id = "
            f'"{of[1]}"{re.sub(r"(?m)^allocation = .*$", lambda _: of[2], rest, count=1)}'
        )
    path.write_text(text, encoding="utf-8")
