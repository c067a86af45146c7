"""A portal, or whoever sits in it, that works against a plant: its own keys, a looser policy, a
second challenge.

The agent has its token, its pack and what it kept; each demand is refused under its code, and
nothing has been spent or sent.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from benchmarks import packs
from benchmarks.errors import SteplabelError, VerificationError
from benchmarks.wire import challenges, envelope, sealing
from benchmarks.wire import directory as key_directory
from benchmarks.wire.canonical import decode, encode
from benchmarks.wire.directory import EnrolmentSecret
from benchmarks.wire.pack_conformity import require_conformity
from benchmarks.wire.signing import DirectoryKey, VerifyingKey
from reporting_agent.config import SiteSettings
from reporting_agent.sending import eligibility, enrolment, revisions
from reporting_agent.sending.enrolment import SEED_FILE
from reporting_agent.sending.kept_reports import Outbox
from reporting_agent.sending.planning import draw
from reporting_agent.sending.submission import ReportMaterial
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.unit.agent_send.cast import NOW, SITE, SOFTWARE, Desk, FakePortal, heats, material


@pytest.fixture(scope="module")
def year() -> ReportMaterial:
    return material(heats(400))


def refusal(attempt: Callable[[], object]) -> str:
    """The code under which the agent refuses, or what it says when it does not."""
    try:
        attempt()
    except SteplabelError as refused:
        return refused.code
    return "done"


def submitted(desk: Desk, data: ReportMaterial) -> None:
    at_work = desk.submission()
    with desk.road as road:
        at_work.consult(road)
        at_work.send(at_work.prepare(data, "2016", road, correct=False), road)


def spent_or_sent(desk: Desk) -> int:
    return int(desk.connection.execute("SELECT COUNT(*) FROM ledger").fetchone()[0]) + len(
        desk.portal.submissions
    )


# Its own keys


def reads(thief: sealing.ProcessingKey, desk: Desk) -> bool:
    """Whether what the agent sent opens with this key."""
    (raw,) = desk.portal.submissions.values()
    parsed = envelope.parse(raw)
    return bool(
        envelope.open(parsed, thief, desk.portal.devices[parsed.header.device_id]).released.labels
    )


def directories_of_a_hostile_portal(
    desk: Desk, thief: sealing.ProcessingKey
) -> dict[str, tuple[int, DirectoryKey, bool]]:
    """Number, signer, and whether the signature is the right one over something else."""
    right, own = desk.portal.directory_key, DirectoryKey.generate()
    return {
        "directory-signer-unknown": (2, own, False),
        "directory-signature-invalid": (2, right, True),
        "directory-outdated": (0, right, False),
        "directory-forked": (1, right, False),
    }


def test_the_portal_hands_out_a_processing_key_of_its_own(
    stated: State, desk: Desk, year: ReportMaterial, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = sealing.generate()
    codes = []
    for code, (number, signer, forged) in directories_of_a_hostile_portal(desk, thief).items():
        hostile = dataclasses.replace(
            desk.portal, processing_key=thief, number=number, directory_key=signer
        ).signed_directory()
        if forged:  # the signer's name is public, its signature is not to be had
            parts: Any = decode(hostile)
            hostile = encode({**parts, "signature": parts["signature"][::-1]})
        monkeypatch.setattr(desk.portal, "signed_directory", lambda raw=hostile: raw)
        actual = refusal(lambda: submitted(desk, year))
        assert actual == code
        codes.append(actual)
    assert spent_or_sent(desk) == 0

    # a directory of the portal's own signer, at an agent that holds it against nothing
    own = dataclasses.replace(
        desk.portal, processing_key=thief, number=3, directory_key=DirectoryKey.generate()
    )
    raw = own.signed_directory()
    monkeypatch.setattr(desk.portal, "signed_directory", lambda: raw)
    assert refusal(lambda: submitted(desk, year)) == "directory-signer-unknown"
    checked = key_directory.verify
    monkeypatch.setattr(
        key_directory,
        "verify",
        lambda raw, _fingerprint, at_least=0: checked(raw, key_directory.signer_of(raw), at_least),
    )
    submitted(desk, year)
    assert reads(thief, desk)

    stated(
        Row(
            "substitution",
            "the portal hands out a processing key of its own",
            "directory signed offline, pinned by the token, numbered",
            "0 reports sealed to it",
            f"0 of {len(codes)}: " + ", ".join(f"`{code}`" for code in codes),
            "pin not compared: the report opens with the portal's key",
        )
    )


def test_a_token_of_the_portals_own_pages_is_as_good_as_the_way_it_came(tmp_path: Path) -> None:
    """What the pin cannot do: a fingerprint that the portal itself shows is the portal's. Told in
    the threat model.
    """
    from reporting_agent.state import StateDirectory

    state, hostile = StateDirectory(tmp_path / "state"), FakePortal()
    right = DirectoryKey.generate()
    with state.exclusive(), state.connect() as connection:
        desk = Desk(state, connection, hostile, [])
        by_telephone = EnrolmentSecret(hostile.secret, right.key_id)
        with desk.road as road, pytest.raises(VerificationError) as refused:
            enrolment.enrol(state, connection, road, by_telephone, software=SOFTWARE, now=NOW)
        assert refused.value.code == "directory-signer-unknown"


# A looser policy


def looser(data: ReportMaterial) -> ReportMaterial:
    """The portal's pack with four times the epsilon, and a cap to go with it."""
    policy = data.pack.policy.model_copy(
        update={
            "epsilon_best": Fraction(3),
            "epsilon_typical": Fraction(1),
            "cap_per_year": Fraction(8),
        }
    )
    return dataclasses.replace(data, pack=data.pack.model_copy(update={"policy": policy}))


