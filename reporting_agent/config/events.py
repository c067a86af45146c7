"""[[events]]: what a person declares happened to a meter or a step, and why; clashes refused, found
events written as TOML.

What one record shows by looking at others acts on nothing that leaves the site until it is declared
here: an event acts on each reading and row by itself (`benchmarks.privacy.stability`). A report
commits to them, and an auditor reads their reasons.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, field_validator, model_validator

from benchmarks.phrases import Phrase, alternatives
from reporting_agent.config.profile import Setting

Kind = Literal[
    "process", "ratio", "unit", "clock", "swap", "unusable", "reset", "rounding", "stopped"
]

CONFIRM = "Found by the run. Who confirmed it, and where is it written down?"
SAY = "Say here who changed what, and where that is written down."
"""The reasons of events that a run proposes: for a person to replace."""

_SCALES = frozenset({"ratio", "unit"})
_OF_A_METER = frozenset({"swap", "reset", "rounding"})
_OF_A_PRODUCT = frozenset({"process", "ratio", "unit", "unusable"})
_ACTS = frozenset({"ratio", "unit", "clock", "swap", "unusable", "reset"})
_LENGTHS_S = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_LENGTH = re.compile(r"([+-]?\d+(?:\.\d+)?) ?(s|min|h|d)")


def _with_runs(schema: dict[str, Any]) -> None:
    """How a list of runs stands in site.toml: in place of `from`."""
    properties = schema["properties"]
    keys = ("step", "equipment", "product", "carrier", "from")
    properties["runs"] = {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["step", "from"],
            "properties": {key: properties[key] for key in keys},
        },
    }
    schema["required"].remove("from")
    schema["oneOf"] = [{"required": ["from"]}, {"required": ["runs"]}]


class DeclaredEvent(Setting):
    """One declared event of one meter, or of one step (and equipment).

    | kind | of a meter | of a step |
    |---|---|---|
    | `process` | a lasting change that people made; changes no value | the same |
    | `ratio`, `unit` | readings x `factor` | outputs x `factor`; with `carrier`, that energy of the energy file x `factor` |
    | `clock` | `offset` is added to the stamps | `offset` is added to start and end |
    | `swap` | its readings are those of the meter `with`, and the other way round | |
    | `unusable` | its batches in that time are in no label | batches that begin in that time are in no label |
    | `reset` | it began anew: no energy is taken across `from` | |
    | `rounding` | another resolution; changes no value | |
    | `stopped` | | it stood: no batch is missing in that time; changes no value |

    `from` and `until` are local dates or date-times of the site, of the stamps as the source writes
    them; half-open. `runs` lists single runs in place of them, each with its step and the moment at
    which it begins: one confirmation, read as one event a run (`each_run`).
    """  # noqa: E501

    model_config = ConfigDict(json_schema_extra=_with_runs)

    meter: str | None = None
    step: str | None = None
    equipment: str | None = None  # of the step; all of it where not given
    product: str | None = None  # of the step, or a variant of it; all of them where not given
    carrier: str | None = None  # of the step's energy file
    start: str = Field(alias="from")
    until: str | None = None
    kind: Kind
    factor: float | None = Field(default=None, gt=0, lt=float("inf"))
    offset: str | None = None  # "7 min", "-8 h"
    other: str | None = Field(default=None, alias="with")
    reason: str = Field(min_length=1, max_length=1000)

    @field_validator("start", "until", mode="before")
    @classmethod
    def _a_moment(cls, value: Any) -> Any:
        return value if value is None else _spelled(value)

    @field_validator("offset")
    @classmethod
    def _a_length(cls, text: str | None) -> str | None:
        if text is not None and (_LENGTH.fullmatch(text) is None or not _seconds(text)):
            raise ValueError(
                Phrase('must be a length of time other than 0, such as "7 min", "-8 h" or "30 s"')
            )
        return text

    @field_validator("reason")
    @classmethod
    def _says_something(cls, text: str) -> str:
        if not text.strip():
            raise ValueError(
                Phrase(
                    "must say why: who changed what, and where that is written down; an auditor "
                    "reads it"
                )
            )
        return text

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if (self.meter is None) is (self.step is None):
            raise ValueError(
                Phrase(
                    "an event is of a meter or of a step: give meter or step, and one of them only"
                )
            )
        if self.step is None and (self.equipment, self.product, self.carrier) != (None, None, None):
            raise ValueError(Phrase("equipment, product and carrier go with step"))
        if self.step is not None and self.kind in _OF_A_METER:
            raise ValueError(
                Phrase("kind = %(kind)s is of a meter, not of a step", kind=repr(self.kind))
            )
        if self.product is not None and self.kind not in _OF_A_PRODUCT:
            raise ValueError(
                Phrase(
                    "kind = %(kind)s is of a whole line, not of one product", kind=repr(self.kind)
                )
            )
        if self.kind == "stopped" and (self.step is None or self.equipment is not None):
            raise ValueError(Phrase("kind = 'stopped' is of a whole step: give step alone"))
        if self.carrier is not None and self.kind not in _SCALES:
            raise ValueError(
                Phrase(
                    "carrier goes with kind = 'ratio' or 'unit': it names the energy of the "
                    "energy file that is multiplied"
                )
            )
        for key, value, kinds in (
            ("factor", self.factor, _SCALES),
            ("offset", self.offset, {"clock"}),
            ("with", self.other, {"swap"}),
        ):
            if (value is not None) is not (self.kind in kinds):
                named = alternatives(repr(kind) for kind in sorted(kinds))
                raise ValueError(
                    Phrase(
                        "%(key)s goes with kind = %(kinds)s, and only with it", key=key, kinds=named
                    )
                )
        if self.other is not None and self.other == self.meter:
            raise ValueError(Phrase("with must name another meter"))
        return self

    def begins(self, zone: ZoneInfo) -> datetime:
        """Its first moment."""
        return _moment(self.start, zone)

    def ends(self, zone: ZoneInfo) -> datetime | None:
        """The first moment after it; None where it lasts."""
        return None if self.until is None else _moment(self.until, zone)

    def holds(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether a moment lies within it."""
        end = self.ends(zone)
        return self.begins(zone) <= moment and (end is None or moment < end)

    @property
    def shift(self) -> timedelta:
        """What is added to stamps; none but of a clock."""
        return timedelta(seconds=_seconds(self.offset)) if self.offset is not None else timedelta()

    @property
    def acts(self) -> bool:
        """Whether it changes what counts: values, stamps, or whether a batch is in a label."""
        return self.kind in _ACTS

    @property
    def is_explained(self) -> bool:
        """Whether a person wrote the reason: what a run proposes asks for one."""
        return self.reason.strip() not in {CONFIRM, SAY}

    @property
    def named(self) -> str:
        """What it is of, for a message."""
        if self.meter is not None:
            return Phrase("meter %(meter)s", meter=self.meter)
        narrowed = " ".join(
            part for part in (str(self.step), self.equipment, self.product, self.carrier) if part
        )
        return Phrase("step %(step)s", step=narrowed)


