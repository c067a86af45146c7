"""A published version as open data: Parquet, typed and with the codebook in it, and JSON-LD (schema.org `Dataset`), which search engines
and catalogues read. Both say what the CSV and the page say, and no more; what is signed is the JSON.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import UTC, date, timedelta
from typing import Any

from benchmarks.measurements import Period
from portal.publication.citation import PUBLISHER
from portal.publication.codebook import CODEBOOK, OWN
from portal.publication.shapes import BenchmarkView, StepView

LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"
FORMATS = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}
"""The forms that hold the figures, by the ending of their address."""


def parquet(table: str, view: BenchmarkView, address: str) -> bytes:
    """The rows of the CSV with types: figures and counts as numbers, `shown` true or false, days as days; unit and meaning of each column
    in its metadata, address and digest in those of the file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = list(csv.DictReader(io.StringIO(table)))
    types = {OWN: pa.float64(), "firms": pa.int64(), "sites": pa.int64(), "date": pa.date32()}
    own = {"version": pa.int64(), "shown": pa.bool_()}
    fields, columns = [], []
    for variable in CODEBOOK:
        kind = own.get(variable.name) or types.get(variable.unit, pa.string())
        told = {"unit": variable.unit, "meaning": str(variable.meaning), "source": variable.source}
        fields.append(pa.field(variable.name, kind, metadata=told))
        columns.append(pa.array([_typed(row[variable.name], kind, pa) for row in rows], kind))
    about = {"source": address, "sha256": view.digest, "licence": LICENCE_URL, "status": view.status}
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata=about)), out)
    return out.getvalue()


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


def json_ld(view: BenchmarkView, title: str, address: str) -> dict[str, Any]:
    """The version as a schema.org data set. `@id` is the permanent address; each figure that is shown is a variable with its interval."""
    period = Period.parse(view.period, UTC)
    found: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": address,
        "url": address,
        "name": title,
        "description": f"{title}. Best and typical energy per step of production, with 95 % intervals, composed of protected values.",
        "identifier": {"@type": "PropertyValue", "propertyID": "SHA-256", "value": view.digest},
        "version": str(view.version),
        "creativeWorkStatus": view.status,
        "datePublished": view.published_on.isoformat(),
        "temporalCoverage": f"{period.start.date().isoformat()}/{(period.end - timedelta(days=1)).date().isoformat()}",
        "spatialCoverage": {"@type": "Place", "name": view.scope, "identifier": view.place},
        "license": LICENCE_URL,
        "isAccessibleForFree": True,
        "publisher": {"@type": "Organization", "name": PUBLISHER},
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": kind, "contentUrl": f"{address}benchmark.{end}"} for end, kind in FORMATS.items()
        ],
        "variableMeasured": [_variable(step, name) for step in view.label.steps if step.shown for name in ("best", "typical")],
    }
    if view.withdrawn_on is not None:
        found["expires"] = view.withdrawn_on.isoformat()
    return found


def _variable(step: StepView, name: str) -> Mapping[str, Any]:
    value, interval = (step.best, step.interval) if name == "best" else (step.typical, step.typical_interval)
    low, high = interval or (None, None)
    return {
        "@type": "PropertyValue",
        "name": " / ".join(part for part in (step.step, step.product, step.variant, step.metric, name) if part),
        "value": value,
        "minValue": low,
        "maxValue": high,
        "unitText": step.unit,
        "measurementTechnique": step.rule if name == "best" else step.averaging,
    }
