"""No page asks the database more often because more firms take part: five firms and twenty-five cost the same number of questions."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks.disclosure import GateResult
from portal import keys
from portal.assurance.services import assign
from portal.intake import services as intake
from portal.intake.models import Submission
from portal.opening import services as opening
from portal.publication import services as publication
from portal.publication.document import document_of
from portal.publication.models import Publication, Status
from portal.standings import services as standings
from tests.integration.portal_cast import NOW, PASSWORD, PERIOD, Cast, make_cast

pytestmark = [pytest.mark.django_db(databases=["default", "vault"]), pytest.mark.usefixtures("portal_keys")]

FEW, MANY = 5, 25


def queries_of_every_page(firms: int) -> Mapping[str, int]:
    cast = make_cast(firms)
    for place, plant in enumerate(cast.plants):
        intake.receive(plant.envelope(cast.pack, shift=place), keys.published_directory(), keys.receipt_key(), NOW)
    opening.sweep(keys.processing_key(), lambda: NOW)
    standings.compute(cast.period, "worker", NOW)
    for plant in cast.plants:
        assign(cast.body, plant.site, PERIOD, cast.approver, NOW)
    published, draft = published_and_draft(cast)
    digest = Submission.objects.get(site=cast.plants[0].site).digest
    owner, officer, auditor = cast.plants[0].owner, cast.approver, cast.auditor
    group = [cast.group.pk, PERIOD]
    pages = {
        "the list": (None, reverse("web:benchmarks")),
        "the benchmark": (None, f"/b/cement/{PERIOD}/v{published.version}/"),
        "its table": (None, f"/b/cement/{PERIOD}/v{published.version}/benchmark.csv"),
        "where we stand": (owner, reverse("web:stand")),
        "submissions": (owner, reverse("web:submissions")),
        "one submission": (owner, reverse("web:submission", args=[digest])),
        "sites": (owner, reverse("web:sites")),
        "publications": (officer, reverse("web:publications")),
        "participation": (officer, reverse("web:participation", args=group)),
        "a draft": (officer, reverse("web:draft", args=[draft.pk])),
        "assigned": (auditor, reverse("web:assigned")),
        "one assigned": (auditor, reverse("web:assigned-submission", args=[digest])),
    }
    counts = {}
    for name, (who, address) in pages.items():
        client = Client()
        if who is not None:
            assert client.login(username=who.email, password=PASSWORD)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200, name
        counts[name] = len(asked)
    return counts


def published_and_draft(cast: Cast) -> tuple[Publication, Publication]:
    """With five firms the gate lets nothing out; the page of a version that shows nothing is made by hand, for its cost alone."""
    first = publication.draft(cast.period, cast.drafter, NOW)
    document = document_of(GateResult.from_json(first.gate), first.explanation, first.version, NOW.date())
    Publication.objects.filter(pk=first.pk).update(status=Status.PUBLISHED, approved_by=cast.approver, published_at=NOW, document=document)
    first.refresh_from_db()
    return first, publication.draft(cast.period, cast.drafter, NOW, "The same again.")


def test_no_page_asks_more_of_the_database_for_more_firms() -> None:
    counts = []
    for firms in (FEW, MANY):
        with transaction.atomic(), transaction.atomic(using="vault"):
            counts.append(queries_of_every_page(firms))
            for database in ("default", "vault"):
                transaction.set_rollback(True, using=database)
    few, many = counts
    assert few == many
    assert max(many.values()) <= 20, f"a page asks too much: {many}"
