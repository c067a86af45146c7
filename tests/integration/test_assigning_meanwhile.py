"""Two at one assignment at one moment: other terms never go to what is withdrawn, and no two wait for each other."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.db import connection, transaction

from portal.assurance import assigning
from portal.assurance.auditors import lock_standing
from portal.assurance.models import Assignment
from portal.practices.models import SiteReport
from portal.register.changing_hands import end_consents
from portal.translog import log
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


def test_whoever_draws_or_signs_and_a_site_that_changes_hands_lock_assignment_and_log_in_one_order() -> None:
    cast = make_cast(1)
    site = cast.plants[0].site
    row = assigning.assign(cast.body, site, PERIOD, cast.approver, NOW)
    firm = site.organisation.controlling_firm
    assert firm is not None
    SiteReport.objects.create(practice="waits", asked="{}", version=1, site=site, firm=firm, outcome="2-to-5", year=2016, handed_in_at=NOW)
    begun, changing = threading.Event(), threading.Event()

    def promise() -> None:
        with closing(connection), transaction.atomic():
            lock_standing(row)
            begun.set()
            assert changing.wait(20)
            log.lock()

    def change_hands() -> None:
        with closing(connection), transaction.atomic():
            list(end_consents([site], "operator", NOW))

    with ThreadPoolExecutor(2) as pool:
        promised = pool.submit(promise)
        assert begun.wait(20)
        changed = pool.submit(change_hands)
        with pytest.raises(TimeoutError):
            changed.result(2)
        changing.set()
        promised.result(20)
        changed.result(20)
