"""Heating values by date, defaults that are marked, media that are made inside, credits that the
boundary does not hold.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from benchmarks import packs
from benchmarks.errors import InputError, PolicyRefusal
from benchmarks.measurements import Batch, CarrierEnergy, Direction, Period
from benchmarks.routes import Pack
from reporting_agent.config import SiteSettings
from reporting_agent.config.materials import HeatingValue, HeatingValues
from reporting_agent.pipeline import LabelResult, pack_of
from reporting_agent.pipeline.heating_values import BatchesWithHeat, require_one_value, settle
from reporting_agent.pipeline.sitewide import SiteTotals
from tests.unit.meters.conftest import heats, meter, register

Build = Callable[..., SiteSettings]
STEEL = packs.load("steel")


def value(carrier: str, day: str, amount: float, unit: str = "") -> HeatingValue:
    return HeatingValue.model_validate(
        {"carrier": carrier, "from": day, "value": amount, "unit": unit}
    )


def batch(number: int, *energy: CarrierEnergy, step: str = "eaf") -> Batch:
    start = datetime(2024, 3, 1, tzinfo=UTC) + timedelta(days=number)
    return Batch(
        f"B{number}", step, "", "", start, start + timedelta(hours=1), 100.0, energy=energy
    )


def settled(
    a_site: Build, toml: str, batches: Sequence[Batch], pack: Pack | None = None
) -> BatchesWithHeat:
    return settle(batches, a_site(meter("m", step='"eaf"') + toml), pack)


def test_each_value_holds_from_its_day_until_the_next() -> None:
    values = HeatingValues(
        [value("natural-gas", "2024-02-01", 35.0), value("natural-gas", "2024-01-01", 34.0)]
    )
    day_values = [
        values.of("natural-gas", day)
        for day in (date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 31), date(2024, 2, 1))
    ]
    assert [
        None if heating_value is None else heating_value.value for heating_value in day_values
    ] == [None, 34.0, 34.0, 35.0]
    assert values.of("coal", date(2024, 2, 1)) is None


def test_in_the_sites_account_too_a_value_that_the_plant_calls_a_default_is_the_packs_to_give(
    a_site: Build,
) -> None:
    period = Period.parse("2024", UTC)
    declared = '[[lhv]]\ncarrier = "coal"\nfrom = 2024-01-01\nvalue = 25.0\nsource = "{}"\n'
    account = {
        source: SiteTotals.of(
            a_site(meter("m", step='"eaf"') + declared.format(source)), STEEL, period, [], []
        )
        for source in ("default", "measured")
    }
    assert account["measured"].mj("coal", 10, "kg", None) == pytest.approx(250)
    by_table = packs.factors(STEEL).mj(CarrierEnergy("coal", 10, "kg"), date(2024, 7, 1))
    assert account["default"].mj("coal", 10, "kg", None) == pytest.approx(by_table)  # as runs count


def test_a_value_is_read_in_the_laboratorys_unit() -> None:
    assert value("coal", "2024-01-01", 5000, "kcal/kg").mj_per("t") == pytest.approx(
        5000 * 4.1868, rel=1e-9
    )
    assert value("natural-gas", "2024-01-01", 35.6).mj_per("kNm3") == pytest.approx(35_600)


@pytest.mark.parametrize(
    ("toml", "wanted"),
    [
        ('[[lhv]]\ncarrier = "electricity"\nfrom = 2024-01-01\nvalue = 3.6\n', "holds heat"),
        ('[[lhv]]\ncarrier = "coal"\nfrom = 2024-01-01\nvalue = 20.9\nunit = "MJ/Nm3"\n', "MJ/kg"),
        ('[[lhv]]\ncarrier = "coal"\nfrom = 2024-01-01\nvalue = -1\n', "above 0"),
        (
            '[[lhv]]\ncarrier = "coal"\nfrom = 2024-01-01\nvalue = 20\n' * 2,
            "two values from 2024-01-01",
        ),
        ('[[lhv]]\ncarrier = "steam"\nfrom = 2024-01-01\nvalue = 6\n', "1.5 to 3.7 MJ/kg"),
        (meter("n", carrier='"coke"', unit="t", lhv="20000"), "22 to 31 MJ/kg"),
        (
            (
                '[site_boundary]\npurchased = [{ carrier = "coal", quantity = 9, unit = "t", '
                "period = "
                '"2024", lhv = 25.1 }]\n'
            ),
            "8 to 33 MJ/kg",  # a value per kg beside an amount in t
        ),
        ('[steps.casting]\nmade_inside = ["coal"]\n', "working media"),
    ],
)
def test_values_that_cannot_be_are_refused(a_site: Build, toml: str, wanted: str) -> None:
    with pytest.raises(InputError) as caught:
        pack_of(a_site(meter("m", step='"eaf"') + toml))
    assert wanted in caught.value.wanted


SERIES = (
    '[[lhv]]\ncarrier = "natural-gas"\nfrom = 2024-03-01\nvalue = 35.0\n[[lhv]]\ncarrier = '
    '"natural-gas"\nfrom = 2024-03-03\nvalue = 36.0\n'
)


def test_amounts_without_a_value_take_that_of_their_day(a_site: Build) -> None:
    gas = CarrierEnergy("natural-gas", 10, "Nm3")
    own = CarrierEnergy("natural-gas", 10, "kNm3", lhv_mj_per_unit=33_000)
    heat = CarrierEnergy("natural-gas", 10, "GJ")
    batches = settled(a_site, SERIES, [batch(0, gas), batch(2, gas), batch(1, own, heat)]).batches
    assert [energy.lhv_mj_per_unit for run in batches for energy in run.energy] == [
        35.0,
        36.0,
        33_000,
        1000.0,
    ]  # its unit's MJ: measured


def test_a_default_heating_value_is_told(a_site: Build) -> None:
    outcome = settled(
        a_site,
        SERIES,
        [batch(0, CarrierEnergy("coal", 5, "t"), CarrierEnergy("natural-gas", 1, "Nm3"))],
    )
    (default_finding,) = outcome.findings
    assert (default_finding.code, default_finding.count) == ("heating-value-default", 1)
    assert default_finding.sentence.startswith("Coal counts by a default")
    called = settled(
        a_site,
        '[[lhv]]\ncarrier = "coal"\nfrom = 2024-01-01\nvalue = 20.9\nsource = "default"\n',
        [batch(0, CarrierEnergy("coal", 5, "t"))],
    )
    assert [finding.code for finding in called.findings] == ["heating-value-default"]
    assert (
        called.batches[0].energy[0].lhv_mj_per_unit is None
    )  # the pack's default counts, or its refusal where it asks for a measured one


def test_a_medium_made_inside_the_step_is_not_counted_again(a_site: Build) -> None:
    air, oxygen = CarrierEnergy("compressed-air", 100, "Nm3"), CarrierEnergy("oxygen", 100, "Nm3")
    outcome = settled(
        a_site,
        '[steps.continuous-casting]\nmade_inside = ["compressed-air"]\n',
        [batch(0, air, oxygen, step="continuous-casting")],
    )
    assert outcome.batches[0].energy == (oxygen,)
    assert [finding.code for finding in outcome.findings] == ["medium-made-inside"]


def test_a_gas_made_on_site_has_one_heating_value_on_both_sides(a_site: Build) -> None:
    given_back = batch(
        0,
        CarrierEnergy("converter-gas", 50, "Nm3", Direction.RECOVERED, lhv_mj_per_unit=8.4),
        step="converter",
    )
    same = batch(
        0, CarrierEnergy("converter-gas", 0.05, "kNm3", lhv_mj_per_unit=8400.0), step="hot-rolling"
    )
    other = batch(
        0, CarrierEnergy("converter-gas", 50, "Nm3", lhv_mj_per_unit=7.9), step="hot-rolling"
    )
    assert settled(a_site, "", [given_back, same]).findings == []
    later = batch(
        1, CarrierEnergy("converter-gas", 50, "Nm3", lhv_mj_per_unit=7.9), step="hot-rolling"
    )
    judged = settled(a_site, "", [given_back, other, later])
    assert [(finding.code, finding.severity) for finding in judged.findings] == [
        ("heating-value-two-sided", "exclusion")
    ]
    # the day on which nothing contradicts stays
    assert [run.excluded for run in judged.batches] == ["heating-value-two-sided"] * 2 + [None]
    alone = settle([given_back, other], a_site(meter("m", step='"eaf"')), alone=True)
    assert [run.excluded for run in alone.batches] == [
        None,
        None,
    ]  # on the way out no record decides of another: all of it is refused
    with pytest.raises(PolicyRefusal) as refused:
        require_one_value([given_back, other], HeatingValues(()), STEEL)
    assert refused.value.code == "heating-value-two-sided"
    assert "2024-03-01" in refused.value.sentence
    require_one_value([given_back, same], HeatingValues(()), STEEL)


def test_a_default_on_one_side_of_a_gas_is_another_value(a_site: Build) -> None:
    given_back = batch(
        0, CarrierEnergy("blast-furnace-gas", 50, "Nm3", Direction.RECOVERED), step="blast-furnace"
    )
    taken_in = batch(
        0, CarrierEnergy("blast-furnace-gas", 50, "Nm3", lhv_mj_per_unit=3.0), step="hot-rolling"
    )
    assert {run.excluded for run in settled(a_site, "", [given_back, taken_in]).batches} == {
        "heating-value-two-sided"
    }


@pytest.mark.parametrize("carrier", ["coke", "steam"])
def test_coke_and_steam_of_several_kinds_are_declared_as_streams(
    a_site: Build, carrier: str
) -> None:
    """28.4 is sold to the furnace and breeze of 27.5 burnt at the sinter plant: nobody can tell it
    from one kind told as two.
    """
    given_back = batch(
        0,
        CarrierEnergy(carrier, 500, "kg", Direction.RECOVERED, lhv_mj_per_unit=28.4),
        step="coking",
    )
    taken_in = batch(0, CarrierEnergy(carrier, 20, "kg", lhv_mj_per_unit=27.5), step="sintering")
    assert {run.excluded for run in settled(a_site, "", [given_back, taken_in]).batches} == {
        "heating-value-two-sided"
    }
    apart = (
        f'[[lhv]]\ncarrier = "{carrier}"\nfrom = 2024-01-01\nvalue = 27.5\nstep = '
        '"sintering"\nreason = "breeze, daily"\n'
    )
    if carrier == "coke":  # 27.5 is no steam
        assert {run.excluded for run in settled(a_site, apart, [given_back, taken_in]).batches} == {
            None
        }


def test_an_amount_of_energy_has_the_heating_value_that_the_laboratory_gave(a_site: Build) -> None:
    """600 Nm3 at 3.0 taken and 1,650 at 3.9 given back, both written in MJ, made a furnace of 407.0
    kgce/t one of 367.0.
    """
    given_back = batch(
        0, CarrierEnergy("blast-furnace-gas", 6435, "MJ", Direction.RECOVERED), step="blast-furnace"
    )
    taken_in = batch(0, CarrierEnergy("blast-furnace-gas", 1800, "MJ"), step="blast-furnace")
    in_nm3 = batch(
        0, CarrierEnergy("blast-furnace-gas", 600, "Nm3", lhv_mj_per_unit=3.3), step="blast-furnace"
    )
    value = '[[lhv]]\ncarrier = "blast-furnace-gas"\nfrom = 2024-03-01\nvalue = {}\n'
    reason = "heating-value-two-sided"
    for toml, batches, reasons in (
        ("", [given_back, taken_in], {reason}),
        ("", [given_back, in_nm3], {reason}),
        (value.format(3.9), [given_back, in_nm3], {reason}),
        (value.format(3.3), [given_back, taken_in], {None}),
        (value.format(3.3), [given_back, in_nm3], {None}),
    ):
        assert {run.excluded for run in settled(a_site, toml, batches).batches} == reasons


def test_a_gas_hides_under_no_other_name(a_site: Build) -> None:
    """Stoves on `mixed-gas` of 3.0 beside blast-furnace gas credited at 3.9: nothing mixed of it
    and richer gases is poorer.
    """
    given_back = batch(
        0,
        CarrierEnergy("blast-furnace-gas", 1650, "Nm3", Direction.RECOVERED, lhv_mj_per_unit=3.9),
        step="blast-furnace",
    )
    for lhv, reason in ((3.0, "heating-value-two-sided"), (3.9, None), (6.5, None)):
        taken_in = batch(
            0, CarrierEnergy("mixed-gas", 600, "Nm3", lhv_mj_per_unit=lhv), step="hot-rolling"
        )
        assert [
            run.excluded for run in settled(a_site, "", [given_back, taken_in], STEEL).batches
        ] == [None, reason]
    plain = batch(0, CarrierEnergy("mixed-gas", 1800, "MJ"), step="hot-rolling")
    assert [run.excluded for run in settled(a_site, "", [given_back, plain], STEEL).batches] == [
        None,
        "heating-value-two-sided",
    ]


def test_what_the_boundary_does_not_credit_lowers_no_label(
    a_site: Build, labelled: Callable[[SiteSettings], LabelResult]
) -> None:
    """Of the ladle furnace nothing is credited: 40 kWh/t taken in at 0.1229 kgce/kWh (GB/T 2589),
    of which 10 were passed on.
    """
    toml = meter("f1", step='"ladle-refining"') + meter(
        "out", step='"ladle-refining"', direction='"export"'
    )
    curves = {"f1": register(lambda _: 4_800.0, 4), "out": register(lambda _: 1_200.0, 4)}
    result = labelled(a_site(toml, heats(72, step="ladle-refining"), curves))
    (total,) = result.site_label.steps
    assert total.best.value == pytest.approx(40 * 0.1229)  # and not 30 * 0.1229
    credit = next(
        finding for finding in result.findings if finding.code == "credit-outside-boundary"
    )
    assert credit.count == 72