def each_run(events: Any) -> Any:
    """The tables of [[events]], one a run where a table lists `runs`."""
    if not isinstance(events, list | tuple):
        return events
    found: list[Any] = []
    for event in events:
        if not isinstance(event, dict) or "runs" not in event:
            found.append(event)
            continue
        runs, shared = event["runs"], {key: event[key] for key in event if key != "runs"}
        is_list = isinstance(runs, list) and runs and all(isinstance(run, dict) for run in runs)
        if not is_list or {"from", "until", "meter", "step"} & set(shared):
            raise ValueError(
                Phrase(
                    "runs lists single runs, each with its step and from, in place of those of the "
                    'event: runs = [{ step = "eaf", from = 2025-03-01T06:00:00+01:00 }]'
                )
            )
        found += [shared | run | _second(run.get("from")) for run in runs]
    return found


def _second(start: Any) -> dict[str, Any]:
    """Until when a run begins that is named by the second of its start."""
    if isinstance(start, str):
        with contextlib.suppress(ValueError):
            start = datetime.fromisoformat(start)
    if not isinstance(start, datetime) or start.tzinfo is None:
        raise ValueError(
            Phrase(
                "each of runs begins at a moment with its offset, such as 2025-03-01T06:30:00+01:00"
            )
        )
    return {"until": (start + timedelta(seconds=1)).isoformat()}


def refuse_clashes(events: Sequence[DeclaredEvent], zone: ZoneInfo) -> None:
    """ValueError where two events of one kind hold at one moment for one meter, or for one row of a
    step: which of them acts could not be told."""
    ordered = sorted(
        (event for event in events if event.acts), key=lambda event: event.begins(zone)
    )
    for index, later in enumerate(ordered):
        for earlier in ordered[:index]:
            end = earlier.ends(zone)
            if _meet(earlier, later) and (end is None or later.begins(zone) < end):
                both = (
                    later.named
                    if later.named == earlier.named
                    else Phrase(
                        "%(earlier)s and for %(later)s", earlier=earlier.named, later=later.named
                    )
                )
                raise ValueError(
                    Phrase(
                        "events: two of kind %(kind)s hold for %(both)s from %(start)s; give the "
                        "earlier one an until, or make them one",
                        kind=repr(later.kind),
                        both=both,
                        start=later.start,
                    )
                )


