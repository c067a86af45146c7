"""Which certification body checks which site's reports, interests declared in the firm, and the
days of an audit people were told of.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from portal.accounts.models import ControllingFirm, Organisation, Site, User
from portal.auditlog.models import AppendOnly


class Assignment(models.Model):
    """A certification body may see one site's submissions for one period, until it is taken back;
    what it found and signed stays.
    """

    body = models.ForeignKey(Organisation, models.PROTECT, related_name="assignments")
    site = models.ForeignKey(Site, models.PROTECT, related_name="assignments")
    period = models.CharField(max_length=32)
    assigned_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField()
    due = models.DateField(null=True)  # the conclusion is wanted by the end of it
    sees_values = models.BooleanField(
        default=False
    )  # the protected values of the site's reports, and not their outside alone
    taken_back_at = models.DateTimeField(null=True)
    taken_back_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", null=True
    )  # none: its firm left or changed
    taken_back_reason = models.CharField(max_length=1000, blank=True)
    ended_with_firm = models.BooleanField(
        default=False
    )  # nobody is left to answer; also where it was taken back before

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("body", "site", "period"),
                condition=models.Q(taken_back_at__isnull=True),
                name="one_standing_assignment_a_period",
            ),
            models.CheckConstraint(
                condition=models.Q(taken_back_at__isnull=True) | ~models.Q(taken_back_reason=""),
                name="taken_back_for_a_reason",
            ),
        )

    def __str__(self) -> str:
        return f"{self.body} checks {self.site}, {self.period}"


def of_one_group(body: Organisation, site: Site) -> bool:
    """Whether the firm that controls the site's enterprise controls the body, too."""
    return (
        body.controlling_firm_id is not None
        and body.controlling_firm_id == site.organisation.controlling_firm_id
    )


def goes_on(of: str = "") -> Exists:
    """Of each row of a query, `of` its assignment: whether that stands, or the same body was given
    the site and period anew since.
    """
    same = {name: OuterRef(f"{of}{name}") for name in ("body", "site", "period")}
    return Exists(Assignment.objects.filter(**same, taken_back_at=None))


class InterestDeclaration(AppendOnly):
    """What a person of the body declared about the audited firm. An interest, once declared, stays
    that person's: in the group that controlled the site on that day, and in the enterprise that had
    it then, whichever group has that now."""

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="declarations")
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    # of that day; none: by the last release
    firm = models.ForeignKey(ControllingFirm, models.PROTECT, related_name="+", null=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", null=True)
    interested = models.BooleanField()
    text = models.CharField(max_length=1000, blank=True)
    declared_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(interested=False) | ~models.Q(text=""),
                name="an_interest_is_said_in_words",
            ),
        )

    def is_of(self, enterprise: Organisation) -> bool:
        """Whether it is about the enterprise, or about the group that controls it."""
        then = self.assignment.site.organisation
        group = self.firm_id or then.controlling_firm_id
        return enterprise.pk == (self.organisation_id or then.pk) or (
            group is not None and group == enterprise.controlling_firm_id
        )

    def __str__(self) -> str:
        return f"{self.person}, {self.assignment}: {'an interest' if self.interested else 'none'}"


OF_THE_FIRM_NOW = Q(firm=None) | Q(firm=F("assignment__site__organisation__controlling_firm"))
"""Of declarations: those about the firm that controls the site today. About its next one each
person declares anew.
"""


def interests_in(enterprises: Collection[Organisation]) -> QuerySet[InterestDeclaration]:
    """The interests in these enterprises, or in a group that controls one of them, in whichever
    engagement they were declared, also in one that has ended."""
    of_that_day = {
        "of_group": Coalesce("firm", "assignment__site__organisation__controlling_firm"),
        "of_enterprise": Coalesce("organisation", "assignment__site__organisation"),
    }
    ours = Q(of_group__in={enterprise.controlling_firm_id for enterprise in enterprises}) | Q(
        of_enterprise__in={enterprise.pk for enterprise in enterprises}
    )
    return InterestDeclaration.objects.alias(**of_that_day).filter(ours, interested=True)


def interests_by_enterprise(
    enterprises: Collection[Organisation],
) -> dict[int, tuple[InterestDeclaration, ...]]:
    """The same of each of these, by its number, earliest first."""
    rows = tuple(
        interests_in(enterprises)
        .select_related("person", "assignment__site__organisation")
        .order_by("pk")
    )
    return {
        enterprise.pk: tuple(row for row in rows if row.is_of(enterprise))
        for enterprise in enterprises
    }


class Reminded(AppendOnly):
    """A day that the people of a site and of a body were told of. Written with their notices: both
    stand, or neither.
    """

    need = models.CharField(max_length=20)  # portal.assurance.reminding.AuditNeed
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    subject = models.CharField(
        max_length=80
    )  # what the day is of: an attestation's digest, a finding of an assignment
    day = models.DateField()
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        constraints = (
            models.UniqueConstraint(fields=("need", "subject", "day"), name="a_day_is_told_once"),
        )

    def __str__(self) -> str:
        return f"{self.site}: {self.need} on {self.day}"
