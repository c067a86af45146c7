"""The page of the group: what was left out of each label, what things are called, in which units, and by which prices."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporting_agent.fleet import page
from reporting_agent.fleet.declared import load_fleet
from reporting_agent.fleet.one_site import do
from reporting_agent.fleet.site_tasks import Outcome, Task, name_of
from reporting_agent.fleet.sites_compared import as_json, grouped
from tests.unit.fleet.test_fleet import TARIFF, group_of

MADE = datetime(2026, 1, 5, 8, 12, tzinfo=UTC)


@pytest.fixture(scope="module", params=["en", "zh"])
def read(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Outcome], str]:
    """The language, three furnaces and their page: one has prices of its own, one lost the energy of half of its heats."""
    folder, lang = tmp_path_factory.mktemp("group"), request.param
    fleet = load_fleet(group_of(folder, heats=240))
    own = folder / "works-1" / "site.toml"
    own.write_text(own.read_text(encoding="utf-8") + TARIFF.replace("inherit.", "").replace("0.62", "0.5"), encoding="utf-8")
    energy = folder / "works-2" / "energy.csv"
    energy.write_text("\n".join(energy.read_text(encoding="utf-8").splitlines()[:121]) + "\n", encoding="utf-8")
    (folder / "fleet.toml").write_text((folder / "fleet.toml").read_text(encoding="utf-8") + TARIFF, encoding="utf-8")
    fleet = load_fleet(folder / "fleet.toml")
    outcomes = [do(Task(file, fleet.inherit, "2016", lang, str(folder / "out" / name_of(file)))) for file in fleet.files()[:3]]
    return lang, outcomes, page.render("Example Group", "2016", outcomes, grouped(outcomes), lang, MADE)


def test_a_row_says_of_how_many_batches_its_label_is_and_why_the_others_were_left_out(read: tuple[str, list[Outcome], str]) -> None:
    lang, outcomes, written = read
    assert {"en": "120 of 240", "zh": "240 中的 120"}[lang] in written
    assert {"en": "Batches left out: w2-works-2: energy unknown 120", "zh": "未采用的批次：w2-works-2：能耗未知 120"}[lang] in written
    assert {"en": "the output of the batches used", "zh": "所采用批次的产量"}[lang] in written
    (site,) = [
        row for row in as_json("G", "2016", outcomes, grouped(outcomes))["steps"][0]["sites"] if row["site"] == "w2-works-2"
    ]
    assert (site["batches"], site["batches_read"], site["excluded"]) == (120, 240, {"energy-unknown": 120})
