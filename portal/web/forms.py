"""Forms, with errors that say what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
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
from portal.catalogue.obliged import MOST_BYTES
from portal.intake.by_hand import MOST_FILES
from portal.web.contact import with_contact
from portal.web.refusals import in_whole
from portal.web.words import COHORTS, zone_name


class SignInForm(AuthenticationForm):
    """Email and password; after too many failures neither is looked at for a while."""

    TOO_MANY = "too-many"
    error_messages = {  # noqa: RUF012 - as Django declares it
        TOO_MANY: with_contact(
            _("Too many sign-ins have failed. Wait 15 minutes, then try again."),
            _("If you are sure of the password, contact %(contact)s."),
        ),
        "invalid_login": _("Email and password do not fit together. Check both; the password is case-sensitive."),
        "inactive": with_contact(_("This account is closed."), _("If it should be open, contact %(contact)s.")),
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
        "too-many": _("These are more than %(most)s files: none was taken. Choose %(most)s at most, and come again with the others."),
    }

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        """Raises ValidationError: `required`, `too-many`."""
        files: list[UploadedFile[bytes]] = [one for one in data or [] if one]
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
            "Written by “steplabel-agent submit --offline”; at most 256 KiB each, at most %(most)s at once. Every file has its own answer."
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

    reason = forms.CharField(
        label=_("Reason, shown to everybody"),
        help_text=_("Say in a sentence what was wrong. Name no firm."),
        max_length=1000,
        widget=forms.Textarea(attrs={"class": "govuk-textarea", "rows": "4"}),
        error_messages={"required": _("Give a reason: a version is never withdrawn without one.")},
    )


class DiscardForm(forms.Form):
    """Why a draft is not wanted; only those who decide read it."""

    reason = forms.CharField(
        label=_("Why it is not wanted"),
        help_text=_("It stays with the draft, for those who decide. The public never sees it."),
        max_length=1000,
        widget=forms.Textarea(attrs={"class": "govuk-textarea", "rows": "4"}),
        error_messages={"required": _("Say in a sentence why the draft is not wanted.")},
    )


class LogEntryForm(forms.Form):
    """Which entry of the transparency log is looked for."""

    entry = forms.CharField(
        label=_("Number of the entry, or digest"),
        help_text=_("As a receipt or challenge names it; a digest has 64 hex digits."),
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

    text = forms.CharField(
        label=_("Your comment"),
        help_text=_("For the people who decide about this draft; the public never reads it, and it is never changed."),
        max_length=2000,
        widget=forms.Textarea(attrs={"class": "govuk-textarea", "rows": "3"}),
        error_messages={"required": _("Write what the others should know of this draft.")},
    )


class ApprovalForm(forms.Form):
    """The second person's decision: now, or at a time in the reader's zone. What cannot be undone is not done by one click."""

    read = forms.BooleanField(
        label=_("I have read the values, what the gate found and what changed. The public sees them, and they cannot be taken back."),
        widget=forms.CheckboxInput(attrs={"class": "govuk-checkboxes__input"}),
        error_messages={"required": _("Say that you have read the draft; what is published cannot be changed.")},
    )
    note = forms.CharField(
        label=_("Note on your decision (optional)"),
        help_text=_("Kept on record beside your name; the public does not read it."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"class": "govuk-textarea", "rows": "2"}),
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
            raise forms.ValidationError(_("This time is past. Set a time to come, or publish now."))
        return at


def _day(**attributes: str) -> forms.DateInput:
    return forms.DateInput(attrs={"class": "govuk-input govuk-input--width-10", "type": "date", **attributes}, format="%Y-%m-%d")


class DueForm(forms.Form):
    """The last day for reports of a period."""

    due = forms.DateField(
        label=_("Last day for reports"),
        help_text=_("For every site of the period. Sites that were given more time keep it."),
        widget=_day(),
        error_messages={"required": _("Choose a day."), "invalid": _("Write the day as 2027-03-31.")},
    )


class IncentiveForm(forms.Form):
    """An incentive that a site was given, with its evidence."""

    site = forms.ChoiceField(
        label=_("Site"),
        widget=forms.Select(attrs={"class": "govuk-select"}),
        error_messages={"required": _("Choose a site."), "invalid_choice": _("Choose a site.")},
    )
    scheme = forms.CharField(
        label=_("Scheme"),
        max_length=120,
        widget=forms.TextInput(attrs={"class": "govuk-input govuk-input--width-20"}),
        error_messages={"required": _("Name the scheme.")},
    )
    amount = forms.DecimalField(
        label=_("Amount, yuan"),
        min_value=Decimal("0.01"),
        max_digits=14,
        decimal_places=2,
        widget=forms.TextInput(attrs={"class": "govuk-input govuk-input--width-10", "inputmode": "decimal"}),
        error_messages={"required": _("Give the amount."), "invalid": _("Write the amount as 120000 or 120000.50.")},
    )
    evidence = forms.RegexField(
        label=_("Evidence, SHA-256"),
        help_text=_("The digest of the site’s sealed report, or of a document that you keep: 64 digits of 0–9 and a–f."),
        regex=r"^[0-9a-f]{64}\Z",
        widget=forms.TextInput(attrs={"class": "govuk-input", "spellcheck": "false"}),
        error_messages={"required": _("Give the digest of the evidence."), "invalid": _("This is no SHA-256: 64 digits of 0–9 and a–f.")},
    )

    def __init__(self, *args: Any, sites: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["site"]).choices = [("", _("Choose a site")), *sites]


class PeriodForm(forms.Form):
    """A period to be opened for a peer group."""

    name = forms.CharField(
        label=_("Period"),
        help_text=_("As 2027, 2027-Q1 or 2027-03."),
        max_length=32,
        widget=forms.TextInput(attrs={"class": "govuk-input govuk-input--width-10", "spellcheck": "false"}),
        error_messages={"required": _("Name the period.")},
    )
    due = forms.DateField(
        label=_("Last day for reports"),
        help_text=_("Left empty, 90 days after the end of the period. Whoever is obliged and has not reported by then is late."),
        required=False,
        widget=_day(),
        error_messages={"invalid": _("Write the day as 2027-03-31.")},
    )


class ObligedListForm(forms.Form):
    """The whole list of the obliged, as a file."""

    listed = forms.FileField(
        label=_("List of the obliged, CSV"),
        help_text=_(
            "A column “site” with the site’s id, perhaps a column “cohort” (hundred, thousand, ten-thousand). Nothing changes yet."
        ),
        widget=forms.ClearableFileInput(attrs={"class": "govuk-file-upload", "accept": ".csv,text/csv"}),
        error_messages={"required": _("Choose the file first."), "empty": _("The file is empty.")},
    )

    def clean_listed(self) -> UploadedFile[bytes]:
        listed: UploadedFile[bytes] = self.cleaned_data["listed"]
        if (listed.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 2 MB. Keep the columns “site” and “cohort” only."))
        return listed


class ObligedForm(forms.Form):
    """One site of the list, by hand."""

    site = forms.ChoiceField(
        label=_("Site"),
        widget=forms.Select(attrs={"class": "govuk-select"}),
        error_messages={"required": _("Choose a site."), "invalid_choice": _("Choose a site.")},
    )
    duty = forms.ChoiceField(
        label=_("Duty"),
        choices=[("obliged", _("Obliged")), ("voluntary", _("Voluntary"))],
        widget=forms.Select(attrs={"class": "govuk-select"}),
    )
    cohort = forms.ChoiceField(
        label=_("Cohort"),
        required=False,
        choices=[("", _("None of the cohorts")), *COHORTS.items()],
        widget=forms.Select(attrs={"class": "govuk-select"}),
    )

    def __init__(self, *args: Any, sites: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["site"]).choices = [("", _("Choose a site")), *((site, site) for site in sites)]


class ExtensionForm(forms.Form):
    """More time for one site, with its reason."""

    site = forms.ChoiceField(
        label=_("Site"),
        widget=forms.Select(attrs={"class": "govuk-select"}),
        error_messages={"required": _("Choose a site."), "invalid_choice": _("Choose a site.")},
    )
    until = forms.DateField(
        label=_("New last day"),
        widget=_day(),
        error_messages={"required": _("Choose a day."), "invalid": _("Write the day as 2027-03-31.")},
    )
    reason = forms.CharField(
        label=_("Reason of the extension"),
        help_text=_("Kept on record; other firms do not read it."),
        max_length=500,
        widget=forms.Textarea(attrs={"class": "govuk-textarea", "rows": "2"}),
        error_messages={"required": _("Say in a sentence why the site gets more time.")},
    )

    def __init__(self, *args: Any, sites: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["site"]).choices = [("", _("Choose a site")), *sites]


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
