"""What a step uses is inside its boundary, or declared and small, or the batch has no value. Two
plants that used to win by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.conversion import FactorTable
from benchmarks.labels import IncompleteError, SiteLabel, StepLabel, label_site, value_per_tonne
from benchmarks.measurements import Batch, CarrierEnergy, Metric, Period
from benchmarks.packs import load
from benchmarks.routes import Pack, Step

PERIOD = Period.parse("2023", UTC)
DAYS = 300


def narrowed(step_id: str, carriers: tuple[str, ...]) -> Pack:
    """The steel pack with one step whose boundary holds these carriers and no others."""
    pack = load("steel")
    step = pack.step(step_id)
    boundary = step.boundary.model_copy(update={"carriers": carriers, "counted": (), "media": ()})
    return pack.model_copy(update={"steps": (step.model_copy(update={"boundary": boundary}),)})


def days(step: Step, *energy: CarrierEnergy, hours: int = 24) -> list[Batch]:
    """300 equal days of 1,000 t each; each energy is what 1,000 t took."""
    start = datetime(2023, 1, 1, tzinfo=UTC)
    length = timedelta(hours=hours)
    return [
        Batch(
            f"D{day}",
            step.id,
            "",
            "",
            start + day * timedelta(days=1),
            start + day * timedelta(days=1) + length,
            1000.0,
            energy=energy,
            variables={
                condition.variable: condition.reference for condition in step.reference_conditions
            },
        )
        for day in range(DAYS)
    ]


def total(label: SiteLabel) -> StepLabel:
    return next(step_label for step_label in label.steps if step_label.metric is Metric.TOTAL)


def labelled(
    pack: Pack, batches: list[Batch], outside: Mapping[str, str] | None = None
) -> StepLabel:
    step = pack.steps[0].id
    return total(
        label_site(batches, pack, FactorTable.load(), PERIOD, outside={step: outside or {}})
    )


GJ_PER_KGCE = 0.0293076
ANTHRACITE = CarrierEnergy(
    "anthracite", 22_500, "kg", lhv_mj_per_unit=25.0
)  # 22,500 kg x 25 MJ/kg / 29.3076 = 19,193 kgce: 19.19 kgce/t
SINTER_FUEL = (
    CarrierEnergy(
        "coke", 30_000, "kg", lhv_mj_per_unit=28.4694
    ),  # 30 kg/t x 28.4694 / 29.3076 = 29.142 kgce/t
    CarrierEnergy("coke-oven-gas", 3_000 * GJ_PER_KGCE, "GJ"),  # 3 kgce/t
    CarrierEnergy("electricity", 34_000, "kWh"),  # 34 kWh/t x 0.1229 = 4.1786 kgce/t
)
SINTER = ("coke", "coke-oven-gas", "electricity")


def test_a_sinter_plant_does_not_win_with_anthracite_that_its_boundary_lacks() -> None:
    """By hand: 29.142 + 3 + 4.1786 = 36.32 kgce/t of what is listed, 36.32 + 19.19 = 55.51 of what
    was used: 34.6 % is outside.
    """
    pack = narrowed("sintering", SINTER)
    honest = labelled(pack, days(pack.steps[0], *SINTER_FUEL))
    assert honest.best.value == pytest.approx(36.3206, abs=1e-4)

    hiding = labelled(pack, days(pack.steps[0], *SINTER_FUEL, ANTHRACITE))
    assert (hiding.best.value, hiding.best.reason, hiding.mean) == (
        None,
        "energy-outside-boundary",
        None,
    )
    assert hiding.excluded == {"energy-outside-boundary": DAYS}
    (use,) = hiding.outside
    assert (use.carrier, use.batches, use.reason) == ("anthracite", DAYS, None)
    assert use.share == pytest.approx(19.1929 / 55.5135, abs=1e-5)


def test_rolling_does_not_win_with_gas_that_its_boundary_lacks() -> None:
    """By hand: coke-oven gas 19.7 + 50 kWh/t x 0.1229 = 25.845 kgce/t; natural gas 20 m3/t x 35.6
    MJ/m3 / 29.3076 = 24.294: 50.1.
    """
    pack = narrowed("hot-rolling", ("electricity", "coke-oven-gas"))
    listed = (
        CarrierEnergy("coke-oven-gas", 19_700 * GJ_PER_KGCE, "GJ"),
        CarrierEnergy("electricity", 50_000, "kWh"),
    )
    gas = CarrierEnergy("natural-gas", 20_000, "Nm3", lhv_mj_per_unit=35.6)
    assert labelled(pack, days(pack.steps[0], *listed, hours=8)).best.value == pytest.approx(
        25.845, abs=1e-3
    )

    hiding = labelled(pack, days(pack.steps[0], *listed, gas, hours=8))
    assert (hiding.best.value, hiding.best.reason) == (None, "energy-outside-boundary")
    assert hiding.outside[0].share == pytest.approx(24.294 / 50.139, abs=1e-4)


def test_both_plants_have_their_true_value_in_the_pack_as_it_is() -> None:
    """The same fuels, counted: neither is withheld, neither wins."""
    sinter = load("steel").step("sintering")
    rolling = load("steel").step("hot-rolling")
    factors = FactorTable.load()
    (day,) = days(sinter, *SINTER_FUEL, ANTHRACITE)[:1]
    (shift,) = days(
        rolling,
        CarrierEnergy("electricity", 50_000, "kWh"),
        CarrierEnergy("natural-gas", 20_000, "Nm3", lhv_mj_per_unit=35.6),
    )[:1]
    unused = {"coke-oven-gas", "blast-furnace-gas"}
    assert value_per_tonne(day, sinter.metrics[0], sinter, factors) == pytest.approx(
        55.5135, abs=1e-4
    )
    assert value_per_tonne(
        shift, rolling.metrics[0], rolling, factors, not_used=unused
    ) == pytest.approx(6.145 + 24.2940, abs=1e-3)


LOADERS = CarrierEnergy("diesel", 100, "kg")  # 145.71 kgce of 36,466: 0.40 %
REASON = {"diesel": "wheel loaders that serve the whole ore yard"}


def test_small_energy_outside_counts_for_nothing_where_it_is_declared_with_a_reason() -> None:
    pack = narrowed("sintering", SINTER)
    declared = labelled(pack, days(pack.steps[0], *SINTER_FUEL, LOADERS), REASON)
    assert declared.best.value == pytest.approx(36.3206, abs=1e-4)
    (use,) = declared.outside
    assert use.reason == REASON["diesel"]
    assert use.share == pytest.approx(145.71 / (36_320.6 + 145.71), abs=1e-6)
    undeclared = labelled(pack, days(pack.steps[0], *SINTER_FUEL, LOADERS))
    assert (undeclared.best.value, undeclared.best.reason) == (None, "energy-outside-boundary")


def test_a_declaration_covers_half_a_per_cent_of_each_batch_and_no_more() -> None:
    """0.5 % of a batch of x kgce inside is x / 199 outside: 36,320.6 / 199 = 182.52 kgce, 125.26 kg
    of diesel.
    """
    pack = narrowed("sintering", SINTER)
    step = pack.steps[0]
    for kilograms, enters in ((125.2, True), (125.3, False)):
        (day,) = days(step, *SINTER_FUEL, CarrierEnergy("diesel", kilograms, "kg"))[:1]
        if enters:
            assert value_per_tonne(
                day, step.metrics[0], step, FactorTable.load(), outside=REASON
            ) == pytest.approx(36.3206, abs=1e-4)
            continue
        with pytest.raises(IncompleteError) as refused:
            value_per_tonne(day, step.metrics[0], step, FactorTable.load(), outside=REASON)
        assert (refused.value.code, refused.value.missing) == (
            "energy-outside-boundary",
            ("diesel",),
        )


def test_a_fuel_without_a_heating_value_is_never_small_enough() -> None:
    pack = narrowed("sintering", SINTER)
    unknown = CarrierEnergy("anthracite", 1, "kg")
    label = labelled(
        pack,
        days(pack.steps[0], *SINTER_FUEL, unknown),
        {"anthracite": "stove of the control room"},
    )
    assert (label.best.reason, label.outside[0].energy_kgce, label.outside[0].share) == (
        "energy-outside-boundary",
        None,
        None,
    )


def test_a_batch_is_judged_by_its_own_record_and_by_no_other() -> None:
    """Ten days with anthracite are left out; what the other 290 show does not change by one
    digit.
    """
    pack = narrowed("sintering", SINTER)
    clean, burning = (
        days(pack.steps[0], *SINTER_FUEL),
        days(pack.steps[0], *SINTER_FUEL, ANTHRACITE),
    )
    mixed = labelled(pack, [*burning[:10], *clean[10:]])
    assert (mixed.used, mixed.excluded) == (DAYS - 10, {"energy-outside-boundary": 10})
    assert mixed.values[10:] == labelled(pack, clean).values[10:]


def test_nothing_used_is_nothing_outside() -> None:
    pack = narrowed("sintering", SINTER)
    none = labelled(pack, days(pack.steps[0], *SINTER_FUEL, CarrierEnergy("anthracite", 0, "kg")))
    assert (none.used, none.outside) == (DAYS, ())


def test_electricity_is_complete_without_a_fuel_that_is_outside() -> None:
    """A fuel outside the boundary is in no metric of electricity: only the total lacks it."""
    pack = narrowed("eaf", ("electricity", "coke"))
    heats = [
        Batch(
            f"H{number}",
            "eaf",
            "",
            "",
            at,
            at + timedelta(minutes=50),
            100.0,
            energy=energy,
            variables={"hot_metal_pct": 0.0},
        )
        for number in range(60)
        for at in (datetime(2023, 1, 1, tzinfo=UTC) + number * timedelta(hours=1),)
        for energy in (
            (
                CarrierEnergy("electricity", 40_000, "kWh"),
                CarrierEnergy("coke", 500, "kg", lhv_mj_per_unit=28.4),
                CarrierEnergy("natural-gas", 400, "Nm3", lhv_mj_per_unit=35.6),
            ),
        )
    ]
    by_metric = {
        label.metric: label for label in label_site(heats, pack, FactorTable.load(), PERIOD).steps
    }
    assert by_metric[Metric.ELECTRICITY].best.value == pytest.approx(400)
    assert by_metric[Metric.TOTAL].best.reason == "energy-outside-boundary"
