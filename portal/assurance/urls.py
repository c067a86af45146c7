from django.urls import path

from portal.assurance.api import AssignmentsView

urlpatterns = [path("assignments/", AssignmentsView.as_view(), name="assignments")]
