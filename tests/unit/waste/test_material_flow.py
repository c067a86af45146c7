"""Parents: what cannot be is told, yields and upstream energy add up, and what was bought is never
ranked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from benchmarks.measurements import Batch, CarrierEnergy, ProductStatus
from benchmarks.routes import Pack
from reporting_agent.analysis import Analysis
from reporting_agent.analysis.account.flow import material_flow
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult
from reporting_agent.pipeline.material_flow import examine
from reporting_agent.report import html
from tests.unit.waste.conftest import KGCE_PER_KWH, START

Melt = Callable[..., Batch]


def heats(a_melt: Melt) -> list[Batch]:
    """Two ladles of 100 t; the caster makes 150 t of slabs from both and 38 t more from the
    second.
    """

    def at(
        step: str, name: str, hours: int, tonnes: float, kwh: float, *parents: str, **more: Any
    ) -> Batch:
        energy = (CarrierEnergy("electricity", kwh, "kWh"),)
        start = START + timedelta(hours=hours)
        return a_melt(
            0,
            batch_id=name,
            step=step,
            equipment=step,
            start=start,
            output=tonnes,
            energy=energy,
            parents=parents,
            **more,
        )

    return [
        at("ladle-refining", "L1", 0, 100.0, 4_000.0),
        at("ladle-refining", "L2", 1, 100.0, 5_000.0),
        at("continuous-casting", "C1", 2, 150.0, 1_500.0, "L1", "L2"),
        at("continuous-casting", "C2", 3, 38.0, 400.0, "L2", reject=12.0),
    ]


def codes(batches: list[Batch], pack: Pack) -> dict[str, int]:
    return {finding.code: finding.count for finding in examine(batches, pack)}


def test_a_flow_that_can_be_is_not_told_of(a_melt: Melt, pack: Pack) -> None:
    assert codes(heats(a_melt), pack) == {}


def test_what_cannot_be_is_told_and_excludes_nothing(a_melt: Melt, pack: Pack) -> None:
    lost = a_melt(9, batch_id="C3", step="continuous-casting", parents=("L9",))
    early = a_melt(
        9,
        batch_id="C4",
        step="continuous-casting",
        parents=("L1",),
        start=START - timedelta(hours=1),
    )
    too_much = a_melt(9, batch_id="C5", step="continuous-casting", parents=("L1",), output=103.0)
    charged = a_melt(
        9,
        batch_id="C6",
        step="continuous-casting",
        parents=("L1",),
        output=103.0,
        variables={"input.scrap": 5.0},
    )
    assert codes([*heats(a_melt), lost, early, too_much, charged], pack) == {
        "parent-unknown": 1,
        "parent-later": 1,
        "mass-flow": 1,
    }


def test_upstream_energy_goes_to_the_children_by_what_they_made(
    a_melt: Melt,
    labelled: Callable[..., LabelResult],
    a_site: Callable[..., SiteSettings],
    pack: Pack,
) -> None:
    """C1 made 150 of the 200 t that came of L2: three quarters of its 5,000 kWh, and all 4,000 of
    L1.
    """
    rest = {
        "continuous-casting": frozenset(pack.step("continuous-casting").boundary.carriers)
        - {"electricity"}
    }
    material = material_flow(a_site(), labelled(heats(a_melt), not_used=rest))
    assert material is not None
    (flow,) = material.yields
    assert (flow.earlier, flow.later, flow.consumed, flow.produced) == (
        "ladle-refining",
        "continuous-casting",
        200.0,
        188.0,
    )
    (caster,) = material.cumulative
    assert caster.ids == ["C1", "C2"]
    assert caster.upstream.tolist() == pytest.approx(
        [(4_000 + 3_750) * KGCE_PER_KWH / 150, 1_250 * KGCE_PER_KWH / 38]
    )
    assert caster.own.tolist() == pytest.approx(
        [1_500 * KGCE_PER_KWH / 150, 400 * KGCE_PER_KWH / 38]
    )
    assert caster.mean * 188 == pytest.approx(
        (9_000 + 1_900) * KGCE_PER_KWH
    )  # nothing is lost on the way


def test_a_row_that_stands_twice_takes_no_second_part_of_its_parent(
    a_melt: Melt,
    labelled: Callable[..., LabelResult],
    a_site: Callable[..., SiteSettings],
    pack: Pack,
) -> None:
    """C2 and L1 again, an hour later and with twice the energy, as a meter would give it: they are
    left out, and nothing changes.
    """
    rest = {
        "continuous-casting": frozenset(pack.step("continuous-casting").boundary.carriers)
        - {"electricity"}
    }
    once = heats(a_melt)
    again = [
        replace(
            batch,
            start=batch.start + timedelta(hours=1),
            energy=tuple(replace(energy, quantity=2 * energy.quantity) for energy in batch.energy),
            excluded="duplicate",
        )
        for batch in (once[3], once[0])
    ]
    flow, with_copies = (
        material_flow(a_site(), labelled(rows, not_used=rest)) for rows in (once, [*once, *again])
    )
    assert flow is not None
    assert with_copies is not None
    assert with_copies.yields == flow.yields
    assert [(way.ids, way.total.tolist(), way.mean) for way in with_copies.cumulative] == [
        (way.ids, way.total.tolist(), way.mean) for way in flow.cumulative
    ]


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("en", ["Ladle refining → Continuous casting", "Charged per unit made"]),
        ("zh", ["单位产出投入", "物料流向"]),
    ],
)
def test_the_report_shows_yields_and_the_batch_with_the_dearest_way(
    lang: str,
    expected: list[str],
    a_melt: Melt,
    labelled: Callable[..., LabelResult],
    a_site: Callable[..., SiteSettings],
    pack: Pack,
) -> None:
    rest = {
        "continuous-casting": frozenset(pack.step("continuous-casting").boundary.carriers)
        - {"electricity"}
    }
    site, result = a_site(), labelled(heats(a_melt), not_used=rest)
    page = html.render(site, result, Analysis(flow=material_flow(site, result)), lang, START)
    section = page[
        page.index('<section id="flow"') : page.index(
            "</section>", page.index('<section id="flow"')
        )
    ]
    assert all(words in section for words in expected)
    assert f'<data value="{200 / 188}">1.064</data>' in section
    assert "<div>C1</div>" in section
    without = html.render(site, result, Analysis(), lang, START)
    assert '<section id="flow"' not in without
    assert "[[bought_in]]" in without


def test_a_batch_whose_way_is_not_known_has_no_total(
    a_melt: Melt,
    labelled: Callable[..., LabelResult],
    a_site: Callable[..., SiteSettings],
    pack: Pack,
) -> None:
    rest = {
        "continuous-casting": frozenset(pack.step("continuous-casting").boundary.carriers)
        - {"electricity"}
    }
    broken = [*heats(a_melt)[:1], *heats(a_melt)[2:]]  # L2 is not in the log
    material = material_flow(a_site(), labelled(broken, not_used=rest))
    assert material is not None
    assert material.cumulative == ()


def test_a_batch_that_made_nothing_takes_nothing_of_its_parent(
    a_melt: Melt,
    labelled: Callable[..., LabelResult],
    a_site: Callable[..., SiteSettings],
    pack: Pack,
) -> None:
    """A cast that was lost, of a ladle that went nowhere else."""
    rest = {
        "continuous-casting": frozenset(pack.step("continuous-casting").boundary.carriers)
        - {"electricity"}
    }
    ladle = a_melt(0, batch_id="L9", start=START + timedelta(hours=5))
    lost = a_melt(
        0,
        batch_id="C9",
        step="continuous-casting",
        start=START + timedelta(hours=6),
        output=0.0,
        parents=("L9",),
        status=ProductStatus.SCRAP,
    )
    material = material_flow(a_site(), labelled([*heats(a_melt), ladle, lost], not_used=rest))
    assert material is not None
    (caster,) = material.cumulative
    assert caster.ids == ["C1", "C2"]
    assert caster.mean * 188 == pytest.approx((9_000 + 1_900) * KGCE_PER_KWH)


def test_what_was_bought_is_shown_at_the_packs_value_and_said_to_be_assumed(
    a_melt: Melt,
    labelled: Callable[..., LabelResult],
    a_site: Callable[..., SiteSettings],
    pack: Pack,
) -> None:
    site = a_site(bought_in=[{"made_by": "coking", "into": "blast-furnace", "quantity": 1_000.0}])
    material = material_flow(site, labelled([a_melt(0)]))
    assert material is not None
    (coke,) = material.bought_in
    total = next(rule for rule in pack.step("coking").metrics if rule.metric == "total")
    assert coke.kgce == total.typical * 1_000
    assert coke.assumed
    assert "(an assumption)" in coke.words.en
    assert "never ranked" in coke.words.en
    assert "不参与排名" in coke.words.said_in("zh")
    assert material_flow(a_site(), labelled([a_melt(0)])) is None
