"""The documents of this room say what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from benchmarks import packs
from benchmarks.carriers import CARRIERS, read_table
from benchmarks.packs.correction_terms import Term
from benchmarks.privacy.eligibility import expected_error

DOCS = Path(__file__).parents[3] / "docs"
PACKS_PAGE = (DOCS / "packs.md").read_text(encoding="utf-8")
(
    EXAMPLE,
    CONTINUOUS_EXAMPLE,
    SITE_EXAMPLE,
    CARRIER_EXAMPLE,
    LIMIT_EXAMPLE,
    SOURCE_EXAMPLE,
    EDITION_EXAMPLE,
) = re.findall(r"```toml\n(.*?)```", PACKS_PAGE, flags=re.DOTALL)


def test_the_example_pack_is_a_pack_and_its_plants_are_eligible(tmp_path: Path) -> None:
    (tmp_path / "our-pack.toml").write_text(EXAMPLE, encoding="utf-8")
    pack = packs.load("./our-pack.toml", "1", base=tmp_path)
    step = pack.steps[0]
    assert expected_error(
        step.metrics[0], step.label_rule.quantile, pack.policy.epsilon_best, 200
    ) <= float(pack.policy.largest_expected_error)


def test_the_example_limit_and_its_editions_fit_the_example_pack(tmp_path: Path) -> None:
    (tmp_path / "our-pack.toml").write_text(
        EXAMPLE + LIMIT_EXAMPLE + SOURCE_EXAMPLE + EDITION_EXAMPLE, encoding="utf-8"
    )
    pack = packs.load("./our-pack.toml", base=tmp_path)
    (limit,) = pack.steps[0].limits
    assert [(edition.standard, edition.held) for edition in pack.editions] == [
        ("GB 00000-2025", True),
        ("GB 00000-2012", False),
    ]
    assert limit.grades == (50, None, 70)
    assert limit.applies == {"capacity_t": (50, 70), "variant": "hollow"}


def test_the_example_of_a_continuous_plant_is_a_step_of_a_pack_with_a_carrier_of_its_own(
    tmp_path: Path,
) -> None:
    """And a year of its days makes it eligible; its log of a day is read as it stands on the
    page.
    """
    (tmp_path / "our-pack.toml").write_text(
        EXAMPLE + CARRIER_EXAMPLE + CONTINUOUS_EXAMPLE, encoding="utf-8"
    )
    pack = packs.load("./our-pack.toml", base=tmp_path)
    step = pack.step("drying")
    assert (step.output_unit, step.run_kind) == ("m3", "day")
    assert {rule.unit.partition("/")[2] for rule in step.metrics} == {"m3"}
    assert CARRIERS["wood-waste"].unit == "kg"
    for rule in step.metrics:
        assert expected_error(
            rule, step.label_rule.quantile, pack.policy.epsilon_best, 200
        ) <= float(pack.policy.largest_expected_error)


def test_the_glossary_lists_every_carrier_with_its_unit_and_name() -> None:
    table = (DOCS / "glossary.md").read_text(encoding="utf-8").split("## Carriers")[1]
    rows = [
        tuple(cell.strip() for cell in line.strip("| ").split("|"))
        for line in table.splitlines()
        if line.startswith("|")
    ][2:]
    assert rows == [
        (each.id, each.unit, each.words.said_in("zh")) for each in read_table().values()
    ]


def test_the_page_names_every_kind_of_correction_term() -> None:
    section = PACKS_PAGE.split("## Corrections")[1]
    for term in get_args(get_args(Term)[0]):
        (kind,) = get_args(term.model_fields["kind"].annotation)
        assert f"`{kind}`" in section


@pytest.mark.parametrize("figure", ["0.55", "0.25", "0.11"])
def test_the_electricity_of_media_is_the_one_in_the_table(figure: str) -> None:
    divergence = (DOCS / "standards-divergences.md").read_text(encoding="utf-8")
    assert figure in divergence.split("## 2.")[1].split("## 3.")[0]
    table = (packs.HOME / "conversion.toml").read_text(encoding="utf-8")
    assert f"{float(figure) * 0.1229:.6f}" in table
