"""What columns of files are called: by their codes in English, in words elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.utils import translation

from portal.web.lists import obliged_files
from portal.web.presenters import assigning, groups, obliged_audits
from portal.web.words.headings import cell_words, headings


@pytest.mark.parametrize("columns", [obliged_files.COLUMNS, obliged_audits.FILE_COLUMNS, assigning.FILE_COLUMNS, groups.COLUMNS])
def test_the_firm_that_reports_is_not_called_the_one_in_control(columns: Sequence[str]) -> None:
    with translation.override("en"):
        assert "firm" in headings(columns), "as programs read it"
    with translation.override("zh-hans"):
        assert "企业" in headings(columns)
        assert "实际控制企业" not in headings(columns)


def test_of_two_firms_in_one_file_each_has_its_own_name() -> None:
    with translation.override("zh-hans"):
        assert headings(("firm", "organisation")) == ["实际控制企业", "企业"]


def test_a_state_whose_words_stand_beside_it_keeps_its_code_in_every_language() -> None:
    """What a body is doing and how a site takes part have codes in common, which mean different things."""
    with translation.override("zh-hans"):
        assert cell_words(("state", "state_name"), ("late", "x")) == ["late", "x"]
        (word,) = cell_words(("state",), ("late",))
        assert word != "late", "of taking part"
