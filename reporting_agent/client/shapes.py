"""What the API takes and answers, as an honest portal has it.

Written by `python -m tests.documents --write` from the schema of the API; a test compares.
Nothing is checked here: who reads an answer checks what it relies on.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

ActEnum = Literal["published", "withdrawn"]


class Assignment(TypedDict):
    id: int
    body: str
    site: str
    period: str
    assigned_at: str
    due: str | None
    sees_values: bool
    taken_back_at: str | None
    taken_back_reason: str
    reports: list[Report]


class AssignmentPage(TypedDict):
    results: list[Assignment]
    next: str | None


class Bands(TypedDict):
    quarters: list[int]
    untold: int
    named: NotRequired[list[Named]]


class Benchmark(TypedDict):
    """A published industry label, as it was signed."""

    schema: str
    pack: str
    pack_version: str
    pack_digest: str
    jurisdiction: NotRequired[Jurisdiction]
    route: str
    product: str
    period: str
    version: int
    status: str
    published_on: str
    source: str
    steps: list[BenchmarkStep]
    route_total: BenchmarkTotal
    best_reached_total: BenchmarkTotal
    typical_total: BenchmarkTotal
    explanation: dict[str, object]
    signature: Signature


class BenchmarkRow(TypedDict):
    pack: str
    jurisdiction: Jurisdiction
    route: str
    product: str
    period: str
    version: int
    status: str
    published_on: str
    url: str


class BenchmarkStep(TypedDict):
    step: str
    product: str
    variant: str
    boundary: str
    metric: str
    unit: str
    ratio: float
    headline: bool
    best: float | None
    interval: list[float] | None
    typical: float | None
    typical_interval: list[float] | None
    curve: NotRequired[list[CurvePoint]]
    bands: NotRequired[Bands | None]
    rule: str | None
    averaging: NotRequired[str]
    firms: int
    pooled: NotRequired[list[Pooled]]
    in_part: NotRequired[int]
    gate: Gate


class BenchmarkTotal(TypedDict):
    value: float | None
    interval: list[float] | None
    unit: str
    rule: str | None
    firms: int
    gate: Gate


CarrierEnum = Literal["electricity", "natural-gas", "coal", "steam", "heat", "oil", "hydrogen"]


class Checkpoint(TypedDict):
    size: int
    root_hash: str
    cosigned: list[Cosigner]
    checkpoint: str


class Commitment(TypedDict):
    """A commitment and its answer. `challenge` is canonical CBOR in base64: the draws of the report are keyed by it."""

    commitment: str
    site: str
    period: str
    revision: int
    log_index: int
    challenge: str


class Conformance(TypedDict):
    """A result that the provider declares; `confirmed_at` is null until a regulator confirms it."""

    product: str
    version: str
    source: str
    kit: str
    ran_on: str
    failed: list[str]
    file_sha256: str
    declared_at: str
    confirmed_at: str | None


class ConformancePage(TypedDict):
    results: list[Conformance]
    next: str | None


class Consistency(TypedDict):
    first: int
    second: int
    proof: list[str]


class CosignedCheckpointRequest(TypedDict):
    """Refuses fields it does not know: a misspelt field is an error, not a default."""

    checkpoint: str


class Cosigner(TypedDict):
    name: str
    at: int


class CurvePoint(TypedDict):
    percent: int
    value: float
    interval: list[float]


class Delivery(TypedDict):
    """What the supplier declared. Of a site, period and carrier the last figure stands."""

    site: str
    period: str
    carrier: str
    quantity: str
    unit: str
    note: str
    declared_by: str
    declared_at: str
    taken_back_at: str | None


class DeliveryPage(TypedDict):
    results: list[Delivery]
    next: str | None


class Device(TypedDict):
    id: str
    key_fingerprint: str
    software: str
    enrolled_at: str
    revoked_at: str | None
    replaced: bool


class Directory(TypedDict):
    directory: str
    fingerprint: str


class Draft(TypedDict):
    """A version and its fate. Its figures are on its page, behind the gate."""

    version: int
    status: StatusEnum
    drafted_by: str
    approved_by: str
    published_on: str | None
    withdrawn_on: str | None
    withdrawal_reason: str
    what_changed: str


class DraftPage(TypedDict):
    results: list[Draft]
    next: str | None


DutyEnum = Literal["overdue", "soon", "unknown", "later", "exempt"]


class Enrolled(TypedDict):
    site: str
    device_id: str
    directory: str


class EnrolmentRequest(TypedDict):
    """What an agent says of itself."""

    secret: str
    device_public_key: str
    seed_commitment: str
    software: NotRequired[str]


class EnteredVersion(TypedDict):
    """A version that the report entered. It is in the list once the public has seen it."""

    version: int
    url: str
    published_on: str
    withdrawn_on: str | None


class Evidence(TypedDict):
    """The evidence file, as the page of the sample gives it and `steplabel-agent verify` takes it."""

    schema: str
    site: str
    period: str
    revision: int
    files: EvidenceFiles
    entries: list[Inclusion]


class EvidenceFiles(TypedDict):
    """The portal's signed files as they were exchanged, each in base64."""

    directory: str
    commitment: str
    challenge: str
    receipt: str
    head: str
    promise: str
    draw: str


