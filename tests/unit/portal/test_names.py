"""One value for a proper name in every language that it has: read from a row, from a join, and shown to each reader."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import translation

from benchmarks.phrases import Name
from portal.accounts.models import ControllingFirm, Organisation
from portal.names import Called, in_any_language, in_chinese, name_of
from portal.web.words.terms import shown_name

FIRM = name_of("Hebei Cement", "河北水泥", {"de": "Hebei-Zement"})


@pytest.mark.parametrize(
    ("language", "shown"), [("en", "Hebei Cement"), ("zh-hans", "河北水泥"), ("de", "Hebei-Zement"), ("fr", "Hebei Cement")]
)
def test_a_reader_is_shown_the_name_in_their_language_else_in_english(language: str, shown: str) -> None:
    with translation.override(language):
        assert shown_name(FIRM) == shown


def test_a_row_reads_its_name_with_the_others_and_writes_plain_text() -> None:
    firm = Organisation(name="Hebei Cement", name_zh="河北水泥")
    assert isinstance(firm.name, Name)
    assert in_chinese(firm.name) == "河北水泥"
    firm.name, firm.name_zh = "Tangshan Cement", ""
    assert (firm.name.by_language, in_chinese(firm.name)) == ({"en": "Tangshan Cement"}, "")
    field = Organisation._meta.get_field("name")
    assert type(field.get_prep_value(firm.name)) is str


def test_a_join_gives_the_name_too_and_none_where_there_is_no_row() -> None:
    of_organisation, of_firm = (Called(prefix) for prefix in ("", "controlling_firm__"))
    question = Organisation.objects.annotate(called=of_organisation, control=of_firm)
    as_name = question.query.annotations["called"].get_db_converters(connection)[-1]
    assert as_name({"en": "Hebei", "zh": "河北"}).by_language == {"en": "Hebei", "zh": "河北"}
    assert as_name({"en": None, "zh": None}) is None


def test_all_that_it_is_called_can_be_searched() -> None:
    assert in_any_language(FIRM) == "Hebei Cement 河北水泥 Hebei-Zement"


def test_the_column_is_one_of_text_to_the_database() -> None:
    _name, path, _arguments, options = ControllingFirm._meta.get_field("name").deconstruct()
    assert (path, options) == ("django.db.models.CharField", {"max_length": 200, "unique": True})
