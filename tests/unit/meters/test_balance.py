"""Balances of the meters: what closes, what does not, since when, and which meter to look at
first.
"""

from collections.abc import Callable
from datetime import date, datetime

import pytest

from benchmarks.catalogue import in_language
from benchmarks.measurements import Period
from reporting_agent.analysis import Analysis
from reporting_agent.analysis.figures import percent
from reporting_agent.analysis.meters import balance
from reporting_agent.analysis.meters.balance import Balance, balances, findings
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult, label
from reporting_agent.report import html
from tests.unit.meters.conftest import heats, meter, register

Build = Callable[..., SiteSettings]
Label = Callable[[SiteSettings], LabelResult]
DAYS = 30


def furnace(moment: datetime) -> float:
    return 40_000.0 if moment.minute < 50 else 2_000.0


def ladle(moment: datetime) -> float:
    return 5_000.0 + 500.0 * (moment.day % 7)


def works(moment: datetime) -> float:
    return furnace(moment) + ladle(moment)


TREE = (
    meter("works", accuracy_class=0.5)
    + meter(
        "f1",
        step='"eaf"',
        parent='"works"',
        role='"sub"',
        accuracy_class=0.5,
        calibrated_on='"2023-05-01"',
    )
    + meter("lf", parent='"works"', role='"sub"', accuracy_class=0.5, calibrated_on='"2015-05-01"')
)


def balance_of(
    a_site: Build, labelled: Label, toml: str = TREE, **power: Callable[[datetime], float]
) -> tuple[Balance, ...]:
    curves = {"works": works, "f1": furnace, "lf": ladle} | power
    site = a_site(
        toml, heats(24 * DAYS), {name: register(curve, DAYS, 300) for name, curve in curves.items()}
    )
    return balances(site, labelled(site))


def test_a_tree_that_adds_up_closes(a_site: Build, labelled: Label) -> None:
    (balance,) = balance_of(a_site, labelled)
    assert not balance.is_open
    assert balance.difference == pytest.approx(0, abs=1)
    assert balance.hours == 24 * DAYS
    assert len(balance.days) == DAYS
    assert findings((balance,)) == []
    assert "within" in balance.words


def test_a_difference_within_the_class_of_the_meters_is_none(
    a_site: Build, labelled: Label
) -> None:
    (balance,) = balance_of(a_site, labelled, f1=lambda moment: 0.996 * furnace(moment))
    assert balance.difference > 0
    assert not balance.is_open


def test_a_sub_that_lost_a_phase_in_mid_month_is_named_with_the_day(
    a_site: Build, labelled: Label
) -> None:
    (balance,) = balance_of(
        a_site, labelled, lf=lambda moment: ladle(moment) * (1.0 if moment.day < 15 else 2 / 3)
    )
    assert balance.is_open
    assert balance.since == date(2024, 3, 15)
    assert balance.open_days == 16
    assert balance.look_first == "lf"
    (finding,) = findings((balance,))
    assert finding.code == "balance-open"
    assert "2024-03-15" in finding.sentence
    assert "请先查 lf" in in_language(finding.sentence, "zh")


def test_a_sub_that_always_read_two_thirds_is_named_by_what_the_difference_follows(
    a_site: Build, labelled: Label
) -> None:
    (balance,) = balance_of(a_site, labelled, lf=lambda moment: ladle(moment) * 2 / 3)
    assert balance.is_open
    assert balance.since is None
    assert balance.look_first == "lf"
    assert "1.50 times" in balance.words
    assert "one of three phases" in balance.words


def test_where_nothing_tells_the_subs_apart_the_oldest_calibration_comes_first(
    a_site: Build, labelled: Label
) -> None:
    (balance,) = balance_of(
        a_site, labelled, works=lambda moment: works(moment) + 2_000.0 * (moment.day % 3)
    )
    assert balance.is_open
    assert balance.look_first == "lf"
    assert "2015-05-01" in balance.words


def test_a_steady_difference_is_rather_a_load_that_nobody_measures(
    a_site: Build, labelled: Label
) -> None:
    (balance,) = balance_of(a_site, labelled, works=lambda moment: works(moment) + 4_000.0)
    assert balance.is_open
    assert balance.look_first == "works"
    assert "a steady 4,000 kW" in balance.words


def test_what_subs_do_not_measure_is_no_fault_where_they_measure_some(
    a_site: Build, labelled: Label
) -> None:
    tree = TREE.replace('id = "works"', 'id = "works"\nsubs = "some"')
    (less,) = balance_of(a_site, labelled, tree, works=lambda moment: works(moment) + 4_000.0)
    assert not less.is_open
    assert "no sub-meter measures" in less.words
    (more,) = balance_of(a_site, labelled, tree, works=lambda moment: 0.9 * works(moment))
    assert more.is_open


def test_what_is_left_is_no_fault_where_it_is_a_meter_of_its_own(
    a_site: Build, labelled: Label
) -> None:
    rest = (
        '\n[[meters]]\nid = "rest"\nstep = "ladle-refining"\ncarrier = "electricity"\nunit = '
        '"kWh"\nrole = "virtual"\n'
    )
    rest += 'formula = { plus = ["works"], minus = ["f1", "lf"] }\n'
    (balance,) = balance_of(
        a_site, labelled, TREE + rest, works=lambda moment: works(moment) + 4_000.0
    )
    assert not balance.is_open


