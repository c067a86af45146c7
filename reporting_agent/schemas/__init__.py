"""JSON Schemas of every input and of label.json, published with each release.

The inputs' schemas are made from the templates in `sources.wanted` and the settings in `config`, so
that they cannot say something else than the code: `python -m reporting_agent.schemas` writes them,
and a test compares. An input's schema describes one row as an object, header by header, after a
mapping profile has been applied. `label.json` has its schema written by hand: it is part of the
contract.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reporting_agent.config import SiteSettings
from reporting_agent.sources.wanted import (
    BATCHES,
    ENERGY,
    LOG,
    READINGS,
    SCALES,
    CellKind,
    Template,
    TemplateColumn,
)

HOME = Path(__file__).parent
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def of_input(wanted: Template) -> dict[str, Any]:
    """The schema of one row of an input."""
    schema: dict[str, Any] = {
        "$schema": DRAFT,
        "$id": f"steplabel/{wanted.name}/1",
        "title": f"One row of {wanted.name}",
        "type": "object",
        "properties": {column.name: _of_column(column) for column in wanted.columns},
        "required": [column.name for column in wanted.columns if column.required],
    }
    if wanted.open_prefixes:
        prefixes = "|".join(prefix.rstrip(".") for prefix in wanted.open_prefixes)
        schema["patternProperties"] = {
            f"^({prefixes})\\..+$": {"type": ["number", "string", "null"]}
        }
    return schema


def _of_column(column: TemplateColumn) -> dict[str, Any]:
    if column.kind is CellKind.TEXT:
        schema: dict[str, Any] = (
            {"type": "string"} if column.required else {"type": ["string", "null"]}
        )
        if column.choices:
            schema["enum"] = [*column.choices, *([] if column.required else ["", None])]
    elif column.kind is CellKind.MOMENT:
        schema = {
            "type": "string" if column.required else ["string", "null"],
            "format": "date-time",
        }
    else:
        schema = {"type": "number" if column.required else ["number", "null"]}
        if column.kind is CellKind.AMOUNT:
            schema["minimum"] = 0
    if column.default not in (None, ""):
        schema["default"] = column.default
    return schema


def from_code() -> dict[str, dict[str, Any]]:
    """Every schema that is made from code, by file name."""
    site = SiteSettings.model_json_schema()
    site["properties"].pop("path")
    return {
        **{
            f"{wanted.name}.json": of_input(wanted)
            for wanted in (BATCHES, ENERGY, READINGS, LOG, SCALES)
        },
        "site.json": {"$schema": DRAFT, "$id": "steplabel/site/1", **site},
    }


def as_text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def label_schema() -> dict[str, Any]:
    """The schema of label.json."""
    schema: dict[str, Any] = json.loads((HOME / "label.json").read_text(encoding="utf-8"))
    return schema
