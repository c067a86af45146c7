"""What a firm shows of its own labels: certificates that anybody can verify, links for a named
buyer, and groups that it joins.
"""

from __future__ import annotations

from django.db import models

from portal.accounts.models import HEX_32, SITE_ID, Organisation, Site
from portal.auditlog.models import AppendOnly
from portal.intake.models import Submission
from portal.names import NameField


class Action(models.TextChoices):
    """What the record of acts holds, by words of `words.toml`."""

    CERTIFICATE_ISSUED = "certificate.issued"
    CERTIFICATE_REVOKED = "certificate.revoked"
    LABEL_SHARED = "label.shared"
    SHARE_OPENED = "label.share-opened"
    SHARE_REVOKED = "label.share-revoked"
    GROUP_MADE = "site-group.made"
    GROUP_ENDED = "site-group.ended"
    GROUP_INVITED = "site-group.invited"
    GROUP_JOINED = "site-group.joined"
    GROUP_DECLINED = "site-group.declined"
    GROUP_LEFT = "site-group.left"
    GROUP_REMOVED = "site-group.removed"
    GROUP_COUNTED = "site-group.counted"


class SharingScope(models.TextChoices):
    """What a key may be good for."""

    GROUPS = "read:groups"


class Certificate(models.Model):
    """The protected labels of one accepted report as they stood when it was issued. Falls with the
    report, or when the firm revokes it.
    """

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="certificates")
    code = models.CharField(max_length=24, unique=True)  # public; random, so that it tells nothing
    content = models.JSONField()  # `sharing.labels.Labels`, as it was then
    issued_by = models.CharField(max_length=254)
    issued_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("submission",),
                condition=models.Q(revoked_at=None),
                name="one_certificate_holds_a_report",
            ),
        )

    def __str__(self) -> str:
        return self.code


class Share(models.Model):
    """A link that shows chosen labels of one report to a named buyer. The secret is in the link
    alone; here lies its hash.
    """

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="shares")
    buyer = models.CharField(max_length=200)
    cells = models.JSONField()  # lists of step, product, variant, metric
    secret_sha256 = models.CharField(max_length=64, unique=True, validators=[HEX_32])
    made_by = models.CharField(max_length=254)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    openings = models.PositiveIntegerField(default=0)
    last_opened_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.submission_id} for {self.buyer}"


class GroupKind(models.TextChoices):
    """What holds the sites of a group together."""

    FACTORIES = "factories"  # green factories of a jurisdiction or programme
    PARK = "park"
    CHAIN = "chain"  # the suppliers of a buyer


class SiteGroup(models.Model):
    """Sites under one name, run by a regulator or a firm. It gives its runner nothing that a member
    did not agree to show.
    """

    kind = models.CharField(max_length=9, choices=GroupKind.choices)
    name = NameField(max_length=120)
    name_zh = models.CharField(max_length=120)
    run_by = models.ForeignKey(Organisation, models.PROTECT, related_name="site_groups")
    made_by = models.CharField(max_length=254)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class GroupMember(models.Model):
    """A site that was asked into a group, and what its firm agreed to. `slug` is as it was typed:
    that it stands here tells nobody whether there is such a site. `mark` is the firm's name in the
    counts of this group, random, so that it outlives the firm."""

    class State(models.TextChoices):
        INVITED = "invited"
        JOINED = "joined"
        DECLINED = "declined"
        LEFT = "left"
        REMOVED = "removed"  # by who runs the group

    group = models.ForeignKey(SiteGroup, models.CASCADE, related_name="members")
    slug = models.CharField(max_length=63, validators=[SITE_ID])
    site = models.ForeignKey(
        Site, models.CASCADE, related_name="group_members", null=True
    )  # once its firm has answered
    mark = models.CharField(max_length=32, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.INVITED)
    steps = models.JSONField(
        default=list
    )  # whose labels the runner is shown; none: the site is only counted
    invited_at = models.DateTimeField()
    decided_by = models.CharField(max_length=254, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("slug",)
        constraints = (
            models.UniqueConstraint(fields=("group", "slug"), name="a_site_once_a_group"),
            models.CheckConstraint(
                condition=~models.Q(state="joined") | models.Q(site__isnull=False),
                name="a_member_is_a_site",
            ),
        )

    def __str__(self) -> str:
        return f"{self.slug} in {self.group_id}: {self.state}"


class GroupCount(AppendOnly):
    """Counts of a group as they were shown, and what they were made of, by marks: the next ones are
    compared with all of these.
    """

    group = models.ForeignKey(SiteGroup, models.PROTECT, related_name="counts")
    at = models.DateTimeField()
    contributions = models.JSONField()  # mark -> sorted things; never shown
    told = (
        models.JSONField()
    )  # thing -> at least so many firms, by the rule of that day; shown rounded by today's

    class Meta(AppendOnly.Meta):
        abstract = False
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.group_id}, {self.at:%Y-%m-%d}"
