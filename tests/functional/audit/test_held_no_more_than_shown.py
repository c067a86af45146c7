"""No answer says more than was seen: of a line left out whole, of unreadable rows, of carriers
without a meter, of loose scales.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks import packs
from benchmarks.audit import checks, completeness
from benchmarks.audit.evidence import CheckState, Evidence
from benchmarks.wire.attestations import EvidenceLimit
from reporting_agent.audit.openings import telling
from reporting_agent.audit.openings.declared import declared_in
from reporting_agent.audit.openings.verdict import AuditVerdict
from reporting_agent.config import load_site
from tests.functional.audit.plants import honest
from tests.functional.audit.test_tampering import Rows, with_log
from tests.functional.audit.test_withheld import evidence_of
from tests.statistical import lines
from tests.statistical.raw_plants import by_energy, by_readings

DAYS = 30


@pytest.fixture(scope="module")
def mills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mills")
    lines.write(lines.MILLS, folder, seed=3, days=DAYS, rate=0)
    return folder


@pytest.fixture(scope="module")
def with_runs_missing(mills: Path, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    def fewer(rows: Rows) -> Rows:
        return [row for index, row in enumerate(rows) if row["state"] or index % 6]

    return evidence_of(honest(with_log(mills, tmp_path_factory.mktemp("missing"), fewer)))


def test_a_line_left_out_whole_is_never_held_and_its_meter_is_named(tmp_path: Path) -> None:
    lines.write(lines.MILLS, tmp_path, seed=3, days=75, rate=0)
    left = with_log(
        tmp_path, tmp_path, lambda rows: [row for row in rows if row["equipment"] != "mill-1"]
    )
    finding = completeness.nothing_left_out(evidence_of(honest(left)))
    assert finding.state is CheckState.NOT_CHECKABLE, finding.sentence
    assert "mill-1-electricity" in finding.sentence
    assert "at least 0 %" not in finding.sentence


def test_an_unreadable_row_excuses_the_stretches_of_one_batch_and_no_more(
    with_runs_missing: Evidence,
) -> None:
    def found_with(unread: int) -> tuple[CheckState, int]:
        opening = replace(with_runs_missing.opening, unread={"batches": unread} if unread else {})
        finding = completeness.nothing_left_out(replace(with_runs_missing, opening=opening))
        return finding.state, finding.count

    state, stretches = found_with(0)
    assert (state, stretches > 10) == (CheckState.FAILED, True)
    one_less, less = found_with(1)
    assert one_less is CheckState.FAILED
    assert stretches - 3 <= less < stretches
    assert found_with(1_000)[0] is CheckState.NOT_CHECKABLE


def test_carriers_without_a_meter_are_said_first_with_their_share(tmp_path: Path) -> None:
    lines.write(
        lines.HONEST[-1], tmp_path, seed=0, days=8, rate=0
    )  # an arc furnace: electricity metered, gas and coke by rows
    evidence = evidence_of(honest(tmp_path))
    verdict = AuditVerdict(checks.run(evidence), evidence)
    assert EvidenceLimit.ENERGY_FROM_ROWS in verdict.limits
    shares = {(row["step"], row["carrier"]): row["share"] for row in verdict.to_json()["from_rows"]}
    assert ("eaf", "electricity") not in shares
    assert shares["eaf", "natural-gas"] > 0.02
    (gas,) = [row.share for row in verdict.by_rows if row.carrier == "natural-gas"]
    phrase = f"natural-gas {100 * gas:.1f} %"
    first, second = telling.lines(verdict).splitlines()[:2]
    assert "This evidence cannot show: the energy that no meter counts" in first
    assert second.startswith("Energy that no meter counts, as a share of the opened batches'")
    assert phrase in second
    for lang in ("en", "zh"):
        assert phrase in telling.markdown(verdict, lang)
    assert phrase in telling.page(verdict, "en", datetime(2026, 2, 3, tzinfo=UTC))
    assert verdict.summary()["not_checkable"] == sorted(
        finding.code
        for finding in verdict.findings
        if finding.asked and finding.state is CheckState.NOT_CHECKABLE
    )


def test_rows_of_a_carrier_that_a_meter_counts_besides_are_said_too(tmp_path: Path) -> None:
    """Most of the electricity in rows beside the register of an auxiliary, or credited in rows
    beside the main one: no meter tells it.
    """
    plant = by_readings("register")
    of = [("electricity", "import", 300.0), ("electricity", "recovered", 40.0)]
    rows = [
        {
            "batch_id": batch["batch_id"],
            "step": "eaf",
            "carrier": carrier,
            "direction": way,
            "quantity": str(kwh * 120),
            "unit": "kWh",
        }
        for batch in plant.tables["batches"]
        for carrier, way, kwh in of
    ]
    replace(plant, tables=plant.tables | {"energy": [*plant.tables["energy"], *rows]}).write(
        tmp_path
    )
    evidence = evidence_of(honest(tmp_path))
    verdict = AuditVerdict(checks.run(evidence), evidence)
    shares = {
        (row["carrier"], row["direction"]): row["share"] for row in verdict.to_json()["from_rows"]
    }
    assert shares["electricity", "import"] > 0.3
    assert shares["electricity", "recovered"] > 0.03
    assert "eaf electricity (recovered) " in telling.lines(verdict).splitlines()[1]


@pytest.mark.parametrize("recorded", [True, False])
def test_a_variable_that_was_not_recorded_is_told_with_what_it_moves(
    recorded: bool, tmp_path: Path
) -> None:
    """Heats with 30 % hot metal and without the column, by a pack that does not ask for it: a third
    lower, and no datum is false.
    """
    plant = by_energy()
    saved = 3.5 * 30  # kWh/t, by the pack's slope
    without = [
        {name: cell for name, cell in row.items() if name != "var.hot_metal_pct"}
        for row in plant.tables["batches"]
    ]
    rows = [{**row, "var.hot_metal_pct": "30"} if recorded else row for row in without]
    site = (
        plant.site
        if recorded
        else plant.site.replace('pack = "steel"\n', 'pack = "./looser.toml"\n')
    )
    asked = "required = true\nleast = 0\nmost = 90\n"  # for the share of hot metal
    steel = (packs.HOME / "steel.toml").read_text(encoding="utf-8")
    assert steel.count(asked) == 2
    looser = steel.replace(asked, "").replace('version = "1"', 'version = "looser"', 1)
    (tmp_path / "looser.toml").write_text(looser, encoding="utf-8")
    tonnes = {row["batch_id"]: float(row["output_quantity"]) for row in rows}
    energy = [
        {**row, "quantity": f"{float(row['quantity']) - saved * tonnes[row['batch_id']]:.0f}"}
        if row["carrier"] == "electricity"
        else row
        for row in plant.tables["energy"]
    ]
    replace(plant, site=site, tables={"batches": rows, "energy": energy}).write(tmp_path)
    evidence = evidence_of(honest(tmp_path))
    verdict = AuditVerdict(checks.run(evidence), evidence)
    assert not verdict.failed
    effects = {
        (entry["variable"], entry["metric"]): (entry["share"], entry["slope"])
        for entry in verdict.to_json()["at_reference"]
    }
    assert effects == (
        {}
        if recorded
        else {
            ("hot_metal_pct", "total"): (1.0, -0.8),
            ("hot_metal_pct", "electricity"): (1.0, -3.5),
        }
    )
    for lang, sentence in (
        (
            "en",
            "hot_metal_pct was not recorded for 100 % of the opened batches. These count as 0 %",
        ),
        ("zh", "未记录 hot_metal_pct"),
    ):
        assert (sentence in "\n".join(telling.notes(verdict, lang))) is not recorded


def test_a_works_whose_every_carrier_is_metered_has_none(with_runs_missing: Evidence) -> None:
    verdict = AuditVerdict(checks.run(with_runs_missing), with_runs_missing)
    assert EvidenceLimit.ENERGY_FROM_ROWS not in verdict.limits
    assert verdict.to_json()["from_rows"] == []


@pytest.mark.parametrize("minutes", [15, 60])
def test_output_moved_on_a_belt_is_found_by_hourly_rows_and_nobody_honest_is_accused(
    minutes: int, mills: Path, tmp_path: Path
) -> None:
    def moved(rows: Rows) -> Rows:
        chosen = [row for row in rows if row["state"] == ""]
        for index, row in enumerate(chosen):
            row["output_quantity"] = str(
                (1.06 if index % 2 else 0.94) * float(row["output_quantity"])
            )
        return rows

    folder = with_log(mills, tmp_path, lambda rows: rows)
    lines.put_up_belts(folder, minutes)
    finding = completeness.output_weighed(evidence_of(honest(folder)))
    assert (finding.state, "a smaller change would not be seen" in finding.sentence) == (
        CheckState.HELD,
        True,
    )
    assert (
        completeness.output_weighed(evidence_of(honest(with_log(folder, folder, moved)))).state
        is CheckState.FAILED
    )


def test_what_a_scale_may_be_off_by_is_declared_and_a_loose_one_is_said_first(
    mills: Path, tmp_path: Path
) -> None:
    folder = with_log(mills, tmp_path, lambda rows: rows)
    lines.put_up_scales(folder)
    site = folder / "site.toml"
    site.write_text(
        site.read_text(encoding="utf-8").replace(
            "[[scales]]\n", "[[scales]]\nuncertainty_pct = 12.5\n", 1
        ),
        encoding="utf-8",
    )
    declared = declared_in(load_site(site))
    assert {
        (declaration.kind, declaration.of, declaration.does)
        for declaration in declared
        if declaration.of.endswith("-scale")
    } == {
        ("loose_scale", "mill-1-scale", "± 12.5 %"),
        ("weighing", "mill-2-scale", "± 1 %"),
        ("settings", "scales mill-1-scale", "step = cement-grinding, equipment = mill-1"),
        ("settings", "scales mill-2-scale", "step = cement-grinding, equipment = mill-2"),
    }
    evidence = evidence_of(honest(folder))
    printed = telling.lines(
        AuditVerdict(checks.run(evidence), evidence, declared=declared)
    ).splitlines()
    assert (
        "The plant declares that scale mill-1-scale may be off by ± 12.5 %: smaller changes in "
        "output cannot be detected." in printed[1:8]
    )
    assert not [line for line in printed[:8] if "mill-2-scale" in line]
