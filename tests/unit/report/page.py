"""What a program reads off the page: every `<data>` with the row of the tables that holds it, and
every text a person sees.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import NamedTuple

VOID = frozenset({"meta", "link", "br", "circle", "line", "path", "rect"})


class Shown(NamedTuple):
    """One figure: `labels`, row 0, column `best`, its exact value, and the text that a person
    reads.
    """

    table: str
    row: int
    column: str
    value: float
    text: str


class Reading(HTMLParser):
    """Walks the page once."""

    def __init__(self) -> None:
        super().__init__()
        self.figures: list[Shown] = []
        self.texts: list[
            tuple[str, bool]
        ] = []  # text, and whether it is marked as another language's
        self.ids: list[str] = []
        self.links: list[str] = []
        self.open: list[tuple[str, dict[str, str]]] = []
        self._of: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes["href"]] if tag == "a" else []
        self.texts += [
            (attributes[name], False)
            for name in ("data-l", "aria-label", "alt", "title")
            if attributes.get(name)
        ]
        if tag not in VOID:
            self.open.append((tag, attributes))
        if tag == "data":
            self._of = attributes

    def handle_endtag(self, tag: str) -> None:
        while tag not in VOID and self.open and self.open.pop()[0] != tag:
            pass
        if tag == "data":
            self._of = None

    def handle_data(self, data: str) -> None:
        if any(tag == "style" for tag, _ in self.open) or not data.strip():
            return
        self.texts.append(
            (data.strip(), any(attributes.get("lang") == "en" for _, attributes in self.open[2:]))
        )
        if self._of is not None and "data-of" in self._of:
            row = next(
                attributes["data-row"]
                for _, attributes in reversed(self.open)
                if "data-row" in attributes
            )
            table, _, number = row.partition("/")
            self.figures.append(
                Shown(table, int(number), self._of["data-of"], float(self._of["value"]), data)
            )


def read(page: str) -> Reading:
    reading = Reading()
    reading.feed(page)
    return reading
