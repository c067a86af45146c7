"""Every refusal that the code can raise, read out of its source: code, exit status or HTTP status,
sentence, remedy.

A refusal is a call to a class of the family `benchmarks.errors.SteplabelError`, or to the functions
that make a problem document. What is filled in only when it is raised reads "…". A sentence may
come through a function that makes refusals for others: then the calls of that function are
followed, within the module.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.declared import worded
from benchmarks.phrases import Phrase, in_number

ROOT = Path(__file__).parents[2]
PACKAGES = ("benchmarks", "reporting_agent", "portal", "extras")
FILLED_IN = "…"

EXITS = {
    "SteplabelError": "exit 1",
    "InputError": "exit 1",
    "FaultyPack": "exit 1",
    "UsageError": "exit 2",
    "Unreachable": "exit 3",
    "PolicyRefusal": "exit 4",
    "VerificationError": "exit 1",
}
OR = " Or: "
WITH_STATUS = (
    "RefusedError",
    "problem",
    "problem_response",
)  # an HTTP status comes before the code

PASSED_ON = {
    ("benchmarks/labels/single.py", "reason"),  # an exclusion reason, listed as such
    ("reporting_agent/sending/transport.py", "code"),  # the portal's own, else portal-STATUS
    ("benchmarks/wire/pack_conformity.py", "refused.code"),  # period-too-long, of pooling
    ("portal/accounts/api.py", "refusal.code"),  # of the wire, likewise
    ("portal/intake/commitments.py", "refusal.code"),
    ("portal/intake/receiving.py", "refusal.code"),
    (
        "portal/intake/api.py",
        "refusal.code",
    ),  # request-signature-invalid and request-outdated, of the wire
    ("portal/problems.py", "error.code"),  # what a service raised
    ("portal/problems.py", "code"),  # of the framework, see FRAMEWORK
}
"""Codes that are no literal where they are raised, and where they come from."""


@dataclass(frozen=True, order=True)
class Refusal:
    """One refusal as a reader meets it."""

    code: str
    status: str  # "exit 1" or "409"
    sentence: str
    remedy: str
    file: str


class Unresolved(LookupError):  # noqa: N818 - says what it is
    """A code that is no literal and that nothing declares."""


def refusals() -> tuple[Refusal, ...]:
    """All of them, in order; the same refusal raised twice stands once."""
    collected: set[Refusal] = set()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "tests" not in path.relative_to(ROOT).parts:
                collected.update(Module(path).refusals())
    return tuple(sorted(collected))


@dataclass(frozen=True)
class Scope:
    """A place in a module: the function around it, and what that function was called with."""

    function: ast.FunctionDef | None
    given: Mapping[str, tuple[ast.expr, Scope]]


class Module:
    """One source file and the refusals in it."""

    def __init__(self, path: Path) -> None:
        self.file = path.relative_to(ROOT).as_posix()
        self.tree = ast.parse(path.read_text(encoding="utf-8"))

    def refusals(self) -> Iterator[Refusal]:
        for call, function in self.calls:
            yield from self._read(call, Scope(function, {}))

    @cached_property
    def calls(self) -> list[tuple[ast.Call, ast.FunctionDef | None]]:
        """Every call, with the innermost function around it."""
        around: dict[ast.AST, ast.FunctionDef] = {}
        for function in self.functions.values():
            for node in ast.walk(function):
                around[node] = function
        return [
            (node, around.get(node)) for node in ast.walk(self.tree) if isinstance(node, ast.Call)
        ]

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        return {
            node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)
        }

    @cached_property
    def constants(self) -> dict[str, ast.expr]:
        values: dict[str, ast.expr] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                values[node.targets[0].id] = node.value
            elif (
                isinstance(node, ast.AnnAssign)
                and isinstance(node.target, ast.Name)
                and node.value is not None
            ):
                values[node.target.id] = node.value
        return values

    def _read(self, call: ast.Call, scope: Scope) -> Iterator[Refusal]:
        name = _name(call.func)
        with_status = name in WITH_STATUS
        if not (with_status or name in EXITS):
            return
        if len(call.args) < 3 + with_status:
            return  # a class in an annotation or a pattern, not a refusal made
        code, sentence, remedy = call.args[with_status : 3 + with_status]
        if (self.file, ast.unparse(code)) in PASSED_ON:
            return
        for bound in self._bindings(scope, [*call.args[: 3 + with_status]]):
            if isinstance(table := self._table(code, bound), ast.Dict):
                yield from self._of_table(table)
                continue
            status = EXITS[name] if not with_status else self.text(call.args[0], bound)
            codes = self.codes(code, bound)
            if not codes:
                raise Unresolved(
                    f"{self.file}:{call.lineno}: the code {ast.unparse(code)} is no literal"
                )
            for literal in codes:
                yield Refusal(
                    literal,
                    status,
                    self.either(sentence, bound),
                    self.either(remedy, bound),
                    self.file,
                )

    def _bindings(self, scope: Scope, expressions: list[ast.expr]) -> Iterator[Scope]:
        """The scope itself; or, where an expression needs a parameter, one scope for every call of
        the function.
        """
        names = {
            node.id
            for expression in expressions
            for node in ast.walk(expression)
            if isinstance(node, ast.Name)
        }
        function = scope.function
        parameters = (
            []
            if function is None
            else [argument.arg for argument in function.args.args if argument.arg != "self"]
        )
        if function is None or not names & set(parameters):
            yield scope
            return
        called = [
            (call, around) for call, around in self.calls if _name(call.func) == function.name
        ]
        if not called:
            yield scope
        for call, around in called:
            arguments = dict(zip(parameters, call.args, strict=False)) | {
                word.arg: word.value for word in call.keywords if word.arg
            }
            yield Scope(
                function, {name: (value, Scope(around, {})) for name, value in arguments.items()}
            )

    def _table(self, code: ast.expr, scope: Scope) -> ast.expr | None:
        """`status, sentence, remedy = _SENTENCES[code]`: the dictionary that holds them all."""
        if not isinstance(code, ast.Name) or scope.function is None:
            return None
        for node in ast.walk(scope.function):
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.value, ast.Subscript)
                and isinstance(node.targets[0], ast.Tuple)
            ):
                return self.constants.get(_name(node.value.value))
        return None

    def _of_table(self, table: ast.Dict) -> Iterator[Refusal]:
        nowhere = Scope(None, {})
        for key, value in zip(table.keys, table.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(value, ast.Tuple):
                status, sentence, remedy = (self.text(part, nowhere) for part in value.elts)
                yield Refusal(str(key.value), status, sentence, remedy, self.file)

    def codes(self, node: ast.expr, scope: Scope) -> list[str]:
        """The literal codes that an expression can give."""
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else []
        if isinstance(node, ast.IfExp):
            return [*self.codes(node.body, scope), *self.codes(node.orelse, scope)]
        if isinstance(node, ast.Name) and node.id in scope.given:
            value, outer = scope.given[node.id]
            return self.codes(value, outer)
        if isinstance(node, ast.Name) and (named := self._constant_code(node.id)):
            return [named]
        return []

    def _constant_code(self, name: str) -> str | None:
        """A code that is a constant of this module, or of one that it is imported from."""
        if name in self.constants:
            constant = self.constants[name]
            return (
                constant.value
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
                else None
            )
        value = self._imported(name)
        return str(value) if isinstance(value, str) else None

    def _imported(self, name: str) -> object:
        """What the name stands for where the module imports it from."""
        for node in ast.walk(self.tree):
            if (
                isinstance(node, ast.ImportFrom)
                and node.module
                and name in {alias.name for alias in node.names}
            ):
                return getattr(importlib.import_module(node.module), name)
        return None

    def either(self, node: ast.expr, scope: Scope) -> str:
        """What the expression says; of a condition both."""
        if isinstance(node, ast.IfExp):
            return OR.join((self.either(node.body, scope), self.either(node.orelse, scope)))
        return self.text(node, scope)

    def text(self, node: ast.expr, scope: Scope) -> str:
        """What the expression says, with "…" for what only the moment knows."""
        if isinstance(node, ast.Constant):
            return str(node.value)
        if isinstance(node, ast.JoinedStr):
            return "".join(self.text(part, scope) for part in node.values)
        if isinstance(node, ast.FormattedValue):
            return self.text(node.value, scope) if isinstance(node.value, ast.Name) else FILLED_IN
        if isinstance(node, ast.Name):
            return self._named(node.id, scope)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "format"
        ):
            return self.text(node.func.value, scope).replace("{}", FILLED_IN)
        if isinstance(node, ast.Call) and (function := self.functions.get(_name(node.func))):
            returned = [
                statement.value
                for statement in ast.walk(function)
                if isinstance(statement, ast.Return) and statement.value is not None
            ]
            return OR.join(
                dict.fromkeys(self.text(value, Scope(function, {})) for value in returned)
            )
        if isinstance(node, ast.Call) and _is_phrase(node):
            return self._of_phrase(node, scope)
        return FILLED_IN

    def _of_phrase(self, phrase: ast.Call, scope: Scope) -> str:
        """Its text; of the values only what the module itself says is known before it is raised."""
        text = self.text(text_of(phrase), scope)
        values = {word.arg: self.text(word.value, scope) for word in phrase.keywords if word.arg}
        return text % values if values else text

    def _named(self, name: str, scope: Scope) -> str:
        if name in scope.given:
            value, outer = scope.given[name]
            return self.text(value, outer)
        inside = (
            []
            if scope.function is None
            else [node for node in ast.walk(scope.function) if isinstance(node, ast.Assign)]
        )
        assigned = [node.value for node in inside if _name(node.targets[0]) == name]
        if len(assigned) == 1 and (
            isinstance(assigned[0], ast.Constant | ast.JoinedStr) or _is_phrase(assigned[0])
        ):
            return self.text(assigned[0], scope)
        constant = self.constants.get(name)
        if not assigned and (
            isinstance(constant, ast.Constant) or (constant is not None and _is_phrase(constant))
        ):
            return self.text(constant, scope)
        if (
            not assigned
            and constant is None
            and isinstance(imported := self._imported(name), Phrase)
        ):
            return imported.text
        return FILLED_IN


TEXT_AT = {Phrase.__name__: 0, worded.__name__: 0, in_number.__name__: 2}
"""Calls that make a phrase, with the argument that is its text: of a number of things, that of
many.
"""


def text_of(phrase: ast.Call) -> ast.expr:
    """The argument of a call that is the phrase's text."""
    return phrase.args[TEXT_AT[_name(phrase.func)]]


def _is_phrase(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) in TEXT_AT


def _name(node: ast.expr) -> str:
    return (
        node.id
        if isinstance(node, ast.Name)
        else node.attr
        if isinstance(node, ast.Attribute)
        else ""
    )
