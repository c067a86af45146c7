"""What a report would hold: which labels are asked for, withheld and why, what they spend, and
their draws: the same key, root and challenge give the same grid points here and at the auditor's.
Pure.

A step releases its headline and at most one second metric. What the pack does not compare, a metric
with an unreported carrier and a step with too few batches are withheld under their reasons, which
are part of the report; every releasable step and metric is answered. The list is declared, not
noised: a cell is named only with as many batches as a release needs (docs/privacy.md).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from types import MappingProxyType

from benchmarks import packs, release
from benchmarks.audit.arrangement import LeafOrder, arrange
from benchmarks.audit.arrangement import counted as counted_by_grid_point
from benchmarks.audit.committed_tree import Contents, DataTree, padded
from benchmarks.audit.records import MeterDay, Window, microseconds
from benchmarks.errors import PolicyRefusal
from benchmarks.label_keys import LabelKey
from benchmarks.labels import TOO_FEW_BATCHES, ExclusionReason, SiteLabel, StepLabel
from benchmarks.measurements import Batch, CarrierEnergy, Period
from benchmarks.phrases import Phrase
from benchmarks.policies import ReleasePolicy
from benchmarks.privacy.accounting import Debit, paid_together
from benchmarks.privacy.charges import epsilon_of_a_metric
from benchmarks.privacy.pooling import fewest_batches, too_long
from benchmarks.privacy.randomness import KeyedStream, ReportKey
from benchmarks.privacy.units import most_together, within_bound
from benchmarks.released import ReleasedLabel, ReleasedReport
from benchmarks.routes import MetricRule, Pack, Step
from benchmarks.wire.pack_conformity import policy_digest, released_metrics
from benchmarks.wire.schema import Report, canonical_period
from reporting_agent.sending.consent import BatchCount, agreed
from reporting_agent.sending.pooled_labels import (
    ALONE,
    MOST_METRICS_A_STEP,
    Windows,
    counted,
    covered,
    covers,
)


def data_digest(batches: Iterable[Batch], windows: Mapping[str, int]) -> bytes:
    """SHA-256 over the batch records, whatever order they were read in, and over which steps cover
    how many years.

    Where a record was read from is no part of it: the same data from another file are the same
    data.

    Args:
        windows: step -> years, for steps whose label covers more than the report's period.
    """
    whole = hashlib.sha256(b"steplabel/1 batch records\x00")
    for record in sorted(_record(batch) for batch in batches):
        whole.update(len(record).to_bytes(8) + record)
    for step, years in sorted(windows.items()):
        whole.update(f"\x00{step}\x00{years}".encode())
    return whole.digest()


def _record(batch: Batch) -> bytes:
    fields: list[str] = [
        batch.step,
        batch.batch_id,
        batch.product,
        batch.variant,
        _moment(batch.start),
        "" if batch.end is None else _moment(batch.end),
        _exactly(batch.output),
        batch.equipment,
        batch.status,
        batch.state,
        _exactly(batch.reject),
        batch.excluded or "",
    ]
    for name, value in sorted(batch.variables.items()):
        fields += ["variable", name, _exactly(value)]
    for energy in sorted(map(_energy, batch.energy)):
        fields += ["energy", *energy]
    encoded = [field.encode() for field in fields]
    return b"".join([len(field).to_bytes(4) + field for field in encoded])


def _energy(energy: CarrierEnergy) -> tuple[str, ...]:
    lhv = "" if energy.lhv_mj_per_unit is None else _exactly(energy.lhv_mj_per_unit)
    quantity, completeness = _exactly(energy.quantity), _exactly(energy.completeness)
    return (
        energy.carrier,
        energy.direction,
        quantity,
        energy.unit,
        lhv,
        completeness,
        str(energy.estimated),
    )


def _exactly(number: float) -> str:
    """Every bit of it, and -0.0 as 0.0."""
    return (float(number) + 0.0).hex()


def _moment(moment: datetime) -> str:
    """The instant, whatever offset it was written with."""
    seconds = moment.timestamp()
    return str(int(seconds)) if seconds.is_integer() else str(Fraction(seconds))


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where batches come from: the digests of the readings they were metered from, and of the
    settings.

    `cut` says how a log was cut into runs; it is empty where the plant names its batches.
    """

    days: tuple[MeterDay, ...] = ()
    settings_digest: bytes = bytes(32)
    cut: str = ""


