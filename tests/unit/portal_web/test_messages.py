"""Every text of the pages exists in Chinese, and what is compiled is what is written."""

from __future__ import annotations

import re

from portal.web.messages import PO_FILE, compiled, texts_in_use, translations, untranslated

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|</?\w+>")


def test_every_text_in_use_has_a_translation() -> None:
    held = {(message.context, message.id) for message in translations() if message.id}
    missing = {(message.context, message.id) for message in texts_in_use() if message.id} - held
    assert not missing, "run python -m portal.web.messages and translate these"
    assert untranslated(translations()) == []


def test_no_translation_is_kept_for_a_text_that_is_gone() -> None:
    used = {(message.context, message.id) for message in texts_in_use() if message.id}
    assert {(message.context, message.id) for message in translations() if message.id} <= used


def test_every_translation_keeps_the_figures_and_marks_of_its_text() -> None:
    for message in translations():
        if message.id:
            many = message.id[-1] if isinstance(message.id, tuple | list) else message.id
            given = message.string[0] if isinstance(message.string, tuple | list) else message.string
            assert sorted(PLACEHOLDER.findall(many)) == sorted(PLACEHOLDER.findall(given or "")), many


def test_the_compiled_catalogue_is_the_written_one() -> None:
    assert PO_FILE.with_suffix(".mo").read_bytes() == compiled(translations())
