"""The transparency log in the database and at its addresses: every kind of entry, its proofs, and
what an intruder leaves behind.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from pytest_django.fixtures import Settings

from benchmarks.errors import VerificationError
from benchmarks.wire import heads, logged, published
from benchmarks.wire.heads import SeenHead
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.merkle import Node, Tree, leaf_hash, require_consistency, require_inclusion
from portal import keys
from portal.accounts.enrolling import revoke
from portal.accounts.models import Device
from portal.auditlog.models import AppendOnlyError
from portal.intake.models import Commitment, Submission
from portal.publication import drafting, publishing
from portal.publication.models import LoggedAct
from portal.standings.models import ProtectedValue
from portal.translog import log, selectors
from portal.translog.models import LogEntry, LogHead, LogNode
from tests.integration.portal_cast import NOW, Cast, deliver, make_cast, open_waiting

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def digest(number: int) -> str:
    return sha256(number.to_bytes(8)).hexdigest()


def logged_entries(count: int) -> None:
    with transaction.atomic():
        head = log.lock()
        for number in range(count):
            log.append(head, EntryKind.ENVELOPE, digest(number), NOW)


def receipt_keys() -> Any:
    return keys.published_directory().content.receipt_keys()


def served_head(client: Client) -> SeenHead:
    return heads.read(
        base64.b64decode(client.get("/api/v1/log/head/").json()["head"]), receipt_keys()
    )


def proof_from(client: Client) -> Callable[[int, int], list[bytes]]:
    def ask(first: int, second: int) -> list[bytes]:
        return [
            bytes.fromhex(node)
            for node in client.get(f"/api/v1/log/consistency/?from={first}&to={second}").json()[
                "proof"
            ]
        ]

    return ask


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    return make_cast(8)


def test_rows_give_the_root_and_the_proofs_of_the_tree_at_every_size(client: Client) -> None:
    logged_entries(21)
    tree = Tree(
        logged.hashed(EntryKind.ENVELOPE, bytes.fromhex(digest(number)), log.day_of(NOW))
        for number in range(21)
    )
    key = keys.receipt_key()
    for size in range(22):
        assert selectors.head(key, size).root == tree.root(size)
        for index in range(size):
            assert selectors.inclusion(index, size)[1] == tree.inclusion_proof(index, size)
            assert selectors.consistency(index, size) == tree.consistency_proof(index, size)
    assert LogNode.objects.count() == 2 * 21 - (21).bit_count()
    assert selectors.first_fault() is None


def test_a_head_and_a_proof_cost_the_same_few_queries_however_long_the_log(
    django_assert_num_queries: Any,
) -> None:
    key = keys.receipt_key()
    for count in (5, 71):
        LogEntry.objects.all()._raw_delete("default")
        LogNode.objects.all()._raw_delete("default")
        LogHead.objects.all().delete()
        logged_entries(count)
        with django_assert_num_queries(3):
            selectors.head(key)
        with django_assert_num_queries(3):
            selectors.inclusion(2, count)
        with django_assert_num_queries(2):
            selectors.consistency(3, count)
        with (
            transaction.atomic(),
            django_assert_num_queries(6),
        ):  # lock, what waits, entry, siblings, nodes, head
            log.add(EntryKind.ENVELOPE, digest(1000 + count * 2), NOW)


def test_everything_that_happens_is_logged_and_whoever_has_the_thing_finds_its_leaf(
    client: Client, cast: Cast
) -> None:
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    row = publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    row = publishing.withdraw(row, cast.approver, "A meter was wrong.", NOW)
    device = cast.plants[0].device
    revoke(device, None, NOW)

    sent = Submission.objects.order_by("log_index")[0]
    values = [value.released() for value in ProtectedValue.objects.filter(submission=sent)]
    document = published.digest(row.document or {})
    leaves = list(Submission.objects.order_by("log_index").values_list("log_index", flat=True))
    entries = list(
        LogEntry.objects.filter(kind=EntryKind.VALUES)
        .order_by("index")
        .values_list("index", flat=True)
    )
    expected = {
        EntryKind.COMMITMENT: Commitment.objects.get(site=sent.site).digest,
        EntryKind.ENVELOPE: sent.digest,
        EntryKind.VALUES: logged.values(
            bytes.fromhex(sent.digest), sent.name, values, sent.salt
        ).hex(),
        EntryKind.PUBLICATION: logged.publication(document, leaves, entries).hex(),
        EntryKind.PUBLICATION_WITHDRAWN: logged.publication_withdrawn(
            document, "A meter was wrong."
        ).hex(),
        EntryKind.DEVICE_KEY: logged.device_key(
            "revoked", str(device.pk), bytes.fromhex(device.public_key)
        ).hex(),
    }
    head = served_head(client).head
    for kind, name in expected.items():
        entry = client.get(f"/api/v1/log/entry/?digest={name}").json()
        assert entry["kind"] == kind
        leaf = logged.hashed(kind, bytes.fromhex(name), date.fromisoformat(entry["on"]))
        answer = client.get(
            f"/api/v1/log/inclusion/?index={entry['index']}&size={head.size}"
        ).json()
        require_inclusion(
            leaf,
            entry["index"],
            head.size,
            [bytes.fromhex(node) for node in answer["proof"]],
            head.root,
        )
    acts = {act.act: act for act in LoggedAct.objects.all()}
    assert acts["published"].leaves == leaves
    listing = client.get(
        f"/api/v1/benchmarks/cement/cn/dry-process/{cast.period.name}/v1/leaves/"
    ).json()
    assert [(act["act"], act["leaves"], act["log_index"]) for act in listing] == [
        ("published", leaves, acts["published"].log_index),
        ("withdrawn", [], acts["withdrawn"].log_index),
    ]
    assert (
        logged.publication(
            bytes.fromhex(listing[0]["document"]), listing[0]["leaves"], listing[0]["values"]
        ).hex()
        == expected[EntryKind.PUBLICATION]
    )
    assert (acts["withdrawn"].leaves, acts["withdrawn"].reason) == ([], "A meter was wrong.")
    assert selectors.first_fault() is None


def test_no_answer_of_the_log_names_a_report_by_the_digest_that_opens_its_state(
    client: Client, cast: Cast
) -> None:
    deliver(cast.plants[0].envelope(cast.pack))
    sent = Submission.objects.get()
    size = selectors.size()
    answers = [
        client.get(address).content.decode()
        for address in (
            "/api/v1/log/head/",
            f"/api/v1/log/entries/?from=0&to={size}",
            f"/api/v1/log/inclusion/?index={sent.log_index}&size={size}",
        )
    ]
    assert all(sent.digest not in answer for answer in answers)
    assert logged.object_of(bytes.fromhex(sent.digest)).hex() in answers[1]


def test_entries_come_in_order_and_make_the_root(client: Client) -> None:
    logged_entries(5)
    rows = client.get("/api/v1/log/entries/?from=0&to=99").json()
    assert [row["index"] for row in rows] == [0, 1, 2, 3, 4]
    leaves = [
        logged.leaf_of_object(
            EntryKind(row["kind"]), bytes.fromhex(row["object"]), date.fromisoformat(row["on"])
        )
        for row in rows
    ]
    assert [leaf_hash(leaf).hex() for leaf in leaves] == [row["leaf_hash"] for row in rows]
    assert Tree(leaf_hash(leaf) for leaf in leaves).root() == served_head(client).head.root
    assert client.get("/api/v1/log/entries/?from=3&to=4").json() == rows[3:4]
    assert client.get("/api/v1/log/entries/?from=4&to=3").json() == []


def test_the_head_of_an_empty_log_is_the_hash_of_nothing(client: Client) -> None:
    answer = client.get("/api/v1/log/head/").json()
    assert (answer["size"], answer["at"], answer["root_hash"]) == (0, 0, sha256(b"").hexdigest())


def test_what_seldom_changes_is_not_sent_twice(client: Client) -> None:
    logged_entries(4)
    address = "/api/v1/log/inclusion/?index=1&size=4"
    first = client.get(address)
    assert (
        first["Cache-Control"] == "public, max-age=300"
    )  # minutes: a restart of the log changes it
    again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    # more may come, or another key sign it
    assert client.get("/api/v1/log/entries/?from=0&to=99")["Cache-Control"] == "no-cache"
    head = client.get("/api/v1/log/head/")
    assert head["Cache-Control"] == "no-cache"
    assert (
        client.get("/api/v1/log/head/", headers={"if-none-match": head["ETag"]}).status_code == 304
    )
    logged_more = client.get("/api/v1/log/head/?size=3")
    assert logged_more["ETag"] != head["ETag"]


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("head/?size=9", 404, "log-size-unknown"),
        ("head/?size=-1", 400, "query-malformed"),
        ("head/?size=01", 400, "query-malformed"),
        ("head/?size=1&size=2", 400, "query-malformed"),
        ("head/?sise=1", 400, "query-unknown"),
        ("entries/?from=0", 400, "query-malformed"),
        ("entries/?from=0&to=9007199254740992", 400, "query-malformed"),
        ("entries/?from=0&to=%C2%B2", 400, "query-malformed"),
        ("inclusion/?index=4&size=4", 404, "log-index-unknown"),
        ("inclusion/?index=4&size=9", 404, "log-size-unknown"),
        ("consistency/?from=3&to=2", 404, "log-sizes-reversed"),
        ("consistency/?from=3&to=9", 404, "log-size-unknown"),
        ("entry/?digest=xyz", 400, "query-malformed"),
        (f"entry/?digest={'0' * 64}", 404, "not-found"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(
    client: Client, address: str, status: int, code: str
) -> None:
    logged_entries(4)
    answer = client.get(f"/api/v1/log/{address}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"


def test_rows_are_written_once() -> None:
    logged_entries(2)
    with pytest.raises(AppendOnlyError):
        LogEntry.objects.update(digest=digest(9))
    with pytest.raises(AppendOnlyError):
        LogNode.objects.filter(number=1).delete()
    with transaction.atomic(), pytest.raises(Exception, match=r"(?i)unique"), transaction.atomic():
        log.add(EntryKind.COMMITMENT, digest(0), NOW)
    assert selectors.size() == 2


INTRUSIONS: dict[str, Callable[[list[str]], list[str]]] = {
    "removed": lambda names: [*names[:2], *names[3:], digest(70), digest(71)],
    "reordered": lambda names: [names[1], names[0], *names[2:], digest(70)],
    "rewritten": lambda names: [*names[:4], digest(99), *names[5:], digest(70)],
    "forked": lambda names: [*names[:6], digest(99)],
}


def rebuilt(names: list[str]) -> None:
    """What an intruder with all rights in the database does: the whole log written anew, every
    stored hash in its place.
    """
    LogEntry.objects.all()._raw_delete("default")
    LogNode.objects.all()._raw_delete("default")
    LogHead.objects.all().delete()
    with transaction.atomic():
        head = log.lock()
        for name in names:
            log.append(head, EntryKind.ENVELOPE, name, NOW)


@pytest.mark.parametrize("name", INTRUSIONS)
def test_a_log_written_anew_is_found_by_whoever_kept_a_head_and_by_nobody_else(
    client: Client, name: str
) -> None:
    logged_entries(7)
    head = served_head(client)
    rebuilt(INTRUSIONS[name]([digest(number) for number in range(7)]))
    assert selectors.first_fault() is None  # the portal itself cannot know
    with pytest.raises(VerificationError) as refused:
        heads.require_succession(head, served_head(client), proof_from(client))
    assert refused.value.code == ("log-forked" if name == "forked" else "log-rewritten")


def test_a_log_that_lost_its_end_is_found(client: Client) -> None:
    logged_entries(7)
    head = served_head(client)
    rebuilt([digest(number) for number in range(6)])
    with pytest.raises(VerificationError) as refused:
        heads.require_succession(head, served_head(client), proof_from(client))
    assert refused.value.code == "log-shrunk"


def test_a_log_that_was_set_back_says_of_nothing_that_it_was_never_logged(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    logged_entries(7)
    settings.HEADS_FILE = tmp_path / "heads.log"
    served_head(client)
    settings.HEADS_FILE = None
    rebuilt([digest(number) for number in range(6)])
    settings.HEADS_FILE = tmp_path / "heads.log"
    answer = client.get(f"/api/v1/log/entry/?digest={digest(6)}")
    assert (answer.status_code, answer.json()["code"]) == (503, "log-set-back")


def test_a_row_altered_beneath_its_hashes_is_found_by_the_portal_itself() -> None:
    logged_entries(7)
    call_command("check_log", stdout=StringIO())
    LogEntry.objects.filter(index=4)._raw_delete("default")
    LogEntry.objects.create(index=4, kind=EntryKind.ENVELOPE, digest=digest(99), appended_at=NOW)
    assert selectors.first_fault() == 4
    with pytest.raises(CommandError, match="entry 4"):
        call_command("check_log")
    LogEntry.objects.filter(index=4)._raw_delete("default")
    assert selectors.first_fault() == 4
    LogEntry.objects.create(index=4, kind=EntryKind.ENVELOPE, digest=digest(4), appended_at=NOW)
    assert selectors.first_fault() is None
    LogNode.objects.filter(number=LogNode.number_of(selectors.node_of(3)))._raw_delete("default")
    assert selectors.first_fault() is not None


@pytest.mark.parametrize("altered", [{"kind": "gossip"}, {"digest": "zz" * 32}])
def test_a_row_that_this_portal_never_wrote_is_named_and_no_traceback(
    altered: dict[str, str],
) -> None:
    logged_entries(7)
    LogEntry.objects.filter(index=4)._raw_delete("default")
    LogEntry.objects.create(
        **{"index": 4, "kind": EntryKind.ENVELOPE, "digest": digest(4), "appended_at": NOW}
        | altered
    )
    with pytest.raises(CommandError, match="entry 4"):
        call_command("check_log")


def test_rows_beyond_the_logs_size_are_found() -> None:
    logged_entries(7)
    LogHead.objects.update(size=6)
    assert selectors.first_fault() == 6
    LogHead.objects.update(size=7)
    assert selectors.first_fault() is None
    LogNode.objects.create(number=LogNode.number_of(Node(3, 0)), hash=bytes(32))
    assert selectors.first_fault() is not None


def test_the_date_of_a_leaf_is_the_one_in_the_receipt_whatever_the_time_zone() -> None:
    late = datetime.fromisoformat("2017-01-17T07:30:00+08:00")
    assert log.day_of(late) == date(2017, 1, 16) == log.day_of(late.astimezone(UTC))


@pytest.mark.django_db(transaction=True, databases=["default", "vault"])
def test_appends_at_once_have_one_order_without_a_gap() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time anyway")

    def append(number: int) -> int:
        try:
            with transaction.atomic():
                return log.add(EntryKind.ENVELOPE, digest(number), NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        indices = list(pool.map(append, range(40)))
    assert sorted(indices) == list(range(40))
    assert selectors.first_fault() is None


@pytest.mark.django_db(transaction=True, databases=["default", "vault"])
def test_without_the_lock_appends_at_once_would_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time anyway")
    from threading import Barrier

    LogHead.objects.create(pk=1, size=0)
    together = Barrier(2)

    def unlocked() -> LogHead:
        head = LogHead.objects.get(pk=1)
        together.wait(timeout=20)
        return head

    monkeypatch.setattr(log, "lock", unlocked)

    def append(number: int) -> str:
        try:
            with transaction.atomic():
                log.add(EntryKind.ENVELOPE, digest(number), NOW)
        except IntegrityError as refusal:
            return type(refusal).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(append, range(2))) == ["IntegrityError", "done"]


@pytest.mark.django_db(transaction=True, databases=["default", "vault"])
def test_what_is_undone_leaves_no_entry() -> None:
    logged_entries(3)

    def killed() -> None:
        with transaction.atomic():
            log.add(EntryKind.ENVELOPE, digest(3), NOW)
            raise RuntimeError("killed here")

    with pytest.raises(RuntimeError):
        killed()
    assert (selectors.size(), selectors.first_fault()) == (3, None)


def test_a_later_log_begins_with_the_earlier_at_the_addresses_too(
    client: Client, cast: Cast
) -> None:
    before = served_head(client)
    deliver(cast.plants[0].envelope(cast.pack))
    after = served_head(client)
    assert Device.objects.count() <= before.head.size < after.head.size
    require_consistency(
        before.head.size,
        before.head.root,
        after.head.size,
        after.head.root,
        proof_from(client)(before.head.size, after.head.size),
    )
    heads.require_succession(before, after, proof_from(client))
