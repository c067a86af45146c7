"""What an audit does to a peer group's publications: decided by a regulator of its whole scope,
nothing unless decided.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.accounts.deciding import require_regulator_of_scope
from portal.accounts.models import User
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.catalogue.models import PeerGroup


def set_policy(
    group: PeerGroup, *, attested_only: bool, adverse_leaves: bool, by: User, now: datetime
) -> PeerGroup:
    """From the next draft on. The same again changes nothing.

    Raises:
        RefusedError: `not-regulator` (403).
    """
    require_regulator_of_scope(by, group.scope)
    with transaction.atomic():
        row = PeerGroup.objects.select_for_update(of=("self",)).get(pk=group.pk)
        if (row.attested_only, row.adverse_leaves) != (attested_only, adverse_leaves):
            row.attested_only, row.adverse_leaves = attested_only, adverse_leaves
            row.save(update_fields=["attested_only", "adverse_leaves"])
            policy = (
                f"only attested reports: {_yes(attested_only)}; adverse opinions leave: "
                f"{_yes(adverse_leaves)}"
            )
            record(
                now,
                by.email,
                Action.ASSURANCE_POLICY_CHANGED,
                f"peer group {row.pack}/{row.route}",
                policy,
            )
    return row


def _yes(value: bool) -> str:
    return "yes" if value else "no"
