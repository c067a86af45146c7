"""`reporting_agent/client/shapes.py` and `operations.py`: the typed Python client, written from the schema of the API.

Standard library alone: one TypedDict a schema, one method an operation. Who calls brings the road (`Send`), so that the agent
keeps its own, with bounded answers and retries. The text is put in shape by ruff, as all code is.
"""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from tests.documents.refusals import ROOT

FOLDER = ROOT / "reporting_agent" / "client"
SHAPES, OPERATIONS = FOLDER / "shapes.py", FOLDER / "operations.py"
LEFT_OUT = frozenset({"schema_retrieve"})
"""Operations that a client of the schema has no use for."""

JSON, CBOR = "application/json", "application/cbor"
WRITTEN = "Written by `python -m tests.documents --write` from the schema of the API; a test compares."
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
MARK = re.compile(r"[^0-9a-zA-Z]+")


def pages() -> dict[Any, str]:
    """Both modules by their place."""
    with GENERATOR_STATS.silence():
        schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call] # the library has no types
    return {SHAPES: formatted("".join(shapes(schema))), OPERATIONS: formatted("".join(operations(schema)))}


def formatted(text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--quiet", "--stdin-filename", str(SHAPES), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def shapes(schema: dict[str, Any]) -> Iterator[str]:
    yield f'"""What the API takes and answers, as an honest portal has it.\n\n{WRITTEN}\n'
    yield "Nothing is checked here: who reads an answer checks what it relies on.\n" + '"""\n\n'
    yield "from __future__ import annotations\n\nfrom typing import Literal, NotRequired, TypedDict\n\n"
    for name, shape in sorted(schema["components"]["schemas"].items()):
        if "enum" in shape:
            yield f"{name} = {type_of(shape)}\n\n\n"
            continue
        yield f"class {name}(TypedDict):\n"
        if told := shape.get("description"):
            yield f'    """{docstring(told)}"""\n\n'
        needed = set(shape.get("required", ()))
        for field, kind in shape.get("properties", {}).items():
            if not field.isidentifier() or keyword.iskeyword(field):
                raise ValueError(f"{name}.{field} is no name in Python")
            said = type_of(kind)
            yield f"    {field}: {said if field in needed else f'NotRequired[{said}]'}\n"
        yield "\n\n"


def operations(schema: dict[str, Any]) -> Iterator[str]:
    found = [
        (path, method, operation)
        for path, methods in sorted(schema["paths"].items())
        for method, operation in methods.items()
        if operation["operationId"] not in LEFT_OUT
    ]
    yield f'"""Every operation of the API as a method, over whatever road the caller brings.\n\n{WRITTEN}\n"""\n\n'
    yield "from __future__ import annotations\n\nfrom collections.abc import Mapping\nfrom typing import Protocol, cast\n"
    yield "from urllib.parse import quote\n\nfrom reporting_agent.client import shapes\n\n"
    yield "PATHS: Mapping[str, str] = {\n"
    yield "".join(f'    "{operation["operationId"]}": "{path}",\n' for path, _, operation in found) + "}\n"
    yield '"""Where each operation is; a part in braces is filled in by its method."""\n\n\n'
    yield GIVEN + SEND
    yield "class Operations:\n"
    yield '    """The API. What is handed to `send` is all that leaves."""\n\n'
    yield "    def __init__(self, send: Send) -> None:\n        self._send = send\n"
    for path, method, operation in found:
        yield "\n" + method_of(path, method, operation)


GIVEN = '''def given(asked: Mapping[str, str | int | None]) -> dict[str, str]:
    """What was asked for, without what was left out."""
    return {name: str(value) for name, value in asked.items() if value is not None}


def filled(path: str, **parts: str | int) -> str:
    """A path with its parts in place, each as one part whatever stands in it."""
    for name, value in parts.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    return path


'''

SEND = '''class Send(Protocol):
    """The road: asks, and gives the status and the answer, JSON already read; raises whatever is not `wanted`."""

    def __call__(
        self,
        method: str,
        path: str,
        wanted: frozenset[int],
        *,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        json: object = None,
        content: bytes | None = None,
    ) -> tuple[int, object]: ...


'''


def method_of(path: str, method: str, operation: dict[str, Any]) -> str:
    """One method: parts of the path and a body by their place, filters and headers by name."""
    parameters = [one for one in operation.get("parameters", ()) if one["name"] not in ("format", "lang")]
    by_place = {name: [one for one in parameters if one["in"] == name] for name in ("path", "query", "header")}
    asked = [f"{identifier(one['name'])}: {text_type(one)}" for one in by_place["path"]]
    body = operation.get("requestBody", {}).get("content", {})
    if JSON in body:
        asked.append(f"body: shapes.{body[JSON]['schema']['$ref'].rsplit('/', 1)[1]}")
    elif CBOR in body:
        asked.append("body: bytes")
    named = [one for kind in ("header", "query") for one in by_place[kind]]
    if named:
        asked.append("*")
    asked += [f"{identifier(one['name'])}: {text_type(one)}" for one in named if one.get("required")]
    asked += [f"{identifier(one['name'])}: {text_type(one)} | None = None" for one in named if not one.get("required")]
    good = {int(code): answer for code, answer in operation["responses"].items() if code.startswith("2")}
    content = good[min(good)]["content"]
    answer = qualified(type_of(content[JSON]["schema"])) if JSON in content else "bytes"
    parts = "".join(f", {one['name']}={identifier(one['name'])}" for one in by_place["path"])
    where = f'filled("{path}"{parts})' if parts else f'"{path}"'
    sent = f'"{method.upper()}", {where}, frozenset({{{", ".join(map(str, sorted(good)))}}})'
    headers = [f'"{one["name"]}": {identifier(one["name"])}' for one in by_place["header"]]
    more = ', content=body, headers={"Content-Type": "application/cbor"}' if CBOR in body else f", headers={{{', '.join(headers)}}}"
    more += ", json=body" if JSON in body else ""
    given = f"tuple[int, {answer}]" if len(good) > 1 else answer
    lines = [
        f"    def {operation['operationId']}({', '.join(['self', *asked])}) -> {given}:",
        f'        """{docstring(operation.get("description", ""))}"""',
    ]
    query = "{}"
    if by_place["query"]:
        pairs = ", ".join(f'"{one["name"]}": {identifier(one["name"])}' for one in by_place["query"])
        query = f"given({{{pairs}}})"
    lines.append(f"        status, answer = self._send({sent}, query={query}{more})")
    value = f'cast("{answer}", answer)'
    lines.append(f"        return status, {value}" if len(good) > 1 else f"        return {value}")
    text = "\n".join(lines) + "\n"
    return text if len(good) > 1 else text.replace("status, answer = ", "_, answer = ")


def type_of(shape: dict[str, Any]) -> str:
    """The Python type of a JSON schema.

    Raises:
        ValueError: a shape that this schema does not use today.
    """
    if "$ref" in shape:
        return str(shape["$ref"].rsplit("/", 1)[1])
    if parts := shape.get("allOf") or shape.get("oneOf"):
        said = " | ".join(dict.fromkeys(type_of(part) for part in parts))
    elif "enum" in shape:
        said = f"Literal[{', '.join(repr(value) for value in shape['enum'])}]"
    elif shape.get("type") == "array":
        said = f"list[{type_of(shape['items'])}]"
    elif shape.get("type") in PLAIN:
        said = PLAIN[shape["type"]]
    elif shape.get("type", "object") == "object":
        said = "dict[str, object]"
    else:
        raise ValueError(f"no type for {shape}")
    return f"{said} | None" if shape.get("nullable") and not said.endswith("None") else said


def qualified(said: str) -> str:
    """The type as the module of operations names it."""
    return re.sub(r"\b[A-Z]\w+", lambda name: name[0] if name[0] in ("None", "Literal") else f"shapes.{name[0]}", said)


def text_type(parameter: dict[str, Any]) -> str:
    return PLAIN[parameter["schema"]["type"]]


def identifier(name: str) -> str:
    """`Steplabel-Device` as an argument: `steplabel_device`; `from` as `from_`."""
    plain = MARK.sub("_", name).lower()
    return f"{plain}_" if keyword.iskeyword(plain) else plain


def docstring(text: str) -> str:
    """The first paragraph, on lines of at most 140 characters."""
    first = " ".join(text.strip().split("\n\n")[0].split()).replace('"', "'").replace("\\", "/")
    words, lines = first.split(" "), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 118:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n        ".join(lines)
