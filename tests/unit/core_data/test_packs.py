"""Packs: what comes with Steplabel is complete and sound, and a faulty pack is refused with its
place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from benchmarks import conversion, packs
from benchmarks.carriers import CARRIERS
from benchmarks.catalogue import in_language
from benchmarks.conversion import FactorTable
from benchmarks.declared import FigureSource
from benchmarks.errors import InputError
from benchmarks.measurements import Metric
from benchmarks.pack_remarks import remarks
from benchmarks.packs import pack_digest
from benchmarks.packs.checks import faults, read_in_the_future
from benchmarks.packs.corrections import RULES
from benchmarks.packs.faults import FaultyPack, PackFault
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack, Step
from reporting_agent.cli import main

CONTRACT = {
    "steel": (
        [
            *(
                "coking",
                "coke-dry-quenching",
                "sintering",
                "pelletising",
                "lime",
                "blast-furnace",
                "top-gas-turbine",
                "converter",
                "eaf",
            ),
            *(
                "ladle-refining",
                "continuous-casting",
                "hot-rolling",
                "power-house",
                "air-separation",
            ),
        ],
        "national-mix",
    ),
    "aluminium": (
        ["alumina-refining", "anode-production", "electrolysis", "aluminium-casting"],
        "primary",
    ),
    "cement": (
        [
            *(
                "crushing-prehomogenisation",
                "raw-meal-homogenisation",
                "clinker-burning",
                "waste-heat-power",
                "clinker-cooling",
            ),
            "cement-grinding",
        ],
        "dry-process",
    ),
}
BESIDE_THE_MAIN_ROUTE = {"lime", "power-house", "air-separation"}
STEEL_TEXT = (packs.HOME / "steel.toml").read_text(encoding="utf-8")
OWN_STEEL = STEEL_TEXT.replace('version = "1"', 'version = "1-own"', 1)


def all_steps() -> Iterator[tuple[Pack, Step]]:
    for name in packs.available():
        pack = packs.load(name)
        for step in pack.steps:
            yield pack, step


def within(value: object, kind: type[BaseModel]) -> Iterator[BaseModel]:
    """Every part of that kind inside a declared value."""
    if isinstance(value, kind):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from within(getattr(value, name), kind)
    elif isinstance(value, tuple):
        for entry in value:
            yield from within(entry, kind)


class TestWhatComesWithSteplabel:
    def test_the_three_sectors(self) -> None:
        assert packs.available() == ("aluminium", "cement", "steel")

    @pytest.mark.parametrize("name", CONTRACT)
    def test_every_step_of_the_contract_in_the_main_route(self, name: str) -> None:
        pack = packs.load(name)
        steps, main = CONTRACT[name]
        assert [step.id for step in pack.steps] == steps
        assert pack.routes[0].id == main
        assert [part.step for part in pack.routes[0].steps] == [
            step for step in steps if step not in BESIDE_THE_MAIN_ROUTE
        ]

    def test_validity_covers_2010_and_has_no_end(self) -> None:
        for name in packs.available():
            pack = packs.load(name)
            assert pack.effective_from <= date(2010, 1, 1)
            assert pack.effective_to is None

    def test_good_practice_is_left_where_there_is_a_reason_and_nowhere_else(self) -> None:
        """Plants of electrolysis differ by less than a quarter: a grid as wide as the rule asks
        would draw every release away.
        """
        left = {
            (step, metric): "grid_lower"
            for step in ("electrolysis",)
            for metric in ("total", "electricity")
        }
        by_place = {
            remark.place: remark
            for name in packs.available()
            for remark in remarks(packs.load(name))
        }
        assert set(by_place) == {
            f"steps[{step}].metrics[{metric}].{field}" for (step, metric), field in left.items()
        }
        for rule in packs.load("aluminium").step("electrolysis").metrics:
            assert (
                min(rule.typical - float(rule.grid_lower), float(rule.grid_upper) - rule.typical)
                >= 7 * rule.spread
            )

    def test_what_stands_in_no_route_is_compared_in_electricity(self) -> None:
        for pack, step in all_steps():
            if not any(part.step == step.id for route in pack.routes for part in route.steps):
                assert (step.metrics[0].metric, step.metrics[0].unit) == (
                    Metric.ELECTRICITY,
                    f"kWh/{step.output_unit}",
                ), step.id

    def test_assumptions_are_marked_and_limits_rest_on_standards(self) -> None:
        for name in packs.available():
            pack = packs.load(name)
            for source in within(pack, FigureSource):
                assert isinstance(source, FigureSource)
                assert not (source.verified and source.kind == "engineering-assumption"), (
                    source.text
                )
                assert source.verified is (source.status in ("original-seen", "transcribed")), (
                    source.text
                )
            assert all(
                limit.source.kind == "standard" for step in pack.steps for limit in step.limits
            )

    def test_a_standard_is_cited_by_its_act_and_whose_copy_was_read_stands_apart(self) -> None:
        for name in packs.available():
            sources = [
                source
                for source in within(packs.load(name), FigureSource)
                if isinstance(source, FigureSource) and source.kind == "standard"
            ]
            assert any(source.read_in for source in sources)
            for source in sources:
                assert source.text.startswith(("GB ", "GB/T ", "发改产业")), source.text
                assert not re.search(r"\w\.(com|cn|org|net|json|html)\b|ECQuota", source.text)

    def test_the_words_of_a_boundary_name_all_that_it_credits(self) -> None:
        """A reader of the page must find there what the data take off, in the part of the sentence
        that says so.
        """
        terms = {
            "electricity": ("power", "电"),
            "heat": ("heat", "热"),
            "steam": ("steam", "蒸汽"),
            "coal-tar": ("tar", "煤焦油"),
        }
        for _, step in all_steps():
            for carrier in step.boundary.credited:
                english, chinese = terms.get(
                    carrier, (CARRIERS[carrier].words.en, CARRIERS[carrier].words.said_in("zh"))
                )
                for words, leaves, name in (
                    (step.boundary.words.en, r"credited|\bout\b", english),
                    (step.boundary.words.said_in("zh"), r"扣除|产出", chinese),
                ):
                    parts = re.split(r"[.;。；]", words)
                    assert any(name in part for part in parts if re.search(leaves, part)), (
                        step.id,
                        carrier,
                    )

    def test_composition_rules_start_at_8_20_and_50_firms(self) -> None:
        for name in packs.available():
            assert [(rule.firms_from, rule.rule) for rule in packs.load(name).composition] == [
                (8, "trimmed-best-five"),
                (50, "trimmed-best-decile"),
            ]


class TestFiguresAreOfTheRightSize:
    @pytest.mark.parametrize(
        ("name", "route", "low", "high"),
        [
            ("cement", "dry-process", 80, 94),  # GB 16780-2021, grades 1 to 3 at 75 % clinker
            ("cement", "clinker", 100, 117),
            ("aluminium", "smelter", 1670, 1720),  # GB 21346-2022, ingot
            ("steel", "bf-bof", 450, 650),
            ("steel", "eaf", 100, 180),
        ],
    )
    def test_route_totals(self, name: str, route: str, low: float, high: float) -> None:
        pack = packs.load(name)
        chosen = next(each for each in pack.routes if each.id == route)
        assert (
            low
            <= sum(
                float(part.ratio) * pack.step(part.step).metrics[0].typical for part in chosen.steps
            )
            <= high
        )

    def test_typical_values_lie_among_the_grades_that_cover_the_same_step(self) -> None:
        for pack, step in all_steps():
            for limit in step.limits:
                rule = step.metric(limit.metric)
                first, _, third = limit.grades
                if (
                    limit.steps_covered != (step.id,)
                    or rule is None
                    or first is None
                    or third is None
                ):
                    continue
                if "other-processes" in limit.applies.values():
                    continue  # the typical value is the Bayer process's
                margin = 0.02 * abs(rule.typical)
                assert first - margin <= rule.typical <= third + margin, (pack.id, limit.id)

    def test_the_real_furnace_of_120_megavolt_amperes_fits_the_electricity_grid(self) -> None:
        rule = packs.load("steel").step("eaf").metric(Metric.ELECTRICITY)
        assert rule is not None
        p1, p5, p50, p95, p99 = 306, 354, 395, 430, 450  # kWh/t at 122.5 t, 2015-2016
        assert rule.grid_lower < p1 < p99 < rule.grid_upper
        assert 24 < rule.floor < p1 < p99 < rule.ceiling < 1000
        assert abs(rule.typical - p50) < 5
        assert rule.spread == pytest.approx((p95 - p5) / 2 / 1.645, rel=0.1)

    def test_electricity_alone_and_total_agree_where_a_step_takes_nothing_else(self) -> None:
        for _, step in all_steps():
            electricity = step.metric(Metric.ELECTRICITY)
            if (
                electricity is not None
                and step.metric(Metric.TOTAL) is not None
                and step.boundary.carriers == ("electricity",)
            ):
                assert step.metrics[0].typical == pytest.approx(
                    0.1229 * electricity.typical, rel=1e-5
                )
                assert step.metrics[0].spread == pytest.approx(
                    0.1229 * electricity.spread, rel=1e-3
                )


class TestDigest:
    def test_the_same_content_has_the_same_digest_whatever_its_layout(self, tmp_path: Path) -> None:
        reflowed = tmp_path / "steel.toml"
        reflowed.write_text(
            "# a comment\n" + STEEL_TEXT.replace("grid_width = 0.4", "grid_width = 0.40"),
            encoding="utf-8",
        )
        assert packs.digest(packs.load(str(reflowed))) == packs.digest(packs.load("steel"))
        assert len(packs.digest(packs.load("steel"))) == 32

    def test_every_version_says_what_it_said_when_it_was_handed_out(self) -> None:
        """Reports name these digests, and one made by a version that changed since is refused. Here
        a line is added, none is changed.
        """
        handed_out = json.loads(
            Path(__file__).with_name("published.json").read_text(encoding="utf-8")
        )
        packs_here = {
            f"{pack.id} {pack.version}": packs.digest(pack).hex()
            for name in packs.shipped()
            for pack in packs.versions(name)
        }
        tables = [FactorTable.load(path) for path in packs.HOME.glob("conversion*.toml")]
        assert handed_out == packs_here | {
            f"conversion {table.version}": table.digest.hex() for table in tables
        }

    def test_a_changed_factor_is_another_digest(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = packs.digest(packs.load("cement"))
        changed = tmp_path / "conversion.toml"
        text = conversion.TABLE.read_text(encoding="utf-8")
        changed.write_text(
            text.replace("kgce_per_unit = 0.7143", "kgce_per_unit = 0.7142"), encoding="utf-8"
        )
        monkeypatch.setattr(conversion, "TABLE", changed)
        monkeypatch.setattr(
            conversion.FactorTable, "of", classmethod(lambda table, _version: table.load(changed))
        )
        assert packs.digest(packs.load("cement")) != before

    def test_a_changed_correction_is_another_digest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = packs.digest(packs.load("steel"))
        rule = RULES["eaf"]
        monkeypatch.setattr(
            pack_digest,
            "RULES",
            {**RULES, "eaf": rule.model_copy(update={"terms": rule.terms[:-1]})},
        )
        assert packs.digest(packs.load("steel")) != before

    def test_any_change_of_a_rule_changes_the_digest(self, tmp_path: Path) -> None:
        changed = tmp_path / "steel.toml"
        changed.write_text(STEEL_TEXT.replace("floor = 40\n", "floor = 41\n", 1), encoding="utf-8")
        assert packs.digest(packs.load(str(changed))) != packs.digest(packs.load("steel"))


class TestVersionsAndPaths:
    def test_a_version_that_is_not_there_is_refused_with_those_that_are(self) -> None:
        assert packs.load("cement", "1").version == "1"
        with pytest.raises(InputError) as refusal:
            packs.load("cement", "7")
        assert (refusal.value.code, refusal.value.wanted) == (
            "pack-version-unknown",
            "1",
        )

    def test_an_older_version_stands_beside_the_newest(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "steel.toml").write_text(
            STEEL_TEXT.replace('version = "1"', 'version = "3"', 1), encoding="utf-8"
        )
        (tmp_path / "steel-1.toml").write_text(STEEL_TEXT, encoding="utf-8")
        monkeypatch.setattr(packs, "HOME", tmp_path)
        assert packs.available() == ("steel",)
        assert [
            packs.load("steel").version,
            packs.load("steel", "3").version,
            packs.load("steel", "1").version,
        ] == ["3", "3", "1"]
        with pytest.raises(InputError) as refusal:
            packs.load("steel", "2")
        assert refusal.value.wanted == "1 or 3"

    def test_a_pack_of_the_plants_own_is_read_from_its_path_beside_the_site_file(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "our-pack.toml").write_text(
            STEEL_TEXT.replace('id = "steel"', 'id = "our-steel"', 1), encoding="utf-8"
        )
        assert packs.load("./our-pack.toml", "1", base=tmp_path).id == "our-steel"
        with pytest.raises(InputError) as refusal:
            packs.load("./our-pack.toml", "2", base=tmp_path)
        assert refusal.value.code == "pack-version-unknown"

    @pytest.mark.parametrize(
        "name", ["glass", "carriers", "conversion", "corrections", "../steel.toml", "nowhere.toml"]
    )
    def test_a_pack_that_is_not_there(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(InputError) as refusal:
            packs.load(name, base=tmp_path)
        assert refusal.value.code == "pack-unknown"


# what is replaced, by what, part of the place, part of what was found, part of what is wanted
Faults = list[tuple[str, str, str, str, str]]
CONTRADICTIONS: Faults = [
    (
        'steps = ["sintering", "pelletising",',
        'steps = ["cooking", "pelletising",',
        "editions[0].steps",
        "cooking",
        "a step of this pack",
    ),
    (
        'steps = ["sintering", "pelletising",',
        'steps = ["coking", "pelletising",',
        "editions[0].held",
        "true",
        "GB 21256-2025 at coking, or held",
    ),
    (
        "held = true\nlooked",
        "held = false\nlooked",
        "editions[0].held",
        "false",
        "the pack has a limit of GB 21256-2025 at sintering",
    ),
    (
        "floor = 40\n",
        "floor = 400\n",
        "steps[coking].metrics[total].floor",
        "400",
        "below the ceiling",
    ),
    (
        "typical = 125\n",
        "typical = 30\n",
        "steps[coking].metrics[total].typical",
        "30",
        "between floor and ceiling",
    ),
    (
        "typical = 125\n",
        "typical = 70\n",
        "steps[coking].metrics[total].grid_lower",
        "80 to 200",
        "around the typical",
    ),
    ("spread = 3.5\n", "spread = 0\n", "steps[coking].metrics[total].spread", "0", "more than 0"),
    (
        "spread = 3.5\n",
        'spread = 3.5\nby_electricity = ["water"]\n',
        "steps[coking].metrics[total].by_electricity",
        "water",
        "in a metric of electricity",
    ),
    (
        "grid_width = 0.4\n",
        "grid_width = 0.7\n",
        "steps[coking].metrics[total].grid_width",
        "7/10",
        "divides 120 evenly",
    ),
    (
        "grid_width = 0.4\n",
        "grid_width = 0.01\n",
        "steps[coking].metrics[total].grid_width",
        "12001 grid points",
        "2000",
    ),
    (
        "grid_width = 0.4\n",
        "grid_width = -0.4\n",
        "steps[coking].metrics[total].grid_width",
        "-2/5",
        "width > 0",
    ),
    (
        "fewest_batches = 50\nleast",
        "fewest_batches = 10\nleast",
        "steps[coking].label_rule.fewest_batches",
        "10 at quantile 0.2",
        "at least 11",
    ),
    (
        "fewest_batches = 50\nleast",
        "fewest_batches = 2\nleast",
        "steps[coking].label_rule.fewest_batches",
        "2 at",
        "two wrong batches",
    ),
    (
        'credited = ["coke", "coke-oven-gas",',
        'credited = ["nitrogen", "coke", "coke-oven-gas",',
        "steps[coking].boundary.credited",
        "nitrogen",
        "may credit one, where it is made",
    ),
    ("epsilon_best = 0.75", "epsilon_best = 0.7", "policy.epsilon_best", "7/10", "dyadic"),
    ("cap_per_year = 2", "cap_per_year = 0.5", "policy.cap_per_year", "1/2", "one release"),
    ("count_classes = [50,", "count_classes = [40,", "policy.count_classes", "40", "rising"),
    (
        "largest_expected_error = 0.01",
        "largest_expected_error = 1",
        "policy.largest_expected_error",
        "1",
        "share",
    ),
    ("firms_from = 8", "firms_from = 3", "composition", "3", "fewest_firms"),
    ("firms_from = 8", "firms_from = 60", "composition", "60", "rising"),
    (
        "typical = -25\n",
        "typical = 0\n",
        "steps[converter].metrics[total].typical",
        "0",
        "other than 0",
    ),
    (
        "corrections_per_year = 1",
        "corrections_per_year = -1",
        "policy.corrections_per_year",
        "-1",
        "0 or more",
    ),
    ("fewest_firms = 8", "fewest_firms = 2", "disclosure.fewest_firms", "2", "at least 3"),
    (
        "least_changed_participants = 3",
        "least_changed_participants = 2",
        "disclosure.least_changed_participants",
        "2",
        "at least 3",
    ),
    (
        "firms_from = 50",
        "firms_from = 40",
        "composition",
        "trimmed-best-decile from 40",
        "at least five firms",
    ),
    (
        "largest_weight = 0.25",
        "largest_weight = 0.4",
        "disclosure.largest_weight",
        "2/5",
        "at most 1/3",
    ),
    ("lag_days = 90", "lag_days = -90", "disclosure.lag_days", "-90", "0 or more"),
    ("largest_weight = 0.25", "largest_weight = 25", "disclosure.largest_weight", "25", "share"),
    (
        'step = "coking", ratio = 0.35',
        'step = "cooking", ratio = 0.35',
        "routes[national-mix].steps[cooking]",
        "cooking",
        "coking",
    ),
    (
        'step = "coking", ratio = 0.35',
        'step = "coking", ratio = 0',
        "routes[national-mix].steps[coking].ratio",
        "0",
        "more than 0",
    ),
    (
        'step = "sintering", ratio = 1.15',
        'step = "coking", ratio = 1.15',
        "routes[national-mix].steps",
        "coking 2 times",
        "once",
    ),
    (
        'parent = "any"',
        'parent = "all"',
        "steps[coking].variants[top-charged].parent",
        "all",
        "a variant of this step",
    ),
    (
        'parent = "any"',
        'parent = "top-charged"',
        "steps[coking].variants[top-charged].parent",
        "top-charged",
        "tree",
    ),
    (
        'id = "stamp-charged"',
        'id = "top-charged"',
        "steps[coking].variants",
        "top-charged 2 times",
        "once",
    ),
    (
        'carriers = ["cleaned-coal",',
        'carriers = ["charcoal",',
        "steps[coking].boundary.carriers",
        "charcoal",
        "cleaned-coal",
    ),
    (
        'carriers = ["cleaned-coal",',
        'carriers = ["oxygen",',
        "steps[coking].boundary.carriers",
        "oxygen",
        "media",
    ),
    (
        "quantile = 0.20",
        "quantile = 0.8",
        "steps[coking].label_rule.quantile",
        "4/5",
        "at most 0.5",
    ),
    (
        "least_completeness = 0.98",
        "least_completeness = 98",
        "label_rule.least_completeness",
        "98",
        "share",
    ),
    (
        "shortest_s = 72000",
        "shortest_s = 99999",
        "steps[coking].label_rule.longest_s",
        "97200",
        "99999",
    ),
    (
        "slope = { total = 3.67 }",
        "slope = { thermal = 3.67 }",
        "reference_conditions[moisture_pct].slope",
        "thermal",
        "metric",
    ),
    (
        'correction = "coking-top-quenched-dry"',
        'correction = "by-feel"',
        "limits[gb21342-2025-top].correction",
        "by-feel",
        "coking-top",
    ),
    (
        'correction = "sinter-pellet"',
        'correction = "eaf"',
        "limits[gb21256-2025-sinter].correction",
        "eaf",
        "clause 4.5 corrects the limits of eaf",
    ),
    (
        'clause = "4, table 1; 5.3"',
        'clause = " "',
        "limits[gb21342-2025-top].clause",
        "none",
        "the clause and table of GB 21342-2025",
    ),
    (
        'document = "GB 21342"',
        'document = "GB 99999"',
        "limits[gb21342-2025-top].source",
        "GB 99999",
        "a source of GB 21342-2025",
    ),
    (
        "effective_from = 2026-07-01\nsource",
        "effective_from = 2010-01-01\nsource",
        "effective_from",
        "2010-01-01",
        "before its source becomes valid",
    ),
    (
        "most = 35",
        "most = 100",
        "reference_conditions[laterite_pct].slope.total",
        "120 kgce/t over 100 %",
        "nearer bounds",
    ),
    (
        'not_beside = ["coke-dry-quenching"]',
        'not_beside = ["coking"]',
        "2025-top-quenched-wet].not_beside",
        "coking",
        "neither covers",
    ),
    (
        "least = 0\nmost = 25\n",
        "least = 12\nmost = 25\n",
        "reference_conditions[moisture_pct].least",
        "12.0 to 25.0",
        "around the reference",
    ),
    (
        'measured = ["cleaned-coal",',
        'measured = ["charcoal",',
        "steps[coking].boundary.measured",
        "charcoal",
        "`credited`",
    ),
    (
        'steps_covered = ["coking"]',
        'steps_covered = ["eaf"]',
        "limits[gb21342-2025-top].steps_covered",
        "eaf",
        "coking",
    ),
    (
        'recovered_by = ["coke-dry-quenching"]',
        'recovered_by = ["top-gas-turbine"]',
        "recovered_by",
        "top-gas-turbine",
        "product of one",
    ),
    (
        'recovered_by = ["coke-dry-quenching"]',
        'recovered_by = ["coking"]',
        "recovered_by",
        "coking",
        "other than those covered",
    ),
    (
        "grades = { grade1 = 110, grade2 = 110, grade3 = 135 }",
        "grades = {}",
        "gb21342-2025-top].grades",
        "none",
        "one grade",
    ),
    (
        'effective_from = 2026-05-01\nsource = "gb21342"\n',
        'effective_from = 2026-05-01\nsource = "grid-assumption"\n',
        "limits[gb21342-2025-top].source",
        "Engineering",
        "verified",
    ),
    ('zh = "焦化"', 'zh = " "', "steps[coking].words.zh", "no text", "each language"),
    (', zh = "焦化"', "", "steps[coking].words.zh", "no text", "each language"),
    (
        "effective_from = 2010-01-01",
        "effective_from = 2010-01-01\neffective_to = 2009-01-01",
        "effective_to",
        "2009",
        "after",
    ),
    (
        "grid_width = 0.4\n",
        "grid_width = 20\n",
        "steps[coking].metrics[total].grid_width",
        "7 grid points",
        "50 to 2000",
    ),
    (
        "grade1 = 43, grade2 = 46, grade3 = 52",
        "grade1 = 52, grade2 = 46, grade3 = 43",
        "2025-sinter].grades",
        "52, 46, 43",
        "strictest",
    ),
    (
        "grade1 = 61, grade3 = 86",
        "grade1 = 86, grade3 = 61",
        "gb21256-2025-eaf-50].grades",
        "86, 61",
        "strictest",
    ),  # no grade 2
    (
        "grade3 = 52 }",
        "grade3 = 520 }",
        "limits[gb21256-2025-sinter].grades",
        "520",
        "20 to 120 kgce/t",
    ),
    (
        'unit = "kgce/t"\ngrades = { grade1 = 43',
        'unit = "MJ/t"\ngrades = { grade1 = 43',
        "limits[gb21256-2025-sinter].unit",
        "MJ/t",
        "never converted",
    ),
    (
        "grade1 = 43,",
        "grade1 = 4.3,",
        "limits[gb21256-2025-sinter].grades",
        "4.3",
        "20 to 120 kgce/t",
    ),
    (
        'applies = { variant = "top-charged" }',
        'applies = { variant = "top" }',
        "2025-top].applies.variant",
        "top",
        "any, top-charged",
    ),
    (
        'applies = { variant = "top-charged" }',
        "applies = { variant = { from = 1 } }",
        "2025-top].applies.variant",
        "1.0",
        "a variant",
    ),
    (
        "{ from = 50, to = 70 }",
        "{ from = 70, to = 50 }",
        "eaf-50-70].applies.furnace_capacity_t",
        "70 to 50",
        "a range that contains a value",
    ),
    (
        "{ from = 50, to = 70 }",
        "{ above = 70, up_to = 70 }",
        "eaf-50-70].applies.furnace_capacity_t",
        "70 to 70",
        "a range that contains a value",
    ),
    (
        'correction = "sinter-pellet"',
        'correction = "cement"',
        "2025-sinter].correction",
        "cement, of GB 16780-2021",
        "GB 21256-2025, or none",
    ),
    (
        "{ from = 50, to = 70 }",
        "{ from = 70 }",
        "eaf-50-70].applies",
        "eaf-50-70 together with gb21256-2025-eaf-70",
        "another period",
    ),
    (
        "{ from = 50, to = 70 }",
        "{ from = 50, to = 71 }",
        "eaf-50-70].applies",
        "eaf-50-70 together with gb21256-2025-eaf-70",
        "other conditions",
    ),
    (
        'of = ["scrap"], among',
        'of = ["shred"], among',
        "steps[converter].shares[0].of",
        "shred",
        "a material of the pack",
    ),
    (
        'among = ["scrap", "hot-metal"',
        'among = ["hot-metal"',
        "steps[converter].shares[0].among",
        "hot-metal",
        "all of `of`, and more",
    ),
    (
        "shares = [{ var",
        'output_of = "furnace"\nshares = [{ var',
        "steps[converter].output_of",
        "furnace",
        "another step of the pack",
    ),
]
WRONG_FIELDS: Faults = [
    (
        "grid_width = 0.4\n",
        'grid_width = "fine"\n',
        "steps[coking].metrics[total].grid_width",
        "'fine'",
        "",
    ),
    (
        "grades = { grade1 = 110,",
        "grades = { grade0 = 1, grade1 = 110,",
        "gb21342-2025-top].grades",
        "grade0",
        "leave out",
    ),
    (
        'effective_from = 2026-05-01\nsource = "gb21342"\n',
        'effective_from = 2026-05-01\nsource = "a friend"\n',
        "steps[coking].limits[gb21342-2025-top].source",
        "a friend",
        "gb21342",
    ),
    (
        "furnace_capacity_t = { from = 70 }",
        "furnace_capacity_t = { at = 70 }",
        "gb21256-2025-eaf-70].applies",
        "at",
        "from",
    ),
    ('run_kind = "day"', 'run_kind = "fortnight"', "steps[coking].run_kind", "fortnight", "day"),
    (
        "grades = { grade1 = 110,",
        "grades = { grade1 = nan,",
        "steps[coking].limits[gb21342-2025-top].grades",
        "nan",
        "a number",
    ),
    ("slope = { total = ", "slope = { total = nan } # ", "slope.total", "nan", "a number"),
    ("floor = 40\n", "", "steps[coking].metrics[total].floor", "nothing", "it is required"),
    (
        "floor = 40\n",
        "floor = 40\nflour = 1\n",
        "steps[coking].metrics[total].flour",
        "1",
        "no entry of this name",
    ),
]


@pytest.mark.parametrize(("old", "new", "place", "actual", "wanted"), CONTRADICTIONS)
def test_a_pack_that_contradicts_itself_is_refused(
    tmp_path: Path, old: str, new: str, place: str, actual: str, wanted: str
) -> None:
    refused_with("pack-inconsistent", tmp_path / "broken.toml", old, new, place, actual, wanted)


@pytest.mark.parametrize(("old", "new", "place", "actual", "wanted"), WRONG_FIELDS)
def test_a_field_that_is_missing_unknown_or_wrong_is_refused(
    tmp_path: Path, old: str, new: str, place: str, actual: str, wanted: str
) -> None:
    refused_with("pack-invalid", tmp_path / "broken.toml", old, new, place, actual, wanted)


def refused_with(
    code: str, path: Path, old: str, new: str, place: str, actual: str, wanted: str
) -> None:
    """The refusal names file, place, found, wanted and a remedy."""
    assert old in STEEL_TEXT
    path.write_text(STEEL_TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        packs.load(str(path))
    error = refusal.value
    assert error.code == code
    assert error.place is not None
    assert error.place.file == str(path)
    assert place in (error.place.column or "")
    assert actual in error.found
    assert wanted in error.wanted
    assert error.remedy
    assert isinstance(error, FaultyPack)
    for fault in error.faults:
        said_in_chinese(fault)


def said_in_chinese(fault: PackFault) -> None:
    """What is wanted, and what was found where the check says it in words; names of the file stay
    as they are written there.
    """
    for phrase in (fault.wanted, fault.found):
        if isinstance(phrase, Phrase):
            assert re.search("[\u4e00-\u9fff]", in_language(phrase, "zh")), phrase


@pytest.mark.parametrize(
    ("content", "expected"), [(b"id = steel", "line 1"), (b"\xff\xfe\x00", "decode")]
)
def test_what_is_no_toml_is_refused_with_the_line(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        packs.load(str(path))
    assert refusal.value.code == "pack-unreadable"
    assert expected in refusal.value.found


@pytest.mark.parametrize(
    ("place", "first"),
    [
        ("[sources.gb21256]", "steps[sintering].limits[gb21256-2025-sinter].source"),
        ("[sources.grid-assumption]", ""),
    ],
)
def test_a_source_read_in_the_future_is_a_fault_of_its_check_and_loading_asks_no_clock(
    tmp_path: Path, place: str, first: str
) -> None:
    path = tmp_path / "broken.toml"
    before, head, after = STEEL_TEXT.partition(place)
    path.write_text(
        before + head + re.sub("read_on = .*", "read_on = 2036-11-22", after, count=1),
        encoding="utf-8",
    )
    pack = packs.load(str(path))
    (fault,) = read_in_the_future(pack, date(2036, 11, 21))
    assert (fault.place.endswith(".read_on"), fault.found) == (True, "2036-11-22")
    assert fault.place.startswith(first)
    assert "2036-11-21 at the latest" in fault.wanted
    assert not list(read_in_the_future(pack, date(2036, 11, 22)))


@pytest.mark.parametrize(
    "path",
    [*packs.HOME.glob("*.toml"), *(packs.HOME / "further").glob("*.toml")],
    ids=lambda path: path.stem,
)
def test_no_pack_that_comes_with_steplabel_has_a_fault(path: Path) -> None:
    if "[[steps]]" in path.read_text(encoding="utf-8"):
        assert (
            list(faults(pack := packs.load(str(path))))
            == list(read_in_the_future(pack, datetime.now(UTC).date()))
            == []
        )


def test_an_edition_may_follow_another_and_two_at_once_are_a_fault(tmp_path: Path) -> None:
    """The ingot's limits of 2013 end on the day on which those of 2022 begin."""
    text = (packs.HOME / "aluminium.toml").read_text(encoding="utf-8")
    path = tmp_path / "broken.toml"
    path.write_text(
        text.replace("effective_to = 2024-01-01", "effective_to = 2024-01-02"), encoding="utf-8"
    )
    with pytest.raises(InputError) as refusal:
        packs.load(str(path))
    assert "gb21346-2013-liquid-comprehensive together with gb21346-2022" in refusal.value.found


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    text = STEEL_TEXT.replace("epsilon_best = 0.75", "epsilon_best = 0.7").replace(
        "spread = 3.5\n", "spread = 0\n"
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FaultyPack) as refusal:
        packs.load(str(path))
    assert [fault.place for fault in refusal.value.faults] == [
        "policy.epsilon_best",
        "steps[coking].metrics[total].spread",
    ]
    for fault in refusal.value.faults:
        assert f"  {fault.place}: found {fault.found}; needed {fault.wanted}" in str(refusal.value)
    assert refusal.value.to_json()["faults"][1]["place"] == "steps[coking].metrics[total].spread"


