"""The strict templates: which columns an input has, of what kind, and which must be there.

The same facts are published as JSON Schemas in `reporting_agent/schemas/`; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a cell must hold; the value is the phrase that a message uses for what is wanted."""

    TEXT = "a text"
    NUMBER = "a number"
    AMOUNT = "a number of at least 0"
    SECONDS = "a number of seconds, MM:SS or HH:MM:SS"
    MOMENT = "a date and time, such as 2016-05-14T08:30:00+08:00"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a template. A row without a `required` value is rejected; a file without the column is refused."""

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    choices: tuple[str, ...] = ()
    default: str | float | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A template: its columns, and the prefixes under which a plant adds columns of its own."""

    name: str
    columns: tuple[Column, ...]
    open_prefixes: tuple[str, ...] = ()

    def column(self, name: str) -> Column | None:
        """The declared column, or one made for an open prefix, or None where the name means nothing here."""
        for column in self.columns:
            if column.name == name:
                return column
        if any(name.startswith(prefix) for prefix in self.open_prefixes):
            if name.endswith(".unit"):
                return Column(name)
            return Column(name, Kind.SECONDS if name.endswith("_s") else Kind.NUMBER)
        return None

    @property
    def key(self) -> str:
        """The column that names a row; a total has a word or nothing there."""
        return self.columns[0].name


def adds_up(name: str) -> bool:
    """Whether a total of the column means something: amounts do, heating values and temperatures do not."""
    return name in {"output_quantity", "reject_quantity", "quantity", "energy"} or (
        name.startswith("input.") and not name.endswith(".unit")
    )


STATES = ("normal", "start-up", "shut-down", "idle", "holding", "trial", "fault")

BATCHES = Wanted(
    "batches",
    (
        Column("batch_id", required=True),
        Column("step", required=True),
        Column("product", default=""),
        Column("start", Kind.MOMENT, required=True),
        Column("end", Kind.MOMENT),
        Column("duration_s", Kind.SECONDS),  # tells an end that no column does
        Column("output_quantity", Kind.NUMBER, required=True),
        Column("output_unit", default="t"),
        Column("variant", default=""),
        Column("equipment", default=""),
        Column("status", choices=("good", "scrap", "test"), default="good"),
        Column("state", choices=STATES, default="normal"),
        Column("reject_quantity", Kind.AMOUNT, default=0.0),
        Column("parent_batch_ids", default=""),
    ),
    open_prefixes=("var.", "input."),
)

ENERGY = Wanted(
    "energy",
    (
        Column("batch_id", required=True),
        Column("step", required=True),
        Column("carrier", required=True),
        Column("quantity", Kind.NUMBER),  # blank: not known
        Column("unit", required=True),
        Column("direction", choices=("import", "export", "recovered"), default="import"),
        Column("lhv", Kind.AMOUNT),
        Column("lhv_unit"),
        Column("lhv_source", choices=("measured", "contract", "default")),
        Column("quality", choices=("good", "estimated"), default="good"),
    ),
)

READINGS = Wanted(
    "readings",
    (Column("meter_id", required=True), Column("timestamp", Kind.MOMENT, required=True), Column("value", Kind.NUMBER, required=True)),
)

SCALES = Wanted(
    "scales",
    (
        Column("scale_id", required=True),
        Column("timestamp", Kind.MOMENT, required=True),
        Column("quantity", Kind.AMOUNT, required=True),
        Column("unit", default=""),  # blank: the scale's own
    ),
)

LOG = Wanted(
    "log",
    (
        Column("timestamp", Kind.MOMENT, required=True),
        Column("equipment", required=True),
        Column("step", required=True),
        Column("product", default=""),
        Column("variant", default=""),
        Column("state", choices=STATES, default="normal"),
        Column("output_quantity", Kind.AMOUNT, required=True),
        Column("output_unit", default="t"),
        Column("energy", Kind.NUMBER),  # blank: not known
        Column("span_s", Kind.SECONDS),
    ),
    open_prefixes=("var.",),
)
