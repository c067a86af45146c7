"""The catalogues of translations: texts gathered from templates and code, catalogues updated and
compiled, a language added.

Pages have theirs in `portal/web/locale`, the core and the agent in `benchmarks/locale`: every
`Phrase` of `benchmarks` and `reporting_agent`, on a page or not, since the agent shows it alone. An
extra has its own, `extras/NAME/locale`, of what the core's does not have, and the pages' neither if
it is of the portal alone.

    python -m portal.web.messages [LANGUAGE]

brings those of every language up to date (new texts untranslated, lost ones dropped) and compiles
them; LANGUAGE (`de`, `pt_BR`) adds one, which is its folders and nothing else. Babel does the
work, so no gettext tools are needed; it comes with the extra `dev`. Tests compare the catalogues
with the texts that are in use.

Refusals are not marked: services and the core raise them in English; pages, the API and commands
say them in the reader's language. They are read out of the source: a literal sentence or remedy of
the family of `benchmarks.errors`, and every `Phrase`. A test refuses one that is neither.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from benchmarks.catalogue import CODES, DOMAIN
from benchmarks.declared import worded
from benchmarks.phrases import Phrase, in_context, in_number, of_language
from benchmarks.texts import text_of
from portal.web import about
from portal.web.words import tables as word_tables

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGES = HERE / "locale"
CORE = ROOT / "benchmarks" / "locale"
PO_FILE = PAGES / "zh_Hans" / "LC_MESSAGES" / "django.po"
CORE_PO_FILE = CORE / "zh_Hans" / "LC_MESSAGES" / f"{DOMAIN}.po"
_HEADER = r"""# In %(name)s.
msgid ""
msgstr ""
"Project-Id-Version: Steplabel\n"
"POT-Creation-Date: 2026-11-20 00:00+0000\n"
"PO-Revision-Date: 2026-11-20 00:00+0000\n"
"Language: %(language)s\n"
"Plural-Forms: %(plural)s\n"
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
Text = str | tuple[str, str]
"""A text as catalogues key it: alone, or of one thing and of many."""
SENTENCES = {Phrase.__name__, worded.__name__}
SENTENCE_AT = {
    "RefusedError": 2,
    "SteplabelError": 1,
    "InputError": 1,
    "FaultyPack": 1,
    "PolicyRefusal": 1,
    "VerificationError": 1,
    "problem": 2,
    "problem_response": 2,
}
"""Which argument of a refusal is its sentence; its remedy is the next."""

COMMAND_LINE = re.compile(r"reporting_agent/(cli\.py|commands/)|extras/\w+/command\.py")
DECLARING_ARGUMENTS = {"add_parser", "add_argument", "CommandParser", "Exporter"}
"""Calls that declare the agent's command line: its help is of these keywords."""
SAID_IN_HELP = {"help", "description", "epilog"}

PUBLISHED = ("portal/publication/audited.py", "portal/publication/codebook.py")
"""What is published in every language at once, whoever reads it: said by the core's catalogue."""


TEXTS = (
    *(
        f"reporting_agent/report/{name}.toml"
        for name in ("words", "sections", "verdicts", "columns")
    ),
    "reporting_agent/consent.toml",
    "portal/publication/codebook.toml",
)
"""Files of texts by key (`benchmarks.texts`)."""

NAMING = (
    *(
        file.relative_to(ROOT).as_posix()
        for file in sorted((ROOT / "benchmarks" / "packs").rglob("*.toml"))
    ),
    "portal/assurance/schemes.toml",
)
"""Files that call their own things by name, in any number of languages. A pack's file is approved
and signed: a language that comes later need not change it."""


def texts_in_use() -> Catalog:
    """Every text of templates and code that is marked for translation, and every text of the
    portal's refusals.
    """
    catalog = Catalog(
        project="Steplabel", charset="utf-8", header_comment="# Texts of the portal's pages."
    )
    _add_marked(catalog, HERE)
    for file, line, text in texts_of_refusals():
        catalog.add(text, locations=[(file, line)])
    for text in about.texts():
        catalog.add(text, locations=[("about.toml", 0)])
    for text, context in word_tables.texts():
        catalog.add(text, locations=[("words/words.toml", 0)], context=context)
    return catalog


def texts_of_pages(folder: Path, portal: Catalog) -> Catalog:
    """Every text of an extra's templates and code that is marked for translation, and of its words
    for the portal, that the portal's catalogue lacks."""
    catalog = Catalog(
        project="Steplabel", charset="utf-8", header_comment="# Texts of an extra's pages."
    )
    _add_marked(catalog, folder)
    if (words := folder / word_tables.SOURCE.name).is_file() and _is_app(folder):
        for text, context in word_tables.texts(words):
            catalog.add(text, locations=[(words.name, 0)], context=context)
    return _without(catalog, portal)


