"""`docs/modules.md`: every module of the product with the first sentence of its docstring, which
says what is done there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from tests.documents.refusals import ROOT
from tests.house.measures import PRODUCT

PAGE = ROOT / "docs" / "modules.md"

HEAD = """# What is done where

Every module by its folder, with the first sentence of its docstring. How the folders follow one another stands in
[architecture.md](architecture.md). This list is written by `python -m tests.documents --write`."""

_UNLISTED = frozenset({"__main__.py", "apps.py", "urls.py"})


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for folder, modules in groupby(_modules(), key=lambda module: module.parent):
        lines = [f"- `{module.stem}`: {sentence_of(module)}" for module in modules]
        parts += [f"\n## {folder.relative_to(ROOT)}\n", *lines]
    return "\n".join(parts) + "\n"


def _modules() -> Iterator[Path]:
    for package in PRODUCT:
        listed = (
            path
            for path in (ROOT / package).rglob("*.py")
            if path.name not in _UNLISTED and "migrations" not in path.parts
        )
        yield from sorted(
            filter(_does_something, listed), key=lambda path: (path.parent, path.stem)
        )


def _does_something(module: Path) -> bool:
    """A package's own file is listed where it defines something: most hold a sentence about the
    folder and no more.
    """
    body = (
        ast.parse(module.read_text(encoding="utf-8")).body if module.name == "__init__.py" else None
    )
    return body is None or any(
        isinstance(statement, ast.FunctionDef | ast.ClassDef) for statement in body
    )


def sentence_of(module: Path) -> str:
    """The first sentence, on one line.

    Raises:
        ValueError: the module has no docstring.
    """
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
    if docstring is None:
        raise ValueError(f"{module.relative_to(ROOT)} has no docstring")
    first = re.split(r"(?<=\.)\s|\n\n", docstring, maxsplit=1)[0]
    return " ".join(first.split()).replace("|", "\\|")
