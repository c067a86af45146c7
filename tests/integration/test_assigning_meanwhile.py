"""Two at one assignment at one moment: other terms never go to what is withdrawn, and no two wait
for each other.
"""

from __future__ import annotations

import pytest
from django.db import transaction

from portal.assurance import assigning
from portal.assurance.auditors import lock_standing
from portal.assurance.models import Assignment
from portal.practices.models import SiteReport
from portal.register.changing_hands import end_consents
from portal.translog import log
from tests.integration.portal_cast import NOW, PERIOD, make_cast
from tests.integration.two_at_once import do_second_meanwhile

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def test_other_terms_at_the_moment_of_a_withdrawal_are_those_of_a_new_assignment() -> None:
    cast = make_cast(1)
    row = assigning.assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    assigned = do_second_meanwhile(
        lambda: assigning.take_back(row, "The body asked to be let off.", cast.approver, NOW),
        lambda: assigning.assign(
            cast.body, cast.plants[0].site, PERIOD, cast.provincial, NOW, sees_values=True
        ),
    )
    assigned.result()
    assert list(Assignment.objects.order_by("pk").values_list("sees_values", "taken_back_at")) == [
        (False, NOW),
        (True, None),
    ]


def test_whoever_draws_or_signs_and_a_site_that_changes_hands_lock_assignment_and_log_in_one_order() -> (
    None
):
    cast = make_cast(1)
    site = cast.plants[0].site
    row = assigning.assign(cast.body, site, PERIOD, cast.approver, NOW)
    firm = site.organisation.controlling_firm
    assert firm is not None
    SiteReport.objects.create(
        practice="waits",
        asked="{}",
        version=1,
        site=site,
        firm=firm,
        outcome="2-to-5",
        year=2016,
        handed_in_at=NOW,
    )

    def change_hands() -> None:
        with transaction.atomic():
            list(end_consents([site], "operator", NOW))

    do_second_meanwhile(lambda: lock_standing(row), change_hands, then=log.lock, waits_s=2).result()
