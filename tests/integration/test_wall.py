"""The second wall on real PostgreSQL: a page whose selector forgets its filter shows nothing of another firm; with the wall off it does."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.test import Client
from pytest_django.fixtures import Settings

from portal import keys, wall
from portal.accounts.models import Acting, Jurisdiction, Organisation, Role, Site, User
from portal.assurance.assigning import assign
from portal.intake import selectors
from portal.intake import services as intake
from portal.intake.models import Submission
from portal.opening import services as opening
from portal.partners import grants
from portal.standings import computing as standings
from tests.integration.audited import make_attestation, make_sample
from tests.integration.partners_cast import make_partners
from tests.integration.portal_cast import NOW, PASSWORD, PERIOD, Cast, make_cast, person

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


@pytest.fixture
def cast() -> Cast:
    """Six plants that reported; the first was audited, drawn from and attested, and has an open finding's steps."""
    cast = make_cast(6)
    for place, plant in enumerate(cast.plants):
        intake.receive(plant.envelope(cast.pack, shift=place), keys.published_directory(), keys.receipt_key(), NOW)
    opening.sweep(keys.processing_key(), lambda: NOW)
    standings.compute(cast.period, "worker", NOW)
    make_sample(make_attestation(assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW), cast.auditor, NOW), NOW)
    return cast


def rows() -> dict[str, int]:
    """How many rows of each walled table are seen."""
    return {model._meta.db_table: model._default_manager.count() for model in apps.get_models() if model._meta.db_table in wall.WALLED}


def rows_of(user: object) -> dict[str, int]:
    with wall.behind(lambda: user):
        return rows()


@pytest.mark.parametrize("stands", [True, False])
def test_a_selector_that_forgets_its_filter_shows_nothing_of_others(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings, stands: bool
) -> None:
    monkeypatch.setattr(selectors, "own_sites", lambda _user: Site.objects.all())
    if not stands:
        settings.PAGES_ROLE = None
    client.login(email=cast.plants[0].owner.email, password=PASSWORD)
    digests = dict(Submission.objects.values_list("site__slug", "digest"))
    page = client.get("/submissions/").content.decode()
    assert [slug for slug, digest in digests.items() if digest[:12] in page] == (["works-1"] if stands else sorted(digests))


def test_each_reader_sees_what_is_theirs_of_every_walled_table(cast: Cast) -> None:
    every = rows()
    assert set(every) == set(wall.WALLED)
    first, second = cast.plants[0], cast.plants[1]
    assert {table for table in every if not every[table]} <= {"assurance_findingstep", "standings_standing"}

    own, other = rows_of(first.owner), rows_of(second.owner)
    assert own["intake_submission"] == own["intake_commitment"] == other["intake_submission"] == 1
    assert own["standings_protectedvalue"] * 6 == every["standings_protectedvalue"]
    audits = [table for table in every if table.startswith("assurance") or table == "standings_verdict"]
    assert {table: own[table] for table in audits} == {table: every[table] for table in audits}
    assert {table: other[table] for table in audits} == dict.fromkeys(audits, 0)

    assert rows_of(cast.drafter) == every
    assert rows_of(cast.provincial)["intake_submission"] == 3  # those with odd numbers lie in the province
    assert rows_of(cast.auditor) == own | {"intake_submission": 1}

    elsewhere = Organisation.objects.create(
        name="Elsewhere",
        kind=Role.REGULATOR,
        jurisdiction=Jurisdiction.objects.create(path="cn/hen", name="Near in name", level="province"),
    )
    for nobody in (cast.stranger, AnonymousUser(), person("there@example.org", elsewhere, Role.REGULATOR)):
        assert not any(rows_of(nobody).values()), nobody


def test_a_key_reads_as_its_organisation_and_a_partner_as_long_as_it_is_let_in(cast: Cast) -> None:
    holder = User()
    holder.acting_as = Acting(cast.plants[1].site.organisation_id, Role.ENTERPRISE)  # type: ignore[misc]  # of this row alone
    assert rows_of(holder)["intake_submission"] == 1
    partners = make_partners(cast)
    provider, plant = partners.people["provider"], cast.plants[4]
    before = rows_of(provider)["intake_submission"]
    made = grants.grant(plant.owner, plant.site.slug, partners.houses["provider"].pk, receipts=True, values=False, now=NOW)
    assert rows_of(provider)["intake_submission"] == before + 1
    grants.take_back(plant.owner, made.pk, NOW)
    assert rows_of(provider)["intake_submission"] == before


def test_code_that_reads_across_says_so_and_the_wall_closes_after_it(cast: Cast) -> None:
    with wall.behind(lambda: cast.plants[0].owner):
        with wall.opened():
            assert Submission.objects.count() == 6
        assert Submission.objects.count() == 1
        with transaction.atomic():
            assert Submission.objects.count() == 1
            transaction.set_rollback(True)
        assert Submission.objects.count() == 1, "what was said in a transaction that was undone is said again"
        with transaction.atomic():
            with wall.opened():
                assert Submission.objects.count() == 6
            transaction.set_rollback(True)
        assert Submission.objects.count() == 1
    assert Submission.objects.count() == 6


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the wall says to the session."""
    said: list[str] = []
    plain = wall._tell

    def tell(session: Any, role: str, reader: str) -> None:
        said.append(role)
        plain(session, role, reader)

    monkeypatch.setattr(wall, "_tell", tell)
    return said


def test_a_page_pays_two_statements_however_much_it_reads_and_one_that_reads_nothing_walled_none(
    cast: Cast, client: Client, statements: list[str]
) -> None:
    client.login(email=cast.plants[0].owner.email, password=PASSWORD)
    assert client.get("/submissions/").status_code == 200
    assert statements == ["steplabel_pages", "none"]
    statements.clear()
    assert client.get("/account/sessions/").status_code == 200
    assert statements == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("steplabel_web",)
