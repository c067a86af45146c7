"""A group too small for ranks: what an owner then sees of its own."""

from __future__ import annotations

import pytest

from portal.standings import computing as standings
from portal.standings import selectors as standing_selectors
from tests.integration.portal_cast import NOW, PERIOD, deliver, make_cast, open_waiting

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def test_among_seven_firms_an_owner_sees_its_own_value_and_no_rank(portal_keys: object) -> None:
    few = make_cast(plants=7)
    for number, plant in enumerate(few.plants):
        deliver(plant.envelope(few.pack, shift=number))
    open_waiting()
    assert standings.compute(few.period, "drafter@example.org", NOW) == 0
    view = standing_selectors.where_we_stand(few.plants[0].owner, few.plants[0].site.slug, PERIOD)
    assert view is not None
    assert view.steps
    assert {(step.estimate, step.rank_interval, step.of) for step in view.steps} == {
        (None, None, None)
    }
