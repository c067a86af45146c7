"""What is counted. Product is what a user runs (core, agent, portal); fixtures and tests stand
apart; a line is a line of a file.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import quantiles

PRODUCT = ("benchmarks", "reporting_agent", "portal")
PACKAGES = (*PRODUCT, "fixtures", "tests")

_ELEMENTS = (
    "a|abbr|b|button|code|dd|div|dl|dt|em|form|h[1-6]|i|img|input|label|li|nav|ol|option|p|pre|section|select|small|span|strong|svg"
    "|t[rdh]|table|tbody|ul"
)
TAG = re.compile(rf"</?({_ELEMENTS})(\s[a-z-]+=|>|/>)")
"""Tags of HTML: not a place for a value (`<file>`), nor the `<font>` of ReportLab's own markup of
paragraphs.
"""
NOT_LATIN = re.compile(r"[\u0400-\u04ff\u0600-\u06ff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")


MEANT = {
    "tт": "unit signs of tonnes",
    "年": "stands behind the year of a date in a plant's file",
    "年%m月%d日": "how a plant's file writes a date",
    "能源": "how a plant's own file names the class of energy",
    "一号-9": "an id in the conformance kit's files, which has letters beyond Latin on purpose",
    ". Use a Python of that list, or install the agent with pip. / 本文件不含适用于 ": "said before there is a catalogue",
    " 的组件。": "said before there is a catalogue: the file is not unpacked",
}
"""Texts in another script that stand in code with a reason: nobody reads them as a language, or
there is no catalogue yet.
"""
MAY_CATCH = {
    "reporting_agent/sources/conformance.py": "a stranger's provider may raise anything, and what "
    "it raised is the kit's finding",
    "reporting_agent/live/sources/lifeline.py": "whatever ends a source's thread is told with its "
    "text, and the source is started again",
    "reporting_agent/live/sources/mqtt.py": "a message that our own fault stopped is kept as "
    "unreadable: raised, it would come for ever",
    "portal/intake/storing.py": "whatever stopped the one thread that stores is raised again in "
    "each thread whose report it was",
    "portal/publication/scheduling.py": "what stops the release of one version is logged, and "
    "must not keep the versions behind it back",
}
"""Modules that catch everything once each, with the reason. A handler that ends in `raise` passes
on what it caught and is not counted.
"""

SAYS_NOTHING = frozenset(
    {
        "one",
        "some",
        "found",
        "told",
        "said",
        "made",
        "kept",
        "there",
        "held",
        "known",
        "given",
        "seen",
        "taken",
    },
)
"""Names that do not say what a variable or a parameter holds, or what a function gives: `batch`,
`label` or `sentences` would. A field or a method has a subject before it (`days.found`)."""


def table(root: Path) -> dict[str, str]:
    """Every measure of the tree, by its name, as text."""
    product = [path for package in PRODUCT for path in python(root, package)]
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in product}
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in product}
    tests = [path.read_text(encoding="utf-8", errors="replace") for path in python(root, "tests")]
    tested = sum(len(text.splitlines()) for text in tests)
    in_tests = [ast.parse(text) for text in tests]
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
        "lines of a module, 90th percentile": f"{quantiles(lines.values(), n=10, method='inclusive')[-1]:.0f}",
        "longest module": f"{lines[longest]} ({longest.relative_to(root)})",
        "classes": f"{sum(isinstance(node, ast.ClassDef) for tree in trees.values() for node in ast.walk(tree)):,}",
        "names that several public classes share": f"{len(shared_by_classes(dict(zip(map(str, product), trees.values(), strict=True)))):,}",
        "modules in the largest folder": f"{most} ({folder.relative_to(root)})",
        "texts with HTML tags in Python": f"{sum(bool(TAG.search(text)) for text in strings)}",
        "texts with letters of another script in Python": f"{sum(bool(NOT_LATIN.search(text)) and text not in MEANT for text in strings)}",
        "places that catch everything": f"{sum(catches_everything(tree) - may_catch(root, path) for path, tree in trees.items())}",
        "queries in pages": f"{sum(map(len, queries_in_pages(root).values()))}",
        "names that say nothing": f"{sum(len(says_nothing(tree)) for tree in trees.values()):,}",
        "names that say nothing in tests": f"{sum(len(says_nothing(tree)) for tree in in_tests):,}",
        "longest line of a template": f"{width} ({template})",
    }


def shared_by_classes(trees: Mapping[str, ast.Module]) -> dict[str, list[str]]:
    """Names that public classes of several modules have, with these modules: whoever looks for such
    a name finds two things. Left out are `Command` and `Migration`, as Django wants each of its own
    to be called."""
    modules: dict[str, list[str]] = defaultdict(list)
    for module, tree in trees.items():
        for node in tree.body:
            if (
                isinstance(node, ast.ClassDef)
                and not node.name.startswith("_")
                and node.name not in ("Command", "Migration")
            ):
                modules[node.name].append(module)
    return {name: shared for name, shared in modules.items() if len(shared) > 1}


def python(root: Path, package: str) -> Iterator[Path]:
    """Modules of a package, those of an installed environment left out."""
    return (path for path in sorted((root / package).rglob("*.py")) if ".venv" not in path.parts)


def widest(root: Path) -> tuple[str, int]:
    """The template with the longest line, and its characters."""
    templates = [
        path
        for package in PRODUCT
        for path in (root / package).rglob("*.html")
        if "templates" in path.parts
    ]
    width, name = max(
        (max(map(len, path.read_text(encoding="utf-8").splitlines() or [""])), path.name)
        for path in templates
    )
    return name, width


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
    of the database there belongs to the app whose model it is."""
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


def says_nothing(tree: ast.Module) -> list[int]:
    """The lines in which a variable, a parameter or a function has a name of `SAYS_NOTHING`. Left
    out are fields and methods, and `found` of a refusal: beside `wanted`, or handed on to one that
    has both."""
    nodes = list(ast.walk(tree))
    members = [
        member for owner in nodes if isinstance(owner, ast.ClassDef) for member in owner.body
    ]
    fields = {
        id(part)
        for member in members
        for part in (
            member.targets
            if isinstance(member, ast.Assign)
            else [member.target]
            if isinstance(member, ast.AnnAssign)
            else []
        )
    }
    methods = {id(member) for member in members}
    lines = []
    for node in nodes:
        if (
            isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Store)
            and node.id in SAYS_NOTHING
            and id(node) not in fields
        ):
            lines.append(node.lineno)
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.lstrip("_") in SAYS_NOTHING
            and id(node) not in methods
        ):
            lines.append(node.lineno)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            parameters = (
                part
                for part in ast.walk(node.args)
                if isinstance(part, ast.arg) and part.arg in SAYS_NOTHING
            )
            lines.extend(
                parameter.lineno
                for parameter in parameters
                if not _of_a_refusal(node, parameter.arg)
            )
    return lines


def _of_a_refusal(function: ast.AST, parameter: str) -> bool:
    parameters = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    filled = {node.arg for node in ast.walk(function) if isinstance(node, ast.keyword)}
    return parameter == "found" and ("wanted" in parameters or "found" in filled)


def may_catch(root: Path, path: Path) -> int:
    """In how many places a module may catch everything."""
    return int(path.relative_to(root).as_posix() in MAY_CATCH)


def _everything(caught: ast.expr | None) -> bool:
    named: Iterable[ast.expr | None] = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"})
        for kind in named
    )
