"""`steplabel-agent worth`: what gaps are worth at the site's own tariff, and one good at the
border, with every input and its act.
"""

from __future__ import annotations

import contextlib
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reporting_agent.cli import main
from tests.unit.guidance.test_practices import TARIFF

CHINA = ("--origin", "CN", "--known", "2026-11-01")
BORDER = '[[border]]\ncn_code = "25231000"\norigin = "CN"\nroute = "A"\nemissions = 0.842\n'


def asked(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> Any:
    assert main(["worth", *arguments, "--json"]) == status
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "tonnes"),
    [
        (("hot-rolled-flat", "2026"), 3.187 * 1.1 - 0.975 * 1.370),
        (("hot-rolled-flat", "2030"), 3.187 * 1.3 - 0.515 * 1.370),
        (("grey-clinker", "2026"), 1.39 * 1.1 - 0.975 * 0.666),
        (("primary-aluminium", "2026"), 3.0 * 1.1 - 0.975 * 1.423),
        (("7208", "2030", "--route", "C"), 3.187 * 1.3 - 0.515 * 1.370),
        (("grey-clinker", "2026", "--emissions", "0.842"), 0.842 - 0.975 * 0.666),  # column A
        (
            ("7208", "2026", "--route", "C", "--emissions", "2.1", "--precursor", "7201=0.95"),
            2.1 - 0.975 * (0.044 + 0.95 * 1.089),
        ),
        (("grey-clinker", "2026", "--emissions", "0.1"), 0.0),
    ],
)
def test_a_good_at_the_border_comes_with_each_input_and_its_act(
    arguments: tuple[str, ...], tonnes: float, capsys: pytest.CaptureFixture[str]
) -> None:
    good, year, *more = arguments
    answer = asked(capsys, "cbam", "--good", good, "--year", year, *CHINA, *more)
    assert answer["certificates_t_per_t"] == pytest.approx(tonnes, abs=1e-9)
    assert (answer["origin"], answer["year"], answer["known"]) == ("CN", int(year), "2026-11-01")
    assert answer["basis"] == ("attested" if "--emissions" in more else "default")
    assert all(
        entry["source"] is not None or entry["name"] == "attested-emissions"
        for entry in answer["inputs"]
    )
    acts = {entry["name"]: entry["source"] and entry["source"]["act"] for entry in answer["inputs"]}
    assert acts["phase-out"] == "phase-out-2003-87"
    assert any("not been compared with their text" in caveat for caveat in answer["caveats"])


def test_a_price_and_what_was_paid_at_home_make_the_cost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = asked(
        capsys,
        "cbam",
        "--good",
        "grey-clinker",
        "--year",
        "2026",
        *CHINA,
        "--emissions",
        "0.842",
        "--price",
        "80",
        "--paid-at-home",
        "5",
    )
    assert answer["cost_eur_per_t"] == pytest.approx((0.842 - 0.975 * 0.666) * 80 - 5)
    assert (
        asked(capsys, "cbam", "--good", "grey-clinker", "--year", "2026", *CHINA)["cost_eur_per_t"]
        is None
    ), "no price is held"


