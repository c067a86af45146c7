"""Whether a report says what its pack allows, the digest of a release policy, and which steps and
metrics a report answers.

The schema makes sure that a report is well-formed; this makes sure that its labels are comparable
with everybody else's: the same step, boundary, metric, unit and public grid, the pack's quantile, a
public count class, and no smaller noise than the release policy gives. A site may be stricter than
the policy, never looser.
"""

from __future__ import annotations

import hashlib
from datetime import UTC
from fractions import Fraction

from benchmarks.errors import VerificationError
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.policies import ReleasePolicy
from benchmarks.privacy.charges import draw_epsilons
from benchmarks.privacy.pooling import too_long
from benchmarks.released import ReleasedLabel
from benchmarks.routes import MetricRule, Pack, Step
from benchmarks.wire.canonical import Value, encode
from benchmarks.wire.records import rational_to_wire
from benchmarks.wire.schema import Report

TYPICAL_QUANTILE = Fraction(1, 2)


def policy_digest(policy: ReleasePolicy) -> bytes:
    """SHA-256 of a release policy's canonical content: what a report names as the policy it was
    made under.
    """
    content: dict[str, Value] = {
        name: _policy_value(getattr(policy, name)) for name in type(policy).model_fields
    }
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
        VerificationError: `pack-mismatch`, `policy-mismatch`, `period-too-long`, `label-left-out`,
            or `label-off-pack` naming the step and what does not fit.
    """
    named = (report.released.pack, report.released.pack_version, report.pack_digest)
    if named != (pack.id, pack.version, pack_digest):
        mismatch = Phrase(
            "The report was made with pack %(other)s %(other_version)s (%(other_digest)s), but "
            "the portal compares with %(pack)s "
            "%(version)s (%(digest)s).",
            pack=pack.id,
            version=pack.version,
            digest=pack_digest.hex()[:16],
            other=named[0],
            other_version=named[1],
            other_digest=named[2].hex()[:16],
        )
        if named[:2] == (pack.id, pack.version):
            raise VerificationError(
                "pack-mismatch",
                mismatch,
                "Install the portal's pack version and submit a new revision.",
            )
        remedy = Phrase(
            'Set pack = "%(pack)s" and pack_version = "%(version)s" under [site] of site.toml, '
            "and submit a new revision. Without "
            "pack_version the newest version is used.",
            pack=pack.id,
            version=pack.version,
        )
        raise VerificationError("pack-mismatch", mismatch, remedy)
    if report.policy_digest != policy_digest(pack.policy):
        raise VerificationError(
            "policy-mismatch",
            Phrase(
                "The report names the release policy %(other)s, but that of the pack %(pack)s "
                "%(version)s is %(wanted)s.",
                other=report.policy_digest.hex()[:16],
                pack=pack.id,
                version=pack.version,
                wanted=policy_digest(pack.policy).hex()[:16],
            ),
            "Install the portal's pack version as published, with its policy, and submit a new "
            "revision.",
        )
    period = Period.parse(report.released.period, UTC)
    for years in sorted({1, *(label.years for label in report.released.labels)}):
        if (refused := too_long(period, pack.policy, years)) is not None:
            raise VerificationError(refused.code, refused.sentence, refused.remedy)
    for label in report.released.labels:
        _require_label(label, pack)
        _require_months(label, period)
    _require_every_label(report, pack)


def released_metrics(pack: Pack) -> tuple[tuple[str, str], ...]:
    """Step and metric of everything that a report under this pack answers: by a label, or by why
    there is none.
    """
    return tuple(
        (step.id, rule.metric.value)
        for step in pack.steps
        for rule in step.metrics
        if rule.released
    )


def _require_every_label(report: Report, pack: Pack) -> None:
    """Nothing is left out silently: each step and metric is there, or withheld with a reason that
    the device signed.
    """
    released = report.released
    answered = {(label.step, label.metric.value) for label in released.labels} | {
        (step, metric) for step, metric, _ in released.withheld
    }
    if left_out := [metric for metric in released_metrics(pack) if metric not in answered]:
        raise VerificationError(
            "label-left-out",
            Phrase(
                "The report says nothing about %(labels)s: it gives neither a value nor a reason "
                "why there is none.",
                labels=", ".join(f"{step} {metric}" for step, metric in left_out),
            ),
            "Use the agent of this release, which gives a reason for every label that it "
            "withholds, and submit a new revision.",
        )


def _require_label(label: ReleasedLabel, pack: Pack) -> None:
    step = next((step for step in pack.steps if step.id == label.step), None)
    if step is None:
        raise _off_pack(label, Phrase("the pack has no step %(step)s", step=repr(label.step)))
    rule = step.metric(label.metric)
    if rule is None or not rule.released:
        raise _off_pack(label, Phrase("the pack does not release this metric"))
    _require_kind(label, step, rule)
    _require_policy(label, step, pack.policy)


def _require_kind(label: ReleasedLabel, step: Step, rule: MetricRule) -> None:
    """The label is of the same kind as every other label of this step and metric."""
    if label.product != step.product:
        raise _off_pack(
            label,
            Phrase(
                "the step's product is %(product)s, not %(found)s",
                product=repr(step.product),
                found=repr(label.product),
            ),
        )
    if label.variant not in {variant.id for variant in step.variants}:
        raise _off_pack(
            label, Phrase("the step has no variant %(variant)s", variant=repr(label.variant))
        )
    if (label.boundary, label.unit) != (step.boundary.id, rule.unit):
        raise _off_pack(
            label,
            Phrase(
                "boundary and unit are %(boundary)s in %(unit)s, not %(wanted_boundary)s in "
                "%(wanted_unit)s",
                boundary=label.boundary,
                unit=label.unit,
                wanted_boundary=step.boundary.id,
                wanted_unit=rule.unit,
            ),
        )
    if label.grid != rule.grid:
        raise _off_pack(label, Phrase("its grid is not the pack's public grid"))


def _require_policy(label: ReleasedLabel, step: Step, policy: ReleasePolicy) -> None:
    """The label was drawn by the pack's rule and with at least the policy's noise."""
    if (label.best.quantile, label.typical.quantile) != (
        step.label_rule.quantile,
        TYPICAL_QUANTILE,
    ):
        raise _off_pack(
            label,
            Phrase(
                "its quantiles are %(best)s and %(typical)s, not %(wanted)s and 1/2",
                best=str(label.best.quantile),
                typical=str(label.typical.quantile),
                wanted=str(step.label_rule.quantile),
            ),
        )
    best, typical = draw_epsilons(step, policy)
    if label.best.epsilon > best or label.typical.epsilon > typical:
        raise _off_pack(
            label,
            Phrase(
                "it spent %(best)s and %(typical)s, more than the policy allows for a draw",
                best=str(label.best.epsilon),
                typical=str(label.typical.epsilon),
            ),
        )
    if label.count_class not in policy.count_classes or label.count_class < policy.fewest_batches:
        raise _off_pack(
            label,
            Phrase(
                "%(asked_class)s is not one of the policy's classes for the number of batches",
                asked_class=label.count_class,
            ),
        )


def _require_months(label: ReleasedLabel, period: Period) -> None:
    """A label that names its months lacks one at least of those that its time has: one that lacks
    none names none.
    """
    available = period.months + 12 * (label.years - 1)
    if label.months is not None and label.months >= available:
        raise _off_pack(
            label,
            Phrase(
                "it states %(months)s months, which is not fewer than the %(there)s months of its "
                "time",
                months=label.months,
                there=available,
            ),
        )


def _off_pack(label: ReleasedLabel, reason: Phrase) -> VerificationError:
    return VerificationError(
        "label-off-pack",
        Phrase(
            "The label of %(step)s, %(metric)s cannot be compared with others: %(found)s.",
            step=label.step,
            metric=label.metric,
            found=reason,
        ),
        "Release again with the pack as published. A site may be stricter than its policy, never "
        "looser.",
    )
