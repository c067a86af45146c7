"""Errors beside the fields that they concern: of a form, and of a service that refused."""

from __future__ import annotations

from django import forms
from django.forms.utils import ErrorList

from benchmarks.errors import SteplabelError
from portal.sentences import in_words


def mark_errors(form: forms.Form) -> None:
    """Point each wrong field at its message, so that a screen reader says them together."""
    for name in form.errors:
        if name in form.fields:
            field = form[name]
            described = f"{field.id_for_label}_error"
            if field.help_text:
                described = f"{field.id_for_label}_helptext {described}"
            form.fields[name].widget.attrs.update(
                {"aria-describedby": described, "aria-invalid": "true"}
            )
            classes = form.fields[name].widget.attrs.get("class", "")
            for plain in ("govuk-input", "govuk-textarea", "govuk-file-upload"):
                if plain in classes.split():
                    form.fields[name].widget.attrs["class"] = f"{classes} {plain}--error"


def add_error(form: forms.Form, field: str, refusal: SteplabelError) -> None:
    """A refusal of a service, beside the field it concerns."""
    form.add_error(field, ErrorList([in_words(refusal.whole)]).as_data())
