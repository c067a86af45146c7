"""Widgets that are drawn in Python read to the last sign as Django's templates for them would."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates, get_default_renderer
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from portal.web import drawn

NASTY = "<b>\"a\" & 'b'</b>\n{{ c }}"
ATTRS: tuple[dict[str, Any], ...] = (
    {},
    {"class": "govuk-input", "rows": "4", "maxlength": 1000, "data-x": 1234567.5},
    {"required": True, "disabled": False, "title": NASTY, NASTY: "x", "lang": gettext_lazy("Site"), "id": mark_safe("&amp;")},
)
VALUES: tuple[Any, ...] = (None, "", "0", 0, 1234567, NASTY, mark_safe("<i>"), datetime(2026, 5, 1, 9, 30, tzinfo=UTC))
CHOICES = [("", "None"), (1, "1"), ("2", NASTY), (NASTY, gettext_lazy("Site")), (3, mark_safe("<i>3</i>")), (1234567, 1234567)]
WIDGETS: dict[str, forms.Widget] = {
    "text": forms.TextInput(),
    "email": forms.EmailInput(),
    "number": forms.NumberInput(),
    "password": forms.PasswordInput(render_value=True),
    "hidden": forms.HiddenInput(),
    "day": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    "moment": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    "text area": forms.Textarea(attrs={"rows": "2"}),
    "select": forms.Select(choices=CHOICES),
    "select without choices": forms.Select(),
}


@pytest.mark.parametrize("name", WIDGETS)
@pytest.mark.parametrize("attrs", ATTRS, ids=["no attributes", "plain", "odd"])
def test_each_is_drawn_as_django_draws_it(name: str, attrs: dict[str, Any]) -> None:
    ours, django = drawn.Renderer(), DjangoTemplates()
    for value in VALUES:
        for field in ("x", NASTY):
            assert WIDGETS[name].render(field, value, attrs, ours) == WIDGETS[name].render(field, value, attrs, django)


def test_what_it_does_not_know_is_drawn_by_django() -> None:
    grouped = forms.Select(choices=[("one", [(1, "a"), (2, "b")]), (3, "c")])
    box, files = forms.CheckboxInput(), forms.ClearableFileInput()
    ours, django = drawn.Renderer(), DjangoTemplates()
    for widget in (grouped, box, files):
        assert widget.render("x", 1, {}, ours) == widget.render("x", 1, {}, django)


def test_the_portal_uses_it_and_templates_draw_none_of_these(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(get_default_renderer(), drawn.Renderer)

    def read(*_told: Any) -> Any:
        raise AssertionError("a template was asked for")

    monkeypatch.setattr(drawn.Renderer, "get_template", read)
    for widget in WIDGETS.values():
        assert widget.render("x", None)
