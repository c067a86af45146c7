"""The cast of these tests: an arc furnace's heats made by hand, a portal without a network, an
enrolled site.
"""

from __future__ import annotations

import base64
import json
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from sqlite3 import Connection

import httpx

from benchmarks import packs
from benchmarks.conversion import FactorTable
from benchmarks.labels import label_site
from benchmarks.measurements import Batch, CarrierEnergy, Period
from benchmarks.wire import (
    challenges,
    commitments,
    device_requests,
    envelope,
    heads,
    logged,
    receipts,
    sealing,
)
from benchmarks.wire import directory as key_directory
from benchmarks.wire.challenges import AnsweredCommitment, LedgerStand
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.directory import Directory, EnrolmentSecret, ListedKey
from benchmarks.wire.logged import EntryKind, ReportRevision
from benchmarks.wire.merkle import Tree
from benchmarks.wire.signing import DirectoryKey, ReceiptKey, VerifyingKey
from reporting_agent.sending import enrolment
from reporting_agent.sending.submission import ReportMaterial, SubmissionProcess
from reporting_agent.sending.transport import Portal
from reporting_agent.state import StateDirectory

NOW = datetime(2017, 2, 1, 9, 0, tzinfo=UTC)
SOFTWARE = "steplabel-agent/test"
SITE = "works-2"
LOGGED_ON = date(2017, 2, 1)
PORTAL = "https://portal.example"


def heats(count: int, *, year: int = 2016, gas_lhv: float | None = 36.0) -> list[Batch]:
    """Heats of an arc furnace over a year: electricity, gas and coke, all three carriers of the
    boundary.
    """
    chance = random.Random(year)  # noqa: S311  # a plant made up for a test
    start, step = datetime(year, 1, 1, tzinfo=UTC), timedelta(hours=20)
    batches = []
    for index in range(count):
        begin = start + index * step
        kwh_per_t = chance.gauss(400.0, 20.0)
        energy = (
            CarrierEnergy("electricity", kwh_per_t * 120.0, "kWh"),
            CarrierEnergy("natural-gas", 240.0, "Nm3", lhv_mj_per_unit=gas_lhv),
            CarrierEnergy("coke", 1.2, "t", lhv_mj_per_unit=28_400.0),
        )
        batches.append(
            Batch(
                f"H{year}-{index:05d}",
                "eaf",
                "liquid-steel",
                "any",
                begin,
                begin + timedelta(minutes=50),
                120.0,
                energy=energy,
                variables={"hot_metal_pct": 0.0},
            )
        )
    return batches


def material(batches: list[Batch], period: str = "2016") -> ReportMaterial:
    pack = packs.load("steel")
    label = label_site(
        batches, pack, FactorTable.load(), Period.parse(period, UTC), site=SITE, paths={}
    )
    return ReportMaterial(label, batches, pack)


