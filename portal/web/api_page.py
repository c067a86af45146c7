"""The API as a page: its own OpenAPI document, group by group, each operation with a call that can
be copied.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from portal.own_address import own_address
from portal.schema import Generator


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    where: str  # path, query, header
    needed: bool
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    description: str
    key: bool  # asks for an API key
    parameters: tuple[Parameter, ...]
    call: str
    answers: str  # the codes that it answers with


@dataclass(frozen=True, slots=True)
class OperationGroup:
    name: str
    description: str
    operations: tuple[Operation, ...]


def groups() -> tuple[OperationGroup, ...]:
    """All of it, in the order of the document's groups."""
    generator: SchemaGenerator = Generator()  # type: ignore[no-untyped-call] # the library has no types
    document = generator.get_schema()  # type: ignore[no-untyped-call] # as above
    by_tag: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            by_tag[operation["tags"][0]].append(_operation(document, path, method, operation))
    return tuple(
        OperationGroup(tag["name"], tag["description"], tuple(by_tag[tag["name"]]))
        for tag in document["tags"]
    )


def _operation(
    document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]
) -> Operation:
    parameters = operation.get("parameters", [])
    key = (
        any("ApiKey" in scheme for scheme in operation.get("security", ()))
        and {} not in operation["security"]
    )
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        key=key,
        parameters=tuple(
            Parameter(
                parameter["name"],
                parameter["in"],
                parameter.get("required", False),
                parameter.get("description", ""),
            )
            for parameter in parameters
        ),
        call=_call(document, path, operation, key=key),
        answers=", ".join(sorted(operation["responses"])),
    )


def _call(
    document: Mapping[str, Any], path: str, operation: Mapping[str, Any], *, key: bool
) -> str:
    words = ["curl"]
    if key:
        words.append('-H "Authorization: Bearer $KEY"')
    address = path
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            address = address.replace(
                f"{{{parameter['name']}}}", str(parameter.get("example", parameter["name"].upper()))
            )
        elif parameter["in"] == "header":
            words.append(f'-H "{parameter["name"]}: …"')
    needed = [
        f"{field['name']}={field['name'].upper()}"
        for field in operation.get("parameters", ())
        if field["in"] == "query" and field.get("required")
    ]
    words.append(f'"{own_address()}{address}{"?" if needed else ""}{"&".join(needed)}"')
    for media, body in operation.get("requestBody", {}).get("content", {}).items():
        words.append(f'-H "Content-Type: {media}"')
        example = (
            json.dumps(_example(document, body["schema"]), ensure_ascii=False)
            if media == "application/json"
            else ""
        )
        words.append(f"-d '{example}'" if example else "--data-binary @FILE")
        break
    return " ".join(words)


def _example(document: Mapping[str, Any], shape: Mapping[str, Any]) -> Any:
    """A value of that shape, by the names of its fields."""
    if reference := shape.get("$ref"):
        return _example(document, document["components"]["schemas"][reference.rpartition("/")[2]])
    if shape.get("type") == "object":
        return dict(_fields(document, shape))
    if shape.get("type") == "array":
        return [_example(document, shape["items"])]
    return {"integer": 1, "number": 1.0, "boolean": True}.get(
        str(shape.get("type")), next(iter(shape.get("enum", ())), "…")
    )


def _fields(document: Mapping[str, Any], shape: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, part in shape.get("properties", {}).items():
        yield name, _example(document, part)
