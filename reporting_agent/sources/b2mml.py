"""B2MML production performance (ISA-95, IEC 62264) as the tables of batches and energy.

Read are `ProductionPerformance` with `ProductionResponse` (B2MML up to V6) and
`OperationsPerformance` with `OperationsResponse` (V7 and later), and in both every
`SegmentResponse` that carries a start; docs/formats.md says which element becomes which column.

The material's class stands for it where no definition is given. What was charged or rejected in
several lots is added up; where that is no one amount (other units, a word), the row is set aside
with all of them. The row of a segment is the line on which it begins; a column of a message is the
path of the element. Namespaces and versions are passed over: the names of the elements are the same
in all. Document types and entities are refused (they can read files and fill memory; defusedxml).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from xml.sax.handler import ContentHandler, feature_namespaces
from xml.sax.xmlreader import AttributesImpl, Locator

from benchmarks.carriers import CARRIERS
from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from benchmarks.quantities import ratio
from reporting_agent.sources.file_bytes import BROKEN_ARCHIVE, damaged, open_bytes

ROOTS = ("ProductionPerformance", "OperationsPerformance")
_ROOTS = Phrase("%(first)s or %(rest)s", first=ROOTS[0], rest=ROOTS[1])
_SEGMENT = "SegmentResponse"
_DATA = ("SegmentData", "ProductionData", "SegmentParameter", "OperationsData", "Parameter")
_PRODUCED = frozenset({"", "produced", "material produced", "yield produced"})
_REJECTED = frozenset({"scrap", "reject"})
_CONSUMED = frozenset({"", "consumed", "material consumed", "consumable"})
_BESIDE = frozenset({"by-product produced", "co-product produced"})
_ENERGY_CLASSES = frozenset(
    {"energy", "utility", "energie", "能源"}
)  # a plant's own class, under whatever name the carrier goes
_OWN_COLUMNS = frozenset({"variant", "status", "state"})
_ENERGY = (
    "batch_id",
    "step",
    "carrier",
    "quantity",
    "unit",
    "direction",
    "lhv",
    "lhv_unit",
    "lhv_source",
    "quality",
)


@dataclass(slots=True)
class _Element:
    """One element with the line it begins on."""

    name: str
    line: int
    children: list[_Element] = field(default_factory=list)
    text: str = ""

    def first(self, *names: str) -> str:
        """The text of the first child of one of these names, blank where there is none."""
        return next(
            (
                child.text.strip()
                for name in names
                for child in self.children
                if child.name == name and child.text.strip()
            ),
            "",
        )

    def all(self, *names: str) -> list[_Element]:
        return [child for child in self.children if child.name in names]


class _Reader(ContentHandler):
    """Builds the tree of each segment response, and hands it over when it ends; nothing else is
    kept.
    """

    def __init__(self, take: Callable[[_Element], None]) -> None:
        super().__init__()
        self.root = ""
        self._take = take
        self._open: list[_Element] = []
        self._where: Locator | None = None

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802 - SAX names it
        self._where = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        local = name.rpartition(":")[2]
        self.root = self.root or local
        if self._open or local == _SEGMENT:
            line = (self._where.getLineNumber() if self._where is not None else None) or 1
            element = _Element(local, line)
            if self._open:
                self._open[-1].children.append(element)
            self._open.append(element)

    def characters(self, content: str) -> None:
        if self._open:
            self._open[-1].text += content

    def endElement(self, name: str) -> None:  # noqa: N802
        if self._open and (element := self._open.pop()).name == _SEGMENT:
            self._take(element)


def table_of(
    path: Path, wanted: str
) -> tuple[tuple[str, ...], Iterator[tuple[int, Sequence[Any]]]]:
    """Header and numbered rows of `batches` or `energy`.

    Raises:
        InputError: the file is no B2MML production performance, is damaged, or holds a document
            type or entity.
    """
    if wanted not in {"batches", "energy"}:
        raise InputError(
            "format-unknown",
            Phrase(
                "B2MML production performance contains batches and their energy, but no "
                "%(wanted)s.",
                wanted=wanted,
            ),
            "Name a CSV, XLSX or Parquet file.",
            place=Place(str(path)),
            found=path.name,
            wanted=Phrase(".csv, .xlsx or .parquet"),
        )
    rows: list[tuple[int, dict[str, Any]]] = []

    def take(segment: _Element) -> None:
        if segment.all(_SEGMENT) and not segment.all(
            "MaterialProducedActual", "MaterialConsumedActual", "MaterialActual"
        ):
            return  # only holds others together
        rows.extend(_energy(segment) if wanted == "energy" else [(segment.line, _batch(segment))])

    _parse(path, take)
    rows.sort(key=lambda numbered: numbered[0])  # a segment within another ends before it
    header = (
        _ENERGY
        if wanted == "energy"
        else tuple(dict.fromkeys(name for _, row in rows for name in row)) or ("batch_id",)
    )
    return header, ((line, tuple(row.get(name) for name in header)) for line, row in rows)


def _parse(path: Path, take: Callable[[_Element], None]) -> None:
    from xml.sax import SAXParseException

    from defusedxml.common import DefusedXmlException
    from defusedxml.expatreader import DefusedExpatParser

    reader = _Reader(take)
    parser = DefusedExpatParser(forbid_dtd=True)
    parser.setFeature(feature_namespaces, False)
    parser.setContentHandler(reader)
    try:
        with open_bytes(path) as stream:
            parser.parse(stream)
    except DefusedXmlException as refused:
        raise _refused(
            path, Phrase("a document type or an entity"), Phrase("XML without DOCTYPE and ENTITY")
        ) from refused
    except SAXParseException as broken:
        raise _refused(
            path, broken.getMessage(), Phrase("well-formed XML"), broken.getLineNumber()
        ) from broken
    except LookupError as unknown:  # the encoding that the document names
        raise _refused(path, str(unknown)[:99], Phrase("well-formed XML")) from unknown
    except BROKEN_ARCHIVE as broken:
        raise damaged(path, broken) from broken
    if reader.root not in ROOTS:
        raise _refused(path, Phrase("an XML document of %(root)s", root=repr(reader.root)), _ROOTS)


def _refused(path: Path, found: str, wanted: str, line: int | None = None) -> InputError:
    return InputError(
        "not-b2mml",
        "The file cannot be read as B2MML production performance.",
        "Export the production performance of ISA-95 again; docs/formats.md shows which elements "
        "are read.",
        place=Place(str(path), row=line),
        found=found,
        wanted=wanted,
    )


def _batch(segment: _Element) -> dict[str, Any]:
    produced = _materials(segment, "MaterialProducedActual", _PRODUCED)
    rejected = _materials(segment, "MaterialProducedActual", _REJECTED)
    amounts = [_quantity(material) for material in produced]
    unit = amounts[0][1] if amounts else ""
    row: dict[str, Any] = {
        "batch_id": segment.first("ID"),
        "step": segment.first("ProcessSegmentID", "OperationsSegmentID"),
        "product": _name(produced[0]) if produced else "",
        "start": segment.first("ActualStartTime"),
        "end": segment.first("ActualEndTime"),
        # of several products of one segment none is chosen here: the row is set aside with all of
        # them
        "output_quantity": amounts[0][0] if len(amounts) == 1 else _all_of(amounts),
        "output_unit": unit,
        "equipment": next(
            (actual.first("EquipmentID") for actual in segment.all("EquipmentActual")), ""
        ),
    }
    if rejected:
        row["reject_quantity"] = _sum([_quantity(material) for material in rejected], unit)
    lots: list[str] = []
    charged: dict[str, list[tuple[str, str]]] = {}
    for material in _materials(segment, "MaterialConsumedActual", _CONSUMED):
        if not _is_energy(material):
            charged.setdefault(_name(material), []).append(_quantity(material))
            lots += [lot.text.strip() for lot in material.all("MaterialLotID") if lot.text.strip()]
    for name, parts in charged.items():
        row[f"input.{name}"], row[f"input.{name}.unit"] = _sum(parts, parts[0][1]), parts[0][1]
    if lots:
        row["parent_batch_ids"] = ";".join(dict.fromkeys(lots))
    for data in segment.all(*_DATA):
        name = data.first("ID")
        row[
            name.lower() if name.lower() in _OWN_COLUMNS else f"var.{name.removeprefix('var.')}"
        ] = _value(data)
    return row


def _energy(segment: _Element) -> Iterator[tuple[int, dict[str, Any]]]:
    """What a segment consumed of carriers, and what it gave away of them beside its product."""
    for direction, element, uses in (
        ("import", "MaterialConsumedActual", _CONSUMED),
        ("export", "MaterialProducedActual", _BESIDE),
    ):
        for material in _materials(segment, element, uses):
            if not _is_energy(material):
                continue
            facts = {
                node.first("ID").lower(): node
                for node in material.children
                if node.name.endswith("Property")
            }
            quantity, unit = _quantity(material)
            row = {
                "batch_id": segment.first("ID"),
                "step": segment.first("ProcessSegmentID", "OperationsSegmentID"),
            }
            row |= {
                "carrier": _name(material),
                "quantity": quantity,
                "unit": unit,
                "direction": direction,
            }
            row |= {
                name: _value(facts[name])
                for name in ("direction", "lhv", "lhv_source", "quality")
                if name in facts
            }
            if "lhv" in facts:
                row["lhv_unit"] = next(
                    (value.first("UnitOfMeasure") for value in facts["lhv"].all("Value")), ""
                )
            yield material.line, row


def _materials(segment: _Element, element: str, uses: frozenset[str]) -> list[_Element]:
    """Materials of this use: elements named for it, where no other use stands in them, and
    `MaterialActual` of the use (since V5).
    """
    return [
        material
        for material in segment.all(element, "MaterialActual")
        if (use := material.first("MaterialUse").lower()) in uses
        and (use or material.name == element)
    ]


def _name(material: _Element) -> str:
    """The definition, or the class where it is a carrier's or no definition is given."""
    definition, kind = material.first("MaterialDefinitionID"), material.first("MaterialClassID")
    return (
        kind if not definition or (kind in CARRIERS and definition not in CARRIERS) else definition
    )


def _is_energy(material: _Element) -> bool:
    return (
        _name(material) in CARRIERS or material.first("MaterialClassID").lower() in _ENERGY_CLASSES
    )


def _quantity(material: _Element) -> tuple[str, str]:
    quantity = next(iter(material.all("Quantity")), None)
    return (
        ("", "")
        if quantity is None
        else (quantity.first("QuantityString"), quantity.first("UnitOfMeasure"))
    )


def _sum(amounts: Sequence[tuple[str, str]], unit: str) -> str:
    """Quantities with their units as one number of a unit; all of them as they are written where
    they are none, which no column reads.
    """
    if len(amounts) == 1 and amounts[0][1] == unit:
        return amounts[0][0]
    try:
        parts = [
            Decimal(quantity) * (1 if own == unit else Decimal(repr(ratio(own, unit))))
            for quantity, own in amounts
        ]
    except (InvalidOperation, InputError):
        return _all_of(amounts)
    return str(sum(parts))


def _all_of(amounts: Sequence[tuple[str, str]]) -> str:
    return " + ".join(" ".join(amount) for amount in amounts)


def _value(holder: _Element) -> str:
    return next(
        (value.first("ValueString") or value.text.strip() for value in holder.all("Value")), ""
    )
