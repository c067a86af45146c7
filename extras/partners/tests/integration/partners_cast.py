"""Providers, suppliers and an academic beside the cast: the first works let one provider and one
supplier in, the others nobody.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from extras.partners import conformance, deliveries, grants
from extras.partners.conformance import CHECKS, SCHEMA
from extras.partners.models import Conformance, Delivery, Grant
from portal.accounts.models import Organisation, User
from tests.integration.partners_cast import partners_of
from tests.integration.portal_cast import NOW, PERIOD, Cast


@dataclass(frozen=True)
class Partners:
    people: dict[str, User]
    houses: dict[str, Organisation]
    grant: Grant  # to the provider
    delivery: Delivery
    result: Conformance


def result_file(*failed: str, **changed: object) -> bytes:
    """As the conformance kit prints it."""
    result = {
        "schema": SCHEMA,
        "source": "historian",
        "kit": "steplabel-agent/0.1.0",
        "ran_on": "2017-05-01",
        "checks": [
            {
                "name": name,
                "passed": name not in failed,
                "why": "it does not" if name in failed else "",
            }
            for name in CHECKS
        ],
    }
    return json.dumps({**result, **changed}).encode()


def make_partners(cast: Cast) -> Partners:
    """`provider` sees all of works 1 that can be granted; both suppliers have declared,
    `other-supplier` for works 2.
    """
    people = partners_of(cast)
    houses = {name: one.memberships.get().organisation for name, one in people.items()}
    first, two = cast.plants[:2]
    grant = grants.grant(
        first.owner, first.site.slug, houses["provider"].pk, receipts=True, values=True, now=NOW
    )
    for plant, name in ((first, "supplier"), (two, "other-supplier")):
        grants.grant(
            plant.owner, plant.site.slug, houses[name].pk, receipts=False, values=False, now=NOW
        )
    figures = ("electricity", Decimal(120000), "kWh", "bills 1 to 12")
    delivery = deliveries.declare(people["supplier"], first.site.slug, PERIOD, *figures, NOW)
    deliveries.declare(people["other-supplier"], two.site.slug, PERIOD, *figures, NOW)
    result = conformance.declare(
        people["provider"], houses["provider"].pk, "Historian", "2.1", result_file(), NOW
    )
    return Partners(people, houses, grant, delivery, result)
