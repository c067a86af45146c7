"""What people do about a label: a statement on a report, a practice that five firms report
on, and what extras add.

All of it by the functions behind the pages. The classes that sites report are drawn: to verify them
from two years of each plant's own records, as `steplabel-agent practices outcome` does, would take
minutes.
"""

from __future__ import annotations

import json
import tomllib
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks.guidance.causes import WasteCause
from benchmarks.guidance.outcomes import SavingOutcome
from benchmarks.guidance.practices import Library
from benchmarks.phrases import Phrase
from benchmarks.wire import attestations, outcomes
from benchmarks.wire.attestations import Assurance, Opinion
from benchmarks.wire.outcomes import SiteOutcome
from benchmarks.wire.signing import AuditorSigningKey, DeviceKey
from fixtures.simulator import Plant, Sector
from portal import extras, keys
from portal.accounts.models import User
from portal.assurance import attesting, auditors, confirming
from portal.assurance.models import Assignment
from portal.days import scheme_day
from portal.demo import cast as casting
from portal.demo.plants import keys_of
from portal.intake.selectors import newest_accepted
from portal.practices import reviewing
from portal.practices.revisions import as_read

TEXTS = tomllib.loads(Path(__file__).with_name("acting.toml").read_text(encoding="utf-8"))
FOUND = (
    SavingOutcome.FROM_2_TO_5,
    SavingOutcome.UNDER_2,
    SavingOutcome.NOT_PROVEN,
    SavingOutcome.FROM_5,
    SavingOutcome.UNDER_2,
)
"""What the first plants report of the practice, in their order. The auditor confirms the first
one's.
"""


def fill(sector: Sector, plants: Path, now: datetime) -> dict[str, str]:
    """Addresses of what was made, by what it is. `plants`: the folders of the agents, whose keys
    sign.
    """
    assignment = Assignment.objects.get(site__slug=sector.plants[0].site, period=str(sector.year))
    key = AuditorSigningKey.generate()
    _attest(assignment, key, now)
    made: dict[str, str] = {
        Phrase("A practice, reported"): f"practices/{_practice(sector, plants, key, now)}/",
    }
    for of_extra in extras.modules("demo"):
        made |= of_extra.act(assignment.site, now)
    return made


def _attest(assignment: Assignment, key: AuditorSigningKey, now: datetime) -> None:
    """A limited statement on the first plant's report, with no sample drawn."""
    auditor = _person(casting.AUDITOR)
    auditors.declare(assignment, auditor, False, "", now)
    auditors.register(assignment.body, key.public.hex, auditor, now)
    terms = attesting.AttestationTerms(
        opinion=Opinion.UNQUALIFIED,
        assurance=Assurance.LIMITED,
        steps=tuple(
            sorted(newest_accepted([assignment.site_id])[assignment.site_id].covers.split())
        ),
        boundary="From the first meter of the works to its last.",
        materiality=Fraction(1, 20),
        checked="The electricity bills of the year against the meters of the steps.",
        not_checked="Single runs, of which no sample was drawn.",
        valid_until=scheme_day(now) + timedelta(days=365),
        surveillance_on=None,
    )
    drawn = attesting.draw_up(assignment, terms, auditor, now)
    attesting.take(attestations.sign(bytes(drawn.content), key), auditor, now)


def _practice(sector: Sector, plants: Path, key: AuditorSigningKey, now: datetime) -> str:
    """Offered by the first firm, edited by one officer, published by another, reported on by the
    first five firms.
    """
    step = sector.pack.step(sector.pack.routes[0].steps[0].step)
    saving = {
        "saving_unit": "kWh",
        "saving_from": "0.4",
        "saving_to": "1.2",
        "investment_usd_per_t": "0.05",
    }
    content = {
        "sector": sector.pack.id,
        "step": step.id,
        "cause": WasteCause.HOLDING,
        **TEXTS["practice"],
        **saving,
    }
    managers = _managers(sector)
    manager = managers[0]
    firm = manager.memberships.get().organisation_id
    offered = reviewing.offer(manager, firm, content, named=False, now=now)
    edited = reviewing.edit(offered, as_read(offered), _person(casting.DRAFTER), content, now)
    (entry,) = reviewing.publish(
        [edited], as_read(edited), _person(casting.APPROVER), keys.receipt_key(), now
    )
    for plant, person, outcome in zip(sector.plants, managers, FOUND, strict=False):
        report = _signed_outcome(plant, entry.practice, outcome, plants)
        confirmed = outcomes.confirm(report, key, scheme_day(now)) if person == manager else report
        confirming.hand_in(
            json.dumps(confirmed).encode(), entry.practice, person, keys.receipt_key(), now
        )
    if sector_practice := next(
        (practice for practice in Library.held().practices if practice.sector == sector.pack.id),
        None,
    ):
        asked = json.dumps(
            _signed_outcome(sector.plants[0], sector_practice.id, SavingOutcome.UNDER_2, plants)
        ).encode()
        confirming.hand_in(
            asked, sector_practice.id, manager, keys.receipt_key(), now, ask=True
        )  # waits for the auditor
    return entry.practice


def _signed_outcome(
    plant: Plant, practice: str, effect: SavingOutcome, plants: Path
) -> dict[str, Any]:
    """The file of the plant's agent."""
    outcome = SiteOutcome(
        keys.published_directory().fingerprint,
        plant.site,
        practice,
        "1",
        effect.value,
        str(plant.year),
    )
    return outcomes.sign(outcome, DeviceKey.from_pem(keys_of(plants / plant.site)[0]))


def _managers(sector: Sector) -> list[User]:
    """Of the first plants, in their order."""
    return [
        _person(email)
        for email in (
            casting.MANAGER,
            *(casting.email_of(plant) for plant in casting.others_who_act(sector)),
        )
    ]


def _person(email: str) -> User:
    return User.objects.get(email=email)
