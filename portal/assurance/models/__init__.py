"""Tables of assurance: assignments and interests, findings, auditors' keys and attestations, incentives, days told of."""

from portal.assurance.models.assigned import Assignment, InterestDeclaration
from portal.assurance.models.attested import Attestation, AuditorKey
from portal.assurance.models.findings import Finding, FindingStep
from portal.assurance.models.incentives import Incentive
from portal.assurance.models.reminded import Reminded
from portal.assurance.models.samples import Sample

__all__ = ["Assignment", "Attestation", "AuditorKey", "Finding", "FindingStep", "Incentive", "InterestDeclaration", "Reminded", "Sample"]
