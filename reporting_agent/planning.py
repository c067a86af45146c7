"""What a report would hold: which labels are asked for, which are withheld and why, what they would spend. Draws nothing.

Pure: the same exact label, pack and subject give the same plan. `preview` shows it, `submit` carries it out.

Asked for is every label whose metric the pack releases. A step releases its headline and at most one second metric; a
product or variant that the pack does not compare, a metric with an unreported carrier and a step with too few batches
are withheld, each under its reason. The list of what was withheld is part of the report: nothing is dropped silently.

It is declared and not noised, so no entry of it may turn on a single record. A cell is named only where it holds as many
batches as a release needs; a metric of which nothing is released or named has too few batches. A handful of heats of a
customer's alloy beside thousands of others is seen on the site, in the label, and nowhere else.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from benchmarks import packs, release
from benchmarks.errors import PolicyRefusal
from benchmarks.labels import TOO_FEW_BATCHES, ExclusionReason, SiteLabel, StepLabel
from benchmarks.measurements import Batch, CarrierEnergy, Period
from benchmarks.privacy.accounting import Debit
from benchmarks.released import ReleasedLabel, ReleasedReport
from benchmarks.routes import MetricRule, Pack, Step
from benchmarks.wire.conformity import policy_digest
from benchmarks.wire.schema import Report, canonical_period

MOST_METRICS_A_STEP = 2
FIRST_REVISION = 1
_ENERGY_NOT_KNOWN = (ExclusionReason.ENERGY_UNKNOWN, ExclusionReason.ENERGY_INCOMPLETE, ExclusionReason.LHV_REQUIRED)
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
    """One label to be released: the exact one (which stays here), its rule, and the id under which it is debited."""

    label: StepLabel
    step: Step
    rule: MetricRule
    release_id: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A report before anything is drawn."""

    subject: Subject
    pack: Pack
    releases: tuple[PlannedRelease, ...]
    withheld: tuple[tuple[str, str, str], ...]
    data_digest: bytes
    method_digest: bytes

    def debits(self) -> list[Debit]:
        """What carrying this out spends: one debit for every release and every batch in it."""
        found: list[Debit] = []
        for one in self.releases:
            found += release.debits(one.label, self.pack.policy, one.release_id, correction=self.subject.correction)
        return found

    def report(self, labels: Iterable[ReleasedLabel], data_root: bytes, software: str, consent: str) -> Report:
        """The report that is sealed, from labels that were drawn (or, for `preview`, from drafts)."""
        subject = self.subject
        released = ReleasedReport(
            subject.site, self.pack.id, self.pack.version, subject.period, subject.revision, tuple(labels), self.withheld
        )
        return Report(released, self.method_digest, policy_digest(self.pack.policy), data_root, software, consent)

    def drafts(self) -> tuple[ReleasedLabel, ...]:
        """The labels as they would leave, the drawn cells standing at 0 in place of what is not drawn yet."""
        return tuple(release.with_cells(one.label, one.step, one.rule, self.pack.policy, best=0, typical=0) for one in self.releases)


def plan(site_label: SiteLabel, batches: Sequence[Batch], pack: Pack, subject: Subject) -> Plan:
    """What a report on `subject` would hold.

    Raises:
        PolicyRefusal: when nothing at all can be released, with the reason that holds for everything or `nothing-to-release`.
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
        code = _reason_to_withhold(label, step, rule, pack)
        if code is None:
            name = (subject.site, subject.period, subject.revision, label.step, label.product, label.variant, label.metric)
            releases.append(PlannedRelease(label, step, rule, release.release_id(*name)))
        elif code != TOO_FEW_BATCHES:
            withheld.add((label.step, label.metric.value, code))
    answered = {(one.label.step, one.label.metric.value) for one in releases} | {(step, metric) for step, metric, _ in withheld}
    withheld |= {(step, metric, TOO_FEW_BATCHES) for step, metric in asked - answered}
    if not releases:
        raise _nothing_to_release(withheld, site_label, pack)
    data, method = digests(site_label, batches, pack)
    return Plan(subject, pack, tuple(releases), tuple(sorted(withheld)), data, method)


def digests(site_label: SiteLabel, batches: Iterable[Batch], pack: Pack) -> tuple[bytes, bytes]:
    """What stands for the data of the period and for the method: a sealed report is of these or of others."""
    return data_digest(batch for batch in batches if batch.start in site_label.period), packs.digest(pack)


def wire_period(period: Period) -> str:
    """The one name of a period in ledger, outbox and envelope.

    Raises:
        PolicyRefusal: `period-too-short`: months are for the site's own eyes, a report covers a quarter at least.
    """
    if (period.end.date() - period.start.date()).days < SHORTEST_PERIOD_DAYS:
        raise PolicyRefusal(
            "period-too-short",
            f"{period.name} is shorter than a quarter; labels of months and weeks stay on the site.",
            "Report a quarter or a year; `steplabel-agent label` makes the label of a shorter period for your own use.",
        )
    return canonical_period(period.name)


def _reason_to_withhold(label: StepLabel, step: Step, rule: MetricRule, pack: Pack) -> str | None:
    """Why a cell is not released: too few batches before anything else, so that no other reason tells of a few."""
    fewest = release.fewest_batches(step, pack.policy)
    incomplete = sum(label.excluded.get(code, 0) for code in _ENERGY_NOT_KNOWN)
    if label.used + incomplete < fewest:
        return TOO_FEW_BATCHES
    released = [one.metric for one in step.metrics if one.released]
    if released.index(rule.metric) >= MOST_METRICS_A_STEP:
        return "metric-limit"
    refused = release.refusal(label, step, rule, pack.policy)
    if refused is None:
        return None
    if refused.code == TOO_FEW_BATCHES:
        return "metric-incomplete"  # the batches are there: it is their energy that is not
    return refused.code


def missing_carriers(site_label: SiteLabel, pack: Pack) -> dict[tuple[str, str], tuple[str, ...]]:
    """Carriers that no batch reports, by step and metric: for the owner's eyes, they explain what is withheld as incomplete."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for label in site_label.steps:
        rule = pack.step(label.step).metric(label.metric)
        if rule is not None and rule.released and label.missing_carriers:
            found[label.step, label.metric.value] = label.missing_carriers
    return found


