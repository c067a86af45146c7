"""Tables of assurance: assignments, interests, findings, auditors' keys, attestations, incentives, certified systems, days told of."""

from portal.assurance.models.assigned import Assignment, InterestDeclaration
from portal.assurance.models.attested import Attestation, AuditorKey
from portal.assurance.models.findings import Finding, FindingStep
from portal.assurance.models.incentives import Incentive
from portal.assurance.models.reminded import Reminded
from portal.assurance.models.samples import Sample
from portal.assurance.models.systems import SystemCertificate

__all__ = [
    "Assignment",
    "Attestation",
    "AuditorKey",
    "Finding",
    "FindingStep",
    "Incentive",
    "InterestDeclaration",
    "Reminded",
    "Sample",
    "SystemCertificate",
]
