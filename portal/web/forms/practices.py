"""Forms about practices: offering or editing one, importing a list, reporting an outcome,
confirming it, refusing or withdrawing.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from benchmarks import packs
from benchmarks.guidance.causes import WasteCause
from portal.practices.entry_texts import FIELDS
from portal.web.forms.fields import (
    Text,
    area,
    choice,
    day,
    line,
    number,
    offer_choices,
    tick,
    upload,
)
from portal.web.words.terms import headed, in_page_language

MOST_LIST_BYTES = 1 << 20
MOST_PRACTICES = 500
UNITS = (("kWh", _("kWh of electricity")), ("MJ", _("MJ of heat")))
NO_TITLE = _("Write the name of the practice in English or in Chinese.")
NOT_DONE = _("Write what is done, in English or in Chinese.")
_AMOUNT = {"invalid": _("Write a number, such as 2.5."), "max_digits": 12, "decimal_places": 4}


def step_choices() -> list[tuple[str, str]]:
    """Every step of every pack as `sector/step`."""
    newest = [packs.versions(pack)[0] for pack in packs.available()]
    return [
        (
            f"{pack.id}/{step.id}",
            headed((in_page_language(pack.words), in_page_language(step.words))),
        )
        for pack in newest
        for step in pack.steps
    ]


def cause_choices() -> list[tuple[str, str]]:
    """The causes that a local report names."""
    return [(str(cause), in_page_language(cause.words)) for cause in WasteCause if cause.named]


class PracticeForm(forms.Form):
    """What is done, where it helps, what it saved. Each text in at least one language; both before
    it is published.
    """

    needed: Mapping[str, Text] = MappingProxyType({"title": NO_TITLE, "done": NOT_DONE})

    step = choice(_("Step"), required=_("Choose the step at which it saves."))
    cause = choice(
        _("Cause of waste that it addresses"),
        _(
            "Use the name in local reports. Leave it open if the practice changes the plant: it "
            "is then named wherever the step has a gap."
        ),
        optional=True,
    )
    title_en = line(_("Name of the practice, in English"), most=120, optional=True)
    title_zh = line(_("Name of the practice, in Chinese"), most=120, optional=True)
    done_en = area(
        _("What is done, in English"),
        _("Who does what, and when; what has to be bought."),
        most=2000,
        rows=5,
        optional=True,
    )
    done_zh = area(_("What is done, in Chinese"), most=2000, rows=5, optional=True)
    conditions_en = area(
        _("When it fits and when not, in English"),
        _("Process, size, product, safety, permits."),
        most=1000,
        optional=True,
    )
    conditions_zh = area(_("When it fits and when not, in Chinese"), most=1000, optional=True)
    equipment_en = line(
        _("Equipment, in English"),
        _("Such as kiln, grate cooler, ball mill."),
        most=120,
        optional=True,
    )
    equipment_zh = line(_("Equipment, in Chinese"), most=120, optional=True)
    saving_unit = choice(
        _("Unit of the saving, per tonne of the step’s product"),
        _(
            "If the step’s output is counted in another unit, such as m² or weight cases: per one "
            "of that unit. The same of the investment."
        ),
        choices=UNITS,
    )
    saving_from = number(
        _("Saving, low end"),
        required=_("Give the low end of the saving."),
        min_value=Decimal("0.0001"),
        too_small=_("The low end of the saving must be above 0."),
        **_AMOUNT,
    )
    saving_to = number(
        _("Saving, high end"),
        _("The high end of a firm’s range is at least 1.2 times its low end."),
        optional=True,
        **_AMOUNT,
    )
    investment_usd_per_t = number(
        _("Investment, US dollars per tonne of yearly capacity (optional)"),
        optional=True,
        min_value=Decimal(0),
        too_small=_("The investment cannot be below 0."),
        **_AMOUNT,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "step", [("", _("Choose a step")), *step_choices()])
        offer_choices(self, "cause", [("", _("None: it changes the plant")), *cause_choices()])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, sentence in self.needed.items():
            if not cleaned.get(f"{name}_en") and not cleaned.get(f"{name}_zh"):
                self.add_error(f"{name}_en", sentence)
        low, high = cleaned.get("saving_from"), cleaned.get("saving_to")
        if low is not None and high is not None and high <= low:
            self.add_error("saving_to", _("The high end must be more than the low end."))
        return cleaned

    def content(self) -> dict[str, str]:
        """As an entry keeps it (`portal.practices.entry_texts`)."""
        cleaned = dict(self.cleaned_data)
        cleaned["sector"], _slash, cleaned["step"] = cleaned["step"].partition("/")
        return {name: _text(cleaned.get(name)) for name in FIELDS}


class OfferForm(PracticeForm):
    """A firm's own practice, with its consent."""

    organisation = choice(_("For which firm"))
    naming = choice(
        _("Should the library name the firm?"),
        choices=(
            ("not-named", _("No: “a firm that chose not to be named”")),
            ("named", _("Yes, by its name")),
        ),
    )
    consent = tick(
        _(
            "The firm consents: a reviewer of the regulator edits the text, a second one "
            "publishes it for everybody under the data "
            "licence, and agents of other plants name it. The firm may withdraw it at any time; "
            "copies already fetched are not called back."
        ),
        required=_("Without the firm’s consent nothing is offered."),
    )

    def __init__(
        self, *args: Any, firms: Iterable[tuple[str, str]], sectors: Container[str], **kwargs: Any
    ) -> None:
        """`sectors`: the packs of the firms' sites, at whose steps they can have seen a saving."""
        super().__init__(*args, **kwargs)
        offer_choices(self, "organisation", firms)
        own = [(step, words) for step, words in step_choices() if step.partition("/")[0] in sectors]
        offer_choices(self, "step", [("", _("Choose a step")), *own])


