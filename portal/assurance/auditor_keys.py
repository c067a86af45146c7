"""The public keys that auditors sign with: registered by their owner, revoked by anybody of the body."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from benchmarks.wire.signing import VerifyingKey
from portal.accounts.models import Device, Organisation, User
from portal.assurance.interests import require_auditor
from portal.assurance.models import AuditorKey
from portal.auditlog.models import Action
from portal.auditlog.services import record
from portal.problems import RefusedError


def register(body: Organisation, public_key: str, by: User, now: datetime) -> AuditorKey:
    """Register the person's own key. The same again is the same key.

    Raises:
        RefusedError: `not-auditor` (403), `auditor-key-taken` (409).
        VerificationError: `public-key-malformed`, `public-key-weak`.
    """
    require_auditor(by, body)
    public = VerifyingKey.from_hex(public_key)
    held = AuditorKey.objects.filter(public_key=public.hex).first()
    if held is not None and held.revoked_at is None and (held.body_id, held.owner_id) == (body.pk, by.pk):
        return held
    taken = RefusedError(409, "auditor-key-taken", "This key is or was in use already.", "Make a new key and register that.")
    if held is not None or Device.objects.filter(public_key=public.hex).exists():
        raise taken
    try:
        with transaction.atomic():
            made = AuditorKey.objects.create(body=body, owner=by, public_key=public.hex, registered_at=now)
            record(now, by.email, Action.AUDITOR_KEY_REGISTERED, f"auditor key {public.key_id[:16]}", str(body))
    except IntegrityError as error:
        raise taken from error
    return made


def revoke(key: AuditorKey, by: User, now: datetime) -> AuditorKey:
    """From now on it signs nothing new. What it signed before stands until it is withdrawn.

    Raises:
        RefusedError: `not-auditor` (403).
    """
    require_auditor(by, key.body)
    with transaction.atomic():
        row = AuditorKey.objects.select_for_update().get(pk=key.pk)
        if row.revoked_at is None:
            row.revoked_at, row.revoked_by = now, by
            row.save(update_fields=["revoked_at", "revoked_by"])
            fingerprint = VerifyingKey.from_hex(row.public_key).key_id
            record(now, by.email, Action.AUDITOR_KEY_REVOKED, f"auditor key {fingerprint[:16]}", str(row.body))
    return row
