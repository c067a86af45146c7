"""Every reason code that is an answer and not an error: why a batch, a value, a grade or a
comparison is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from benchmarks.disclosure.reasons import GateReason
from benchmarks.labels.validity import ExclusionReason
from portal.intake.models import SubmissionState
from reporting_agent.metering import tally
from reporting_agent.pipeline import batch_faults, own_pack, runs
from tests.documents.refusals import ROOT

Codes = set[str]


def exclusions() -> Codes:
    """Why a batch is in no label: what metering found, then what the label finds."""
    codes = {
        fault.code for fault in batch_faults.FAULTS if fault.excludes is not batch_faults.never
    }
    return codes | {str(reason) for reason in ExclusionReason} | {own_pack.FAR}


def findings() -> Codes:
    """What the data-quality report can say besides the exclusions, and the faults of meters and the
    rows of logs, which stand in docs/agent.md.
    """
    tables = {fault.code for fault in batch_faults.FAULTS}
    codes = set(_first_arguments("DataFinding", "benchmarks", "reporting_agent"))
    return (tables | codes) - exclusions() - tally.SENTENCES.keys() - runs.SENTENCES.keys()


def withheld() -> Codes:
    """Why a label that was asked for does not leave."""
    refused = set(
        _first_arguments("PolicyRefusal", "benchmarks/release.py", "benchmarks/privacy/units.py")
    )
    return refused | set(_returned("_reason_to_withhold", "reporting_agent/sending/planning.py"))


def grades() -> Codes:
    """Why a limit was not tested, or no grade met."""
    codes = set(_first_arguments("UnassessableError", "benchmarks/packs")) | set(
        _first_arguments("NotAssessable", "benchmarks/packs")
    )
    paths = (
        "benchmarks/labels/limit_test.py",
        "reporting_agent/analysis/account/route.py",
        "reporting_agent/changes/questioned_label.py",
        "reporting_agent/pipeline/rejections.py",
    )
    return codes | {
        code for name in ("StepGrade", "untested") for code in _arguments(name, 1, *paths)
    }


def accounts() -> Codes:
    """What is missing in the annual account of a route."""
    paths = (f"reporting_agent/analysis/account/{part}.py" for part in ("route", "made_and_needed"))
    calls = (
        node for path in paths for node in _nodes(path) if isinstance(node, ast.Call) and node.args
    )
    return {
        code
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "lacks"
        for code in _literals(call.args[0])
    }


def comparison() -> Codes:
    """Why `compare` shows no gap."""
    return set(_keywords("reason", "reporting_agent/published.py"))


def composition() -> Codes:
    """Why a participant or a value stands in no composition."""
    (entrants,) = (
        node
        for node in _nodes("benchmarks/composition/entrants.py")
        if isinstance(node, ast.FunctionDef) and node.name == "entrants"
    )
    pairs = [
        node.elts[0]
        for node in ast.walk(entrants)
        if isinstance(node, ast.Tuple) and len(node.elts) == 2
    ]
    set_aside = {code for first in pairs for code in _literals(first)}
    return (
        set_aside
        | set(_keywords("reason", "benchmarks/composition"))
        | set(_keywords("note", "benchmarks/composition"))
    )


def gate() -> Codes:
    """What the disclosure gate says of a value."""
    return {str(reason) for reason in GateReason}


def states() -> Codes:
    """The life of a submission."""
    return {str(state) for state in SubmissionState}


LISTS: dict[str, Callable[[], Codes]] = {
    "exclusions": exclusions,
    "findings": findings,
    "withheld": withheld,
    "grades": grades,
    "accounts": accounts,
    "comparison": comparison,
    "composition": composition,
    "gate": gate,
    "states": states,
}


def _nodes(*paths: str) -> Iterator[ast.AST]:
    for relative in paths:
        path = ROOT / relative
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            yield from ast.walk(ast.parse(file.read_text(encoding="utf-8")))


def _arguments(callee: str, position: int, *paths: str) -> Iterator[str]:
    """Literal arguments at this position in calls of a class or function of this name."""
    for node in _nodes(*paths):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == callee
            and len(node.args) > position
        ):
            yield from _literals(node.args[position])


def _first_arguments(callee: str, *paths: str) -> Iterator[str]:
    return _arguments(callee, 0, *paths)


def _keywords(name: str, *paths: str) -> Iterator[str]:
    for node in _nodes(*paths):
        if isinstance(node, ast.keyword) and node.arg == name:
            yield from _literals(node.value)


def _returned(function: str, *paths: str) -> Iterator[str]:
    for node in _nodes(*paths):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            for inside in ast.walk(node):
                if isinstance(inside, ast.Return) and inside.value is not None:
                    yield from _literals(inside.value)


def _literals(node: ast.expr) -> Iterator[str]:
    """Texts that an expression can be: a literal, either side of a choice."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _literals(value)
