"""Pages in a third language: a folder of the pages' catalogue, and nothing that a visitor reads
stays in English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import override_settings
from django.utils import translation

from benchmarks.phrases import in_number
from portal.sentences import in_words
from portal.web import about
from portal.web.messages import texts_of_refusals
from portal.web.words.terms import Names
from tests.unit.languages.conftest import of_pages, spoken
from tests.unit.languages.pseudo import LANGUAGE, pseudo, write_catalogue

NAMES = re.compile(
    r"Steplabel|steplabel-agent|\b[\w.-]+\.(?:toml|json|csv|html)\b|EN\s16231|GB/T|ISO|<code>.*?</code>|English|UTC"
)


@contextmanager
def pages_spoken(folder: Path, left_out: str = "") -> Iterator[None]:
    """Pages, core and agent in the language of the tests."""
    write_catalogue(folder / "pages", "django", of_pages(), left_out)
    with (
        spoken(folder),
        override_settings(
            LANGUAGES=[("en", "English"), (LANGUAGE, "Ɋƥś")], LOCALE_PATHS=[str(folder / "pages")]
        ),
        translation.override(LANGUAGE),
    ):
        yield


def english(*texts: str) -> set[str]:
    return {word for text in texts for word in re.findall(r"[A-Za-z]{3,}", NAMES.sub(" ", text))}


def on_about_pages() -> list[str]:
    texts = []
    for part in about.about_parts():
        texts += [part.title, part.lead]
        for section in part.sections:
            texts += [section.title, *section.paragraphs]
    return [*texts, *(term.meaning for term in about.glossary())]


def test_what_the_portal_says_about_itself_is_said_in_it(tmp_path: Path) -> None:
    with pages_spoken(tmp_path):
        assert len(on_about_pages()) > 30
        assert english(*on_about_pages()) == set()


def test_every_refusal_that_a_page_can_show_is_said_in_it(tmp_path: Path) -> None:
    with pages_spoken(tmp_path):
        texts = {
            text if isinstance(text, str) else in_number(2, *text)
            for _, _, text in texts_of_refusals()
        }
        assert {
            text for text in texts if re.search(r"[a-z]", _bare(text)) and in_words(text) == text
        } == set()


def _bare(text: str) -> str:
    return re.sub(r"%\(\w+\)s", "", text)


def test_names_that_the_pack_has_in_two_languages_stand_in_the_third_ones_catalogue(
    tmp_path: Path,
) -> None:
    with pages_spoken(tmp_path):
        names = Names.newest("steel")
        assert names.step_name("eaf") == pseudo(names.steps["eaf"].words.en)
        assert (
            english(names.sector, names.title("national-mix"), *map(names.step_name, names.steps))
            == set()
        )


def test_one_text_of_a_page_that_nobody_translated_is_found(tmp_path: Path) -> None:
    with pages_spoken(tmp_path, left_out="How a label is made"):
        assert english(*on_about_pages()) == {"How", "label", "made"}


@pytest.mark.parametrize("template", ["404.html", "500.html", "403.html", "400.html"])
def test_pages_of_errors_are_in_it(template: str, tmp_path: Path) -> None:
    with pages_spoken(tmp_path):
        page = render_to_string(template)
        shown = re.sub(
            r"<style.*?</style>|<script.*?</script>|<!--.*?-->|<[^>]+>", "\n", page, flags=re.DOTALL
        )
        assert english(shown) == set()
