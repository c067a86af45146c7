"""Where to look first: sentences with their evidence, ranked by what can be gained (kgce of the period).

What can be gained is never the whole bar of a Pareto:

- a *cause*: what it took of the gap beyond uncertainty;
- a *group* (equipment, shift, hour) that lies above the others by more than chance, freed of the product: that difference times its output;
- *months* above the level of the best quarter of months, by more than chance: the difference times their output;
- *energy that made nothing* (idling, standby, holding, changeover, scrap, rejects): all of it, which is an upper bound and said so.

Entries overlap (a cold start in a bad month is in both): gains are for ranking and are not added up. Where nothing differs by more than
chance and no cause stands, the one sentence says that. What has no cause in the data is told last, with what to record. Shares are of the
energy above the label beyond what the pack's slopes and the uncertainty account for, avoidable and unexplained together: "the gap beyond
uncertainty".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.phrases import Phrase, enumerated
from benchmarks.routes import Pack, Words
from reporting_agent.analysis.amounts import added
from reporting_agent.analysis.figures import percent
from reporting_agent.analysis.gains import Advice, named, of_causes, of_groups, worst_first
from reporting_agent.analysis.losses import StepLosses
from reporting_agent.analysis.lost_uses import of_uses
from reporting_agent.analysis.pareto import Pareto
from reporting_agent.analysis.prices import Prices
from reporting_agent.analysis.use import StepUse
from reporting_agent.config import Site
from reporting_agent.pipeline import LabelResult

ASSUMED = Words.of(Phrase(" (unit assumed)"))
SURE = Words(en="")
_WITHOUT_CAUSE = 0.5  # of the gap beyond uncertainty: from here on, what to record is said


def advise(
    site: Site, result: LabelResult, found: Sequence[StepLosses], tables: Sequence[Pareto], used: Sequence[StepUse]
) -> tuple[Advice, ...]:
    """The sentences, most to be gained first."""
    pack, period = result.data.pack, result.site_label.period
    prices = Prices.of(site, period.start, period.end)
    doubt = ASSUMED if result.data.unit_assumed else SURE
    counted = [one for one in found if one.counted]
    whole = added(one.beyond for one in counted).kgce
    shared_out = counted if whole > 0 else []  # what gives back more than it takes in has no mix that a gap could be told with
    made = [
        *of_causes(pack, shared_out, whole),
        *of_groups(pack, shared_out, tables, whole),
        *of_uses(pack, used, period, prices, site.emissions.factors, doubt),
    ]
    ranked = sorted(made, key=lambda one: -(one.amount.kgce if one.amount is not None else 0.0))
    if not counted and not ranked:
        return ()
    if not ranked:
        ranked = [_nothing(len(counted))]
    return (*ranked, *_unknown(pack, counted, whole))


def _nothing(labels: int) -> Advice:
    return Advice(
        "nothing-stands-out",
        "",
        Words.of(
            Phrase(
                "Nothing stands out: in %(labels)s labels no cause, shift, equipment, hour or month differs by more than chance.",
                labels=labels,
            )
        ),
        None,
        None,
        (),
        0,
        None,
    )


def _unknown(pack: Pack, counted: Sequence[StepLosses], whole: float) -> Iterator[Advice]:
    """The step with most unexplained energy, and what would tell."""
    if not counted or whole <= 0:
        return
    unexplained = sum(one.unexplained.kgce for one in counted)
    if unexplained < _WITHOUT_CAUSE * whole:
        return
    one = max(counted, key=lambda one: one.unexplained.kgce)
    missing = _not_recorded(one)
    name = named(pack, one)
    yield Advice(
        "record-more",
        one.step,
        Words.of(
            Phrase(
                "%(share)s of the gap beyond uncertainty has no reason in the data (longer at power included), most of it at %(step)s."
                " Recording %(missing)s with every batch would tell more of it.",
                share=percent(unexplained / whole),
                step=name,
                missing=enumerated(missing),
            )
        ),
        None,
        unexplained / whole,
        worst_first(one, one.batches.unexplained),
        len(one.batches.ids),
        None,
    )


def _not_recorded(one: StepLosses) -> list[Words]:
    rows, evidence = one.made_from.rows, one.evidence
    known = {name for row in rows[:50].tolist() for name in one.made_from.columns.batches[row].variables}
    wanted = []
    if not any(name.startswith("input.") for name in known):
        wanted.append(Words.of(Phrase("what was charged (input.MATERIAL)")))
    if not np.isfinite(evidence.interval_s[rows]).mean() > 0.9:
        wanted.append(Words.of(Phrase("true start and end")))
    if "holding_min" not in known and "holding_s" not in known:
        wanted.append(Words.of(Phrase("minutes of waiting (var.holding_min)")))
    names = dict.fromkeys(each.variable for each in one.made_from.columns.step.reference_conditions)
    lacking = [f"var.{name}" for name in names if name not in known]
    return [*wanted, *(Words.of(name) for name in lacking), Words.of(Phrase("temperatures and settings"))]
