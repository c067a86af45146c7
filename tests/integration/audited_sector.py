"""Plants that have reported, a body that audits them, and what their group's regulators decide that
audits change.
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks.wire import attestations
from benchmarks.wire.attestations import Assurance, Opinion
from benchmarks.wire.signing import AuditorSigningKey
from portal.assurance import attesting, auditors
from portal.assurance.assigning import assign
from portal.assurance.models import Attestation
from portal.catalogue.policies import set_policy
from tests.integration.audited import terms
from tests.integration.portal_cast import NOW, PERIOD, Cast, Plant, deliver, make_cast, open_waiting

KEY = AuditorSigningKey.generate()


def reported(plants: int) -> Cast:
    """So many plants whose reports are accepted, each a little above the one before; the auditor's
    key is registered.
    """
    cast = make_cast(plants)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    auditors.register(cast.body, KEY.public.hex, cast.auditor, NOW)
    return cast


def audit(
    cast: Cast,
    plant: Plant,
    opinion: Opinion = Opinion.UNQUALIFIED,
    steps: tuple[str, ...] = (),
    assurance: Assurance = Assurance.LIMITED,
) -> Attestation:
    assignment = assign(cast.body, plant.site, PERIOD, cast.approver, NOW)
    auditors.declare(assignment, cast.auditor, False, "", NOW)
    everything = terms(NOW, opinion, steps or tuple(step.id for step in cast.pack.steps))
    drawn = attesting.draw_up(
        assignment, replace(everything, assurance=assurance), cast.auditor, NOW
    )
    return attesting.take(attestations.sign(bytes(drawn.content), KEY), cast.auditor, NOW)


def decide(cast: Cast, *, attested_only: bool = False, adverse_leaves: bool = False) -> None:
    set_policy(
        cast.group,
        attested_only=attested_only,
        adverse_leaves=adverse_leaves,
        by=cast.approver,
        now=NOW,
    )
    cast.period.refresh_from_db()
