"""The meter tree: who counts, and what is refused because it would count twice, nowhere, or another
carrier.
"""

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.errors import InputError
from reporting_agent.config import SiteSettings
from tests.unit.meters.conftest import meter

Build = Callable[..., SiteSettings]
EAF = '"eaf"'


def counted(site: SiteSettings) -> list[str]:
    return [meter.id for meter in site.tree.counted]


def refusal(a_site: Build, toml: str) -> InputError:
    with pytest.raises(InputError) as caught:
        a_site(toml)
    return caught.value


def test_of_a_meter_and_those_below_it_one_counts_for_a_step(a_site: Build) -> None:
    site = a_site(
        meter("shop", step=EAF)
        + meter("f1", step=EAF, parent='"shop"')
        + meter("aux", step=EAF, parent='"f1"', role='"sub"')
    )
    assert counted(site) == ["shop"]


def test_a_main_meter_of_the_site_counts_nowhere_and_its_subs_do(a_site: Build) -> None:
    site = a_site(
        meter("works")
        + meter("f1", step=EAF, parent='"works"')
        + meter("f2", step=EAF, parent='"works"')
    )
    assert counted(site) == ["f1", "f2"]


def test_check_meters_and_virtual_meters_without_formula_never_count(a_site: Build) -> None:
    site = a_site(
        meter("f1", step=EAF)
        + meter("c", step=EAF, role='"check"', checks='"f1"')
        + meter("v", step=EAF, role='"virtual"')
    )
    assert counted(site) == ["f1"]


def test_what_is_left_of_a_main_counts_through_a_formula(a_site: Build) -> None:
    rest = (
        '\n[[meters]]\nid = "rest"\nstep = "ladle-refining"\ncarrier = "electricity"\nunit = '
        '"kWh"\nrole = "virtual"\n'
    )
    site = a_site(
        meter("works")
        + meter("f1", step=EAF, parent='"works"')
        + rest
        + 'formula = { plus = ["works"], minus = ["f1"] }\n'
    )
    assert counted(site) == ["f1", "rest"]
    assert site.tree.parts(site.tree.by_id["rest"]) == {"works": 1, "f1": -1}


def test_furnaces_under_a_meter_of_one_furnace_are_told_apart_by_equipment(a_site: Build) -> None:
    site = a_site(meter("f1", step=EAF, equipment='"F1"') + meter("f2", step=EAF, equipment='"F2"'))
    assert counted(site) == ["f1", "f2"]


@pytest.mark.parametrize(
    ("toml", "column", "fragment"),
    [
        (meter("a", step=EAF, parent='"b"'), "meters.a.parent", "'b'"),
        (meter("a", parent='"b"') + meter("b", parent='"a"'), "meters.a.parent", "a > b"),
        (meter("a", parent='"a"'), "meters.a.parent", "a"),
        (
            meter("a") + meter("g", unit="Nm3", carrier='"natural-gas"', parent='"a"'),
            "meters.g.parent",
            "natural-gas and electricity",
        ),
        (
            (
                '\n[[meters]]\nid = "v"\ncarrier = "electricity"\nunit = "kWh"\nrole = '
                '"virtual"\nformula = { plus = ["w"] }\n'
                '[[meters]]\nid = "w"\ncarrier = "electricity"\nunit = "kWh"\nrole = '
                '"virtual"\nformula = { plus = ["v"] }\n'
            ),
            "meters.v.formula",
            "v > w",
        ),
        (meter("a") + meter("c", role='"check"'), "meters.c.checks", "nothing"),
        # the shop counts for the furnace and one of its subs for another step: the sub's energy
        # would stand in both
        (
            meter("shop", step=EAF) + meter("lf", step='"ladle-refining"', parent='"shop"'),
            "meters.lf.parent",
            "lf, shop",
        ),
        # the same energy through a formula
        (
            meter("a", step=EAF)
            + '\n[[meters]]\nid = "v"\nstep = "ladle-refining"\ncarrier = "electricity"\nunit = '
            '"kWh"\nrole = "virtual"\n' + 'formula = { plus = ["a"] }\n',
            "meters.a.step",
            "a, v",
        ),
        # what is taken off does not hang on what it is taken off
        (
            meter("a")
            + meter("b")
            + '\n[[meters]]\nid = "v"\nstep = "eaf"\ncarrier = "electricity"\nunit = "kWh"\nrole '
            '= "virtual"\n' + 'formula = { plus = ["a"], minus = ["b"] }\n',
            "meters.b.parent",
            "v",
        ),
    ],
)
def test_a_tangled_tree_is_refused_with_its_place(
    a_site: Build, toml: str, column: str, fragment: str
) -> None:
    error = refusal(a_site, toml)
    assert error.code == "meter-tree-invalid"
    assert error.place is not None
    assert error.place.column == column
    assert fragment in error.found


