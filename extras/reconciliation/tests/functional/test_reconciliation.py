"""Meters and output against documents: what agrees, what differs, and what no document covers."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from benchmarks.audit.evidence import CheckOutcome, CheckState
from benchmarks.errors import InputError
from benchmarks.measurements import Period
from extras.reconciliation import papers
from extras.reconciliation.counting import us_of
from extras.reconciliation.papers import Bill, Calibration, Papers, Sale, StockSurvey
from extras.reconciliation.reconcile import reconcile
from reporting_agent import pipeline
from reporting_agent.cli import main
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.metering import MeterRecord
from reporting_agent.pipeline import PlantData
from tests.functional.audit.conftest import PERIOD
from tests.functional.audit.test_tampering import with_log

FEBRUARY = {"from": date(2025, 2, 1), "to": date(2025, 3, 1)}
KILN = "kiln-1-electricity"


def february_kwh(site: SiteSettings) -> float:
    """What the kiln's meter counted in February, by its own account of the month."""
    month = pipeline.read(site, Period.parse("2025-02", site.zone))
    (record,) = [candidate for candidate in month.meters if candidate.meter.id == KILN]
    assert record.unit == "kWh"
    return record.total


def bill(quantity: float, **changes: Any) -> Bill:
    fields = {
        "carrier": "electricity",
        **FEBRUARY,
        "quantity": quantity,
        "unit": "kWh",
        "meters": [KILN],
        "uncertainty_pct": 0.5,
        "document": "B 1",
    }
    return Bill.model_validate(fields | changes)


def only(site: SiteSettings, data: PlantData, **documents: tuple[Any, ...]) -> CheckOutcome:
    """What is said of the one document."""
    return reconcile(site, data, Papers(**documents), Period.parse(PERIOD, site.zone))[0]


@pytest.mark.parametrize(
    ("share", "state"),
    [
        (1.0, CheckState.HELD),
        (1.008, CheckState.HELD),
        (1.05, CheckState.FAILED),
        (0.95, CheckState.FAILED),
    ],
)
def test_a_bill_is_held_against_the_meters_within_both_uncertainties(
    site: SiteSettings, data: PlantData, share: float, state: CheckState
) -> None:
    finding = only(site, data, bill=(bill(share * february_kwh(site)),))
    assert (finding.code, finding.state) == ("bill-and-meters", state)
    assert "B 1" in finding.sentence
    assert bool(finding.remedy) == (state is CheckState.FAILED)


def test_a_bill_of_zero_is_held_against_the_meters_like_any_other(
    site: SiteSettings, data: PlantData
) -> None:
    failed = only(site, data, bill=(bill(0.0),))
    assert failed.state is CheckState.FAILED
    assert "%" not in failed.words.en  # of nothing there is no per cent
    nothing = [replace(record, hour_energy=0 * record.hour_energy) for record in data.meters]
    assert (
        only(site, replace(data, meters=tuple(nothing)), bill=(bill(0.0),)).state is CheckState.HELD
    )


def test_units_are_brought_together(site: SiteSettings, data: PlantData) -> None:
    assert (
        only(site, data, bill=(bill(february_kwh(site) / 1000, unit="MWh"),)).state
        is CheckState.HELD
    )


def test_a_document_is_named_with_its_meters(site: SiteSettings, data: PlantData) -> None:
    assert (
        f"electricity, {KILN}, 2025-02-01 to 2025-03-01 (B 1)"
        in only(site, data, bill=(bill(1.0),)).sentence
    )


def record_of(data: PlantData) -> MeterRecord:
    (record,) = [candidate for candidate in data.meters if candidate.meter.id == KILN]
    return record


def kwh(site: SiteSettings, data: PlantData, first: date, last: date) -> float:
    record = record_of(data)
    return float(
        record.hour_energy[
            (record.hour_us >= us_of(first, site)) & (record.hour_us < us_of(last, site))
        ].sum()
    )


