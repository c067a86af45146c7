"""Which firms' reports an erratum corrects or takes out, at fault or not, and what was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benchmarks.disclosure.corrected_values import Correction
from portal.publication.errata import CorrectableFirm
from portal.web.forms.fields import area, choice
from portal.web.words.terms import shown_name


class CorrectionForm(forms.Form):
    """As many firms as an erratum may still correct, the first of them needed; the public reads the
    reason.
    """

    def __init__(
        self, *args: Any, firms: Sequence[CorrectableFirm], slots: int, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.slots = range(1, slots + 1)
        states = {
            "same": "%(firm)s",
            "another": _("%(firm)s (has reported again since)"),
            "none": _("%(firm)s (no longer has a report that counts)"),
        }
        offered = [
            (firm.id, states[firm.reports] % {"firm": shown_name(firm.name)}) for firm in firms
        ]
        kinds = [
            (Correction.AT_FAULT, _("At fault: use its present report, or none if it has none")),
            (Correction.TAKEN_OUT, _("At fault: take its report out")),
            (Correction.NOT_AT_FAULT, _("Not at fault: protect its values")),
        ]
        for slot in self.slots:
            optional = slot > 1
            self.fields[f"firm_{slot}"] = choice(
                _("Another firm (optional)") if optional else _("Firm"),
                "" if optional else _("Firms whose report has changed come first."),
                _("Choose the firm whose report is wrong."),
                choices=[("", _("Choose one")), *offered],
                optional=optional,
            )
            self.fields[f"kind_{slot}"] = choice(
                _("What becomes of its report"),
                ""
                if optional
                else _(
                    "At fault: the difference between the versions shows what this firm reported, "
                    "and the firm has to accept that. Not at fault: its new report is not used; "
                    "its place is taken by what the other figures lead to expect."
                ),
                _("Say whether the firm is at fault."),
                choices=[("", _("Choose one")), *kinds],
                optional=optional,
            )
        self.fields["reason"] = area(
            _("What was wrong, shown to everybody"),
            _("Say in a sentence what was wrong and how it was found. Do not name a firm."),
            _("Say what was wrong: an erratum is never published without it."),
            most=1000,
            rows=4,
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for slot in self.slots:
            firm, kind = cleaned.get(f"firm_{slot}"), cleaned.get(f"kind_{slot}")
            if firm and kind == "":
                self.add_error(f"kind_{slot}", gettext_lazy("Say whether the firm is at fault."))
            if kind and firm == "":
                self.add_error(f"firm_{slot}", gettext_lazy("Choose the firm."))
        firms = [cleaned.get(f"firm_{slot}") for slot in self.slots]
        chosen = [firm for firm in firms if firm]
        if len(set(chosen)) < len(chosen):
            self.add_error(f"firm_{self.slots[-1]}", gettext_lazy("Choose another firm."))
        return cleaned

    @property
    def corrections(self) -> dict[str, Correction]:
        return {
            self.cleaned_data[f"firm_{slot}"]: Correction(self.cleaned_data[f"kind_{slot}"])
            for slot in self.slots
            if self.cleaned_data[f"firm_{slot}"]
        }
