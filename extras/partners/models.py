"""What technology providers, energy suppliers and academics have here: what sites granted them,
what they declared, terms they accepted.
"""

from __future__ import annotations

from django.db import models

from portal.accounts.models import HEX_32, Organisation, Site
from portal.auditlog.models import AppendOnly


class Action(models.TextChoices):
    """What the record of acts holds, by words of `words.toml`."""

    ACCESS_GRANTED = "access.granted"
    ACCESS_TAKEN_BACK = "access.taken-back"
    CONFORMANCE_DECLARED = "conformance.declared"
    CONFORMANCE_CONFIRMED = "conformance.confirmed"
    DELIVERY_DECLARED = "delivery.declared"
    DELIVERY_TAKEN_BACK = "delivery.taken-back"
    TERMS_ACCEPTED = "terms.accepted"


class PartnersScope(models.TextChoices):
    """What a key may be good for."""

    GRANTED = "read:granted"
    DELIVERIES = "read:deliveries"
    WRITE_DELIVERIES = "write:deliveries"
    CONFORMANCE = "read:conformance"
    WRITE_CONFORMANCE = "write:conformance"


class Grant(models.Model):
    """A firm lets a partner see something of one site, until it takes that back.

    A provider sees the states of the site's submissions; receipts and protected values only where
    they are granted as well. A supplier sees that the site is there, and declares what it
    delivered.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="grants")
    partner = models.ForeignKey(Organisation, models.CASCADE, related_name="grants")
    receipts = models.BooleanField(default=False)
    values = models.BooleanField(default=False)
    granted_by = models.CharField(max_length=254)  # a person's address
    granted_at = models.DateTimeField()
    ended_by = models.CharField(max_length=254, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("site", "partner"),
                condition=models.Q(ended_at=None),
                name="one_grant_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.partner} at {self.site}"


class Conformance(models.Model):
    """The result of the conformance kit that a provider declares for one version of its source. A
    regulator may confirm it.
    """

    provider = models.ForeignKey(Organisation, models.CASCADE, related_name="conformance")
    product = models.CharField(max_length=120)
    version = models.CharField(max_length=60)
    source = models.CharField(max_length=200)  # as the kit was asked for it
    kit = models.CharField(max_length=100)
    ran_on = models.DateField()
    failed = models.CharField(
        max_length=200, blank=True
    )  # names of checks, parted by blanks; empty where all passed
    file_sha256 = models.CharField(max_length=64, validators=[HEX_32])
    declared_by = models.CharField(max_length=254)
    declared_at = models.DateTimeField()
    confirmed_by = models.CharField(max_length=254, blank=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("provider", "file_sha256", "product", "version"), name="a_result_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.product} {self.version} of {self.provider}"


class Delivery(models.Model):
    """Energy that a supplier says it delivered to a site in a period: evidence for whoever checks
    it, and for nobody else.
    """

    supplier = models.ForeignKey(Organisation, models.CASCADE, related_name="deliveries")
    site = models.ForeignKey(Site, models.CASCADE, related_name="deliveries")
    period = models.CharField(max_length=32)
    carrier = models.CharField(max_length=40)
    quantity = models.DecimalField(max_digits=18, decimal_places=3)
    unit = models.CharField(max_length=12)
    note = models.CharField(max_length=300, blank=True)
    declared_by = models.CharField(max_length=254)
    declared_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("supplier", "site", "period", "carrier"),
                condition=models.Q(taken_back_at=None),
                name="one_delivery_a_carrier",
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0), name="delivery_is_more_than_none"
            ),
        )

    def __str__(self) -> str:
        return f"{self.quantity} {self.unit} of {self.carrier} to {self.site}, {self.period}"


class AcceptedTerms(AppendOnly):
    """Somebody accepted the terms of the data downloads for an organisation. Of each version of the
    terms once.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="accepted_terms")
    terms = models.CharField(max_length=20)
    accepted_by = models.CharField(max_length=254)
    accepted_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        constraints = (
            models.UniqueConstraint(fields=("organisation", "terms"), name="terms_once"),
        )

    def __str__(self) -> str:
        return f"{self.organisation} accepted {self.terms}"