def test_an_empty_file_is_told_all_that_a_pack_has_and_a_pack_with_many_faults_how_many_more(
    tmp_path: Path,
) -> None:
    path = tmp_path / "empty.toml"
    path.write_text("", encoding="utf-8")
    with pytest.raises(FaultyPack) as refusal:
        packs.load(str(path))
    assert {"id", "policy", "disclosure", "routes", "steps"} <= {
        fault.place for fault in refusal.value.faults
    }
    path.write_text(
        STEEL_TEXT.replace('kind = "standard"', 'kind = "law"').replace(
            "read_on = 2026", 'read_by = "x"\nread_on = 2026'
        ),
        "utf-8",
    )
    with pytest.raises(InputError):
        packs.load(str(path))  # a key twice: no TOML
    path.write_text(re.sub(r"^words = .*\n", "", STEEL_TEXT, flags=re.MULTILINE), encoding="utf-8")
    with pytest.raises(FaultyPack) as refusal:
        packs.load(str(path))
    assert f"and {len(refusal.value.faults) - 20} more" in str(refusal.value)


def test_a_faulty_source_is_told_once_and_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    before, head, after = STEEL_TEXT.partition("[sources.grid-assumption]")
    path.write_text(
        before + head + re.sub("read_on = .*", 'read_on = "22.11.2026"', after, count=1),
        encoding="utf-8",
    )
    with pytest.raises(FaultyPack) as refusal:
        packs.load(str(path))
    assert [(fault.place, fault.wanted) for fault in refusal.value.faults] == [
        ("sources.grid-assumption.read_on", "a day: 2026-05-01")
    ]