def test_rows_of_one_document_are_one(site: SiteSettings, data: PlantData) -> None:
    """An invoice split at a change of price is prorated: each half is off, the sum is what was
    read.
    """
    total = february_kwh(site)
    halves = [
        bill(0.3 * total, to=date(2025, 2, 15)),
        bill(0.7 * total, **{"from": date(2025, 2, 15)}),
    ]
    together = only(site, data, bill=tuple(halves))
    assert together.state is CheckState.HELD
    assert "2 rows together" in together.sentence
    apart = reconcile(
        site,
        data,
        Papers(bill=(halves[0], halves[1].model_copy(update={"document": "B 2"}))),
        Period.parse(PERIOD, site.zone),
    )
    assert [finding.state for finding in apart[:2]] == [CheckState.FAILED, CheckState.FAILED]


ENDS = (date(2025, 2, 1), date(2025, 2, 10), date(2025, 2, 20), date(2025, 3, 1))


def in_a_row(site: SiteSettings, data: PlantData, *quantities: float) -> list[CheckOutcome]:
    """What is said of the bills of three spans of February, and of their sum."""
    bills = [
        bill(quantity, **{"from": first, "to": last}, document=f"B {first.day}")
        for quantity, first, last in zip(quantities, ENDS, ENDS[1:], strict=False)
    ]
    findings = reconcile(site, data, Papers(bill=tuple(bills)), Period.parse(PERIOD, site.zone))
    return [
        finding
        for finding in findings
        if finding.code == "bill-and-meters"
        and ("B " in finding.sentence or "in a row" in finding.sentence)
    ]


def test_the_hour_of_reading_moves_a_bill_by_less_than_a_day_and_their_sum_not(
    site: SiteSettings, data: PlantData
) -> None:
    used = [kwh(site, data, first, last) for first, last in pairwise(ENDS)]
    hours = 0.7 * kwh(
        site, data, date(2025, 2, 9), date(2025, 2, 10)
    )  # read in the morning of the last day
    alone = in_a_row(site, data, used[0] - hours)
    assert [finding.state for finding in alone] == [CheckState.NOT_CHECKABLE]
    assert "hour of reading" in alone[0].sentence
    row = in_a_row(site, data, used[0] - hours, used[1] + hours)
    assert [finding.state for finding in row] == [CheckState.HELD] * 3
    assert "2 documents in a row" in row[2].sentence
    steady = in_a_row(
        site, data, *(0.972 * energy for energy in used)
    )  # readings at 18, 12, 6 and 0 h explain all three
    assert [finding.state for finding in steady] == [CheckState.NOT_CHECKABLE] * 4
    wrong = in_a_row(
        site, data, *(0.945 * energy for energy in used)
    )  # each by less than a day's use, and no hour explains all three
    assert [finding.state for finding in wrong] == [CheckState.NOT_CHECKABLE] * 3 + [
        CheckState.FAILED
    ]


@pytest.mark.parametrize("share", [0.972, 1.028])
def test_the_hour_of_reading_moves_the_bill_of_a_whole_period_both_ways(
    site: SiteSettings, share: float
) -> None:
    """No reading is of the time beyond the period, and the meter may have been read there all the
    same.
    """
    month = Period.parse("2025-02", site.zone)
    finding = reconcile(
        site, pipeline.read(site, month), Papers(bill=(bill(share * february_kwh(site)),)), month
    )[0]
    assert finding.state is CheckState.NOT_CHECKABLE
    assert "hour of reading" in finding.sentence


def test_documents_that_all_say_less_are_told_with_the_first_day(
    site: SiteSettings, data: PlantData
) -> None:
    used = [kwh(site, data, first, last) for first, last in pairwise(ENDS)]
    findings = in_a_row(site, data, used[0], 0.4 * used[1], 0.0)
    assert [finding.state for finding in findings] == [CheckState.HELD] + [CheckState.FAILED] * 3
    assert "From 2025-02-10 on, each document states less" in findings[-1].sentence


