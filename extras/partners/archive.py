"""Every published version as one archive: signed JSON, CSV, records for citing, the codebook, the
licence, and a list of what is inside.

The same publications always give the same bytes: entries stand in one order and carry no time of
packing.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence

from django.urls import reverse

from benchmarks.csv_cells import csv_of
from portal.publication import citation, codebook, selectors
from portal.publication.rows import benchmark_view
from portal.publication.sectors import publisher_of
from portal.publication.shapes import BenchmarkView

NO_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that the format knows
LIST = (
    "file",
    "sha256",
    "pack",
    "jurisdiction",
    "route",
    "period",
    "version",
    "status",
    "published_on",
    "address",
)
LICENCE = """The figures of this archive are free to use under the Creative Commons Attribution 4.0 International licence (CC BY 4.0).

Name the authority that publishes, the version and its address, as the records for citing beside each version do. A version that was
withdrawn is kept so that what was cited can be found; do not use its figures. Nobody may claim that a regulator endorses what was made
of them.
"""  # noqa: E501

Address = Callable[[BenchmarkView], str]


def archive(address: Address) -> bytes:
    """The whole of it. `address` gives the permanent address of a version, for whoever cites it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in _files(address):
            packed.writestr(
                zipfile.ZipInfo(f"steplabel/{name}", NO_TIME), content, zipfile.ZIP_DEFLATED
            )
    return out.getvalue()


def permanent(site: str) -> Address:
    """The address of a version that stays, on the portal at `site` (`https://portal.example`)."""

    def of(view: BenchmarkView) -> str:
        named = {
            "pack": view.pack,
            "jurisdiction": view.jurisdiction,
            "route": view.route,
            "period": view.period,
            "version": view.version,
        }
        return f"{site}{reverse('web:benchmark', kwargs=named)}"

    return of


def title(view: BenchmarkView) -> str:
    """In English, whatever the reader's language: the archive is one for all."""
    return (
        f"Industry label, {view.pack}, {view.scope}, {view.route}, {view.period}, version "
        f"{view.version}"
    )


def _files(address: Address) -> Iterator[tuple[str, bytes]]:
    rows: list[Sequence[object]] = []
    publishers: dict[str, str] = {}
    for version in selectors.every_published():
        view = benchmark_view(version, None)
        if view.jurisdiction not in publishers:
            publishers[view.jurisdiction] = (
                " and ".join(publisher_of(view.jurisdiction)) or citation.SOFTWARE
            )
        publisher = publishers[view.jurisdiction]
        where, digest = address(view), view.digest
        folder = f"{view.pack}/{view.jurisdiction.replace('/', '.')}/{view.route}/{view.period.replace('/', '_')}/v{view.version}"  # noqa: E501
        content = json.dumps(view.document, ensure_ascii=False, indent=1, sort_keys=True).encode()
        rows.append(
            (
                f"{folder}/benchmark.json",
                hashlib.sha256(content).hexdigest(),
                view.pack,
                view.jurisdiction,
                view.route,
                view.period,
                view.version,
                view.status,
                view.published_on,
                where,
            )
        )
        yield f"{folder}/benchmark.json", content
        yield (
            f"{folder}/benchmark.csv",
            selectors.table_of(view, selectors.preceding(version)).encode(),
        )
        yield (
            f"{folder}/benchmark.bib",
            citation.bibtex(view, title(view), where, digest, publisher).encode(),
        )
        yield (
            f"{folder}/benchmark.ris",
            citation.ris(view, title(view), where, digest, publisher).encode(),
        )
    yield "codebook.csv", codebook.codebook_csv().encode()
    yield "LICENCE.txt", LICENCE.encode()
    yield "versions.csv", csv_of(LIST, rows).encode()
