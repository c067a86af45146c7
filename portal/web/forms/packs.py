"""Forms about proposals of method packs."""

from __future__ import annotations

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from portal.web.forms.fields import area, line, upload

MOST_PACK_BYTES = 512 << 10


class ProposalForm(forms.Form):
    """A pack, and why it should become the rule."""

    file = upload(
        _("The pack, a .toml file"),
        _("The whole version, not only what changes. docs/packs.md shows every field."),
        _("Choose the pack’s file."),
        accept=".toml",
    )
    factors = upload(
        _("Its own table of conversion factors, a .toml file (optional)"),
        _("Only if the pack names a version of the table that does not exist yet."),
        accept=".toml",
        optional=True,
    )
    corrects = line(
        _("Version that it corrects (optional)"),
        _("Only for an erratum: the version with the mistake. Leave it empty for a new version."),
        most=20,
        width=10,
        attrs={"spellcheck": "false", "autocomplete": "off"},
        optional=True,
    )
    reason = area(
        _("Reason"),
        _("What changes and why, for everybody who reports with it."),
        _("Say what changes and why."),
        most=2000,
        rows=4,
    )
    sources = area(
        _("Sources"),
        _("Documents with edition and clause, one per line."),
        _("Name the documents that the new numbers come from."),
        most=2000,
    )

    def texts(self) -> tuple[str, str]:
        """Pack and factors as text; adds an error to the field whose file is none, or is too
        long.
        """
        return self._read("file"), self._read("factors")

    def _read(self, name: str) -> str:
        file: UploadedFile[bytes] | None = self.cleaned_data[name]
        if file is None:
            return ""
        if (file.size or 0) > MOST_PACK_BYTES:
            self.add_error(
                name, _("The file is larger than 512 kB. A pack is a text of about 50 kB.")
            )
            return ""
        try:
            text: str = file.read().decode("utf-8")
        except UnicodeDecodeError:
            self.add_error(
                name, _("The file is not UTF-8 text. Save it as UTF-8, and choose it again.")
            )
            return ""
        return text


class ProposalCommentForm(forms.Form):
    """A technical comment, or the answer to one."""

    text = area(
        _("Your comment"),
        _(
            "Technical comments only: which number, and what it should be. Everybody concerned "
            "can read it with your name. It cannot "
            "be changed later."
        ),
        _("Write what should be considered."),
        most=2000,
    )


class SecondForm(forms.Form):
    """Approval of somebody else's proposal."""

    note = area(
        _("Note on your decision (optional)"),
        _("Stored with your name."),
        most=1000,
        rows=2,
        optional=True,
    )


class EndForm(forms.Form):
    """Why a proposal is refused or withdrawn."""

    reason = area(
        _("Reason"),
        _("Everybody concerned can read it."),
        _("Give a reason: a proposal is never ended without one."),
        most=1000,
    )
