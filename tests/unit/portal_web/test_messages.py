"""Every text of the pages exists in Chinese, and what is compiled is what is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import chain
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from benchmarks.catalogue import in_language
from benchmarks.declared import Words
from benchmarks.measurements import DataFinding, Severity
from benchmarks.phrases import Phrase
from portal.web.messages import (
    CORE_PO_FILE,
    HERE,
    PO_FILE,
    ROOT,
    compiled,
    every_catalogue,
    phrases_of_core,
    texts_in_use,
    translations,
    untranslated,
)

ABOUT = HERE / "about.toml"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|</?\w+>")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff] ?[,;:()?!]|[,;:()?!] ?[\u4e00-\u9fff]")
ONE_TERM = {
    "门户": "平台",  # portal
    "变量说明": "数据字典",  # codebook
    "技术服务商": "技术提供方",  # provider
    "审核发现": "核查发现",  # finding
    "质询": "挑战值",  # challenge
}
"""Words that would name a second time what has a name already."""
SAID = {
    file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8")
    for folder in ("benchmarks", "portal", "reporting_agent", "extras")
    for file in (ROOT / folder).rglob("*")
    if file.suffix in (".html", ".po", ".py", ".toml")
}


LANGUAGE = PO_FILE.parents[1].name
OF_EXTRAS = sorted(ROOT.glob(f"extras/*/locale/{LANGUAGE}/LC_MESSAGES/*.po"))


def in_use_of_extra(po_file: Path) -> Catalog:
    return next(
        in_use
        for folder, name, in_use in every_catalogue(LANGUAGE)
        if folder / LANGUAGE / "LC_MESSAGES" / name == po_file
    )


CATALOGUES = pytest.mark.parametrize(
    ("po_file", "in_use"),
    [
        (PO_FILE, cache(texts_in_use)),
        (CORE_PO_FILE, cache(phrases_of_core)),
        *((file, cache(partial(in_use_of_extra, file))) for file in OF_EXTRAS),
    ],
    ids=lambda value: value.relative_to(ROOT).parts[-5] if isinstance(value, Path) else "",
)


@pytest.mark.slow
@CATALOGUES
def test_every_text_in_use_has_a_translation(po_file: Path, in_use: Callable[[], Catalog]) -> None:
    translated = {(message.context, message.id) for message in translations(po_file) if message.id}
    missing = {(message.context, message.id) for message in in_use() if message.id} - translated
    assert not missing, "run python -m portal.web.messages and translate these"
    assert untranslated(translations(po_file)) == []


@pytest.mark.slow
@CATALOGUES
def test_no_translation_is_kept_for_a_text_that_is_gone(
    po_file: Path, in_use: Callable[[], Catalog]
) -> None:
    used = {(message.context, message.id) for message in in_use() if message.id}
    assert {
        (message.context, message.id) for message in translations(po_file) if message.id
    } <= used


@CATALOGUES
def test_every_translation_keeps_the_figures_and_marks_of_its_text(
    po_file: Path, in_use: Callable[[], Catalog]
) -> None:
    for message in translations(po_file):
        if message.id:
            many = message.id[-1] if isinstance(message.id, tuple | list) else message.id
            translation = (
                message.string[0] if isinstance(message.string, tuple | list) else message.string
            )
            assert marks(many) == marks(translation or ""), many


def marks(text: str) -> tuple[set[str], list[str]]:
    """The values by name, one of which a language may have to say twice, and every other mark as
    often as it stands.
    """
    placeholders = PLACEHOLDER.findall(text)
    return {mark for mark in placeholders if mark.startswith("%(")}, sorted(
        mark for mark in placeholders if not mark.startswith("%(")
    )


@CATALOGUES
def test_the_compiled_catalogue_is_the_written_one(
    po_file: Path, in_use: Callable[[], Catalog]
) -> None:
    assert po_file.with_suffix(".mo").read_bytes() == compiled(translations(po_file))


def test_the_core_says_a_phrase_in_chinese_with_its_values() -> None:
    phrase = Phrase("You colluded with %(who)s.", who="nobody")
    assert in_language(phrase, "zh") == in_language(phrase, "en") == phrase, (
        "what nobody translated is said in English"
    )
    message_of_core = next(message for message in translations(CORE_PO_FILE) if message.id)
    values = dict.fromkeys(re.findall(r"%\((\w+)\)s", str(message_of_core.id)), "7")
    phrase = Phrase(str(message_of_core.id), **values)
    assert in_language(phrase, "zh") == str(message_of_core.string) % values != phrase
    assert in_language(DataFinding("x", Severity.NOTICE, phrase, 1).sentence, "zh") == Words.of(
        phrase
    ).said_in("zh")


def chinese() -> Iterator[str]:
    """What stands in the catalogue and on the page of how a label is made."""
    for message in chain.from_iterable(map(translations, [PO_FILE, CORE_PO_FILE, *OF_EXTRAS])):
        if message.id:
            yield from (
                message.string
                if isinstance(message.string, tuple | list)
                else (message.string or "",)
            )
    yield from (text for text in re.findall(r'zh = "([^"]*)"', ABOUT.read_text(encoding="utf-8")))


def test_chinese_texts_have_marks_of_full_width() -> None:
    """A half-width mark stands next to a Chinese character only in a formula and in the wire
    format; what is filled in may be one.
    """
    by_text = {
        text: PLACEHOLDER.sub(lambda match: "" if match[0].startswith("<") else "汉", text)
        for text in chinese()
    }
    of_extras = {"页面地址：http://%(address)s:%(port)s/"} & by_text.keys()
    assert {text for text, filled in by_text.items() if HALF_WIDTH.search(filled)} == {
        *of_extras,
        "最简分数 [分子, 分母]",
        "方法包规则 p{percent}：基准条件下由小到大第 ceil({quantile} n) 个值",
    }


@pytest.mark.parametrize("other", ONE_TERM)
def test_one_thing_has_one_name_in_chinese(other: str) -> None:
    assert [file for file, text in SAID.items() if other in text] == []
    assert any(ONE_TERM[other] in text for text in SAID.values()), "the term itself is in use"


def test_a_plants_page_names_a_heading_that_the_local_report_has() -> None:
    heading = "Where the gap comes from"
    printed = (ROOT / "reporting_agent/report/sections.toml").read_text(encoding="utf-8")
    page = " ".join((HERE / "templates/web/our_plant.html").read_text(encoding="utf-8").split())
    (chinese,) = (
        message.string
        for message in translations()
        if "Only the report at your plant knows" in str(message.id)
    )
    assert f'heading = "{heading}"' in printed
    assert f"“{heading}”" in page
    assert f"“{in_language(Phrase(heading), 'zh')}”" in str(chinese)
