"""Before a token, a revocation, a publication and a withdrawal whoever signed in long ago gives a
password or a code again.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal.accounts.models import EnrolmentToken, User
from portal.intake import receiving as intake
from portal.keys import processing_key, published_directory, receipt_key
from portal.opening import unsealing as opening
from portal.publication import drafting
from portal.publication.models import Publication, VersionStatus
from tests.integration.portal_cast import NOW, PASSWORD, Cast, make_cast

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def build_scene() -> Cast:
    cast = make_cast(plants=10)
    for number, plant in enumerate(cast.plants):
        intake.receive(
            plant.envelope(cast.pack, shift=number - 5), published_directory(), receipt_key(), NOW
        )
    opening.sweep(processing_key(), lambda: NOW)
    return cast


def signed_in(user: User, minutes_ago: int) -> Client:
    client = Client()
    assert client.login(username=user.email, password=PASSWORD)
    session = client.session
    at = (timezone.now() - timedelta(minutes=minutes_ago)).timestamp()
    session["account_authentication_methods"] = [{"method": "mfa", "at": at}]
    session.save()
    return client


@pytest.mark.parametrize("lately", [True, False], ids=["lately", "long-ago"])
def test_each_dangerous_act_asks_who_signed_in_long_ago(cast: Cast, *, lately: bool) -> None:
    minutes = 5 if lately else 20
    owner, officer = signed_in(cast.plants[0].owner, minutes), signed_in(cast.approver, minutes)
    drafted = drafting.draft(cast.period, cast.drafter, NOW)
    device, token = cast.plants[0].device, f"/sites/{cast.plants[0].site.slug}/token/"
    tokens = EnrolmentToken.objects.count()
    acts: tuple[tuple[Client, str, dict[str, str]], ...] = (
        (owner, token, {}),
        (owner, f"/agents/{device.pk}/revoke/", {}),
        (officer, f"/periods/versions/{drafted.pk}/publish/", {"note": "", "read": "on"}),
        (officer, f"/periods/versions/{drafted.pk}/withdraw/", {"reason": "Counted twice."}),
    )
    asked = [
        client.post(address, form).headers.get("Location", "").startswith("/account/confirm/?next=")
        for client, address, form in acts
    ]
    assert asked == [not lately] * len(acts)
    device.refresh_from_db()
    assert (device.revoked_at is not None) is lately
    assert (EnrolmentToken.objects.count() > tokens) is lately
    assert Publication.objects.get(pk=drafted.pk).status == (
        VersionStatus.WITHDRAWN if lately else VersionStatus.DRAFT
    )


def test_without_the_asking_a_session_of_yesterday_would_do(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.web.access.signed_in_lately", lambda _request: True)
    owner = signed_in(cast.plants[0].owner, 24 * 60)
    owner.post(f"/agents/{cast.plants[0].device.pk}/revoke/")
    cast.plants[0].device.refresh_from_db()
    assert cast.plants[0].device.revoked_at is not None
