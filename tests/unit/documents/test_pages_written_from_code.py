"""The pages that are written from the code say what the code says; the lists of reasons hold every
reason and no other.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from django.test import Client

from benchmarks import packs
from benchmarks.carriers import CARRIERS
from benchmarks.conversion import FactorTable
from reporting_agent.cli import COMMANDS
from reporting_agent.pipeline import scattered
from tests.documents import (
    addresses,
    decisions_index,
    demo_figures,
    errors_page,
    openapi,
    pack_numbers,
    sizing,
)
from tests.documents.__main__ import BUILT, build
from tests.documents.reasons import LISTS
from tests.documents.refusals import ROOT

WRITE = "run python -m tests.documents --write"


@pytest.mark.slow
def test_the_tables_of_refusals_are_those_of_the_code() -> None:
    text = errors_page.REASONS.read_text(encoding="utf-8")
    assert errors_page.filled(text) == text, WRITE
    page = errors_page.page()
    assert all(f"## {title}\n" in page for title in list(errors_page.PARTS.values())[:3])
    assert page.count("\n| `") > 500


@pytest.mark.parametrize("name", LISTS)
def test_every_reason_stands_in_its_list_and_no_other(name: str) -> None:
    listed = errors_page.listed_codes(name)
    assert sorted(listed) == sorted(LISTS[name]()), f"docs/reasons.md, reasons: {name}"


@pytest.mark.slow
def test_the_reference_builds_whole_and_its_links_lead_somewhere(tmp_path: Path) -> None:
    """The API's description without a guess of its generator, and valid by its own standard."""
    folder = tmp_path / "docs" / "reference"
    build(folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(BUILT)
    commands = (folder / "cli.md").read_text(encoding="utf-8")
    assert [f"\n## {name}\n" for name in COMMANDS if f"\n## {name}\n" not in commands] == []
    for page in folder.glob("*.md"):
        for target in re.findall(r"\]\(([^)\s#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            built = (ROOT / "docs" / "reference" / target).resolve()
            assert built.name in BUILT or built.exists(), f"{page.name}: {target}"


def test_the_decisions_are_few_and_listed_by_their_titles() -> None:
    records = list(decisions_index.records())
    assert len({number for number, _, _ in records}) == len(records) <= 30
    for number, decision, path in records:
        words = re.sub(r"[^a-z0-9]+", "-", decision.lower().replace("'", "")).strip("-")
        assert path.stem == f"{number}-{words}", "a file is named by its decision"
    assert decisions_index.page() == decisions_index.PAGE.read_text(encoding="utf-8"), WRITE


def test_sizing_is_worked_out_from_the_run_that_is_kept() -> None:
    text = sizing.PAGE.read_text(encoding="utf-8")
    assert sizing.filled(text) == text, WRITE
    with pytest.raises(LookupError, match="0 places for the table 'needs'"):
        sizing.filled(text.replace("table: needs", "table: need"))
    assert sizing.need(20_000, MEASURED).web_cores == pytest.approx(
        2 * sizing.need(10_000, MEASURED).web_cores
    )
    # by hand: 36,000 sites in an hour at 3 times the mean are 30 a second; 10 ms of the database
    # each is 0.3 cores, 70 % used 0.43
    assert sizing.need(36_000, MEASURED).database_cores == pytest.approx(0.3 / 0.7)
    assert sizing.first_limit(sizing.need(10_000, MEASURED)).startswith("nothing")
    assert "one row" in sizing.first_limit(sizing.need(1_000_000, MEASURED))


MEASURED = {
    "cpu_s_per_1000": {"web": 20.0, "worker": 50.0, "database": 10.0},
    "log_held_ms": 2.0,
    "database_bytes_per_report": 20_000,
}


def test_the_list_of_addresses_says_to_whom_each_page_is_open() -> None:
    open_to = {where: roles for where, roles, _ in addresses.rows()}
    assert open_to["/"] == "everybody"
    assert open_to["/account/"] == "who is signed in"
    assert open_to["/our-plant/<slug>/"] == "enterprise"
    assert open_to["/agents/<device>/revoke/"] == "enterprise, regulator"


def test_the_page_of_numbers_lacks_no_source() -> None:
    assert "| none |" not in pack_numbers.page().split("## Sources", 1)[1]


def test_the_page_of_numbers_holds_the_bounds_of_carriers_and_the_constants_of_the_rules() -> None:
    page = pack_numbers.page()
    bounded = FactorTable.load().heating.values()
    assert bounded
    for bounds in bounded:
        assert (
            f"| {bounds.carrier}.heating-value.most | {bounds.most:g} | "
            f"MJ/{CARRIERS[bounds.carrier].unit} |  | assumption |" in page
        )
    assert f"| {scattered.NEARLY:g} | of the best, by which heating values by runs" in page


def test_every_step_of_the_demo_stands_beside_what_is_published_and_inside_it() -> None:
    shown = list(demo_figures.figures())
    assert {(figure.pack, figure.step) for figure in shown} == {
        (name, step.id) for name in packs.available() for step in packs.load(name).steps
    }
    assert [figure.step for figure in shown if figure.verdict == "outside"] == []
    unknown = [figure.step for figure in shown if figure.published is None]
    assert unknown == ["aluminium-casting", "clinker-cooling", "ladle-refining", "power-house"]


@pytest.mark.django_db(databases=["default"])
def test_the_portal_serves_the_description_that_is_built(client: Client) -> None:
    served = client.get("/api/v1/schema/")
    assert served.status_code == 200
    assert yaml.safe_load(served.content) == yaml.safe_load(openapi.page())
