"""Tables of assurance: assignments, interests, findings, keys, attestations, certified systems,
days told of.
"""

from portal.assurance.models.assigned import Assignment, InterestDeclaration, Reminded
from portal.assurance.models.attested import Attestation, AuditorKey
from portal.assurance.models.certified import SystemCertificate
from portal.assurance.models.findings import Finding, FindingStep, Sample

__all__ = [
    "Assignment",
    "Attestation",
    "AuditorKey",
    "Finding",
    "FindingStep",
    "InterestDeclaration",
    "Reminded",
    "Sample",
    "SystemCertificate",
]