def test_declared_losses_are_taken_off(a_site: Build, labelled: Label) -> None:
    lossy = TREE.replace('id = "works"', 'id = "works"\nloss_pct = 4.0')
    (balance,) = balance_of(a_site, labelled, lossy, works=lambda moment: works(moment) / 0.96)
    assert not balance.is_open
    assert balance.loss == pytest.approx(0.04 * balance.main.energy)


def test_what_feeds_in_below_a_meter_is_taken_off(a_site: Build, labelled: Label) -> None:
    sun = TREE + meter(
        "sun", parent='"works"', role='"sub"', direction='"export"', accuracy_class=0.5
    )
    (balance,) = balance_of(
        a_site, labelled, sun, works=lambda moment: works(moment) - 1_000.0, sun=lambda _: 1_000.0
    )
    assert balance.difference == pytest.approx(0, abs=1)


def test_a_check_meter_is_held_against_what_it_checks(a_site: Build, labelled: Label) -> None:
    toml = meter("f1", step='"eaf"', accuracy_class=0.5) + meter(
        "c", role='"check"', checks='"f1"', accuracy_class=0.5
    )
    site = a_site(
        toml,
        heats(24 * 5),
        {"f1": register(furnace, 5), "c": register(lambda moment: 1.05 * furnace(moment), 5)},
    )
    (balance,) = balances(site, labelled(site))
    assert balance.kind == "check"
    assert balance.is_open
    assert [finding.code for finding in findings((balance,))] == ["check-differs"]


def test_missing_time_of_one_meter_opens_no_balance(a_site: Build, labelled: Label) -> None:
    site = a_site(
        TREE,
        heats(24 * DAYS),
        {name: register(curve, DAYS, 300) for name, curve in (("works", works), ("f1", furnace))}
        | {"lf": [row for row in register(ladle, DAYS, 300) if not 8 <= row[0].day <= 12]},
    )
    (balance,) = balances(site, labelled(site))
    assert not balance.is_open
    assert balance.hours_left_out >= 5 * 24 - 2


def test_an_hour_of_which_one_meter_lost_a_part_is_not_compared(
    a_site: Build, labelled: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [(row, 60 * (row[0].hour % 4) + row[0].minute) for row in register(ladle, DAYS, 300)]
    lost = [row for row, minute in clock if not 20 < minute < 100]
    rows = {
        name: register(curve, DAYS, 300) for name, curve in (("works", works), ("f1", furnace))
    } | {"lf": lost}
    site = a_site(TREE, heats(24 * DAYS), rows)
    labels = labelled(site)
    (works_balance,) = balances(site, labels)
    assert works_balance.difference == pytest.approx(0, abs=1)
    assert works_balance.hours == 12 * DAYS
    monkeypatch.setattr(balance, "LEAST_KNOWN", 0.3)
    (partly,) = balances(site, labels)
    assert partly.difference > 0.01 * partly.main.energy


def test_a_meter_without_class_is_said_to_stand_at_the_sites_uncertainty(
    a_site: Build, labelled: Label
) -> None:
    (balance,) = balance_of(
        a_site, labelled, TREE.replace("accuracy_class = 0.5\ncalibrated_on", "calibrated_on")
    )
    assert [side.class_assumed for side in (balance.main, *balance.subs)] == [False, True, True]
    assert "No class is declared for f1, lf" in balance.words


def test_a_difference_below_nothing_has_the_minus_of_the_figures_beside_it(
    a_site: Build, labelled: Label
) -> None:
    (balance,) = balance_of(a_site, labelled, f1=lambda moment: 1.25 * furnace(moment))
    assert balance.share is not None
    assert balance.share < 0
    assert f"(−{abs(balance.share):.1%})" in balance.words


@pytest.mark.parametrize(
    ("share", "text"), [(-0.253, "−25 %"), (-0.012, "−1.2 %"), (0.253, "25 %")]
)
def test_a_share_below_nothing_is_written_as_one_above_it_with_a_true_minus(
    share: float, text: str
) -> None:
    assert percent(share) == text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_where_no_hour_is_known_of_both_that_is_said_and_no_difference(
    lang: str, a_site: Build, march: Period
) -> None:
    rows = {
        name: register(curve, DAYS, 300)
        for name, curve in {"works": works, "f1": furnace, "lf": ladle}.items()
    }
    rows["works"], rows["lf"] = rows["works"][: 10 * 288], rows["lf"][20 * 288 :]
    site = a_site(TREE, heats(24 * DAYS), rows)
    result = label(site, march)
    (balance,) = balances(site, result)
    assert (balance.hours, balance.share, balance.is_open) == (0, None, False)
    wanted = {
        "en": "No hour is known of both meter works and the sum of its sub-meters: nothing could "
        "be compared.",
        "zh": "表计 works 与分表之和没有共同已知的小时，无法比较。",
    }
    assert in_language(balance.words, lang) == wanted[lang]
    page = html.render(site, result, Analysis(balances=(balance,)), lang, march.end)
    assert wanted[lang] in page
