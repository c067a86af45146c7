"""Forms of firms and sites that come in, and of regulators who decide about them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from benchmarks import packs
from portal.accounts.credit_codes import WrongCodeError, credit_code, required_in
from portal.accounts.models import TELEPHONE, Jurisdiction, Role, SizeClass
from portal.accounts.selectors import controlling_firms, every_jurisdiction, jurisdiction_at
from portal.days import scheme_day
from portal.register.applying import OPEN_TO_ALL, spelt_alike
from portal.register.identifying import REQUIRED
from portal.sentences import in_words
from portal.web.forms.fields import NO_SPELLING, Text, area, choice, email, line
from portal.web.words.terms import Names, shown_name

SIZES = {
    SizeClass.SMALL: _("small"),
    SizeClass.MEDIUM: _("medium"),
    SizeClass.LARGE: _("large"),
    SizeClass.VERY_LARGE: _("very large"),
}
UNCHOSEN = ("", _("Choose one"))
SITE_ID = RegexValidator(
    r"^[a-z0-9][a-z0-9-]{0,62}\Z",
    _("Use small letters, digits and hyphens, at most 63, and begin with a letter or a digit."),
)


def jurisdictions() -> list[tuple[str, str]]:
    return [
        (jurisdiction.path, shown_name(jurisdiction.name)) for jurisdiction in every_jurisdiction()
    ]


def sectors() -> list[tuple[str, str]]:
    return [(pack, Names.newest(pack).sector) for pack in sorted(packs.available())]


class _Placed(forms.Form):
    """With a jurisdiction to choose; it comes out as the row."""

    jurisdiction = choice(
        _("Jurisdiction"), _("Where it is; its regulator decides."), _("Choose where it is.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["jurisdiction"].choices = [UNCHOSEN, *jurisdictions()]  # type: ignore[attr-defined] # of a ChoiceField

    def clean_jurisdiction(self) -> Jurisdiction:
        return jurisdiction_at(self.cleaned_data["jurisdiction"])


KINDS = {
    Role.ENTERPRISE: _("an enterprise with sites that report"),
    Role.PROVIDER: _("a technology provider: makes data sources that plants read"),
    Role.SUPPLIER: _("an energy supplier: declares what it delivered"),
    Role.ACADEMIC: _("an academic institution: uses what is published"),
}


def _kinds() -> list[tuple[Role, Text]]:
    return [(kind, words) for kind, words in KINDS.items() if kind in OPEN_TO_ALL]


class CreditCodeField(forms.CharField):
    """A unified social credit code; what comes out has its check digit right, or is empty."""

    def __init__(self, help_text: Text) -> None:
        attrs = {
            "class": "govuk-input govuk-input--width-20",
            "autocomplete": "off",
            "autocapitalize": "characters",
            **NO_SPELLING,
        }
        # typed in groups, with blanks or hyphens between
        super().__init__(
            label=_("Unified social credit code"),
            help_text=help_text,
            max_length=40,
            required=False,
            widget=forms.TextInput(attrs=attrs),
        )

    def clean(self, value: Any) -> str:
        try:
            return credit_code(super().clean(value))
        except WrongCodeError as error:
            raise forms.ValidationError(in_words(error.phrase)) from error


def telephone(hint: Text) -> forms.CharField:
    return line(
        _("Telephone of the firm"),
        hint,
        most=40,
        width=20,
        optional=True,
        attrs={"autocomplete": "tel", "inputmode": "tel"},
        validators=[RegexValidator(TELEPHONE, _("Write digits, such as +86 315 555 0100."))],
    )


class FirmForm(_Placed):
    """A firm, or another organisation, that wishes to take part."""

    kind = choice(
        _("Type of organisation"), choices=_kinds, optional=True
    )  # an enterprise, where nothing is said
    name = line(
        _("Name of the firm"), required=_("Enter the name of the firm."), most=200, width=20
    )
    name_zh = line(_("Name in Chinese"), most=200, width=20, optional=True)
    credit_code = CreditCodeField(
        _(
            "18 characters, as on the business licence. An enterprise in China needs it; others "
            "leave it empty."
        )
    )
    controlling_firm = line(
        _("Controlling firm"),
        _(
            "For an enterprise: the group or parent that decides for it, or the firm itself. "
            "Disclosure rules count these, never plants."
        ),
        most=200,
        width=20,
        optional=True,
    )
    contact = line(
        _("Your name"),
        required=_("Enter your name."),
        most=150,
        width=20,
        attrs={"autocomplete": "name"},
    )
    telephone = telephone(_("For the regulator, when no message reaches the firm."))
    email = email(
        _("Your email address at the firm"),
        _(
            "A link is sent to this address to confirm that it is yours. Once approved, you "
            "manage the firm here."
        ),
        _("Enter your email address."),
        attrs={"autocomplete": "email"},
    )
    field_order = (
        "kind",
        "name",
        "name_zh",
        "credit_code",
        "controlling_firm",
        "jurisdiction",
        "contact",
        "telephone",
        "email",
    )

    def clean(self) -> dict[str, Any]:
        answers = self.cleaned_data
        answers["kind"] = answers.get("kind") or Role.ENTERPRISE
        if (
            answers["kind"] == Role.ENTERPRISE
            and "controlling_firm" not in self.errors
            and not answers.get("controlling_firm")
        ):
            self.add_error(
                "controlling_firm",
                _(
                    "Enter the group or parent that decides for the firm. If there is none, enter "
                    "the firm’s own name."
                ),
            )
        jurisdiction = answers.get("jurisdiction")
        if (
            answers["kind"] == Role.ENTERPRISE
            and jurisdiction
            and required_in(jurisdiction.path)
            and not (answers.get("credit_code") or self.errors.get("credit_code"))
        ):
            self.add_error("credit_code", in_words(REQUIRED))
        return answers


class NameForm(forms.Form):
    """What a site is called and how large it is."""

    name = line(
        _("Name of the site"), required=_("Enter the name of the site."), most=200, width=20
    )
    name_zh = line(_("Name in Chinese"), most=200, width=20, optional=True)
    size_class = choice(
        _("Size class"),
        _(
            "By output, within the sector. It sets your weight in the disclosure rules. The "
            "regulator approves it."
        ),
        _("Choose the size class."),
        choices=[UNCHOSEN, *SIZES.items()],
    )

    credit_code = CreditCodeField(
        _("Only for a branch that has its own code. Otherwise the code of its firm counts.")
    )


class EditForm(NameForm):
    """The same of a site that is here, and since when it runs."""

    since = forms.IntegerField(
        label=_("Year in which the plant began to run (optional)"),
        help_text=_(
            "The portal uses it to tell how old the best plants are, only among enough firms."
        ),
        required=False,
        min_value=1850,
        error_messages={
            "invalid": _("Write a year, such as 2008."),
            "min_value": _("Write a year, such as 2008."),
        },
        widget=forms.TextInput(
            attrs={"class": "govuk-input govuk-input--width-4", "inputmode": "numeric"}
        ),
    )

    def clean_since(self) -> int | None:
        since: int | None = self.cleaned_data["since"]
        if since is not None and since > scheme_day().year:
            raise forms.ValidationError(
                _("This year is still to come. Write the year in which the plant began to run.")
            )
        return since


class FirmCodeForm(forms.Form):
    """Code and telephone number of a firm that is here already."""

    credit_code = CreditCodeField(_("18 characters, as on the business licence."))
    telephone = telephone(_("For the regulator, when no message reaches the firm."))


class SiteForm(NameForm, _Placed):
    """A site, or one line of it, that wishes to report."""

    slug = line(
        _("Id of the site"),
        _(
            "As written in the plant’s site.toml, such as north-works-2. A line that reports by "
            "itself counts as a separate site."
        ),
        _("Enter an id for the site."),
        most=63,
        width=20,
        attrs=NO_SPELLING,
        validators=[SITE_ID],
    )
    pack = choice(_("Sector"), required=_("Choose the sector."))
    field_order = ("slug", "name", "name_zh", "credit_code", "pack", "jurisdiction", "size_class")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pack"].choices = [UNCHOSEN, *sectors()]  # type: ignore[attr-defined] # of a ChoiceField


class RefusalForm(forms.Form):
    """Why it is refused; the applicant reads it."""

    reason = area(
        _("Reason for a refusal (the applicant can read it)"),
        _("State what must change."),
        most=1000,
        optional=True,
    )


class FirmDecisionForm(RefusalForm):
    """Which controlling firm it is."""

    NEW = "new"
    controlling = choice(_("Controlling firm"), optional=True)
    field_order = ("controlling", "reason")

    def __init__(self, spelt: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        firms = list(controlling_firms())
        firm_choices = [(str(firm.pk), shown_name(firm.name)) for firm in firms]
        self.fields["controlling"].choices = [  # type: ignore[attr-defined]
            (self.NEW, _("New: %(name)s") % {"name": spelt}),
            *firm_choices,
        ]
        alike = spelt_alike(firms, spelt)
        self.fields["controlling"].initial = self.NEW if alike is None else str(alike.pk)


class SiteDecisionForm(RefusalForm):
    """Whether the site is obliged to report."""

    duty = choice(
        _("Duty"),
        _("An obliged site cannot leave the programme; a site that takes part voluntarily can."),
        choices=[
            UNCHOSEN,
            ("obliged", _("Obliged to report")),
            ("voluntary", _("Takes part voluntarily")),
        ],
        optional=True,
    )
    field_order = ("duty", "reason")
