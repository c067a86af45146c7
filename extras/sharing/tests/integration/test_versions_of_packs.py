"""A certificate beside two versions of a pack."""

from __future__ import annotations

from datetime import date

import pytest

from benchmarks import packs
from extras.sharing import certificates
from portal.catalogue import peer_groups
from portal.catalogue import periods as catalogue
from portal.intake.models import Submission
from portal.standings import computing as standings
from tests.integration.portal_cast import NOW, PERIOD, deliver, make_cast, open_waiting
from tests.integration.test_packs_proposed import FIVE, approve, propose

pytestmark = pytest.mark.django_db(databases=["default", "vault"])


def test_a_certificate_names_the_version_that_its_report_was_made_by(portal_keys: object) -> None:
    """Its site is in the peer groups of both versions, which took reports of one period one after
    the other.
    """
    cast = make_cast(9)
    approve(propose(cast.provincial, FIVE), cast.drafter, cast.approver)
    first, five = cast.plants[0], packs.load("cement", "5")
    deliver(first.envelope(cast.pack))
    open_waiting()
    assert (
        certificates.issue(first.owner, Submission.objects.get().digest, NOW).labels.pack_version
        == "1"
    )
    group = peer_groups.take_up(cast.approver, cast.group, "5", NOW)
    catalogue.close_period_for(cast.approver, cast.period, NOW)
    period = catalogue.open_period_for(cast.approver, group, PERIOD, NOW, date(2099, 3, 31))
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(five, 2 if plant is first else 1, shift=index))
    open_waiting()
    standings.compute(period, "worker", NOW)
    newest = Submission.objects.filter(site=first.site).latest("revision")
    labels = certificates.issue(first.owner, newest.digest, NOW).labels
    assert labels.pack_version == "5"
    assert {row.low is not None for row in labels.rows} == {True}
