from django.urls import path

from portal.accounts.api import DirectoryView, EnrolmentView, RotationView
from portal.accounts.api_notifications import NotificationsReadView, NotificationsView
from portal.accounts.api_sites import SiteKeyView, SitesView

urlpatterns = [
    path("enrolments/", EnrolmentView.as_view(), name="enrolments"),
    path("rotations/", RotationView.as_view(), name="rotations"),
    path("directory/", DirectoryView.as_view(), name="directory"),
    path("key/", SiteKeyView.as_view(), name="key"),
    path("notifications/", NotificationsView.as_view(), name="notifications"),
    path("notifications/read/", NotificationsReadView.as_view(), name="notifications-read"),
    path("sites/", SitesView.as_view(), name="sites"),
]
