"""What is wrong in site.toml and the files beside it is said in the reader's language, what was
found and what is wanted too.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.carriers import CARRIERS
from benchmarks.errors import InputError
from reporting_agent.config import load_site
from reporting_agent.savings.actions import load_actions
from tests.unit.languages.test_third_language import english

SITE = """
[site]
id = "works"
timezone = "Asia/Shanghai"
pack = "steel"

[inputs]
batches = "batches.csv"
energy = "energy.csv"
"""
METER = """
[[meters]]
id = "m1"
carrier = "electricity"
unit = "kWh"
reading = "register"
"""
OWN = ("works", "m1", "m9", "degC", "docs/agent.md", "docs/savings.md")
"""Ids, units and pages, the same in every language."""


def refusal(folder: Path, text: str) -> InputError:
    (folder / "site.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_site(folder / "site.toml")
    return refused.value


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(METER + 'parent = "m9"\n', id="a meter that is not declared"),
        pytest.param(METER + 'parent = "m1"\n', id="a meter that hangs on itself"),
        pytest.param(METER + METER, id="a meter that stands twice"),
        pytest.param(METER + "range = [2.0, 1.0]\n", id="a range upside down"),
        pytest.param(METER + 'temperature_meter = "m9"\n', id="no meter of temperature"),
        pytest.param(METER + "relative_humidity_pct = 20.0\n", id="humidity of electricity"),
        pytest.param('[steps.coking]\nmade_inside = ["coke"]\n', id="a medium that is none"),
        pytest.param(
            '[emissions]\nelectricity = [{ from = "soon", kg_per_kwh = 0.5, source = "grid" }]\n',
            id="no date",
        ),
    ],
)
def test_a_fault_of_site_toml_is_told_in_it(language: str, tmp_path: Path, wrong: str) -> None:
    screen = refusal(tmp_path, SITE + wrong).in_words(language)
    keys = (
        "steps",
        "from",
        "coking",
        "parent",
        "range",
        "soon",
        "meters",
        "emissions",
        "made_inside",
        "temperature_meter",
        "relative_humidity_pct",
    )
    ids = sorted(
        {*CARRIERS, *OWN, *keys}, key=len, reverse=True
    )  # the longest first: one may hold another
    assert english(screen, str(tmp_path), *ids) <= {
        "site",
        "invalid",
        "meter",
        "tree",
        "lowest",
        "highest",
        "role",
        "state",
    }


def test_a_fault_of_actions_toml_is_told_in_it(language: str, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    action = (
        '[[actions]]\nid = "a1"\nmeter = "m9"\nwhat = "w"\nowner = "o"\nstate = "done"\nday = '
        "2025-01-01\n"
    )
    (tmp_path / "actions.toml").write_text(action, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_actions(load_site(tmp_path / "site.toml"))
    assert english(refused.value.in_words(language), str(tmp_path), *OWN, "meter") == set()


def test_a_name_that_nobody_knows_is_told_apart_from_a_contradiction(tmp_path: Path) -> None:
    assert refusal(tmp_path, SITE.replace("Shanghai", "Shanhai")).sentence.startswith(
        "This value in the site file is not known"
    )
    assert refusal(tmp_path, SITE + METER + METER).sentence.startswith(
        "The site file contradicts itself"
    )
