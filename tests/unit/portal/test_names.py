"""One value for a proper name in every language that it has: read from a row, from a join, and
shown to each reader.
"""

from __future__ import annotations

import pytest
from django.db.models.functions import Coalesce
from django.utils import translation

from benchmarks.phrases import Name
from portal.accounts.models import ControllingFirm, Organisation, Role
from portal.names import RelatedName, in_any_language, in_chinese, name_of
from portal.web.words.terms import shown_name

FIRM = name_of("Hebei Cement", "河北水泥", {"de": "Hebei-Zement"})


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", "Hebei Cement"),
        ("zh-hans", "河北水泥"),
        ("de", "Hebei-Zement"),
        ("fr", "Hebei Cement"),
    ],
)
def test_a_reader_is_shown_the_name_in_their_language_else_in_english(
    language: str, shown: str
) -> None:
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


@pytest.mark.django_db
def test_a_join_gives_the_name_too_and_none_where_there_is_no_row() -> None:
    firm = ControllingFirm.objects.create(name="Hebei", name_zh="河北")
    Organisation.objects.create(name="Mill", kind=Role.ENTERPRISE, controlling_firm=firm)
    Organisation.objects.create(name="Verifiers", kind=Role.CERTIFICATION_BODY)
    read = Organisation.objects.annotate(
        called=RelatedName(), control=RelatedName("controlling_firm__")
    ).order_by("name")
    mill, verifiers = read.values_list("called", "control")
    assert [name.by_language for name in (*mill, verifiers[0])] == [
        {"en": "Mill"},
        {"en": "Hebei", "zh": "河北"},
        {"en": "Verifiers"},
    ]
    assert verifiers[1] is None
    either = Organisation.objects.annotate(
        either=Coalesce(RelatedName("controlling_firm__"), RelatedName())
    ).order_by("name")
    assert [name.by_language for name in either.values_list("either", flat=True)] == [
        {"en": "Hebei", "zh": "河北"},
        {"en": "Verifiers"},
    ]


def test_all_that_it_is_called_can_be_searched() -> None:
    assert in_any_language(FIRM) == "Hebei Cement 河北水泥 Hebei-Zement"


def test_the_column_is_one_of_text_to_the_database() -> None:
    _name, path, _arguments, options = ControllingFirm._meta.get_field("name").deconstruct()
    assert (path, options) == ("django.db.models.CharField", {"max_length": 200, "unique": True})