# what is replaced, by what, part of the place, part of what was found, part of what is advised
BETTER_OTHERWISE: Faults = [
    (
        "grid_width = 0.4\n",
        "grid_width = 2\n",
        "steps[coking].metrics[total].grid_width",
        "61 grid points",
        "100 to 400",
    ),
    (
        "grid_width = 0.4\n",
        "grid_width = 2\n",
        "steps[coking].metrics[total].grid_width",
        "2",
        "0.625",
    ),
    (
        "grid_width = 0.4\n",
        "grid_width = 0.234375\n",
        "steps[coking].metrics[total].grid_width",
        "0.234375",
        "short decimal",
    ),
    (
        "grid_upper = 200\n",
        "grid_upper = 140\n",
        "steps[coking].metrics[total].grid_lower",
        "80 to 140",
        "93.75 to 156.25",
    ),
    (
        "grid_lower = 80\n",
        "grid_lower = 20\n",
        "steps[coking].metrics[total].grid_lower",
        "20 to 200",
        "floor and ceiling are 40",
    ),
    ("floor = 40\n", "floor = 110\n", "steps[coking].metrics[total].floor", "110 to", "below 104"),
    (
        "spread = 3.5\n",
        "spread = 35\n",
        "steps[coking].metrics[total]",
        "an expected error of",
        "1.0%",
    ),
    (
        "quantile = 0.20",
        "quantile = 0.30",
        "steps[coking].label_rule.quantile",
        "0.3",
        "0.1 to 0.2",
    ),
    (
        "longest_gap_s = 3600",
        "longest_gap_s = 604800",
        "steps[coking].label_rule.longest_gap_s",
        "604800",
        "72000",
    ),
    (
        "cap_per_year = 2",
        "cap_per_year = 1",
        "steps[eaf].metrics",
        "spend 2 a year",
        "cap_per_year (1)",
    ),
    ('zh = "焦化"', 'zh = "Coking"', "steps[coking].words.zh", "Coking", "Chinese"),
]


