"""What the plant declared is read by the auditor, and time declared unusable is no place to hide
and no alarm.
"""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from benchmarks.audit import checks
from benchmarks.audit.evidence import CheckState
from benchmarks.audit.sampling_plan import STANDARD, StratumKind, StratumSize
from reporting_agent.audit.openings import telling
from reporting_agent.audit.openings.declared import declared_in
from reporting_agent.audit.openings.verdict import AuditVerdict
from reporting_agent.config import load_site
from tests.functional.audit.plants import honest
from tests.functional.audit.test_withheld import evidence_of

WEEKS = (
    'from = 2025-01-20\nuntil = 2025-02-10\nkind = "unusable"\nreason = "Meter cabinet open, work '
    'order 7."\n'
)
EVERY_DAY = replace(
    STANDARD,
    sizes={**STANDARD.sizes, StratumKind.DAYS: StratumSize(Fraction(999, 1000), Fraction(1, 1000))},
)  # the three weeks among them
UNUSABLE = {
    "meter": f'meter = "mill-1-electricity"\n{WEEKS}',
    "step": f'step = "cement-grinding"\n{WEEKS}',
}


def settled(works: Path, folder: Path, more: str) -> Path:
    """A copy of the works with more in its settings."""
    shutil.copytree(works, folder, dirs_exist_ok=True)
    settings = folder / "site.toml"
    settings.write_text(f"{settings.read_text(encoding='utf-8')}\n{more}", encoding="utf-8")
    return folder


def without_rows_of_the_weeks(folder: Path) -> Path:
    """The log of these weeks was lost with the cabinet: nothing of it stands in the file."""
    log = folder / "batches.csv"
    with log.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = [
            row
            for row in reader
            if row["equipment"] != "mill-1"
            or row["start"] < "2025-01-20"
            or row["end"] > "2025-02-10"
        ]
    with log.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, reader.fieldnames or ())
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.mark.parametrize("of", UNUSABLE)
def test_honest_weeks_declared_unusable_raise_no_alarm_and_their_energy_is_told(
    of: str, works: Path, tmp_path: Path
) -> None:
    evidence = evidence_of(
        honest(settled(works, tmp_path, f"[[events]]\n{UNUSABLE[of]}")), EVERY_DAY
    )
    findings = checks.run(evidence)
    assert [finding.code for finding in findings if finding.state is CheckState.FAILED] == []
    assert evidence.accounted is not None
    mill = max(evidence.accounted.balances, key=lambda balance: balance.unusable)
    assert mill.unusable > 0
    verdict = AuditVerdict(
        findings, evidence, declared=declared_in(load_site(tmp_path / "site.toml"))
    )
    first = telling.lines(verdict).splitlines()[1:8]
    assert any(
        line.startswith(
            f"{mill.meter}: {100 * mill.unusable / mill.total:.1f} % of the energy of its sampled "
            "days was used in time"
        )
        for line in first
    )
    assert any(
        "declared unusable, 2025-01-20 to 2025-02-10: Meter cabinet open, work order 7." in line
        for line in first
    )
    by_meter = {row["meter"]: row["declared_unusable"] for row in verdict.to_json()["metered"]}
    assert by_meter[mill.meter] == pytest.approx(mill.unusable, abs=0.01)


@pytest.mark.parametrize("declared", [True, False])
def test_weeks_without_rows_are_left_out_unless_they_are_declared_unusable(
    declared: bool, works: Path, tmp_path: Path
) -> None:
    folder = settled(works, tmp_path, f"[[events]]\n{UNUSABLE['meter']}" if declared else "")
    evidence = evidence_of(honest(without_rows_of_the_weeks(folder)), EVERY_DAY)
    failed = {
        finding.code for finding in checks.run(evidence) if finding.state is CheckState.FAILED
    }
    assert failed == (set() if declared else {"nothing-left-out"})


DECLARED = """
[[events]]
meter = "mill-1-electricity"
from = 2025-01-01
kind = "ratio"
factor = 0.9
reason = "Current transformers 400/5."

[mapping.readings]
scale = { value = 0.9 }
"""