def test_the_law_is_asked_as_it_was_known(capsys: pytest.CaptureFixture[str]) -> None:
    """Before 2026/1740 was published no default value is held: nothing is worked out with one that
    nobody could know.
    """
    answer = asked(
        capsys,
        "cbam",
        "--good",
        "grey-clinker",
        "--year",
        "2026",
        "--origin",
        "CN",
        "--known",
        "2026-07-30",
        status=1,
    )
    assert answer["error"]["code"] == "border-act-missing"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--good", "hot-rolled-flat", "--year", "2026", "--origin", "DE"), "border-none"),
        (("--good", "hot-rolled-flat", "--year", "2025", "--origin", "CN"), "border-not-yet"),
        (("--good", "bricks", "--year", "2026", "--origin", "CN"), "border-goods-unknown"),
        (
            ("--good", "hot-rolled-flat", "--year", "2026", "--origin", "CN", "--emissions", "2"),
            "border-goods-ambiguous",
        ),
    ],
)
def test_what_cannot_be_worked_out_is_refused(
    arguments: tuple[str, ...], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(capsys, "cbam", *arguments, status=1)["error"]["code"] == code


@pytest.mark.parametrize("origin", ["China", "CHN", "中国"])
def test_a_country_by_another_name_than_its_code_is_refused(
    origin: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["worth", "cbam", "--good", "hot-rolled-flat", "--year", "2026", "--origin", origin])
    assert f"{origin} is no country: write it as CN" in capsys.readouterr().err
    assert (
        asked(capsys, "cbam", "--good", "hot-rolled-flat", "--year", "2026", "--origin", "cn")[
            "origin"
        ]
        == "CN"
    )


def test_another_route_than_the_acts_have_is_refused_by_its_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = asked(
        capsys,
        "cbam",
        "--good",
        "hot-rolled-flat",
        "--year",
        "2026",
        *CHINA,
        "--route",
        "D",
        status=1,
    )
    error = answer["error"]
    assert error["code"] == "border-goods-unknown"
    assert error["sentence"].endswith(
        "contains no value for goods with the code 7208 by route D (direct reduction)."
    )
    assert error["remedy"] == "Available by route: C."


def test_the_route_that_was_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    answer = asked(capsys, "cbam", "--good", "hot-rolled-flat", "--year", "2026", *CHINA)
    assert answer["route"] == "C"
    assert (
        "No route was named. The only default value is that of route C (blast furnace), so it "
        "applies." in answer["caveats"]
    )
    named = asked(
        capsys, "cbam", "--good", "hot-rolled-flat", "--year", "2026", *CHINA, "--route", "C"
    )
    assert not any("No route was named" in caveat for caveat in named["caveats"])
    assert main(["worth", "cbam", "--good", "hot-rolled-flat", "--year", "2026", *CHINA]) == 0
    assert "Route of production: C (blast furnace)." in capsys.readouterr().out


def test_a_share_is_said_in_per_cent_and_money_by_what_it_is_of(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert (
        main(
            [
                "worth",
                "cbam",
                "--good",
                "grey-clinker",
                "--year",
                "2026",
                *CHINA,
                "--price",
                "80",
                "--paid-at-home",
                "3",
            ]
        )
        == 0
    )
    text = capsys.readouterr().out
    assert "Mark-up on default values: 10 % (" in text
    assert "Carbon price paid at home, per tonne of the goods: 3 EUR/t (" in text
    assert "Cross-sectoral correction factor: 1 (" in text


def test_law_of_a_day_to_come_is_said_to_be_that_of_today(
    capsys: pytest.CaptureFixture[str],
) -> None:
    day = (datetime.now(UTC) + timedelta(days=200)).date().isoformat()
    later = asked(
        capsys, "cbam", "--good", "grey-clinker", "--year", "2034", "--origin", "CN", "--known", day
    )
    assert f"{day} is still to come: later acts may change this." in later["caveats"]
    now = asked(capsys, "cbam", "--good", "grey-clinker", "--year", "2034", "--origin", "CN")
    assert not any("still to come" in caveat for caveat in now["caveats"])


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--site", "site.toml"),
        ("cbam", "--good", "grey-clinker"),
        ("cbam", "--good", "grey-clinker", "--year", "26", "--origin", "CN"),
        (
            "cbam",
            "--good",
            "grey-clinker",
            "--year",
            "2026",
            "--origin",
            "CN",
            "--emissions",
            "NaN",
        ),
        ("cbam", "--good", "grey-clinker", "--year", "2026", "--origin", "CN", "--price", "-1"),
        (
            "cbam",
            "--good",
            "7208",
            "--year",
            "2026",
            "--origin",
            "CN",
            "--precursor",
            "7201=1",
        ),  # of default values none counts
        (
            "cbam",
            "--good",
            "7208",
            "--year",
            "2026",
            "--origin",
            "CN",
            "--emissions",
            "2",
            "--precursor",
            "7201",
        ),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["worth", *arguments])
    assert left.value.code == 2


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            (
                "grey clinker from CN",
                "for 0.880 t CO2e",
                "Phase-out factor",
                "0.975 (Directive 2003/87/EC, Article 10a(1a))",
            ),
        ),
        (
            "zh",
            (
                "灰熟料，原产地 CN，2026 年进口",
                "0.880",
                "0.975（指令 2003/87/EC 第 10a(1a) 条）",
                "没有 2026-11-01 的证书价格",
            ),
        ),
    ],
)
def test_the_answer_is_said_with_its_inputs_in_the_readers_language(
    lang: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["worth", "cbam", "--good", "grey-clinker", "--year", "2026", *CHINA, "--lang", lang])
        == 0
    )
    text = capsys.readouterr().out
    assert [part for part in words if part not in text] == []
    assert ("clinker" in text or "Regulation" in text or "Phase-out" in text) == (lang == "en")


