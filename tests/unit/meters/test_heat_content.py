"""Heating values by date, defaults that are marked, media that are made inside, credits that the boundary does not hold."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from benchmarks.errors import InputError
from benchmarks.measurements import Batch, CarrierEnergy, Direction
from reporting_agent.config import Site
from reporting_agent.config.heating_values import HeatingValue, HeatingValues
from reporting_agent.pipeline import LabelResult
from reporting_agent.pipeline.heat_content import Settled, settle
from tests.unit.meters.conftest import heats, meter, register

Build = Callable[..., Site]


def value(carrier: str, day: str, amount: float, unit: str = "") -> HeatingValue:
    return HeatingValue.model_validate({"carrier": carrier, "from": day, "value": amount, "unit": unit})


def batch(number: int, *energy: CarrierEnergy, step: str = "eaf") -> Batch:
    start = datetime(2024, 3, 1, tzinfo=UTC) + timedelta(days=number)
    return Batch(f"B{number}", step, "", "", start, start + timedelta(hours=1), 100.0, energy=energy)


def settled(a_site: Build, toml: str, batches: Sequence[Batch]) -> Settled:
    return settle(batches, a_site(meter("m", step='"eaf"') + toml))


def test_each_value_holds_from_its_day_until_the_next() -> None:
    values = HeatingValues([value("natural-gas", "2024-02-01", 35.0), value("natural-gas", "2024-01-01", 34.0)])
    held = [values.of("natural-gas", day) for day in (date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 31), date(2024, 2, 1))]
    assert [None if one is None else one.value for one in held] == [None, 34.0, 34.0, 35.0]
    assert values.of("coal", date(2024, 2, 1)) is None


def test_a_value_is_read_in_the_laboratorys_unit() -> None:
    assert value("coal", "2024-01-01", 5000, "kcal/kg").mj_per("t") == pytest.approx(5000 * 4.184, rel=1e-9)
    assert value("natural-gas", "2024-01-01", 35.6).mj_per("kNm3") == pytest.approx(35_600)


@pytest.mark.parametrize(
    ("toml", "wanted"),
    [
        ('[[lhv]]\ncarrier = "electricity"\nfrom = 2024-01-01\nvalue = 3.6\n', "holds heat"),
        ('[[lhv]]\ncarrier = "coal"\nfrom = 2024-01-01\nvalue = 20.9\nunit = "MJ/Nm3"\n', "MJ/kg"),
        ('[[lhv]]\ncarrier = "coal"\nfrom = 2024-01-01\nvalue = -1\n', "greater than 0"),
        ('[[lhv]]\ncarrier = "coal"\nfrom = 2024-01-01\nvalue = 1\n' * 2, "two values from 2024-01-01"),
        ('[steps.casting]\nmade_inside = ["coal"]\n', "working media"),
    ],
)
def test_values_that_cannot_be_are_refused(a_site: Build, toml: str, wanted: str) -> None:
    with pytest.raises(InputError) as caught:
        a_site(meter("m", step='"eaf"') + toml)
    assert wanted in caught.value.wanted


SERIES = (
    '[[lhv]]\ncarrier = "natural-gas"\nfrom = 2024-03-01\nvalue = 35.0\n[[lhv]]\ncarrier = "natural-gas"\nfrom = 2024-03-03\nvalue = 36.0\n'
)


def test_amounts_without_a_value_take_that_of_their_day(a_site: Build) -> None:
    gas = CarrierEnergy("natural-gas", 10, "Nm3")
    own = CarrierEnergy("natural-gas", 10, "kNm3", lhv_mj_per_unit=33_000)
    heat = CarrierEnergy("natural-gas", 10, "GJ")
    found = settled(a_site, SERIES, [batch(0, gas), batch(2, gas), batch(1, own, heat)]).batches
    assert [energy.lhv_mj_per_unit for one in found for energy in one.energy] == [35.0, 36.0, 33_000, None]


def test_a_default_heating_value_is_told(a_site: Build) -> None:
    found = settled(a_site, SERIES, [batch(0, CarrierEnergy("coal", 5, "t"), CarrierEnergy("natural-gas", 1, "Nm3"))])
    (told,) = found.findings
    assert (told.code, told.count) == ("heating-value-default", 1)
    assert told.sentence.startswith("Coal counts by a default")
    called = settled(
        a_site,
        '[[lhv]]\ncarrier = "coal"\nfrom = 2024-01-01\nvalue = 20.9\nsource = "default"\n',
        [batch(0, CarrierEnergy("coal", 5, "t"))],
    )
    assert [one.code for one in called.findings] == ["heating-value-default"]
    assert called.batches[0].energy[0].lhv_mj_per_unit is None  # the pack's default counts, or its refusal where it asks for a measured one


def test_a_medium_made_inside_the_step_is_not_counted_again(a_site: Build) -> None:
    air, oxygen = CarrierEnergy("compressed-air", 100, "Nm3"), CarrierEnergy("oxygen", 100, "Nm3")
    found = settled(
        a_site, '[steps.continuous-casting]\nmade_inside = ["compressed-air"]\n', [batch(0, air, oxygen, step="continuous-casting")]
    )
    assert found.batches[0].energy == (oxygen,)
    assert [one.code for one in found.findings] == ["medium-made-inside"]


def test_a_gas_made_on_site_has_one_heating_value_on_both_sides(a_site: Build) -> None:
    given = batch(0, CarrierEnergy("converter-gas", 50, "Nm3", Direction.RECOVERED, lhv_mj_per_unit=8.4), step="converter")
    same = batch(0, CarrierEnergy("converter-gas", 0.05, "kNm3", lhv_mj_per_unit=8400.0), step="hot-rolling")
    other = batch(0, CarrierEnergy("converter-gas", 50, "Nm3", lhv_mj_per_unit=7.9), step="hot-rolling")
    assert settled(a_site, "", [given, same]).findings == []
    assert [one.code for one in settled(a_site, "", [given, other]).findings] == ["heating-value-two-sided"]


def test_what_the_boundary_does_not_credit_lowers_no_label(a_site: Build, labelled: Callable[[Site], LabelResult]) -> None:
    """Of the ladle furnace nothing is credited: 40 kWh/t taken in at 0.1229 kgce/kWh (GB/T 2589), of which 10 were passed on."""
    toml = meter("f1", step='"ladle-refining"') + meter("out", step='"ladle-refining"', direction='"export"')
    curves = {"f1": register(lambda _: 4_800.0, 4), "out": register(lambda _: 1_200.0, 4)}
    result = labelled(a_site(toml, heats(72, step="ladle-refining"), curves))
    (total,) = result.site_label.steps
    assert total.best.value == pytest.approx(40 * 0.1229)  # and not 30 * 0.1229
    told = next(one for one in result.findings if one.code == "credit-outside-boundary")
    assert told.count == 72