def _nothing_to_release(withheld: set[tuple[str, str, str]], site_label: SiteLabel, pack: Pack) -> PolicyRefusal:
    codes = {code for _, _, code in withheld}
    if codes == {TOO_FEW_BATCHES}:
        return _all_too_small(site_label, pack)
    named = ", ".join(f"{step} {metric}: {code}" for step, metric, code in sorted(withheld)) or "the period holds no labelled batches"
    return PolicyRefusal(
        codes.pop() if len(codes) == 1 else "nothing-to-release",
        f"Nothing can be released for this period ({named}).",
        "Run `steplabel-agent check` and `label` to see which batches are excluded and why; a longer period holds more batches.",
    )


def _all_too_small(site_label: SiteLabel, pack: Pack) -> PolicyRefusal:
    """Every cell with how many batches it has and how many a release needs; said on the site only."""
    cells = sorted(
        {(label.step, label.variant, label.used, release.fewest_batches(pack.step(label.step), pack.policy)) for label in site_label.steps},
        key=lambda cell: (-cell[2], cell),
    )
    shown = "; ".join(f"{' '.join(part for part in (step, variant) if part)}: {used} of {fewest}" for step, variant, used, fewest in cells)
    return PolicyRefusal(
        "too-few-batches",
        f"No label of {site_label.period.name} has the valid batches that a release needs, for noise hides one batch only among many "
        f"({shown}). Nothing was drawn, spent or sent; the labels are yours to use on the site.",
        "Report a longer period, or repair what `steplabel-agent check` names as the reason for excluded batches.",
    )


def data_digest(batches: Iterable[Batch]) -> bytes:
    """SHA-256 over the batch records, whatever order they were read in: equal data, equal digest. It stays on the site.

    Where a record was read from is no part of it: the same data from another file are the same data.
    """
    whole = hashlib.sha256(b"steplabel/1 batch records\x00")
    for record in sorted(_record(batch) for batch in batches):
        whole.update(len(record).to_bytes(8) + record)
    return whole.digest()


def data_root(digest: bytes, seed: bytes, subject: Subject) -> bytes:
    """What the report says of the data: salted by the site's seed and by subject, so that it can neither be guessed at nor compared."""
    named = f"{subject.site}\x00{subject.period}\x00{subject.revision}".encode()
    salt = hmac.digest(seed, b"steplabel/1 data root\x00" + named, "sha256")
    return hmac.digest(salt, digest, "sha256")


def _record(batch: Batch) -> bytes:
    fields: list[str] = [
        batch.step,
        batch.batch_id,
        batch.product,
        batch.variant,
        _moment(batch.start),
        "" if batch.end is None else _moment(batch.end),
        _exactly(batch.output_t),
        batch.equipment,
        batch.status,
        batch.state,
        _exactly(batch.reject_t),
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
    return energy.carrier, energy.direction, quantity, energy.unit, lhv, completeness, str(energy.estimated)


def _exactly(number: float) -> str:
    """Every bit of it, and -0.0 as 0.0."""
    return (float(number) + 0.0).hex()


def _moment(moment: datetime) -> str:
    """The instant, whatever offset it was written with."""
    seconds = moment.timestamp()
    return str(int(seconds)) if seconds.is_integer() else str(Fraction(seconds))
