"""Of an erratum nobody knows who the best are: its page leads to no composition, and there is none."""

from __future__ import annotations

import pytest
from django.urls import reverse

from benchmarks.disclosure.corrected_values import Correction
from tests.integration.portal_cast import (
    Cast,
    draft_page,
    signed_in,
)
from tests.integration.test_errata import build_scene, correct, first_version, publish

__all__ = ["build_scene"]
pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def test_of_an_erratum_there_is_no_composition(cast: Cast) -> None:
    officer = signed_in(cast.drafter)
    for row, may in (
        (first_version(cast), True),
        (publish(cast, correct(cast, {0: Correction.AT_FAULT})), False),
    ):
        here = reverse("web:best-group", args=[row.pk])
        page = officer.get(draft_page(row)).content.decode()
        assert (here in page) is may
        assert officer.get(here).status_code == (200 if may else 409)
