"""Compositions of the same reports make one draft, whoever asks and however many at one moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest
from django.db import connection

from portal.publication import drafting
from portal.publication.models import Publication
from tests.integration.portal_cast import NOW, Cast, deliver, make_cast, open_waiting

pytestmark = pytest.mark.usefixtures("portal_keys")


def reported() -> Cast:
    cast = make_cast(8)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    return cast


@pytest.mark.django_db(databases=["default", "vault"])
def test_compositions_of_two_people_in_turn_are_one_draft() -> None:
    cast = reported()
    people = [cast.drafter, cast.approver] * 2
    drafts = {drafting.draft(cast.period, by, NOW).pk for by in people}
    assert len(drafts) == Publication.objects.count() == 1
    other = drafting.draft(cast.period, cast.approver, NOW, "Other words.")
    assert other.pk not in drafts


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True, databases=["default", "vault"])
def test_four_compositions_at_one_moment_are_one_draft() -> None:
    cast = reported()
    people = [cast.drafter, cast.approver] * 2
    together = Barrier(4)

    def compose(number: int) -> int:
        with closing(connection):
            together.wait(60)
            return drafting.draft(cast.period, people[number], NOW).pk

    with ThreadPoolExecutor(4) as pool:
        drafts = set(pool.map(compose, range(4)))
    assert len(drafts) == Publication.objects.count() == 1
