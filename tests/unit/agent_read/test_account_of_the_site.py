"""A label of a site whose account does not show that all of its energy is in it says so, beside the
label and beside its grade.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.labels import StepLabel
from benchmarks.measurements import Period
from reporting_agent import pipeline
from reporting_agent.audit.openings.declared import declared_in
from reporting_agent.config import load_site
from reporting_agent.config.site_boundary import Flow
from reporting_agent.report import html, summary, tables
from reporting_agent.report.label_json import label_json
from tests.analysed import analysed
from tests.unit.agent_read.small_works import Ran, labelled, of, took, works
from tests.unit.agent_read.test_humidity_of_gas import converter

KILN = {
    "clinker-burning": Ran(
        4000, [took("coal", 125, "kg", 22.0), took("electricity", 26, "kWh")], {}, "grey"
    )
}
"""97.0 kgce/t: 125 kg of coal at 22 MJ/kg and 26 kWh at 0.1229 kgce."""
FENCE = """[site_boundary]
purchased = [
  { carrier = "coal", quantity = 3e7, unit = "kg", period = "2026", lhv = 22.0 },
  { carrier = "electricity", quantity = 6.24e6, unit = "kWh", period = "2026" },
]
"""
NONE = {
    "en": "The site declares no [site_boundary], so nothing shows that all of its energy is in "
    "this label",
    "zh": "本厂未声明 [site_boundary]，因此没有任何数据表明",
}


def test_a_label_without_an_account_says_so_in_every_form(tmp_path: Path) -> None:
    site = works(tmp_path, "cement", KILN, runs=365)
    result = labelled(site)
    analysis = analysed(site, result)
    entry = label_json(result, analysis)["steps"][0]
    assert entry["best"]["value"] == pytest.approx(97.03, abs=0.01)
    assert entry["grade"]["limits"]
    (of_label,), (of_grade,) = entry["account"], entry["grade"]["account"]
    assert of_grade == of_label
    columns = {
        column.name: column.values
        for column in tables.labels(result.site_label.steps, analysis.losses).columns
    }
    for lang, words in NONE.items():
        assert of_label[lang].startswith(words)
        assert "0.98 kgce/t" in of_label[lang]  # 97.03 / 0.99 - 97.03
        assert of_label[lang] in columns[f"beside_{lang}"][0]
        text = summary.as_text(result, lang=lang)
        assert text.index("grade" if lang == "en" else "等级") < text.index(words)
        page = html.render(site, result, analysis, lang, datetime(2027, 1, 1, tzinfo=UTC))
        assert page.count(of_label[lang]) == 2  # below the label, and with its limits


def test_an_account_that_closes_says_nothing(tmp_path: Path) -> None:
    result = labelled(works(tmp_path, "cement", KILN, FENCE))
    assert [label.account for label in result.site_label.steps if label.account] == []


def test_who_verifies_is_told_that_no_account_is_declared(tmp_path: Path) -> None:
    for settings, expected in (("", True), (FENCE, False)):
        assert (
            "no_account"
            in {
                declaration.kind
                for declaration in declared_in(works(tmp_path, "cement", KILN, settings))
            }
        ) is expected


COAL = '{{ carrier = "coal", quantity = {}, unit = "kg", period = "2026", lhv = {} }}'
POWER = '{ carrier = "electricity", quantity = 6.24e6, unit = "kWh", period = "2026" }'


def account_of(
    folder: Path,
    settings: str,
    step: str = "clinker-burning",
    ran: dict[str, Ran] = KILN,
    pack: str = "cement",
) -> list[str]:
    return [remark.en for remark in of(labelled(works(folder, pack, ran, settings)), step).account]


STEAM = 'carrier = "steam", quantity = 6.171e8, unit = "MJ", period = "2026"'
CASTING = Ran(
    1000,
    [
        took("electricity", 50, "kWh"),
        took("natural-gas", 30, "Nm3", 35.5),
        took("steam", 6.171e8 / 60_000, "MJ"),
    ],
)
NET = f"""[[site_boundary.conversions]]
id = "net"
takes = [{{ {STEAM} }}]
gives = [{{ carrier = "heat", quantity = 5.9e8, unit = "MJ", period = "2026" }}]
"""


def refinery(
    folder: Path, users: str = "", more: str = "", beside: dict[str, Ran] | None = None
) -> StepLabel:
    """130 kg/t of coal at 23 in a boiler of 86 %: 2.99 GJ/t of 29.3076 MJ are 102 kgce/t."""
    burnt = [
        took("natural-gas", 85, "Nm3", 35.5),
        took("coal", 170, "kg", 23.0),
        took("electricity", 230, "kWh"),
    ]
    gas = (
        '{ carrier = "natural-gas", quantity = 2.04e7, unit = "Nm3", period = "2026", lhv = 35.5 }'
    )
    fence = (
        f"[site_boundary]\npurchased = [{COAL.format(7.2e7, 23.0)}, {gas}, "
        f"{POWER.replace('6.24e6', '5.52e7')}]\n{users}\n"
    )
    boiler = (
        '[[site_boundary.conversions]]\nid = "boiler"\ntakes = '
        f"[{COAL.format(3.12e7, 23.0)}]\ngives = [{{ {STEAM} }}]\n"
    )
    ran = {"alumina-refining": Ran(4000, burnt, {}, "bayer")} | (beside or {})
    return of(labelled(works(folder, "aluminium", ran, fence + boiler + more)), "alumina-refining")


def test_a_boiler_whose_steam_is_in_no_row_is_told_beside_the_label_with_its_coal(
    tmp_path: Path,
) -> None:
    (sentence,) = (remark.en for remark in refinery(tmp_path).account)
    assert sentence.startswith(
        "The site's balance of steam does not close: 617,100,000 MJ of 617,100,000 MJ is in no "
        "use that is counted or named."
    )
    assert "the label would be higher by 102 kgce/t." in sentence


@pytest.mark.parametrize(
    ("users", "more", "beside", "is_told"),
    [
        (
            f'auxiliaries = [{{ {STEAM}, step = "aluminium-casting" }}]',
            "",
            None,
            True,
        ),  # which did not run
        (
            "",
            "",
            {"aluminium-casting": CASTING},
            True,
        ),  # whose runs are left out, or count no steam
        ('losses = [{ carrier = "steam", pct = 99.9 }]', "", None, True),
        ("", NET, None, True),  # a network that gives to nobody
        (f"sold = [{{ {STEAM} }}]", "", None, False),
    ],
    ids=["auxiliaries of no label", "rows of another step", "losses", "a network", "sold"],
)
def test_a_boiler_whose_steam_nobody_pays_for_is_told(
    tmp_path: Path, users: str, more: str, beside: dict[str, Ran] | None, is_told: bool
) -> None:
    sentences = [
        proviso.en
        for proviso in refinery(tmp_path, users, more, beside).provisos
        if " of what boiler of [site_boundary] makes" in proviso.en
    ]
    assert len(sentences) == is_told
    assert (
        not sentences
        or "use 0% of what boiler of [site_boundary] makes. If its input for the rest belonged to "
        "this step, "
        "the label would be higher by 102 kgce/t."
        in sentences[0]
    )


@pytest.mark.parametrize(
    ("purchased", "parts"),
    [
        (f"{COAL.format(3e7, 22)}, {POWER}", []),
        (
            f"{COAL.format(3.3e7, 22)}, {POWER}",
            [
                "coal does not close: 3,000,000 kg of 33,000,000 kg is in no use",
                "higher by 9.38 kgce/t.",
            ],
        ),
        (
            f"{COAL.format(2.7e7, 22)}, {POWER}",
            ["coal does not close: 3,000,000 kg more is used", "output that is 9.38 kgce/t."],
        ),
        (
            POWER,
            ["coal does not close: 30,000,000 kg more is used", "output that is 93.8 kgce/t."],
        ),  # no coal is in the account
        (
            COAL.format(3e7, 22).replace("kg", "MJ").replace(", lhv = 22", "") + f", {POWER}",
            ["coal does not close"],
        ),
        (
            f"{COAL.format(3.3e7, 22).replace('2026', '2025')}, {POWER}",
            ["coal does not close: 30,000,000 kg more is used"],
        ),  # of another year
    ],
)
def test_an_open_balance_is_told_with_its_size(
    tmp_path: Path, purchased: str, parts: list[str]
) -> None:
    """240,000 t of clinker at 125 kg/t: 3e7 kg; a tenth of it at 22 MJ/kg is 9.38 kgce/t."""
    sentences = account_of(tmp_path, f"[site_boundary]\npurchased = [{purchased}]\n")
    assert len(sentences) == bool(parts)
    assert all(part in sentences[0] for part in parts)


METERED = """readings = "readings.csv"
[[meters]]
id = "power"
step = "clinker-burning"
carrier = "electricity"
reading = "register"
unit = "kWh"
accuracy_class = 1
{main}[site_boundary]
purchased = [{{ carrier = "electricity", {amount} }}, {coal}]
"""
MAIN = (
    '[[meters]]\nid = "main"\ncarrier = "electricity"\nreading = "register"\nunit = '
    '"kWh"\naccuracy_class = 1\n'
)


@pytest.mark.parametrize(
    ("amount", "main", "is_told"),
    [
        ('meter = "power"', "", True),
        ('quantity = 3.6e7, unit = "kWh", period = "2026-Q1"', "", False),  # a bill
        ('meter = "main"', MAIN, False),
    ],
)
def test_purchases_that_are_the_labels_own_meter_show_nothing(
    tmp_path: Path, amount: str, main: str, is_told: bool
) -> None:
    """90 days of 4,000 t and 400 MWh: each percent of the 12.3 kgce of power is 0.12."""
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        f"{meter},{(begin + timedelta(minutes=15 * at)).isoformat()},{400_000 / 96 * at:.2f}"
        for meter in ("power", *(["main"] if main else []))
        for at in range(90 * 96 + 1)
    ]
    (tmp_path / "readings.csv").write_text(
        "\n".join(["meter_id,timestamp,value", *rows]) + "\n", encoding="utf-8"
    )
    kiln = {"clinker-burning": Ran(4000, [took("coal", 125, "kg", 22.0)], {}, "grey")}
    coal = COAL.format(4.5e7, 22.0).replace('"2026"', '"2026-Q1"')
    site = works(
        tmp_path, "cement", kiln, METERED.format(amount=amount, main=main, coal=coal), runs=90
    )
    label = of(pipeline.label(site, Period.parse("2026-Q1", UTC)), "clinker-burning")
    remarks = [
        remark.en
        for remark in label.account
        if "states its purchase of electricity as the readings of power" in remark.en
    ]
    assert [("0.12 kgce/t" in remark) for remark in remarks] == [True] * is_told, [
        remark.en for remark in label.account
    ]


@pytest.mark.parametrize(
    ("source", "wanted"), [("measured", 8.1), ("contract", 8.1), ("default", None)]
)
def test_a_default_of_a_meter_is_no_heating_value_of_the_plants(
    tmp_path: Path, source: str, wanted: float | None
) -> None:
    """The pack has the defaults, and what the meter says of one counts as not given, in its runs
    and in the site's account alike.
    """
    path = converter(tmp_path, "", 90, "Nm3")
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            'lhv_source = "measured"', f'lhv_source = "{source}"'
        ),
        encoding="utf-8",
    )
    site = load_site(path)
    whole = labelled(site).sitewide(site)
    amount = whole.amount(Flow(carrier="converter-gas", meter="ldg"))
    assert amount is not None
    assert amount[1:] == ("Nm3", wanted)
    assert {lhv for (_, carrier, _, _, lhv) in whole.amounts if carrier == "converter-gas"} == {
        wanted
    }
