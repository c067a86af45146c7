"""For everybody: what the code of a label certificate says today."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.sharing.certificates import resolve
from portal.web.presenters.sharing import label_certificate


def page(request: HttpRequest, code: str) -> HttpResponse | None:
    view = resolve(code)
    return (
        render(request, "web/verify_label.html", {"page": label_certificate(view)})
        if view
        else None
    )


def nothing(*_asked: object) -> None:
    """A label certificate has no statement of its own, and its paper is its firm's to hand on."""
    return
