from django.urls import path

from portal.assurance.api import AssignmentsView
from portal.assurance.api_obliged import ObligatoryAuditsView

urlpatterns = [
    path("assignments/", AssignmentsView.as_view(), name="assignments"),
    path("obligatory-audits/", ObligatoryAuditsView.as_view(), name="obligatory-audits"),
]
