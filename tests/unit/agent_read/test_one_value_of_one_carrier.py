"""What one step gives back and another takes counts at one heating value, an unusual one only with
a reason: else a plant chooses both.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.errors import InputError, PolicyRefusal
from reporting_agent import pipeline
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline.heating_values import require_one_value
from tests.unit.agent_read.small_works import (
    Ran,
    besides,
    codes,
    gave,
    going_out,
    labelled,
    of,
    took,
    works,
)

COKE_OF = {"feed_fe_pct": 58.0, "rare_earth_pct": 0.0, "vti_pct": 0.0, "laterite_pct": 0.0}
ROLLING = '[steps.hot-rolling]\nnot_used = ["coke-oven-gas", "blast-furnace-gas"]\n'


def coking(coke_lhv: float) -> Ran:
    """A tonne of coke and its gas, tar and benzole of 1,350 kg of coal; the coke given back at
    `coke_lhv` MJ/kg.
    """
    inputs = [
        took("cleaned-coal", 1350, "kg", 29.0),
        took("coke-oven-gas", 180, "Nm3", 17.4),
        took("electricity", 35, "kWh"),
    ]
    back = [
        gave("coke", 1000, "kg", coke_lhv),
        gave("coke-oven-gas", 420, "Nm3", 17.4),
        gave("coal-tar", 45, "kg", 33.5),
    ]
    return Ran(
        3000,
        [*inputs, *back, gave("crude-benzole", 13, "kg", 40.0)],
        {"moisture_pct": 10.0},
        "top-charged",
    )


def furnace(coke_lhv: float) -> Ran:
    burnt = [
        took("coke", 370, "kg", coke_lhv),
        took("coal", 145, "kg", 27.0),
        took("blast-furnace-gas", 520, "Nm3", 3.35),
    ]
    media = [took("electricity", 35, "kWh"), took("blast", 1100, "Nm3")]
    return Ran(5000, [*burnt, *media, gave("blast-furnace-gas", 1550, "Nm3", 3.35)], COKE_OF)


def held_back(site: SiteSettings) -> str | None:
    data = pipeline.read(site, outward=True)
    try:
        require_one_value(
            data.outward.batches if data.outward else (), site.heating_values, data.pack
        )
    except PolicyRefusal as refused:
        return refused.code
    return None


def test_coke_given_back_at_more_than_it_is_taken_at_wins_nothing_and_leaves_nowhere(
    tmp_path: Path,
) -> None:
    """29.4 given back and 27.4 taken: coking 125.3 for 193.6 kgce/t."""
    site = works(tmp_path, "steel", {"coking": coking(29.4), "blast-furnace": furnace(27.4)})
    result = labelled(site)
    assert of(result, "coking").best.value is None
    assert of(result, "coking").excluded == {"heating-value-two-sided": 60}
    assert held_back(site) == "heating-value-two-sided"


def test_coke_at_one_value_counts_on_both_sides(tmp_path: Path) -> None:
    site = works(tmp_path, "steel", {"coking": coking(27.4), "blast-furnace": furnace(27.4)})
    result = labelled(site)
    assert of(result, "coking").best.value == pytest.approx(193.553, abs=1e-3)
    assert "heating-value-two-sided" not in codes(result)
    assert held_back(site) is None


def test_a_stream_that_truly_differs_is_declared_with_its_reason_and_told_with_its_size(
    tmp_path: Path,
) -> None:
    """Nut coke for the furnace: a percent of 370 kg x 27.4 MJ/kg is 3.5 kgce/t."""
    apart = (
        '[[lhv]]\ncarrier = "coke"\nfrom = 2026-01-01\nvalue = 27.4\nstep = '
        '"blast-furnace"\nreason = "nut coke, sampled by shift"\n'
    )
    site = works(tmp_path, "steel", {"coking": coking(28.4), "blast-furnace": furnace(27.4)}, apart)
    result = labelled(site)
    assert of(result, "coking").used == of(result, "blast-furnace").used == 60
    assert held_back(site) is None
    statement = next(
        proviso for proviso in of(result, "blast-furnace").provisos if "coke" in proviso.en
    )
    assert statement.en == (
        "The site declares that coke counts at 27.4 MJ/kg on average: nut coke, sampled by shift. "
        "Each percent of error in it "
        "changes the label by 3.5 kgce/t. Keep the laboratory's records for an auditor."
    )
    other = works(
        tmp_path, "steel", {"coking": coking(28.4), "blast-furnace": furnace(27.0)}, apart
    )
    assert held_back(other) == "heating-value-two-sided"  # not the value that was declared


def test_a_stream_of_its_own_needs_a_reason(tmp_path: Path) -> None:
    without = '[[lhv]]\ncarrier = "coke"\nfrom = 2026-01-01\nvalue = 27.4\nstep = "blast-furnace"\n'
    with pytest.raises(InputError):
        works(tmp_path, "steel", {"blast-furnace": furnace(27.4)}, without)


@pytest.mark.parametrize(("lhv_given_back", "lhv_taken", "used"), [(2.75, 2.75, 60), (3.3, 2.3, 0)])
def test_steam_has_one_value_where_it_is_made_and_where_it_is_used(
    tmp_path: Path, lhv_given_back: float, lhv_taken: float, used: int
) -> None:
    """Of 3.4 and 1.6 a power house was 0.110 for 0.142 kgce/kWh, and dry quenching -49.9 for
    -37.5.
    """
    quenching = Ran(
        3000,
        [
            took("electricity", 20, "kWh"),
            took("coke", 13, "kg", 28.4),
            gave("steam", 560, "kg", lhv_given_back),
        ],
    )
    gas = took("blast-furnace-gas", 1.6, "Nm3", 3.35)
    house = [
        gas,
        took("steam", 0.84, "kg", lhv_taken),
        took("electricity", 0.03, "kWh"),
        gave("electricity", 1, "kWh"),
    ]
    result = labelled(
        works(tmp_path, "steel", {"coke-dry-quenching": quenching, "power-house": Ran(2e6, house)})
    )
    assert of(result, "power-house").used == of(result, "coke-dry-quenching").used == used


def test_steam_metered_as_heat_on_one_side_is_asked_nothing(tmp_path: Path) -> None:
    quenching = Ran(
        3000,
        [took("electricity", 20, "kWh"), took("coke", 13, "kg", 28.4), gave("steam", 1.54, "GJ")],
    )
    gas = took("blast-furnace-gas", 1.6, "Nm3", 3.35)
    house = [
        gas,
        took("steam", 0.84, "kg", 2.8),
        took("electricity", 0.03, "kWh"),
        gave("electricity", 1, "kWh"),
    ]
    result = labelled(
        works(tmp_path, "steel", {"coke-dry-quenching": quenching, "power-house": Ran(2e6, house)})
    )
    assert of(result, "power-house").used == of(result, "coke-dry-quenching").used == 60


def alumina(steam: float) -> Ran:
    return Ran(
        4000,
        [
            took("natural-gas", 75, "Nm3", 35.5),
            took("electricity", 230, "kWh"),
            took("steam", 2000, "kg", steam),
        ],
        {},
        "bayer",
    )


BOUGHT = (
    '[site_boundary]\npurchased = [{ carrier = "steam", quantity = 4.8e8, unit = "kg", period = '
    '"2026", lhv = 2.75 }]\n'
)
REFINERY = '[steps.alumina-refining]\nnot_used = ["coal"]\n' + BOUGHT


def test_steam_poorer_than_any_that_works_use_is_left_out_on_both_roads(tmp_path: Path) -> None:
    """1.5 MJ/kg for 2.75: 221.5 for 306.8 kgce/t."""
    site = works(tmp_path, "aluminium", {"alumina-refining": alumina(1.5)}, REFINERY)
    assert of(labelled(site), "alumina-refining").excluded == {"heating-value-unusual": 60}
    assert going_out(site) == {"alumina-refining": {"heating-value-unusual"}}


def rolling(gas: float) -> Ran:
    return Ran(900, [took("electricity", 90, "kWh"), took("mixed-gas", 250, "Nm3", gas)])


def test_mixed_gas_counts_by_a_value_that_the_site_declares_with_its_reason(tmp_path: Path) -> None:
    """5.4 for 7.4 MJ/Nm3 made rolling 57.1 for 74.2 kgce/t; a percent of 7.4 is 0.63."""
    bare = works(tmp_path, "steel", {"hot-rolling": rolling(5.4)}, ROLLING)
    assert of(labelled(bare), "hot-rolling").excluded == {"heating-value-unusual": 60}
    declaration = (
        '[[lhv]]\ncarrier = "mixed-gas"\nfrom = 2026-01-01\nvalue = 7.5\nreason = "chromatograph '
        'at the mixing station, hourly"\n'
    )
    declared = works(tmp_path, "steel", {"hot-rolling": rolling(7.4)}, ROLLING + declaration)
    label = of(labelled(declared), "hot-rolling")
    assert label.used == 60
    assert going_out(declared) == {"hot-rolling": {None}}
    (sentence,) = besides(label)
    assert sentence == (
        "The site declares that mixed gas of the works counts at 7.4 MJ/Nm3 on average: "
        "chromatograph at the mixing station, hourly. "
        "Each percent of error in it changes the label by 0.63 kgce/t. Keep the laboratory's "
        "records for an auditor."
    )
    another = works(tmp_path, "steel", {"hot-rolling": rolling(5.4)}, ROLLING + declaration)
    assert of(labelled(another), "hot-rolling").excluded == {
        "heating-value-unusual": 60
    }  # more than a tenth from what is declared
    in_heat = works(
        tmp_path,
        "steel",
        {"hot-rolling": Ran(900, [took("electricity", 90, "kWh"), took("mixed-gas", 1.35, "GJ")])},
        ROLLING,
    )
    assert of(labelled(in_heat), "hot-rolling").excluded == {"heating-value-unusual": 60}


def test_refuse_fuel_counts_by_a_value_with_a_reason(tmp_path: Path) -> None:
    """60 kg/t at 8 for 18 MJ/kg: 96.3 for 116.8 kgce/t."""
    burnt = [
        took("coal", 90, "kg", 25.0),
        took("alternative-fuel", 60, "kg", 8.0),
        took("electricity", 26, "kWh"),
    ]
    site = works(tmp_path, "cement", {"clinker-burning": Ran(4000, burnt, {}, "grey")})
    assert of(labelled(site), "clinker-burning").excluded == {"heating-value-unusual": 60}


@pytest.mark.parametrize(("coke", "used"), [(25.0, 0), (26.9, 0), (27.4, 60), (28.4, 60)])
def test_coke_poorer_than_coke_is_left_out_or_told_with_its_size(
    tmp_path: Path, coke: float, used: int
) -> None:
    """370 kg at 25 for 28.4 MJ/kg: 43 kgce/t less; at 27.4 it is 1.0 x 370 / 29.3 = 13, told."""
    label = of(
        labelled(works(tmp_path, "steel", {"blast-furnace": furnace(coke)})), "blast-furnace"
    )
    assert label.used == used
    sentences = [
        proviso.en for proviso in label.provisos if proviso.en.startswith("Coke counts at")
    ]
    wanted = (
        "Coke counts at 27.4 MJ/kg on average; typical is 28.4, with which the label would be "
        "higher by 13 kgce/t."
    )
    assert [sentence.startswith(wanted) for sentence in sentences] == (
        [True] if coke == 27.4 else []
    )


def test_what_is_usual_goes_by_the_step_that_takes_it(tmp_path: Path) -> None:
    """Breeze of 26.5 is usual on a strand and not in a furnace."""
    strand = Ran(
        8000,
        [took("coke", 50, "kg", 26.5), took("electricity", 36, "kWh")],
        {"rare_earth_pct": 0.0, "vti_pct": 0.0, "laterite_pct": 0.0},
    )
    unused = '[steps.sintering]\nnot_used = ["coke-oven-gas"]\n'
    assert (
        of(labelled(works(tmp_path, "steel", {"sintering": strand}, unused)), "sintering").used
        == 60
    )
    assert (
        of(
            labelled(works(tmp_path, "steel", {"blast-furnace": furnace(26.5)})), "blast-furnace"
        ).used
        == 0
    )


@pytest.mark.parametrize(("days", "sentences"), [(60, 0), (200, 1)])
def test_a_fuel_with_one_value_over_the_seasons_is_told_with_the_size_of_a_percent(
    tmp_path: Path, days: int, sentences: int
) -> None:
    """370 kg x 28.4 MJ/kg are 358.5 kgce/t of hot metal: 3.6 for each percent."""
    provisos = of(
        labelled(works(tmp_path, "steel", {"blast-furnace": furnace(28.4)}, runs=days)),
        "blast-furnace",
    ).provisos
    matches = [
        proviso.en
        for proviso in provisos
        if proviso.en.startswith("Coke counts at one heating value for the whole time, 28.4 MJ/kg")
    ]
    assert len(matches) == sentences
    assert all("by 3.6 kgce/t" in sentence for sentence in matches)


@pytest.mark.parametrize("coal", [18.5, 22.5])
def test_a_fuel_of_which_nothing_is_typical_is_told_with_what_its_bounds_would_make(
    tmp_path: Path, coal: float
) -> None:
    """Coal of a kiln at 18.5 for 22.5 MJ/kg made clinker 90 for 109 kgce/t; 124.6 kg at 17.5 to 30
    and 26 kWh are 77.6 to 130.7.
    """
    kiln = Ran(4000, [took("coal", 124.6, "kg", coal), took("electricity", 26, "kWh")], {}, "grey")
    label = of(labelled(works(tmp_path, "cement", {"clinker-burning": kiln})), "clinker-burning")
    (sentence,) = besides(label)
    assert sentence.startswith(
        f"Coal counts at {coal:g} MJ/kg on average, as the plant gives it: no reading shows it."
    )
    assert "at the usual values, 17.5 to 30, it would be 77.6 to 130.7." in sentence
    reason = (
        '[[lhv]]\ncarrier = "coal"\nfrom = 2026-01-01\nvalue = 22.5\nunit = "MJ/kg"\nreason = '
        '"one mine, sampled daily"\n'
    )
    declared = of(
        labelled(works(tmp_path, "cement", {"clinker-burning": kiln}, reason)), "clinker-burning"
    )
    (sentence,) = besides(declared)
    assert sentence.startswith(
        f"Coal counts at {coal:g} MJ/kg on average, as the site declares: one mine, sampled "
        "daily. Each percent"
    )
    assert "at the usual values, 17.5 to 30, it would be 77.6 to 130.7." in sentence
