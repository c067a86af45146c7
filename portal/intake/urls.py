from django.urls import path, re_path

from portal.intake.api import CommitmentsView, LostCommitmentsView, SubmissionsView, SubmissionView
from portal.intake.api_reports import ParticipationView, PeriodsView

urlpatterns = [
    path("commitments/", CommitmentsView.as_view(), name="commitments"),
    path("commitments/lost/", LostCommitmentsView.as_view(), name="lost-commitments"),
    path("submissions/", SubmissionsView.as_view(), name="submissions"),
    re_path(r"^submissions/(?P<digest>[0-9a-f]{64})/$", SubmissionView.as_view(), name="submission"),
    path("periods/", PeriodsView.as_view(), name="periods"),
    path("participation/", ParticipationView.as_view(), name="participation"),
]
