"""Forms of an audit: interests, findings and answers, the opinion, the signed file, keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from benchmarks.wire.attestations import MOST_BYTES
from portal.assurance.schemes import schemes
from portal.assurance.summaries import MOST_SUMMARY_BYTES, Summary, read_summary
from portal.web.assurance_words import ASSURANCES, GRADES, OPINIONS
from portal.web.words import said

SELECT = {"class": "govuk-select"}
SHORT = {"class": "govuk-input govuk-input--width-10"}
LONG = {"class": "govuk-input", "spellcheck": "false"}
NO_DIGEST = _("This is no SHA-256: 64 digits of 0–9 and a–f.")


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"class": "govuk-textarea", "rows": str(rows)})


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"class": "govuk-input govuk-input--width-10", "type": "date"}, format="%Y-%m-%d")


class Checks(forms.CheckboxSelectMultiple):
    """Checkboxes whose error leads to the first of them."""

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return super().id_for_label(id_, index or "0")


class InterestForm(forms.Form):
    """Whether the person has an interest in the firm."""

    interest = forms.ChoiceField(
        label=_("Your interest in this firm, its suppliers or its competitors"),
        help_text=_("Money, family, a post held or offered, advice given within two years."),
        choices=[("", _("Choose one")), ("none", _("I have none")), ("some", _("I have one"))],
        widget=forms.Select(attrs=SELECT),
        error_messages={"required": _("Say whether you have an interest.")},
    )
    text = forms.CharField(
        label=_("What it is (where you have one)"),
        help_text=_("Your body and the regulator read it. It cannot be taken back: somebody else of your body goes on."),
        max_length=1000,
        required=False,
        widget=_area(3),
    )


class FindingForm(forms.Form):
    """What an auditor found."""

    grade = forms.ChoiceField(
        label=_("Grade"),
        help_text=_("A major one stops a positive opinion until it is closed."),
        choices=[("", _("Choose one")), *((grade, word) for grade, (word, _mood) in GRADES.items())],
        widget=forms.Select(attrs=SELECT),
        error_messages={"required": _("Choose a grade.")},
    )
    text = forms.CharField(
        label=_("What was found"),
        help_text=_("The plant reads it. No readings: name records by their number."),
        max_length=2000,
        widget=_area(4),
        error_messages={"required": _("Say what was found.")},
    )
    evidence = forms.CharField(
        label=_("Evidence: which document, and who keeps it (optional)"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"class": "govuk-input"}),
    )
    evidence_digest = forms.RegexField(
        label=_("Its SHA-256 (optional)"),
        regex=r"^[0-9a-f]{64}\Z",
        required=False,
        widget=forms.TextInput(attrs=LONG),
        error_messages={"invalid": NO_DIGEST},
    )
    due = forms.DateField(
        label=_("Answer wanted by"),
        widget=_day(),
        error_messages={"required": _("Choose a day."), "invalid": _("Write the day as 2027-03-31.")},
    )


class AnswerForm(forms.Form):
    """The plant's answer to a finding."""

    text = forms.CharField(
        label=_("Your answer, and what you corrected"),
        help_text=_("The certification body reads it. It is never changed."),
        max_length=2000,
        widget=_area(4),
        error_messages={"required": _("Say what was done.")},
    )
    evidence_digest = forms.RegexField(
        label=_("SHA-256 of a document that shows it (optional)"),
        help_text=_("The document stays with you."),
        regex=r"^[0-9a-f]{64}\Z",
        required=False,
        widget=forms.TextInput(attrs=LONG),
        error_messages={"invalid": NO_DIGEST},
    )


class SettleForm(forms.Form):
    """The auditor closes a finding or sends its answer back."""

    text = forms.CharField(
        label=_("Your reason"),
        help_text=_("The plant reads it. It is never changed."),
        max_length=2000,
        widget=_area(3),
        error_messages={"required": _("Say why.")},
    )


