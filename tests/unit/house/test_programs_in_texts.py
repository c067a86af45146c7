"""Programs that a test hands to another process as text import names that exist: types see none,
and many run in long forms alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
IMPORTS = re.compile(
    r"(?:^|[;\n]) *from ((?:benchmarks|fixtures|portal|reporting_agent|tests)[\w.]*) import ([\w, "
    r"]+)"
)


def imported(text: str) -> Iterator[tuple[str, str]]:
    """Each module of ours that a text imports from, and the name that it asks for.

    >>> list(imported("import json; from portal import wall, worker as w; wall.up()"))
    [('portal', 'wall'), ('portal', 'worker')]
    """
    for module, names in IMPORTS.findall(text):
        yield from ((module, name.split()[0]) for name in names.split(","))


def at_module_level(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Those that a module itself runs, behind a condition too; what a function holds can be
    imported by nobody.
    """
    for statement in statements:
        yield statement
        for branch in (
            ("body", "orelse", "handlers", "finalbody")
            if isinstance(statement, ast.If | ast.Try | ast.With)
            else ()
        ):
            yield from at_module_level(getattr(statement, branch, ()))


@cache
def defined(root: Path, module: str) -> frozenset[str]:
    """What can be imported from a module: its names, its own imports, and the modules in it."""
    path = root.joinpath(*module.split("."))
    inside = {entry.stem for entry in path.iterdir()} if path.is_dir() else set()
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for statement in at_module_level(
        ast.parse(file.read_text("utf-8") if file.exists() else "").body
    ):
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            inside.add(statement.name)
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            inside.update(alias.asname or alias.name for alias in statement.names)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            inside.update(
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            )
    return frozenset(inside)


def not_there(root: Path) -> list[str]:
    """`file:line: module.name` of each import in a text of the tests that would fail."""
    missing = []
    for file in sorted({*(root / "tests").rglob("*.py")} - {Path(__file__)}):
        texts = [
            node
            for node in ast.walk(ast.parse(file.read_text("utf-8")))
            if isinstance(node, ast.Constant)
        ]
        for text in texts:
            for module, name in imported(text.value) if isinstance(text.value, str) else ():
                if name not in defined(root, module):
                    missing.append(f"{file.relative_to(root)}:{text.lineno}: {module}.{name}")
    return missing


def test_every_import_in_a_program_that_is_a_text_can_be_made() -> None:
    assert not not_there(ROOT)


def test_an_import_of_a_name_that_went_is_told(tmp_path: Path) -> None:
    for folder in ("tests", "portal"):
        (tmp_path / folder).mkdir()
    (tmp_path / "portal" / "wall.py").write_text(
        "class Wall:\n    def build(self) -> None:\n        Fence = Wall\n"
    )
    (tmp_path / "tests" / "test_wall.py").write_text(
        'PROGRAM = """\nfrom portal.wall import Fence, Wall\nfrom portal import wall\n"""\n'
    )
    assert not_there(tmp_path) == ["tests/test_wall.py:1: portal.wall.Fence"]
