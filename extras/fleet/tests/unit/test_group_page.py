"""The page of the group: what was left out of each label, what things are called, in which units,
and by which prices.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from extras.fleet import page
from extras.fleet.fleet_settings import load_fleet
from extras.fleet.one_site import do
from extras.fleet.site_tasks import (
    EnergyPrice,
    LackingLabel,
    SitePrices,
    SiteTaskOutcome,
    Task,
    name_of,
)
from extras.fleet.sites_compared import as_json, grouped
from extras.fleet.tests.unit.test_fleet import TARIFF, group_of, step

MADE = datetime(2026, 1, 5, 8, 12, tzinfo=UTC)


@pytest.fixture(scope="module", params=["en", "zh"])
def read(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, list[SiteTaskOutcome], str]:
    """The language, three furnaces and their page: one has prices of its own, one lost the energy
    of half of its heats.
    """
    folder, lang = tmp_path_factory.mktemp("group"), request.param
    fleet = load_fleet(group_of(folder, heats=240))
    own = folder / "works-1" / "site.toml"
    own.write_text(
        own.read_text(encoding="utf-8") + TARIFF.replace("inherit.", "").replace("0.62", "0.5"),
        encoding="utf-8",
    )
    energy = folder / "works-2" / "energy.csv"
    energy.write_text(
        "\n".join(energy.read_text(encoding="utf-8").splitlines()[:121]) + "\n", encoding="utf-8"
    )
    (folder / "fleet.toml").write_text(
        (folder / "fleet.toml").read_text(encoding="utf-8") + TARIFF, encoding="utf-8"
    )
    fleet = load_fleet(folder / "fleet.toml")
    outcomes = [
        do(Task(file, fleet.inherit, "2016", lang, str(folder / "out" / name_of(file))))
        for file in fleet.files()[:3]
    ]
    return (
        lang,
        outcomes,
        page.render("Example Group", "2016", outcomes, grouped(outcomes), lang, MADE),
    )


def test_a_row_says_of_how_many_batches_its_label_is_and_why_the_others_were_left_out(
    read: tuple[str, list[SiteTaskOutcome], str],
) -> None:
    lang, outcomes, written = read
    assert {"en": "120 of 240", "zh": "240 中的 120"}[lang] in written
    left_out = {
        "en": ("Batches left out: 120, at sites: 1", "w2-works-2: energy unknown 120"),
        "zh": ("未采用的批次：120，涉及生产厂区：1", "w2-works-2：能耗未知 120"),
    }[lang]
    folded = re.findall(r"<summary>([^<]*)</summary>\s*<ul><li>([^<]*)</li></ul>", written)
    assert folded == [left_out] * 2
    assert {"en": "the output of the batches used", "zh": "所采用批次的产量"}[lang] in written
    (site,) = [
        row
        for row in as_json("G", "2016", outcomes, grouped(outcomes))["steps"][0]["sites"]
        if row["site"] == "w2-works-2"
    ]
    assert (site["batches"], site["batches_read"], site["excluded"]) == (
        120,
        240,
        {"energy-unknown": 120},
    )


def test_labels_have_the_names_of_label_and_each_column_one_unit(
    read: tuple[str, list[SiteTaskOutcome], str],
) -> None:
    lang, _, written = read
    name = {
        "en": "Electric arc furnace · any steel · electricity",
        "zh": "电弧炉炼钢 · 不分钢种 · 电耗",
    }[lang]
    assert f"<caption>{name}, kWh/t (steel 1)</caption>" in written
    assert "liquid-steel" not in written
    saved = {"en": "Energy saved over the period", "zh": "本期可节约能量"}[lang]
    assert f">{saved} (MWh)</th>" in written
    assert f">{saved} (tce)</th>" in written
    assert {"en": ">Money saved over the period (CNY)</th>", "zh": ">本期可节约费用 (CNY)</th>"}[
        lang
    ] in written
    columns = re.findall(rf'data-l="{saved} \(\w+\)"><div>([^<]*)</div>', written)
    assert len(columns) == 6
    assert all(re.fullmatch(r"−?[\d.,]+|0", text) for text in columns), columns


def test_the_page_says_at_which_prices_and_whose_they_are(
    read: tuple[str, list[SiteTaskOutcome], str],
) -> None:
    lang, outcomes, written = read
    rows = re.findall(
        r'scope="row">([^<]*)</th>\s*<td[^>]*><div>([^<]*)</div></td> <td[^>]*><div>([^<]*)</div>',
        unescape(written),
    )
    assert (
        rows[-2:]
        == {
            "en": [
                (
                    "w0-works-2, w2-works-2",
                    "electricity 0.62 CNY/kWh",
                    "the group's fleet.toml, [inherit.tariff]",
                ),
                ("w1-works-2", "electricity 0.5 CNY/kWh", "its own site.toml, [tariff]"),
            ],
            "zh": [
                (
                    "w0-works-2，w2-works-2",
                    "电力 0.62 CNY/kWh",
                    "集团的 fleet.toml，[inherit.tariff]",
                ),
                ("w1-works-2", "电力 0.5 CNY/kWh", "该生产厂区自己的 site.toml，[tariff]"),
            ],
        }[lang]
    )
    assert [
        site["prices"]["inherited"]
        for site in as_json("G", "2016", outcomes, grouped(outcomes))["sites"]
    ] == [True, False, True]


def test_a_tariff_by_the_hour_is_told_by_its_least_and_most() -> None:
    own = step(350.0, 352.0)
    paid = SitePrices(
        inherited=False,
        carriers=(
            EnergyPrice("electricity", "CNY/kWh", 0.3, 0.9),
            EnergyPrice("coke", "CNY/t", None, None, "spot"),
        ),
    )
    outcomes = [SiteTaskOutcome(f"{name}/site.toml", name, name, "", (own,), paid) for name in "ab"]
    written = page.render("G", "2016", outcomes, grouped(outcomes), "en", MADE)
    assert "electricity 0.3 to 0.9 CNY/kWh, coke by the series spot, CNY/t" in written


def test_electricity_that_is_part_of_a_total_is_not_to_be_added(
    read: tuple[str, list[SiteTaskOutcome], str],
) -> None:
    lang, outcomes, written = read
    words = {
        "en": "This energy is part of the total of its step: do not add the two.",
        "zh": "该能量是其工序总量的一部分：请勿将二者相加。",
    }[lang]
    total, electricity = (written.index(f"<caption>{group.name}") for group in grouped(outcomes))
    assert total < electricity
    assert [
        at > electricity
        for at in (match.start() for match in re.finditer(re.escape(words), written))
    ] == [True]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_saving_without_money_has_its_reason(lang: str, tmp_path: Path) -> None:
    fleet = load_fleet(group_of(tmp_path, sites=2))
    outcomes = [
        do(Task(file, {}, "2016", lang, str(tmp_path / "out" / name_of(file))))
        for file in fleet.files()[:2]
    ]
    written = page.render("G", "2016", outcomes, grouped(outcomes), lang, MADE)
    sentence = {
        "en": "Sites without a saving in money: 2. site.toml has no [tariff], so no amount has a "
        "price.",
        "zh": "没有可节约费用的生产厂区：2。site.toml 中没有",
    }[lang]
    assert written.count(f"<summary>{sentence}") == 2
    assert (
        written.count({"en": "w0-works-2, w1-works-2", "zh": "w0-works-2，w1-works-2"}[lang]) == 2
    )


def test_items_of_a_list_are_parted_as_the_language_does() -> None:
    lacking = tuple(
        LackingLabel("eaf", "steel", "any", name, "too-few", 1, 1, {}, name)
        for name in ("total", "electricity")
    )
    outcomes = [
        SiteTaskOutcome("a/site.toml", "a", "a", "", (step(350.0, 352.0),), lacking=lacking)
    ]
    written = page.render("G", "2016", outcomes, grouped(outcomes), "zh", MADE)
    assert "total；electricity" in written
