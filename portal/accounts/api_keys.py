"""Keys that programs ask with: made by who manages an organisation, shown once, ended at once; and
who asks with a key.

    slk_<prefix>_<secret>       the prefix names the key and is no secret; of the secret only its
    SHA-256 is kept

The secret has 256 random bits, so that a plain digest of it is as good as a slow one. Unknown,
expired and revoked keys are refused in the same words.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from benchmarks.phrases import Name, Phrase, enumerated
from portal import wall
from portal.accounts import second_factor
from portal.accounts.models import Acting, ApiKey, Membership, Organisation, User
from portal.accounts.scopes import OF_A_PERSON, SCOPES_OF, allowed_to
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.days import scheme_day
from portal.problems import RefusedError

LONGEST = timedelta(days=366)
USE_NOTED_EVERY = timedelta(minutes=1)
_NOBODY = "0" * 64


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key as its maker sees it this once."""

    key: ApiKey
    text: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who asks with a key: what the API's views get as `request.auth`."""

    prefix: str
    name: str
    organisation: int
    organisation_name: str
    role: str
    scopes: frozenset[str]
    expires_at: datetime
    person: int | None  # whose it is; None for the organisation's own

    @property
    def user(self) -> User:
        """Somebody without a row, whom every selector lets see what the key's organisation sees,
        and nothing else.
        """
        holder = User(email=f"key {self.prefix}", name=self.name)
        holder.acting_as = Acting(self.organisation, self.role)  # type: ignore[misc] # of this holder alone
        return holder


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    id: int
    prefix: str
    name: str
    organisation: Name
    person: str  # whose it is; empty for the organisation's own
    scopes: tuple[str, ...]
    made_by: str
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def houses_of(user: User) -> QuerySet[Organisation]:
    """The organisations whose keys the person makes and revokes: those they manage, and not as a
    delegate.
    """
    memberships = Membership.objects.filter(user=user, may_manage=True, delegate=False)
    return (
        Organisation.objects.filter(memberships__in=memberships.filter(role__in=SCOPES_OF))
        .distinct()
        .order_by("name")
    )


def make(
    user: User,
    organisation: int,
    name: str,
    scopes: Collection[str],
    lifetime: timedelta,
    *,
    personal: bool,
    now: datetime,
) -> NewKey:
    """A key for an organisation that the person manages.

    Raises:
        Organisation.DoesNotExist: not one that the person manages.
        RefusedError: `second-factor-needed` (403), `scope-not-allowed` (400): the role does not
            have it, or none was asked for; `scope-of-a-person` (400): a key of the organisation;
            `lifetime-too-long` (400).
    """
    house = houses_of(user).get(pk=organisation)
    if not second_factor.has_one(user):
        raise RefusedError(
            403,
            "second-factor-needed",
            "You can create keys only with a second factor.",
            "Set up an authenticator app first.",
        )
    if not personal and not set(scopes).isdisjoint(OF_A_PERSON):
        raise RefusedError(
            400,
            "scope-of-a-person",
            "Notifications belong to a person; a key of the organisation cannot read them.",
            "Create a key of your own for these scopes, or leave them out.",
        )
    allowed = allowed_to(house.kind, " ".join(scopes), personal=personal)
    if not scopes or allowed != set(scopes):
        denied = sorted(set(scopes) - allowed)
        raise RefusedError(
            400,
            "scope-not-allowed",
            Phrase(
                "Your organisation's role does not give these scopes: %(scopes)s.",
                scopes=enumerated(denied) if denied else Phrase("none"),
            ),
            "Choose from the scopes that it has.",
        )
    if not timedelta() < lifetime <= LONGEST:
        raise RefusedError(
            400,
            "lifetime-too-long",
            Phrase("A key is valid for at most %(days)s days.", days=LONGEST.days),
            "Choose an earlier end date.",
        )
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    with transaction.atomic():
        managing = Membership.objects.select_for_update().filter(
            user=user, organisation=house, may_manage=True, delegate=False
        )
        if not list(managing):  # parted with a moment ago
            raise Organisation.DoesNotExist
        key = ApiKey.objects.create(
            prefix=prefix,
            secret_sha256=_digest(secret),
            name=name,
            organisation=house,
            role=house.kind,
            person=user if personal else None,
            scopes=" ".join(sorted(scopes)),
            made_by=user.email,
            made_at=now,
            expires_at=now + lifetime,
        )
        record(
            now,
            user.email,
            Action.KEY_MADE,
            f"key {prefix}",
            f"{house}, {key.scopes}, until {scheme_day(key.expires_at)}",
        )
    return NewKey(key, f"slk_{prefix}_{secret}")