class OpinionForm(forms.Form):
    """The statement that the auditor is to sign."""

    opinion = forms.ChoiceField(
        label=_("Opinion"),
        choices=[("", _("Choose one")), *OPINIONS.items()],
        widget=forms.Select(attrs=SELECT),
        error_messages={"required": _("Choose an opinion.")},
    )
    assurance = forms.ChoiceField(
        label=_("Level of assurance"),
        choices=[("", _("Choose one")), *ASSURANCES.items()],
        widget=forms.Select(attrs=SELECT),
        error_messages={"required": _("Choose a level of assurance.")},
    )
    steps = forms.MultipleChoiceField(
        label=_("Steps that were audited"),
        widget=Checks(attrs={"class": "govuk-checkboxes__input"}),
        error_messages={"required": _("Choose at least one step.")},
    )
    boundary = forms.CharField(
        label=_("Boundary"),
        help_text=_("What belongs to it, from which meter to which."),
        max_length=2000,
        widget=_area(2),
        error_messages={"required": _("Say what the boundary is.")},
    )
    materiality = forms.DecimalField(
        label=_("Materiality, %"),
        help_text=_("An error of the stated value above this share would have changed the opinion."),
        min_value=Decimal("0.1"),
        max_value=Decimal(50),
        max_digits=4,
        decimal_places=2,
        widget=forms.TextInput(attrs={**SHORT, "inputmode": "decimal"}),
        error_messages={"required": _("Give the materiality."), "invalid": _("Write the share as 5 or 2.5.")},
    )
    checked = forms.CharField(
        label=_("What was checked"), max_length=2000, widget=_area(4), error_messages={"required": _("Say what was checked.")}
    )
    not_checked = forms.CharField(
        label=_("What was not checked"),
        help_text=_("Nobody can read an opinion without it. Where nothing was left out, say so."),
        max_length=2000,
        widget=_area(3),
        error_messages={"required": _("Say what was not checked.")},
    )
    valid_until = forms.DateField(
        label=_("Valid until"),
        help_text=_("Four years at most."),
        widget=_day(),
        error_messages={"required": _("Choose a day."), "invalid": _("Write the day as 2027-03-31.")},
    )
    surveillance_on = forms.DateField(
        label=_("Next surveillance visit (optional)"),
        required=False,
        widget=_day(),
        error_messages={"invalid": _("Write the day as 2027-03-31.")},
    )

    scheme = forms.ChoiceField(
        label=_("Performance level by a scheme (optional)"),
        help_text=_("The level follows from the improvement below; the statement holds both."),
        required=False,
        widget=forms.Select(attrs=SELECT),
    )
    improvement = forms.DecimalField(
        label=_("Improvement that you saw in the plant’s own records, %"),
        help_text=_("Exact, against the baseline; never worked out of protected values."),
        min_value=Decimal("0.01"),
        max_value=Decimal("99.99"),
        max_digits=4,
        decimal_places=2,
        required=False,
        widget=forms.TextInput(attrs={**SHORT, "inputmode": "decimal"}),
        error_messages={"invalid": _("Write the share as 5 or 2.5.")},
    )
    baseline = forms.RegexField(
        label=_("Baseline"),
        help_text=_("The year that the improvement is against, as 2022."),
        regex=r"^\d{4}\Z",
        required=False,
        widget=forms.TextInput(attrs={**SHORT, "inputmode": "numeric"}),
        error_messages={"invalid": _("Write the year as 2022.")},
    )

    def __init__(self, *args: Any, steps: Iterable[tuple[str, str]], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        offered = [(one.id, said(one.name)) for one in schemes().values()]
        cast(forms.ChoiceField, self.fields["scheme"]).choices = [("", _("None")), *offered]
        cast(forms.MultipleChoiceField, self.fields["steps"]).choices = list(steps)

    def clean_valid_until(self) -> date:
        day: date = self.cleaned_data["valid_until"]
        if day <= self.today:
            raise forms.ValidationError(_("Choose a day to come."))
        return day

    def clean(self) -> dict[str, Any]:
        told = self.cleaned_data
        until, visit = told.get("valid_until"), told.get("surveillance_on")
        if visit and (visit <= self.today or (until and visit > until)):
            self.add_error("surveillance_on", _("Choose a day to come, within the validity."))
        for needed in ("improvement", "baseline"):
            if told.get("scheme") and needed not in self.errors and not told.get(needed):
                self.add_error(needed, _("A level by a scheme needs improvement and baseline."))
        return told


class SignedFileForm(forms.Form):
    """The file that the agent's command wrote on the auditor's machine."""

    signed = forms.FileField(
        label=_("Signed file"),
        widget=forms.ClearableFileInput(attrs={"class": "govuk-file-upload"}),
        error_messages={
            "required": _("Choose the signed file first."),
            "empty": _("The file is empty. Sign the statement again."),
            "missing": _("Choose the signed file first."),
        },
    )

    def clean_signed(self) -> UploadedFile[bytes]:
        signed: UploadedFile[bytes] = self.cleaned_data["signed"]
        if (signed.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than any attestation. Choose the file that the signing command wrote."))
        return signed


class WithdrawalForm(forms.Form):
    """Why an attestation is withdrawn; the public reads it."""

    reason = forms.CharField(
        label=_("Reason, shown to everybody"),
        help_text=_("Say in a sentence why the attestation no longer holds."),
        max_length=1000,
        widget=_area(3),
        error_messages={"required": _("Give a reason: an attestation is never withdrawn without one.")},
    )


class KeyForm(forms.Form):
    """The public half of an auditor's key."""

    public_key = forms.RegexField(
        label=_("Your public key"),
        help_text=_("64 digits of 0–9 and a–f, as the command on your own machine shows it. The private half stays there."),
        regex=r"^[0-9a-f]{64}\Z",
        widget=forms.TextInput(attrs=LONG),
        error_messages={"required": _("Give the public key."), "invalid": _("This is no public key: 64 digits of 0–9 and a–f.")},
    )


class CodeForm(forms.Form):
    """A code from a certificate."""

    code = forms.CharField(
        label=_("Code on the certificate"),
        help_text=_("Such as A-3F7K-9QW2-M4TX-B8ZC; small letters and spaces do not matter."),
        max_length=60,
        widget=forms.TextInput(attrs={"class": "govuk-input govuk-input--width-20", "spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": _("Enter the code.")},
    )


class AuditPolicyForm(forms.Form):
    """What attestations and adverse opinions do to a peer group's publications."""

    attested = forms.ChoiceField(
        label=_("Who sets the industry’s values"),
        help_text=_("Reports that do not count keep their place in the standings; how many they are is told."),
        choices=[("no", _("Every accepted report")), ("yes", _("Only steps that are attested"))],
        widget=forms.Select(attrs=SELECT),
        error_messages={"required": _("Choose one.")},
    )
    adverse = forms.ChoiceField(
        label=_("A report with an adverse opinion"),
        help_text=_("It comes back with a corrected report, or when the opinion is withdrawn."),
        choices=[("no", _("Stays in the publications")), ("yes", _("Leaves the next version; the change is told"))],
        widget=forms.Select(attrs=SELECT),
        error_messages={"required": _("Choose one.")},
    )

    @classmethod
    def of(cls, attested_only: bool, adverse_leaves: bool) -> AuditPolicyForm:
        """As it is decided now."""
        return cls(initial={"attested": "yes" if attested_only else "no", "adverse": "yes" if adverse_leaves else "no"})


class SampleFileForm(SignedFileForm):
    """A promise or a draw, signed on the auditor's machine."""

    first = "signed"


class SummaryForm(forms.Form):
    """What came of an opening: the file that the agent's `verify` wrote."""

    first = "summary"

    summary = forms.FileField(
        label=_("Summary of verify, JSON"),
        help_text=_("Codes and counts only. A file that holds anything else is refused and not kept."),
        error_messages={"required": _("Choose the summary that verify wrote.")},
        widget=forms.ClearableFileInput(attrs={"class": "govuk-file-upload"}),
    )

    def summary_of(self) -> Summary:
        """Raises: RefusedError: `summary-not-counts`."""
        return read_summary(self.cleaned_data["summary"].read(MOST_SUMMARY_BYTES + 1))
