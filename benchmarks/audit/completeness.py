"""What the checks of missing things say (batches left out, ends cut, output that no scale saw), and
what no check sees: energy that only the plant's rows give, variables that nothing was recorded of.

What they can see and what not stands in docs/audit.md, with how often each finds how much: by
simulated works.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.audit.evidence import (
    Accounted,
    CheckOutcome,
    Evidence,
    QuestionedStretch,
    StretchQuestion,
    check_held,
    failed,
    named,
    not_asked,
    not_checkable,
    of_no_readings,
)
from benchmarks.audit.records import microseconds
from benchmarks.conversion import Basis
from benchmarks.declared import Words, worded
from benchmarks.errors import InputError
from benchmarks.measurements import Batch, CarrierEnergy, Direction, Metric
from benchmarks.phrases import Phrase, in_number, significant


def nothing_left_out(evidence: Evidence) -> CheckOutcome:
    """On the drawn days, what the meters counted hour by hour is in records of batches, or at the
    level of a line that stands.
    """
    code = "nothing-left-out"
    accounted = evidence.accounted
    if evidence.by_batch:
        return of_no_readings(code)
    if accounted is None or not accounted.balances:
        return not_checkable(
            code,
            Phrase(
                "No drawn day belongs to a meter that counts for one step only, so readings "
                "cannot show whether a batch was left out."
            ),
            Phrase("Check the production system on site, or have a meter installed for each line."),
        )
    excused, questioned = _beside_unread(accounted, evidence)
    if questioned:
        return failed(
            code,
            in_number(
                len(questioned),
                "On drawn days, %(stretches)s period has energy use like that of production, but "
                "no batch was committed to.",
                "On drawn days, %(stretches)s periods have energy use like that of production, "
                "but no batch was committed to.",
                stretches=f"{len(questioned):,}",
            ),
            Phrase(
                "Ask what was made then, and check the production system on site. A batch that "
                "was left out is missing from the label."
            ),
            _places(questioned),
        )
    if excused:
        return not_checkable(
            code,
            in_number(
                len(excused),
                "On drawn days, %(stretches)s period looks like production without a batch. The "
                "log has rows that "
                "could not be read (%(rows)s), and this batch may be in one of them.",
                "On drawn days, %(stretches)s periods look like production without a batch. The "
                "log has rows that could not be read "
                "(%(rows)s), and these batches may be in them.",
                stretches=f"{len(excused):,}",
                rows=f"{sum(evidence.opening.unread.values()):,}",
            ),
            Phrase("Read the plant's rejected.csv on site, and compare these periods with it."),
        )
    unjudged = [
        balance
        for balance in accounted.balances
        if balance.production_level is None and balance.total > 0
    ]
    if unjudged:
        return not_checkable(
            code,
            Phrase(
                "These meters counted energy on their drawn days, but no batch shows their power "
                "in production: %(meters)s. A line "
                "whose batches were all left out would look like this.",
                meters=", ".join(
                    f"{balance.meter} {balance.total:,.0f} {balance.unit}" for balance in unjudged
                ),
            ),
            Phrase("Check on site whether these lines made anything, or draw more days."),
        )
    return check_held(
        code,
        in_number(
            sum(balance.days for balance in accounted.balances),
            "On %(days)s drawn meter day, no period outside the batches drew more power than a "
            "stopped line; %(meters)s.",
            "On %(days)s drawn meter days, no period outside the batches drew more power than a "
            "stopped line; %(meters)s.",
            days=f"{sum(balance.days for balance in accounted.balances):,}",
            meters=_shares(accounted),
        ),
        sum(balance.days for balance in accounted.balances),
    )


def _beside_unread(
    accounted: Accounted, evidence: Evidence
) -> tuple[list[QuestionedStretch], list[QuestionedStretch]]:
    """What is questioned, in two: what batches in unreadable rows may have used, and the rest. A
    row holds one batch: it excuses what lies within the time of the longest batch on one meter, and
    most rows excuse most energy.
    """
    steps = {balance.meter: balance.step for balance in accounted.balances}
    longest_us: dict[str, int] = {}
    for batch in evidence.batches.values():
        if batch.excluded is None and batch.end is not None:
            longest_us[batch.step] = max(
                longest_us.get(batch.step, 0), microseconds(batch.end) - microseconds(batch.start)
            )
    clusters: list[list[QuestionedStretch]] = []
    for span in sorted(
        accounted.of(StretchQuestion.NO_BATCH),
        key=lambda stretch: (stretch.meter, stretch.start_us),
    ):
        first = clusters[-1][0] if clusters else None
        within = longest_us.get(steps.get(span.meter, ""), 0)
        if (
            first is not None
            and first.meter == span.meter
            and span.start_us <= first.start_us + within
        ):
            clusters[-1].append(span)
        else:
            clusters.append([span])
    clusters.sort(key=lambda stretches: -sum(stretch.energy for stretch in stretches))
    rows = sum(evidence.opening.unread.values())
    rest = [stretch for stretches in clusters[rows:] for stretch in stretches]
    return [stretch for stretches in clusters[:rows] for stretch in stretches], [
        *rest,
        *accounted.of(StretchQuestion.NO_RECORD, StretchQuestion.STANDING_STATE),
    ]


def edges_at_rest(evidence: Evidence) -> CheckOutcome:
    """Before a batch begins and after it ends, the line stands: else part of what it used lies
    outside it.
    """
    code = "edges-at-rest"
    accounted = evidence.accounted
    if evidence.by_batch:
        return of_no_readings(code)
    if accounted is None or not accounted.edges:
        return not_checkable(
            code,
            Phrase(
                "No opened batch has a pause next to it that its meter alone shows, so readings "
                "cannot show whether starts or ends "
                "were cut short."
            ),
            Phrase("Compare the batch log with the control system on site."),
        )
    questioned = accounted.of(StretchQuestion.EDGE, StretchQuestion.FILLER)
    if questioned:
        return failed(
            code,
            in_number(
                len(questioned),
                "At %(number)s batch start or end the line was in production: before or after the "
                "committed time it "
                "drew power as in a batch, with no row or in a row without output.",
                "At %(number)s batch starts or ends the line was in production: before or after "
                "the committed times it drew power as "
                "in a batch, with no row or in a row without output.",
                number=f"{len(questioned):,}",
            ),
            Phrase(
                "Compare the times of these batches with the control system on site. Energy "
                "outside them is missing from the label."
            ),
            _places(questioned),
        )
    untold = accounted.of(StretchQuestion.START_UP, StretchQuestion.WRONG_TIMES)
    if untold:
        return not_checkable(
            code,
            in_number(
                len(untold),
                "At %(number)s place readings cannot show whether a batch was cut short: a "
                "start-up without output "
                "drew power as in production, or more than a tenth of the line's rows have wrong "
                "times. It is "
                "%(first)s.",
                "At %(number)s places readings cannot show whether a batch was cut short: a "
                "start-up without output drew power as in "
                "production, or more than a tenth of the line's rows have wrong times. First: "
                "%(first)s.",
                number=f"{len(untold):,}",
                first=_stretch(untold[0]),
            ),
            Phrase("Compare these times with the control system on site."),
        )
    return check_held(
        code,
        in_number(
            accounted.edges,
            "The line was stopped at %(number)s start or end of an opened batch.",
            "The line was stopped at %(number)s starts or ends of opened batches.",
            number=f"{accounted.edges:,}",
        ),
        accounted.edges,
    )


def output_weighed(evidence: Evidence) -> CheckOutcome:
    """The output of every opened batch is what the scale of its line weighed in its time."""
    code = "output-weighed"
    if evidence.weighings is None:
        return not_asked(
            code,
            Phrase("Output cannot be checked: the site commits to no scale records."),
            Phrase(
                "Compare output with sales and stock on site (`steplabel-agent reconcile`), or "
                "have scales added to site.toml."
            ),
        )
    weighings = evidence.weighings
    wrong = [batch for batch in weighings.batches if not batch.agrees]
    if wrong:
        return failed(
            code,
            Phrase(
                "The output of %(wrong)s of %(number)s batches differs from what their scale "
                "weighed.",
                wrong=f"{len(wrong):,}",
                number=f"{len(weighings.batches):,}",
            ),
            Phrase(
                "Read the scale's own memory on site. Moving output between batches makes some of "
                "them look better."
            ),
            [_weighed(evidence, batch.leaf, batch.output, batch.weighed) for batch in wrong],
        )
    if not weighings.batches:
        return not_checkable(
            code,
            Phrase("No opened batch is from a line whose scale records were committed to."),
            Phrase("Compare output with sales and stock on site."),
        )
    return check_held(
        code,
        in_number(
            len(weighings.batches),
            "The output of %(number)s batch agrees with its scale, within %(within)s %% or less; "
            "a smaller "
            "change would not be seen. Opened batches of which no scale tells, or one that other "
            "lines used at the same time: %(without)s.",
            "The output of %(number)s batches agrees with their scales, each within %(within)s %% "
            "or less; a smaller change would "
            "not be seen. Opened batches of which no scale tells, or one that other lines used at "
            "the same time: %(without)s.",
            number=f"{len(weighings.batches):,}",
            within=f"{100 * weighings.resolution:.1f}",
            without=f"{sum(weighings.without.values()):,}",
        ),
        len(weighings.batches),
    )


def _places(questioned: Sequence[QuestionedStretch]) -> list[Words]:
    return [Words.of(_stretch(stretch)) for stretch in questioned]


def _stretch(stretch: QuestionedStretch) -> Phrase:
    start, end = (
        f"{datetime.fromtimestamp(us / 1e6, UTC):%Y-%m-%d %H:%M}"
        for us in (stretch.start_us, stretch.end_us)
    )
    where = {
        "meter": stretch.meter,
        "start": start,
        "end": end,
        "energy": significant(stretch.energy, 4),
        "unit": stretch.unit,
        "batch": stretch.batch,
    }
    if stretch.why in (StretchQuestion.FILLER, StretchQuestion.START_UP):
        return Phrase(
            "%(meter)s, %(start)s to %(end)s UTC: %(energy)s %(unit)s in rows without output next "
            "to batch %(batch)s",
            **where,
        )
    if stretch.why is StretchQuestion.EDGE:
        return Phrase(
            "%(meter)s, %(start)s to %(end)s UTC: %(energy)s %(unit)s next to batch %(batch)s",
            **where,
        )
    if stretch.why is StretchQuestion.NO_RECORD:
        return Phrase(
            "%(meter)s, %(start)s to %(end)s UTC: %(energy)s %(unit)s, row %(batch)s without a "
            "record",
            **where,
        )
    if stretch.why is StretchQuestion.STANDING_STATE:
        return Phrase(
            "%(meter)s, %(start)s to %(end)s UTC: %(energy)s %(unit)s, logged as waiting in "
            "%(batch)s",
            **where,
        )
    return Phrase(
        "%(meter)s, %(start)s to %(end)s UTC: %(energy)s %(unit)s",
        **{name: where[name] for name in where if name != "batch"},
    )


def _shares(accounted: Accounted) -> Phrase:
    """The share of the energy in batches of the meter where it is lowest, of those on whose drawn
    days a batch ran.
    """
    ran = [
        (balance.used + balance.excluded) / balance.total
        for balance in accounted.balances
        if balance.used + balance.excluded > 0
    ]
    if not ran:
        return Phrase("no batch ran on these days")
    return Phrase(
        "for each meter with batches on its drawn days, at least %(share)s %% of the energy is in "
        "batches",
        share=f"{100 * min(ran):.0f}",
    )


def _weighed(evidence: Evidence, leaf: int, output: float, weighed: float) -> Words:
    batch = evidence.batches[leaf]
    unit = next((part.output_unit for part in evidence.pack.steps if part.id == batch.step), "t")
    record = named(leaf, batch)
    figures = worded(
        "output %(output)s %(unit)s, weighed %(weighed)s %(unit)s",
        output=significant(output, 4),
        weighed=significant(weighed, 4),
        unit=unit,
    )
    return worded("%(record)s: %(said)s", record=record, said=figures)


@dataclass(frozen=True, slots=True)
class AtReference:
    """One variable of a step; `share` of the opened batches that count, `slope` in the metric's
    unit per unit of the variable.
    """

    step: str
    variable: str
    unit: str
    reference: float
    metric: Metric
    metric_unit: str
    slope: float
    share: float


def at_reference(evidence: Evidence) -> tuple[AtReference, ...]:
    """By step in the pack's order, those that at least one batch lacks; a batch without a required
    one counts in no label.
    """
    counting = [batch for batch in evidence.batches.values() if batch.excluded is None]
    assumptions = []
    for step in evidence.pack.steps:
        batches = [batch for batch in counting if batch.step == step.id]
        for condition in step.reference_conditions:
            lacking = sum(condition.variable not in batch.variables for batch in batches)
            if condition.required or not lacking:
                continue
            assumptions += [
                AtReference(
                    step.id,
                    condition.variable,
                    condition.unit,
                    condition.reference,
                    rule.metric,
                    rule.unit,
                    condition.slope[rule.metric],
                    lacking / len(batches),
                )
                for rule in step.metrics
                if rule.metric in condition.slope
            ]
    return tuple(assumptions)


@dataclass(frozen=True, slots=True)
class ByRows:
    """One carrier of a step as rows give it; `share` is its part of the energy of the step's opened
    batches, in coal equivalent.

    Energy that leaves a step has rows of its own: what is credited lowers a label as much as what
    is left out.
    """

    step: str
    carrier: str
    direction: Direction
    share: float


def by_rows(evidence: Evidence) -> tuple[ByRows, ...]:
    """By step, carrier and direction, the largest first; none of a site without any reading, of
    which all energy is so.
    """
    if evidence.by_batch:
        return ()
    all_of, kgce_by_rows = (
        defaultdict[str, float](float),
        defaultdict[tuple[str, str, Direction], float](float),
    )
    for batch in evidence.batches.values():
        if batch.excluded is not None:
            continue
        all_of[batch.step] += sum(_kgce(energy, batch, evidence) for energy in batch.energy)
        for row in evidence.given.get((batch.step, batch.batch_id), ()):
            kgce_by_rows[batch.step, row.carrier, row.direction] += _kgce(row, batch, evidence)
    parts = [
        ByRows(*key, kgce / all_of[key[0]])
        for key, kgce in kgce_by_rows.items()
        if kgce and all_of[key[0]]
    ]
    return tuple(
        sorted(parts, key=lambda part: (-part.share, part.step, part.carrier, part.direction))
    )


def _kgce(energy: CarrierEnergy, batch: Batch, evidence: Evidence) -> float:
    """Coal equivalent; 0 of what has no heating value, which is in no label (a gas that is given
    back).
    """
    try:
        return abs(evidence.context.factors.kgce(energy, Basis.CALORIFIC, batch.start.date()))
    except InputError as refusal:
        if refusal.code != "lhv-required":
            raise
        return 0.0
