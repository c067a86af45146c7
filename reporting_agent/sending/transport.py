"""The client of the portal: HTTPS, bounded answers, retries, the portal's own sentence when it says
no. It carries sealed bytes and public facts; it cannot name a label.

- Answered: for the caller to verify.
- Refused (4xx, RFC 9457): our error with its sentence, no retry.
- Not reached or overloaded (429, 5xx): growing pauses, then `Unreachable`; what was to be sent is
  in the outbox.

Proxy and certificates: `reporting_agent.network`. Redirects are not followed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address
from typing import Any, Self, cast
from urllib.parse import quote

import httpx

from benchmarks.errors import InputError, SteplabelError, Unreachable, UsageError, VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.agent_releases import FILE
from benchmarks.wire.challenges import handed_back
from benchmarks.wire.device_requests import KeyRotation
from reporting_agent.console import LANGUAGE
from reporting_agent.network import USUAL, Network

PAUSES_S = (0.5, 1.0, 2.0, 4.0)
LONGEST_PAUSE_S = 30.0
MAX_ANSWER_BYTES = 1_048_576
MAX_OWN_LIST_BYTES = 64 * MAX_ANSWER_BYTES
"""Every challenge lists all commitments before it, so that their list grows with the square of
them: this is of some 1,000.
"""
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOT_JSON = (
    ValueError,
    RecursionError,
)  # also a number of five thousand digits, and a megabyte that is all brackets
_DONE, _NEW_OR_KNOWN = frozenset({200}), frozenset({200, 201})
_COMMITMENTS, _SUBMISSIONS = "/api/v1/commitments/", "/api/v1/submissions/"
_RELEASE = f"/agent/files/{FILE}"
_CBOR = {"Content-Type": "application/cbor"}
_HASH = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Registration:
    """What the portal answered to an enrolment: which site this is now, and the key directory,
    still to be verified.
    """

    site: str
    device_id: str
    directory: bytes


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What the portal answered to a submission: the receipt, still to be verified, and whether it
    knew the envelope already.
    """

    receipt: bytes
    known_before: bool