@pytest.mark.parametrize(
    ("toml", "column"),
    [
        (meter("a", carrier='"electric"'), "meters.a.carrier"),
        (meter("g", carrier='"natural-gas"', unit="m3"), "meters.g.temperature_meter"),
        (
            meter("g", carrier='"natural-gas"', unit="m3", temperature_c=20),
            "meters.g.pressure_meter",
        ),
        (
            meter("g", carrier='"natural-gas"', unit="Nm3", temperature_c=20, pressure_kpa=120),
            "meters.g",
        ),
        (
            meter(
                "g", carrier='"natural-gas"', unit="m3", temperature_meter='"t"', pressure_kpa=120
            ),
            "meters.g.temperature_meter",
        ),
        (
            meter(
                "g",
                carrier='"natural-gas"',
                unit="m3",
                temperature_c=20,
                pressure_kpa=120,
                computed_at="{ temperature_c = 20, pressure_kpa = 100 }",
            ),
            "meters.g.computed_at",
        ),
        (
            meter("p", carrier="None", reading="rate", unit="kPa", role='"state"'),
            "meters.p.pressure_is",
        ),
        (
            meter("p", carrier="None", reading="rate", unit="furlong", role='"state"'),
            "meters.p.unit",
        ),
        (
            meter("p", carrier="None", reading="register", unit="K", role='"state"'),
            "meters.p.reading",
        ),
        (
            meter(
                "s",
                carrier='"steam"',
                unit="t",
                steam='{ state = "superheated", feed_water_c = 104 }',
            ),
            "meters.s.steam",
        ),
        (
            meter(
                "s",
                carrier='"steam"',
                unit="GJ",
                pressure_kpa=900,
                steam='{ state = "saturated", feed_water_c = 104 }',
            ),
            "meters.s.steam",
        ),
        (
            meter(
                "s",
                carrier='"steam"',
                unit="t",
                lhv=2500,
                pressure_kpa=900,
                steam='{ state = "saturated", feed_water_c = 104 }',
            ),
            "meters.s.lhv",
        ),
        (
            meter("b", allocation='{ by = "hours", among = ["F1", "F2"] }', step=EAF),
            "meters.b.allocation",
        ),
        (
            meter("b", allocation='{ by = "rated-power", among = ["F1", "F2"] }')
            + '[[equipment]]\nid = "F1"\nstep = "eaf"\n',
            "meters.b.allocation",
        ),
        (
            meter("a")
            + '[site_boundary]\npurchased = [{ carrier = "natural-gas", meter = "a" }]\n',
            "site_boundary.purchased.meter",
        ),
    ],
)
def test_what_does_not_agree_is_refused_by_its_key(a_site: Build, toml: str, column: str) -> None:
    error = refusal(a_site, toml)
    assert error.place is not None
    assert error.place.column == column


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({"allocation": '{ by = "shares", among = ["a", "b"] }'}, "goes with by = 'shares'"),
        ({"allocation": '{ by = "shares", shares = { a = 0.5, b = 0.6 } }'}, "add up to 1"),
        ({"allocation": '{ by = "hours", among = ["a"] }'}, "at least two"),
        ({"formula": '{ plus = ["x"] }'}, "role = 'virtual'"),
        ({"accuracy_class": 1.0, "accuracy_of": '"range"'}, "needs range"),
        ({"temperature_meter": '"t"', "temperature_c": 0}, "temperature is given twice"),
        (
            {"steam": '{ state = "superheated", feed_water_c = 100, dryness = 0.9 }'},
            "dryness goes with saturated",
        ),
        (
            {"steam": '{ state = "saturated", feed_water_c = 100, condensate_returned = 0.5 }'},
            "go together",
        ),
    ],
)
def test_a_meter_that_contradicts_itself_is_refused(
    a_site: Build, keys: dict[str, Any], wanted: str
) -> None:
    error = refusal(a_site, meter("m", step=EAF, **keys))
    assert wanted in error.wanted
    assert "the table [[meters]] of m" in str(error.place)


AIR = """
[[site_boundary.conversions]]
id = "air-station"
takes = [{ carrier = "electricity", meter = "compressors" }]
gives = [{ carrier = "compressed-air", meter = "air" }]
"""


def test_air_and_the_electricity_that_made_it_do_not_both_count(a_site: Build) -> None:
    air = meter("air", carrier='"compressed-air"', unit="Nm3", step='"continuous-casting"')
    error = refusal(a_site, meter("compressors", step='"continuous-casting"') + air + AIR)
    assert error.place is not None
    assert error.place.column == "site_boundary.conversions.air-station.takes"
    assert "made_inside = ['compressed-air'] under [steps.continuous-casting]" in error.wanted
    counted(a_site(meter("compressors") + air + AIR))
    inside = '\n[steps.continuous-casting]\nmade_inside = ["compressed-air"]\n'
    counted(a_site(meter("compressors", step='"continuous-casting"') + air + AIR + inside))