@dataclass
class FakePortal:
    """A portal in this process: keys, tokens, and a memory; `trouble` makes it fail before or after
    it has taken a report.
    """

    directory_key: DirectoryKey = field(default_factory=DirectoryKey.generate)
    receipt_key: ReceiptKey = field(default_factory=ReceiptKey.generate)
    processing_key: sealing.ProcessingKey = field(default_factory=sealing.generate)
    number: int = 1
    devices: dict[str, VerifyingKey] = field(default_factory=dict)
    seed_commitment: bytes = bytes(32)
    redeemed: dict[str, str] = field(default_factory=dict)
    submissions: dict[tuple[str, str, int], bytes] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    challenges: dict[ReportCommitment, bytes] = field(default_factory=dict)
    commitment_bodies: list[bytes] = field(default_factory=list)
    asked: list[httpx.Request] = field(default_factory=list)
    trouble: Callable[[httpx.Request], httpx.Response | None] = lambda _request: None
    lose_answers: int = 0
    log: Tree = field(default_factory=Tree)
    index_of: dict[str, int] = field(default_factory=dict)  # of envelopes, by digest
    today: Callable[[], datetime] = lambda: NOW
    secret: str = "s" * 43
    restarts: list[bytes] = field(default_factory=list)  # statements of the coordinator

    @property
    def token(self) -> EnrolmentSecret:
        return EnrolmentSecret(self.secret, self.directory_key.key_id)

    def signed_directory(self) -> bytes:
        always = (date(2000, 1, 1), date(2100, 1, 1))
        content = Directory(
            self.number,
            (ListedKey(self.processing_key.public_bytes, *always),),
            (ListedKey(self.receipt_key.public_bytes, *always),),
        )
        return key_directory.issue(content, self.directory_key)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if (answer := self.trouble(request)) is not None:
            return answer
        answer = self._answer(request)
        if self.lose_answers and request.method == "POST":
            self.lose_answers -= 1
            raise httpx.ReadError("the connection broke after the portal had taken it")
        return answer

    def _answer(self, request: httpx.Request) -> httpx.Response:
        match request.method, request.url.path:
            case "GET", "/api/v1/directory/":
                return httpx.Response(
                    200, json={"directory": base64.b64encode(self.signed_directory()).decode()}
                )
            case "GET", "/api/v1/submissions/":
                signed = device_requests.parse_request(request.headers[device_requests.HTTP_HEADER])
                device_requests.verify_request(
                    signed, "GET", request.url.path, self.today(), self.devices[signed.device_id]
                )
                return httpx.Response(
                    200,
                    json=[{"receipt": self._receipt(body)} for body in self.submissions.values()],
                )
            case "POST", "/api/v1/enrolments/":
                return self._enrol(json.loads(request.content))
            case "GET", "/api/v1/commitments/":
                signed = device_requests.parse_request(request.headers[device_requests.HTTP_HEADER])
                device_requests.verify_request(
                    signed, "GET", request.url.path, self.today(), self.devices[signed.device_id]
                )
                return httpx.Response(
                    200,
                    json=[
                        {"challenge": base64.b64encode(raw).decode()}
                        for raw in self.challenges.values()
                    ],
                )
            case "POST", "/api/v1/commitments/":
                return self._commit(request.content)
            case "POST", "/api/v1/submissions/":
                return self._take(request.content)
            case "GET", path if path.startswith("/api/v1/log/"):
                return self._prove(path, request.url.params)
        return problem(404, "not-found", "There is nothing at this address.")

    def _enrol(self, asked: dict[str, str]) -> httpx.Response:
        key = asked["device_public_key"]
        if self.redeemed.setdefault(asked["secret"], key) != key:
            return problem(400, "token-used", "This token was used for another device.")
        self.seed_commitment = bytes.fromhex(asked["seed_commitment"])
        device_id = f"device-{key[:8]}"
        self.devices[device_id] = VerifyingKey.from_hex(key)
        directory = base64.b64encode(self.signed_directory()).decode()
        return httpx.Response(
            201, json={"site": SITE, "device_id": device_id, "directory": directory}
        )

    def _commit(self, body: bytes) -> httpx.Response:
        self.commitment_bodies.append(body)
        signed = commitments.parse(body)
        commitments.verify(signed, self.devices[signed.device_id])
        asked = signed.commitment
        challenge = self.challenges.get(asked)
        if challenge is None:
            if any(
                (commitment.site, commitment.period, commitment.revision)
                == (asked.site, asked.period, asked.revision)
                for commitment in self.challenges
            ):
                return problem(409, "commitment-conflict", "Other data were committed to.")
            challenge = self.challenge_for(asked, secrets.token_bytes(challenges.NONCE_BYTES))
            self.log.append(
                logged.hashed(EntryKind.COMMITMENT, bytes.fromhex(asked.digest), LOGGED_ON)
            )
            self.challenges[asked] = challenge
        return httpx.Response(200, json={"challenge": base64.b64encode(challenge).decode()})

    def challenge_for(self, commitment: ReportCommitment, nonce: bytes) -> bytes:
        before = [other for other in self.challenges if other != commitment]
        answered = tuple(
            AnsweredCommitment(
                number, earlier.period, earlier.revision, bytes.fromhex(earlier.digest)
            )
            for number, earlier in enumerate(before, 1)
        )
        return challenges.issue(
            commitment,
            nonce,
            len(self.log),
            LOGGED_ON,
            self.seed_commitment,
            LedgerStand(len(before) + 1, answered),
            self.receipt_key,
        )

    def _take(self, body: bytes) -> httpx.Response:
        self.bodies.append(body)
        parsed = envelope.parse(body)
        envelope.verify_outer(parsed, self.devices[parsed.header.device_id])
        name = (parsed.header.site, parsed.header.period, parsed.header.revision)
        last_body = self.submissions.get(name)
        if last_body is not None and last_body != body:
            return problem(409, "revision-taken", "Another report of this revision is here.")
        self.submissions[name] = body
        if last_body is None:
            self.index_of[parsed.digest] = len(self.log)
            self.log.append(
                logged.hashed(EntryKind.ENVELOPE, bytes.fromhex(parsed.digest), LOGGED_ON)
            )
        return httpx.Response(
            200 if last_body else 201,
            json={"receipt": self._receipt(body), "submission": parsed.digest},
        )

    def accept(self, body: bytes) -> bytes:
        """Open a report and log the values found in it, as the portal's worker does; their digest,
        in the newest entry.
        """
        parsed = envelope.parse(body)
        report = envelope.open(parsed, self.processing_key, self.devices[parsed.header.device_id])
        of = ReportRevision(parsed.header.site, parsed.header.period, parsed.header.revision)
        digest = logged.values(
            bytes.fromhex(parsed.digest), of, report.released.labels, report.salt
        )
        self.log.append(logged.hashed(EntryKind.VALUES, digest, LOGGED_ON))
        return digest

    def served(self, index: int, kind: EntryKind, digest: bytes) -> bytes:
        """The log's answer for an entry under the present head."""
        answer = {
            "index": index,
            "kind": kind,
            "object": logged.object_of(digest).hex(),
            "on": LOGGED_ON.isoformat(),
            "leaf_hash": logged.hashed(kind, digest, LOGGED_ON).hex(),
            "size": len(self.log),
            "proof": [node.hex() for node in self.log.inclusion_proof(index)],
        }
        return json.dumps(answer).encode()

    def _receipt(self, body: bytes) -> str:
        parsed = envelope.parse(body)
        index = self.index_of[parsed.digest]
        return base64.b64encode(
            receipts.issue(parsed.digest, parsed.header, index, LOGGED_ON, self.receipt_key)
        ).decode()

    def signed_head(self) -> bytes:
        return heads.issue(len(self.log), self.log.root(), len(self.log), self.receipt_key)

    def _prove(self, path: str, asked: httpx.QueryParams) -> httpx.Response:
        """A portal that says of its log whatever its tree says."""
        if path.endswith("/head/"):
            return httpx.Response(200, json={"head": base64.b64encode(self.signed_head()).decode()})
        if path.endswith("/restarts/"):
            return httpx.Response(
                200,
                json=[
                    {"statement": base64.b64encode(restart).decode()} for restart in self.restarts
                ],
            )
        kind = (
            self.log.inclusion_proof if path.endswith("/inclusion/") else self.log.consistency_proof
        )
        first, second = (
            int(asked[name])
            for name in (("index", "size") if path.endswith("/inclusion/") else ("from", "to"))
        )
        if second > len(self.log):
            return problem(404, "log-size-unknown", "The log never had so many entries.")
        return httpx.Response(200, json={"proof": [node.hex() for node in kind(first, second)]})