@pytest.mark.parametrize(("old", "new", "place", "actual", "advised"), BETTER_OTHERWISE)
def test_what_a_good_pack_does_otherwise_is_told_and_refuses_nothing(
    tmp_path: Path, old: str, new: str, place: str, actual: str, advised: str
) -> None:
    assert old in STEEL_TEXT
    path = tmp_path / "own.toml"
    path.write_text(STEEL_TEXT.replace(old, new, 1), encoding="utf-8")
    advice = list(remarks(packs.load(str(path))))
    assert any(
        entry.place == place and actual in entry.found and advised in entry.wanted
        for entry in advice
    ), advice
    for remark in advice:
        said_in_chinese(remark)


def test_what_a_new_pack_lacks_of_tests_and_editions_is_told() -> None:
    pack = packs.load("steel")
    sintering = pack.step("sintering")
    strict = sintering.limits[0].model_copy(update={"grades": (5.0, 6.0, None), "applies": {}})
    bare = sintering.boundary.model_copy(update={"essential": (), "needs": (), "yields": ()})
    changed = sintering.model_copy(
        update={"boundary": bare, "feeds": (), "takes": (), "limits": (strict,)}
    )
    by_place = {
        remark.place: remark.found
        for remark in remarks(pack.model_copy(update={"steps": (changed,), "editions": ()}))
    }
    assert by_place["steps[sintering].boundary.essential"] == "none of them"
    assert by_place[f"steps[sintering].limits[{strict.id}].grades"] == "5 / 6"
    assert by_place[f"steps[sintering].limits[{strict.id}].standard"] == "no edition"


