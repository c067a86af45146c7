"""From a plant's raw file to label.json: whatever number of the method is changed, the label names
another digest, the old label comes out again to the last digit, and the effects that are told
beforehand are those that the two labels show.

A kiln of 100 days: 140 kg/t of coal at 25 MJ/kg, on the last twenty 115 kg/t at 31 MJ/kg; 30 kWh/t.
140 x 25 / 29.3076 + 30 x 0.1229 is 123.11 kgce/t; 115 x 31 / 29.3076 + 3.687 is 125.33.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks import packs
from benchmarks.conversion import MJ_PER_KGCE, TABLE
from reporting_agent.changes import questioned_label
from reporting_agent.cli import main
from reporting_agent.config import load_site

NOW = datetime(2024, 1, 2, tzinfo=UTC)
COAL = '{ carrier = "coal", least = 8, most = 33,'
# what is changed, of factors or pack: from, to; the number that is told; the label after it, kgce/t
CHANGES = {
    "a bound": (
        COAL,
        COAL.replace("33", "30"),
        ("heating-value: coal.heating-value.most", "33", "30"),
        140 * 25 / float(MJ_PER_KGCE) + 3.687,
    ),
    "a factor": (
        "kgce_per_unit = 0.1229\n",
        "kgce_per_unit = 0.1329\n",
        ("factor: electricity.calorific.2008-06-01", "0.1229", "0.1329"),
        140 * 25 / float(MJ_PER_KGCE) + 3.987,
    ),
    "a threshold": (
        (
            "quantile = 0.20\nfewest_batches = 50\nleast_completeness = 0.98\nlongest_gap_s = "
            "3600\nshortest_s = 72000"
        ),
        (
            "quantile = 0.20\nfewest_batches = 50\nleast_completeness = 0.98\nlongest_gap_s = "
            "3600\nshortest_s = 86500"
        ),
        ("validity: steps.clinker-burning.shortest_s", "72000", "86500"),
        None,
    ),
}


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    days = [date(2023, 1, 1) + timedelta(days=number) for number in range(100)]
    runs = [
        f"{day},clinker-burning,,grey,{day}T00:00,{day + timedelta(days=1)}T00:00,1000,t"
        for day in days
    ]
    energy = [
        f"{day},clinker-burning,coal,{140 if number < 80 else 115},t,{25 if number < 80 else 31},MJ/kg"
        for number, day in enumerate(days)
    ]
    energy += [f"{day},clinker-burning,electricity,30000,kWh,," for day in days]
    head = "batch_id,step,product,variant,start,end,output_quantity,output_unit"
    (tmp_path / "runs.csv").write_text("\n".join([head, *runs]) + "\n", encoding="utf-8")
    (tmp_path / "energy.csv").write_text(
        "\n".join(["batch_id,step,carrier,quantity,unit,lhv,lhv_unit", *energy]) + "\n",
        encoding="utf-8",
    )
    return tmp_path


def proposed(folder: Path, name: str, before: str = "", after: str = "") -> Path:
    """The cement pack with a table of its own, in one of which `before` is replaced, at the first
    place.
    """
    pack = (
        (packs.HOME / "cement.toml")
        .read_text(encoding="utf-8")
        .replace('conversion = "1"', f'conversion = "./{name}-factors.toml"')
    )
    table = TABLE.read_text(encoding="utf-8")
    assert not before or (before in pack) is not (before in table)
    pack = pack.replace('version = "1"', 'version = "1-proposed"', 1)
    head, burning, rest = pack.partition('\nid = "clinker-burning"\n')
    (folder / f"{name}-factors.toml").write_text(
        table.replace(before, after) if before else table, encoding="utf-8"
    )
    (folder / f"{name}.toml").write_text(
        head + burning + (rest.replace(before, after, 1) if before else rest), encoding="utf-8"
    )
    return folder / f"{name}.toml"


def labelled(folder: Path, pack: Path) -> dict[str, Any]:
    site = folder / f"site-{pack.stem}.toml"
    settings = (
        '[site]\nid = "kiln"\ntimezone = "Asia/Shanghai"\npack = '
        f'"./{pack.name}"\n[inputs]\nbatches = "runs.csv"\nenergy = "energy.csv"\n'
    )
    site.write_text(settings, encoding="utf-8")
    label = questioned_label.labelled(load_site(site), "2023", NOW, for_others=True)
    return label.result.site_label.to_json()


def total(label: dict[str, Any]) -> dict[str, Any]:
    return next(step for step in label["steps"] if step["metric"] == "total")


@pytest.mark.parametrize("changed", CHANGES)
def test_a_changed_number_is_another_digest_and_moves_what_was_told(
    plant: Path, capsys: pytest.CaptureFixture[str], changed: str
) -> None:
    before, after, (place, was, is_), best = CHANGES[changed]
    old, new = proposed(plant, "old"), proposed(plant, "new", before, after)
    first, second = labelled(plant, old), labelled(plant, new)
    assert first["method"]["pack_digest"] != second["method"]["pack_digest"]
    assert (first["method"]["conversion_digest"] == second["method"]["conversion_digest"]) is (
        changed == "a threshold"
    )
    assert total(first)["best"]["value"] == pytest.approx(140 * 25 / float(MJ_PER_KGCE) + 3.687)
    assert total(second)["best"]["value"] == (None if best is None else pytest.approx(best))
    assert labelled(plant, old) == first  # to the last digit, with the old numbers

    capsys.readouterr()
    assert (
        main(
            [
                "pack",
                "diff",
                str(old),
                str(new),
                "--site",
                str(plant / "site-old.toml"),
                "--period",
                "2023",
                "--json",
            ]
        )
        == 0
    )
    report = json.loads(capsys.readouterr().out)
    assert report["numbers"][0]["place"] == place
    assert {(number["before"], number["after"]) for number in report["numbers"]} == {(was, is_)}
    moved = {
        (label["metric"], label["value"]): (label["before"], label["after"])
        for label in report["labels"]
    }
    shown = {
        (earlier["metric"], name): tuple(value)
        for earlier, other in zip(first["steps"], second["steps"], strict=True)
        for name in ("best", "typical", "mean")
        if (
            value := [
                step[name]["value"] if name == "best" else step[name] for step in (earlier, other)
            ]
        )[0]
        != value[1]
    }
    assert moved == shown
    assert "clinker-burning" in [move["step"] for move in report["labels_move"]]