def problem(status: int, code: str, detail: str, **headers: str) -> httpx.Response:
    document = {
        "type": f"urn:steplabel:problem:{code}",
        "status": status,
        "detail": detail,
        "code": code,
        "remedy": "Do this.",
    }
    return httpx.Response(
        status, json=document, headers={"content-type": "application/problem+json", **headers}
    )


@dataclass
class Desk:
    """An open state directory beside a portal: what the commands do, step by step."""

    state: StateDirectory
    connection: Connection
    portal: FakePortal
    pauses: list[float]

    @property
    def road(self) -> Portal:
        return Portal(
            PORTAL,
            sleep=self.pauses.append,
            software=SOFTWARE,
            transport=httpx.MockTransport(self.portal),
        )

    def enrol(self, *, replace: bool = False) -> enrolment.Enrolment:
        with self.road as road:
            return enrolment.enrol(
                self.state,
                self.connection,
                road,
                self.portal.token,
                software=SOFTWARE,
                now=NOW,
                replace=replace,
            )

    def submission(
        self, checkpoint: Callable[[str], None] = lambda _name: None
    ) -> SubmissionProcess:
        identity = enrolment.identity(self.state, self.connection, SITE)
        return SubmissionProcess(
            self.connection, identity, software=SOFTWARE, clock=lambda: NOW, checkpoint=checkpoint
        )
