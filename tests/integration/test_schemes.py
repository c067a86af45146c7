"""Performance levels are data, follow from the exact improvement that an auditor signs, and stand
on the certificate.
"""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localdate

from portal.assurance import auditors
from portal.assurance.assigning import assign
from portal.assurance.attestation_standing import views_of
from portal.assurance.models import Attestation
from portal.assurance.schemes import reached, schemes
from portal.problems import RefusedError
from tests.integration.portal_cast import NOW, PASSWORD, PERIOD, deliver, make_cast, open_waiting

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


@pytest.mark.parametrize(
    ("improvement", "level"),
    [("0.05", "silver"), ("0.0999", "silver"), ("0.10", "gold"), ("0.4", "platinum")],
)
def test_the_level_is_the_highest_that_is_reached(improvement: str, level: str) -> None:
    assert reached("sep", "2022", Fraction(improvement), 2025).level == level


def test_below_the_lowest_there_is_none() -> None:
    with pytest.raises(RefusedError, match="5%"):
        reached("sep", "2022", Fraction("0.0499"), 2025)
    assert all(scheme.source and scheme.name.said_in("zh") for scheme in schemes().values())


def test_an_auditor_states_the_improvement_and_the_statement_holds_the_level() -> None:
    cast = make_cast(1)
    deliver(cast.plants[0].envelope(cast.pack))
    open_waiting()
    assignment = assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    auditors.declare(assignment, cast.auditor, False, "", NOW)
    auditors.register(cast.body, "5866" + "66" * 30, cast.auditor, NOW)
    client = Client()
    assert client.login(username=cast.auditor.email, password=PASSWORD)
    address = reverse("web:engagement-opinion", args=[assignment.pk])
    answers = {
        "opinion": "unqualified",
        "assurance": "limited",
        "steps": [cast.pack.steps[0].id],
        "boundary": "Kiln 1.",
        "materiality": "5",
        "checked": "60 records.",
        "not_checked": "Nothing else.",
        "valid_until": (localdate() + timedelta(days=365)).isoformat(),
        "scheme": "sep",
        "improvement": "11.3",
        "baseline": "2013",
    }
    for wrong, sentence in (
        ({"improvement": "4"}, "requires 5%"),
        ({"improvement": ""}, "needs the improvement"),
        ({"baseline": "x"}, "as 2022"),
        *(
            ({"baseline": year}, "a baseline from 2013 to 2015")
            for year in ("2012", "2016", "2999", "0000")
        ),
    ):
        answer = client.post(address, answers | wrong)
        assert answer.status_code == 400
        assert sentence in answer.content.decode()
    assert "SEP gold" in client.post(address, answers, follow=True).content.decode()
    (view,) = views_of([Attestation.objects.get()], localdate())
    assert view.statement.performance == reached("sep", "2013", Fraction("0.113"), 2016)
