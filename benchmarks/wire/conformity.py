"""Does a report say what its pack allows? What the worker checks once it has opened one, before anything is counted.

The schema makes sure that a report is well-formed; this makes sure that its labels are comparable with everybody
else's: the same step, boundary, metric, unit and public grid, the pack's quantile, a public count class, and no
smaller noise than the release policy gives. A site may be stricter than the policy, never looser.
"""

from __future__ import annotations

import hashlib
from datetime import UTC
from fractions import Fraction

from benchmarks.errors import VerificationError
from benchmarks.measurements import Period
from benchmarks.privacy.pooling import too_long
from benchmarks.privacy.units import draw_epsilons
from benchmarks.released import ReleasedLabel
from benchmarks.routes import MetricRule, Pack, ReleasePolicy, Step
from benchmarks.wire.canonical import Value, encode
from benchmarks.wire.fields import rational_to_wire
from benchmarks.wire.schema import Report

TYPICAL_QUANTILE = Fraction(1, 2)


def policy_digest(policy: ReleasePolicy) -> bytes:
    """SHA-256 of a release policy's canonical content: what a report names as the policy it was made under."""
    content: dict[str, Value] = {name: _policy_value(getattr(policy, name)) for name in type(policy).model_fields}
    return hashlib.sha256(b"steplabel/1 policy\x00" + encode(content)).digest()


def _policy_value(value: str | int | Fraction | tuple[int, ...]) -> Value:
    if isinstance(value, Fraction):
        return rational_to_wire(value)
    return list(value) if isinstance(value, tuple) else value


def require_conformity(report: Report, pack: Pack, pack_digest: bytes) -> None:
    """Refuse a report that is not one of this pack.

    Args:
        pack: the version in force at the portal for the report's period.
        pack_digest: SHA-256 of that pack's canonical content, as `benchmarks.packs` computes it.

    Raises:
        VerificationError: `pack-mismatch`, `period-too-long`, or `label-off-pack` naming the step and what does not fit.
    """
    named = (report.released.pack, report.released.pack_version, report.pack_digest)
    if named != (pack.id, pack.version, pack_digest):
        raise VerificationError(
            "pack-mismatch",
            f"The report was made with pack {named[0]} {named[1]} ({named[2].hex()[:16]}); "
            f"the portal compares by {pack.id} {pack.version} ({pack_digest.hex()[:16]}).",
            "Install the portal's pack version and submit a new revision.",
        )
    period = Period.parse(report.released.period, UTC)
    for years in sorted({1, *(label.years for label in report.released.labels)}):
        if (refused := too_long(period, pack.policy, years)) is not None:
            raise VerificationError(refused.code, refused.sentence, refused.remedy)
    for label in report.released.labels:
        _require_label(label, pack)


def _require_label(label: ReleasedLabel, pack: Pack) -> None:
    step = next((step for step in pack.steps if step.id == label.step), None)
    if step is None:
        raise _off_pack(label, f"the pack has no step {label.step!r}")
    rule = step.metric(label.metric)
    if rule is None or not rule.released:
        raise _off_pack(label, "the pack does not release this metric")
    _require_kind(label, step, rule)
    _require_policy(label, step, pack.policy)


def _require_kind(label: ReleasedLabel, step: Step, rule: MetricRule) -> None:
    """The label is of the same kind as every other label of this step and metric."""
    if label.product != step.product:
        raise _off_pack(label, f"the step's product is {step.product!r}, not {label.product!r}")
    if label.variant not in {variant.id for variant in step.variants}:
        raise _off_pack(label, f"the step has no variant {label.variant!r}")
    if (label.boundary, label.unit) != (step.boundary.id, rule.unit):
        raise _off_pack(label, f"boundary and unit are {label.boundary} in {label.unit}, not {step.boundary.id} in {rule.unit}")
    if label.grid != rule.grid:
        raise _off_pack(label, "its grid is not the pack's public grid")


def _require_policy(label: ReleasedLabel, step: Step, policy: ReleasePolicy) -> None:
    """The label was drawn by the pack's rule and with at least the policy's noise."""
    if (label.best.quantile, label.typical.quantile) != (step.label_rule.quantile, TYPICAL_QUANTILE):
        raise _off_pack(
            label, f"its quantiles are {label.best.quantile} and {label.typical.quantile}, not {step.label_rule.quantile} and 1/2"
        )
    best, typical = draw_epsilons(step, policy)
    if label.best.epsilon > best or label.typical.epsilon > typical:
        raise _off_pack(label, f"it spent {label.best.epsilon} and {label.typical.epsilon}, more than the policy's draw")
    if label.count_class not in policy.count_classes or label.count_class < policy.fewest_batches:
        raise _off_pack(label, f"{label.count_class} is none of the policy's classes for the number of batches")


def _off_pack(label: ReleasedLabel, found: str) -> VerificationError:
    return VerificationError(
        "label-off-pack",
        f"The label of {label.step}, {label.metric} cannot be compared with others: {found}.",
        "Release again with the pack as published; a site may be stricter than its policy, never looser.",
    )
