"""The wall of portal/wall.py on PostgreSQL: a selector that forgets its filter finds nothing of
others, and without the wall it does.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Model
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import wall
from portal.accounts import api_keys, second_factor
from portal.accounts.models import ApiKey, EnrolmentToken, Membership, Site, User
from portal.accounts.scopes import Scope
from portal.assurance.assigning import assign
from portal.intake import selectors as intake_selectors
from portal.intake.models import Submission
from portal.opening.installation_agreement import disagreements
from portal.register.models import SiteApplication, Viewing
from portal.standings import selectors as standings
from portal.standings.models import ProtectedValue
from tests.integration.portal_cast import NOW, PERIOD, Cast, deliver, make_cast, open_waiting

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

OF_ORGANISATIONS: tuple[type[Model], ...] = (
    ApiKey,
    EnrolmentToken,
    SiteApplication,
    Viewing,
)


def build_scene() -> Cast:
    cast = make_cast()
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    open_waiting()
    return cast


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """The selectors of reports and of values lose their filter."""
    for selectors in (intake_selectors, standings):
        monkeypatch.setattr(selectors, "visible_sites", lambda _user: Site.objects.all())


def taken_down() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP POLICY wall ON intake_submission; DROP POLICY wall ON standings_protectedvalue"
        )


def path_of(site: Site) -> str:
    return f"/submissions/{Submission.objects.get(site=site).digest}/"


def status(user: User, path: str) -> int:
    client = Client()
    client.force_login(user)
    return client.get(path).status_code


@pytest.mark.usefixtures("forgetful")
def test_another_firms_report_is_not_found_although_the_selector_forgot_its_filter(
    cast: Cast,
) -> None:
    mine, theirs = cast.plants
    assert status(mine.owner, path_of(mine.site)) == 200
    assert status(mine.owner, path_of(theirs.site)) == 404


@pytest.mark.usefixtures("forgetful")
def test_it_is_the_policy_that_keeps_it(cast: Cast) -> None:
    taken_down()
    assert status(cast.plants[0].owner, path_of(cast.plants[1].site)) == 200


@pytest.mark.usefixtures("forgetful")
def test_it_is_the_middleware_that_says_who_reads(cast: Cast) -> None:
    without = [name for name in settings.MIDDLEWARE if name != "portal.wall.WallMiddleware"]
    with override_settings(MIDDLEWARE=without):
        assert status(cast.plants[0].owner, path_of(cast.plants[1].site)) == 200


def values_seen(reader: str) -> set[str]:
    """Sites of which this reader finds values, whatever is asked for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('steplabel.reader', %s, true)", [reader])
        sites = set(ProtectedValue.objects.values_list("submission__site__slug", flat=True))
        cursor.execute("SELECT set_config('steplabel.reader', '', true)")
    return sites


def test_each_finds_the_values_of_own_regulated_assigned_and_granted_sites(cast: Cast) -> None:
    first, second = (
        plant.site for plant in cast.plants
    )  # works-1 lies in the province, works-2 elsewhere in the nation
    both = {first.slug, second.slug}
    assert values_seen("") == both, "worker and operator"
    assert values_seen("nobody") == set()
    assert values_seen(f"person:{cast.stranger.pk}") == set()
    assert values_seen(f"person:{cast.plants[0].owner.pk}") == {first.slug}
    assert values_seen(f"person:{cast.approver.pk}") == both
    assert values_seen(f"person:{cast.provincial.pk}") == {first.slug}
    assert values_seen(f"key:{second.organisation_id}:enterprise") == {second.slug}
    assert values_seen(f"key:{second.organisation_id}:regulator") == both - {
        first.slug,
        second.slug,
    }, "a key has one role"
    assignment = assign(cast.body, second, PERIOD, cast.approver, NOW)
    assert values_seen(f"person:{cast.auditor.pk}") == set(), (
        "of an assigned report the body sees the outside alone"
    )
    type(assignment).objects.update(sees_values=True)
    assert values_seen(f"person:{cast.auditor.pk}") == {second.slug}
    Membership.objects.filter(user=cast.plants[0].owner).delete()
    assert values_seen(f"person:{cast.plants[0].owner.pk}") == set(), "who left the firm"