class Gate(TypedDict):
    shown: bool
    code: str
    reason: Reason


class Granted(TypedDict):
    site: str
    name: str
    pack: str
    receipts: bool
    values: bool
    granted_at: str
    reports: list[GrantedReport]


class GrantedPage(TypedDict):
    results: list[Granted]
    next: str | None


class GrantedReport(TypedDict):
    """A submission's state. Digest and receipt are null where the site did not grant receipts: who knows the one may ask for
    the other."""

    period: str
    revision: int
    state: StateEnum
    received_at: str
    submission: str | None
    receipt: str | None


class GrantedValue(TypedDict):
    """A protected value, as its site released it."""

    step: str
    product: str
    variant: str
    metric: str
    unit: str
    best: float
    typical: float
    count_class: int
    years: int
    months: int | None


class GrantedValuePage(TypedDict):
    results: list[GrantedValue]
    next: str | None


class Inclusion(TypedDict):
    index: int
    kind: str
    object: str
    on: str
    leaf_hash: str
    size: int
    proof: list[str]


class Jurisdiction(TypedDict):
    """Whose firms."""

    path: str
    en: str
    zh: str


class Key(TypedDict):
    """The key that asks. Its secret is nowhere."""

    prefix: str
    name: str
    organisation: str
    role: str
    scopes: list[str]
    expires_at: str


KindEnum = Literal[
    "report.reminded",
    "extension.granted",
    "submission.accepted",
    "submission.refused",
    "benchmark.published",
    "benchmark.withdrawn",
    "site.approved",
    "site.refused",
    "device.enrolled",
    "device.revoked",
    "firm.leaves",
    "firm.stays",
    "assignment.made",
    "assignment.taken-back",
    "finding.made",
    "finding.answered",
    "finding.returned",
    "finding.closed",
    "finding.overdue",
    "conclusion.comes",
    "conclusion.late",
    "conclusion.given",
    "conclusion.withdrawn",
    "surveillance.comes",
    "validity.ends",
    "audit.comes",
    "audit.overdue",
    "draft.waits",
    "release.stopped",
    "application.waits",
    "pack.waits",
    "pack.proposed",
    "pack.commented",
    "pack.decided",
    "password.changed",
    "second-factor.added",
    "second-factor.removed",
]


class LogEntry(TypedDict):
    index: int
    kind: str
    object: str
    on: str
    leaf_hash: str


class LogHead(TypedDict):
    size: int
    root_hash: str
    at: int
    key_id: str
    head: str


class LoggedAct(TypedDict):
    act: ActEnum
    document: str
    leaves: list[int]
    values: list[int]
    reason: str
    log_index: int


class MarkReadRequest(TypedDict):
    """Refuses fields it does not know: a misspelt field is an error, not a default."""

    notifications: list[int]


class MarkedRead(TypedDict):
    marked: int


class Named(TypedDict):
    quarter: int
    firm: str
    firm_zh: str


class NewConformanceRequest(TypedDict):
    """Refuses fields it does not know: a misspelt field is an error, not a default."""

    product: str
    version: str
    result: str


class NewDeliveryRequest(TypedDict):
    """Refuses fields it does not know: a misspelt field is an error, not a default."""

    site: str
    period: str
    carrier: CarrierEnum
    quantity: str
    unit: str
    note: NotRequired[str]


class Notification(TypedDict):
    """One thing that the person was told. Names and days, never a sentence: a program has a language of its own."""

    id: int
    kind: KindEnum
    told: dict[str, object]
    url: str
    at: str
    read: bool


class NotificationPage(TypedDict):
    results: list[Notification]
    next: str | None


class ObligatoryAudit(TypedDict):
    site: str
    duty: DutyEnum
    due: str | None
    last_audit: str | None
    certified_until: str | None


class ObligatoryAuditPage(TypedDict):
    results: list[ObligatoryAudit]
    next: str | None