def revoke(user: User, key: int, now: datetime) -> ApiKey:
    """From now on nobody gets in with it; `ApiKey.DoesNotExist` for one of an organisation that the
    person does not manage.
    """
    with transaction.atomic():
        row = (
            ApiKey.objects.select_for_update(of=("self",))
            .select_related("organisation")
            .get(pk=key, organisation__in=houses_of(user))
        )
        if row.revoked_at is None:
            _revoke(row, row.organisation, user.email, now)
    return row


# the reader may be the person, whose membership is gone already, and with it their sight of the
# keys
@wall.opened()
def end_personal(membership: Membership, by: str, now: datetime) -> None:
    """The person manages the organisation no longer: their own keys of it are revoked, and stay so
    whatever they become there again.

    In the transaction of the cause.
    """
    house = membership.organisation
    for row in (
        ApiKey.objects.select_for_update()
        .filter(person=membership.user, organisation=house, revoked_at=None)
        .order_by("pk")
    ):
        _revoke(row, house, by, now)


def _revoke(row: ApiKey, house: Organisation, by: str, now: datetime) -> None:
    row.revoked_at = now
    row.save(update_fields=["revoked_at"])
    record(now, by, Action.KEY_REVOKED, f"key {row.prefix}", str(house))


def keys_of(user: User) -> tuple[ApiKeyView, ...]:
    """Every key of the organisations that the person manages, newest first."""
    rows = (
        ApiKey.objects.filter(organisation__in=houses_of(user))
        .select_related("organisation", "person")
        .order_by("-made_at", "-pk")
    )
    return tuple(
        ApiKeyView(
            row.pk,
            row.prefix,
            row.name,
            row.organisation.name,
            row.person.email if row.person else "",
            tuple(row.scopes.split()),
            row.made_by,
            row.made_at,
            row.expires_at,
            row.last_used_at,
            row.revoked_at,
        )
        for row in rows
    )


def key_of(user: User, key: int) -> ApiKey | None:
    """One of these keys; None for one of an organisation that the person does not manage."""
    return ApiKey.objects.filter(pk=key, organisation__in=houses_of(user)).first()


@wall.opened()  # who asks is known by the key's secret
def holder_of(text: str, now: datetime) -> Holder:
    """Who asks with this key; its use is noted to the minute.

    Raises:
        RefusedError: `key-unknown` (401).
    """
    mark, _, rest = text.partition("_")
    prefix, _, secret = rest.partition("_")
    row = (
        ApiKey.objects.select_related("organisation").filter(prefix=prefix).first()
        if mark == "slk" and prefix.isascii()
        else None
    )
    same = hmac.compare_digest(_digest(secret), row.secret_sha256 if row else _NOBODY)
    if (
        row is None
        or not same
        or row.revoked_at is not None
        or row.expires_at <= now
        or not _still_theirs(row)
    ):
        raise RefusedError(
            401,
            "key-unknown",
            "The API key is unknown, expired or revoked.",
            "Ask the manager of your organisation for a new one.",
        )
    unnoted = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
    if row.last_used_at is None or row.last_used_at <= now - USE_NOTED_EVERY:
        ApiKey.objects.filter(unnoted, pk=row.pk).update(last_used_at=now)
    scopes = allowed_to(row.role, row.scopes, personal=row.person_id is not None)
    return Holder(
        row.prefix,
        row.name,
        row.organisation_id,
        row.organisation.name,
        row.role,
        scopes,
        row.expires_at,
        row.person_id,
    )


def _still_theirs(row: ApiKey) -> bool:
    """Whether the organisation is what it was, and a personal key's person still acts for it."""
    if row.organisation.kind != row.role:
        return False
    if row.person_id is None:
        return True
    return Membership.objects.filter(
        user=row.person_id,
        user__is_active=True,
        organisation=row.organisation_id,
        role=row.role,
        may_manage=True,
        delegate=False,
    ).exists()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
