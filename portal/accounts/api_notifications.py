"""`GET /api/v1/notifications/` and `POST /api/v1/notifications/read/`: what the person of a key was
told, and that they know.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.phrases import Phrase
from portal.accounts.api_keys import Holder
from portal.accounts.scopes import Scope
from portal.api_views import ProblemSerializer, StrictInteger, StrictSerializer, StrictView
from portal.listing import MOST_ROWS, REFUSED, Filter, ListView, listed, number, row_of
from portal.notifications import telling
from portal.notifications.kinds import NoticeKind
from portal.notifications.models import Notice
from portal.notifications.selectors import every_notice

LARGEST = 2**53 - 1
"""A number that every reader of JSON keeps exact."""


class NotificationSerializer(serializers.Serializer[Any]):
    """One thing that the person was told. Names and days, never a sentence: a program has a
    language of its own.
    """

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(NoticeKind.values)
    told = serializers.DictField(help_text="Names, numbers and days that the kind speaks of.")
    url = serializers.CharField(
        allow_blank=True, help_text="The page that it is about, on this portal; asks who signs in."
    )
    at = serializers.DateTimeField()
    read = serializers.BooleanField()


class MarkReadSerializer(StrictSerializer):
    notifications = serializers.ListField(
        child=StrictInteger(min_value=1, max_value=LARGEST),
        min_length=1,
        max_length=MOST_ROWS,
        help_text="Their ids.",
    )


class MarkedReadSerializer(serializers.Serializer[Any]):
    marked = serializers.IntegerField(help_text="How many were unread before.")


@listed("notifications", NotificationSerializer)
class NotificationsView(ListView):
    """What the person was told, oldest first. Asks for a key of a person's own; nobody reads
    another's.
    """

    scope: ClassVar[str] = Scope.NOTIFICATIONS
    filters = (
        Filter("unread", "true", Phrase("Only what is unread.")),
        Filter(
            "kind",
            "|".join(kind.replace(".", r"\.") for kind in NoticeKind.values),
            Phrase("One kind."),
        ),
    )

    def get(self, request: Request) -> Response:
        views = every_notice(
            _reader(request),
            self.asked(request, "kind"),
            only_unread=bool(self.asked(request, "unread")),
        )
        return self.page(
            request,
            [row_of(view, NotificationSerializer) for view in views],
            lambda row: (number(row["id"]),),
        )


class NotificationsReadView(StrictView):
    throttle_scope: ClassVar[str] = "keys"
    scope: ClassVar[str] = Scope.NOTIFICATIONS
    scope_to_write: ClassVar[str] = Scope.WRITE_NOTIFICATIONS

    @extend_schema(
        operation_id="mark_notifications_read",
        request=MarkReadSerializer,
        responses={200: MarkedReadSerializer, 404: ProblemSerializer, **REFUSED},
    )
    def post(self, request: Request) -> Response:
        """Mark these as read, all or none: 404 where one is not the person's own. The same again
        changes nothing.
        """
        asked = MarkReadSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            marked = telling.mark_these_read(
                _reader(request), asked.validated_data["notifications"], timezone.now()
            )
        except Notice.DoesNotExist as error:
            raise Http404 from error
        return Response({"marked": marked})


def _reader(request: Request) -> int:
    """Whose key it is. No key of an organisation has the scopes that lead here."""
    holder: Holder = request.auth  # type: ignore[assignment] # the stubs know tokens of their own
    if holder.person is None:
        raise PermissionDenied
    return holder.person