class OwnReport(TypedDict):
    """A submission of an own site, to its last step."""

    submission: str
    site: str
    pack: str
    period: str
    revision: int
    state: StateEnum
    reason_code: str
    reason: str
    device: str
    log_index: int
    received_at: str
    decided_at: str | None
    receipt: str
    entered: list[EnteredVersion]


class OwnReportPage(TypedDict):
    results: list[OwnReport]
    next: str | None


class Pack(TypedDict):
    document: PackDocument
    reason: str
    sources: str
    pack_toml: str
    factors_toml: str
    log: PackEntry


class PackDocument(TypedDict):
    """What two people approved, as it was signed."""

    schema: str
    pack: str
    version: str
    digest: str
    file: str
    factors: str
    effective_from: str
    corrects: str
    approved_on: str
    signature: PackSignature


class PackEntry(TypedDict):
    """The entry of the transparency log, with its proof in the log of the head that stands beside it."""

    index: int
    on: str
    size: int
    proof: list[str]
    head: str


class PackSignature(TypedDict):
    """By a receipt key of the key directory, over the document without `signature`: docs/wire-format.md."""

    algorithm: str
    key_id: str
    value: str


class Participant(TypedDict):
    """Who took part. No value, by design."""

    site: str
    site_name: str
    firm: str
    organisation: str
    jurisdiction: str
    size_class: str
    obliged: bool
    cohort: str
    taking: TakingEnum
    due: str
    committed_at: str | None
    received_at: str | None
    revision: int | None
    reason: str


class ParticipantPage(TypedDict):
    results: list[Participant]
    next: str | None


class Period(TypedDict):
    group: int
    pack: str
    pack_version: str
    route: str
    scope: str
    period: str
    start: str
    end: str
    due: str
    closed_at: str | None


class PeriodPage(TypedDict):
    results: list[Period]
    next: str | None


class Place(TypedDict):
    """Between which places a site lies. Never a value, never one place."""

    site: str
    firm: str
    step: str
    variant: str
    metric: str
    rank_low: int
    rank_high: int
    of: int
    band: int | None
    computed_at: str


class PlacePage(TypedDict):
    results: list[Place]
    next: str | None


class Pooled(TypedDict):
    years: int
    firms: int


class Problem(TypedDict):
    """RFC 9457, as `application/problem+json`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    remedy: str


class Reason(TypedDict):
    en: str
    zh: str


class Report(TypedDict):
    """A submission from outside, as its page shows it. `receipt` is canonical CBOR in base64, signed."""

    submission: str
    site: str
    pack: str
    period: str
    revision: int
    state: StateEnum
    reason_code: str
    reason: str
    device: str
    log_index: int
    received_at: str
    decided_at: str | None
    receipt: str


class RotationRequest(TypedDict):
    """A device's new key, vouched for by its old one."""

    device_id: str
    device_public_key: str
    by_old: str
    by_new: str


class Sample(TypedDict):
    id: int
    site: str
    period: str
    revision: int
    submission: str
    draw: str
    drawn_at: str
    verified_at: str | None


class SamplePage(TypedDict):
    results: list[Sample]
    next: str | None


class Signature(TypedDict):
    """Over the canonical JSON without `signature`: see docs/wire-format.md."""

    algorithm: str
    key_id: str
    value: str


class Site(TypedDict):
    site: str
    name: str
    name_zh: str
    organisation: str
    pack: str
    jurisdiction: str
    size_class: str
    retired_at: str | None
    devices: list[Device]


class SitePage(TypedDict):
    results: list[Site]
    next: str | None


class Standing(TypedDict):
    """One cell of a site's own protected label, and where it lies among all."""

    step: str
    product: str
    variant: str
    metric: str
    unit: str
    value: float
    typical: float
    estimate: float | None
    interval: list[float] | None
    rank_interval: list[int] | None
    band: int | None
    of: int | None
    years: int


class StandingPage(TypedDict):
    results: list[Standing]
    next: str | None


StateEnum = Literal["received", "opening", "accepted", "refused", "superseded", "deleted"]


StatusEnum = Literal["draft", "published", "withdrawn", "discarded"]


class Submission(TypedDict):
    """A submission from outside. `receipt` is canonical CBOR in base64; keep it: it proves what the portal took, and when."""

    submission: str
    site: str
    period: str
    revision: int
    state: StateEnum
    reason_code: str
    reason: str
    log_index: int
    receipt: str


class TakenCosignatures(TypedDict):
    size: int
    new: int


TakingEnum = Literal["reported", "waiting", "unusable", "late", "missing"]
