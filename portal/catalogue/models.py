"""Peer groups, their reporting periods, who is obliged to report and changes of it, extensions and
requests for them, reminders.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from django.db import models
from django.db.models import F, Q

from portal.accounts.models import Jurisdiction, Site, User
from portal.auditlog.models import AppendOnly


class PeerGroup(models.Model):
    """Sites compared by one pack, version and route, in one jurisdiction (a nation for a published
    benchmark).
    """

    pack = models.CharField(max_length=40)
    pack_version = models.CharField(max_length=20)
    route = models.CharField(max_length=40)
    scope = models.ForeignKey(Jurisdiction, models.PROTECT, related_name="peer_groups")
    sites = models.ManyToManyField(Site, through="PeerGroupMember", related_name="peer_groups")
    attested_only = models.BooleanField(
        default=False
    )  # only attested reports set the industry's values
    adverse_leaves = models.BooleanField(
        default=False
    )  # a report with an adverse opinion leaves the next version

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("pack", "pack_version", "route", "scope"), name="one_peer_group_a_scope"
            ),
        )

    def __str__(self) -> str:
        return f"{self.pack} {self.pack_version} {self.route}, {self.scope}"


class ObligedCohort(models.TextChoices):
    """The hundred, thousand and ten thousand largest users of energy, whom nation, province and
    city look after.
    """

    HUNDRED = "hundred"
    THOUSAND = "thousand"
    TEN_THOUSAND = "ten-thousand"


class PeerGroupMember(models.Model):
    """A site's place in a peer group; obliged by the regulator, or taking part by its own will."""

    peer_group = models.ForeignKey(PeerGroup, models.CASCADE, related_name="members")
    site = models.ForeignKey(Site, models.CASCADE, related_name="peer_group_members")
    obliged = models.BooleanField(default=True)
    cohort = models.CharField(max_length=12, choices=ObligedCohort.choices, blank=True)
    left_at = models.DateTimeField(
        null=True
    )  # when the register last moved the site to another place; what closed by then counts it

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("peer_group", "site"), name="one_membership_a_peer_group"
            ),
        )

    def __str__(self) -> str:
        return f"{self.site} in {self.peer_group}"


class ReportingPeriod(models.Model):
    """A period a peer group reports for, half-open [start, end). Reports are taken while it is
    open.
    """

    peer_group = models.ForeignKey(PeerGroup, models.PROTECT, related_name="periods")
    name = models.CharField(max_length=32)  # as `--period` spells it: 2016, 2016-Q1, 2016-05
    start = models.DateTimeField()
    end = models.DateTimeField()
    due = models.DateTimeField()
    due_moved_at = models.DateTimeField(
        null=True
    )  # when a regulator last chose it; the register file leaves it from then on
    closed_at = models.DateTimeField(null=True, blank=True)
    obliged_when_closed = models.JSONField(null=True)  # numbers of sites; null while it is open

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("peer_group", "name"), name="one_period_a_name"),
            models.CheckConstraint(
                condition=Q(start__lt=F("end")), name="period_starts_before_it_ends"
            ),
        )
        ordering = ("-start",)

    def __str__(self) -> str:
        return f"{self.peer_group}, {self.name}"

    def obliges(self, site: int, *, now: bool) -> bool:
        """Whether the site has to report of it: as the list stood when it closed; until then as it
        stands `now`.
        """
        return now if self._obliged_then is None else site in self._obliged_then

    @cached_property
    def _obliged_then(self) -> frozenset[int] | None:
        return None if self.obliged_when_closed is None else frozenset(self.obliged_when_closed)


class ObligedChange(models.Model):
    """A change of who is obliged in a peer group: proposed with its difference, applied, perhaps
    undone.

    `entries` are [site, obliged, cohort]; `before` what those sites were when it was applied, null
    for one that was no member.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed"
        APPLIED = "applied"
        UNDONE = "undone"

    peer_group = models.ForeignKey(PeerGroup, models.PROTECT, related_name="obliged_changes")
    entries = models.JSONField()
    before = models.JSONField(null=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    applied_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.peer_group}: {len(self.entries)} sites ({self.state})"


class Extension(AppendOnly):
    """A later due date for one site and period, with its reason. The newest of a site counts; none
    is ever changed.
    """

    period = models.ForeignKey(ReportingPeriod, models.PROTECT, related_name="extensions")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    due = models.DateTimeField()
    reason = models.CharField(max_length=500)
    granted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(condition=~Q(reason=""), name="an_extension_has_a_reason"),
        )

    def __str__(self) -> str:
        return f"{self.site}, {self.period}: until {self.due:%Y-%m-%d}"


class ExtensionRequest(models.Model):
    """More time that a firm asks for, for one site and period: it waits until a regulator gives
    time (that day or another) or refuses.
    """

    period = models.ForeignKey(ReportingPeriod, models.PROTECT, related_name="extension_requests")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    until = models.DateField()
    reason = models.CharField(max_length=500)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    granted = models.BooleanField(null=True)  # null: it waits
    # when the site's report is due now; of rows that were asked for with it
    # (`portal.intake.reminders.asked_for`)
    site_due: datetime
    answer = models.CharField(max_length=500, blank=True, default="")
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("period", "site"),
                condition=Q(granted=None),
                name="one_request_for_time_waits",
            ),
            models.CheckConstraint(
                condition=Q(granted=None) | Q(decided_at__isnull=False),
                name="a_request_is_decided_on_a_day",
            ),
        )

    def __str__(self) -> str:
        return f"{self.site}, {self.period}: asked until {self.until:%Y-%m-%d}"


class Reminder(AppendOnly):
    """That the people of a site were told that its report is late: when, by whom, and who they
    were.
    """

    period = models.ForeignKey(ReportingPeriod, models.PROTECT, related_name="reminders")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    sent_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()
    reminded = (
        models.JSONField()
    )  # name and `MailFrequency` of each person; empty where nobody acts for the site's enterprise

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.site}, {self.period}: {self.sent_at:%Y-%m-%d}"
