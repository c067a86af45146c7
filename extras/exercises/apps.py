"""The exercises as pages of a portal, where both are installed."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExercisesConfig(AppConfig):
    name = "extras.exercises"
    public_pages = (("exercises", _("Training exercises")),)
