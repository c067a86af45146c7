"""The strict templates: which columns an input has, of what kind, and which must be there.

The same facts are published as JSON Schemas in `reporting_agent/schemas/`; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from benchmarks.phrases import Phrase


class CellKind(StrEnum):
    """What a cell must hold; the value is the phrase that a message uses for what is wanted."""

    TEXT = Phrase("a text")
    NUMBER = Phrase("a number")
    AMOUNT = Phrase("a number of at least 0")
    SECONDS = Phrase("a number of seconds, MM:SS or HH:MM:SS")
    MOMENT = Phrase("a date and time, such as 2016-05-14T08:30:00+08:00")

    @property
    def words(self) -> Phrase:
        """The same, to be said in a reader's language: a member of an enumeration is a text and no
        more.
        """
        return Phrase(self.value)


@dataclass(frozen=True, slots=True)
class TemplateColumn:
    """One column of a template. A row without a `required` value is rejected; a file without the
    column is refused.

    A moment `as_written` keeps whether it was written with an offset; else it has the one that was
    in force.
    """

    name: str
    kind: CellKind = CellKind.TEXT
    required: bool = False
    choices: tuple[str, ...] = ()
    default: str | float | None = None
    as_written: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """A template: its columns, and the prefixes under which a plant adds columns of its own."""

    name: str
    columns: tuple[TemplateColumn, ...]
    open_prefixes: tuple[str, ...] = ()

    def column(self, name: str) -> TemplateColumn | None:
        """The declared column, or one made for an open prefix, or None where the name means nothing
        here.
        """
        for column in self.columns:
            if column.name == name:
                return column
        if any(name.startswith(prefix) for prefix in self.open_prefixes):
            if name.endswith(".unit"):
                return TemplateColumn(name)
            return TemplateColumn(
                name, CellKind.SECONDS if name.endswith("_s") else CellKind.NUMBER
            )
        return None

    @property
    def key(self) -> str:
        """The column that names a row; a total has a word or nothing there."""
        return self.columns[0].name


def adds_up(name: str) -> bool:
    """Whether a total of the column means something: amounts do, heating values and temperatures do
    not.
    """
    return name in {"output_quantity", "reject_quantity", "quantity", "energy"} or (
        name.startswith(("input.", "energy.")) and not name.endswith(".unit")
    )


STATES = ("normal", "start-up", "shut-down", "idle", "holding", "trial", "fault")

BATCHES = Template(
    "batches",
    (
        TemplateColumn("batch_id", required=True),
        TemplateColumn("step", required=True),
        TemplateColumn("product", default=""),
        TemplateColumn("start", CellKind.MOMENT, required=True),
        TemplateColumn("end", CellKind.MOMENT),
        TemplateColumn("duration_s", CellKind.SECONDS),  # tells an end that no column does
        TemplateColumn("output_quantity", CellKind.NUMBER, required=True),
        TemplateColumn("output_unit", default="t"),
        TemplateColumn("variant", default=""),
        TemplateColumn("equipment", default=""),
        TemplateColumn("status", choices=("good", "scrap", "test"), default="good"),
        TemplateColumn("state", choices=STATES, default="normal"),
        TemplateColumn("reject_quantity", CellKind.AMOUNT, default=0.0),
        TemplateColumn("parent_batch_ids", default=""),
    ),
    open_prefixes=("var.", "input."),
)

ENERGY = Template(
    "energy",
    (
        TemplateColumn("batch_id", required=True),
        TemplateColumn("step", required=True),
        TemplateColumn("carrier", required=True),
        TemplateColumn("quantity", CellKind.NUMBER),  # blank: not known
        TemplateColumn("unit", required=True),
        TemplateColumn("direction", choices=("import", "export", "recovered"), default="import"),
        TemplateColumn("lhv", CellKind.AMOUNT),
        TemplateColumn("lhv_unit"),
        TemplateColumn("lhv_source", choices=("measured", "contract", "default")),
        TemplateColumn("quality", choices=("good", "estimated"), default="good"),
    ),
)

READINGS = Template(
    "readings",
    (
        TemplateColumn("meter_id", required=True),
        TemplateColumn("timestamp", CellKind.MOMENT, required=True),
        TemplateColumn("value", CellKind.NUMBER, required=True),
    ),
)

SCALES = Template(
    "scales",
    (
        TemplateColumn("scale_id", required=True),
        TemplateColumn("timestamp", CellKind.MOMENT, required=True),
        TemplateColumn("quantity", CellKind.AMOUNT, required=True),
        TemplateColumn("unit", default=""),  # blank: the scale's own
    ),
)

LOG = Template(
    "log",
    (
        TemplateColumn("timestamp", CellKind.MOMENT, required=True),
        TemplateColumn("equipment", required=True),
        TemplateColumn("step", required=True),
        TemplateColumn("product", default=""),
        TemplateColumn("variant", default=""),
        TemplateColumn("state", choices=STATES, default="normal"),
        TemplateColumn("output_quantity", CellKind.AMOUNT, required=True),
        TemplateColumn("output_unit", default="t"),
        TemplateColumn("energy", CellKind.NUMBER),  # blank: not known
        TemplateColumn("span_s", CellKind.SECONDS),
    ),
    open_prefixes=("var.", "energy."),
)
