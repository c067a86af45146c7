"""Every check of an audit has a name, and every refusal that one can meet is told in every
language.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import benchmarks
import reporting_agent
from benchmarks.audit import checks
from benchmarks.audit.evidence import refused
from benchmarks.audit.sample_file import KIND_OF, OF_A_SAMPLE
from benchmarks.errors import VerificationError
from benchmarks.wire.merkle import require_inclusion
from reporting_agent.report.words import phrases

CORE, AGENT = Path(benchmarks.__file__).parent, Path(reporting_agent.__file__).parent
RECONCILIATION = CORE.parent / "extras" / "reconciliation"  # where it is on the shelf
SAYING = [
    *(
        CORE / "audit" / f"{name}.py"
        for name in (
            *("committed_tree", "completeness", "computed", "counts", "draw_and_commitment"),
            *("evidence", "proven", "withheld"),
        )
    ),
    AGENT / "audit" / "whole_label_on_site.py",
    *RECONCILIATION.glob("*.py"),
    *(
        AGENT / "audit" / "openings" / f"{name}.py"
        for name in ("log_entries", "published", "statements", "verifying")
    ),
]
CODES = re.compile(r"\(?(code\b[^.]*|[A-Z]+, [A-Z]+)\)?")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _calls(file: Path, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def test_every_check_has_a_name_and_no_other() -> None:
    codes = set()
    for file in SAYING:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and CODES.fullmatch(ast.unparse(node.targets[0])):
                codes |= set(re.findall(r"'([a-z]+(?:-[a-z]+)*)'", ast.unparse(node.value)))
        for name in ("held", "failed", "not_asked", "not_checkable", "refused", "_energy"):
            codes |= {
                arg.value
                for call in _calls(file, name)
                for arg in call.args
                if isinstance(arg, ast.Constant)
                and re.fullmatch(r"[a-z]+(-[a-z]+)*", str(arg.value))
            }
    assert len(codes) > len(checks.CHECKS)
    assert set(phrases()["verdict_checks"]) == set(KIND_OF)
    assert codes == set(KIND_OF) if RECONCILIATION.exists() else codes < set(KIND_OF)


def test_the_checks_of_a_sample_are_those_that_run_on_one() -> None:
    assert {check.__name__.replace("_", "-") for check in checks.CHECKS} == set(OF_A_SAMPLE)


def test_a_refusal_is_told_in_chinese_with_its_values() -> None:
    with pytest.raises(VerificationError) as refusal:
        require_inclusion(b"", 3, 7, (b"\0",), b"")
    outcome = refused("inclusion", refusal.value)
    assert "leaf 3 of 7" in outcome.words.en
    assert "7 个叶子中的第 3 个" in outcome.words.said_in("zh")
    assert outcome.to_do is not None
    assert CHINESE.search(outcome.to_do.said_in("zh"))


def test_a_refusal_of_literals_is_told_in_chinese_as_well() -> None:
    outcome = refused(
        "inclusion",
        VerificationError(
            "column-wrong", "This value in the site file is not known.", "Correct it."
        ),
    )
    assert outcome.to_do is not None
    assert [
        CHINESE.search(words.said_in("zh")) is not None for words in (outcome.words, outcome.to_do)
    ] == [True, True]


def test_no_word_of_a_page_is_called_as_a_method_of_its_section() -> None:
    """A template that asks for it would be given the method."""
    assert {
        section: named
        for section, entries in phrases().items()
        if (named := entries.keys() & dir(dict))
    } == {}