def test_the_auditor_reads_every_factor_with_its_reason(works: Path, tmp_path: Path) -> None:
    folder = settled(works, tmp_path, DECLARED)
    evidence, declared = evidence_of(honest(folder)), declared_in(load_site(folder / "site.toml"))
    verdict = AuditVerdict(checks.run(evidence), evidence, declared=declared)
    assert not verdict.failed  # no file shows whether a factor is true
    declarations = {
        (declaration["kind"], declaration["of"]): declaration
        for declaration in verdict.to_json()["declared"]
    }
    ratio, scale = (
        declarations["ratio", "meter mill-1-electricity"],
        declarations["scale", "readings: value"],
    )
    assert (ratio["since"], ratio["does"], ratio["reason"]) == (
        "2025-01-01",
        "× 0.9",
        "Current transformers 400/5.",
    )
    assert scale["does"] == "× 0.9"
    for lang, heading, kind in (
        ("en", "What the plant declared", "factor of a column"),
        ("zh", "企业所声明的内容", "列的系数"),
    ):
        for text in (
            telling.lines(verdict, lang),
            telling.markdown(verdict, lang),
            telling.page(verdict, lang, datetime(2026, 2, 3, tzinfo=UTC)),
        ):
            assert all(
                word in text
                for word in (
                    heading,
                    kind,
                    "× 0.9",
                    "Current transformers 400/5.",
                    "mill-1-electricity",
                )
            )
    first = telling.lines(verdict).splitlines()[1:8]
    assert any(
        line.startswith("Declarations of the plant that multiply values: 2") for line in first
    )
    assert telling.notes(verdict, "en")[-1].startswith("The plant declares no [site_boundary]")


SEPARATOR = (
    '[[meters]]\nid = "mill-1-separator"\nstep = "cement-grinding"\nequipment = "mill-1"\ncarrier '
    '= "electricity"\nunit = "kWh"\n'
)
# a second meter of the line, taken out of the label by its position in the tree: no check can find
# it
POSITIONS = {
    "sub": (
        'reading = "register"\nrole = "sub"\nparent = "mill-1-electricity"\n',
        "counts_for_nothing",
        "sub < mill-1-electricity",
    ),
    "check": (
        'reading = "register"\nrole = "check"\nchecks = "mill-1-electricity"\n',
        "counts_for_nothing",
        "check < mill-1-electricity",
    ),
    "credited": (
        'reading = "register"\ndirection = "export"\n',
        "credited",
        "cement-grinding mill-1 electricity",
    ),
}


@pytest.mark.parametrize("position", POSITIONS)
def test_a_meter_that_counts_for_nothing_or_is_credited_is_told_first(
    position: str, works: Path, tmp_path: Path
) -> None:
    more, kind, does = POSITIONS[position]
    declared = declared_in(load_site(settled(works, tmp_path, SEPARATOR + more) / "site.toml"))
    declarations = {
        declaration.of: (declaration.kind, declaration.does)
        for declaration in declared
        if declaration.kind != "range"
    }
    assert declarations["mill-1-separator"] == (kind, does)
    assert declarations["mill-1-electricity"] == (
        "counts_for",
        "cement-grinding mill-1 electricity",
    )
    assert all(
        declaration.of != "site-main" or declaration.kind == "range" for declaration in declared
    )  # what counts lies below it
    evidence = evidence_of(honest(works))
    for lang in ("en", "zh"):
        notes = telling.notes(AuditVerdict(checks.run(evidence), evidence, declared=declared), lang)
        assert any("mill-1-separator" in note for note in notes)
    assert any(
        declaration.kind == "range" and declaration.does.endswith("kWh/h")
        for declaration in declared
    )


MAPPED = """
[mapping.batches]
columns = { output_quantity = "charged_t" }
values = { state = { trial = "trial" }, status = { ok = "good" } }
rows = { output_quantity = "sum" }
[mapping.energy.carriers.electricity]
column = "power"
unit = "MJ"
direction = "recovered"
[[meters]]
id = "gas"
step = "clinker-burning"
carrier = "natural-gas"
reading = "register"
unit = "m3"
temperature_c = 30.0
pressure_kpa = 90.0
"""


def test_words_rows_columns_and_the_state_of_gas_are_declarations(
    works: Path, tmp_path: Path
) -> None:
    declared = declared_in(load_site(settled(works, tmp_path, MAPPED) / "site.toml"))
    declarations = {
        (declaration.kind, declaration.of, declaration.does) for declaration in declared
    }
    assert {
        ("taken_from", "batches: output_quantity", "charged_t"),
        ("word_as", "batches: state", "trial → trial"),
        ("word_as", "batches: status", "ok → good"),
        ("rows", "batches", "output_quantity: sum"),
        ("carrier_column", "energy: electricity", "power (MJ, recovered)"),
        ("gas_state", "gas", "temperature_c = 30 °C, pressure_kpa = 90 kPa"),
    } <= declarations