def test_a_meter_that_takes_anothers_place_counts_with_it(
    site: SiteSettings, data: PlantData
) -> None:
    whole, turn = record_of(data), us_of(date(2025, 2, 12), site)
    early = whole.hour_us < turn
    old = replace(
        whole,
        hour_energy=whole.hour_energy * early,
        hour_known=whole.hour_known * early,
    )
    new = replace(
        whole,
        meter=whole.meter.model_copy(update={"id": "kiln-new"}),
        hour_energy=whole.hour_energy * ~early,
        hour_known=whole.hour_known * ~early,
    )
    both = replace(data, meters=(*(meter for meter in data.meters if meter is not whole), old, new))
    invoice = bill(kwh(site, data, *FEBRUARY.values()))
    assert (
        only(site, both, bill=(invoice.model_copy(update={"meters": (KILN, "kiln-new")}),)).state
        is CheckState.HELD
    )
    alone = only(site, both, bill=(invoice,))
    assert alone.state is CheckState.NOT_CHECKABLE
    assert f"({KILN}, kiln-new)" in alone.remedy


@pytest.mark.parametrize(
    "changes",
    [{"meters": ["nobody"]}, {"unit": "t"}, {"from": date(2024, 2, 1), "to": date(2024, 3, 1)}],
    ids=["meter", "unit", "period"],
)
def test_what_cannot_be_compared_says_why(
    site: SiteSettings, data: PlantData, changes: dict[str, Any]
) -> None:
    finding = only(site, data, bill=(bill(1.0, **changes),))
    assert finding.state is CheckState.NOT_CHECKABLE
    assert finding.sentence


def test_a_stock_survey_tells_what_was_used(site: SiteSettings, data: PlantData) -> None:
    used = february_kwh(site)
    fields = {
        "carrier": "electricity",
        **FEBRUARY,
        "unit": "kWh",
        "meters": [KILN],
        "uncertainty_pct": 1.0,
        "document": "S 1",
    }
    for closing, state in ((1_000.0, CheckState.HELD), (1_000.0 + used / 2, CheckState.FAILED)):
        survey = StockSurvey.model_validate(
            {**fields, "opening": 1_000.0, "received": used, "closing": closing}
        )
        assert only(site, data, stock=(survey,)).state is state


def test_sales_tell_what_was_made(site: SiteSettings, data: PlantData) -> None:
    start, end = (Period.parse("2025-02", site.zone).start, Period.parse("2025-02", site.zone).end)
    produced = sum(
        batch.output
        for batch in data.batches
        if batch.step == "clinker-burning" and start <= batch.start < end
    )
    fields = {
        "step": "clinker-burning",
        **FEBRUARY,
        "unit": "t",
        "uncertainty_pct": 0.5,
        "document": "L 1",
        "opening": 500.0,
        "closing": 200.0,
    }
    for sold, state in ((produced + 300, CheckState.HELD), (1.05 * produced, CheckState.FAILED)):
        assert (
            only(site, data, sale=(Sale.model_validate({**fields, "sold": sold}),)).state is state
        )


def test_a_row_that_stands_in_two_exports_was_made_once(
    site: SiteSettings, data: PlantData, works: Path, tmp_path: Path
) -> None:
    fields = {
        "step": "clinker-burning",
        **FEBRUARY,
        "unit": "t",
        "uncertainty_pct": 0.5,
        "document": "L 1",
        "sold": 1.0,
    }
    sale = Sale.model_validate(fields | {"opening": 0.0, "closing": 0.0})
    folder = with_log(
        works,
        tmp_path,
        lambda rows: [*rows, *(row for row in rows if row["step"] == "clinker-burning")],
    )
    twice = load_site(folder / "site.toml")
    overlapping = pipeline.read(twice, Period.parse(PERIOD, twice.zone))
    assert len(overlapping.batches) > len(data.batches)
    assert (
        only(twice, overlapping, sale=(sale,)).sentence == only(site, data, sale=(sale,)).sentence
    )


