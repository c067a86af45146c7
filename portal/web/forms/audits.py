"""Forms of an audit: interests, findings, answers, appeals, the opinion, signed files, withdrawals,
keys, codes, policy, summaries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from benchmarks.wire.attestations import MOST_BYTES
from portal.assurance.schemes import schemes
from portal.assurance.summaries import MOST_SUMMARY_BYTES, Summary, read_summary
from portal.web.forms.fields import (
    DIGEST,
    area,
    choice,
    day,
    digest,
    line,
    number,
    offer_choices,
    pattern,
    upload,
)
from portal.web.words.audits import ASSURANCES, GRADES, OPINIONS
from portal.web.words.terms import in_page_language


class Checks(forms.CheckboxSelectMultiple):
    """Checkboxes whose error leads to the first of them."""

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return super().id_for_label(id_, index or "0")


class InterestForm(forms.Form):
    """Whether the person has an interest in the firm."""

    interest = choice(
        _("Your interest in this firm, its suppliers or its competitors"),
        _("Money, family, a post held or offered, advice given within two years."),
        _("Say whether you have an interest."),
        choices=[
            ("", _("Choose one")),
            ("none", _("I have no interest")),
            ("some", _("I have an interest")),
        ],
    )
    text = area(
        _("What the interest is (if you have one)"),
        _(
            "Your body and the regulator can read it. It cannot be withdrawn. Somebody else from "
            "your body then continues."
        ),
        most=1000,
        optional=True,
    )


class FindingForm(forms.Form):
    """What an auditor found."""

    grade = choice(
        _("Grade"),
        _("A major finding prevents a positive opinion until it is closed."),
        _("Choose a grade."),
        choices=[
            ("", _("Choose one")),
            *((grade, word) for grade, (word, _mood) in GRADES.items()),
        ],
    )
    text = area(
        _("What was found"),
        _("The plant can read it. Do not give readings: name records by their number."),
        _("Say what was found."),
        most=2000,
        rows=4,
    )
    evidence = line(
        _("Evidence: which document, and who keeps it (optional)"), most=500, optional=True
    )
    evidence_digest = digest(_("Its SHA-256 (optional)"), optional=True)
    due = day(_("Answer due by"), required=_("Choose a day."))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_due(self) -> date:
        day: date = self.cleaned_data["due"]
        if day < self.today:
            raise forms.ValidationError(_("Choose today or a day in the future."))
        return day


class AnswerForm(forms.Form):
    """The plant's answer to a finding."""

    text = area(
        _("Your answer, and what you corrected"),
        _("The certification body can read it. It cannot be changed later."),
        _("Say what was done."),
        most=2000,
        rows=4,
    )
    evidence_digest = digest(
        _("SHA-256 of a document that shows it (optional)"),
        _("The document stays with you."),
        optional=True,
    )


class SettleForm(forms.Form):
    """The auditor closes a finding or sends its answer back; the regulator decides about an
    appeal.
    """

    text = area(
        _("Your reason"),
        _("The plant can read it. It cannot be changed later."),
        _("Say why."),
        most=2000,
    )


