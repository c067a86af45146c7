"""What is counted. Product is what a user runs (core, agent, portal); fixtures and tests stand apart; a line is a line of a file."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import quantiles

PRODUCT = ("benchmarks", "reporting_agent", "portal")
PACKAGES = (*PRODUCT, "fixtures", "tests")

TAG = re.compile(r"(?<!\?P)</?[a-z][a-z0-9]*(\s[a-z-]+=|>|/>)")
NOT_LATIN = re.compile(r"[\u0400-\u04ff\u0600-\u06ff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")


def table(root: Path) -> dict[str, str]:
    """Every measure of the tree, by its name, as text."""
    product = [path for package in PRODUCT for path in python(root, package)]
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in product}
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in product}
    tested = sum(len(path.read_text(encoding="utf-8", errors="replace").splitlines()) for path in python(root, "tests"))
    longest = max(lines, key=lines.__getitem__)
    folder, most = Counter(path.parent for path in product).most_common(1)[0]
    template, width = widest(root)
    strings = [text for tree in trees.values() for text in literals(tree)]
    return {
        **{
            f"lines of Python in {name}": f"{sum(lines[path] for path in product if name in path.relative_to(root).parts[:1]):,}"
            for name in PRODUCT
        },
        "lines of Python of the product": f"{sum(lines.values()):,}",
        "of these migrations": f"{sum(count for path, count in lines.items() if path.parent.name == 'migrations'):,}",
        "lines of Python in tests": f"{tested:,}",
        "test lines a product line": f"{tested / sum(lines.values()):.2f}",
        "modules": f"{len(product):,}",
        "lines of a module, 90th percentile": f"{quantiles(lines.values(), n=10)[-1]:.0f}",
        "longest module": f"{lines[longest]} ({longest.relative_to(root)})",
        "classes": f"{sum(isinstance(node, ast.ClassDef) for tree in trees.values() for node in ast.walk(tree)):,}",
        "modules in the largest folder": f"{most} ({folder.relative_to(root)})",
        "texts with HTML tags in Python": f"{sum(bool(TAG.search(text)) for text in strings)}",
        "texts with letters of another script in Python": f"{sum(bool(NOT_LATIN.search(text)) for text in strings)}",
        "places that catch everything": f"{sum(map(catches_everything, trees.values()))}",
        "longest line of a template": f"{width} ({template})",
    }


def python(root: Path, package: str) -> Iterator[Path]:
    """Modules of a package, those of an installed environment left out."""
    return (path for path in sorted((root / package).rglob("*.py")) if ".venv" not in path.parts)


def widest(root: Path) -> tuple[str, int]:
    """The template with the longest line, and its characters."""
    templates = [path for package in PRODUCT for path in (root / package).rglob("*.html") if "templates" in path.parts]
    width, name = max((max(map(len, path.read_text(encoding="utf-8").splitlines() or [""])), path.name) for path in templates)
    return name, width


def literals(tree: ast.Module) -> Iterator[str]:
    """Texts of the code; docstrings are not part of it."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    return (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings
    )  # fmt: skip


def catches_everything(tree: ast.Module) -> int:
    """Handlers of any exception at all."""
    return sum(_everything(handler.type) for handler in ast.walk(tree) if isinstance(handler, ast.ExceptHandler))


def _everything(caught: ast.expr | None) -> bool:
    named: Iterable[ast.expr | None] = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(one is None or (isinstance(one, ast.Name) and one.id in {"Exception", "BaseException"}) for one in named)