def test_shared_power_outside_carriers_and_static_factors_are_declarations(
    works: Path, tmp_path: Path
) -> None:
    more = """
[steps.cement-grinding]
not_used = ["compressed-air"]
[steps.cement-grinding.outside]
diesel = "Loader, work order 9."
[static]
altitude_m = 1500
"""
    declared = declared_in(load_site(settled(works, tmp_path, more) / "site.toml"))
    declarations = {
        (declaration.kind, declaration.of): (declaration.does, declaration.reason)
        for declaration in declared
    }
    assert declarations["outside", "cement-grinding diesel"] == ("", "Loader, work order 9.")
    assert ("not_used", "cement-grinding compressed-air") in declarations
    assert declarations["static", "altitude_m"][0] in {"1500", "1500.0"}


GAS = """
[[meters]]
id = "gas"
step = "clinker-burning"
carrier = "natural-gas"
reading = "rate"
unit = "{unit}"
temperature_c = 20
{gas}
[[meters]]
id = "pressure"
role = "state"
reading = "rate"
unit = "kPa"
pressure_is = "gauge"
{pressure}
[[meters]]
id = "steam"
step = "clinker-burning"
carrier = "steam"
reading = "rate"
unit = "t/h"
pressure_kpa = 1000
steam = {{ state = "saturated", feed_water_c = 20{steam} }}
{more}
"""
DESIGNED = {
    "unit": "Nm3/h",
    "gas": "pressure_kpa = 400\ncomputed_at = { temperature_c = 20, pressure_kpa = 400 }",
}
BY_PRESSURE = {
    "unit": "m3/h",
    "gas": 'pressure_meter = "pressure"',
    "pressure": "",
    "steam": "",
    "more": "",
}
MULTIPLYING = {  # by what is set, how the same works had it, and what the auditor reads of it
    "the air at a gauge": (
        {"pressure": "atmosphere_kpa = 80"},
        {},
        "gas_state",
        "pressure",
        "atmosphere_kpa = 80 kPa",
    ),
    "the state a flow computer knows": (
        {**DESIGNED, "gas": DESIGNED["gas"].replace("= 400 }", "= 700 }")},
        DESIGNED,
        "gas_state",
        "gas",
        "computed_at.pressure_kpa = 700 kPa",
    ),
    "wet steam": ({"steam": ", dryness = 0.85"}, {}, "gas_state", "steam", "steam.dryness = 0.85"),
    "condensate": (
        {"steam": ", condensate_returned = 0.9, condensate_c = 170"},
        {},
        "gas_state",
        "steam",
        "steam.condensate_returned = 0.9, steam.condensate_c = 170 °C",
    ),
    "values for missing": (
        {"more": '[mapping.readings.missing]\nvalue = ["410", "420"]'},
        {},
        "missing",
        "readings: value",
        "410 420",
    ),
    "a column": (
        {"more": '[mapping.readings.columns]\nvalue = "p_low"'},
        {},
        "taken_from",
        "readings: value",
        "p_low",
    ),
    "a length of time": (
        {"pressure": "interval_s = 900"},
        {},
        "settings",
        "meter pressure",
        "interval_s = 900 s",
    ),
}


@pytest.mark.parametrize("name", MULTIPLYING)
def test_what_multiplies_a_value_by_the_state_of_gas_or_by_its_words_is_a_declaration(
    name: str, works: Path, tmp_path: Path
) -> None:
    otherwise, honest_, kind, of, does = MULTIPLYING[name]
    lists = []
    for index, settings in enumerate((otherwise, honest_)):
        more = GAS.format(**{**BY_PRESSURE, **settings})
        lists.append(
            {
                (declaration.kind, declaration.of): declaration.does
                for declaration in declared_in(
                    load_site(settled(works, tmp_path / str(index), more) / "site.toml")
                )
            }
        )
    assert does in lists[0][kind, of]
    assert lists[0] != lists[1]
    assert lists[0]["settings", "meter pressure"].startswith("reading = rate, unit = kPa")