@pytest.fixture(scope="module")
def melts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site.toml of sixty heats from 350 to 409 kWh/t, with goods for the border."""
    folder, start = tmp_path_factory.mktemp("heats"), datetime(2016, 5, 1, tzinfo=UTC)
    heats = [(f"H{n:02}", start + timedelta(hours=n), 35_000 + 100 * n) for n in range(60)]
    batches = [
        f"{name},eaf,{at.isoformat()},{(at + timedelta(minutes=50)).isoformat()},100,0"
        for name, at, _ in heats
    ]
    (folder / "batches.csv").write_text(
        "\n".join(["batch_id,step,start,end,output_quantity,var.hot_metal_pct", *batches]) + "\n"
    )
    energy = [f"{name},eaf,electricity,{kwh},kWh" for name, _, kwh in heats]
    (folder / "energy.csv").write_text(
        "\n".join(["batch_id,step,carrier,quantity,unit", *energy]) + "\n"
    )
    site = folder / "site.toml"
    site.write_text(
        '[site]\nid = "works"\ntimezone = "UTC"\npack = "steel"\n[inputs]\nbatches = '
        '"batches.csv"\nenergy = "energy.csv"\n'
        '[steps.eaf]\nnot_used = ["natural-gas", "coke"]\n' + TARIFF + BORDER
    )
    return site


@pytest.fixture(scope="module")
def both_answers(melts: Path) -> tuple[Any, Any]:
    """What `worth` and what `label` say of the heats."""
    answers = []
    for command in (("worth",), ("label", "--out", str(melts.parent / "label"))):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            assert main([*command, "--site", str(melts), "--period", "2016", "--json"]) == 0
        answers.append(json.loads(out.getvalue()))
    worth, label = answers
    return worth, label


def test_each_gap_of_a_site_in_energy_co2_and_money(both_answers: tuple[Any, Any]) -> None:
    """The label is the third least of sixty, 352 kWh/t: what lies above it adds up to 100 t x (0 +
    1 + ... + 57) kWh/t.
    """
    worth, _ = both_answers
    assert (worth["schema"], worth["currency"]) == ("steplabel/worth/1", "CNY")
    (melting,) = (row for row in worth["steps"] if row["metric"] == "electricity")
    assert melting["gap"]["energy"] == pytest.approx(100 * sum(range(58)))
    for part in ("gap", "unexplained"):
        amount = melting[part]
        assert amount["kwh"] == pytest.approx(amount["energy"])
        assert amount["money"] == pytest.approx(0.6 * amount["kwh"])  # 600 CNY/MWh
        assert amount["tce"] == pytest.approx(
            0.1229 * amount["kwh"] / 1000, rel=1e-3
        )  # GB/T 2589, calorific
    parts = ("explained", "within_uncertainty", "avoidable", "unexplained")
    for step in worth["steps"]:
        for unit in ("energy", "kwh", "tce"):
            assert sum(step[part][unit] for part in parts) == pytest.approx(step["gap"][unit])
    (clinker,) = worth["border"]
    last = clinker["years"][-1]
    assert (last["year"], last["attested"]["certificates_t_per_t"]) == (
        2034,
        pytest.approx(0.842),
    ), "nothing is free any more"


def test_the_same_energy_is_not_told_twice_without_a_word(
    melts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["worth", "--site", str(melts), "--period", "2016"]) == 0
    total, *rest = capsys.readouterr().out.splitlines()
    assert "do not add" not in total
    assert [line.strip() for line in rest].count(
        "This energy is part of the total of its step: do not add the two."
    ) == 1


def test_a_person_is_told_the_parts_of_a_gap_and_the_goods_at_the_border(
    melts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["worth", "--site", str(melts), "--period", "2016"]) == 0
    text = capsys.readouterr().out
    assert text.count("  Of this, explained 0, within the uncertainty ") == 2
    assert "per tonne of 25231000 A from CN:" in text
    assert "2034: certificates for " in text
    assert " on default values, for 0.842 t CO2e on attested ones" in text


def test_the_gaps_are_those_of_label_json(both_answers: tuple[Any, Any]) -> None:
    worth, label = both_answers
    key = ("step", "product", "variant", "metric")
    gaps = {
        tuple(row[name] for name in key): row["gap"]
        for row in label["steps"]
        if row["gap"] is not None
    }
    assert len(worth["steps"]) == len(gaps) > 0
    for step in worth["steps"]:
        of_label = gaps[tuple(step[name] for name in key)]
        assert step["gap"]["energy"] == pytest.approx(of_label["energy"])
        assert step["avoidable"]["energy"] == pytest.approx(of_label["avoidable"])
