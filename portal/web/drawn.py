"""Inputs, text areas and selects drawn in Python: the markup of Django's own templates for them, in a fifth of the time.

Django draws each widget with three templates, and each attribute with four of their tags. All other widgets are drawn as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.html import conditional_escape

Widget = Mapping[str, Any]


class Renderer(DjangoTemplates):
    """For `FORM_RENDERER`."""

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        draw = _DRAWN.get(template_name)
        drawn = None if draw is None else draw(context["widget"])
        return super().render(template_name, context, request) if drawn is None else drawn


def _input(widget: Widget) -> str:
    value = "" if widget["value"] is None else f' value="{_text(widget["value"])}"'
    return f'<input type="{_text(widget["type"])}" name="{_text(widget["name"])}"{value}{_attributes(widget)}>'


def _text_area(widget: Widget) -> str:
    return f'<textarea name="{_text(widget["name"])}"{_attributes(widget)}>\n{_text(widget["value"]) if widget["value"] else ""}</textarea>'


def _select(widget: Widget) -> str | None:
    """None for one with groups, of which the portal has none."""
    options = []
    for group, choices, _place in widget["optgroups"]:
        if group:
            return None
        options += [_option(one) for one in choices]
    return f'<select name="{_text(widget["name"])}"{_attributes(widget)}>{"".join(options)}\n</select>'


def _option(widget: Widget) -> str:
    return f'\n  <option value="{_text(widget["value"])}"{_attributes(widget)}>{_text(widget["label"])}</option>\n'


def _attributes(widget: Widget) -> str:
    told = ((_text(name), value) for name, value in widget["attrs"].items() if value is not False)
    return "".join(f" {name}" if value is True else f' {name}="{_text(value)}"' for name, value in told)


def _text(value: object) -> str:
    """Escaped, but for what says of itself that it is safe."""
    return conditional_escape(str(value))


_INPUTS = ("input", "text", "email", "password", "number", "date", "datetime", "time", "hidden", "search")
_DRAWN: Mapping[str, Callable[[Widget], str | None]] = {
    **{f"django/forms/widgets/{name}.html": _input for name in _INPUTS},
    "django/forms/widgets/textarea.html": _text_area,
    "django/forms/widgets/select.html": _select,
}
