"""Pages behind sign-in, refusals of forms, files and mails in a language that nobody speaks: what
is left in English was not translated.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.text import capfirst
from django.utils.translation import gettext

from benchmarks.guidance import goods
from benchmarks.guidance.acts import ActCollection
from benchmarks.guidance.practices import Library
from portal.accounts.models import Jurisdiction, Organisation, Site, User
from portal.notifications.kinds import NoticeKind
from portal.publication.codebook import EVERY_COLUMN
from portal.publication.models import Publication
from portal.web.presenters.notices import notice_row_of
from tests.integration.by_role import MEMBERED
from tests.integration.of_extras import merged, of_each
from tests.integration.portal_cast import NOW
from tests.integration.test_addresses_by_role import TABLE, House, house
from tests.integration.test_practices import HOT
from tests.unit.languages.pseudo import LANGUAGE, pseudo
from tests.unit.languages.test_pages_in_it import pages_spoken

__all__ = ["house"]
pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

WALKED = ("enterprise", "nation", "assigned", "provider", "supplier", "academic")
LEFT = {
    "web:benchmark": "what the published document says, in its two languages",
    **dict.fromkeys(
        ("web:codebook-csv", "web:codebook-xlsx"), "the codebook's own columns are published too"
    ),
    **merged("LEFT"),
}
"""Address -> what stays in English there."""

OF_ANY_LANGUAGE = re.compile(
    r"""\S+@\S+|https?:\S+|steplabel[-\w/.]*|Steplabel|\b[0-9a-f]{8,}[-\w]*|\b[A-Z2-7]{32}\b|\b[AL](?:-\w{4}){4}|slk_\w+
    |\b[\w.-]+\.(?:toml|json|csv|xlsx|pdf|pem|sealed|cbor)\b|docs/\S+|--\w+|\b[a-z]+(?:[-.][a-z\d]+)+\b|\bEN\s16231|GB/T|\bISO\b|\bEnMS\b
    |\bCSV\b|\bXLSX\b|\bParquet\b|\bPDF\b|\bDOCX\b|\bJSON\b|SHA-256|UTC|\bEUR\b|\bcny\b|English|\bk?gce\b|\b[kMG]Wh\b|\b(?:cement|coal|electricity)\b""",
    re.VERBOSE,
)
"""Addresses, commands, files, ids, acts by their code, standards, units, and what packs and
carriers are called in files.
"""

WRITTEN = (
    "Rebuilt.",
    *(
        "Nothing but the wording.",
        "A name.",
        "None.",
        "Buyer",
        "New Cement",
        "New Holding",
        "New",
        "A program",
        "Certifier",
    ),
    *(
        "Historian",
        "historian",
        "The log of the scale is kept by hand.",
        "Kiln 1, from the coal scale to the clinker silo.",
    ),
    *(
        "the tool's own tables",
        "60 records against the plant's own log.",
        "The power plant beside the kiln.",
        "bills 1 to 12",
    ),
)
"""What people of the cast wrote themselves."""


COLUMNS = {
    *(variable.name for variable in EVERY_COLUMN),
    *(column for columns in of_each("COLUMNS") for column in columns),
    "reported_confirmed",
}
AS_THEY_ARE = {"test", "This field is required.", *COLUMNS}
"""Who opened the cast's period, a sentence of Django's own catalogue, and columns of published
files.
"""


class Shown(HTMLParser):
    """Texts of a page and of its attributes that are read; none of code, of scripts, or of what is
    marked as another language's.
    """

    SILENT = frozenset({"script", "style", "code", "pre", "kbd", "samp", "textarea"})
    SAID = frozenset({"title", "alt", "aria-label", "placeholder"})
    VOID = frozenset(
        (
            "area",
            "base",
            "br",
            "col",
            "embed",
            "hr",
            "img",
            "input",
            "link",
            "meta",
            "source",
            "track",
            "wbr",
        )
    )

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        silent = (
            tag in self.SILENT
            or attributes.get("lang", LANGUAGE) != LANGUAGE
            or any(hushed for _, hushed in self._open[-1:])
        )
        if tag not in self.VOID:
            self._open.append((tag, silent))
        if not silent:
            self.texts += [text for name, text in attributes.items() if text and name in self.SAID]

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(hushed for _, hushed in self._open[-1:]):
            self.texts.append(data)


def shown(answer: Any) -> list[str]:
    """What a person reads of an answer: a page whole, of a file its headings (cells are names and
    codes).
    """
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    match answer.headers.get("Content-Type", "").partition(";")[0]:
        case "text/html":
            page = Shown()
            page.feed(content.decode())
            return page.texts
        case "text/csv":
            return next(csv.reader(io.StringIO(content.decode("utf-8-sig"))), [])
        case kind if "spreadsheet" in kind:
            book = openpyxl.load_workbook(io.BytesIO(content))
            return [
                text
                for sheet in book
                for text in (sheet.title, *(str(cell.value or "") for cell in sheet[1]))
            ]
    return []


def english(texts: Iterable[str], own: Iterable[str] = ()) -> set[str]:
    left = set()
    for text in texts:
        rest = " ".join(text.split())
        if rest in AS_THEY_ARE or rest.startswith("steplabel-agent "):
            continue
        for name in own:
            rest = rest.replace(name, " ")
        if re.search(r"[A-Za-z]{3,}", OF_ANY_LANGUAGE.sub(" ", rest)):
            left.add(rest)
    return left


def own_names() -> list[str]:
    """Names of the database, and what was written into it; the longest first."""
    rows = (User.objects, Organisation.objects, Site.objects, Jurisdiction.objects)
    names = {name for of in rows for name in of.values_list("name", flat=True)}
    for of_extra in of_each("own_names"):
        names |= of_extra()
    names |= {f"Firm {number}" for number in range(1, 30)} | set(WRITTEN)
    names |= {text for field, text in HOT.items() if field.endswith("_en")}
    names |= {
        words.en
        for product in goods.offered()
        for words in (product.words, *(part.words for part in product.precursors))
    }
    names |= {capfirst(product.words.en) for product in goods.offered()}
    names |= {act.title.en for act in ActCollection.held().acts}  # as the Official Journal has them
    library = Library.held()  # its texts are its sources', in two languages
    names |= {
        words.en
        for practice in library.practices
        for words in (
            practice.words,
            library.listing(practice).words,
            library.listing(practice).read_in,
        )
    }
    for explanation in Publication.objects.values_list("explanation", flat=True):
        names |= set(_texts(explanation))
    return sorted(filter(None, names), key=len, reverse=True)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for element in value.values() if isinstance(value, dict) else value:
            yield from _texts(element)


def asked(name: str, answers: dict[str, str], wanted: str) -> tuple[str, ...]:
    """As whom an address is opened: anybody where anybody may, one where all who are signed in read
    the same, else each role.
    """
    able = [role for role, answer in answers.items() if answer == wanted]
    if "anonymous" in able or (set(MEMBERED) <= set(able) and name != "web:home"):
        return (able[0] if "anonymous" in able else "enterprise",)
    return tuple(role for role in able if role in WALKED) or tuple(able[:1])


def test_nothing_that_a_role_reads_is_left_in_english(house: House, tmp_path: Path) -> None:
    own = own_names()
    left: dict[str, set[str]] = {}
    with pages_spoken(tmp_path):
        for name, (_parts, on_get, on_post) in TABLE.items():
            if name.partition(":")[0] == "api" or "earlier" in name:
                continue
            for method, answers, wanted in (("get", on_get, "ok"), ("post", on_post, "wrong")):
                for role in asked(name, answers, wanted):
                    with transaction.atomic():
                        client = house.clients[role]
                        client.cookies[settings.LANGUAGE_COOKIE_NAME] = LANGUAGE
                        if words := english(
                            shown(getattr(client, method)(house.address(name))), own
                        ):
                            left.setdefault(name, set()).update(words)
                        transaction.set_rollback(True)
    remaining = {name: sorted(words) for name, words in left.items() if name not in LEFT}
    assert remaining == {}, json.dumps(remaining, ensure_ascii=False, indent=1)
    assert {name for name in LEFT if name in TABLE} <= set(left), "what is excused is still there"


TOLD = {
    **dict.fromkeys(("site_name", "firm_name", "version", "proposal", "practice"), "7"),
    "period": "2016",
    "due": "2026-11-30",
    "pack": "cement",
    "pack_version": "1",
    "route": "dry-process",
}


def test_no_mail_is_left_in_english(tmp_path: Path) -> None:
    folder = Path(settings.BASE_DIR) / "portal" / "web" / "templates" / "web" / "mail"
    letters = sorted(
        path.name for path in folder.glob("*.txt") if not path.name.startswith("notices")
    )
    assert len(letters) > 10
    with pages_spoken(tmp_path):
        assert gettext("Reports accepted") == pseudo("Reports accepted")
        assert {
            name: words
            for name in letters
            if (
                words := english(
                    [render_to_string(f"web/mail/{name}", {"link": "https://x.example"})]
                )
            )
        } == {}
        for kind in NoticeKind:
            row = notice_row_of(kind, TOLD, NOW)
            context = {
                "notices": [(row, "https://x.example")],
                "first": row,
                "more": 1,
                "daily": True,
                "wishes": "https://x.example",
            }
            for part in ("subject", "message"):
                assert (
                    english([render_to_string(f"web/mail/notices_{part}.txt", context)]) == set()
                ), kind
