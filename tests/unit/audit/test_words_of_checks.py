"""Everything that a check of an audit can say is there in both languages, and no figure of a sentence is lost on the way."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import benchmarks
import reporting_agent
from benchmarks.audit import checks
from benchmarks.audit.kinds import KIND_OF, OF_A_SAMPLE
from benchmarks.audit.refusals import ZH, in_words
from benchmarks.errors import VerificationError
from reporting_agent.report.words import both

CORE, AGENT = Path(benchmarks.__file__).parent, Path(reporting_agent.__file__).parent
IN_TWO_LANGUAGES = [
    *(CORE / "audit" / name for name in ("computed.py", "evidence.py", "parts.py", "promised.py", "proven.py")),
    *(AGENT / name for name in ("openings/verifying.py", "recomputation.py", "reconciliation/comparing.py")),
]
SAYING = [
    *IN_TWO_LANGUAGES,
    *(CORE / "audit" / name for name in ("accepted.py", "completeness.py", "withheld.py")),
    *(AGENT / "openings" / name for name in ("log_entries.py", "published.py", "statements.py", "versions.py")),
]
REFUSING = [
    *(CORE / "audit" / name for name in ("draws.py", "published.py", "sample_file.py")),
    *(CORE / "wire" / f"{name}.py" for name in ("canonical", "challenges", "fields", "heads", "merkle", "published", "receipts")),
]
NOT_OF_A_REPORT = {"challenge-for-another", "receipt-for-another"}  # refused to a plant that submits, never met by `verify`
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _calls(file: Path, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def _figures(text: ast.expr) -> set[str]:
    """What is filled into a sentence, each by its expression and without the language of a part."""
    filled = {ast.unparse(node.value) for node in ast.walk(text) if isinstance(node, ast.FormattedValue)}
    return {re.sub(r"(\.|_|\b)(en|zh)\b", "", one) for one in filled}


@pytest.mark.parametrize("file", IN_TWO_LANGUAGES, ids=lambda file: file.stem)
def test_every_sentence_is_chinese_in_chinese_and_has_the_same_figures(file: Path) -> None:
    found = list(_calls(file, "Words"))
    assert found
    for call in found:
        texts = {one.arg: one.value for one in call.keywords}
        if all(isinstance(text, ast.Name) for text in texts.values()):
            continue  # the same in every language
        said = "".join(str(node.value) for node in ast.walk(texts["zh"]) if isinstance(node, ast.Constant))
        only_parts = not re.search(r"[a-z]{2}", "".join(str(n.value) for n in ast.walk(texts["en"]) if isinstance(n, ast.Constant)))
        assert only_parts or CHINESE.search(said), f"{file.name}:{call.lineno}"
        if not any(isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) for node in ast.walk(texts["en"])):
            assert _figures(texts["en"]) == _figures(texts["zh"]), f"{file.name}:{call.lineno}"


def test_every_check_has_a_name_and_no_other() -> None:
    codes = set()
    for file in SAYING:
        text = file.read_text(encoding="utf-8")
        codes |= {
            code for line in re.findall(r"^    code.* = (.*)$", text, re.MULTILINE) for code in re.findall(r'"([a-z]+(?:-[a-z]+)*)"', line)
        }
        for name in ("held", "failed", "not_asked", "not_checkable", "refused", "_energy"):
            codes |= {
                arg.value
                for call in _calls(file, name)
                for arg in call.args
                if isinstance(arg, ast.Constant) and re.fullmatch(r"[a-z]+(-[a-z]+)*", str(arg.value))
            }
    assert len(codes) > len(checks.CHECKS)
    assert codes == set(both()["verdict_checks"]) == set(KIND_OF)


def test_the_checks_of_a_sample_are_those_that_run_on_one() -> None:
    assert {check.__name__.replace("_", "-") for check in checks.CHECKS} == set(OF_A_SAMPLE)


def test_every_refusal_that_a_check_can_meet_has_chinese_words() -> None:
    codes = {
        str(call.args[0].value)
        for file in REFUSING
        for call in _calls(file, "VerificationError")
        if call.args and isinstance(call.args[0], ast.Constant)
    }
    assert len(codes) > 15
    assert codes - NOT_OF_A_REPORT <= set(ZH)
    for code, (found, to_do) in ZH.items():
        assert CHINESE.search(found), code
        assert CHINESE.search(to_do), code


def test_a_refusal_is_told_with_its_code_in_chinese() -> None:
    said, to_do = in_words(VerificationError("not-included", "Leaf 3 is not there.", "Ask again."))
    assert (said.en, to_do.en) == ("Leaf 3 is not there.", "Ask again.")
    assert said.zh == "所出示的叶子不在具有该根的树中。（not-included）"
    assert in_words(VerificationError("of-tomorrow", "New.", "Wait."))[0].zh == "New.（of-tomorrow）"
