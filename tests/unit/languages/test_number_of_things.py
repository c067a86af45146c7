"""A sentence about a number of things is said in the form that the language has for that number, at
once and when it was kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.test import override_settings
from django.utils import translation

from benchmarks import catalogue
from benchmarks.phrases import Phrase, in_number, restored, stored
from portal.sentences import in_words
from portal.web.messages import CORE_PO_FILE, compiled, translations
from tests.unit.languages.pseudo import LANGUAGE, beside

FORMS = ("%(days)s day has no reading.", "%(days)s days have no reading.")
POLISH = ("%(days)s dzień", "%(days)s dni (2 do 4)", "%(days)s dni")


def days(number: int) -> Phrase:
    return in_number(number, *FORMS, days=number)


@pytest.fixture
def of_three_forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The language of the tests with the numbers of Polish."""
    catalog = Catalog(locale="pl")
    catalog.add(FORMS, POLISH)
    core = beside(tmp_path)
    for file in (
        core / LANGUAGE / "LC_MESSAGES" / f"{catalogue.DOMAIN}.mo",
        tmp_path / "pages" / LANGUAGE / "LC_MESSAGES" / "django.mo",
    ):
        file.parent.mkdir(parents=True)
        file.write_bytes(compiled(catalog))
    monkeypatch.setattr(catalogue, "FOLDERS", core)
    catalogue.reread()
    yield
    monkeypatch.undo()
    catalogue.reread()


def test_english_has_two_forms() -> None:
    assert days(1) == "1 day has no reading."
    assert days(0) == "0 days have no reading."
    assert days(5) == catalogue.in_language(days(5), "en") == "5 days have no reading."


@pytest.mark.usefixtures("of_three_forms")
def test_a_language_has_as_many_as_it_needs() -> None:
    assert [catalogue.in_language(days(number), LANGUAGE) for number in (1, 3, 5)] == [
        "1 dzień",
        "3 dni (2 do 4)",
        "5 dni",
    ]


@pytest.mark.usefixtures("of_three_forms")
def test_a_page_says_it_by_its_own_catalogue_and_else_by_the_cores(tmp_path: Path) -> None:
    languages = [("en", "English"), (LANGUAGE, "Polski")]
    for folder in (tmp_path / "pages", tmp_path / "none"):
        with (
            override_settings(LANGUAGES=languages, LOCALE_PATHS=[str(folder)]),
            translation.override(LANGUAGE),
        ):
            assert [in_words(days(number)) for number in (1, 3, 5)] == [
                "1 dzień",
                "3 dni (2 do 4)",
                "5 dni",
            ]


@pytest.mark.usefixtures("of_three_forms")
def test_what_was_kept_as_json_knows_its_forms_and_its_number() -> None:
    again = restored(json.loads(json.dumps(stored(days(3)))))
    assert again == days(3)
    assert catalogue.in_language(again, LANGUAGE) == "3 dni (2 do 4)"
    within = restored(json.loads(json.dumps(stored(Phrase("%(what)s So it is.", what=days(1))))))
    assert catalogue.in_language(within, LANGUAGE) == "1 dzień So it is."


def test_what_was_kept_before_there_were_forms_is_still_read_and_translated() -> None:
    assert restored(["%(days)s days", {"days": "3"}]) == "3 days"
    text = "%(rows)s rows are totals or subtotals; they are not batches and are not counted."
    before = restored([text, {"rows": "3"}])
    assert re.search("[\u4e00-\u9fff]", catalogue.in_language(before, "zh"))
    with translation.override("zh-hans"):
        assert in_words(before) == catalogue.in_language(before, "zh")


def test_the_catalogue_has_one_form_in_chinese_which_has_no_plural() -> None:
    forms = [
        message.string
        for message in translations(CORE_PO_FILE)
        if isinstance(message.id, tuple | list)
    ]
    assert forms
    assert {len(form) for form in forms if isinstance(form, tuple | list)} == {1}
