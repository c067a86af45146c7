"""A proposal as TOML, ready to be pasted into site.toml. What is still open stands in it as a comment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from reporting_agent.proposal.types import Proposal

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_TABLES = ("columns", "constants", "values", "missing", "scale", "parts", "rows", "carriers", "month", "in_cells", "differences")


def as_toml(proposals: Sequence[Proposal], file: str) -> str:
    """`[inputs]`, the profile of each input, and for readings what is known of each meter."""
    inputs = ["[inputs]", *(f"{one.input} = {_value(file)}" for one in proposals)]
    open_questions = dict.fromkeys(f"# open: {question.key}: {question.ask}" for one in proposals for question in one.questions)
    parts = [inputs, *map(_profile, proposals)]
    parts += [_meter(name, known) for one in proposals for name, known in one.meters.items()]
    parts += [*_runs(proposals), *([list(open_questions)] if open_questions else [])]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def profiles_as_toml(proposals: Sequence[Proposal]) -> str:
    """The profiles alone, and what is known of a log's energy: for a site.toml that names its files and meters already."""
    return "\n\n".join("\n".join(part) for part in [*map(_profile, proposals), *_runs(proposals)]) + "\n"


def _runs(proposals: Sequence[Proposal]) -> list[list[str]]:
    return [["[runs]", *_lines(one.runs)] for one in proposals if one.runs]


def _profile(proposal: Proposal) -> list[str]:
    name = f"mapping.{proposal.input}"
    lines = [f"[{name}]", *_lines({key: value for key, value in proposal.keys.items() if key not in _TABLES})]
    for table in _TABLES:
        inner = proposal.keys.get(table)
        if not isinstance(inner, Mapping) or not inner:
            continue
        if table == "values":
            for column, words in inner.items():
                lines += ["", f"[{name}.values.{_key(column)}]", *_lines(words)]
        else:
            lines += ["", f"[{name}.{table}]", *_lines(inner)]
    return lines


def _meter(name: str, known: Mapping[str, str]) -> list[str]:
    open_keys = ['# step = "…"        # the step of your pack that it counts for', '# carrier = "…"     # electricity, natural-gas, …']
    return ["[[meters]]", f"id = {_value(name)}", *_lines(known), *open_keys]


def _lines(table: Mapping[str, object]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in table.items()]


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(str(key))} = {_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
