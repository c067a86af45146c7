"""`GET /api/v1/obligatory-audits/`: when each obliged site must have its next audit."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.phrases import Phrase
from portal.accounts.scopes import Scope
from portal.assurance.next_audit import Duty
from portal.assurance.obliged_sites import obliged_checked, obliged_own, obliged_regulated
from portal.days import scheme_day
from portal.listing import SITE_FILTER, Filter, ListView, listed

DUTY_FILTER = Filter("duty", "|".join(Duty), Phrase("How the duty stands today."))


class ObligatoryAuditSerializer(serializers.Serializer[Any]):
    site = serializers.CharField()
    duty = serializers.ChoiceField(
        choices=[duty.value for duty in Duty],
        help_text="`unknown`: no audit and no certificate on record.",
    )
    due = serializers.DateField(
        allow_null=True,
        help_text="The audit is to be had by the end of it; null where that is unknown.",
    )
    last_audit = serializers.DateField(
        allow_null=True, help_text="When the newest statement that stands was issued."
    )
    certified_until = serializers.DateField(
        allow_null=True, help_text="Last day of the certified system that runs today."
    )


@listed("obligatory_audits", ObligatoryAuditSerializer)
class ObligatoryAuditsView(ListView):
    """The obliged sites that are the organisation's own, that it regulates or that it checks, each
    with the day of its next audit.
    """

    scope: ClassVar[str] = Scope.AUDITS
    filters = (SITE_FILTER, DUTY_FILTER)

    def get(self, request: Request) -> Response:
        site, duty = self.asked(request, "site"), self.asked(request, "duty")
        who, today, named = self.who(request), scheme_day(), (site,) if site else ()
        obliged = {
            view.site: view
            for views in (obliged_regulated, obliged_own, obliged_checked)
            for view in views(who, today, *named)
        }
        rows = [
            {
                "site": view.site,
                "duty": view.due.duty.value,
                "due": view.due.day,
                "last_audit": view.last_audit,
                "certified_until": view.due.certified_until,
            }
            for view in obliged.values()
            if duty in ("", view.due.duty)
        ]
        return self.page(request, rows, lambda row: (row["site"],))
