from django.urls import path, re_path

from portal.intake.api import (
    CommitmentsView,
    LostCommitmentsView,
    SubmissionStatusView,
    SubmissionsView,
)
from portal.intake.api_reports import ParticipationListView, PeriodsView

urlpatterns = [
    path("commitments/", CommitmentsView.as_view(), name="commitments"),
    path("commitments/lost/", LostCommitmentsView.as_view(), name="lost-commitments"),
    path("submissions/", SubmissionsView.as_view(), name="submissions"),
    re_path(
        r"^submissions/(?P<digest>[0-9a-f]{64})/$",
        SubmissionStatusView.as_view(),
        name="submission",
    ),
    path("periods/", PeriodsView.as_view(), name="periods"),
    path("participation/", ParticipationListView.as_view(), name="participation"),
]