class ListedForm(PracticeForm):
    """A practice of a published list, with its source; many lists give no more than a name and
    figures.
    """

    needed = MappingProxyType({"title": NO_TITLE})

    source_en = line(
        _("Source, in English"),
        _("Publisher, title, edition, page."),
        _("Name the source in English."),
        most=300,
    )
    source_zh = line(_("Source, in Chinese"), required=_("Name the source in Chinese."), most=300)
    read_on = day(_("Date read"), required=_("Say when the source itself was read."))


class ImportForm(forms.Form):
    """A list as a file."""

    listed = upload(
        _("List of practices, CSV or XLSX"),
        _(
            "The columns of the template, one practice per line. This does not publish anything: "
            "a second person does that."
        ),
        _("Choose the file first."),
        accept=".csv,text/csv,.xlsx",
    )

    def clean_listed(self) -> UploadedFile[bytes]:
        listed: UploadedFile[bytes] = self.cleaned_data["listed"]
        if (listed.size or 0) > MOST_LIST_BYTES:
            raise forms.ValidationError(
                _("The file is larger than 1 MB. Split it into several files.")
            )
        return listed


class OutcomeForm(forms.Form):
    """What a practice did at a site: the agent's file, and the firm's consent."""

    outcome = upload(
        _("The file that the agent wrote"),
        required=_("Choose the file first."),
        accept=".json,application/json",
    )
    ask = tick(
        _(
            "Ask an auditor to confirm it first. Auditors assigned to the site may read the file; "
            "it is counted once one confirms it."
        ),
        optional=True,
    )
    consent = tick(
        _(
            "The firm consents: the class in this file is counted and shown to everybody as "
            "described above, for good."
        ),
        required=_("Without the firm’s consent nothing is submitted."),
    )


class ConfirmedForm(forms.Form):
    """The firm's file with the auditor's signature in it."""

    signed = upload(
        _("The file with your signature"),
        required=_("Choose the file first."),
        accept=".json,application/json",
    )


class UnconfirmForm(forms.Form):
    """Why an auditor does not confirm a saving, or no longer does."""

    reason = area(
        _("Reason"),
        _("The firm can read it."),
        _("Give a reason: nothing can be done without one."),
        most=1000,
    )


class EndPracticeForm(forms.Form):
    """Why a practice is refused or withdrawn."""

    reason = area(
        _("Reason"),
        _("If the practice was published, everybody can read the reason."),
        _("Give a reason: nothing can be done without one."),
        most=1000,
    )


def initial_of(content: Mapping[str, str]) -> dict[str, str]:
    """What the form shows of an entry."""
    return {**content, "step": f"{content['sector']}/{content['step']}"}


def _text(value: object) -> str:
    if value is None:
        return ""
    return (
        value.isoformat()
        if isinstance(value, date)
        else f"{value:f}"
        if isinstance(value, Decimal)
        else str(value).strip()
    )
