"""Labels and annual accounts of routes in a few lines for the terminal, with the doubt behind a
unit that is an assumption.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.catalogue import in_language
from benchmarks.labels import ExclusionReason
from benchmarks.phrases import Phrase, Value, enumerated, in_number
from reporting_agent.changes.smallest_change import beside
from reporting_agent.pipeline import meter_accounts
from reporting_agent.report.figures import half_width, shown
from reporting_agent.report.words import counted, label_name, reason, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.labels import LimitGrade, StepLabel
    from benchmarks.labels.outside import OutsideUse
    from reporting_agent.analysis.account.types import RouteAccount
    from reporting_agent.changes.smallest_change import SmallestChange
    from reporting_agent.pipeline import LabelResult


_LEFT_OUT = frozenset(
    {
        "variable-missing",
        "variable-impossible",
        "variable-scattered",
        "runs-copied",
        "heating-value-two-sided",
        "heating-value-unusual",
        "need-unmet",
        "yield-impossible",
        "lhv-required",
        "credit-not-product",
        "own-gas-missing",
        "heating-value-scattered",
    }
)
"""Findings that say what would bring runs back into a label."""

_VALUES = Phrase("minimum"), Phrase("best"), Phrase("typical"), Phrase("mean as measured")


def as_text(result: LabelResult, limits: Sequence[SmallestChange] = (), lang: str = "en") -> str:
    """One block a label: values, how far they can be trusted, then what was excluded and why."""
    lines = [
        line for label in result.site_label.steps for line in _block(label, result, limits, lang)
    ]
    lines += [
        f"{finding.code}: {in_language(finding.sentence, lang)}"
        for finding in result.findings
        if finding.code in _LEFT_OUT
    ]
    return "\n".join(lines) or in_language(
        Phrase(
            "No label: no batch of the period that was read belongs to a step of the pack. The "
            "findings show what was left out."
        ),
        lang,
    )


def _excluded(label: StepLabel, result: LabelResult) -> Iterator[str]:
    """How many batches stand outside the label and why; of reasons whose code does not say it, what
    it means.
    """
    if label.excluded:
        yield Phrase(
            "  excluded: %(counts)s",
            counts=", ".join(f"{why} {count:,}" for why, count in label.excluded.items()),
        )
    if ExclusionReason.DECLARED_UNUSABLE in label.excluded:
        yield Phrase(
            "  declared-unusable: an event declares that time unusable, or its change begins or "
            "ends within the batch"
        )
    if ExclusionReason.VARIANT_UNKNOWN in label.excluded:
        variants = ", ".join(variant.id for variant in result.data.pack.step(label.step).variants)
        yield Phrase("  variants that the pack knows: %(variants)s", variants=variants)


def _block(
    label: StepLabel, result: LabelResult, limits: Sequence[SmallestChange], lang: str
) -> Iterator[str]:
    def translated(phrase: str) -> str:
        return in_language(phrase, lang)

    used, read, days, whole = (
        f"{number:,}"
        for number in (label.used, label.read, label.coverage.with_batches, label.coverage.days)
    )
    name = label_name(
        result.data.pack.step(label.step), label.product, label.variant, label.metric, lang
    )
    batches = Phrase(
        "%(name)s: %(used)s of %(read)s batches used; valid batches on %(days)s of %(whole)s days",
        name=name, used=used, read=read, days=days, whole=whole,
    )  # fmt: skip
    yield translated(batches)
    values = zip(_VALUES, (label.minimum, label.best.value, label.typical, label.mean), strict=True)
    yield (
        "  "
        + "   ".join(f"{translated(word)} {shown(value)}" for word, value in values)
        + f"   {unit_of(label, result, lang)}"
    )
    half = None if label.uncertainty is None else label.uncertainty.best
    trusted = (
        []
        if half is None
        else [f"{half_width(half)} (k = 2)" if half.bounded else half_width(half)]
    )
    if (unseen := beside(label, limits)) is not None:
        trusted.append(counted(translated(unseen), lang))
    if trusted:
        yield f"  {translated(_VALUES[1])} " + "; ".join(trusted)
    if label.best.value is None:
        yield translated(Phrase("  no label: %(why)s", why=reason(label.best.reason or "", lang)))
    if label.missing_carriers:
        missing = Phrase(
            "  never reported: %(carriers)s (declare not_used under [steps.%(step)s] if so)",
            carriers=", ".join(label.missing_carriers), step=label.step,
        )  # fmt: skip
        yield translated(missing)
    for use in label.outside:
        yield translated(_outside(use, label.step))
    yield from map(translated, _excluded(label, result))
    if ExclusionReason.ENERGY_INCOMPLETE in label.excluded:
        own = {record.meter.id for record in result.data.meters if record.meter.step == label.step}
        succeeded = (
            finding.sentence
            for finding in result.findings
            if finding.code == meter_accounts.CODE and isinstance(finding.sentence, Phrase)
        )
        yield from (
            f"  {translated(sentence)}" for sentence in succeeded if sentence.values["first"] in own
        )
    yield translated(Phrase("  grade: %(grade)s", grade=_grade(label, lang)))
    if lacking := result.not_held(label.step):
        yield translated(_not_held(label, enumerated(lacking), result))
    unit = counted(label.unit, lang)
    for why in (*label.account, *label.provisos):
        yield f"  {counted(why.said_in(lang), lang).replace(unit, unit_of(label, result, lang))}"


def _outside(use: OutsideUse, step: str) -> Phrase:
    share = Phrase("an unknown share") if use.share is None else f"{use.share:.1%}"
    if use.is_inside:
        return in_number(use.batches,
"  outside this metric: %(carrier)s, %(share)s of the energy of %(batches)s batch (above 0.5 %% a "
"report leaves a batch out)",

            "  outside this metric: %(carrier)s, %(share)s of the energy of %(batches)s batches "
            "(above 0.5 %% a report leaves a batch out)",
            carrier=use.carrier, share=share, batches=f"{use.batches:,}",
        )  # fmt: skip
    declared: Phrase = Phrase("not declared under [steps.%(step)s.outside]", step=step)
    if use.reason is not None:
        declared = Phrase("declared: %(reason)s", reason=use.reason)
    return in_number(use.batches,
"  outside the boundary: %(carrier)s, %(share)s of the energy of %(batches)s batch (%(declared)s)",

        "  outside the boundary: %(carrier)s, %(share)s of the energy of %(batches)s batches "
        "(%(declared)s)",
        carrier=use.carrier, share=share, batches=f"{use.batches:,}", declared=declared,
    )  # fmt: skip


def routes_as_text(accounts: Sequence[RouteAccount], lang: str = "en") -> str:
    """One block an annual account of a route: its value and level, or what is missing."""
    lines = []
    for route in accounts:
        values = {"first": route.steps[0], "last": route.steps[-1], "metric": str(route.metric)}
        if route.value is None:
            lines.append(
                in_language(
                    Phrase(
                        "route %(first)s to %(last)s · %(metric)s, annual account: incomplete",
                        **values,
                    ),
                    lang,
                )
            )
            lines += [
                in_language(Phrase("  missing: %(what)s", what=why.said_in(lang)), lang)
                for _, why in route.missing
            ]
            continue
        amounts = {
            "value": shown(route.value),
            "error": shown(route.uncertainty),
            "unit": route.unit,
        }
        account = Phrase(
            "route %(first)s to %(last)s · %(metric)s, annual account: %(value)s ±%(error)s "
            "%(unit)s (k = 2, for the energy only)",
            **values,
            **amounts,
        )
        lines.append(counted(in_language(account, lang), lang))
        for tested, limit in zip(route.limits, route.declared, strict=True):
            lines.append(
                f"  {limit.words.said_in(lang)}, {limit.standard}: {_level(route, tested, lang)}"
            )
        lines += [f"  {counted(why.said_in(lang), lang)}" for why in route.provisos]
    return "".join(f"{line}\n" for line in lines)


def _level(account: RouteAccount, tested: LimitGrade, lang: str) -> str:
    if tested.why is not None:
        return tested.why.said_in(lang)
    levels = " / ".join(
        in_language(Phrase("not defined"), lang) if value is None else shown(value)
        for value in tested.limits
    )
    met = (
        Phrase("no level met")
        if tested.best_met is None
        else Phrase("level %(level)s met", level=tested.best_met)
    )
    sentences = [
        in_language(
            Phrase("%(met)s of %(levels)s %(unit)s", met=met, levels=levels, unit=account.unit),
            lang,
        )
    ]
    near = (
        Phrase("level %(place)s is within the uncertainty", place=level)
        for level in account.close(tested)
    )
    return "; ".join([*sentences, *(in_language(sentence, lang) for sentence in near)])


def unit_of(label: StepLabel, result: LabelResult, lang: str = "en") -> str:
    """The unit as a person is shown it: with the doubt, where nothing proves it."""
    return counted(label.unit, lang) + doubt(result, lang)


def doubt(result: LabelResult, lang: str) -> str:
    """What stands behind a unit that is an assumption; nothing behind one that is known."""
    return words(lang)["label"]["unit_assumed"] if result.data.unit_assumed else ""


def _not_held(label: StepLabel, editions: Value, result: LabelResult) -> Phrase:
    """Which editions the pack lacks, and of a grade since when the one it is by is in force."""
    tested = next((grade for grade in label.grade.limits if grade.reason is None), None)
    if tested is not None:
        limits = result.data.pack.step(label.step).limits
        return Phrase(
            (
                "  %(standard)s is in force from %(first)s; standards in force on other days of "
                "the year are not in this pack: %(editions)s"
            ),
            standard=tested.standard,
            first=next(
                limit.effective_from for limit in limits if limit.id == tested.limit
            ).isoformat(),
            editions=editions,
        )
    if label.grade.reason in {"not-in-force", "no-limit-for-this-metric"}:
        return Phrase(
            "  the standard in force then, %(editions)s, is not in this pack, so there is no grade",
            editions=editions,
        )
    return Phrase(
        "  the standard in force then, %(editions)s, is not in this pack", editions=editions
    )


def _grade(label: StepLabel, lang: str) -> str:
    grade = label.grade
    if grade.best_met is not None:
        standard = next(
            limit.standard for limit in grade.limits if limit.best_met == grade.best_met
        )
        levels = next(limit.levels for limit in grade.limits if limit.best_met == grade.best_met)
        level = (
            str(grade.best_met)
            if levels == "grades"
            else words(lang)["grade"][f"{levels}{grade.best_met}"]
        )
        return in_language(
            Phrase(
                "%(level)s by %(standard)s, on the mean of the year", level=level, standard=standard
            ),
            lang,
        )
    return (
        in_language(Phrase("none tested"), lang) if grade.why is None else grade.why.said_in(lang)
    )
