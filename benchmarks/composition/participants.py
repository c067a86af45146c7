"""Released labels with their site and firm, the cells within which they may be compared, and the roster of firms behind each value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.errors import InputError
from benchmarks.measurements import Metric
from benchmarks.phrases import Phrase
from benchmarks.released import ReleasedLabel
from benchmarks.routes import MetricRule, Step
from benchmarks.stored import Stored


@dataclass(frozen=True, slots=True)
class Participant:
    """A released label with its site, the firm that controls the site, and the report that brought it (its envelope's digest)."""

    firm: str
    site: str
    label: ReleasedLabel
    report: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One firm's part in a cell, as the differencing check compares it between versions. Never published.

    A report sent anew is another part, though its draw repeated the value: else what the gate says would tell that it did.
    """

    firm: str
    site: str
    fingerprint: tuple[int, ...]  # count class, best, typical of each label
    report: str = ""  # unknown in versions from before it was kept: there the fingerprint alone tells

    @property
    def bests(self) -> tuple[int, ...]:
        """The released best of each of its labels, as a cell of its grid."""
        return self.fingerprint[1::3]

    @property
    def typicals(self) -> tuple[int, ...]:
        """The released typical value of each of its labels, likewise."""
        return self.fingerprint[2::3]

    def repeats(self, other: Member) -> bool:
        """Whether this is the very part that stood in another version."""
        known = self.report and other.report
        return (self.firm, self.site, self.fingerprint) == (other.firm, other.site, other.fingerprint) and (
            not known or self.report == other.report
        )


DEPARTED = "left-"
"""What the random name begins with under which a firm that has left the scheme stands in rosters from before."""


def staying(firms: Iterable[str]) -> set[str]:
    """Without the firms that have left. One of these may have come back under a name of its own, and nobody can tell: it hides nobody."""
    return {firm for firm in firms if not firm.startswith(DEPARTED)}


@dataclass(frozen=True, slots=True)
class CellRoster:
    """The firms behind one published value. `cell` is `cell_key(...)`, or `WHOLE_ROUTE` for the reached total."""

    cell: str
    members: tuple[Member, ...]

    @property
    def firms(self) -> frozenset[str]:
        return frozenset(member.firm for member in self.members)


@dataclass(frozen=True, slots=True)
class Roster(Stored):
    """Who stands behind every value of one draft: stored beside each version, needed by the gate, never published."""

    cells: tuple[CellRoster, ...]

    def of(self, cell: str) -> CellRoster:
        return next((roster for roster in self.cells if roster.cell == cell), CellRoster(cell, ()))


WHOLE_ROUTE = "whole-route"


def cell_key(step: str, product: str, variant: str, boundary: str, metric: Metric) -> str:
    """What may be compared with each other: one step, product, variant, boundary and metric."""
    return "/".join((step, product, variant, boundary, metric.value))


def by_step(participants: Iterable[Participant]) -> dict[str, list[Participant]]:
    """Participants grouped by the step of their label, in a fixed order: results do not depend on how rows were read."""
    grouped: defaultdict[str, list[Participant]] = defaultdict(list)
    for participant in sorted(participants, key=lambda p: (p.label.step, p.firm, p.site)):
        grouped[participant.label.step].append(participant)
    return dict(grouped)


def in_cell(participants: Iterable[Participant], step: Step, rule: MetricRule, variant: str) -> list[Participant]:
    """The participants with a label in this cell, whatever its boundary or grid; each site once, in a fixed order."""
    members = [
        p
        for p in participants
        if p.label.step == step.id and p.label.product == step.product and p.label.variant == variant and p.label.metric == rule.metric
    ]
    members.sort(key=lambda p: (p.firm, p.site))
    for earlier, later in pairwise(members):
        if earlier.site == later.site:
            raise InputError(
                "participant-twice",
                Phrase(
                    "Site %(site)s is listed twice in %(step)s, %(variant)s, %(metric)s.",
                    site=later.site,
                    step=step.id,
                    variant=variant,
                    metric=rule.metric.value,
                ),
                "Give each site's latest accepted revision only.",
            )
    return members


def comparable(label: ReleasedLabel, step: Step, rule: MetricRule) -> bool:
    """Same boundary, unit and grid as the pack declares: only then is the value compared (EN 16231, 4.1)."""
    return label.boundary == step.boundary.id and label.unit == rule.unit and label.grid == rule.grid


def member(run: Sequence[Participant]) -> Member:
    """A firm's part: one label in a cell, or those of a whole route."""
    drawn = [number for p in run for number in (p.label.count_class, p.label.best.cell, p.label.typical.cell)]
    return Member(run[0].firm, run[0].site, tuple(drawn), run[0].report)