class Portal:
    """One portal. Use it as a context manager.

    Args:
        base_url: `https://…`; plain `http` only to this very machine.
        sleep: how to wait between two tries (seconds).
        pauses: how long, one pause between every two tries; none for a single try.
        network: the proxy to go through and the certificates to trust, where they are not the usual
            ones.
        transport: for tests.
    """

    def __init__(
        self,
        base_url: str,
        *,
        sleep: Callable[[float], None],
        software: str,
        network: Network = USUAL,
        transport: httpx.BaseTransport | None = None,
        pauses: tuple[float, ...] = PAUSES_S,
    ) -> None:
        self.base_url = checked_address(base_url)
        self._sleep = sleep
        self._pauses = pauses
        self._client = httpx.Client(
            base_url=self.base_url,
            timeout=_TIMEOUT,
            follow_redirects=False,
            **network.of_client(),
            transport=transport,
            headers={
                "User-Agent": software,
                "Accept": "application/json, application/problem+json",
                "Accept-Language": LANGUAGE.get(),
            },
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def register(
        self, *, secret: str, device_public_key: str, seed_commitment: str, software: str
    ) -> Registration:
        """Redeem a one-time token. The same keys with the same token again get the same answer."""
        body = {
            "secret": secret,
            "device_public_key": device_public_key,
            "seed_commitment": seed_commitment,
            "software": software,
        }
        return _registration(self._ask("POST", "/api/v1/enrolments/", _NEW_OR_KNOWN, json=body)[1])

    def rotate(self, rotation: KeyRotation) -> Registration:
        """Register a device's new key, which its old one vouches for. The same rotation again gets
        the same answer.
        """
        body = {
            "device_id": rotation.device_id,
            "device_public_key": rotation.new.hex,
            "by_old": rotation.by_old.hex(),
            "by_new": rotation.by_new.hex(),
        }
        return _registration(self._ask("POST", "/api/v1/rotations/", _NEW_OR_KNOWN, json=body)[1])

    def directory(self) -> bytes:
        """The portal's signed key directory as it stands today, still to be verified."""
        return _bytes(self._get("/api/v1/directory/"), "directory")

    def receipts(self, signature: Callable[[str, str], str]) -> tuple[bytes, ...]:
        """The receipts of everything the portal holds of this device's site, still to be verified.

        Args:
            signature: makes the value of the device's header
                (`benchmarks.wire.device_requests`) for a method and a path.
        """
        return tuple(_bytes(item, "receipt") for item in self._get_signed(_SUBMISSIONS, signature))

    def challenges(self, signature: Callable[[str, str], str]) -> tuple[bytes, ...]:
        """Every challenge the portal says it gave this device's site, still to be verified."""
        return tuple(
            _bytes(item, "challenge") for item in self._get_signed(_COMMITMENTS, signature)
        )

    def packs(self) -> tuple[tuple[str, str], ...]:
        """(pack, version) of every pack that was approved at the portal, in the order of
        approval.
        """
        return tuple(
            (_text(item, "pack"), _text(item, "version"))
            for item in _list(self._get("/api/v1/packs/"))
        )

    def pack(self, pack: str, version: str) -> Mapping[str, Any]:
        """An approved pack with its signed document and its place in the log, still to be
        verified.
        """
        answer: Any = self._get(f"/api/v1/packs/{quote(pack, safe='')}/{quote(version, safe='')}/")
        try:
            members = (
                answer["document"],
                answer["pack_toml"],
                answer["factors_toml"],
                answer["log"]["index"],
            )
            date.fromisoformat(answer["log"]["on"])
        except (KeyError, TypeError, ValueError) as error:
            raise _not_a_portal(Phrase("its answer is no approved pack")) from error
        if not isinstance(members[0], dict) or not isinstance(members[3], int):
            raise _not_a_portal(Phrase("its answer is no approved pack"))
        return cast("Mapping[str, Any]", answer)

    def practices(self) -> Mapping[str, Any] | None:
        """The newest signed edition of the library of practices, still to be verified; None where
        there is none. Asks for no part of it.
        """
        answer: Any = self._get("/api/v1/practices/")
        try:
            if answer["document"] is None:
                return None
            members = (answer["document"], answer["library"], answer["log"]["index"])
            date.fromisoformat(answer["log"]["on"])
        except (KeyError, TypeError, ValueError) as error:
            raise _not_a_portal(Phrase("its answer is no library of practices")) from error
        if not isinstance(members[0], dict) or not isinstance(members[2], int):
            raise _not_a_portal(Phrase("its answer is no library of practices"))
        return cast("Mapping[str, Any]", answer)

    def agent_release(self) -> bytes:
        """What was announced of the agent's newest version, still to be verified."""
        return self._answered("GET", _RELEASE).content

    def log_head(self) -> bytes:
        """The signed head of the portal's log, still to be verified."""
        return _bytes(self._get("/api/v1/log/head/"), "head")

    def log_checkpoint(self, show: str) -> bytes:
        """A head of the log as a signed note with its cosignatures, still to be verified: `newest`,
        `offered` or `witnessed`.
        """
        return _text(
            self._get("/api/v1/log/checkpoint/", params={"show": show}), "checkpoint"
        ).encode()

    def cosign_log(self, checkpoint: bytes) -> None:
        """Hand in a checkpoint with a witness's cosignature under it."""
        self._ask("POST", "/api/v1/log/cosignatures/", json={"checkpoint": checkpoint.decode()})

    def log_consistency(self, first: int, second: int) -> tuple[bytes, ...]:
        """What the portal says proves that its log of the second size begins with that of the
        first.
        """
        return _hashes(
            self._get("/api/v1/log/consistency/", params={"from": first, "to": second}), "proof"
        )

    def log_inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """What the portal says proves the entry in its log of that size."""
        return _hashes(
            self._get("/api/v1/log/inclusion/", params={"index": index, "size": size}), "proof"
        )

    def log_restarts(self) -> tuple[bytes, ...]:
        """Statements of the coordinator about a log that was restarted, still to be verified."""
        return tuple(
            _bytes(item, "statement") for item in _list(self._get("/api/v1/log/restarts/"))
        )

    def hand_back(self, commitment: bytes, challenge: bytes) -> None:
        """Give a portal that lost them a commitment and the challenge that it had signed for it;
        once more is harmless.
        """
        self._ask(
            "POST",
            "/api/v1/commitments/lost/",
            _NEW_OR_KNOWN,
            content=handed_back(commitment, challenge),
            headers=_CBOR,
        )

    def commit(self, commitment: bytes) -> bytes:
        """Hand over a signed commitment; the challenge, still to be verified. The same one again
        gets the same challenge.
        """
        _, answer = self._ask(
            "POST", _COMMITMENTS, _NEW_OR_KNOWN, content=commitment, headers=_CBOR
        )
        return _bytes(answer, "challenge")

    def submit(self, envelope: bytes) -> Acknowledgement:
        """Hand over a sealed envelope; handing over the same one again is harmless."""
        status, answer = self._ask(
            "POST", _SUBMISSIONS, _NEW_OR_KNOWN, content=envelope, headers=_CBOR
        )
        return Acknowledgement(_bytes(answer, "receipt"), known_before=status == 200)

    def _get(self, path: str, **request: Any) -> object:
        return self._ask("GET", path, **request)[1]

    def _get_signed(self, path: str, signature: Callable[[str, str], str]) -> list[object]:
        """A list that only the site's own device may ask for: as long as the site's own history."""
        return _list(
            self._get(
                path,
                headers={"Steplabel-Device": signature("GET", path)},
                most_bytes=MAX_OWN_LIST_BYTES,
            )
        )

    def _ask(
        self, method: str, path: str, wanted: frozenset[int] = _DONE, **request: Any
    ) -> tuple[int, object]:
        """The status and the JSON of the answer."""
        response = self._answered(method, path, wanted, **request)
        return response.status_code, _document(response)

    def _answered(
        self, method: str, path: str, wanted: frozenset[int] = _DONE, **request: Any
    ) -> httpx.Response:
        """Ask again with growing pauses until the portal answers with a `wanted` status or says no.

        Args:
            request: what httpx takes beside method and address: `json` or `content`, `params`,
                `headers`; and `most_bytes` of `_once`.
        """
        trouble: str = ""
        for pause in (*self._pauses, None):
            asked_for_s: float | None = None
            try:
                response = self._once(method, path, **request)
            except httpx.TransportError as error:
                trouble = f"{type(error).__name__}: {error}"
            except httpx.DecodingError as error:
                raise _not_a_portal(Phrase("its answer is not encoded as it says")) from error
            else:
                if response.status_code in wanted:
                    return response
                if response.status_code not in _AGAIN:
                    raise _refusal(response)
                trouble = Phrase(
                    "the portal answered %(status)s: %(reason)s",
                    status=response.status_code,
                    reason=str(_problem(response).get("detail", "")) or Phrase("no reason given"),
                )
                asked_for_s = _retry_after(response)
            if pause is not None:
                self._sleep(min(max(pause, asked_for_s or 0.0), LONGEST_PAUSE_S))
        raise Unreachable(
            "portal-unreachable",
            Phrase(
                "The portal %(base_url)s could not be reached (attempts: %(times)s; %(trouble)s).",
                base_url=self.base_url,
                times=len(self._pauses) + 1,
                trouble=trouble,
            ),
            "What was to be sent is kept. Check the network, --proxy and --ca-file, then run the "
            "same command again.",
        )

    def _once(
        self, method: str, path: str, most_bytes: int = MAX_ANSWER_BYTES, **request: Any
    ) -> httpx.Response:
        """One try, its answer read up to a bound: a portal gone wrong must not fill this machine's
        memory.
        """
        with self._client.stream(method, path, **request) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > most_bytes:
                    raise VerificationError(
                        "answer-too-large",
                        Phrase(
                            "The portal's answer to %(method)s %(path)s is larger than allowed.",
                            method=method,
                            path=path,
                        ),
                        "Check that --portal names a Steplabel portal. If it does, tell its "
                        "operator.",
                    )
            return httpx.Response(
                response.status_code, headers=_plain(response.headers), content=bytes(body)
            )


def _registration(answer: object) -> Registration:
    return Registration(
        _text(answer, "site"), _text(answer, "device_id"), _bytes(answer, "directory")
    )


def _list(answer: object) -> list[object]:
    if not isinstance(answer, list):
        raise _not_a_portal(Phrase("its answer is no list"))
    return answer


def checked_address(url: str) -> str:
    """The portal's address without a trailing slash.

    Raises:
        UsageError: `portal-address` when it is no web address, or goes over an open network without
            TLS.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise UsageError(
            "portal-address",
            Phrase("%(url)s is not a web address.", url=f"{url!r}"),
            "Give it as https://portal.example.",
        ) from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise UsageError(
            "portal-address",
            Phrase("%(url)s is not a web address.", url=f"{url!r}"),
            "Give it as https://portal.example.",
        )
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise UsageError(
            "portal-address",
            "The portal's address carries more than an address.",
            "Leave out user, password, ? and #.",
        )
    if parsed.scheme == "http" and not _is_this_machine(parsed.host):
        raise UsageError(
            "portal-address",
            Phrase("The data would go to %(url)s over the network without encryption.", url=url),
            "Use https://; plain http is for a portal on this very machine.",
        )
    return str(parsed).rstrip("/")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """The headers of an answer whose body is already decoded: without those that describe the
    encoded one.
    """
    return {
        name: value
        for name, value in headers.items()
        if name not in ("content-encoding", "content-length", "transfer-encoding")
    }


def _document(response: httpx.Response) -> object:
    try:
        return response.json()
    except _NOT_JSON as error:
        raise _not_a_portal(Phrase("its answer is not JSON")) from error


def _text(answer: object, name: str) -> str:
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, str) or not value:
        raise _not_a_portal(Phrase("its answer has no text %(name)s", name=repr(name)))
    return value


def _bytes(answer: object, name: str) -> bytes:
    try:
        return base64.b64decode(_text(answer, name), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _not_a_portal(
            Phrase("%(name)s in its answer is not base64", name=repr(name))
        ) from error


def _hashes(answer: object, name: str) -> tuple[bytes, ...]:
    listed = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(listed, list) or not all(
        isinstance(text, str) and _HASH.fullmatch(text) for text in listed
    ):
        raise _not_a_portal(Phrase("%(name)s in its answer is no list of hashes", name=repr(name)))
    return tuple(bytes.fromhex(text) for text in listed)


def _not_a_portal(why: Phrase) -> VerificationError:
    return VerificationError(
        "answer-unreadable",
        Phrase("The portal gave an answer that no Steplabel portal gives: %(why)s.", why=why),
        "Check --portal and any proxy in between. Nothing was accepted, and the data to be sent "
        "have been saved.",
    )


def _problem(response: httpx.Response) -> Mapping[str, Any]:
    try:
        problem = response.json()
    except _NOT_JSON:
        return {}
    return problem if isinstance(problem, dict) else {}


def _refusal(response: httpx.Response) -> SteplabelError:
    """The portal's no as our error: its code, its sentence, its remedy where the problem document
    gives them.
    """
    problem = _problem(response)
    code = problem.get("code")
    code = (
        code
        if isinstance(code, str) and _CODE.fullmatch(code)
        else f"portal-{response.status_code}"
    )
    sentence = next(
        (text for key in ("detail", "title") if isinstance(text := problem.get(key), str) and text),
        None,
    )
    sentence = sentence or Phrase(
        "The portal refused with status %(status)s and gave no reason.", status=response.status_code
    )
    remedy = problem.get("remedy")
    remedy = (
        remedy
        if isinstance(remedy, str) and remedy
        else _REMEDIES.get(response.status_code, Phrase("Ask the portal's operator."))
    )
    return InputError(code, sentence, remedy)


_REMEDIES = {
    **dict.fromkeys(
        (301, 302, 307, 308),
        Phrase("Give the portal's final address with --portal; redirects are not followed."),
    ),
    401: Phrase(
        "The portal does not know this device, or revoked it: ask for a new token and enrol with "
        "--replace."
    ),
    404: Phrase("Check that --portal names a Steplabel portal."),
    409: Phrase(
        "The portal already holds another report of this site, period and revision. If this state "
        "directory was restored from "
        "an older copy, put the newest copy back; if the data changed, submit with --correct."
    ),
    413: Phrase(
        "The envelope is larger than the portal takes: tell its operator; nothing is lost."
    ),
}


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else None