def _meet(event: DeclaredEvent, other: DeclaredEvent) -> bool:
    """Whether both act upon one meter or one row: of a step without equipment or product upon all
    of them. Time that is left out twice is left out once."""
    if (event.kind, event.meter, event.step, event.carrier) != (
        other.kind,
        other.meter,
        other.step,
        other.carrier,
    ):
        return False
    if event.kind == "unusable":
        return event.named == other.named
    narrowed = ((event.equipment, other.equipment), (event.product, other.product))
    return all(first is None or second is None or first == second for first, second in narrowed)


_OF_A_RUN = ("step", "equipment", "product", "carrier", "from")


def as_toml(event: DeclaredEvent, *others: DeclaredEvent) -> str:
    """The event as it stands in site.toml, to be pasted there; with others of its kind, each of one
    run, as one table that lists the runs.
    """
    if others:
        runs = ",\n".join(
            f"  {{ {', '.join(_assigned(each, _OF_A_RUN))} }}" for each in (event, *others)
        )
        lines = [*_assigned(event, ("kind", "factor", "reason")), f"runs = [\n{runs},\n]"]
    else:
        order = ("meter", *_OF_A_RUN, "until", "kind", "factor", "offset", "with", "reason")
        lines = _assigned(event, order)
    return "\n".join(("[[events]]", *lines)) + "\n"


def _assigned(event: DeclaredEvent, keys: Sequence[str]) -> list[str]:
    fields = event.model_dump(mode="json", by_alias=True, exclude_none=True)
    return [f"{key} = {_literal(key, fields[key])}" for key in keys if key in fields]


def found_of(
    meter: str,
    kind: str,
    span_us: tuple[int, int | None],
    zone: tzinfo,
    factor: float | None = None,
) -> DeclaredEvent:
    """An event that a run found of a meter, between two moments in microseconds of UTC; to be
    confirmed by a person.
    """
    first_us, until_us = span_us
    fields: dict[str, Any] = {
        "meter": meter,
        "from": _local(first_us, zone),
        "kind": kind,
        "factor": factor,
        "reason": CONFIRM,
    }
    return DeclaredEvent.model_validate(
        fields if until_us is None else {**fields, "until": _local(until_us, zone)}
    )


def _local(moment_us: int, zone: tzinfo) -> str:
    moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment_us)).astimezone(zone)
    return moment.replace(microsecond=0).isoformat()


def of_meter(events: Iterable[DeclaredEvent], meter: str) -> tuple[DeclaredEvent, ...]:
    """Those of one meter that act; a swap is of both its meters."""
    return tuple(event for event in events if event.acts and meter in {event.meter, event.other})


def of_step(
    events: Iterable[DeclaredEvent], step: str, equipment: str, *products: str
) -> tuple[DeclaredEvent, ...]:
    """Those of a step that act on the rows of one equipment; with `products`, of these (a product
    and its variant) alone.
    """
    mine = (
        event
        for event in events
        if event.acts and event.step == step and event.equipment in {None, equipment}
    )
    return tuple(event for event in mine if not products or event.product in {None, *products})


def _literal(key: str, value: object) -> str:
    if key in {"from", "until"}:
        return str(value)  # a date or a date-time is written as such
    if isinstance(value, float):
        return repr(value)
    return quoted(str(value))


def quoted(text: str) -> str:
    """A text as a basic string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _spelled(value: Any) -> str:
    """One spelling for one moment, so that the settings' digest does not depend on how it was
    written.
    """
    if isinstance(value, str):
        try:
            value = (
                date.fromisoformat(value)
                if len(value) == len("2025-03-01")
                else datetime.fromisoformat(value)
            )
        except ValueError:
            value = None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise ValueError(
        Phrase("must be a local date or date-time, such as 2025-03-01 or 2025-03-01T06:30:00")
    )


def _moment(text: str, zone: ZoneInfo) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _seconds(text: str) -> float:
    matched = _LENGTH.fullmatch(text)
    return float(matched[1]) * _LENGTHS_S[matched[2]] if matched else 0.0
