"""Forms of firms and sites that come in, and of regulators who decide about them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from benchmarks import packs
from portal.accounts.models import ControllingFirm, Jurisdiction, Role, SizeClass
from portal.web.words import Names, in_language

INPUT = {"class": "govuk-input govuk-input--width-20"}
SELECT = {"class": "govuk-select"}
SIZES = {
    SizeClass.SMALL: _("small"),
    SizeClass.MEDIUM: _("medium"),
    SizeClass.LARGE: _("large"),
    SizeClass.VERY_LARGE: _("very large"),
}
UNCHOSEN = ("", _("Choose one"))
SITE_ID = RegexValidator(
    r"^[a-z0-9][a-z0-9-]{0,62}\Z", _("Use small letters, digits and hyphens, at most 63, and begin with a letter or a digit.")
)


def jurisdictions() -> list[tuple[str, str]]:
    return [(one.path, in_language(one.name, one.name_zh)) for one in Jurisdiction.objects.order_by("path")]


def sectors() -> list[tuple[str, str]]:
    return [(pack, Names.newest(pack).sector) for pack in sorted(packs.available())]


class _Placed(forms.Form):
    """With a jurisdiction to choose; it comes out as the row."""

    jurisdiction = forms.ChoiceField(
        label=_("Jurisdiction"),
        help_text=_("Where it lies; its regulator decides."),
        widget=forms.Select(attrs=SELECT),
        error_messages={"required": _("Choose where it lies.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["jurisdiction"].choices = [UNCHOSEN, *jurisdictions()]  # type: ignore[attr-defined] # of a ChoiceField

    def clean_jurisdiction(self) -> Jurisdiction:
        return Jurisdiction.objects.get(path=self.cleaned_data["jurisdiction"])


KINDS = {
    Role.ENTERPRISE: _("an enterprise with sites that report"),
    Role.PROVIDER: _("a technology provider: makes sources that plants read from"),
    Role.SUPPLIER: _("an energy supplier: declares what it delivered"),
    Role.ACADEMIC: _("an academic institution: works with what is published"),
}


class FirmForm(_Placed):
    """A firm, or another organisation, that wishes to take part."""

    kind = forms.ChoiceField(
        label=_("What you are"), choices=list(KINDS.items()), required=False, widget=forms.Select(attrs=SELECT)
    )  # an enterprise, where nothing is said
    name = forms.CharField(
        label=_("Name of the firm"),
        max_length=200,
        widget=forms.TextInput(attrs=INPUT),
        error_messages={"required": _("Enter the name of the firm.")},
    )
    name_zh = forms.CharField(label=_("Name in Chinese"), required=False, max_length=200, widget=forms.TextInput(attrs=INPUT))
    controlling_firm = forms.CharField(
        label=_("Controlling firm"),
        help_text=_(
            "Of an enterprise: who decides for it, its group or parent, or the firm itself. Disclosure rules count these, never plants."
        ),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=INPUT),
    )
    contact = forms.CharField(
        label=_("Your name"),
        max_length=150,
        widget=forms.TextInput(attrs={**INPUT, "autocomplete": "name"}),
        error_messages={"required": _("Enter your name.")},
    )
    email = forms.EmailField(
        label=_("Your email address at the firm"),
        help_text=_("A link is sent there, to show that it is yours. Who is approved manages the firm here."),
        widget=forms.EmailInput(attrs={**INPUT, "autocomplete": "email"}),
        error_messages={
            "required": _("Enter your email address."),
            "invalid": _("Enter a whole email address, such as name@firm.example."),
        },
    )
    field_order = ("kind", "name", "name_zh", "controlling_firm", "jurisdiction", "contact", "email")

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        given["kind"] = given.get("kind") or Role.ENTERPRISE
        if given["kind"] == Role.ENTERPRISE and "controlling_firm" not in self.errors and not given.get("controlling_firm"):
            self.add_error("controlling_firm", _("Enter who decides for the firm; if nobody else does, its own name."))
        return given


class NameForm(forms.Form):
    """What a site is called and how large it is."""

    name = forms.CharField(
        label=_("Name of the site"),
        max_length=200,
        widget=forms.TextInput(attrs=INPUT),
        error_messages={"required": _("Enter the name of the site.")},
    )
    name_zh = forms.CharField(label=_("Name in Chinese"), required=False, max_length=200, widget=forms.TextInput(attrs=INPUT))
    size_class = forms.ChoiceField(
        label=_("Size class"),
        help_text=_("By output, within the sector. It decides how much you weigh in the disclosure rules; the regulator approves it."),
        choices=[UNCHOSEN, *SIZES.items()],
        widget=forms.Select(attrs=SELECT),
        error_messages={"required": _("Choose the size class.")},
    )


class SiteForm(NameForm, _Placed):
    """A site, or one line of it, that wishes to report."""

    slug = forms.CharField(
        label=_("Id of the site"),
        help_text=_("As it stands in the plant’s site.toml, such as north-works-2; a line that reports by itself is a site of its own."),
        max_length=63,
        validators=[SITE_ID],
        widget=forms.TextInput(attrs={**INPUT, "spellcheck": "false"}),
        error_messages={"required": _("Enter an id for the site.")},
    )
    pack = forms.ChoiceField(label=_("Sector"), widget=forms.Select(attrs=SELECT), error_messages={"required": _("Choose the sector.")})
    field_order = ("slug", "name", "name_zh", "pack", "jurisdiction", "size_class")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pack"].choices = [UNCHOSEN, *sectors()]  # type: ignore[attr-defined] # of a ChoiceField


class RefusalForm(forms.Form):
    """Why it is refused; the applicant reads it."""

    reason = forms.CharField(
        label=_("Reason for a refusal, which the applicant reads"),
        help_text=_("Say what would have to change."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"class": "govuk-textarea", "rows": "3"}),
    )


class FirmDecisionForm(RefusalForm):
    """Which controlling firm it is."""

    NEW = "new"
    controlling = forms.ChoiceField(label=_("Controlling firm"), required=False, widget=forms.Select(attrs=SELECT))
    field_order = ("controlling", "reason")

    def __init__(self, spelt: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(str(one.pk), in_language(one.name, one.name_zh)) for one in ControllingFirm.objects.order_by("name")]
        self.fields["controlling"].choices = [(self.NEW, _("New: %(name)s") % {"name": spelt}), *known]  # type: ignore[attr-defined]
        alike = next((key for key, name in known if name.casefold() == spelt.casefold()), self.NEW)
        self.fields["controlling"].initial = alike


class SiteDecisionForm(RefusalForm):
    """Whether the site is obliged to report."""

    duty = forms.ChoiceField(
        label=_("Duty"),
        help_text=_("A site that is obliged cannot leave the scheme; one that takes part by its own will can."),
        choices=[UNCHOSEN, ("obliged", _("Obliged to report")), ("voluntary", _("Takes part by its own will"))],
        required=False,  # of whom is refused
        widget=forms.Select(attrs=SELECT),
    )
    field_order = ("duty", "reason")
