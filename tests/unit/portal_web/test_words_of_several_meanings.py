"""One English word that is several in another language says which it is where it stands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.translation import _trans  # type: ignore[attr-defined] # what every function of it asks

from benchmarks.phrases import Name
from portal.web.presenters.home import of_body
from portal.web.presenters.worth import _energies
from portal.web.words.terms import SUBMISSION_STATES, VERSION_STATES
from tests.unit.portal.test_what_audits_ask_and_tell import TODAY, engagement


@pytest.fixture(autouse=True)
def _with_its_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_trans, "pgettext", lambda context, text: f"{text} ({context})")


def test_a_button_that_opens_a_page_is_no_state() -> None:
    late = engagement(id=1, site_name=Name("Works"), period="2016", due=TODAY - timedelta(days=1))
    assert {row.action for row in of_body([late], TODAY)} == {"Open (to open a page)"}


def test_a_report_is_refused_in_another_way_than_an_application_and_a_state_is_no_date() -> None:
    assert str(SUBMISSION_STATES["refused"][0]) == "Refused (report)"
    assert str(VERSION_STATES["published"][0]) == "Published", "the heading of a day is another one"


def test_a_carrier_is_no_metric() -> None:
    assert _energies("electricity") == "electricity (carrier)"