def test_batches_whose_numbers_begin_again_were_each_made(
    site: SiteSettings, data: PlantData
) -> None:
    fields = {
        "step": "clinker-burning",
        **FEBRUARY,
        "unit": "t",
        "uncertainty_pct": 0.5,
        "document": "L 1",
        "sold": 1.0,
    }
    sale = Sale.model_validate(fields | {"opening": 0.0, "closing": 0.0})
    numbered = [replace(batch, batch_id=f"{batch.start.day % 10}") for batch in data.batches]
    assert (
        only(site, replace(data, batches=numbered), sale=(sale,)).sentence
        == only(site, data, sale=(sale,)).sentence
    )


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, CheckState.HELD),
        ({"error_pct": 0.9}, CheckState.FAILED),
        ({"on": date(2022, 1, 1)}, CheckState.FAILED),
        ({"meter": "nobody"}, CheckState.NOT_CHECKABLE),
    ],
)
def test_a_calibration_covers_the_period_within_its_class(
    site: SiteSettings, data: PlantData, changes: dict[str, Any], state: CheckState
) -> None:
    fields = {
        "meter": KILN,
        "on": date(2024, 6, 12),
        "valid_months": 24,
        "error_pct": 0.2,
        "limit_pct": 0.5,
        "document": "C 1",
    }
    assert (
        only(site, data, calibration=(Calibration.model_validate(fields | changes),)).state is state
    )


@pytest.mark.parametrize(
    ("again_on", "state"),
    [
        (date(2025, 6, 1), CheckState.HELD),
        (date(2025, 6, 12), CheckState.HELD),
        (date(2025, 6, 13), CheckState.FAILED),
    ],
)
def test_certificates_that_follow_one_another_cover_the_period_together(
    site: SiteSettings, data: PlantData, again_on: date, state: CheckState
) -> None:
    fields = {"meter": KILN, "valid_months": 12, "error_pct": 0.2, "limit_pct": 0.5}
    papers = Papers(
        calibration=tuple(
            Calibration.model_validate(fields | {"on": on, "document": f"C {on.year}"})
            for on in (date(2024, 6, 12), again_on)
        )
    )
    outcomes = reconcile(site, data, papers, Period.parse("2025", site.zone))
    assert [
        outcome.state
        for outcome in outcomes
        if outcome.code == "calibration" and KILN in outcome.sentence
    ] == [state, state]


def test_what_no_document_covers_is_named(site: SiteSettings, data: PlantData) -> None:
    period = Period.parse("2025-02", site.zone)
    bare = Counter(finding.code for finding in reconcile(site, data, Papers(), period))
    assert set(bare) == {"bill-and-meters", "calibration", "sales-and-output"}
    covered = Counter(
        finding.code
        for finding in reconcile(
            site, data, Papers(bill=(bill(1.0, meters=["site-main"]),)), period
        )
    )
    assert (
        covered["bill-and-meters"] < bare["bill-and-meters"]
    )  # what hangs below the main meter is covered by its bill


def test_the_template_is_a_file_of_documents(
    tmp_path: Path, works: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "papers.toml"
    assert main(["reconcile", "--template", str(file)]) == 0
    assert papers.load(file) == Papers()
    filled = "\n".join(
        line.removeprefix("# ") for line in file.read_text(encoding="utf-8").splitlines()[3:]
    )
    file.write_text(filled, encoding="utf-8")
    declared = papers.load(file)
    assert [
        len(documents)
        for documents in (declared.bill, declared.stock, declared.sale, declared.calibration)
    ] == [1, 1, 1, 1]

    capsys.readouterr()
    page = tmp_path / "paper.md"
    code = main(
        [
            "reconcile",
            str(file),
            "--site",
            str(works / "site.toml"),
            "--period",
            PERIOD,
            "--out",
            str(page),
            "--json",
        ]
    )
    output = json.loads(capsys.readouterr().out)
    assert code == 1
    assert not output["held"]
    assert "# Meters compared with external documents" in page.read_text(encoding="utf-8")
    named = tmp_path / "paper.html"
    code = main(
        [
            "reconcile",
            str(file),
            "--site",
            str(works / "site.toml"),
            "--period",
            PERIOD,
            "--out",
            str(named),
            "--lang",
            "zh",
        ]
    )
    assert code == 1
    assert "无法核验" in capsys.readouterr().out
    assert "账单与表计" in named.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "code"),
    [("[[bill]", "papers-unreadable"), ("[[bill]]\ncarrier = 'x'", "papers-invalid")],
)
def test_a_file_that_does_not_hold_together_is_refused(
    tmp_path: Path, text: str, code: str
) -> None:
    file = tmp_path / "papers.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        papers.load(file)
    assert refused.value.code == code
