"""Invitations, applications of firms and sites, firms that leave, and who opened a page of what is
a firm's alone.

What the register file declares needs none of this.
"""

from __future__ import annotations

from django.db import models

from portal.accounts.models import (
    HEX_32,
    SITE_ID,
    Jurisdiction,
    Organisation,
    Role,
    Site,
    SizeClass,
    User,
)
from portal.names import NameField


class Invitation(models.Model):
    """A one-time right to act for a firm, sent to an address by mail. The secret is in that mail
    and nowhere else.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="invitations")
    email = models.EmailField()
    may_manage = models.BooleanField()
    delegate = models.BooleanField()
    secret_sha256 = models.CharField(max_length=64, unique=True, validators=[HEX_32])
    invited_by = models.CharField(
        max_length=254
    )  # a person's address; the person may be gone when the invitation is still there
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.email} to act for {self.organisation}"


class Decided(models.Model):
    """A wish that a regulator of the jurisdiction grants or refuses, once."""

    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=254, blank=True)
    approved = models.BooleanField(null=True)
    reason = models.CharField(max_length=1000, blank=True)  # of a refusal

    class Meta:
        abstract = True


class FirmApplication(Decided):
    """A firm, or another organisation, that wishes to take part.

    Nobody sees it before its address has answered; nothing of it is in the register before
    approval.
    """

    kind = models.CharField(max_length=20, choices=Role.choices, default=Role.ENTERPRISE)
    name = NameField(max_length=200)
    name_zh = models.CharField(max_length=200, blank=True)
    credit_code = models.CharField(max_length=18, blank=True, default="")
    controlling_firm = models.CharField(
        max_length=200, blank=True
    )  # as an enterprise spells it; the regulator says which firm that is
    jurisdiction = models.ForeignKey(Jurisdiction, models.PROTECT, related_name="+")
    contact = models.CharField(max_length=150)
    telephone = models.CharField(max_length=40, blank=True, default="")
    email = models.EmailField()
    language = models.CharField(max_length=10)
    secret_sha256 = models.CharField(max_length=64, unique=True, validators=[HEX_32])
    applied_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Leaving(models.Model):
    """A firm leaves: asked for, undone within its time or carried out, and then what was deleted,
    for whoever has the link.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="leavings")
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    carried_out_at = models.DateTimeField(null=True)
    secret_sha256 = models.CharField(max_length=64, blank=True)  # of the link to the certificate
    certificate = models.JSONField(
        null=True
    )  # `register.leaving.DeletionRecord`: counts and digests, no person

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organisation",),
                condition=models.Q(undone_at=None, carried_out_at=None),
                name="one_leaving_waits_a_firm",
            ),
        )

    def __str__(self) -> str:
        return f"{self.organisation} leaves on {self.due_at:%Y-%m-%d}"


class Viewing(models.Model):
    """That somebody opened a page which shows what is a firm's alone; kept for
    `register.record.KEPT`.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    page = models.CharField(max_length=40)
    subject = models.CharField(max_length=254)
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = (models.Index(fields=("organisation", "-at"), name="viewings_of_a_firm"),)

    def __str__(self) -> str:
        return f"{self.user} opened {self.page}: {self.subject}"


class SiteApplication(Decided):
    """A site that a firm wishes to register; with `site`, another size class for one that it
    has.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="site_applications")
    site = models.ForeignKey(Site, models.CASCADE, null=True, related_name="applications")
    slug = models.CharField(max_length=63, validators=[SITE_ID])
    name = NameField(max_length=200)
    name_zh = models.CharField(max_length=200, blank=True)
    jurisdiction = models.ForeignKey(Jurisdiction, models.PROTECT, related_name="+")
    credit_code = models.CharField(max_length=18, blank=True, default="")
    pack = models.CharField(max_length=40)
    size_class = models.CharField(max_length=12, choices=SizeClass.choices)
    applied_by = models.CharField(max_length=254)
    applied_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.slug
