"""Whose confirmation of a reported saving counts: an auditor's of a body assigned to the site who declared no interest there."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.wire.signing import VerifyingKey
from portal.accounts.models import Site
from portal.assurance.models import AuditorKey, InterestDeclaration


def auditors_of(site: Site) -> Mapping[str, VerifyingKey]:
    """The registered keys, by id, of whoever last declared no interest in an assignment of the site that stands, and none in any."""
    standing = InterestDeclaration.objects.filter(assignment__site=site, assignment__taken_back_at=None)
    said = standing.order_by("pk").values_list("assignment__body", "person", "interested")
    newest = {(body, person): interested for body, person, interested in said}
    interested = {person for _body, person, told in said if told}
    free = {who for who, told in newest.items() if not told and who[1] not in interested}
    rows = AuditorKey.objects.filter(revoked_at=None, owner__in=[person for _body, person in free])
    return {key.key_id: key for key in (VerifyingKey.from_hex(row.public_key) for row in rows if (row.body_id, row.owner_id) in free)}
