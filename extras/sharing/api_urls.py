"""`GET /api/v1/groups/` and one group: as the pages show it to who runs it, and to a firm what its
own sites agreed to.

Making, inviting, joining and leaving are decided by a person on the pages: no key decides anything.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from extras.sharing import groups
from extras.sharing.group_counts import GroupCounts, ShownMember, group_view
from extras.sharing.labels import LabelRow
from extras.sharing.models import GroupKind, GroupMember, SharingScope, SiteGroup
from portal.api_views import ProblemSerializer, StrictView
from portal.days import scheme_day
from portal.listing import REFUSED, ListView, listed, number

State = GroupMember.State
LABEL = (
    "step",
    "product",
    "variant",
    "metric",
    "boundary",
    "unit",
    "best",
    "low",
    "high",
    "typical",
    "years",
)


class MembershipSerializer(serializers.Serializer[Any]):
    """A site that was invited, and what its firm agreed to."""

    site = serializers.CharField(
        help_text="As it was typed: a site that there is not stands as invited."
    )
    state = serializers.CharField(help_text=", ".join(State))
    steps = serializers.ListField(
        child=serializers.CharField(),
        help_text="Whose labels the runner reads; none: the site is only counted.",
    )


class GroupRowSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField(help_text=", ".join(GroupKind))
    name = serializers.CharField()
    name_zh = serializers.CharField()
    run_by = serializers.CharField()
    runs = serializers.BooleanField(
        help_text="Whether the key's organisation runs it: only then `/groups/<id>/` is there."
    )
    made_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    own_sites = MembershipSerializer(
        many=True, help_text="The organisation's sites that are members or invited."
    )


class MemberLabelSerializer(serializers.Serializer[Any]):
    """One label after noise that a member shows. `low` and `high` bound the true best in 95 of 100
    cases.
    """

    site = serializers.CharField()
    firm = serializers.CharField()
    period = serializers.CharField()
    step = serializers.CharField()
    product = serializers.CharField()
    variant = serializers.CharField(allow_blank=True)
    metric = serializers.CharField()
    boundary = serializers.CharField()
    unit = serializers.CharField()
    best = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    typical = serializers.FloatField()
    years = serializers.IntegerField()
    attested_by = serializers.CharField(
        allow_null=True, help_text="The certification body; null where no statement stands today."
    )
    attested_until = serializers.DateField(allow_null=True)
    report_sha256 = serializers.CharField()


class GroupCountSerializer(serializers.Serializer[Any]):
    """Of firms that are only counted, as the gate lets it be told."""

    thing = serializers.CharField(
        help_text="`sector/step`: an attested label there; `grade`: confirmed by an officer."
    )
    at_least = serializers.IntegerField(help_text="So many firms, in steps of 3.")


class GroupSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField(help_text=", ".join(GroupKind))
    name = serializers.CharField()
    name_zh = serializers.CharField()
    run_by = serializers.CharField()
    made_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(
        allow_null=True, help_text="From then on nothing of its members is shown."
    )
    members = MembershipSerializer(many=True, help_text="All sites that were invited.")
    labels = MemberLabelSerializer(many=True, help_text="Of members that show them.")
    counts = GroupCountSerializer(many=True, help_text="None before enough firms are counted.")
    counted_at = serializers.DateTimeField(allow_null=True)


@listed("groups", GroupRowSerializer)
class GroupsView(ListView):
    """Groups of sites that the organisation runs, and those that its own sites are in or invited
    to.
    """

    scope: ClassVar[str] = SharingScope.GROUPS

    def get(self, request: Request) -> Response:
        who = self.who(request)
        run = {group.pk: group for group in groups.groups_run_by(who)}
        own: dict[int, list[GroupMember]] = {}
        for row in groups.memberships_of(who):
            own.setdefault(row.group_id, []).append(row)
        shown = run | {rows[0].group_id: rows[0].group for rows in own.values()}
        rows = [
            {
                **_about(group),
                "runs": pk in run,
                "own_sites": [_member(row) for row in own.get(pk, [])],
            }
            for pk, group in shown.items()
        ]
        return self.page(request, rows, lambda row: (number(row["id"]),))


class GroupView(StrictView):
    """One group, for who runs it."""

    scope: ClassVar[str] = SharingScope.GROUPS
    throttle_scope: ClassVar[str] = "keys"

    @extend_schema(
        operation_id="group",
        responses={200: GroupSerializer, 400: ProblemSerializer, **REFUSED, 404: ProblemSerializer},
    )
    def get(self, request: Request, group: int) -> Response:
        """Its members, the labels that these show, and the counts of the others."""
        who: Any = request.user
        row = groups.groups_run_by(who).filter(pk=group).first()
        if row is None:
            raise Http404
        view = group_view(row, scheme_day())
        content = {
            "members": [_member(member) for member in view.members],
            "labels": [],
            "counts": [],
            "counted_at": None,
        }
        return Response(
            {**_about(row), **content, **(_shown(view) if row.ended_at is None else {})}
        )


def _about(group: SiteGroup) -> dict[str, Any]:
    facts = {
        name: getattr(group, name) for name in ("kind", "name", "name_zh", "made_at", "ended_at")
    }
    return {"id": group.pk, **facts, "run_by": group.run_by.name}


def _member(row: GroupMember) -> dict[str, Any]:
    return {
        "site": row.slug,
        "state": row.state,
        "steps": row.steps if row.state == State.JOINED else [],
    }


def _shown(view: GroupCounts) -> dict[str, Any]:
    counts = [
        {"thing": thing, "at_least": firms} for thing, firms in sorted((view.counts or {}).items())
    ]
    return {
        "labels": [_label(member, row) for member in view.shown for row in member.labels.rows],
        "counts": counts,
        "counted_at": view.told_at,
    }


def _label(member: ShownMember, row: LabelRow) -> dict[str, Any]:
    body, until = member.attested.get(row.step, (None, None))
    return {
        "site": member.slug,
        "firm": member.labels.firm,
        "period": member.labels.period,
        "report_sha256": member.labels.digest,
        **{name: getattr(row, name) for name in LABEL},
        "attested_by": body,
        "attested_until": until,
    }


urlpatterns = [
    path("groups/", GroupsView.as_view(), name="groups"),
    path("groups/<int:group>/", GroupView.as_view(), name="group"),
]
