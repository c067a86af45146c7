"""Material flow: parents that batches name, and whether they can be; settings checked for unknown
steps, essentials, unused factors.

A parent is looked for by its id among the batches of all other steps first, then of the same step
(a coil rolled twice).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks import packs
from benchmarks.carriers import CARRIERS
from benchmarks.errors import InputError, Place
from benchmarks.measurements import Batch, DataFinding, Severity
from benchmarks.packs.corrections import factors_of
from benchmarks.phrases import Phrase, in_number
from benchmarks.routes import Pack
from reporting_agent.config import SiteSettings

PLACES_KEPT = 20
_MORE_OUT_THAN_IN = 1.02  # scales of two steps agree to about a percent each


def refuse_unknown_steps(site: SiteSettings, pack: Pack) -> None:
    """InputError `step-unknown` where a stock, a purchase or an auxiliary names a step that the
    pack lacks, or the tariff one that no version of any pack has: sites of several sectors share a
    tariff, and a site may be labelled by an older version.
    """
    step_ids = sorted(step.id for step in pack.steps)
    named = [("product_stocks.made_by", stock.made_by) for stock in site.product_stocks]
    named += [
        pair
        for purchase in site.bought_in
        for pair in (("bought_in.made_by", purchase.made_by), ("bought_in.into", purchase.into))
    ]
    named += [
        ("site_boundary.auxiliaries.step", auxiliary.step)
        for auxiliary in (site.site_boundary.auxiliaries if site.site_boundary else ())
    ]
    if foreign := set(site.tariff.shiftable if site.tariff else ()).difference(step_ids):
        named += [("tariff.shiftable", step) for step in sorted(foreign - _steps_of_any_pack())]
    for key, step in named:
        if step not in step_ids:
            raise InputError(
                "step-unknown",
                Phrase("%(key)s names a step that the pack does not have.", key=key),
                "Correct the key.",
                place=Place(str(site.path), column=key),
                found=repr(step),
                wanted=", ".join(step_ids),
            )


def _steps_of_any_pack() -> set[str]:
    return {
        step.id
        for name in packs.available()
        for version in packs.versions(name)
        for step in version.steps
    }


def refuse_unused_essentials(site: SiteSettings, pack: Pack) -> None:
    """InputError `carrier-essential` where a step is said not to use what its process does not run
    without.
    """
    for step in pack.steps:
        setting = site.steps.get(step.id)
        for carrier in step.boundary.essential if setting else ():
            if setting and carrier in setting.not_used:
                words = CARRIERS[carrier].words
                raise InputError(
                    "carrier-essential",
                    Phrase(
                        "The process of the step cannot run without %(carrier)s.", carrier=words
                    ),
                    (
                        "Report its amounts; a medium made by machines whose electricity counts "
                        "in the step may be listed in made_inside "
                        "instead."
                    ),
                    place=Place(str(site.path), column=f"steps.{step.id}.not_used"),
                    found=carrier,
                    wanted=Phrase("amounts, or made_inside of a medium"),
                )


def unused_factors(site: SiteSettings, pack: Pack) -> list[DataFinding]:
    """Static factors that no limit of the pack asks for: most often a name mistyped."""
    factor_names = factors_of(pack) | {
        route_step.share_variable
        for route in pack.routes
        for route_step in route.steps
        if route_step.share_variable
    }
    factor_names |= {step.bought_share for step in pack.steps if step.bought_share}
    factor_names |= {
        held_heat.stated_by for step in pack.steps for held_heat in step.holds_heat
    } | ({pack.own_power} if pack.own_power else set())
    factor_names |= {
        name
        for material in pack.materials
        for at in material.at
        for name in (at.unless, at.returns)
        if name
    }
    names = ", ".join(sorted(factor_names)) or "none"
    return [
        DataFinding(
            "factor-unknown",
            Severity.NOTICE,
            Phrase(
                "No limit of the pack %(pack_id)s needs [static] %(name)s, so it changes nothing. "
                "Needed: %(names)s.",
                name=name,
                pack_id=pack.id,
                names=names,
            ),
            1,
            (Place(str(site.path), column=f"static.{name}"),),
        )
        for name in site.static
        if name not in factor_names
    ]


def parents_of(batches: Sequence[Batch]) -> dict[int, list[int]]:
    """By index of a batch, the indices of its parents that the log holds."""
    if not any(batch.parents for batch in batches):
        return {}
    by_id: dict[str, list[int]] = {}
    for index, batch in enumerate(batches):
        by_id.setdefault(batch.batch_id, []).append(index)
    parents: dict[int, list[int]] = {}
    for index, batch in enumerate(batches):
        for name in batch.parents:
            named = [parent for parent in by_id.get(name, []) if parent != index]
            if named:
                parents.setdefault(index, []).append(
                    min(named, key=lambda parent: (batches[parent].step == batch.step, parent))
                )
    return parents


def examine(batches: Sequence[Batch], pack: Pack) -> list[DataFinding]:
    """What cannot be: parents that are not there, that began later, or that gave less than came
    out. Nothing is excluded for it.
    """
    parents_by_index = parents_of(batches)
    named = [index for index, batch in enumerate(batches) if batch.parents]
    if not named:
        return []
    units = {step.id: step.output_unit for step in pack.steps}
    unknown = [
        index
        for index in named
        if len(parents_by_index.get(index, [])) < len(set(batches[index].parents))
    ]
    later = [
        index
        for index in named
        if any(
            batches[parent].start > batches[index].start
            for parent in parents_by_index.get(index, [])
        )
    ]
    too_much = [
        index
        for index in named
        if _more_out(index, batches, parents_by_index.get(index, []), units)
    ]
    faults = (
        (
            "parent-unknown",
            unknown,
            in_number(
                len(unknown),
                "%(batches)s batch names a parent that is not in the log; the energy before it is "
                "not added up.",
                "%(batches)s batches name a parent that is not in the log; the energy before them "
                "is not added up.",
                batches=f"{len(unknown):,}",
            ),
        ),
        (
            "parent-later",
            later,
            in_number(
                len(later),
                "%(batches)s batch began before one of its parent batches: one of the two times, "
                "or the parent, is wrong.",
                "%(batches)s batches began before one of their parent batches: one of the two "
                "times, or the parent, is wrong.",
                batches=f"{len(later):,}",
            ),
        ),
        (
            "mass-flow",
            too_much,
            in_number(
                len(too_much),
                "%(batches)s batch has more output than its parent batches together: an output, a "
                "parent or a unit is wrong.",
                "%(batches)s batches have more output than their parent batches together: an "
                "output, a parent or a unit is wrong.",
                batches=f"{len(too_much):,}",
            ),
        ),
    )
    return list(_findings(batches, faults))


def _more_out(
    index: int, batches: Sequence[Batch], parents: Sequence[int], units: Mapping[str, str]
) -> bool:
    """Only where every parent is known, all is weighed, and nothing else was charged."""
    batch = batches[index]
    if len(parents) < len(set(batch.parents)) or any(
        name.startswith("input.") for name in batch.variables
    ):
        return False
    if {units.get(batches[row].step) for row in (*parents, index)} != {"t"}:
        return False
    return batch.output + batch.reject > _MORE_OUT_THAN_IN * sum(
        batches[parent].output for parent in parents
    )


def _findings(
    batches: Sequence[Batch], faults: Sequence[tuple[str, list[int], Phrase]]
) -> Iterator[DataFinding]:
    for code, indices, sentence in faults:
        if indices:
            places = tuple(
                place
                for index in indices[:PLACES_KEPT]
                if (place := batches[index].place) is not None
            )
            yield DataFinding(code, Severity.WARNING, sentence, len(indices), places)
