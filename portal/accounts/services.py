"""Enrolment: a one-time token admits one device to one site. Devices are revoked, never deleted."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from benchmarks.wire.directory import EnrolmentToken as Token
from portal.accounts.models import Device, EnrolmentToken, Site, User
from portal.accounts.selectors import own_sites, regulated_sites
from portal.auditlog.models import Action
from portal.auditlog.services import record
from portal.problems import RefusedError

TOKEN_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The device, and whether it was registered just now or by an earlier, identical request."""

    device: Device
    created: bool


def issue_token(site: Site, by: User | None, fingerprint: str, now: datetime, lifetime: timedelta = TOKEN_LIFETIME) -> str:
    """A token for the site's agent, as text to be handed over once; only its digest is kept.

    Args:
        by: who issues it; None for the operator at the machine.
        fingerprint: of the key that signs the key directory (`keys.published_directory().fingerprint`).
    """
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        EnrolmentToken.objects.create(site=site, secret_sha256=_digest(secret), issued_by=by, issued_at=now, expires_at=now + lifetime)
        record(now, by.email if by else "operator", Action.TOKEN_ISSUED, f"site {site.slug}")
    return Token(secret, fingerprint).text()


def issue_token_for(user: User, site_slug: str, fingerprint: str, now: datetime) -> str:
    """As `issue_token`, for a site of the person's own enterprise or jurisdiction; `Site.DoesNotExist` for any other."""
    site = own_sites(user).filter(slug=site_slug).first() or regulated_sites(user).get(slug=site_slug)
    return issue_token(site, user, fingerprint, now)


def enrol(secret: str, public_key: str, seed_commitment: str, software: str, now: datetime) -> Enrolled:
    """Register a device with a token's secret. The same keys with the same token again give the same device.

    Raises:
        RefusedError: `token-unknown` (unknown, used or expired: the answer does not tell which), `device-known`.
    """
    with transaction.atomic():
        token = EnrolmentToken.objects.select_for_update().select_related("site").filter(secret_sha256=_digest(secret)).first()
        if token is None:
            raise _token_unknown()
        if token.used_at is not None:
            known = Device.objects.filter(
                site=token.site, public_key=public_key, seed_commitment=seed_commitment, enrolled_at=token.used_at, revoked_at=None
            )
            if device := known.first():
                return Enrolled(device, created=False)
            raise _token_unknown()
        if token.expires_at <= now:
            raise _token_unknown()
        device = _register(token.site, public_key, seed_commitment, software, now)
        token.used_at = now
        token.save(update_fields=["used_at"])
        record(now, f"device {device.pk}", Action.DEVICE_ENROLLED, f"site {token.site.slug}", software)
    return Enrolled(device, created=True)


def revoke(device: Device, by: User, now: datetime) -> None:
    """From now on nothing signed by the device is taken. What it sent before stands."""
    with transaction.atomic():
        held = Device.objects.select_for_update().get(pk=device.pk)
        if held.revoked_at is None:
            held.revoked_at = now
            held.save(update_fields=["revoked_at"])
            record(now, by.email, Action.DEVICE_REVOKED, f"site {held.site.slug}", str(held.pk))


def revoke_for(user: User, device_id: str, now: datetime) -> None:
    """As `revoke`, for a device of the person's own sites or jurisdiction; `Device.DoesNotExist` for any other."""
    device = Device.objects.filter(pk=device_id)
    revoke(device.filter(site__in=own_sites(user)).first() or device.get(site__in=regulated_sites(user)), user, now)


def _register(site: Site, public_key: str, seed_commitment: str, software: str, now: datetime) -> Device:
    try:
        with transaction.atomic():
            return Device.objects.create(
                site=site, public_key=public_key, seed_commitment=seed_commitment, software=software, enrolled_at=now
            )
    except IntegrityError as error:
        raise RefusedError(
            409,
            "device-known",
            "This device key is registered already.",
            "Make new keys with `steplabel-agent enrol`; a key serves one site once.",
        ) from error


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token_unknown() -> RefusedError:
    return RefusedError(
        403,
        "token-unknown",
        "The enrolment token is unknown, expired or was used already.",
        "Ask the portal's page `Sites and agents` for a new one.",
    )