def loosened_pack(folder: Path) -> str:
    """The published pack as a file of the portal's making, its name and version kept."""
    text = (
        (packs.HOME / "steel.toml")
        .read_text(encoding="utf-8")
        .replace("epsilon_best = 0.75", "epsilon_best = 1.5")
    )
    assert "epsilon_best = 1.5" in text
    (folder / "steel.toml").write_text(text, encoding="utf-8")
    return "./steel.toml"


def test_the_portal_asks_for_a_looser_policy(
    stated: State, desk: Desk, year: ReportMaterial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = SiteSettings.model_validate(
        {
            "site": {"id": SITE, "timezone": "UTC", "pack": loosened_pack(tmp_path)},
            "inputs": {"log": "log.csv"},
            "runs": {},
            "path": tmp_path / "site.toml",
        }
    )
    assert refusal(lambda: eligibility.require_reportable(site)) == "pack-of-its-own"
    assert spent_or_sent(desk) == 0

    # the same pack forced upon the agent past that door; the worker compares with the pack it knows
    # itself
    submitted(desk, looser(year))
    (raw,) = desk.portal.submissions.values()
    sent = envelope.open(
        envelope.parse(raw), desk.portal.processing_key, next(iter(desk.portal.devices.values()))
    )
    pack = year.pack
    assert refusal(lambda: require_conformity(sent, pack, packs.digest(pack))) == "pack-mismatch"
    through = max(label.best.epsilon for label in sent.released.labels)
    assert through > pack.policy.epsilon_best

    stated(
        Row(
            "policy",
            "the portal asks for a looser policy",
            "packs come with the agent; one that differs is not reported by",
            f"epsilon {pack.policy.epsilon_best} a draw",
            "0 of 2: `pack-of-its-own` at the agent, `pack-mismatch` at the worker",
            f"pack not compared: epsilon {through} drawn and sent",
        )
    )


# A second challenge


def test_the_portal_gives_a_second_challenge(
    stated: State, desk: Desk, year: ReportMaterial, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work = desk.submission()
    with desk.road as road:
        begun = at_work.ask(at_work.begin(year, "2016", correct=False), road)
    commitment = revisions.commitment_of(begun.parcel)
    stranger = FakePortal()
    asked = {
        "challenge-changed": desk.portal.challenge_for(
            commitment, b"\x07" * challenges.NONCE_BYTES
        ),
        "challenge-signature-invalid": stranger.challenge_for(commitment, bytes(32)),
        "challenge-for-another": desk.portal.challenge_for(
            dataclasses.replace(commitment, data_root=bytes(32)), bytes(32)
        ),
    }
    refusals = [refusal(partial(desk.submission().accept, begun, raw)) for raw in asked.values()]
    assert refusals == list(asked)
    first = at_work.seal(begun)
    assert first.challenge == begun.parcel.challenge
    assert len(Outbox(desk.connection).all()) == 1

    drawn, key = set(), begun.plan.key(desk.state.read_secret(SEED_FILE))
    for number in range(
        1, 9
    ):  # an agent that took the latest challenge: the same data, drawn as often as the portal likes
        another = desk.portal.challenge_for(commitment, bytes([number]) * challenges.NONCE_BYTES)
        challenge = challenges.read(
            another,
            {desk.portal.receipt_key.key_id: VerifyingKey(desk.portal.receipt_key.public_bytes)},
        )
        labels = draw(begun.plan, key, root=commitment.data_root, challenge=challenge.nonce)
        drawn.add(tuple((label.best.grid_point, label.typical.grid_point) for label in labels))
    assert len(drawn) > 1

    stated(
        Row(
            "challenge",
            "the portal gives a second challenge, for more draws of the same data",
            "the first one is kept and counts",
            "1 draw of each value",
            f"0 of {len(refusals)}: " + ", ".join(f"`{code}`" for code in refusals),
            "latest challenge taken: each of 8 is a draw of its own",
        )
    )