class OpinionForm(forms.Form):
    """The statement that the auditor is to sign."""

    opinion = choice(
        _("Opinion"),
        required=_("Choose an opinion."),
        choices=[("", _("Choose one")), *OPINIONS.items()],
    )
    assurance = choice(
        _("Level of assurance"),
        required=_("Choose a level of assurance."),
        choices=[("", _("Choose one")), *ASSURANCES.items()],
    )
    steps = forms.MultipleChoiceField(
        label=_("Steps that were audited"),
        widget=Checks(attrs={"class": "govuk-checkboxes__input"}),
        error_messages={"required": _("Choose at least one step.")},
    )
    boundary = area(
        _("Boundary"),
        _("What it includes, and from which meter to which."),
        _("Say what the boundary is."),
        most=2000,
        rows=2,
    )
    materiality = number(
        _("Materiality, %"),
        _("An error of the stated value above this share would have changed the opinion."),
        _("Give the materiality."),
        invalid=_("Write the share as 5 or 2.5."),
        min_value=Decimal("0.1"),
        max_value=Decimal(50),
        max_digits=4,
        decimal_places=2,
    )
    checked = area(_("What was checked"), required=_("Say what was checked."), most=2000, rows=4)
    not_checked = area(
        _("What was not checked"),
        _("Nobody can understand the opinion without it. If nothing was left out, say so."),
        _("Say what was not checked."),
        most=2000,
    )
    reason = area(
        _("Why your opinion differs from the checks of the opening (if it does)"),
        _(
            "Needed if checks failed or could not be made and the opinion is positive, or if all "
            "passed and it is adverse; and with reasonable assurance if only the plant’s own rows "
            "give the energy. It is published with the statement."
        ),
        most=2000,
        optional=True,
    )
    valid_until = day(_("Valid until"), _("Four years at most."), _("Choose a day."))
    surveillance_on = day(_("Next surveillance visit (optional)"), optional=True)

    scheme = choice(
        _("Performance level by a scheme (optional)"),
        _("The level follows from the improvement below. The statement contains both."),
        optional=True,
    )
    improvement = number(
        _("Improvement that you saw in the plant’s own records, %"),
        _("The exact value against the baseline. Do not calculate it from protected values."),
        invalid=_("Write the share as 5 or 2.5."),
        min_value=Decimal("0.01"),
        max_value=Decimal("99.99"),
        max_digits=4,
        decimal_places=2,
        optional=True,
    )
    baseline = pattern(
        _("Baseline"),
        _("The year with which the improvement is compared, such as 2022."),
        regex=r"^\d{4}\Z",
        invalid=_("Write the year as 2022."),
        width=10,
        attrs={"inputmode": "numeric"},
        optional=True,
    )

    def __init__(
        self, *args: Any, steps: Iterable[tuple[str, str]], today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        offered = [(scheme.id, in_page_language(scheme.name)) for scheme in schemes().values()]
        offer_choices(self, "scheme", [("", _("None")), *offered])
        offer_choices(self, "steps", steps)

    def clean_valid_until(self) -> date:
        day: date = self.cleaned_data["valid_until"]
        if day <= self.today:
            raise forms.ValidationError(_("Choose a day in the future."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        until, visit = cleaned.get("valid_until"), cleaned.get("surveillance_on")
        if visit and (visit <= self.today or (until and visit > until)):
            self.add_error("surveillance_on", _("Choose a future day within the validity."))
        for needed in ("improvement", "baseline"):
            if cleaned.get("scheme") and needed not in self.errors and not cleaned.get(needed):
                self.add_error(
                    needed, _("A level under a scheme needs the improvement and the baseline.")
                )
        return cleaned


class SignedFileForm(forms.Form):
    """The file that the agent's command wrote on the auditor's machine."""

    first = "signed"

    signed = upload(
        _("Signed file"), empty=_("The file is empty. Sign the statement again."), optional=True
    )
    signature = forms.RegexField(r"^[0-9a-f]{128}\Z", required=False, widget=forms.HiddenInput)
    number = forms.RegexField(DIGEST, required=False, widget=forms.HiddenInput)

    def clean_signed(self) -> UploadedFile[bytes] | None:
        signed: UploadedFile[bytes] | None = self.cleaned_data["signed"]
        if signed is not None and (signed.size or 0) > MOST_BYTES:
            raise forms.ValidationError(
                _(
                    "The file is larger than any attestation. Choose the file that the signing "
                    "command wrote."
                )
            )
        return signed

    def clean(self) -> dict[str, Any]:
        if (
            not self.errors
            and not self.cleaned_data["signed"]
            and not self.cleaned_data["signature"]
        ):
            self.add_error("signed", _("Choose the signed file first."))
        return self.cleaned_data

    def raw(self, assemble: Callable[[bytes, bytes], bytes]) -> bytes:
        """The signed file: as handed in, or made of the signature (and the number) that the browser
        worked out.
        """
        cleaned = self.cleaned_data
        if cleaned["signed"]:
            return bytes(cleaned["signed"].read())
        return assemble(bytes.fromhex(cleaned["signature"]), bytes.fromhex(cleaned["number"]))


class GiveUpForm(forms.Form):
    """Why nobody draws with a promise any more."""

    reason = area(
        _("Reason"),
        _("Your body and the regulator can read it, and it stays on record."),
        _("Say in a sentence why: a promise is never given up without a reason."),
        most=1000,
    )


class WithdrawalForm(forms.Form):
    """Why an attestation is withdrawn; the public reads it."""

    reason = area(
        _("Reason, shown to everybody"),
        _("Say in a sentence why the attestation is no longer valid."),
        _("Give a reason: an attestation is never withdrawn without one."),
        most=1000,
    )


class AuditorKeyForm(forms.Form):
    """The public half of an auditor's key, and for which of their bodies it signs."""

    body = choice(_("Certification body"), required=_("Choose a certification body."))
    public_key = pattern(
        _("Your public key"),
        _(
            "64 digits of 0–9 and a–f, as shown by the command on your own machine. The private "
            "key stays there."
        ),
        _("Give the public key."),
        regex=DIGEST,
        invalid=_("This is not a public key: a public key has 64 digits of 0–9 and a–f."),
    )

    def __init__(self, *args: Any, bodies: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(bodies) > 1:
            offer_choices(self, "body", [("", _("Choose one")), *bodies])
        else:
            del self.fields["body"]


class AuditPolicyForm(forms.Form):
    """What attestations and adverse opinions do to a peer group's publications."""

    attested = choice(
        _("Which reports count in the industry’s values"),
        _("Reports that do not count keep their rank in the standings. Their number is published."),
        _("Choose one."),
        choices=[("no", _("Every accepted report")), ("yes", _("Only steps that are attested"))],
    )
    adverse = choice(
        _("A report with an adverse opinion"),
        _("It counts again after a corrected report, or when the opinion is withdrawn."),
        _("Choose one."),
        choices=[
            ("no", _("Stays in the publications")),
            ("yes", _("Is left out of the next version, and the change is stated")),
        ],
    )

    @classmethod
    def of(cls, attested_only: bool, adverse_leaves: bool) -> AuditPolicyForm:
        """As it is decided now."""
        return cls(
            initial={
                "attested": "yes" if attested_only else "no",
                "adverse": "yes" if adverse_leaves else "no",
            }
        )


class SummaryForm(forms.Form):
    """What came of an opening: the file that the agent's `verify` wrote."""

    first = "summary"

    summary = upload(
        _("Summary of verify, JSON"),
        _("Codes and counts only. A file that contains anything else is refused and not stored."),
        _("Choose the summary that verify wrote."),
    )

    def summary_of(self) -> Summary:
        """Raises: RefusedError: `summary-not-counts`."""
        return read_summary(self.cleaned_data["summary"].read(MOST_SUMMARY_BYTES + 1))