@dataclass(frozen=True, slots=True)
class ReportInputs:
    """Everything that a report is made from; it never leaves the site."""

    site_label: SiteLabel
    batches: Sequence[Batch]
    windows: Windows
    provenance: Provenance

    def arranged(self, pack: Pack) -> LeafOrder:
        """Batches and days of this report, in the order of the leaves of its tree."""
        period = self.site_label.period
        return arrange(
            self.site_label,
            self.batches,
            pack,
            lambda batch: covers(batch, period, self.windows),
            self._days(),
        )

    def _days(self) -> list[MeterDay]:
        first_us, end_us = window_of(self.site_label.period, self.windows)
        return [
            day for day in self.provenance.days if day.end_us > first_us and day.start_us < end_us
        ]


def window_of(period: Period, windows: Windows) -> Window:
    """The time whose readings are part of a report, by the site's calendar: what a file holds
    besides may grow, and is no part of it.
    """
    whole = covered(period, windows)
    return microseconds(whole.start), microseconds(whole.end)


FIRST_REVISION = 1
_ENERGY_NOT_KNOWN = (
    ExclusionReason.ENERGY_UNKNOWN,
    ExclusionReason.ENERGY_INCOMPLETE,
    ExclusionReason.ENERGY_OUTSIDE,
    ExclusionReason.LHV_REQUIRED,
)
SHORTEST_PERIOD_DAYS = 90  # the first quarter of a year without a leap day


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report is about; `period` under the one name it has on the wire."""

    site: str
    period: str
    revision: int
    correction: bool

    @property
    def parcel(self) -> str:
        """The report's name in the ledger."""
        return f"{self.period} r{self.revision}"


