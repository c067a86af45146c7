"""Enrolment: a one-time token admits one device to one site; its key may be rotated, and the device
revoked.

Devices are revoked, never deleted.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from benchmarks.phrases import Phrase
from benchmarks.wire import device_requests, logged
from benchmarks.wire.device_requests import KeyRotation
from benchmarks.wire.directory import EnrolmentSecret
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.signing import VerifyingKey
from portal import wall
from portal.accounts.audience import named, people_of_site
from portal.accounts.models import Device, EnrolmentToken, Site, User
from portal.accounts.selectors import managed_sites, regulated_sites
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.notifications.kinds import NoticeKind
from portal.notifications.telling import tell
from portal.problems import RefusedError
from portal.translog import log
from portal.translog.models import LogHead

TOKEN_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class EnrolledDevice:
    """The device, and whether it was registered just now or by an earlier, identical request."""

    device: Device
    created: bool


def issue_token(
    site: Site,
    by: User | None,
    fingerprint: str,
    now: datetime,
    lifetime: timedelta = TOKEN_LIFETIME,
) -> str:
    """A token for the site's agent, as text to be handed over once; only its digest is kept.

    Args:
        by: who issues it; None for the operator at the machine.
        fingerprint: of the key that signs the key directory
            (`keys.published_directory().fingerprint`).
    """
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        EnrolmentToken.objects.create(
            site=site,
            secret_sha256=_digest(secret),
            issued_by=by,
            issued_at=now,
            expires_at=now + lifetime,
        )
        record(now, by.email if by else "operator", Action.TOKEN_ISSUED, f"site {site.slug}")
    return EnrolmentSecret(secret, fingerprint).text()


def issue_token_for(user: User, site_slug: str, fingerprint: str, now: datetime) -> str:
    """As `issue_token`, for a site of the person's own enterprise or jurisdiction;
    `Site.DoesNotExist` for any other.
    """
    site = managed_sites(user).filter(slug=site_slug, retired_at=None).first() or regulated_sites(
        user
    ).get(slug=site_slug, retired_at=None)
    return issue_token(site, user, fingerprint, now)


@wall.opened()  # the token's secret says whose it is
def enrol(
    secret: str, public_key: str, seed_commitment: str, software: str, now: datetime
) -> EnrolledDevice:
    """Register a device with a token's secret. The same keys with the same token again give the
    same device.

    Raises:
        RefusedError: `token-unknown` (unknown, used or expired: the answer does not tell which),
            `device-known`.
    """
    with transaction.atomic():
        head = log.lock()
        token = (
            EnrolmentToken.objects.select_for_update()
            .select_related("site")
            .filter(secret_sha256=_digest(secret))
            .first()
        )
        if token is None:
            raise _token_unknown()
        if token.used_at is not None:
            enrolled_by_token = Device.objects.filter(
                site=token.site,
                public_key=public_key,
                seed_commitment=seed_commitment,
                enrolled_at=token.used_at,
                revoked_at=None,
            )
            if device := enrolled_by_token.first():
                return EnrolledDevice(device, created=False)
            raise _token_unknown()
        if token.expires_at <= now:
            raise _token_unknown()
        device = _register(token.site, public_key, seed_commitment, software, now)
        token.used_at = now
        token.save(update_fields=["used_at"])
        detail = _software_and_seed(token.site, seed_commitment, software)
        record(
            now, f"device {device.pk}", Action.DEVICE_ENROLLED, f"site {token.site.slug}", detail
        )
        _log(head, "enrolled", device, now)
        _tell(NoticeKind.DEVICE_ENROLLED, token.site, now)
    return EnrolledDevice(device, created=True)


def rotate(rotation: KeyRotation, now: datetime) -> EnrolledDevice:
    """Register the key that a device's old key vouches for; the old one signs nothing new. The same
    again, the same answer.

    The commitment to the seed goes over unchanged: a new key is no way to new noise.

    Raises:
        VerificationError: `rotation-signature-invalid`.
        RefusedError: `device-unknown`, `device-revoked` (401), `device-known` (409).
    """
    with transaction.atomic():
        head = log.lock()
        asked = Device.objects.select_for_update(of=("self",)).select_related("site")
        old = asked.filter(pk=identity).first() if (identity := _uuid(rotation.device_id)) else None
        if old is None:
            raise RefusedError(
                401,
                "device-unknown",
                Phrase("No device %(device)s is enrolled.", device=rotation.device_id),
                "Enrol this agent with a new token.",
            )
        device_requests.verify_rotation(rotation, VerifyingKey.from_hex(old.public_key))
        successor = Device.objects.select_related("site").filter(replaces=old).first()
        if (
            successor is not None
            and successor.public_key == rotation.new.hex
            and successor.revoked_at is None
        ):
            return EnrolledDevice(successor, created=False)
        if old.revoked_at is not None:
            raise RefusedError(
                401,
                "device-revoked",
                Phrase("The device %(device)s was revoked.", device=str(old.pk)),
                "Ask for a new token and enrol with new device keys.",
            )
        device = _register(
            old.site, rotation.new.hex, old.seed_commitment, old.software, now, replaces=old
        )
        old.revoked_at = now
        old.save(update_fields=["revoked_at"])
        record(
            now,
            f"device {old.pk}",
            Action.DEVICE_ROTATED,
            f"site {old.site.slug}",
            f"now device {device.pk}",
        )
        _log(head, "rotated", device, now)
    return EnrolledDevice(device, created=True)


def revoke(device: Device, by: User | None, now: datetime) -> None:
    """From now on nothing signed by the device is taken. What it sent before stands. `by`: None for
    the operator at the machine.
    """
    with transaction.atomic():
        head = log.lock()
        device = Device.objects.select_for_update().get(pk=device.pk)
        if device.revoked_at is None:
            _revoke(head, device, by.email if by else "operator", now)
            _tell(NoticeKind.DEVICE_REVOKED, device.site, now)


def end_tokens(sites: Collection[Site], now: datetime) -> set[str]:
    """No token that was made so far admits an agent to these sites; the ids of those for which one
    could have.

    In the transaction of the cause, which takes the log before this, if at all: `enrol` holds it
    while it asks for the token.
    """
    tokens = EnrolmentToken.objects.filter(site__in=sites, used_at=None)
    admitting = set(tokens.filter(expires_at__gt=now).values_list("site__slug", flat=True))
    tokens.delete()
    return admitting


def revoke_all(sites: QuerySet[Site], by: str, now: datetime) -> None:
    """As `revoke`, for every device of these sites, and their tokens admit no other; nobody is
    told.
    """
    with transaction.atomic():
        head = log.lock()
        EnrolmentToken.objects.filter(site__in=sites)._raw_delete("default")
        devices = Device.objects.select_for_update(of=("self",)).select_related("site")
        for device in devices.filter(site__in=sites, revoked_at=None).order_by("pk"):
            _revoke(head, device, by, now)


def _revoke(head: LogHead, device: Device, by: str, now: datetime) -> None:
    device.revoked_at = now
    device.save(update_fields=["revoked_at"])
    record(now, by, Action.DEVICE_REVOKED, f"site {device.site.slug}", str(device.pk))
    _log(head, "revoked", device, now)


def revoke_for(user: User, device_id: str, now: datetime) -> None:
    """As `revoke`, for a device of the person's own sites or jurisdiction; `Device.DoesNotExist`
    for any other.
    """
    device = Device.objects.filter(pk=device_id)
    revoke(
        device.filter(site__in=managed_sites(user)).first()
        or device.get(site__in=regulated_sites(user)),
        user,
        now,
    )


def _register(
    site: Site,
    public_key: str,
    seed_commitment: str,
    software: str,
    now: datetime,
    replaces: Device | None = None,
) -> Device:
    try:
        with transaction.atomic():
            return Device.objects.create(
                site=site,
                public_key=public_key,
                seed_commitment=seed_commitment,
                software=software,
                enrolled_at=now,
                replaces=replaces,
            )
    except IntegrityError as error:
        raise RefusedError(
            409,
            "device-known",
            "This device key is registered already.",
            "Make new keys with `steplabel-agent enrol`. A key can be used once, for one site.",
        ) from error


def _log(head: LogHead, act: str, device: Device, now: datetime) -> None:
    """A change of keys is logged as what is signed with them: nobody can say later that another key
    was in force.
    """
    log.append(
        head,
        EntryKind.DEVICE_KEY,
        logged.device_key(act, str(device.pk), bytes.fromhex(device.public_key)).hex(),
        now,
    )


def _tell(kind: NoticeKind, site: Site, now: datetime) -> None:
    tell(kind, people_of_site(site), "web:sites", {}, named(site), now)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _software_and_seed(site: Site, seed_commitment: str, software: str) -> str:
    """What the auditor should see: a device with another seed than the site's earlier ones, as
    after a lost state directory.
    """
    earlier = set(Device.objects.filter(site=site).values_list("seed_commitment", flat=True)) - {
        seed_commitment
    }
    return f"{software}; another seed than the site's earlier devices" if earlier else software


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token_unknown() -> RefusedError:
    return RefusedError(
        403,
        "token-unknown",
        "The enrolment token is unknown, expired or was used already.",
        "Create a new token on the portal's page `Sites and agents`.",
    )
