"""Every operation of the API as a method, over whatever road the caller brings.

Written by `python -m tests.documents --write` from the schema of the API; a test compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast
from urllib.parse import quote

from reporting_agent.client import shapes

PATHS: Mapping[str, str] = {
    "archive": "/api/v1/archive/",
    "assignments": "/api/v1/assignments/",
    "benchmarks": "/api/v1/benchmarks/",
    "benchmark": "/api/v1/benchmarks/{pack}/{period}/",
    "benchmark_version": "/api/v1/benchmarks/{pack}/{period}/v{version}/",
    "benchmark_leaves": "/api/v1/benchmarks/{pack}/{period}/v{version}/leaves/",
    "benchmark_of_place": "/api/v1/benchmarks/{pack}/{place}/{route}/{period}/",
    "benchmark_version_of_place": "/api/v1/benchmarks/{pack}/{place}/{route}/{period}/v{version}/",
    "benchmark_leaves_of_place": "/api/v1/benchmarks/{pack}/{place}/{route}/{period}/v{version}/leaves/",
    "commitments_of_device": "/api/v1/commitments/",
    "commit": "/api/v1/commitments/",
    "conformance": "/api/v1/conformance/",
    "declare_conformance": "/api/v1/conformance/",
    "deliveries": "/api/v1/deliveries/",
    "declare_delivery": "/api/v1/deliveries/",
    "directory": "/api/v1/directory/",
    "drafts": "/api/v1/drafts/",
    "enrol": "/api/v1/enrolments/",
    "granted": "/api/v1/granted/",
    "granted_values": "/api/v1/granted/values/",
    "key": "/api/v1/key/",
    "log_checkpoint": "/api/v1/log/checkpoint/",
    "log_consistency": "/api/v1/log/consistency/",
    "cosign_log": "/api/v1/log/cosignatures/",
    "log_entries": "/api/v1/log/entries/",
    "log_entry": "/api/v1/log/entry/",
    "log_head": "/api/v1/log/head/",
    "log_inclusion": "/api/v1/log/inclusion/",
    "notifications": "/api/v1/notifications/",
    "mark_notifications_read": "/api/v1/notifications/read/",
    "obligatory_audits": "/api/v1/obligatory-audits/",
    "packs": "/api/v1/packs/",
    "pack": "/api/v1/packs/{pack}/{version}/",
    "participation": "/api/v1/participation/",
    "periods": "/api/v1/periods/",
    "places": "/api/v1/places/",
    "reports": "/api/v1/reports/",
    "rotate": "/api/v1/rotations/",
    "samples": "/api/v1/samples/",
    "sample_evidence": "/api/v1/samples/{sample}/evidence/",
    "sites": "/api/v1/sites/",
    "standings": "/api/v1/standings/",
    "submissions_of_device": "/api/v1/submissions/",
    "submit": "/api/v1/submissions/",
    "submission": "/api/v1/submissions/{digest}/",
}
"""Where each operation is; a part in braces is filled in by its method."""


def given(asked: Mapping[str, str | int | None]) -> dict[str, str]:
    """What was asked for, without what was left out."""
    return {name: str(value) for name, value in asked.items() if value is not None}


def filled(path: str, **parts: str | int) -> str:
    """A path with its parts in place, each as one part whatever stands in it."""
    for name, value in parts.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    return path


class Send(Protocol):
    """The road: asks, and gives the status and the answer, JSON already read; raises whatever is not `wanted`."""

    def __call__(
        self,
        method: str,
        path: str,
        wanted: frozenset[int],
        *,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        json: object = None,
        content: bytes | None = None,
    ) -> tuple[int, object]: ...


class Operations:
    """The API. What is handed to `send` is all that leaves."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def archive(self) -> bytes:
        """All published versions as one archive, for an organisation that accepted the terms."""
        _, answer = self._send("GET", "/api/v1/archive/", frozenset({200}), query={}, headers={})
        return cast("bytes", answer)

    def assignments(
        self,
        *,
        cursor: str | None = None,
        limit: str | None = None,
        period: str | None = None,
        site: str | None = None,
        state: str | None = None,
    ) -> shapes.AssignmentPage:
        """The sites and periods that a certification body checks: its own, or those at the sites of a regulator's jurisdiction."""
        _, answer = self._send(
            "GET",
            "/api/v1/assignments/",
            frozenset({200}),
            query=given({"cursor": cursor, "limit": limit, "period": period, "site": site, "state": state}),
            headers={},
        )
        return cast("shapes.AssignmentPage", answer)

    def benchmarks(self) -> list[shapes.BenchmarkRow]:
        """The version in force of every benchmark."""
        _, answer = self._send("GET", "/api/v1/benchmarks/", frozenset({200}), query={}, headers={})
        return cast("list[shapes.BenchmarkRow]", answer)

    def benchmark(self, pack: str, period: str, *, route: str | None = None) -> shapes.Benchmark:
        """A published benchmark. The header `Steplabel-Status` says `published` or `withdrawn`, and then why."""
        _, answer = self._send(
            "GET",
            filled("/api/v1/benchmarks/{pack}/{period}/", pack=pack, period=period),
            frozenset({200}),
            query=given({"route": route}),
            headers={},
        )
        return cast("shapes.Benchmark", answer)

    def benchmark_version(self, pack: str, period: str, version: str, *, route: str | None = None) -> shapes.Benchmark:
        """A published benchmark. The header `Steplabel-Status` says `published` or `withdrawn`, and then why."""
        _, answer = self._send(
            "GET",
            filled("/api/v1/benchmarks/{pack}/{period}/v{version}/", pack=pack, period=period, version=version),
            frozenset({200}),
            query=given({"route": route}),
            headers={},
        )
        return cast("shapes.Benchmark", answer)

    def benchmark_leaves(self, pack: str, period: str, version: str, *, route: str | None = None) -> list[shapes.LoggedAct]:
        """The version's entries in the log; none for what was published before the portal logged publications."""
        _, answer = self._send(
            "GET",
            filled("/api/v1/benchmarks/{pack}/{period}/v{version}/leaves/", pack=pack, period=period, version=version),
            frozenset({200}),
            query=given({"route": route}),
            headers={},
        )
        return cast("list[shapes.LoggedAct]", answer)

    def benchmark_of_place(self, pack: str, period: str, place: str, route: str) -> shapes.Benchmark:
        """A published benchmark by its full address. The header `Steplabel-Status` says `published` or `withdrawn`, and then why."""
        _, answer = self._send(
            "GET",
            filled("/api/v1/benchmarks/{pack}/{place}/{route}/{period}/", pack=pack, period=period, place=place, route=route),
            frozenset({200}),
            query={},
            headers={},
        )
        return cast("shapes.Benchmark", answer)

    def benchmark_version_of_place(self, pack: str, period: str, place: str, route: str, version: str) -> shapes.Benchmark:
        """A published benchmark by its full address. The header `Steplabel-Status` says `published` or `withdrawn`, and then why."""
        _, answer = self._send(
            "GET",
            filled(
                "/api/v1/benchmarks/{pack}/{place}/{route}/{period}/v{version}/",
                pack=pack,
                period=period,
                place=place,
                route=route,
                version=version,
            ),
            frozenset({200}),
            query={},
            headers={},
        )
        return cast("shapes.Benchmark", answer)

    def benchmark_leaves_of_place(self, pack: str, period: str, place: str, route: str, version: str) -> list[shapes.LoggedAct]:
        """The version's entries in the log; none for what was published before the portal logged publications."""
        _, answer = self._send(
            "GET",
            filled(
                "/api/v1/benchmarks/{pack}/{place}/{route}/{period}/v{version}/leaves/",
                pack=pack,
                period=period,
                place=place,
                route=route,
                version=version,
            ),
            frozenset({200}),
            query={},
            headers={},
        )
        return cast("list[shapes.LoggedAct]", answer)

    def commitments_of_device(self, *, steplabel_device: str) -> list[shapes.Commitment]:
        """Every challenge the portal gave the device's site: an agent holds them against those it keeps."""
        _, answer = self._send("GET", "/api/v1/commitments/", frozenset({200}), query={}, headers={"Steplabel-Device": steplabel_device})
        return cast("list[shapes.Commitment]", answer)

    def commit(self, body: bytes) -> tuple[int, shapes.Commitment]:
        """Take a commitment to the data of a report; answer with the challenge that its draws are keyed by."""
        status, answer = self._send(
            "POST", "/api/v1/commitments/", frozenset({200, 201}), query={}, content=body, headers={"Content-Type": "application/cbor"}
        )
        return status, cast("shapes.Commitment", answer)

    def conformance(self, *, cursor: str | None = None, limit: str | None = None) -> shapes.ConformancePage:
        """What the provider declared, oldest first."""
        _, answer = self._send("GET", "/api/v1/conformance/", frozenset({200}), query=given({"cursor": cursor, "limit": limit}), headers={})
        return cast("shapes.ConformancePage", answer)

    def declare_conformance(self, body: shapes.NewConformanceRequest) -> shapes.Conformance:
        """Declare a result of the conformance kit; the same again changes nothing."""
        _, answer = self._send("POST", "/api/v1/conformance/", frozenset({201}), query={}, headers={}, json=body)
        return cast("shapes.Conformance", answer)

    def deliveries(
        self, *, cursor: str | None = None, limit: str | None = None, period: str | None = None, site: str | None = None
    ) -> shapes.DeliveryPage:
        """What the supplier declared, and what it took back; oldest first."""
        _, answer = self._send(
            "GET",
            "/api/v1/deliveries/",
            frozenset({200}),
            query=given({"cursor": cursor, "limit": limit, "period": period, "site": site}),
            headers={},
        )
        return cast("shapes.DeliveryPage", answer)

    def declare_delivery(self, body: shapes.NewDeliveryRequest) -> shapes.Delivery:
        """Declare what was delivered to a site that let the supplier in. Only the certification body assigned to it reads the
        figure."""
        _, answer = self._send("POST", "/api/v1/deliveries/", frozenset({201}), query={}, headers={}, json=body)
        return cast("shapes.Delivery", answer)

    def directory(self) -> shapes.Directory:
        """The portal's keys, signed by a key that is kept off the portal."""
        _, answer = self._send("GET", "/api/v1/directory/", frozenset({200}), query={}, headers={})
        return cast("shapes.Directory", answer)

    def drafts(self, *, group: str, period: str, cursor: str | None = None, limit: str | None = None) -> shapes.DraftPage:
        """All versions of one period of a peer group; none for who is no regulator of it."""
        _, answer = self._send(
            "GET",
            "/api/v1/drafts/",
            frozenset({200}),
            query=given({"cursor": cursor, "group": group, "limit": limit, "period": period}),
            headers={},
        )
        return cast("shapes.DraftPage", answer)

    def enrol(self, body: shapes.EnrolmentRequest) -> tuple[int, shapes.Enrolled]:
        """Register a device with a one-time token."""
        status, answer = self._send("POST", "/api/v1/enrolments/", frozenset({200, 201}), query={}, headers={}, json=body)
        return status, cast("shapes.Enrolled", answer)

    def granted(self, *, cursor: str | None = None, limit: str | None = None, site: str | None = None) -> shapes.GrantedPage:
        """Sites that granted a provider or supplier access, with the states of their submissions for a provider."""
        _, answer = self._send(
            "GET", "/api/v1/granted/", frozenset({200}), query=given({"cursor": cursor, "limit": limit, "site": site}), headers={}
        )
        return cast("shapes.GrantedPage", answer)

    def granted_values(self, *, submission: str, cursor: str | None = None, limit: str | None = None) -> shapes.GrantedValuePage:
        """The protected values of one submission, where its site granted a provider its values."""
        _, answer = self._send(
            "GET",
            "/api/v1/granted/values/",
            frozenset({200}),
            query=given({"cursor": cursor, "limit": limit, "submission": submission}),
            headers={},
        )
        return cast("shapes.GrantedValuePage", answer)

    def key(self) -> shapes.Key:
        """What the key that asks is good for."""
        _, answer = self._send("GET", "/api/v1/key/", frozenset({200}), query={}, headers={})
        return cast("shapes.Key", answer)

    def log_checkpoint(self, *, show: str | None = None) -> shapes.Checkpoint:
        """A head of the log as a checkpoint, with the cosignatures of the witnesses that the key directory names."""
        _, answer = self._send("GET", "/api/v1/log/checkpoint/", frozenset({200}), query=given({"show": show}), headers={})
        return cast("shapes.Checkpoint", answer)

    def log_consistency(self, *, from_: int, to: int) -> shapes.Consistency:
        """What proves that the log of one size begins with that of another."""
        _, answer = self._send("GET", "/api/v1/log/consistency/", frozenset({200}), query=given({"from": from_, "to": to}), headers={})
        return cast("shapes.Consistency", answer)

    def cosign_log(self, body: shapes.CosignedCheckpointRequest) -> shapes.TakenCosignatures:
        """Hand in a witness's cosignature, under the checkpoint that it is over."""
        _, answer = self._send("POST", "/api/v1/log/cosignatures/", frozenset({200}), query={}, headers={}, json=body)
        return cast("shapes.TakenCosignatures", answer)

    def log_entries(self, *, from_: int, to: int) -> list[shapes.LogEntry]:
        """Entries [from, to) as far as they are there."""
        _, answer = self._send("GET", "/api/v1/log/entries/", frozenset({200}), query=given({"from": from_, "to": to}), headers={})
        return cast("list[shapes.LogEntry]", answer)

    def log_entry(self, *, digest: str) -> shapes.LogEntry:
        """The entry of a commitment, a sealed report or another logged thing, for who knows its digest."""
        _, answer = self._send("GET", "/api/v1/log/entry/", frozenset({200}), query=given({"digest": digest}), headers={})
        return cast("shapes.LogEntry", answer)

    def log_head(self, *, size: int | None = None) -> shapes.LogHead:
        """The signed head of the log: its size and the root over all its entries."""
        _, answer = self._send("GET", "/api/v1/log/head/", frozenset({200}), query=given({"size": size}), headers={})
        return cast("shapes.LogHead", answer)

    def log_inclusion(self, *, index: int, size: int) -> shapes.Inclusion:
        """What proves that an entry is in the log of that size."""
        _, answer = self._send("GET", "/api/v1/log/inclusion/", frozenset({200}), query=given({"index": index, "size": size}), headers={})
        return cast("shapes.Inclusion", answer)

    def notifications(
        self, *, cursor: str | None = None, kind: str | None = None, limit: str | None = None, unread: str | None = None
    ) -> shapes.NotificationPage:
        """What the person was told, oldest first. Asks for a key of a person's own; nobody reads another's."""
        _, answer = self._send(
            "GET",
            "/api/v1/notifications/",
            frozenset({200}),
            query=given({"cursor": cursor, "kind": kind, "limit": limit, "unread": unread}),
            headers={},
        )
        return cast("shapes.NotificationPage", answer)

    def mark_notifications_read(self, body: shapes.MarkReadRequest) -> shapes.MarkedRead:
        """Mark these as read, all or none: 404 where one is not the person's own. The same again changes nothing."""
        _, answer = self._send("POST", "/api/v1/notifications/read/", frozenset({200}), query={}, headers={}, json=body)
        return cast("shapes.MarkedRead", answer)

    def obligatory_audits(
        self, *, cursor: str | None = None, duty: str | None = None, limit: str | None = None, site: str | None = None
    ) -> shapes.ObligatoryAuditPage:
        """The obliged sites that are the organisation's own, that it regulates or that it checks, each with the day of its next
        audit."""
        _, answer = self._send(
            "GET",
            "/api/v1/obligatory-audits/",
            frozenset({200}),
            query=given({"cursor": cursor, "duty": duty, "limit": limit, "site": site}),
            headers={},
        )
        return cast("shapes.ObligatoryAuditPage", answer)

    def packs(self) -> list[shapes.PackDocument]:
        """The signed document of every pack that was approved here, in the order of approval; none of those that come with
        Steplabel."""
        _, answer = self._send("GET", "/api/v1/packs/", frozenset({200}), query={}, headers={})
        return cast("list[shapes.PackDocument]", answer)

    def pack(self, pack: str, version: str) -> shapes.Pack:
        """One approved version: document, file, and the proof that it was logged."""
        _, answer = self._send(
            "GET", filled("/api/v1/packs/{pack}/{version}/", pack=pack, version=version), frozenset({200}), query={}, headers={}
        )
        return cast("shapes.Pack", answer)

    def participation(
        self,
        *,
        group: str,
        period: str,
        cursor: str | None = None,
        limit: str | None = None,
        obliged: str | None = None,
        taking: str | None = None,
    ) -> shapes.ParticipantPage:
        """Who of a regulator's own sites reported for one period of a peer group, obliged or not."""
        _, answer = self._send(
            "GET",
            "/api/v1/participation/",
            frozenset({200}),
            query=given({"cursor": cursor, "group": group, "limit": limit, "obliged": obliged, "period": period, "taking": taking}),
            headers={},
        )
        return cast("shapes.ParticipantPage", answer)

    def periods(self, *, cursor: str | None = None, limit: str | None = None, period: str | None = None) -> shapes.PeriodPage:
        """The periods of every peer group that touches a regulator's jurisdiction."""
        _, answer = self._send(
            "GET", "/api/v1/periods/", frozenset({200}), query=given({"cursor": cursor, "limit": limit, "period": period}), headers={}
        )
        return cast("shapes.PeriodPage", answer)

    def places(self, *, group: str, period: str, cursor: str | None = None, limit: str | None = None) -> shapes.PlacePage:
        """Between which places each site of a regulator's jurisdiction lies, in one period of a peer group."""
        _, answer = self._send(
            "GET",
            "/api/v1/places/",
            frozenset({200}),
            query=given({"cursor": cursor, "group": group, "limit": limit, "period": period}),
            headers={},
        )
        return cast("shapes.PlacePage", answer)

    def reports(
        self,
        *,
        cursor: str | None = None,
        limit: str | None = None,
        period: str | None = None,
        site: str | None = None,
        state: str | None = None,
    ) -> shapes.OwnReportPage:
        """The submissions of the organisation's own sites with states, receipts and the versions they entered, as they came."""
        _, answer = self._send(
            "GET",
            "/api/v1/reports/",
            frozenset({200}),
            query=given({"cursor": cursor, "limit": limit, "period": period, "site": site, "state": state}),
            headers={},
        )
        return cast("shapes.OwnReportPage", answer)

    def rotate(self, body: shapes.RotationRequest) -> tuple[int, shapes.Enrolled]:
        """Register a device's new key; the old one signs nothing new from now on."""
        status, answer = self._send("POST", "/api/v1/rotations/", frozenset({200, 201}), query={}, headers={}, json=body)
        return status, cast("shapes.Enrolled", answer)

    def samples(
        self, *, cursor: str | None = None, limit: str | None = None, period: str | None = None, site: str | None = None
    ) -> shapes.SamplePage:
        """The samples that were drawn: by the certification body that asks, or at the sites of the enterprise that asks."""
        _, answer = self._send(
            "GET",
            "/api/v1/samples/",
            frozenset({200}),
            query=given({"cursor": cursor, "limit": limit, "period": period, "site": site}),
            headers={},
        )
        return cast("shapes.SamplePage", answer)

    def sample_evidence(self, sample: int) -> shapes.Evidence:
        """All that is needed from the portal to verify the opening, in one file."""
        _, answer = self._send("GET", filled("/api/v1/samples/{sample}/evidence/", sample=sample), frozenset({200}), query={}, headers={})
        return cast("shapes.Evidence", answer)

    def sites(self, *, cursor: str | None = None, limit: str | None = None, pack: str | None = None) -> shapes.SitePage:
        """The organisation's own sites, or those of a regulator's jurisdiction, by their ids."""
        _, answer = self._send(
            "GET", "/api/v1/sites/", frozenset({200}), query=given({"cursor": cursor, "limit": limit, "pack": pack}), headers={}
        )
        return cast("shapes.SitePage", answer)

    def standings(self, *, period: str, site: str, cursor: str | None = None, limit: str | None = None) -> shapes.StandingPage:
        """Where one of the organisation's own sites stands in one period, cell by cell. A regulator's key reads no values here."""
        _, answer = self._send(
            "GET",
            "/api/v1/standings/",
            frozenset({200}),
            query=given({"cursor": cursor, "limit": limit, "period": period, "site": site}),
            headers={},
        )
        return cast("shapes.StandingPage", answer)

    def submissions_of_device(self, *, steplabel_device: str) -> list[shapes.Submission]:
        """What the portal holds of the device's site, with receipts: for a site whose state was restored from a backup."""
        _, answer = self._send("GET", "/api/v1/submissions/", frozenset({200}), query={}, headers={"Steplabel-Device": steplabel_device})
        return cast("list[shapes.Submission]", answer)

    def submit(self, body: bytes) -> tuple[int, shapes.Submission]:
        """Take a sealed envelope."""
        status, answer = self._send(
            "POST", "/api/v1/submissions/", frozenset({200, 201}), query={}, content=body, headers={"Content-Type": "application/cbor"}
        )
        return status, cast("shapes.Submission", answer)

    def submission(self, digest: str) -> shapes.Submission:
        """One submission's state, for who knows the envelope: its digest cannot be guessed."""
        _, answer = self._send("GET", filled("/api/v1/submissions/{digest}/", digest=digest), frozenset({200}), query={}, headers={})
        return cast("shapes.Submission", answer)