@dataclass(frozen=True, slots=True)
class PlannedRelease:
    """One label to be released: the exact one (which stays here), its rule, and the id under which
    it is debited.
    """

    label: StepLabel
    step: Step
    rule: MetricRule
    release_id: str
    years: int = 1


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """A report before anything is drawn."""

    subject: Subject
    pack: Pack
    releases: tuple[PlannedRelease, ...]
    withheld: tuple[tuple[str, str, str], ...]
    data_digest: bytes
    method_digest: bytes
    behind: ReportInputs = field(compare=False, repr=False)
    windows: Windows = field(default_factory=dict)

    def debits(self) -> list[Debit]:
        """What carrying this out spends: one debit for every release and every batch in it."""
        spending: list[Debit] = []
        for planned in self.releases:
            cells, correction = _cells_of(planned, self.releases), self.subject.correction
            spending += release.debits(
                planned.label,
                self.pack.policy,
                planned.release_id,
                correction=correction,
                cells=cells,
            )
        return spending

    def counted(self) -> dict[LabelKey, BatchCount]:
        """The batches behind each label, for the owner's eyes."""
        return {
            LabelKey.of(planned.label): counted(planned.label, planned.step, self.pack)
            for planned in self.releases
        }

    def under(self, revision: int, *, correction: bool) -> ReportPlan:
        """The same report as another revision."""
        subject = replace(self.subject, revision=revision, correction=correction)
        releases = tuple(
            replace(planned, release_id=_release_id(subject, planned.label))
            for planned in self.releases
        )
        return replace(self, subject=subject, releases=releases)

    def key(self, seed: bytes) -> ReportKey:
        """What this report is drawn and salted with, of the site's seed."""
        return ReportKey.of(seed, self.subject.site, self.subject.period, self.subject.revision)

    def tree(self, key: ReportKey, software: str) -> DataTree:
        """What the site commits to before it draws, by its root: data, settings, pack, policy and
        software of this report.

        Salted by the report's own key, so that the root can neither be guessed at nor compared.
        """
        subject, arranged = self.subject, self.behind.arranged(self.pack)
        table = Contents(
            site=subject.site,
            period=subject.period,
            revision=subject.revision,
            size=padded(arranged.leaves),
            steps=arranged.steps,
            meters=arranged.meters,
            counted=tuple(
                counted_by_grid_point(
                    planned.label, planned.step, planned.rule, self.pack.policy, planned.years
                )
                for planned in self.releases
            ),
            pack_digest=self.method_digest,
            policy_digest=policy_digest(self.pack.policy),
            settings_digest=self.behind.provenance.settings_digest,
            software=software,
            key_commitment=key.commitment,
            windows=self.windows,
        )
        return DataTree(table, arranged.batches, arranged.days, key.secret)

    def report(
        self,
        labels: Iterable[ReleasedLabel],
        *,
        data_root: bytes,
        challenge: bytes,
        salt: bytes,
        software: str,
    ) -> Report:
        """The report that is sealed, from labels that were drawn (or, for `preview`, from
        drafts).
        """
        subject = self.subject
        released = ReleasedReport(
            subject.site,
            self.pack.id,
            self.pack.version,
            subject.period,
            subject.revision,
            tuple(labels),
            self.withheld,
        )
        return Report(
            released,
            self.method_digest,
            policy_digest(self.pack.policy),
            data_root,
            challenge,
            software,
            salt,
            agreed(),
        )

    def drafts(self) -> tuple[ReleasedLabel, ...]:
        """The labels as they would leave, the drawn grid points standing at 0 in place of what is
        not drawn yet.
        """
        return tuple(
            release.with_grid_points(
                planned.label,
                planned.step,
                planned.rule,
                self.pack.policy,
                best=0,
                typical=0,
                years=planned.years,
            )
            for planned in self.releases
        )


def plan(
    site_label: SiteLabel,
    batches: Sequence[Batch],
    pack: Pack,
    subject: Subject,
    windows: Windows = ALONE,
    provenance: Provenance = Provenance(),  # frozen
    in_doubt: Mapping[str, PolicyRefusal] = MappingProxyType({}),
) -> ReportPlan:
    """What a report on `subject` would hold.

    Args:
        site_label: of the subject's period, the labels of pooled steps over all their years.
        windows: the steps whose labels are pooled.
        provenance: what the batches come from; only a commitment asks for it.
        in_doubt: steps of which nothing may leave, by `outward.releasable`.

    Raises:
        PolicyRefusal: when nothing at all can be released, with the reason that holds for
            everything or `nothing-to-release`.
    """
    releases: list[PlannedRelease] = []
    withheld: set[tuple[str, str, str]] = set()
    asked: set[tuple[str, str]] = set()
    for label in site_label.steps:
        step = pack.step(label.step)
        rule = step.metric(label.metric)
        if rule is None or not rule.released:
            continue
        asked.add((label.step, label.metric.value))
        code = _reason_to_withhold(label, step, rule, pack, in_doubt)
        if code is None:
            releases.append(
                PlannedRelease(
                    label, step, rule, _release_id(subject, label), windows.get(label.step, 1)
                )
            )
        elif code != TOO_FEW_BATCHES:
            withheld.add((label.step, label.metric.value, code))
    releases, beyond = _within_cap(releases, pack)
    withheld |= beyond
    answered = {(planned.label.step, planned.label.metric.value) for planned in releases} | {
        (step, metric) for step, metric, _ in withheld
    }
    withheld |= {(step, metric, TOO_FEW_BATCHES) for step, metric in asked - answered}
    if not releases:
        if alone := [step for step, _, code in sorted(withheld) if code == "step-in-doubt"]:
            raise in_doubt[alone[0]]
        raise _nothing_to_release(withheld, site_label, pack)
    answered |= asked
    withheld |= {
        (*pair, TOO_FEW_BATCHES) for pair in released_metrics(pack) if pair not in answered
    }
    data, method = digests(site_label, batches, pack, windows)
    behind = ReportInputs(site_label, batches, windows, provenance)
    return ReportPlan(
        subject, pack, tuple(releases), tuple(sorted(withheld)), data, method, behind, windows
    )


