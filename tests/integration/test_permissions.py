"""Who sees whose submissions, devices and assignments: another firm's objects are not found, as if
they did not exist.
"""

from __future__ import annotations

import pytest

from portal.accounts import enrolling as enrolment
from portal.accounts import selectors as accounts
from portal.accounts.models import Device, Site
from portal.assurance import selectors as assurance
from portal.assurance.assigning import assign
from portal.assurance.engagements import engagements_of
from portal.intake import selectors as intake_selectors
from portal.problems import RefusedError
from tests.integration.portal_cast import NOW, PERIOD, Cast, deliver, make_cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("portal_keys")]


def build_scene() -> Cast:
    cast = make_cast()
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    return cast


def test_an_enterprise_sees_its_own_submissions_only(cast: Cast) -> None:
    mine, theirs = cast.plants
    (own,) = intake_selectors.submissions_of(mine.owner)
    (other,) = intake_selectors.submissions_of(theirs.owner)
    assert own.site == mine.site.slug
    assert intake_selectors.submission(mine.owner, own.digest) == own
    assert intake_selectors.submission(mine.owner, other.digest) is None


def test_a_regulator_sees_its_jurisdiction_only(cast: Cast) -> None:
    inside, outside = cast.plants  # works-1 lies in the province, works-2 elsewhere in the nation
    digests = {
        plant.site.slug: intake_selectors.submissions_of(plant.owner)[0].digest
        for plant in cast.plants
    }
    assert intake_selectors.submission(cast.approver, digests[outside.site.slug]) is not None
    assert intake_selectors.submission(cast.provincial, digests[inside.site.slug]) is not None
    assert intake_selectors.submission(cast.provincial, digests[outside.site.slug]) is None


def test_a_certification_body_sees_what_it_was_assigned(cast: Cast) -> None:
    assert engagements_of(cast.auditor, NOW.date()) == ()
    assign(cast.body, cast.plants[0].site, PERIOD, cast.provincial, NOW)
    (assignment,) = engagements_of(cast.auditor, NOW.date())
    assert [submission.site for submission in assignment.submissions] == [cast.plants[0].site.slug]
    other = intake_selectors.submissions_of(cast.plants[1].owner)[0]
    assert assurance.assigned_submission(cast.auditor, other.digest) is None
    with pytest.raises(RefusedError):
        assign(cast.body, cast.plants[1].site, PERIOD, cast.provincial, NOW)


def test_nobody_without_a_membership_sees_anything(cast: Cast) -> None:
    assert intake_selectors.submissions_of(cast.stranger) == ()
    assert accounts.sites_of(cast.stranger, NOW) == ()
    assert accounts.roles_of(cast.stranger) == frozenset()


def test_tokens_and_revocation_are_for_ones_own_site_or_jurisdiction(cast: Cast) -> None:
    mine, theirs = cast.plants
    assert enrolment.issue_token_for(mine.owner, mine.site.slug, "0" * 64, NOW).startswith("sl1.")
    with pytest.raises(Site.DoesNotExist):
        enrolment.issue_token_for(mine.owner, theirs.site.slug, "0" * 64, NOW)
    with pytest.raises(Device.DoesNotExist):
        enrolment.revoke_for(mine.owner, str(theirs.device.pk), NOW)
    enrolment.revoke_for(mine.owner, str(mine.device.pk), NOW)
    (view,) = accounts.sites_of(mine.owner, NOW)
    assert (view.waiting_tokens, view.devices[0].revoked_at) == (1, NOW)
