"""What columns of files are called: by their codes in English, in words elsewhere."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Sequence

import pytest
from django.conf import settings
from django.utils import translation

import portal.web
from portal.web.lists import obliged_files
from portal.web.presenters import assigning, obliged_audits
from portal.web.words.headings import HEADINGS, REPORTING_FIRM, cell_words, headings

COLUMNS = re.compile(r"([A-Z]+_)*COLUMNS")


def columns_of_files() -> dict[str, Sequence[str]]:
    """By the name of its module: the columns of each file that the portal writes."""
    packages = (portal.web, *map(importlib.import_module, settings.EXTRAS))
    modules = [
        importlib.import_module(module.name)
        for package in packages
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not module.name.endswith(".__main__")  # which would write, not only say
    ]
    return {
        f"{module.__name__}.{name}": columns
        for module in modules
        for name, columns in vars(module).items()
        if COLUMNS.fullmatch(name)
    }


@pytest.mark.parametrize(
    "columns",
    [obliged_files.COLUMNS, obliged_audits.FILE_COLUMNS, assigning.FILE_COLUMNS],
)
def test_the_firm_that_reports_is_not_called_the_one_in_control(columns: Sequence[str]) -> None:
    with translation.override("en"):
        assert "firm" in headings(columns), "as programs read it"
    with translation.override("zh-hans"):
        assert "企业" in headings(columns)
        assert "实际控制企业" not in headings(columns)


def test_each_column_of_a_file_has_a_name_in_words() -> None:
    files = columns_of_files()
    assert len(files) >= 10
    assert {
        name: unnamed
        for name, columns in files.items()
        if (unnamed := {*columns} - {*HEADINGS, REPORTING_FIRM})
    } == {}, "words.toml, [headings]"


def test_of_two_firms_in_one_file_each_has_its_own_name() -> None:
    with translation.override("zh-hans"):
        assert headings(("firm", "organisation")) == ["实际控制企业", "企业"]


def test_a_state_whose_words_stand_beside_it_keeps_its_code_in_every_language() -> None:
    """What a body is doing and how a site takes part have codes in common, which mean different
    things.
    """
    with translation.override("zh-hans"):
        assert cell_words(("state", "state_name"), ("late", "x")) == ["late", "x"]
        (word,) = cell_words(("state",), ("late",))
        assert word != "late", "of taking part"