def _cells_of(release_of: PlannedRelease, releases: Iterable[PlannedRelease]) -> int:
    """How many labels of the same step and metric leave with it."""
    key = (release_of.label.step, release_of.label.metric)
    return sum((planned.label.step, planned.label.metric) == key for planned in releases)


def _within_cap(
    releases: Sequence[PlannedRelease], pack: Pack
) -> tuple[list[PlannedRelease], set[tuple[str, str, str]]]:
    """The releases that a batch can pay for together, the headline metric first; the others are
    withheld as beyond the limit of metrics.

    A batch pays for every cell that it could be in, so a second metric of several variants is more
    than the cap of a year.
    """
    asked: dict[str, list[tuple[str, Fraction]]] = defaultdict(list)
    metrics = dict.fromkeys((planned.label.step, planned.rule.metric.value) for planned in releases)
    for step, metric in sorted(metrics, key=lambda key: _turn(pack.step(key[0]), key[1])):
        own = [
            planned
            for planned in releases
            if (planned.label.step, planned.rule.metric.value) == (step, metric)
        ]
        bound = max(planned.label.path.bound or 1 for planned in own)
        fixed = all(planned.label.path.cell_in_account for planned in own)
        epsilon = epsilon_of_a_metric(len(own), pack.policy, bound, fixed=fixed)
        asked[step].append((metric, epsilon))
    paid = {
        (step, metric)
        for step in asked
        for metric, _ in paid_together(asked[step], pack.policy.cap_per_year)
    }
    beyond = {
        (step, metric, "metric-limit") for step, metric in metrics if (step, metric) not in paid
    }
    return [
        planned
        for planned in releases
        if (planned.label.step, planned.rule.metric.value, "metric-limit") not in beyond
    ], beyond


def _turn(step: Step, metric: str) -> int:
    return [rule.metric.value for rule in step.metrics].index(metric)


def _release_id(subject: Subject, label: StepLabel) -> str:
    name = (
        subject.site,
        subject.period,
        subject.revision,
        label.step,
        label.product,
        label.variant,
        label.metric,
    )
    return release.release_id(*name)


def digests(
    site_label: SiteLabel, batches: Iterable[Batch], pack: Pack, windows: Windows = ALONE
) -> tuple[bytes, bytes]:
    """What stands for the data of the period, pooled years and all, and for the method: a sealed
    report is of these or of others.
    """
    return data_digest(
        (batch for batch in batches if covers(batch, site_label.period, windows)), windows
    ), packs.digest(pack)


def wire_period(period: Period, policy: ReleasePolicy) -> str:
    """The one name of a period in ledger, outbox and envelope.

    Raises:
        PolicyRefusal: `period-too-short`: months are for the site's own eyes, a report covers a
            quarter at least; `period-too-long`: more years than the pack's policy lets a label
            cover.
    """
    if (refused := too_long(period, policy)) is not None:
        raise refused
    if (period.end.date() - period.start.date()).days < SHORTEST_PERIOD_DAYS:
        raise PolicyRefusal(
            "period-too-short",
            Phrase(
                "%(period)s is shorter than a quarter; labels of months and weeks stay on the "
                "site.",
                period=period.name,
            ),
            "Report a quarter or a year; `steplabel-agent label` makes the label of a shorter "
            "period for your own use.",
        )
    return canonical_period(period.name)


