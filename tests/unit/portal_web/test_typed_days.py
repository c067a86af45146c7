"""A day that somebody types, or that stands in a list: with the year first; what two countries read
as two days is refused.
"""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from portal.web.forms.fields import DAY, day

LANGUAGES = ("en", "zh-hans")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("typed", ["2027-03-31", "2027/03/31", "2027/3/31"])
def test_a_day_with_its_year_first_is_taken(language: str, typed: str) -> None:
    with override(language):
        assert day("Day").clean(typed) == date(2027, 3, 31)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("typed", ["05/06/2027", "5/6/27", "Jun 5 2027", "5.6.2027", "2027-13-01"])
def test_any_other_day_is_refused_with_how_to_write_it(language: str, typed: str) -> None:
    with override(language):
        with pytest.raises(ValidationError) as refused:
            day("Day").clean(typed)
        assert refused.value.messages == [str(DAY)]
