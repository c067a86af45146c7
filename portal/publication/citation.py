"""How a version is cited: BibTeX and RIS records, the name of its files, and its full address in
the API, which stays.

Where a public version stands in the API: its full address, which stays.
"""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote

from portal.publication.rows import VersionColumns
from portal.publication.shapes import BenchmarkView

SOFTWARE = "Steplabel"
"""What composed the figures. Who publishes them is the authority of the scope."""

LICENCE = "CC BY 4.0"


def bibtex(view: BenchmarkView, title: str, address: str, digest: str, publisher: str) -> str:
    """`@misc`, which every style knows. Braces keep the title's capitals."""
    key = file_name(view)
    fields = {
        "author": f"{{{_tex(publisher)}}}",
        "title": f"{{{_tex(title)}}}",
        "year": str(view.published_on.year),
        "month": f"{view.published_on.month}",
        "version": str(view.version),
        "url": address,
        "howpublished": SOFTWARE,
        "note": f"SHA-256 of the signed document {digest}. {LICENCE}.{_withdrawn(view)}",
    }
    return (
        f"@misc{{{key},\n"
        + "".join(f"  {name} = {{{text}}},\n" for name, text in fields.items())
        + "}\n"
    )


def file_name(of: BenchmarkView | VersionColumns) -> str:
    """What a file of the version is called, without its ending; the key of its record too."""
    return "-".join(
        (
            "steplabel",
            of.pack,
            of.jurisdiction.replace("/", "."),
            of.route,
            of.period.replace("/", "_"),
            f"v{of.version}",
        )
    )


def ris(view: BenchmarkView, title: str, address: str, digest: str, publisher: str) -> str:
    """A data set (`DATA`); lines end as the format asks."""
    lines = (
        ("TY", "DATA"),
        ("AU", publisher),
        ("TI", title),
        ("PY", str(view.published_on.year)),
        ("DA", view.published_on.strftime("%Y/%m/%d")),
        ("ET", str(view.version)),
        ("DB", SOFTWARE),
        ("UR", address),
        ("N1", f"SHA-256 of the signed document {digest}. {LICENCE}.{_withdrawn(view)}"),
        ("ER", ""),
    )
    return "".join(f"{tag}  - {text}\r\n" for tag, text in lines)


def _withdrawn(view: BenchmarkView) -> str:
    return f" Withdrawn on {view.withdrawn_on.isoformat()}." if view.withdrawn_on else ""


_TEX = str.maketrans(
    {letter: f"\\{letter}" for letter in "#$%&_"}
    | {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",  # BibTeX counts a brace that stands behind a backslash, too
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)


def _tex(text: str) -> str:
    """Every letter that TeX reads as a command, as itself."""
    return text.translate(_TEX)


class Version(Protocol):
    """What the address is made of; `jurisdiction` is a path with slashes."""

    @property
    def pack(self) -> str: ...
    @property
    def jurisdiction(self) -> str: ...
    @property
    def route(self) -> str: ...
    @property
    def period(self) -> str: ...
    @property
    def version(self) -> int: ...


def api_url(of: Version) -> str:
    dotted = quote(of.jurisdiction.replace("/", "."))
    return f"/api/v1/benchmarks/{of.pack}/{dotted}/{of.route}/{quote(of.period, safe='')}/v{of.version}/"  # noqa: E501
