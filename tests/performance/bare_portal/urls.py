"""The portal's addresses and three more."""

from __future__ import annotations

from django.urls import include, path

from tests.performance.bare_portal import views

urlpatterns = [
    path("bare/", views.InsertView.as_view()),
    path("bare-page/", views.page),
    path("peak/", views.peak),
    path("", include("portal.urls")),
]
