from django.urls import path

from portal.standings.api import PlacesView, StandingsView

urlpatterns = [
    path("standings/", StandingsView.as_view(), name="standings"),
    path("places/", PlacesView.as_view(), name="places"),
]
