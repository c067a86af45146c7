"""What a reader of the code pays, counted from the files alone: of any tree, at any commit.

Product is what a user runs: the book (core, agent, portal) and its extras. White space, migrations,
tests, fixtures and generated pages do not count.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

BOOK = ("benchmarks", "reporting_agent", "portal")
EXTRAS = "extras"
PRODUCT = (*BOOK, EXTRAS)
PACKAGES = (*PRODUCT, "fixtures", "tests", "docs")

CRUMB_LINES = 4
"""A private function of so few lines that is used once is a detour."""

MAY_CATCH = {
    "reporting_agent/sources/conformance.py": "a stranger's provider may raise anything, and what "
    "it raised is the kit's finding",
    "extras/live/sources/lifeline.py": "whatever ends a source's thread is reported with "
    "its text, and the source is started again",
    "extras/live/sources/mqtt.py": "a message that our own fault stopped is kept as "
    "unreadable: raised, it would come for ever",
    "portal/intake/storing.py": "whatever stopped the one thread that stores is raised again in "
    "each thread whose report it was",
    "portal/publication/scheduling.py": "what stops the release of one version is logged, and must "
    "not keep the versions behind it back",
}
"""Modules that catch everything once each, with the reason. A handler that ends in `raise` passes
on what it caught and is not counted."""

REFERENCE = "reference"
"""The folder of pages that a command builds: nobody maintains their words."""

_ELEMENTS = (
    "a|abbr|b|button|code|dd|div|dl|dt|em|form|h[1-6]|i|img|input|label|li|nav|ol|option|p|pre"
    "|section|select|small|span|strong|svg|t[rdh]|table|tbody|ul"
)
TAG = re.compile(rf"</?({_ELEMENTS})(\s[a-z-]+=|>|/>)")
"""Tags of HTML, but neither a place for a value (`<file>`) nor ReportLab's own `<font>`."""
NOT_LATIN = re.compile(r"[\u0400-\u04ff\u0600-\u06ff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
MEANT = {
    "tт": "unit signs of tonnes",
    "年": "stands behind the year of a date in a plant's file",
    "年%m月%d日": "how a plant's file writes a date",
    "TК": "letters of a temperature in a heading, which is no tonnes",
    "能源": "how a plant's own file names the class of energy",
    "是": "how a firm's workbook says yes",
    "否": "how a firm's workbook says no",
    "一号-9": "an id in the conformance kit's files, which has letters beyond Latin on purpose",
    ". Use a Python of that list, or install the agent with pip. / 本文件不含适用于 ": "printed "
    "before there is a catalogue",
    " 的组件。": "printed before there is a catalogue: the file is not unpacked",
}
"""Texts in another script that stand in code with a reason: nobody reads them as a language, or
there is no catalogue yet."""


def table(root: Path) -> dict[str, float]:
    """Every measure of the tree by its name, but for the walks (`tests.house.walks`)."""
    paths = {package: list(modules(root, package)) for package in PRODUCT}
    texts = {path: path.read_text(encoding="utf-8") for found in paths.values() for path in found}
    trees = {path: ast.parse(text) for path, text in texts.items()}
    book = [path for package in BOOK for path in paths[package]]
    sizes = {name: sum(_characters(texts[path]) for path in found) for name, found in paths.items()}
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    strings = [text for tree in trees.values() for text in literals(tree)]
    return {
        "characters of the product": sum(sizes.values()),
        "characters of the book": sum(sizes[name] for name in BOOK),
        **{f"characters of {name}": sizes[name] for name in PRODUCT},
        "modules of the book": len(book),
        "lines of a module, median": median(texts[path].count("\n") for path in book),
        "modules": len(texts),
        "dataclasses": sum(is_dataclass(node) for node in nodes),
        "private functions of four lines or fewer used once": sum(
            map(len, (crumbs(tree) for tree in trees.values()))
        ),
        "words that people maintain": words(root),
        "characters of tests": sum(
            _characters(path.read_text(encoding="utf-8", errors="replace"))
            for path in python(root, "tests")
        ),
        "texts with HTML tags in Python": sum(bool(TAG.search(text)) for text in strings),
        "texts in another script in Python": sum(
            bool(NOT_LATIN.search(text)) and text not in MEANT for text in strings
        ),
        "places that catch everything": sum(
            catches_everything(tree) - (path.relative_to(root).as_posix() in MAY_CATCH)
            for path, tree in trees.items()
        ),
        "queries in pages": sum(map(len, queries_in_pages(root).values())),
    }


def python(root: Path, package: str) -> Iterator[Path]:
    """Every Python file of a package, those of an installed environment left out."""
    return (path for path in sorted((root / package).rglob("*.py")) if ".venv" not in path.parts)


def modules(root: Path, package: str) -> Iterator[Path]:
    """Modules that a user runs: without migrations, and without the tests of an extra."""
    for path in python(root, package):
        inside = path.relative_to(root).parts
        if "migrations" not in inside and "tests" not in inside:
            yield path


def _characters(text: str) -> int:
    return len("".join(text.split()))


def is_dataclass(node: ast.AST) -> bool:
    if not isinstance(node, ast.ClassDef):
        return False
    return any(
        ast.unparse(mark).startswith(("dataclass", "dataclasses.dataclass"))
        for mark in node.decorator_list
    )


def crumbs(tree: ast.Module) -> list[str]:
    """Private functions of a module, short enough to stand where they are called, that are named
    once beside their definition. Decorated ones are called by others.
    """
    named = Counter(
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
    )
    return [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and re.match(r"_[^_]", node.name)
        and not node.decorator_list
        and (node.end_lineno or node.lineno) - node.lineno < CRUMB_LINES
        and named[node.name] == 1
    ]


def words(root: Path) -> int:
    """Of documents, decisions, README and changelog; pages that a command writes left out."""
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / EXTRAS).rglob("*.md")]
    return sum(
        len(page.read_text(encoding="utf-8").split())
        for page in pages
        if REFERENCE not in page.relative_to(root).parts and ".venv" not in page.parts
    )


def literals(tree: ast.Module) -> Iterator[str]:
    """Texts of the code. Left out are docstrings, of names too, and patterns, with which what a
    plant wrote is compared.
    """
    left_out = {
        part
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        or (isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile")
        for part in (ast.walk(node) if isinstance(node, ast.Call) else [node.value])
    }
    return (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in left_out
    )


def catches_everything(tree: ast.Module) -> int:
    """Handlers of any exception at all that do not end by raising."""
    return sum(
        _everything(handler.type) and not isinstance(handler.body[-1], ast.Raise)
        for handler in ast.walk(tree)
        if isinstance(handler, ast.ExceptHandler)
    )


MANAGERS = frozenset({"objects", "_default_manager", "_base_manager"})


def queries_in_pages(root: Path) -> dict[str, list[int]]:
    """The lines in which modules of `portal/web` reach a model's manager, by module: what is asked
    of the database there belongs to the app whose model it is.
    """
    lines: dict[str, list[int]] = {}
    for path in python(root, "portal/web"):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        reached = sorted(
            node.lineno
            for node in nodes
            if isinstance(node, ast.Attribute) and node.attr in MANAGERS
        )
        if reached:
            lines[path.relative_to(root).as_posix()] = reached
    return lines


def _everything(caught: ast.expr | None) -> bool:
    named: Iterable[ast.expr | None] = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"})
        for kind in named
    )