def phrases_of_core(language: str = "zh_Hans") -> Catalog:
    """Every `Phrase` of the core and the agent, every sentence and remedy that a terminal can show,
    and what is published; names too, of packs and schemes that have none of their own in this
    language."""
    paths = [
        *(ROOT / "reporting_agent").rglob("*.py"),
        *(ROOT / "benchmarks").rglob("*.py"),
        *(ROOT / file for file in PUBLISHED),
    ]
    catalog = _phrases_of_modules(sorted(paths))
    for texts in TEXTS:
        _add_texts(catalog, ROOT / texts)
    for file in NAMING:
        for name in _names(tomllib.loads((ROOT / file).read_text(encoding="utf-8"))):
            if of_language(name, CODES.get(language, language.replace("_", "-"))) is None:
                catalog.add(name["en"], locations=[(file, 0)])
    return catalog


def every_catalogue(language: str) -> Iterator[tuple[Path, str, Catalog]]:
    """Folder and file name of each catalogue of a language, with the texts in use there."""
    pages, core = texts_in_use(), phrases_of_core(language)
    yield PAGES, PO_FILE.name, pages
    yield CORE, CORE_PO_FILE.name, core
    for extra in extras():
        phrases = phrases_of_extra(extra, core)
        if extra in extras_of_the_portal():
            _without(phrases, pages)
        yield extra / "locale", CORE_PO_FILE.name, phrases
        if len(marked := texts_of_pages(extra, pages)):
            yield extra / "locale", PO_FILE.name, marked


def extras() -> list[Path]:
    """The folders of the extras that are here."""
    return sorted(file.parent for file in (ROOT / "extras").glob("*/pyproject.toml"))


def extras_of_the_portal() -> list[Path]:
    """Of these, those without a command of the agent."""
    return [extra for extra in extras() if not (extra / "command.py").exists()]


def _is_app(extra: Path) -> bool:
    """Whether it is an app of the portal."""
    return (extra / "apps.py").exists()


def phrases_of_extra(folder: Path, core: Catalog) -> Catalog:
    """Every `Phrase`, sentence, remedy and help of an extra that the core's catalogue lacks."""
    tests = folder / "tests"
    catalog = _phrases_of_modules(
        path for path in sorted(folder.rglob("*.py")) if not path.is_relative_to(tests)
    )
    if not _is_app(folder):
        for file in folder.glob("words.toml"):
            _add_texts(catalog, file)
    return _without(catalog, core)


def _without(catalog: Catalog, other: Catalog) -> Catalog:
    """What the other has is looked up there."""
    for message in list(catalog):
        if message.id and other.get(message.id, message.context) is not None:
            catalog.delete(message.id, message.context)
    return catalog


def _add_texts(catalog: Catalog, file: Path) -> None:
    """Those of a file of texts by key."""
    for phrase in _phrases(tomllib.loads(file.read_text(encoding="utf-8"))):
        location = (file.relative_to(ROOT).as_posix(), 0)
        catalog.add(phrase.text, locations=[location], context=phrase.context or None)


def _phrases_of_modules(paths: Iterable[Path]) -> Catalog:
    catalog = Catalog(
        project="Steplabel", charset="utf-8", header_comment="# Texts of the core and the agent."
    )
    for path in paths:
        file = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                said_in_help = _texts_of_help(node) if COMMAND_LINE.match(file) else ()
                for text, context in (*_texts(node), *said_in_help):
                    catalog.add(text, locations=[(file, node.lineno)], context=context)
    return catalog


def _names(raw: object) -> Iterator[Mapping[str, str]]:
    """What a file calls its own things, by language."""
    if isinstance(raw, dict) and isinstance(raw.get("en"), str):
        yield raw
    else:
        for value in (
            raw.values() if isinstance(raw, dict) else raw if isinstance(raw, list) else ()
        ):
            yield from _names(value)


def _phrases(raw: Mapping[str, Any]) -> Iterator[Phrase]:
    for value in raw.values():
        if isinstance(value, dict) and "en" not in value:
            yield from _phrases(value)
        elif text := text_of(value):
            yield text


