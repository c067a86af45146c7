"""What an auditor who was shown one report can work out of the site's others; and a plant that
draws again by other keys once it knows the challenge.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from benchmarks.audit import checks, proven
from benchmarks.audit.committed_tree import DataTree, salt_of
from benchmarks.audit.evidence import CheckState
from benchmarks.label_keys import LabelKey
from benchmarks.privacy.randomness import KeyedStream, ReportKey, commitment
from benchmarks.released import ReleasedLabel
from benchmarks.wire import logged
from benchmarks.wire.logged import ReportRevision
from benchmarks.wire.merkle import leaf_hash
from benchmarks.wire.schema import encode_report
from reporting_agent.audit.openings.assembling import ExchangedFiles, assemble
from reporting_agent.sending import planning
from reporting_agent.sending.planning import draw
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.functional.audit.plants import (
    DEVICE,
    SOFTWARE,
    audited,
    drawn_by_auditor,
    failures,
    honest,
    material_of,
    plan_of,
    write_works,
)
from tests.unit.agent_send.cast import SITE, heats, material

SEED = b"s" * 32
SHOWN, OTHERS = ("2016", 1), (("2016", 2), ("2017", 1))
TRIES = 60
ENVELOPE = hashlib.sha256(b"sealed").digest()


@dataclass(frozen=True)
class Sent:
    """A report of the site, with all that anybody but the plant can have of it."""

    period: str
    revision: int
    tree: DataTree
    nonce: bytes
    labels: tuple[ReleasedLabel, ...]
    logged_values: bytes

    @property
    def of(self) -> tuple[str, str, int]:
        return SITE, self.period, self.revision


def sent(period: str, revision: int) -> Sent:
    subject = planning.Subject(SITE, period, revision, revision > 1)
    data = material(heats(400, year=int(period)), period)
    plan = planning.plan(data.site_label, data.batches, data.pack, subject)
    key = plan.key(SEED)
    tree = plan.tree(key, SOFTWARE)
    nonce = hashlib.sha256(tree.root).digest()
    labels = tuple(draw(plan, key, root=tree.root, challenge=nonce))
    of, salt = ReportRevision(SITE, period, revision), key.values_salt(tree.root)
    return Sent(period, revision, tree, nonce, labels, logged.values(ENVELOPE, of, labels, salt))


def guesses(shown: bytes, of: tuple[str, str, int]) -> Iterator[bytes]:
    """Keys of another report that somebody with the key of one may think of."""
    yield shown
    yield ReportKey.of(shown, *of).secret
    name = "/".join(map(str, of)).encode()
    yield hmac.digest(shown, name, "sha256")
    yield hashlib.sha256(shown + name).digest()


def worked_out(shown: bytes, other: Sent) -> set[str]:
    """What of another report follows from the key that an auditor was shown: the chance of its
    draws, the salts of its leaves (for whoever guesses a record), the salt of its logged values.
    """
    name = LabelKey.of(other.labels[0])
    true = ReportKey.of(SEED, *other.of).stream(
        "/".join((*name, "best")), challenge=other.nonce, data_root=other.tree.root
    )
    chance, found = true.randbytes(32), set()
    for secret in guesses(shown, other.of):
        key = ReportKey(*other.of, commitment(SEED), secret)
        stream = KeyedStream(
            secret,
            challenge=other.nonce,
            data_root=other.tree.root,
            name="/".join((*name, "best")),
        )
        if stream.randbytes(32) == chance:
            found.add("draws")
        record = other.tree.record(7)
        if leaf_hash(salt_of(secret, 7) + record) == leaf_hash(other.tree.salt(7) + record):
            found.add("salts")
        of, salt = ReportRevision(*other.of), key.values_salt(other.tree.root)
        if logged.values(ENVELOPE, of, other.labels, salt) == other.logged_values:
            found.add("values")
    return found


def test_one_opening_tells_nothing_of_the_sites_other_reports(
    stated: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = ReportKey.of(SEED, SITE, *SHOWN).secret
    of_itself = worked_out(shown, sent(*SHOWN))
    found = [worked_out(shown, sent(*other)) for other in OTHERS]
    assert of_itself == {"draws", "salts", "values"}, "the attack can succeed"
    assert found == [set(), set()]

    monkeypatch.setattr(
        ReportKey, "of", classmethod(lambda cls, seed, *of: cls(*of, commitment(seed), seed))
    )
    off = [worked_out(SEED, sent(*other)) for other in OTHERS]
    assert off == [{"draws", "salts", "values"}] * 2
    stated(
        Row(
            "one-opening",
            "an auditor who was shown one report works out the draws, salts and logged values of "
            "the site's next revision and next period",
            "a key for each report, derived from the seed by site, period and revision; the seed "
            "is shown to nobody",
            "nothing of another report",
            f"0 of {3 * len(OTHERS)}",
            f"the seed shown, as one key for all reports: {sum(map(len, off))} of "
            f"{3 * len(OTHERS)}",
        )
    )


@pytest.mark.timeout(600)
def test_a_draw_by_another_key_than_the_one_committed_to_is_found(
    tmp_path: Path, stated: State
) -> None:
    """The key is chosen with the challenge at hand: the luckiest of many."""
    write_works(tmp_path, "cement", seed=1, days=60, rate=0)
    site, material_ = material_of(tmp_path)
    plan, plant = plan_of(site, material_), honest(tmp_path)
    root, nonce = plant.tree.root, plant.report.challenge
    own = plan.key(plant.seed)

    def by(number: int) -> tuple[ReportKey, list[ReleasedLabel]]:
        key = replace(own, secret=hashlib.sha256(b"try %d" % number).digest())
        return key, draw(plan, key, root=root, challenge=nonce)

    def best(labels: list[ReleasedLabel] | tuple[ReleasedLabel, ...]) -> int:
        return sum(label.best.grid_point for label in labels)

    lucky, labels = min((by(number) for number in range(TRIES)), key=lambda drawn: best(drawn[1]))
    assert best(labels) < best(plant.report.released.labels)
    report = plan.report(
        labels,
        data_root=root,
        challenge=nonce,
        salt=lucky.values_salt(root),
        software=SOFTWARE,
    )
    cheat = replace(plant, report=report)
    asked, promise = drawn_by_auditor(cheat)
    files = ExchangedFiles(lucky.secret, plant.challenge, encode_report(report), DEVICE.public)
    opening = assemble(asked, plant.tree, site, plant.pack, files).opening
    assert list(failures(audited(cheat, asked, promise, opening))) == ["key-committed"]

    left = [check for check in checks.CHECKS if check is not proven.key_committed]
    off = audited(cheat, asked, promise, opening, left)
    assert {finding.state for finding in off if finding.asked} == {CheckState.HELD}
    stated(
        Row(
            "redraw-by-key",
            f"a plant that knows the challenge draws by {TRIES} keys, sends the lowest and shows "
            "its auditor that key",
            "the key is committed to in the first leaf of the report's data, whose root is logged "
            "before the challenge is given",
            "found by name",
            "`key-committed` fails, no other check does",
            "check left out: every other check holds",
        )
    )
