"""People, organisations and memberships, jurisdictions, controlling firms, sites, devices,
enrolment tokens, API keys, saved filters.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models

from portal.names import NameField

SITE_ID = RegexValidator(
    r"^[a-z0-9][a-z0-9-]{0,62}\Z",
    "A site id has lower-case letters, digits and hyphens, at most 63.",
)
HEX_32 = RegexValidator(r"^[0-9a-f]{64}\Z", "64 hexadecimal digits, lower case.")


class Role(models.TextChoices):
    REGULATOR = "regulator", "Regulator"
    ENTERPRISE = "enterprise", "Enterprise"
    CERTIFICATION_BODY = "certification-body", "Certification body"
    PROVIDER = "technology-provider", "Technology provider"
    SUPPLIER = "energy-supplier", "Energy supplier"
    ACADEMIC = "academic", "Academic"


@dataclass(frozen=True, slots=True)
class Acting:
    """For which organisation alone, and as what, whoever asks with an API key asks."""

    organisation: int
    role: str


@dataclass(slots=True)
class PersonRoles:
    """What a person is, as it was read while one page is made."""

    roles: frozenset[str] | None = None
    jurisdictions: tuple[Jurisdiction, ...] | None = None


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person; signs in with an email address. What they may see comes from their memberships.

    Who asks with an API key is a person too, of no row and no membership: `acting_as` is all that
    they may see.
    """

    acting_as: ClassVar[Acting | None] = None
    roles_so_far: ClassVar[PersonRoles | None] = (
        None  # while a page is read, and never while something is decided
    )

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150, blank=True)
    zone = models.CharField(
        max_length=40, blank=True
    )  # IANA name of the zone they read times in; empty: that of the scheme
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name or self.email


class Jurisdiction(models.Model):
    """A nation, province or city. `path` spells the tree out (`cn/he/tangshan`), so that a subtree
    is a prefix.
    """

    class Level(models.TextChoices):
        NATION = "nation"
        PROVINCE = "province"
        CITY = "city"

    path = models.CharField(max_length=120, unique=True)
    name = NameField(max_length=120)
    name_zh = models.CharField(max_length=120, blank=True)
    level = models.CharField(max_length=10, choices=Level.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )

    def __str__(self) -> str:
        return self.name

    def covers(self, other: Jurisdiction) -> bool:
        """Whether `other` is this jurisdiction or lies in it."""
        return self.covers_path(other.path)

    def covers_path(self, path: str) -> bool:
        return path == self.path or path.startswith(self.path + "/")


class ControllingFirm(models.Model):
    """The firm that decides for one or more enterprises. Disclosure rules count these, never
    plants.
    """

    name = NameField(max_length=200, unique=True)
    name_zh = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.name


TELEPHONE = r"^(\+?[0-9(][0-9 ()/#.-]{4,38})?$"
"""How a number is written; empty for who has given none."""


class Organisation(models.Model):
    """A regulator, an enterprise, a certification body, or one of the further roles."""

    name = NameField(max_length=200, unique=True)
    name_zh = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=20, choices=Role.choices)
    controlling_firm = models.ForeignKey(
        ControllingFirm, models.PROTECT, null=True, blank=True, related_name="organisations"
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction, models.PROTECT, null=True, blank=True, related_name="organisations"
    )
    credit_code = models.CharField(
        max_length=18, blank=True, default=""
    )  # `accounts.credit_codes`; empty for who has none
    telephone = models.CharField(
        max_length=40, blank=True, default=""
    )  # whom its regulator calls where nobody acts for it here

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(kind=Role.ENTERPRISE)
                | models.Q(controlling_firm__isnull=False),
                name="enterprise_has_controlling_firm",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind=Role.REGULATOR) | models.Q(jurisdiction__isnull=False),
                name="regulator_has_jurisdiction",
            ),
            models.UniqueConstraint(
                fields=("credit_code",),
                condition=~models.Q(credit_code=""),
                name="one_organisation_a_credit_code",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person acts for an organisation in a role. Who may not manage only reads; a delegate is of
    another house and manages no people.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    may_manage = models.BooleanField(default=True)
    delegate = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("user", "organisation", "role"), name="one_membership_a_role"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} as {self.role} of {self.organisation}"


class SizeClass(models.TextChoices):
    """Declared size, the only size the portal knows; dominance is tested on its weights."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"
    VERY_LARGE = "very-large"


class Site(models.Model):
    """A plant. `slug` is `site.id` in the plant's site.toml."""

    slug = models.CharField(max_length=63, unique=True, validators=[SITE_ID])
    name = NameField(max_length=200)
    name_zh = models.CharField(max_length=200, blank=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="sites")
    jurisdiction = models.ForeignKey(Jurisdiction, models.PROTECT, related_name="sites")
    pack = models.CharField(max_length=40)
    size_class = models.CharField(
        max_length=12, choices=SizeClass.choices, default=SizeClass.MEDIUM
    )
    credit_code = models.CharField(
        max_length=18, blank=True, default=""
    )  # of a branch that has one of its own; else its organisation's counts
    since = models.PositiveSmallIntegerField(
        null=True
    )  # year in which the plant began to run, as its firm states it
    retired_at = models.DateTimeField(
        null=True
    )  # no agent signs for it any more; what it reported stands

    def __str__(self) -> str:
        return self.slug


class SavedFilter(models.Model):
    """A filter of a list that a person keeps under a name: theirs alone, gone with them. It is
    offered wherever that page has the list.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="saved_filters")
    page = models.CharField(max_length=60)  # name of the address, without what stands in it
    path = models.CharField(max_length=300)  # where it was saved
    query = models.CharField(max_length=1000)  # as an address writes it
    name = models.CharField(max_length=60)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("user", "page", "name"), name="one_saved_filter_a_name"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name}: {self.path}?{self.query}"


class EnrolmentToken(models.Model):
    """A one-time right to register a device for a site. The secret itself is shown once and never
    kept.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="enrolment_tokens")
    secret_sha256 = models.CharField(max_length=64, unique=True, validators=[HEX_32])
    issued_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"token for {self.site}, {'used' if self.used_at else 'unused'}"


class Device(models.Model):
    """An agent's signing key at a site, and its commitment to the seed that its noise is drawn
    from.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="devices")
    public_key = models.CharField(max_length=64, unique=True, validators=[HEX_32])
    seed_commitment = models.CharField(max_length=64, validators=[HEX_32])
    software = models.CharField(max_length=100, blank=True)
    enrolled_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="successor"
    )  # the key that vouched for this one

    def __str__(self) -> str:
        return f"device {self.id} of {self.site}"


class ApiKey(models.Model):
    """A key that a program asks with. The secret itself is shown once and never kept; `prefix`
    names the key wherever it is spoken of.

    With `person` it is that person's and ends with their membership; without, it is the
    organisation's and outlives who made it.
    """

    prefix = models.CharField(max_length=12, unique=True)
    secret_sha256 = models.CharField(max_length=64, validators=[HEX_32])
    name = models.CharField(max_length=120)
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="api_keys")
    role = models.CharField(max_length=20, choices=Role.choices)
    person = models.ForeignKey(User, models.CASCADE, null=True, related_name="api_keys")
    scopes = models.CharField(max_length=400)  # parted by blanks
    made_by = models.CharField(max_length=254)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)  # to the minute
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"key {self.prefix} of {self.organisation}"
