"""Forms of a draft: comments, and the approval with its time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.web.forms.fields import area, tick
from portal.web.words.terms import zone_name


class CommentForm(forms.Form):
    """Something to say about a draft, to those who decide about it."""

    text = area(
        _("Your comment"),
        _(
            "For the people who decide about this draft. The public cannot read it, and it cannot "
            "be changed later."
        ),
        _("Write what the others should know about this draft."),
        most=2000,
    )


class ApprovalForm(forms.Form):
    """The second person's decision: now, or at a time in the reader's zone. What cannot be undone
    is not done by one click.
    """

    read = tick(
        _(
            "I have read the values, what the disclosure gate found and what changed. The public "
            "can then see them. A published version "
            "can be withdrawn with a reason, but not changed."
        ),
        required=_("Confirm that you have read the draft. What is published cannot be changed."),
    )
    note = area(
        _("Note on your decision (optional)"),
        _("Stored with your name; the public cannot read it."),
        most=1000,
        rows=2,
        optional=True,
    )
    at = forms.DateTimeField(
        label=_("Time of publication"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(
            attrs={"class": "govuk-input govuk-input--width-20", "type": "datetime-local"},
            format="%Y-%m-%dT%H:%M",
        ),
        error_messages={"invalid": _("Write day and time as 2027-03-31 09:00.")},
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.fields["at"].help_text = _(
            "Only for “Publish at that time”. Times are in %(zone)s."
        ) % {"zone": zone_name(now)}

    @property
    def later(self) -> bool:
        """Whether the second button was pressed."""
        return bool(self.data.get("when") == "later")

    def clean_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["at"]
        if self.later and at is None:
            raise forms.ValidationError(_("Set the day and time first."))
        if self.later and at is not None and at <= self.now:
            raise forms.ValidationError(
                _("This time is in the past. Set a future time, or publish now.")
            )
        return at
