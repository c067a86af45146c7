"""What is compared with what: peer groups, their reporting periods, and who is obliged to report."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from portal.accounts.models import Jurisdiction, Site


class PeerGroup(models.Model):
    """Sites compared by one pack, version and route, in one jurisdiction (a nation for a published benchmark)."""

    pack = models.CharField(max_length=40)
    pack_version = models.CharField(max_length=20)
    route = models.CharField(max_length=40)
    scope = models.ForeignKey(Jurisdiction, models.PROTECT, related_name="peer_groups")
    sites = models.ManyToManyField(Site, through="PeerGroupMember", related_name="peer_groups")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("pack", "pack_version", "route", "scope"), name="one_peer_group_a_scope"),)

    def __str__(self) -> str:
        return f"{self.pack} {self.pack_version} {self.route}, {self.scope}"


class PeerGroupMember(models.Model):
    """A site's place in a peer group; obliged by the regulator, or taking part by its own will."""

    peer_group = models.ForeignKey(PeerGroup, models.CASCADE, related_name="members")
    site = models.ForeignKey(Site, models.CASCADE, related_name="peer_group_members")
    obliged = models.BooleanField(default=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("peer_group", "site"), name="one_membership_a_peer_group"),)

    def __str__(self) -> str:
        return f"{self.site} in {self.peer_group}"


class ReportingPeriod(models.Model):
    """A period a peer group reports for, half-open [start, end). Reports are taken while it is open."""

    peer_group = models.ForeignKey(PeerGroup, models.PROTECT, related_name="periods")
    name = models.CharField(max_length=32)  # as `--period` spells it: 2016, 2016-Q1, 2016-05
    start = models.DateTimeField()
    end = models.DateTimeField()
    due = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("peer_group", "name"), name="one_period_a_name"),
            models.CheckConstraint(condition=Q(start__lt=F("end")), name="period_starts_before_it_ends"),
        )
        ordering = ("-start",)

    def __str__(self) -> str:
        return f"{self.peer_group}, {self.name}"
