"""Forms of sign-in, sealed files, drafts and withdrawals, deadlines, periods, the obliged and log entries; errors beside their fields."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.files.uploadedfile import UploadedFile
from django.forms.utils import ErrorList
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from benchmarks.errors import SteplabelError
from benchmarks.wire import MAX_ENVELOPE_BYTES
from portal.accounts.attempts import attempt_at
from portal.catalogue.obliged_list import MOST_BYTES
from portal.intake.by_hand import MOST_FILES
from portal.sentences import in_whole
from portal.web.contact import with_contact
from portal.web.fields import NO_SPELLING, area, choice, day, line, tick, upload
from portal.web.words import COHORTS, zone_name


class SignInForm(AuthenticationForm):
    """Email and password; after too many failures neither is looked at for a while."""

    TOO_MANY = "too-many"
    error_messages = {  # noqa: RUF012 - as Django declares it
        TOO_MANY: with_contact(
            _("Too many sign-ins have failed. Wait 15 minutes, then try again."),
            _("If you are sure of the password, contact %(contact)s."),
        ),
        "invalid_login": _("Email and password do not match. Check both; the password is case-sensitive."),
        "inactive": with_contact(_("This account is closed."), _("If it should not be closed, contact %(contact)s.")),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email, password = self.fields["username"], self.fields["password"]
        email.label, password.label = _("Email address"), _("Password")
        email.error_messages["required"] = _("Enter your email address.")
        password.error_messages["required"] = _("Enter your password.")
        email.widget = forms.EmailInput(
            attrs={"class": "govuk-input govuk-input--width-20", "autocomplete": "username", "spellcheck": "false"}
        )
        password.widget.attrs.update({"class": "govuk-input govuk-input--width-20", "autocomplete": "current-password"})

    def clean(self) -> dict[str, Any]:
        email, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not email or not password or self.request is None:  # the fields say so themselves; nothing was tried
            return self.cleaned_data
        attempt = attempt_at(self.request, email)
        if not attempt.begin():
            raise forms.ValidationError(self.error_messages[self.TOO_MANY], code=self.TOO_MANY)
        cleaned = super().clean()
        attempt.succeeded()
        return cleaned


class SealedFilesInput(forms.ClearableFileInput):
    """A file input that takes several; the browser says which were chosen."""

    allow_multiple_selected = True


class SealedFilesField(forms.FileField):
    """One file or more. What is wrong with one of them is told beside that one, and keeps no other from being taken."""

    default_error_messages = {  # noqa: RUF012 - as Django declares it
        "required": _("Choose the sealed file first."),
        "too-many": _("These are more than %(most)s files: none was accepted. Choose at most %(most)s, and submit the others afterwards."),
    }

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        """Raises ValidationError: `required`, `too-many`."""
        files: list[UploadedFile[bytes]] = [file for file in data or [] if file]
        if not files:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if len(files) > MOST_FILES:
            raise forms.ValidationError(self.error_messages["too-many"], code="too-many", params={"most": MOST_FILES})
        return files


class SealedFilesForm(forms.Form):
    """Files that `steplabel-agent submit --offline` wrote."""

    sealed = SealedFilesField(
        label=_("Sealed files or commitments"),
        widget=SealedFilesInput(attrs={"class": "govuk-file-upload"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sealed"].help_text = _(
            "Written by “steplabel-agent submit --offline”; at most 256 KiB each, at most %(most)s at once. Each file gets its own answer."
        ) % {"most": MOST_FILES}

    @staticmethod
    def fault_of(file: UploadedFile[bytes]) -> str:
        """Why a file is not even read; empty where it is."""
        if not file.size:
            return gettext("The file is empty. Copy it again from the plant’s computer.")
        if file.size > MAX_ENVELOPE_BYTES:
            return gettext("The file is larger than any sealed report. Choose the file that “submit --offline” wrote.")
        return ""


class ReasonForm(forms.Form):
    """Why a version is withdrawn; the public reads it."""

    reason = area(
        _("Reason, shown to everybody"),
        _("Say in a sentence what was wrong. Do not name a firm."),
        _("Give a reason: a version is never withdrawn without one."),
        most=1000,
        rows=4,
    )


class DiscardForm(forms.Form):
    """Why a draft is not wanted; only those who decide read it."""

    reason = area(
        _("Why it is not needed"),
        _("It stays with the draft, for those who decide. The public never sees it."),
        _("Say in a sentence why the draft is not needed."),
        most=1000,
        rows=4,
    )


class LogEntryForm(forms.Form):
    """Which entry of the transparency log is looked for."""

    entry = forms.CharField(
        label=_("Number of the entry, or digest"),
        help_text=_("As shown on a receipt or challenge; a digest has 64 hex digits."),
        max_length=64,
        widget=forms.TextInput(attrs={"class": "govuk-input", "spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": _("Enter a number or a digest."), "max_length": _("A digest has 64 hex digits.")},
    )

    def clean_entry(self) -> str:
        """Digits, or a digest in lower case."""
        typed = str(self.cleaned_data["entry"]).replace(",", "").lower()
        if not re.fullmatch(r"[0-9]{1,15}|[0-9a-f]{64}", typed, re.ASCII):
            raise forms.ValidationError(_("Enter a number, or the 64 hex digits of a digest."))
        return typed


class CommentForm(forms.Form):
    """Something to say about a draft, to those who decide about it."""

    text = area(
        _("Your comment"),
        _("For the people who decide about this draft. The public cannot read it, and it cannot be changed later."),
        _("Write what the others should know about this draft."),
        most=2000,
    )


class ApprovalForm(forms.Form):
    """The second person's decision: now, or at a time in the reader's zone. What cannot be undone is not done by one click."""

    read = tick(
        _(
            "I have read the values, what the disclosure gate found and what changed. The public can then see them. A published version "
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
        widget=forms.DateTimeInput(attrs={"class": "govuk-input govuk-input--width-20", "type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": _("Write day and time as 2027-03-31 09:00.")},
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.fields["at"].help_text = _("Only for “Publish at that time”. Times are in %(zone)s.") % {"zone": zone_name(now)}

    @property
    def later(self) -> bool:
        """Whether the second button was pressed."""
        return bool(self.data.get("when") == "later")

    def clean_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["at"]
        if self.later and at is None:
            raise forms.ValidationError(_("Set the day and time first."))
        if self.later and at is not None and at <= self.now:
            raise forms.ValidationError(_("This time is in the past. Set a future time, or publish now."))
        return at


class DueForm(forms.Form):
    """The last day for reports of a period."""

    due = day(_("Last day for reports"), _("For every site of the period. Sites with an extension keep it."), _("Choose a day."))


class PeriodForm(forms.Form):
    """A period to be opened for a peer group."""

    name = line(_("Period"), _("Such as 2027, 2027-Q1 or 2027-03."), _("Name the period."), most=32, width=10, attrs=NO_SPELLING)
    due = day(
        _("Last day for reports"),
        _(
            "If you leave this empty, it is 90 days after the end of the period. A site that must report and has not done so by then "
            "is late."
        ),
        optional=True,
    )


class ObligedListForm(forms.Form):
    """The whole list of the obliged, as a file."""

    listed = upload(
        _("List of the obliged, CSV or XLSX"),
        _(
            "The file needs a column “site” with the site’s id, or “credit_code” with its unified social credit code. It can also "
            "have “cohort” (hundred, thousand, ten-thousand). The headings of the template work too. Nothing changes yet."
        ),
        _("Choose the file first."),
        accept=".csv,text/csv,.xlsx",
    )

    def clean_listed(self) -> UploadedFile[bytes]:
        listed: UploadedFile[bytes] = self.cleaned_data["listed"]
        if (listed.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 2 MB. Keep the columns “site” and “cohort” only."))
        return listed


class ObligedForm(forms.Form):
    """One site of the list, by hand."""

    site = choice(_("Site"), required=_("Choose a site."))
    duty = choice(_("Duty"), choices=[("obliged", _("Obliged")), ("voluntary", _("Voluntary"))])
    cohort = choice(_("Cohort"), choices=[("", _("None of the cohorts")), *COHORTS.items()], optional=True)

    def __init__(self, *args: Any, sites: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["site"]).choices = [("", _("Choose a site")), *((site, site) for site in sites)]


class ExtensionForm(forms.Form):
    """More time for the chosen sites, with its reason."""

    site = forms.MultipleChoiceField(
        label=_("Sites"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose a site."), "invalid_choice": _("Choose a site.")},
    )
    until = day(_("New last day"), required=_("Choose a day."))
    reason = area(
        _("Reason for the extension"),
        _("Stored; other firms cannot read it."),
        _("Say in a sentence why the site gets more time."),
        most=500,
        rows=2,
    )

    def __init__(self, *args: Any, sites: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.MultipleChoiceField, self.fields["site"]).choices = list(sites)


class MoreTimeForm(forms.Form):
    """More time that a firm asks for, with its reason."""

    until = day(_("Time needed until"), required=_("Choose a day."))
    reason = area(
        _("Why the report cannot be sent in time"),
        _("Regulators of the site can read it; other firms cannot. Do not write any values of the plant."),
        _("Say in a sentence why you need more time."),
        most=500,
    )


def mark_errors(form: forms.Form) -> None:
    """Point each wrong field at its message, so that a screen reader says them together."""
    for name in form.errors:
        if name in form.fields:
            field = form[name]
            described = f"{field.id_for_label}_error"
            if field.help_text:
                described = f"{field.id_for_label}_helptext {described}"
            form.fields[name].widget.attrs.update({"aria-describedby": described, "aria-invalid": "true"})
            classes = form.fields[name].widget.attrs.get("class", "")
            for plain in ("govuk-input", "govuk-textarea", "govuk-file-upload"):
                if plain in classes.split():
                    form.fields[name].widget.attrs["class"] = f"{classes} {plain}--error"


def add_error(form: forms.Form, field: str, refusal: SteplabelError) -> None:
    """A refusal of a service, beside the field it concerns."""
    form.add_error(field, ErrorList([in_whole(refusal)]).as_data())
