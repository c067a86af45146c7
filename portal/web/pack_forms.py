"""Forms about proposals of method packs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

MOST_PACK_BYTES = 512 << 10


def _text(label: Any, help_text: Any, required: Any, rows: int, most: int = 2000) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=most,
        required=bool(required),
        widget=forms.Textarea(attrs={"class": "govuk-textarea", "rows": str(rows)}),
        error_messages={"required": required},
    )


def _file(label: Any, help_text: Any, required: Any = "") -> forms.FileField:
    return forms.FileField(
        label=label,
        help_text=help_text,
        required=bool(required),
        widget=forms.FileInput(attrs={"class": "govuk-file-upload", "accept": ".toml"}),
        error_messages={"required": required, "empty": _("The file is empty.")},
    )


class ProposalForm(forms.Form):
    """A pack, and why it should become the rule."""

    file = _file(
        _("The pack, a .toml file"),
        _("The whole version, not only what changes. docs/packs.md shows every field."),
        _("Choose the pack’s file."),
    )
    factors = _file(
        _("Its own table of conversion factors, a .toml file (optional)"),
        _("Only where the pack names a version of the table that there is not yet."),
    )
    corrects = forms.CharField(
        label=_("Version that it corrects (optional)"),
        help_text=_("Only for an erratum: the version with the mistake. Leave it empty for a new version."),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"class": "govuk-input govuk-input--width-10", "spellcheck": "false", "autocomplete": "off"}),
    )
    reason = _text(_("Reason"), _("What changes and why, for everybody who reports by it."), _("Say what changes and why."), 4)
    sources = _text(
        _("Sources"), _("Documents with edition and clause, one a line."), _("Name the documents that the new numbers come from."), 3
    )

    def texts(self) -> tuple[str, str]:
        """Pack and factors as text; adds an error to the field whose file is none, or is too long."""
        return self._read("file"), self._read("factors")

    def _read(self, name: str) -> str:
        file: UploadedFile[bytes] | None = self.cleaned_data[name]
        if file is None:
            return ""
        if (file.size or 0) > MOST_PACK_BYTES:
            self.add_error(name, _("The file is larger than 512 kB. A pack is a text of some 50 kB."))
            return ""
        try:
            text: str = file.read().decode("utf-8")
        except UnicodeDecodeError:
            self.add_error(name, _("The file is no text in UTF-8. Save it so, and choose it again."))
            return ""
        return text


class ProposalCommentForm(forms.Form):
    """A technical comment, or the answer to one."""

    text = _text(
        _("Your comment"),
        _("Technical: which number, and what it should be. Everybody concerned reads it with your name; it is never changed."),
        _("Write what should be considered."),
        3,
    )


class SecondForm(forms.Form):
    """Approval of somebody else's proposal."""

    note = _text(_("Note on your decision (optional)"), _("Kept on record beside your name."), "", 2, 1000)


class EndForm(forms.Form):
    """Why a proposal is refused or withdrawn."""

    reason = _text(_("Reason"), _("Everybody concerned reads it."), _("Give a reason: a proposal is never ended without one."), 3, 1000)
