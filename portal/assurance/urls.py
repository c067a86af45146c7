from django.urls import path

from portal.assurance.api import AssignmentsView
from portal.assurance.api_obliged import ObligatoryAuditsView
from portal.assurance.api_samples import EvidenceView, SamplesView

urlpatterns = [
    path("assignments/", AssignmentsView.as_view(), name="assignments"),
    path("obligatory-audits/", ObligatoryAuditsView.as_view(), name="obligatory-audits"),
    path("samples/", SamplesView.as_view(), name="samples"),
    path("samples/<int:sample>/evidence/", EvidenceView.as_view(), name="evidence"),
]