def texts_of_refusals() -> Iterator[tuple[str, int, Text]]:
    """File, line and text of what the portal's refusals and commands are made of. The core's own
    are in its own catalogue.
    """
    for path in sorted((ROOT / "portal").rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and not (
                file in PUBLISHED and _name(node) in {*SENTENCES, in_number.__name__}
            ):
                yield from ((file, node.lineno, text) for text, _ in _texts(node))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _texts(call: ast.Call) -> Iterator[tuple[Text, str | None]]:
    """The texts of a call, each with what tells it from the same English elsewhere."""
    name = _name(call)
    if name == in_number.__name__ and all(
        isinstance(argument, ast.Constant) for argument in call.args[1:]
    ):
        singular, plural = (ast.literal_eval(argument) for argument in call.args[1:])
        yield (singular, plural), None
        return
    if name == in_context.__name__ and all(
        isinstance(argument, ast.Constant) for argument in call.args
    ):
        context, text = (ast.literal_eval(argument) for argument in call.args)
        yield text, context
        return
    if name in SENTENCES:
        sentences = call.args[:1]
    elif name in SENTENCE_AT:
        sentences = call.args[SENTENCE_AT[name] : SENTENCE_AT[name] + 2]
    else:
        return
    for expression in sentences:
        yield from ((text, None) for text in _literals(expression))


def _texts_of_help(call: ast.Call) -> Iterator[tuple[str, None]]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else _name(call)
    if name in DECLARING_ARGUMENTS:
        for keyword in call.keywords:
            if keyword.arg in SAID_IN_HELP:
                yield from ((text, None) for text in _literals(keyword.value))


def _literals(of: ast.expr) -> Iterator[str]:
    """A literal text, or those that a condition chooses between."""
    if isinstance(of, ast.IfExp):
        yield from _literals(of.body)
        yield from _literals(of.orelse)
    elif isinstance(of, ast.Constant) and isinstance(of.value, str):
        yield of.value


def translations(po_file: Path = PO_FILE) -> Catalog:
    with po_file.open("rb") as file:
        return read_po(file, locale=_language(po_file))


def header(language: str) -> str:
    """The first lines of a catalogue."""
    name, plural = Locale.parse(language).english_name, get_plural(language).plural_forms
    return _HEADER % {"name": name, "language": language, "plural": plural}


def _language(po_file: Path) -> str:
    return po_file.parents[1].name


def compiled(catalog: Catalog) -> bytes:
    """The catalogue as gettext reads it. The plural of a text stands in it by itself as well: a
    phrase that was kept with a record before its text had forms is looked up by that."""
    whole, out = deepcopy(catalog), BytesIO()
    for message in catalog:
        if (
            isinstance(message.id, tuple | list)
            and message.string
            and not message.context
            and message.id[1] not in catalog
        ):
            whole.add(message.id[1], message.string[-1])
    write_mo(out, whole)
    return out.getvalue()


def update(po_file: Path, in_use: Catalog) -> list[str]:
    """Rewrite a catalogue and compile it; returns what still waits for a translation."""
    catalog = translations(po_file) if po_file.is_file() else Catalog(locale=_language(po_file))
    po_file.parent.mkdir(parents=True, exist_ok=True)
    catalog.update(in_use, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    written = BytesIO()
    write_po(
        written,
        catalog,
        width=0,
        sort_output=True,
        include_lineno=False,
        ignore_obsolete=True,
        omit_header=True,
    )
    po_file.write_bytes(header(_language(po_file)).encode() + written.getvalue())
    po_file.with_suffix(".mo").write_bytes(compiled(translations(po_file)))
    return untranslated(catalog)


def untranslated(catalog: Catalog) -> list[str]:
    """Texts without a translation, or with one that nobody has confirmed."""
    waiting = []
    for message in catalog:
        translations = (
            message.string if isinstance(message.string, tuple | list) else (message.string,)
        )
        if message.id and (message.fuzzy or not all(translations)):
            waiting.append(str(message.id))
    return waiting


def _add_marked(catalog: Catalog, folder: Path) -> None:
    for path, source in _sources(folder):
        for line, message, _comments, context in extract(
            "python", BytesIO(source.encode()), KEYWORDS
        ):
            location = (path.relative_to(folder).as_posix(), line)
            catalog.add(message, locations=[location], context=context)


def _sources(folder: Path) -> Iterator[tuple[Path, str]]:
    templates = folder / "templates"
    for path in sorted(
        [*templates.rglob("*.html"), *templates.rglob("*.txt"), *templates.rglob("*.svg")]
    ):
        calls = templatize(path.read_text(encoding="utf-8"), origin=path.name)
        yield (
            path,
            "\n".join(line.strip() for line in calls.splitlines()),
        )  # what is left of the markup may not look indented
    for path in sorted(folder.rglob("*.py")):
        if path != Path(__file__) and not path.is_relative_to(folder / "tests"):
            yield path, path.read_text(encoding="utf-8")


if __name__ == "__main__":
    for language in sorted(
        {*sys.argv[1:], *(folder.name for folder in (*PAGES.iterdir(), *CORE.iterdir()))}
    ):
        for folder, name, in_use in every_catalogue(language):
            po_file = folder / language / "LC_MESSAGES" / name
            for text in update(po_file, in_use):
                print(f"not translated in {po_file.relative_to(ROOT)}: {text}")