def test_a_key_reads_as_its_organisation(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, theirs = cast.plants
    second_factor.give(mine.owner)
    now, month = timezone.now(), timedelta(days=30)
    key = api_keys.make(
        mine.owner,
        mine.site.organisation_id,
        "MES",
        [Scope.SUBMISSIONS],
        month,
        personal=False,
        now=now,
    )
    monkeypatch.setattr(intake_selectors, "own_sites", lambda _user: Site.objects.all())
    client = Client(headers={"authorization": f"Bearer {key.text}"})
    answer = client.get("/api/v1/reports/")
    assert answer.status_code == 200
    assert mine.site.slug in answer.text
    assert theirs.site.slug not in answer.text
    taken_down()
    assert theirs.site.slug in client.get("/api/v1/reports/").text


def rows_of_the_second_firm(cast: Cast) -> None:
    """One in each table that belongs to an organisation more than to a report."""
    plant, later = cast.plants[1], NOW + timedelta(days=30)
    site, organisation = plant.site, plant.site.organisation
    EnrolmentToken.objects.all().delete()  # the first firm has one, too
    EnrolmentToken.objects.create(
        site=site, secret_sha256="1" * 64, issued_at=NOW, expires_at=later
    )
    ApiKey.objects.create(
        prefix="p",
        secret_sha256="2" * 64,
        name="MES",
        organisation=organisation,
        role="enterprise",
        made_at=NOW,
        expires_at=later,
    )
    Viewing.objects.create(
        user=cast.approver, organisation=organisation, page="site", subject="", at=NOW
    )
    SiteApplication.objects.create(
        organisation=organisation,
        slug="new",
        name="New",
        jurisdiction=site.jurisdiction,
        pack="cement",
        size_class="small",
        applied_at=NOW,
    )


@pytest.mark.parametrize("model", OF_ORGANISATIONS, ids=lambda model: model._meta.db_table)
def test_rows_of_an_organisation_are_found_by_its_own_people_and_by_no_other_firm(
    cast: Cast, model: type[Model]
) -> None:
    rows_of_the_second_firm(cast)
    first, second = cast.plants

    def visible_count(reader: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('steplabel.reader', %s, true)", [reader])
            number = model._default_manager.count()
            cursor.execute("SELECT set_config('steplabel.reader', '', true)")
        return number

    everything = visible_count("")
    assert visible_count(f"person:{second.owner.pk}") > 0
    others = [
        f"person:{first.owner.pk}",
        f"person:{cast.stranger.pk}",
        f"key:{first.site.organisation_id}:enterprise",
        wall.NOBODY,
    ]
    assert [visible_count(reader) for reader in others] == [0] * len(others)
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE"
        )  # of rows of the scene, whose transaction goes on
        cursor.execute(f"DROP POLICY wall ON {model._meta.db_table}")
    assert [visible_count(reader) for reader in others] == [everything] * len(others), (
        "it is the policy that keeps them"
    )


def test_it_asks_the_database_nothing_more(cast: Cast) -> None:
    client, path = Client(), path_of(cast.plants[0].site)
    client.force_login(cast.plants[0].owner)
    client.get(path)
    with CaptureQueriesContext(connection) as with_wall:
        client.get(path)
    without = [name for name in settings.MIDDLEWARE if name != "portal.wall.WallMiddleware"]
    with override_settings(MIDDLEWARE=without), CaptureQueriesContext(connection) as bare:
        client.get(path)
    assert len(with_wall) == len(bare)
    assert sum("set_config" in query["sql"] for query in with_wall.captured_queries) > 5


def wall_down() -> str:
    return next(
        (
            disagreement.found
            for disagreement in disagreements()
            if disagreement.name == "wall-down"
        ),
        "",
    )


def test_a_wall_that_is_not_there_or_does_not_hold_is_named() -> None:
    assert not wall_down()
    taken_down()
    assert "intake_submission" in wall_down()
    assert "register_viewing" not in wall_down()
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE"
        )  # of rows of the scene, whose transaction goes on
        cursor.execute("ALTER TABLE register_viewing NO FORCE ROW LEVEL SECURITY")
        assert "register_viewing" in wall_down()
        cursor.execute(wall.policies())
    assert not wall_down()


def test_tables_that_the_web_still_owns_are_counted() -> None:
    """As it does all of the test runner's; `tests/functional/installation` sees none reported where
    the owner migrated.
    """
    (owned,) = (
        difference.found
        for difference in disagreements()
        if difference.name == "tables-owned-by-web"
    )
    assert str(len(connection.introspection.table_names())) in str(owned)
