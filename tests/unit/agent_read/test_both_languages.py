"""The local report says the same in both languages: findings, reasons, grades, the rule. No
sentence falls back to English.
"""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.catalogue import in_language
from benchmarks.labels import ExclusionReason
from benchmarks.measurements import DataFinding, Period
from fixtures.simulator import Sector
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.metering import tally
from reporting_agent.pipeline import batch_faults, runs
from reporting_agent.report import html
from reporting_agent.report.words import phrases, words
from tests.analysed import analysed

ROOT = Path(__file__).parents[3]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def calls_of_finding() -> list[tuple[Path, ast.Call]]:
    return [
        (path, node)
        for room in ("benchmarks", "reporting_agent")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == DataFinding.__name__
    ]


def in_both_languages(call: ast.Call) -> bool:
    """With the Chinese beside it, or a Phrase, which the catalogue must hold
    (`tests/unit/portal_web/test_messages.py`).
    """
    bare = [
        argument
        for argument in call.args[2:3]
        if isinstance(argument, ast.Constant | ast.JoinedStr)
    ]
    return not bare or "zh" in {word.arg for word in call.keywords}


def test_every_finding_is_made_with_its_chinese_sentence() -> None:
    calls = calls_of_finding()
    assert len(calls) > 10
    assert [f"{path}:{call.lineno}" for path, call in calls if not in_both_languages(call)] == []


def test_every_code_that_a_report_can_show_has_a_name_in_both_languages() -> None:
    written = {
        call.args[0].value
        for _, call in calls_of_finding()
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }
    codes = (
        written
        | {fault.code for fault in batch_faults.FAULTS}
        | set(tally.SENTENCES)
        | set(runs.SENTENCES)
        | set(ExclusionReason)
    )
    for lang in ("en", "zh"):
        assert {str(code) for code in codes} - set(words(lang)["reasons"]) == set()
    bare = {
        f"{section}.{key}"
        for section, entries in phrases().items()
        for key, phrase in entries.items()
        if re.search("[a-z]", re.sub(r"\{\w+\}", "", phrase))
        and not CHINESE.search(in_language(phrase, "zh"))
    }
    assert bare == set()


@pytest.mark.parametrize("road", ["csv", "meters"])
def test_a_plant_with_every_fault_gets_a_chinese_report_without_an_english_sentence(
    road: str, tmp_path: Path
) -> None:
    Sector("cement", 1, 1).plants[0].write(tmp_path, road=road)  # type: ignore[arg-type]  # one of the roads, by name
    site = load_site(tmp_path / "site.toml")
    result = pipeline.label(site, Period.parse("2025", site.zone))
    assert len(result.findings) > 4
    for finding in result.findings:
        assert CHINESE.search(in_language(finding.sentence, "zh")), finding
        assert f"{finding.count:,}" in in_language(finding.sentence, "zh"), finding
    page = html.render(site, result, analysed(site, result), "zh", datetime(2026, 1, 5, tzinfo=UTC))
    markup = re.sub(
        r'<span lang="en">.*?</span>', "", page, flags=re.DOTALL
    )  # sources are cited as they are
    shown = re.sub(r"<style>.*?</style>|<[^>]+>", "\n", markup, flags=re.DOTALL)
    lines = [
        line
        for line in shown.splitlines()
        if len(re.findall(r"[A-Za-z]{3,}", line)) > 4 and not CHINESE.search(line)
    ]
    assert set(lines) <= {
        site.site.name,
        *(line for line in lines if ".csv" in line),
    }  # the plant's own names
    for finding in result.findings:
        assert finding.sentence not in shown