def _reason_to_withhold(
    label: StepLabel, step: Step, rule: MetricRule, pack: Pack, in_doubt: Container[str]
) -> str | None:
    """Why a cell is not released: too few batches before anything else, so that no other reason
    tells of a few.
    """
    try:
        usable = _with_unknown_energy(label, step, pack.policy)
    except PolicyRefusal as without_bound:
        return without_bound.code
    if usable < fewest_batches(step, pack.policy):
        return TOO_FEW_BATCHES
    released = [metric.metric for metric in step.metrics if metric.released]
    if released.index(rule.metric) >= MOST_METRICS_A_STEP:
        return "metric-limit"
    refused = release.refusal(label, step, rule, pack.policy)
    if refused is None:
        return "step-in-doubt" if label.step in in_doubt else None
    if refused.code == TOO_FEW_BATCHES:
        return "metric-incomplete"  # the batches are there: it is their energy that is not
    return refused.code


def _with_unknown_energy(label: StepLabel, step: Step, policy: ReleasePolicy) -> int:
    """Batches that a release would count if the energy of all were known; of every day as many as
    the pack lets count.
    """
    values = [
        value
        for value in label.values
        if value.excluded is None or value.excluded in _ENERGY_NOT_KNOWN
    ]
    return len(
        values if policy.unit == "record" else within_bound(values, most_together(step, policy))
    )


def missing_carriers(site_label: SiteLabel, pack: Pack) -> dict[tuple[str, str], tuple[str, ...]]:
    """Carriers that no batch reports, by step and metric: for the owner's eyes, they explain what
    is withheld as incomplete.
    """
    missing: dict[tuple[str, str], tuple[str, ...]] = {}
    for label in site_label.steps:
        rule = pack.step(label.step).metric(label.metric)
        if rule is not None and rule.released and label.missing_carriers:
            missing[label.step, label.metric.value] = label.missing_carriers
    return missing


def _nothing_to_release(
    withheld: set[tuple[str, str, str]], site_label: SiteLabel, pack: Pack
) -> PolicyRefusal:
    codes = {code for _, _, code in withheld}
    if codes == {TOO_FEW_BATCHES}:
        return _all_too_small(site_label, pack)
    reasons = ", ".join(f"{step} {metric}: {code}" for step, metric, code in sorted(withheld))
    named = reasons or Phrase("the period holds no labelled batches")
    return PolicyRefusal(
        codes.pop() if len(codes) == 1 else "nothing-to-release",
        Phrase("Nothing can be released for this period (%(named)s).", named=named),
        "`steplabel-agent check --release` lists what is missing, and what to add.",
    )


def _all_too_small(site_label: SiteLabel, pack: Pack) -> PolicyRefusal:
    """Every cell with how many batches it has and how many a release needs; said on the site
    only.
    """
    cells = sorted(
        {
            (
                label.step,
                label.variant,
                label.used,
                fewest_batches(pack.step(label.step), pack.policy),
            )
            for label in site_label.steps
        },
        key=lambda cell: (-cell[2], cell),
    )
    shown = "; ".join(
        f"{' '.join(part for part in (step, variant) if part)}: {used} of {fewest}"
        for step, variant, used, fewest in cells
    )
    return PolicyRefusal(
        "too-few-batches",
        Phrase(
            "No label of %(period)s has as many valid batches as a release needs, because noise "
            "hides one batch only among many "
            "(%(shown)s). Nothing was drawn, spent or sent. You can use the labels on the site.",
            period=site_label.period.name,
            shown=shown,
        ),
        "`steplabel-agent preview` shows which steps would get enough batches with `--pool`, "
        "which also covers earlier years. Or "
        "correct what `steplabel-agent check` names as the reason for excluded batches.",
    )


def draw(
    planned: ReportPlan, key: ReportKey, *, root: bytes, challenge: bytes
) -> list[ReleasedLabel]:
    """The labels as they leave.

    Args:
        root: of the data that were committed to.
        challenge: the portal's nonce, given for this root.
    """

    def stream_for(name: str) -> KeyedStream:
        return key.stream(name, challenge=challenge, data_root=root)

    return [
        release.release(
            part.label, part.step, part.rule, planned.pack.policy, stream_for, years=part.years
        )
        for part in planned.releases
    ]
