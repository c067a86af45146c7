"""Who may open the exercises, and what they cost."""

from __future__ import annotations

from django.urls import reverse

from tests.integration.by_role import NO, Row, all_may
from tests.integration.of_extras import Pages, PageScene

FILE = {"exercise": "mill-year", "name": "batches.csv"}
TABLE: dict[str, Row] = {
    "web:exercises": ({}, all_may("ok"), NO),
    "web:exercise": ({"exercise": "mill-year"}, all_may("ok"), NO),
    "web:exercise-file": (FILE, all_may("ok"), NO),
}

LEFT = {
    **dict.fromkeys(
        ("web:exercises", "web:exercise"),
        "texts of exercises, of which a language has a file of its own",
    ),
    "web:exercise-file": "the columns of a plant's own files, which are the same in every language",
}


def pages(_scene: PageScene) -> Pages:
    return {
        "exercises": (None, reverse("web:exercises")),
        "an exercise": (None, reverse("web:exercise", args=["mill-year"])),
    }
