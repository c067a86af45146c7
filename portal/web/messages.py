"""The catalogue of the pages' texts: what has to be translated, gathered from templates and code, kept in `locale/`.

    python -m portal.web.messages

brings the catalogue up to date (new texts untranslated, lost ones dropped) and compiles it. Babel does the work, so no
gettext tools are needed; it comes with the extra `dev`. A test compares the catalogue with the texts that are in use.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

HERE = Path(__file__).resolve().parent
PO_FILE = HERE / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
HEADER = r"""# Texts of the portal's pages, in simplified Chinese.
msgid ""
msgstr ""
"Project-Id-Version: Steplabel\n"
"POT-Creation-Date: 2026-11-20 00:00+0000\n"
"PO-Revision-Date: 2026-11-20 00:00+0000\n"
"Language: zh_Hans\n"
"Plural-Forms: nplurals=1; plural=0;\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""  # dates that stay, so that the same texts always give the same files
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}


def texts_in_use() -> Catalog:
    """Every text of templates and code that is marked for translation."""
    catalog = Catalog(project="Steplabel", charset="utf-8", header_comment="# Texts of the portal's pages.")
    for path, source in _sources():
        for line, message, _comments, context in extract("python", BytesIO(source.encode()), KEYWORDS):
            catalog.add(message, locations=[(path.relative_to(HERE).as_posix(), line)], context=context)
    return catalog


def translations() -> Catalog:
    with PO_FILE.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def compiled(catalog: Catalog) -> bytes:
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def update() -> list[str]:
    """Rewrite the catalogue and compile it; returns what still waits for a translation."""
    held = translations()
    held.update(texts_in_use(), no_fuzzy_matching=True, update_creation_date=False)
    held.obsolete.clear()
    written = BytesIO()
    write_po(written, held, width=0, sort_output=True, include_lineno=False, ignore_obsolete=True, omit_header=True)
    PO_FILE.write_bytes(HEADER.encode() + written.getvalue())
    PO_FILE.with_suffix(".mo").write_bytes(compiled(translations()))
    return untranslated(held)


def untranslated(catalog: Catalog) -> list[str]:
    """Texts without a translation, or with one that nobody has confirmed."""
    waiting = []
    for message in catalog:
        given = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and (message.fuzzy or not all(given)):
            waiting.append(str(message.id))
    return waiting


def _sources() -> Iterator[tuple[Path, str]]:
    templates = HERE / "templates"
    for path in sorted([*templates.rglob("*.html"), *templates.rglob("*.txt")]):
        calls = templatize(path.read_text(encoding="utf-8"), origin=path.name)
        yield path, "\n".join(line.strip() for line in calls.splitlines())  # what is left of the markup may not look indented
    for path in sorted(HERE.rglob("*.py")):
        if path != Path(__file__):
            yield path, path.read_text(encoding="utf-8")


if __name__ == "__main__":
    for text in update():
        print(f"not translated: {text}")
