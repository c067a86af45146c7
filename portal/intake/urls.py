from django.urls import path, re_path

from portal.intake.api import SubmissionsView, SubmissionView

urlpatterns = [
    path("submissions/", SubmissionsView.as_view(), name="submissions"),
    re_path(r"^submissions/(?P<digest>[0-9a-f]{64})/$", SubmissionView.as_view(), name="submission"),
]
