"""Every fault has a code, a severity, a sentence in both languages, and a line in docs/agent.md."""

import re

import pytest

from benchmarks.catalogue import in_language
from benchmarks.measurements import Severity
from reporting_agent.metering import standstills, tally, unit_check
from reporting_agent.metering.clock import ClockShiftKind
from reporting_agent.pipeline import runs
from reporting_agent.pipeline.batch_faults import FAULTS, BatchFault
from tests.documents.refusals import ROOT

TEXT = (ROOT / "docs" / "agent.md").read_text(encoding="utf-8")
AGAINST_BATCHES = {str(kind) for kind in ClockShiftKind} | {
    standstills.STILL,
    unit_check.LABEL,
    unit_check.CHANGE,
}


def table(header: str) -> list[list[str]]:
    """Cells of the rows below this header."""
    body = TEXT.split(f"| {header} |\n", 1)[1].split("\n\n", 1)[0]
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in body.splitlines()[1:]
    ]


METERS = {
    code: severity
    for codes, severity, *_ in table("code | severity | what shows it | what is done")
    for code in re.findall(r"`([^`]+)`", codes)
}


def test_the_table_of_meters_names_every_code_and_no_other() -> None:
    assert set(METERS) == set(tally.SENTENCES) | AGAINST_BATCHES


def test_the_table_of_logs_names_every_code_and_no_other() -> None:
    assert {code.strip("`") for code, *_ in table("finding | rows | treatment")} == set(
        runs.SENTENCES
    )


@pytest.mark.parametrize("code", tally.SENTENCES)
def test_the_severity_is_that_of_the_code(code: str) -> None:
    severity, fault = tally.SENTENCES[code]
    assert METERS[code] == str(severity)
    assert fault
    assert re.search(r"[\u4e00-\u9fff]", in_language(fault, "zh"))


def test_what_batches_show_of_meters_are_warnings() -> None:
    assert {METERS[code] for code in AGAINST_BATCHES} == {str(Severity.WARNING)}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.code)
def test_a_fault_is_said_in_both_languages(fault: BatchFault) -> None:
    for text in (fault.name, fault.sentence):
        assert re.search(r"[\u4e00-\u9fff]", in_language(text, "zh")), text
