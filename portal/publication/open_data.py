"""A published version as open data, Parquet and JSON-LD (schema.org `Dataset`), and a sector over
its years as JSON-LD.

Both say what the CSV and the page say, and no more; what is signed is the JSON.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, timedelta
from typing import Any

from benchmarks.measurements import Period
from portal.days import scheme_day
from portal.publication.codebook import OVER_YEARS, OWN, CodebookColumn
from portal.publication.rows import VersionColumns
from portal.publication.shapes import BenchmarkView, Interval, LabelView

FIVE_RANKS = "mean over the five firms around a rank"
LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"
FORMATS = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}
"""The forms that hold the figures, by the ending of their address."""


def parquet(table: str, columns_of: Sequence[CodebookColumn], about: Mapping[str, str]) -> bytes:
    """The rows of a CSV with types: figures and counts as numbers, `shown` true or false, days as
    days; unit and meaning of each column in its metadata, what the file is about (`about_version`)
    in those of the file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = list(csv.DictReader(io.StringIO(table)))
    types = {OWN: pa.float64(), "firms": pa.int64(), "sites": pa.int64(), "date": pa.date32()}
    own = {"version": pa.int64(), "shown": pa.bool_()}
    fields, columns = [], []
    for variable in columns_of:
        kind = own.get(variable.name) or types.get(variable.unit, pa.string())
        metadata = {
            "unit": variable.unit,
            "meaning": str(variable.meaning),
            "source": variable.source,
        }
        fields.append(pa.field(variable.name, kind, metadata=metadata))
        columns.append(pa.array([_typed(row[variable.name], kind, pa) for row in rows], kind))
    out = io.BytesIO()
    pq.write_table(
        pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata=dict(about))), out
    )
    return out.getvalue()


def about_version(view: BenchmarkView, address: str) -> dict[str, str]:
    return {"source": address, "sha256": view.digest, "licence": LICENCE_URL, "status": view.status}


def _typed(text: str, kind: Any, pa: Any) -> object:
    """What a cell of the CSV says; an empty cell is null where the column holds no words."""
    if kind == pa.string():
        return text
    if not text:
        return None
    if kind == pa.bool_():
        return text == "true"
    if kind == pa.date32():
        return date.fromisoformat(text)
    return int(text) if kind == pa.int64() else float(text)


def json_ld(view: BenchmarkView, title: str, address: str, publisher: str) -> dict[str, Any]:
    """The version as a schema.org data set. `@id` is the permanent address; each figure that is
    shown is a variable with its interval.
    """
    period = Period.parse(view.period, UTC)
    dataset: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": address,
        "url": address,
        "name": title,
        "description": f"{title}. Best and typical energy per step of production, with 95 % "
        "intervals, composed of protected values.",
        "identifier": {"@type": "PropertyValue", "propertyID": "SHA-256", "value": view.digest},
        "version": str(view.version),
        "creativeWorkStatus": view.status,
        "datePublished": view.published_on.isoformat(),
        "temporalCoverage": f"{period.start.date().isoformat()}/{(period.end - timedelta(days=1)).date().isoformat()}",  # noqa: E501
        "spatialCoverage": {"@type": "Place", "name": view.scope, "identifier": view.jurisdiction},
        "license": LICENCE_URL,
        "isAccessibleForFree": True,
        "publisher": {"@type": "Organization", "name": publisher},
        "distribution": [
            {
                "@type": "DataDownload",
                "encodingFormat": kind,
                "contentUrl": f"{address}benchmark.{end}",
            }
            for end, kind in FORMATS.items()
        ],
        "variableMeasured": [*_of_cells(view.label), *_totals(view)],
    }
    if view.withdrawn_on is not None:
        dataset["expires"] = view.withdrawn_on.isoformat()
    return dataset


def sector_json_ld(
    rows: Sequence[VersionColumns],
    title: str,
    address: str,
    versions: Sequence[str],
    publisher: str,
) -> dict[str, Any]:
    """A sector over its years, of the versions of `over_years`, based on the addresses of its
    versions. `@id` is its own and stays.
    """
    last = rows[-1]
    periods = [Period.parse(row.period, UTC) for row in rows]
    began, ended = min(period.start for period in periods), max(period.end for period in periods)
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": address,
        "url": address,
        "name": title,
        "description": f"{title}. Best, typical value, spread and savings per step of production "
        "over the years, with 95 % intervals.",
        "dateModified": max(
            scheme_day(row.published_at) for row in rows if row.published_at
        ).isoformat(),
        "temporalCoverage": f"{began.date().isoformat()}/{(ended - timedelta(days=1)).date().isoformat()}",  # noqa: E501
        "spatialCoverage": {"@type": "Place", "name": last.scope, "identifier": last.jurisdiction},
        "license": LICENCE_URL,
        "isAccessibleForFree": True,
        "publisher": {"@type": "Organization", "name": publisher},
        "isBasedOn": list(versions),
        "distribution": [
            {
                "@type": "DataDownload",
                "encodingFormat": FORMATS[end],
                "contentUrl": f"{address}sector.{end}",
            }
            for end in ("csv", "parquet")
        ],
        "variableMeasured": [
            {"@type": "PropertyValue", "name": variable.name, "description": str(variable.meaning)}
            for variable in OVER_YEARS
            if variable.unit == OWN
        ],
    }


def _of_cells(label: LabelView) -> Iterator[Mapping[str, Any]]:
    for cell in label.cells:
        if not cell.shown:
            continue
        named = (cell.step, cell.product, cell.variant, cell.metric)
        yield _variable((*named, "best"), cell.best, cell.interval, cell.unit, cell.rule)
        yield _variable(
            (*named, "typical"), cell.typical, cell.typical_interval, cell.unit, FIVE_RANKS
        )
        for point in cell.curve:
            yield _variable(
                (*named, f"p{point.percent}"),
                point.value,
                point.interval,
                cell.unit,
                FIVE_RANKS,
            )
        for potential in cell.potential:
            yield _variable(
                (*named, f"saved at {potential.to}"),
                potential.value,
                potential.interval,
                cell.unit,
                "mean over the firms",
            )


def _totals(view: BenchmarkView) -> Iterator[Mapping[str, Any]]:
    for name, total in view.label.totals.items():
        if total.shown:
            yield _variable(
                (name, view.product, "total"), total.value, total.interval, total.unit, total.rule
            )


def _variable(
    name: tuple[str, ...],
    value: float | None,
    interval: Interval | None,
    unit: str,
    technique: str | None,
) -> Mapping[str, Any]:
    low, high = interval or (None, None)
    return {
        "@type": "PropertyValue",
        "name": " / ".join(part for part in name if part),
        "value": value,
        "minValue": low,
        "maxValue": high,
        "unitText": unit,
        "measurementTechnique": technique,
    }
