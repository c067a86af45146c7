"""What a firm shows and agreed to ends with it and with a site that changes hands; what waits for it
stands with its plant.
"""

from __future__ import annotations

from typing import cast as cast_to

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from benchmarks.label_keys import LabelKey
from benchmarks.phrases import Phrase
from extras.sharing import certificates, ending, groups, shares
from extras.sharing.groups import GroupDescription
from extras.sharing.models import Certificate, GroupKind, GroupMember, Share
from extras.sharing.tests.integration.test_site_groups import PARK
from portal import wall
from portal.accounts.models import Site
from portal.catalogue.models import PeerGroupMember
from portal.intake.models import Submission
from portal.register import siting
from portal.register.site_ends import site_changes_hands
from tests.integration.portal_cast import NOW, Cast, deliver, make_cast, open_waiting
from tests.integration.test_home import page_of, waits
from tests.integration.test_leaving import everything
from tests.integration.test_what_ends_with_a_firm import leave, status

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def build_scene() -> Cast:
    cast = make_cast(2)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    open_waiting()
    PeerGroupMember.objects.update(obliged=False)
    return cast


def test_a_buyers_link_leads_nowhere(cast: Cast) -> None:
    report = Submission.objects.get(site=cast.plants[0].site)
    cell = LabelKey.of(report.protected_values.earliest("pk"))
    secret = shares.share(cast.plants[0].owner, report.digest, "Buyer", [cell], 30, timezone.now())
    address = reverse("web:shared", args=[secret])
    assert status(None, address) == 200
    leave(cast)
    assert status(None, address) == 404


def test_an_invitation_to_a_group_waits_for_the_firm_until_it_has_answered(cast: Cast) -> None:
    owner, slug = cast.plants[0].owner, cast.plants[0].site.slug
    park = groups.make(PARK, cast.approver.memberships.get().organisation_id, cast.approver, NOW)
    groups.invite(park, [slug], cast.approver, NOW)
    (row,) = [row for row in waits(page_of(owner)) if "invited to the group" in row]
    assert slug in row
    assert "Answer" in row
    assert not [row for row in waits(page_of(cast.plants[1].owner)) if "invited" in row]
    groups.leave(park.pk, slug, owner, NOW)
    assert not [row for row in waits(page_of(owner)) if "invited" in row]


def test_nothing_that_a_firm_showed_is_left_when_it_has_left(cast: Cast) -> None:
    first = cast.plants[0]
    report = Submission.objects.get(site=first.site)
    code = certificates.issue(first.owner, report.digest, NOW).code
    cell = LabelKey.of(report.protected_values.earliest("pk"))
    shares.share(first.owner, report.digest, "Bridge Builders", [cell], 30, NOW)
    groups.make(PARK, first.site.organisation_id, first.owner, NOW)
    wanted = (code, "Bridge Builders")
    before = "".join(everything().values())
    assert all(needle in before for needle in wanted), "the search finds them while they are there"
    leave(cast)
    after = {
        table: text for table, text in everything().items() if not table.endswith("auditlog_event")
    }
    assert [name for name, text in after.items() if any(needle in text for needle in wanted)] == []
    assert certificates.resolve(code) is None


def test_who_removed_another_firms_site_from_a_group_is_on_the_record_alone(cast: Cast) -> None:
    owner, other = cast.plants[0].owner, cast.plants[1].site.slug
    group = groups.make(
        GroupDescription(GroupKind.PARK, "Park", "园区"),
        cast.plants[0].site.organisation_id,
        owner,
        NOW,
    )
    groups.invite(group, [other], owner, NOW)
    groups.remove(group, other, owner, NOW)
    leave(cast)
    assert GroupMember.objects.get(slug=other).decided_by == ""


def test_a_site_that_changes_hands_or_retires_is_in_no_group(cast: Cast) -> None:
    plant, site = cast.plants[0], cast.plants[0].site
    group = groups.make(
        GroupDescription(GroupKind.PARK, "Park", "园区"),
        cast.approver.memberships.get().organisation_id,
        cast.approver,
        NOW,
    )
    groups.invite(group, [site.slug], cast.approver, NOW)
    groups.join(group.pk, site.slug, [], plant.owner, NOW)
    answers = site_changes_hands.send(
        sender=Site, sites=[site], because=Phrase("sold"), by="worker", now=NOW
    )
    (ended,) = [
        cast_to("tuple[set[str], Phrase]", answer)
        for receiver, answer in answers
        if receiver is ending.leave_groups
    ]
    assert ended[0] == {site.slug}
    assert GroupMember.objects.get(slug=site.slug).state == GroupMember.State.LEFT
    groups.invite(group, [site.slug], cast.approver, NOW)
    siting.retire(plant.owner, site.slug, NOW)
    assert GroupMember.objects.get(slug=site.slug).state == GroupMember.State.LEFT


@pytest.mark.postgres
@pytest.mark.parametrize("model", [Certificate, Share], ids=["certificates", "shares"])
def test_rows_are_found_by_the_firms_own_people_and_by_no_other_firm(
    cast: Cast, model: type[Certificate] | type[Share]
) -> None:
    first, second = cast.plants
    report = Submission.objects.get(site=second.site)
    certificates.issue(second.owner, report.digest, NOW)
    cell = LabelKey.of(report.protected_values.earliest("pk"))
    shares.share(second.owner, report.digest, "Bank", [cell], 30, NOW)

    def visible_count(reader: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('steplabel.reader', %s, true)", [reader])
            number = model._default_manager.count()
            cursor.execute("SELECT set_config('steplabel.reader', '', true)")
        return number

    others = [
        f"person:{first.owner.pk}",
        f"person:{cast.stranger.pk}",
        f"key:{first.site.organisation_id}:enterprise",
        wall.NOBODY,
    ]
    assert visible_count(f"person:{second.owner.pk}") == 1
    assert [visible_count(reader) for reader in others] == [0] * len(others)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # of rows of the scene
        cursor.execute(f"DROP POLICY wall ON {model._meta.db_table}")
    assert [visible_count(reader) for reader in others] == [1] * len(others), (
        "it is the policy that keeps them"
    )
