"""Two officers at one assignment: other terms never go to what is withdrawn at that moment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.db import connection, transaction

from portal.assurance import assigning
from portal.assurance.models import Assignment
from tests.integration.portal_cast import NOW, PERIOD, make_cast

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "vault"]), pytest.mark.usefixtures("portal_keys")]


def test_other_terms_at_the_moment_of_a_withdrawal_are_those_of_a_new_assignment() -> None:
    cast = make_cast(1)
    row = assigning.assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    begun, decided = threading.Event(), threading.Event()

    def withdraw() -> None:
        with closing(connection), transaction.atomic():
            assigning.take_back(row, "The body asked to be let off.", cast.approver, NOW)
            begun.set()
            assert decided.wait(20)

    def give_other_terms() -> None:
        with closing(connection):
            assigning.assign(cast.body, cast.plants[0].site, PERIOD, cast.provincial, NOW, sees_values=True)

    with ThreadPoolExecutor(2) as pool:
        withdrawn = pool.submit(withdraw)
        assert begun.wait(20)
        assigned = pool.submit(give_other_terms)
        with pytest.raises(TimeoutError):
            assigned.result(1)
        decided.set()
        withdrawn.result(20)
        assigned.result(20)
    assert list(Assignment.objects.order_by("pk").values_list("sees_values", "taken_back_at")) == [(False, NOW), (True, None)]
