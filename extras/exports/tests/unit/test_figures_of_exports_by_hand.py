"""What exports are filled with, each rule by itself: which quarter hour an output ends in, what is
known, what a footprint adds up.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from benchmarks import packs
from benchmarks.conversion import FactorTable
from benchmarks.declared import worded
from benchmarks.errors import InputError
from benchmarks.labels import StepLabel, label_site
from benchmarks.measurements import Batch, CarrierEnergy, Direction, Period, ProductStatus
from benchmarks.wire import attestations
from benchmarks.wire.attestations import AttestationWithdrawal
from benchmarks.wire.signing import AuditorSigningKey, key_id
from extras.exports.assured import holding
from extras.exports.carbon import CarrierUse, StepCarbon, of_steps, sum_if_all_known
from extras.exports.footprint_settings import FootprintSettings
from extras.exports.footprints import Footprint, StepFootprint, footprint
from extras.exports.intervals import (
    Floats,
    IntervalSeries,
    QuarterHours,
    SiteIntervals,
    output_by_quarter_hour,
    seconds_known_by_all,
)
from extras.exports.monitoring import deviations, fill, quality, remarks, shares
from extras.exports.monitoring_schema import load_schema
from extras.exports.pact_and_catena_x import catena_x, pact
from extras.exports.tests.unit.test_footprints import KEY, OTHER_GASES, SETTINGS, statement
from reporting_agent.config import SiteSettings
from reporting_agent.config.materials import HeatingValues
from reporting_agent.pipeline import LabelResult, PlantData

SHANGHAI = ZoneInfo("Asia/Shanghai")
MARCH = Period.parse("2026-03", SHANGHAI)
BEGINS = datetime(2026, 3, 1, tzinfo=SHANGHAI)
CLOCK = QuarterHours.of(MARCH, SHANGHAI)
QUARTERS = 31 * 96
SCHEMA = load_schema(None)


def series(
    energy: float | Floats = 1.0,
    known_s: float | Floats = 900.0,
    unplaced: float = 0.0,
    **changes: Any,
) -> IntervalSeries:
    """A meter that counts so much each quarter hour of March, and besides once across a gap."""
    across = np.zeros(QUARTERS)
    across[100] = unplaced
    defaults = {
        "object": "m",
        "step": "cement-grinding",
        "equipment": "",
        "carrier": "electricity",
        "direction": Direction.IMPORT,
    }
    amounts = {
        "energy": np.full(QUARTERS, energy),
        "known_s": np.full(QUARTERS, known_s),
        "unplaced": across,
    }
    return IntervalSeries(
        **cast("Any", {**defaults, "unit": "kWh", "lhv_mj_per_unit": None, **amounts, **changes})
    )


def measured(*meters: IntervalSeries, **more: Any) -> SiteIntervals:
    nobody: dict[str, Any] = {
        "heating_values": HeatingValues(()),
        "shared": (),
        "silent": (),
        "sparse": (),
        "unmetered": (),
    }
    return SiteIntervals(CLOCK, meters, (), FactorTable.load(), **{**nobody, **more})


def column(tables: Sequence[Any], name: str, header: str) -> list[Any]:
    (table,) = [table for table in tables if table.name == name]
    return list(next(column.values for column in table.columns if column.name == header))


def batch(minutes: float, name: str = "B", **changes: Any) -> Batch:
    """100 t that end so many minutes after the month has begun."""
    end = BEGINS + timedelta(minutes=minutes)
    default_batch = Batch(
        name, "cement-grinding", "cement", "", end - timedelta(hours=1), end, 100.0
    )
    return replace(default_batch, **changes)


def output_of(*batches: Batch) -> dict[int, float]:
    """Quarter hours with an output."""
    data = PlantData(packs.load("cement", None), list(batches), [], [])
    output = output_by_quarter_hour("cement-grinding", data, CLOCK)
    return {place: float(output[place]) for place in np.flatnonzero(output).tolist()}


@pytest.mark.parametrize(
    ("minutes", "quarters"),
    [
        (14, {0: 100.0}),
        (15, {0: 100.0}),  # on the edge: it ended before it
        (16, {1: 100.0}),
        (0, {}),  # with the month before
        (-5, {}),
        (31 * 1440, {QUARTERS - 1: 100.0}),  # at the very end of the month
        (31 * 1440 + 1, {}),
    ],
)
def test_output_stands_in_the_quarter_hour_in_which_its_batch_ended(
    minutes: float, quarters: dict[int, float]
) -> None:
    assert output_of(batch(minutes)) == quarters


def test_only_good_output_counts_and_each_batch_once() -> None:
    bad = [
        batch(10, "S", status=ProductStatus.SCRAP),
        batch(10, "T", status=ProductStatus.TEST),
        batch(10, "O", end=None),
        batch(10, "N", output=-3.0),
    ]
    assert output_of(batch(10), batch(10), batch(10, "C"), *bad) == {0: 200.0}
    assert output_of(batch(10, step="clinker-burning")) == {}


def test_ids_of_two_machines_are_two_batches_and_a_row_put_right_is_one() -> None:
    """Both mills count their runs from 1; and the log holds a run again whose times were put right,
    a quarter hour later.
    """
    assert output_of(batch(10, equipment="mill-1"), batch(10, equipment="mill-2")) == {0: 200.0}
    assert output_of(batch(10), batch(25, output=90.0)) == {0: 100.0}
    assert output_of(batch(10), batch(85, output=90.0)) == {0: 100.0, 5: 90.0}, (
        "an id that comes again later is another batch"
    )


def test_a_meter_that_counts_something_else_than_the_schemas_unit_keeps_its_own() -> None:
    """Gas is asked for by volume, and one of the two meters counts heat: nothing is known of its
    volume, and nothing is refused.
    """
    gas: dict[str, Any] = {"carrier": "natural-gas", "lhv_mj_per_unit": 36.0}
    schema = SCHEMA.model_copy(update={"units": {"natural-gas": "kNm3"}})
    tables = fill(
        measured(
            series(1000.0, unit="Nm3", **gas),
            series(7.2, unit="GJ", object="h", carrier="natural-gas"),
        ),
        schema,
        "works",
    )
    days = list(
        zip(*(column(tables, "days", name) for name in ("meter", "unit", "energy")), strict=True)
    )
    assert days[0] == ("m", "kNm3", 96.0)
    assert days[31] == ("h", "GJ", pytest.approx(7.2 * 96))
    kgce = column(tables, "days", "energy_kgce")
    assert kgce[0] == pytest.approx(96_000 * 36 / 29.3076, rel=1e-6)


def test_of_several_meters_a_quarter_hour_is_known_as_far_as_the_one_that_knows_least() -> None:
    """In the first half of the month both stand, later one alone, and on the last day none."""
    place = np.arange(QUARTERS)
    early, throughout = series(known_s=300.0), series(known_s=600.0)
    known_s = seconds_known_by_all(
        [(early, place < QUARTERS // 2), (throughout, place < QUARTERS - 96)]
    )
    assert (known_s[0], known_s[QUARTERS // 2], known_s[-1]) == (300.0, 600.0, 0.0)


def test_a_heating_value_is_told_for_the_new_unit() -> None:
    """29,300 MJ a tonne are 29.3 MJ a kilogram; two tonnes are 2,000 kg."""
    coal = series(2.0, unplaced=1.0, unit="t", carrier="coal", lhv_mj_per_unit=29_300.0).told_in(
        "kg"
    )
    assert (coal.unit, coal.lhv_mj_per_unit, coal.energy[0], coal.unplaced[100]) == (
        "kg",
        29.3,
        2000.0,
        1000.0,
    )
    as_heat = series(2.0, unit="t", carrier="coal", lhv_mj_per_unit=29_300.0).told_in("kWh")
    assert (as_heat.unit, as_heat.energy[0]) == ("t", 2.0), "a mass is no heat without more"


@pytest.mark.parametrize(
    ("period", "cut"),
    [
        ("2026-03", False),
        ("2026-03-01/2026-04-15", True),
        ("2026-03-10/2026-04-01", True),
        ("2026-03-10/2026-04-15", True),
    ],
)
def test_a_month_is_cut_where_the_period_begins_or_ends_within_it(period: str, cut: bool) -> None:
    clock = QuarterHours.of(Period.parse(period, SHANGHAI), SHANGHAI)
    assert clock.months_cut is cut
    whole = clock.edges_us("month")
    assert max(len(whole) - 1, 0) == (
        1 if period.startswith("2026-03-01") or period == "2026-03" else 0
    )


def verdict(known_s: float) -> str:
    return str(
        column([quality(measured(series(known_s=known_s)), SCHEMA)], "quality", "quality")[0]
    )


def test_a_month_that_reaches_just_what_is_asked_of_it_is_good() -> None:
    """The draft asks for 90 %: 810 of each 900 s are good, and a hundredth of a second less is
    not.
    """
    assert SCHEMA.quality.completeness_least_pct == 90
    assert verdict(810.0) == "good"
    assert verdict(809.99) == "incomplete"


def test_days_may_deviate_by_just_as_much_as_is_allowed() -> None:
    """Of 100 kWh in the month the allowed share was counted across a gap, and a hundredth more; all
    else in one quarter hour.
    """

    def month(across: float, known_s: float = 900.0) -> str:
        energy = np.zeros(QUARTERS)
        energy[0] = 100 - across
        return str(
            column(
                [quality(measured(series(energy, known_s, across)), SCHEMA)], "quality", "quality"
            )[0]
        )

    most = SCHEMA.quality.day_sums_most_pct
    assert month(most) == "good"
    assert month(most * 1.01) == "days-deviate"
    assert month(most * 1.01, 800.0) == "incomplete, days-deviate"


def test_how_far_days_lie_off_their_month_has_no_sign() -> None:
    """A register set back by 476 kWh: the month counted 2,500, its days 2,976; fed back, the same
    with the sign turned.
    """
    assert deviations(series(unplaced=-476.0), CLOCK) == [pytest.approx(100 * 476 / 2500)]
    assert deviations(series(-1.0, unplaced=476.0), CLOCK) == [pytest.approx(100 * 476 / 2500)]
    assert deviations(series(0.0), CLOCK) == [None], "of nothing there is no share"


def test_an_interval_without_a_known_second_has_neither_energy_nor_coal_equivalent() -> None:
    """96 kWh a day are 96 x 0.1229 kgce (GB/T 2589); the second day is not known at all."""
    known_s = np.full(QUARTERS, 900.0)
    known_s[96:192] = 0.0
    tables = fill(measured(series(known_s=known_s)), SCHEMA, "works")
    assert column(tables, "days", "energy")[:3] == [96.0, None, 96.0]
    assert column(tables, "days", "energy_kgce")[:3] == [11.798, None, 11.798], (
        "as the draft rounds 11.7984"
    )
    assert shares(series(known_s=known_s), CLOCK, "day")[:3].tolist() == [1.0, 0.0, 1.0]


def test_what_a_register_counted_across_a_gap_is_in_its_month_alone() -> None:
    tables = fill(measured(series(unplaced=24.0)), SCHEMA, "works")
    assert sum(column(tables, "days", "energy")) == QUARTERS
    assert column(tables, "months", "energy") == [QUARTERS + 24.0]
    assert column(tables, "months", "day_sum") == [QUARTERS]


@pytest.mark.parametrize(("today", "ended"), [(date(2026, 3, 31), False), (date(2026, 4, 1), True)])
def test_a_period_has_ended_on_the_day_after_its_last(today: date, ended: bool) -> None:
    words = " ".join(str(remark) for remark in remarks(measured(series()), SCHEMA, today))
    assert ("has not ended" not in words) is ended


def use(
    co2_kg: float | None, direction: Direction = Direction.IMPORT, carrier: str = "electricity"
) -> CarrierUse:
    return CarrierUse(
        carrier,
        direction,
        100.0,
        "kWh",
        12.29,
        co2_kg,
        "own supply 2026" if co2_kg is not None else None,
    )


def step(
    *uses: CarrierUse, output: float = 200.0, unit: str = "t", product: str = "cement"
) -> StepCarbon:
    label = SimpleNamespace(step="cement-grinding", product=product, variant="any", output=output)
    return StepCarbon(cast("StepLabel", label), worded("Cement grinding"), unit, uses)


def test_one_carrier_without_a_factor_leaves_a_step_without_a_sum() -> None:
    assert step(use(50.0), use(30.0, carrier="coal")).co2_per_output == pytest.approx(0.4)
    lacking = step(use(50.0), use(None, carrier="coal"))
    assert (lacking.lacking, lacking.co2_kg, lacking.co2_per_output) == (("coal",), None, None)
    assert (sum_if_all_known((1.5, 2.0)), sum_if_all_known((1.5, None)), sum_if_all_known(())) == (
        3.5,
        None,
        0,
    ), "of a carrier's entries, too"


def test_a_carrier_of_which_nothing_was_used_asks_for_no_factor() -> None:
    energy = CarrierEnergy("electricity", 4_000.0, "kWh"), CarrierEnergy("lpg", 0.0, "kg")
    batches = [
        batch(90.0 * number, f"B{number}", step="ladle-refining", product="", energy=energy)
        for number in range(1, 61)
    ]
    pack, factors = packs.load("steel", None), FactorTable.load().at("CN")
    result = LabelResult(
        label_site(batches, pack, factors, MARCH, site="works"), PlantData(pack, batches, [], [])
    )
    site = cast(SiteSettings, SimpleNamespace(emissions=SimpleNamespace(factors=factors)))
    (carbon,) = of_steps(site, result)
    assert (carbon.lacking, [use.carrier for use in carbon.uses]) == ((), ["electricity"])
    assert carbon.co2_kg is not None


def test_energy_given_back_is_neither_credited_nor_does_its_factor_lack() -> None:
    """50 kg over 200 t, whatever was given back."""
    assert step(use(50.0), use(-20.0, Direction.EXPORT)).co2_per_output == pytest.approx(0.25)
    assert step(use(50.0), use(None, Direction.RECOVERED, "steam")).co2_per_output == pytest.approx(
        0.25
    )


def test_a_step_that_took_nothing_in_or_made_nothing_has_no_co2_per_output() -> None:
    assert step(use(-20.0, Direction.EXPORT)).co2_kg is None
    assert step(use(50.0), output=0.0).co2_per_output is None


def declared(
    *, outside: str = "", biogenic: float = 0.0, per_product: float = 1.0
) -> FootprintSettings:
    settings = SETTINGS.format(complete="true", more=OTHER_GASES + outside)
    settings = settings.replace(
        "fossil_carbon", f"biogenic_carbon_kg_per_kg = {biogenic}\nfossil_carbon", 1
    )
    return FootprintSettings.model_validate(
        tomllib.loads(settings.replace("per_product = 1.0", f"per_product = {per_product}"))
    )


def a_footprint(
    settings: FootprintSettings, kg_per_kg: float = 0.4, assured: bool = True
) -> Footprint:
    part = StepFootprint(step(use(50.0)), kg_per_kg, assured)
    return Footprint(settings, "works", MARCH, datetime(2026, 4, 2, tzinfo=UTC), (part,), ())


CREDIT = (
    '[[outside]]\nkind = "waste"\nwords = "Heat sold"\nkg_co2e_per_kg = -0.5\nsource = "bill of '
    'the network"\n'
)


def test_a_credit_lowers_the_footprint_and_raises_no_assured_share() -> None:
    """0.4 of the step, 0.6 of clinker, 0.5 credited: 0.5 in all, of which 0.4 / (0.4 + 0.6 + 0.5)
    is assured.
    """
    credited = a_footprint(declared(outside=CREDIT))
    assert credited.total == pytest.approx(0.5)
    assert credited.assured_share == pytest.approx(0.4 / 1.5)
    assert a_footprint(declared(), assured=False).assured_share == 0


def test_biogenic_carbon_is_taken_off_as_the_co2_that_it_was() -> None:
    """0.12 kg of carbon were 0.44 kg of CO2 (44/12): 1.0 less 0.44."""
    whole = a_footprint(declared(biogenic=0.12))
    in_pact, in_catena_x = pact(whole)["pcf"], catena_x(whole)["pcf"]
    assert float(in_pact["pcfExcludingBiogenicUptake"]) == pytest.approx(1.0)
    assert float(in_pact["pcfIncludingBiogenicUptake"]) == pytest.approx(0.56)
    assert in_catena_x["pcfIncludingBiogenic"] == pytest.approx(0.56)
    assert in_catena_x["carbonContentTotal"] == pytest.approx(0.121)


def test_a_whole_number_keeps_its_noughts() -> None:
    assert pact(a_footprint(declared(), 99.4))["pcf"]["fossilGhgEmissions"] == "100"
    assert (
        pact(a_footprint(declared(outside=CREDIT.replace("-0.5", "-1.0"))))["pcf"][
            "fossilGhgEmissions"
        ]
        == "0"
    )
    assert pact(a_footprint(declared(), 1e-7))["pcf"]["fossilGhgEmissions"] == "0.6000001", (
        "no exponent"
    )


def test_a_tonne_of_a_steps_output_is_a_thousand_kilograms_and_goes_in_by_its_share() -> None:
    """50 kg over 200 t are 0.25 kg a tonne and 0.00025 a kilogram; 1.2 t of it go into a tonne of
    product.
    """
    (part,) = footprint(
        declared(per_product=1.2), "works", MARCH, BEGINS, [step(use(50.0))], ()
    ).parts
    assert part.kg_per_kg == pytest.approx(0.0003)
    assert not part.assured


@pytest.mark.parametrize(
    "steps",
    [
        [step(use(50.0), unit="1000 items")],  # goods that are counted
        [step(use(50.0)), step(use(50.0), product="slag cement")],  # two that fit
        [],
    ],
    ids=["counted goods", "two that fit", "none"],
)
def test_a_step_that_no_single_label_per_tonne_fits_is_refused(steps: list[StepCarbon]) -> None:
    with pytest.raises(InputError) as refused:
        footprint(declared(), "works", MARCH, BEGINS, steps, ())
    assert refused.value.code == "footprint-step-unknown"


@pytest.mark.parametrize("more", ["", 'product = "cement"\n'])
def test_a_label_goes_in_once_by_whatever_part_of_its_name(more: str) -> None:
    twice = f'[[steps]]\nstep = "cement-grinding"\n{more}per_product = 0.1\n'
    with pytest.raises(InputError, match="stands twice") as refused:
        footprint(declared(outside=twice), "works", MARCH, BEGINS, [step(use(50.0))], ())
    assert refused.value.code == "footprint-settings-invalid"


def test_a_step_that_took_nothing_in_is_told_so_and_no_factor_is_asked_for() -> None:
    """Waste-heat power gives back and takes in nothing: no factor would help."""
    with pytest.raises(InputError) as refused:
        footprint(declared(), "works", MARCH, BEGINS, [step(use(-20.0, Direction.EXPORT))], ())
    assert refused.value.code == "footprint-without-co2"
    assert "factor" not in f"{refused.value.found} {refused.value.remedy}"


def test_counted_goods_beside_a_label_per_tonne_do_not_stand_in_its_way() -> None:
    steps = [step(use(50.0), unit="1000 items"), step(use(50.0))]
    assert footprint(declared(), "works", MARCH, BEGINS, steps, ()).of_steps == pytest.approx(
        0.00025
    )


@pytest.mark.parametrize(("today", "in_force"), [(9, False), (10, True), (20, True), (21, False)])
def test_a_statement_is_in_force_from_the_day_of_its_issue_to_its_last(
    today: int, in_force: bool, tmp_path: Path
) -> None:
    file = statement(tmp_path, issued_on=date(2026, 3, 10), valid_until=date(2026, 3, 20))
    asked = ([file], [key_id(KEY.public_bytes).upper()], "works", "2026-01", date(2026, 3, today))
    if in_force:
        assert [entry.steps for entry in holding(*asked)] == [frozenset({"cement-grinding"})], (
            "a key's letters may be of either case"
        )
        return
    with pytest.raises(InputError) as refused:
        holding(*asked)
    assert refused.value.code == "footprint-statement-unusable"


@pytest.mark.parametrize("colleague", [True, False])
def test_a_withdrawal_counts_by_a_key_that_the_body_states_and_by_no_other(
    colleague: bool, tmp_path: Path
) -> None:
    """A colleague of the certification body may take a statement back; of a stranger the file is
    refused, and not the statement.
    """
    file, back, other = statement(tmp_path), tmp_path / "back.cbor", AuditorSigningKey.generate()
    withdrawal = AttestationWithdrawal(
        attestations.read(file.read_bytes()).digest,
        "Not theirs.",
        date(2026, 3, 12),
        other.public_bytes,
    )
    back.write_bytes(attestations.sign(attestations.unsigned(withdrawal), other))
    keys = [key_id(KEY.public_bytes), *([key_id(other.public_bytes)] if colleague else [])]
    with pytest.raises(InputError) as refused:
        holding([file, back], keys, "works", "2026-01", date(2026, 3, 15))
    assert refused.value.place is not None
    assert refused.value.place.file == str(file if colleague else back)
    assert refused.value.wanted == ("one that holds" if colleague else "a key given with --auditor")
