"""When reports of a period are due, who has more time and why, who was reminded when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.catalogue.deadlines import last_day
from portal.intake.participation import ParticipationView, Taking
from portal.intake.reminders import PAUSE, ExtensionView, OwedView, ReminderView, owing
from portal.web.presenters.regulator import page_title
from portal.web.viewmodels.regulator import DeadlinesPage, ExtensionRow, ReminderRow
from portal.web.viewmodels.shared import Crumb
from portal.web.words import Names, enumerated, in_language, moment_in_words, period_name


def deadlines_page(
    view: ParticipationView, extensions: Sequence[ExtensionView], reminders: Sequence[ReminderView], now: datetime
) -> DeadlinesPage:
    title = page_title(Names.of(view.pack, view.pack_version), view.route, view.period)
    late, place = set(owing(view, now)), [view.peer_group, view.period]
    recent = {one.site for one in reminders if one.sent_at > now - PAUSE}
    return DeadlinesPage(
        title=title,
        scope=in_language(view.scope, view.scope_zh),
        due=last_day(view.due),
        open=view.closed_at is None,
        may_decide=view.may_decide,
        owing=tuple(in_language(one.site_name, one.site_name_zh) for one in view.participants if one.site in late),
        to_remind=len(late - recent),
        may_extend=bool(may_be_extended(view)),
        extensions=tuple(
            ExtensionRow(in_language(one.site_name, one.site_name_zh), last_day(one.due), one.reason, one.granted_by, one.granted_at)
            for one in extensions
        ),
        reminders=tuple(
            ReminderRow(
                in_language(one.site_name, one.site_name_zh),
                one.sent_at,
                one.sent_by,
                enumerated(one.reminded) or _("nobody acts for its enterprise: call them"),
            )
            for one in reminders
        ),
        due_url=reverse("web:set-due", args=place),
        extend_url=reverse("web:extend", args=place),
        remind_url=reverse("web:remind", args=place),
        crumbs=(Crumb(_("Publications"), reverse("web:publications")), Crumb(title, reverse("web:participation", args=place))),
    )


def may_be_extended(view: ParticipationView) -> list[tuple[str, str]]:
    """The sites that have not reported, for the form: id and name."""
    found = [one for one in view.participants if one.taking is not Taking.REPORTED]
    return [(one.site, f"{in_language(one.firm, one.firm_zh)}: {in_language(one.site_name, one.site_name_zh)}") for one in found]


def owed_sentences(views: Sequence[OwedView]) -> tuple[str, ...]:
    """What an enterprise was reminded of, a sentence a report."""
    return tuple(
        _("%(site)s, %(period)s: due by the end of %(day)s; reminded on %(moment)s.")
        % {
            "site": in_language(one.site_name, one.site_name_zh),
            "period": period_name(one.period),
            "day": date_format(last_day(one.due), _("j F Y")),
            "moment": moment_in_words(one.sent_at),
        }
        for one in views
    )