def test_slopes_of_total_and_heat_that_disagree_are_told(tmp_path: Path) -> None:
    """29.3076 MJ are a kgce: a year of a furnace's age that takes 5 MJ of heat takes 0.1706
    kgce.
    """
    text = (packs.HOME / "further" / "flat-glass.toml").read_text(encoding="utf-8")
    path = tmp_path / "own.toml"
    path.write_text(text.replace("total = 0.1706", "total = 0.2"), encoding="utf-8")
    places = [remark.place for remark in remarks(packs.load(str(path)))]
    assert "steps[float-line].reference_conditions[furnace_age_years].slope.total" in places
    assert not [
        remark
        for remark in remarks(packs.load(str(packs.HOME / "further" / "flat-glass.toml")))
        if "slope" in remark.place
    ]


def test_a_medium_that_has_no_factor_is_told(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    own = (
        '\n[[own_carriers]]\nid = "chilled-water"\nkind = "medium"\nunit = "MJ"\nnames = { en = '
        '"chilled water", zh = "冷冻水" }\n'
    )
    path.write_text(
        STEEL_TEXT.replace('media = ["', 'media = ["chilled-water", "', 1) + own, encoding="utf-8"
    )
    (remark,) = remarks(packs.load(str(path)))
    assert (remark.place.endswith(".boundary.media"), remark.found) == (True, "chilled-water")


def test_the_author_meets_them_in_pack_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN_STEEL.replace("floor = 40\n", "floor = 110\n", 1), encoding="utf-8")
    assert main(["pack", "check", str(path)]) == 0
    assert (
        "please check: steps[coking].metrics[total].floor: found 110 to" in capsys.readouterr().out
    )
    assert main(["pack", "--json", "check", str(path)]) == 0
    assert "steps[coking].metrics[total].floor" in [
        remark["place"] for remark in json.loads(capsys.readouterr().out)["remarks"]
    ]


def test_every_answer_of_pack_is_said_in_chinese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    path = tmp_path / "own.toml"
    path.write_text(
        OWN_STEEL.replace("grade1 = 110", "grade1 = 109", 1).replace(
            'run_kind = "day"', 'run_kind = "month"', 1
        ),
        encoding="utf-8",
    )
    for act in (
        ["check", "steel"],
        ["check", str(path)],
        ["diff", "steel", str(path)],
        ["diff", "steel@1", str(path)],
    ):
        assert main(["pack", *act]) == 0
        for line in capsys.readouterr().out.splitlines():
            assert re.search("[\u4e00-\u9fff]", line) or "->" in line, line
    assert main(["pack", "numbers", "steel"]) == 0
    for line in capsys.readouterr().out.splitlines():
        _place, _value, _unit, status, _source, moves = line.split("\t")
        assert status in ("已见原文", "转录", "二手", "假设")
        assert re.search("[\u4e00-\u9fff]", moves)
    path.write_text(STEEL_TEXT.replace("spread = 3.5\n", "spread = 0\n"), encoding="utf-8")
    assert main(["pack", "check", str(path)]) == 1
    assert "所见 0.0；应为 大于 0 的标准差，以指标的单位计" in capsys.readouterr().err
