"""The form with which a person hands in sealed files of their own plants."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from benchmarks.wire import MAX_ENVELOPE_BYTES
from portal.intake.by_hand import MOST_FILES


class SealedFilesInput(forms.ClearableFileInput):
    """A file input that takes several; the browser says which were chosen."""

    allow_multiple_selected = True


class SealedFilesField(forms.FileField):
    """One file or more. What is wrong with one of them is told beside that one, and keeps no other
    from being taken.
    """

    default_error_messages = {  # noqa: RUF012 - as Django declares it
        "required": _("Choose the sealed file first."),
        "too-many": _(
            "These are more than %(most)s files: none was accepted. Choose at most %(most)s, and "
            "submit the others afterwards."
        ),
    }

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        """Raises ValidationError: `required`, `too-many`."""
        files: list[UploadedFile[bytes]] = [file for file in data or [] if file]
        if not files:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if len(files) > MOST_FILES:
            raise forms.ValidationError(
                self.error_messages["too-many"], code="too-many", params={"most": MOST_FILES}
            )
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
            "Written by “steplabel-agent submit --offline”; at most 256 KiB each, at most "
            "%(most)s at once. Each file gets its own answer."
        ) % {"most": MOST_FILES}

    @staticmethod
    def fault_of(file: UploadedFile[bytes]) -> str:
        """Why a file is not even read; empty where it is."""
        if not file.size:
            return gettext("The file is empty. Copy it again from the plant’s computer.")
        if file.size > MAX_ENVELOPE_BYTES:
            return gettext(
                "The file is larger than any sealed report. Choose the file that “submit "
                "--offline” wrote."
            )
        return ""
