"""The pages without a browser: who may open what, what is cached, downloads, refusals, errors."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from typing import Any

import pytest
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation
from django.views.defaults import server_error

from benchmarks.guidance import references
from benchmarks.wire import MAX_ENVELOPE_BYTES, commitments
from benchmarks.wire.commitments import ReportCommitment
from portal import keys
from portal.accounts.models import EnrolmentToken
from portal.catalogue.periods import open_period_for
from portal.intake.by_hand import MOST_FILES
from portal.intake.models import Submission
from portal.publication import drafting, publishing
from portal.publication.models import Publication
from portal.request_sizes import MAX_FORM_BYTES
from portal.web.page_cache import STORE
from tests.integration.portal_cast import (
    NOW,
    PASSWORD,
    PERIOD,
    Cast,
    deliver,
    draft_page,
    make_cast,
    open_waiting,
    signed_in,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def build_scene() -> Cast:
    cast = make_cast(9)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    return cast


@pytest.fixture
def published(cast: Cast) -> Publication:
    return publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )


BEHIND_A_ROLE = (
    "web:submissions",
    "web:our-plants",
    "web:sites",
    "web:upload",
    "web:periods",
    "web:assigned",
)


@pytest.mark.parametrize("page", BEHIND_A_ROLE)
def test_a_stranger_is_asked_to_sign_in_and_a_wrong_role_is_told_so(
    client: Client, cast: Cast, page: str
) -> None:
    asked = client.get(reverse(page))
    assert (asked.status_code, asked.headers["Location"]) == (
        302,
        f"/sign-in/?next={reverse(page)}",
    )
    response = signed_in(cast.stranger.email).get(reverse(page))
    assert response.status_code == 403
    assert "another role" in response.content.decode()


def test_what_belongs_to_another_firm_is_not_found(cast: Cast) -> None:
    other = signed_in(cast.plants[1].owner.email)
    digest = Submission.objects.get(site=cast.plants[0].site).digest
    for address in (
        reverse("web:submission", args=[digest]),
        reverse("web:submission-receipt", args=[digest]),
        reverse("web:assigned-submission", args=[digest]),
        reverse("web:revoke", args=[cast.plants[0].device.pk]),
    ):
        assert other.get(address).status_code in (403, 404), address
    assert other.post(reverse("web:token", args=["works-1"])).status_code == 404
    assert other.post(reverse("web:revoke", args=[cast.plants[0].device.pk])).status_code == 404


def test_a_provincial_regulator_sees_participation_and_decides_nothing_of_the_nation(
    cast: Cast, published: Publication
) -> None:
    province = signed_in(cast.provincial.email)
    page = province.get(reverse("web:period", args=[cast.group.pk, "2016", "reports"]))
    assert page.status_code == 200
    assert "Compose a draft" not in page.content.decode()
    assert province.post(reverse("web:compose", args=[cast.group.pk, "2016"])).status_code == 403
    assert province.get(draft_page(published)).status_code == 404
    assert (
        province.post(reverse("web:publish", args=[published.pk]), {"read": "on"}).status_code
        == 404
    )


def test_the_participation_page_shows_no_value(cast: Cast) -> None:
    page = (
        signed_in(cast.drafter.email)
        .get(reverse("web:period", args=[cast.group.pk, "2016", "reports"]))
        .content.decode()
    )
    assert "kgce" not in page
    assert "Works 1" in page


def test_a_drafter_who_posts_anyway_is_refused_in_the_services_words(cast: Cast) -> None:
    drafter = signed_in(cast.drafter.email)
    drafter.post(reverse("web:compose", args=[cast.group.pk, "2016"]))
    row = Publication.objects.get()
    answer = drafter.post(reverse("web:publish", args=[row.pk]), {"read": "on"})
    assert answer.status_code == 403
    assert "own-draft" in answer.content.decode()
    row.refresh_from_db()
    assert row.status == "draft"


def test_pages_behind_a_sign_in_are_never_kept_by_a_cache(cast: Cast) -> None:
    answer = signed_in(cast.plants[0].owner.email).get(reverse("web:submissions"))
    assert "no-store" in answer.headers["Cache-Control"]
    token = signed_in(cast.plants[0].owner.email).post(reverse("web:token", args=["works-1"]))
    assert "sl1." in token.content.decode()
    assert "no-store" in token.headers["Cache-Control"]


def test_an_address_with_a_nul_is_refused_before_it_meets_a_query(
    client: Client, published: Publication
) -> None:
    """PostgreSQL takes no text with one: without the refusal the API's question by route is an
    error of ours.
    """
    for address in (
        "/?q=%00",
        "/benchmarks/cement/cn/dry-process/%00/v1/",
        f"/benchmarks/cement/cn/dry-process/{published.period.name}/v1/?unit=%00",
    ):
        assert client.get(address).status_code == 400, address
    answer = client.get(
        f"/api/v1/benchmarks/cement/cn/dry-process/{published.period.name}/?route=%00"
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "address-invalid")


def test_every_page_is_sent_with_the_strict_policy(client: Client, published: Publication) -> None:
    for address in (
        "/",
        "/sign-in/",
        "/benchmarks/cement/cn/dry-process/2016/v1/",
        "/nothing-here/",
    ):
        policy = client.get(address).headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy


def test_the_downloads_hold_what_the_page_shows(client: Client, published: Publication) -> None:
    signed = client.get("/benchmarks/cement/cn/dry-process/2016/v1/benchmark.json")
    assert (
        json.loads(signed.content)
        == client.get("/api/v1/benchmarks/cement/cn/dry-process/2016/v1/").json()
    )
    table = client.get("/benchmarks/cement/cn/dry-process/2016/v1/benchmark.csv")
    assert (
        'filename="steplabel-cement-cn-dry-process-2016-v1.csv"'
        in table.headers["Content-Disposition"]
    )
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    burning = next(
        row for row in rows if row["step"] == "clinker-burning" and row["metric"] == "total"
    )
    assert (
        f"{float(burning['best']):.1f}"
        in client.get("/benchmarks/cement/cn/dry-process/2016/v1/").content.decode()
    )


@pytest.mark.parametrize(
    ("language", "summary", "reason", "agreed"),
    [
        (
            "en",
            "none of 9 figures agrees with this label in every respect",
            "route: theirs is kilns of every kind, wet and dry",
            "1 of 9 figures agrees with this label in every respect",
        ),
        (
            "zh-hans",
            "他人公布的 9 个数字中，没有一个在各方面与本标签一致",
            "流程：对方为各类水泥窑，含湿法和干法",
            "有 1 个在各方面与本标签一致",
        ),
    ],
)
def test_what_others_publish_stands_beside_a_version_only_where_it_agrees(
    client: Client,
    published: Publication,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    summary: str,
    reason: str,
    agreed: str,
) -> None:
    address, api = (
        f"/benchmarks/cement/cn/dry-process/{PERIOD}/v1/",
        f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v1/references/",
    )
    client.cookies["django_language"] = language
    page = client.get(address).content.decode()
    assert summary in page
    assert reason in page
    assert "3519 MJ/t" in page
    rows = {row["id"]: row for row in client.get(api).json()}
    assert client.get(
        f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v1/references/"
    ).json() == [*rows.values()]
    assert [each["by"] for each in rows["gnr-2016-kiln-heat"]["refused"]] == ["route"]
    assert [each["by"] for each in rows["gnr-2014-kiln-heat"]["refused"]] == ["route", "year"]
    assert [each["by"] for each in rows["lbnl-kiln-heat"]["refused"]] == ["year", "scope"]
    assert rows["gnr-2016-kiln-heat"]["value_beside"] is None

    # as if the mean were of dry kilns, and another figure of the file were known at second hand
    # alone
    changed: dict[str, dict[str, Any]] = {
        "gnr-2016-kiln-heat": {"routes": ("dry-process",)},
        "lbnl-kiln-heat": {"source": second_hand()},
    }
    figures = tuple(
        each.model_copy(update=changed.get(each.id, {})) for each in references.references()
    )
    monkeypatch.setattr(references, "references", lambda: figures)
    caches[STORE].clear()
    page = client.get(address).content.decode()
    assert agreed in page
    assert "2850" not in page
    assert "3519" in page
    rows = {row["id"]: row for row in client.get(api).json()}
    assert (rows["gnr-2016-kiln-heat"]["agrees"], rows["gnr-2016-kiln-heat"]["value_beside"]) == (
        True,
        3519.0,
    )
    assert (rows["lbnl-kiln-heat"]["value"], rows["lbnl-kiln-heat"]["agrees"]) == (None, False)


def second_hand() -> references.Origin:
    return next(
        each.source for each in references.references() if each.source.confidence == "second-hand"
    )


def test_the_address_without_a_version_leads_to_the_one_in_force(
    client: Client, published: Publication
) -> None:
    assert (
        client.get("/benchmarks/cement/cn/dry-process/2016/").headers["Location"]
        == "/benchmarks/cement/cn/dry-process/2016/v1/"
    )


@pytest.mark.parametrize(
    "address",
    [
        "/benchmarks/cement/cn/dry-process/2016/v2/",
        "/benchmarks/lime/cn/dry-process/2016/v1/",
        "/benchmarks/cement/cn/dry-process/1999/v1/",
        "/benchmarks/cement/cn/dry-process/2016/v1/benchmark.xml",
    ],
)
def test_what_was_never_published_is_not_found(
    client: Client, published: Publication, address: str
) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "start from the benchmarks" in answer.content.decode()


def test_before_anything_is_published_the_first_page_says_how_it_will_be(client: Client) -> None:
    assert "No benchmark has been published yet." in client.get("/").content.decode()


def test_a_wrong_password_is_told_beside_a_summary_and_says_what_to_do(
    client: Client, cast: Cast
) -> None:
    answer = client.post("/sign-in/", {"username": cast.drafter.email, "password": "wrong"})
    assert answer.status_code == 400
    assert "do not match" in answer.content.decode()


def test_signing_in_leads_to_the_first_page_of_the_role_and_never_to_another_site(
    client: Client, cast: Cast
) -> None:
    into = {"username": cast.drafter.email, "password": PASSWORD}
    assert client.post("/sign-in/", into).headers["Location"] == reverse("web:home")
    assert Client().post("/sign-in/?next=https://elsewhere.example/", into).headers[
        "Location"
    ] == reverse("web:home")


class Unreadable(io.BytesIO):
    """A body that must not be looked at."""

    def read(self, *_args: Any) -> bytes:
        raise AssertionError("the body was read")


@pytest.mark.parametrize(
    ("extra", "status", "sentence"),
    [
        (
            {"CONTENT_LENGTH": str(MAX_ENVELOPE_BYTES * 1000)},
            413,
            "Sealed reports have at most 256 KiB each.",
        ),
        ({"CONTENT_LENGTH": "9" * 5000}, 413, "Sealed reports have at most 256 KiB each."),
        ({"CONTENT_LENGTH": "many"}, 411, "This request cannot be read"),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, 411, "This request cannot be read"),
    ],
)
@pytest.mark.parametrize("address", ["/submissions/hand-in/", "/sign-in/"])
def test_a_body_too_large_or_of_unknown_length_is_answered_with_a_page_and_not_read(
    extra: dict[str, Any], status: int, sentence: str, address: str
) -> None:
    unreadable: dict[str, Any] = {"wsgi.input": Unreadable()}
    answer = Client().generic("POST", address, b"", **extra, **unreadable)
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        status,
        "text/html; charset=utf-8",
    )
    assert sentence in answer.content.decode()
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    chinese = Client().generic(
        "POST", address, b"", **extra, headers={"Accept-Language": "zh-hans"}
    )
    assert 'lang="zh-Hans"' in chinese.content.decode()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        (
            "photo.png",
            b"\x89PNG\r\n\x1a\n" + bytes(2000),
            (
                "This is neither a sealed report nor a commitment, or it was altered on the way. "
                "Choose the file"
            ),
        ),
        ("empty.cbor", b"", "The file is empty. Copy it again from the plant’s computer."),
    ],
)
def test_a_file_that_is_no_sealed_report_is_refused_beside_its_field(
    cast: Cast, name: str, content: bytes, says: str
) -> None:
    answer = hand_in(cast.plants[0].owner.email, name, content)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert 'id="id_sealed_error"' in page
    assert 'aria-describedby="id_sealed_helptext id_sealed_error"' in page
    assert says in page
    assert page.count("There is a problem") == 1


def test_the_sealed_file_of_another_firm_is_refused_and_not_stored(cast: Cast) -> None:
    theirs = cast.plants[1].envelope(cast.pack, revision=2)
    before = Submission.objects.count()
    answer = hand_in(cast.plants[0].owner.email, "report.cbor", theirs)
    assert answer.status_code == 400
    assert "sealed for the site works-2, which is not one of yours" in answer.content.decode()
    assert Submission.objects.count() == before


def test_a_file_handed_in_twice_is_one_submission(cast: Cast) -> None:
    mine = cast.plants[0].envelope(cast.pack, revision=2)
    first, second = (hand_in(cast.plants[0].owner.email, "report.cbor", mine) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert Submission.objects.filter(site=cast.plants[0].site, revision=2).count() == 1


def hand_in(email: str, name: str, content: bytes) -> Any:
    return hand_in_several(email, (name, content))


def hand_in_several(email: str, *files: tuple[str, bytes]) -> Any:
    sent = [SimpleUploadedFile(name, content) for name, content in files]
    return signed_in(email).post(reverse("web:upload"), {"sealed": sent})


def fates(answer: Any) -> dict[str, str]:
    """What the table says of each file, by its name."""
    rows = re.findall(
        r'<th role="rowheader" scope="row".*?</tr>', answer.content.decode(), re.DOTALL
    )
    return {
        match[1]: row for row in rows if (match := re.search(r">\s*([^<>\s]+\.[a-z]+)\s*<", row))
    }


def test_of_several_files_each_has_its_own_answer_and_a_bad_one_spoils_no_other(cast: Cast) -> None:
    plant = cast.plants[0]
    mine, later = (plant.envelope(cast.pack, revision=revision) for revision in (2, 3))
    theirs = cast.plants[1].envelope(cast.pack, revision=2)
    altered = mine[:200] + bytes([mine[200] ^ 1]) + mine[201:]
    files = [
        ("later.sealed", later),  # taken after revision 2, though chosen before it
        ("photo.png", bytes(2000)),
        ("mine.sealed", mine),
        ("again.sealed", mine),
        ("theirs.sealed", theirs),
        ("altered.sealed", altered),
        ("empty.sealed", b""),
        ("large.sealed", bytes(MAX_ENVELOPE_BYTES + 1)),
    ]
    answer = hand_in_several(plant.owner.email, *files)
    assert answer.status_code == 200
    by_file = fates(answer)
    assert list(by_file) == [name for name, _content in files]
    for name in ("later.sealed", "mine.sealed"):
        assert "st--ok" in by_file[name]
        assert "Submitted" in by_file[name]
        assert "/receipt/" in by_file[name]
    assert "Same as before" in by_file["again.sealed"]
    assert "not one of yours" in by_file["theirs.sealed"]
    assert "Works 2" not in by_file["theirs.sealed"]
    for name, says in (
        ("photo.png", "neither a sealed report nor a commitment"),
        ("empty.sealed", "is empty"),
        ("large.sealed", "larger than any sealed report"),
    ):
        assert "st--no" in by_file[name]
        assert says in by_file[name]
    assert "st--no" in by_file["altered.sealed"]
    assert (
        "8 files: <b>2</b> accepted, 1 already received, <b>5</b> refused."
        in answer.content.decode()
    )
    assert set(
        Submission.objects.filter(revision__gte=2).values_list("site__slug", "revision")
    ) == {("works-1", 2), ("works-1", 3)}


def test_a_commitment_among_several_files_leads_to_its_challenge(cast: Cast) -> None:
    plant = cast.plants[0]
    wire = commitments.commit(
        ReportCommitment(plant.site.slug, PERIOD, 2, b"\x05" * 32), str(plant.device.pk), plant.key
    )
    answer = hand_in_several(plant.owner.email, ("a.commitment", wire), ("photo.png", bytes(9)))
    assert answer.status_code == 200
    link = re.search(
        r'href="(/submissions/challenges/[0-9a-f]{64}/)"', fates(answer)["a.commitment"]
    )
    assert link
    challenge = signed_in(plant.owner.email).get(link[1])
    assert (
        challenge["Content-Disposition"] == 'attachment; filename="challenge-works-1-2016-r2.cbor"'
    )
    assert challenge.content == hand_in(plant.owner.email, "a.commitment", wire).content
    assert signed_in(cast.plants[1].owner.email).get(link[1]).status_code == 404


def test_several_files_that_are_all_refused_change_nothing(cast: Cast) -> None:
    before = Submission.objects.count()
    answer = hand_in_several(cast.plants[0].owner.email, ("a.png", b"a"), ("b.png", b"b"))
    assert (answer.status_code, len(fates(answer)), Submission.objects.count()) == (400, 2, before)


def test_more_files_than_are_taken_at_once_are_all_left(cast: Cast) -> None:
    mine = cast.plants[0].envelope(cast.pack, revision=2)
    answer = hand_in_several(
        cast.plants[0].owner.email,
        ("mine.sealed", mine),
        *((f"{n}.png", b"x") for n in range(MOST_FILES)),
    )
    assert answer.status_code == 400
    assert "more than 10 files: none was accepted" in answer.content.decode()
    assert not Submission.objects.filter(revision=2).exists()


def test_as_many_files_of_the_largest_size_as_are_taken_pass_the_door_and_one_byte_more_does_not(
    cast: Cast,
) -> None:
    """The limit of the hand-in page is that of all its files; every other page keeps its own."""
    largest = [(f"{n}.sealed", bytes(MAX_ENVELOPE_BYTES)) for n in range(MOST_FILES)]
    assert len(fates(hand_in_several(cast.plants[0].owner.email, *largest))) == MOST_FILES
    most = MAX_FORM_BYTES + (MOST_FILES - 1) * MAX_ENVELOPE_BYTES
    for address, length in (
        ("/submissions/hand-in/", most + 1),
        ("/sign-in/", MAX_FORM_BYTES + 1),
        ("/nowhere/", MAX_FORM_BYTES + 1),
    ):
        unreadable: dict[str, Any] = {"wsgi.input": Unreadable(), "CONTENT_LENGTH": str(length)}
        assert Client().generic("POST", address, b"", **unreadable).status_code == 413


def test_a_withdrawal_without_a_reason_is_refused_beside_its_field(
    cast: Cast, published: Publication
) -> None:
    for reason in ("", "   "):
        answer = signed_in(cast.approver.email).post(
            reverse("web:withdraw", args=[published.pk]), {"reason": reason}
        )
        assert answer.status_code == 400
        assert "a version is never withdrawn without one" in answer.content.decode()
    published.refresh_from_db()
    assert published.status == "published"


def test_a_decision_sent_twice_leads_to_the_version_it_was_about(cast: Cast) -> None:
    row = drafting.draft(cast.period, cast.drafter, NOW)
    approver, page = signed_in(cast.approver.email), draft_page(row)
    for _ in range(2):
        assert (
            approver.post(reverse("web:publish", args=[row.pk]), {"read": "on"}).headers["Location"]
            == page
        )
    for _ in range(2):
        assert (
            approver.post(
                reverse("web:withdraw", args=[row.pk]), {"reason": "One line twice."}
            ).headers["Location"]
            == page
        )
    row.refresh_from_db()
    assert (row.status, row.withdrawal_reason) == ("withdrawn", "One line twice.")


def test_a_new_version_is_not_drafted_without_saying_what_changes(
    cast: Cast, published: Publication
) -> None:
    officer, address = (
        signed_in(cast.drafter.email),
        reverse("web:compose", args=[cast.group.pk, "2016"]),
    )
    answer = officer.post(address, {"what_changed": "  "})
    assert answer.status_code == 400
    assert "State what changes and why" in answer.content.decode()
    assert not Publication.objects.exclude(pk=published.pk).exists()


def test_what_was_typed_stands_in_the_form_where_nothing_can_be_composed(cast: Cast) -> None:
    open_period_for(cast.approver, cast.group, "2017", NOW, date(2099, 3, 31))
    officer, address = (
        signed_in(cast.drafter.email),
        reverse("web:compose", args=[cast.group.pk, "2017"]),
    )
    answer = officer.post(address, {"what_changed": "A meter was read <wrongly>."})
    assert answer.status_code == 400
    assert "There is no accepted submission to compose." in answer.content.decode()
    assert 'value="A meter was read &lt;wrongly&gt;."' in answer.content.decode()


def test_what_changed_is_kept_to_its_last_character_or_refused_with_how_many_are_too_many(
    cast: Cast, published: Publication
) -> None:
    officer, address = (
        signed_in(cast.drafter.email),
        reverse("web:compose", args=[cast.group.pk, "2016"]),
    )
    refused = officer.post(address, {"what_changed": "x" * 1_007})
    assert refused.status_code == 400
    page = refused.content.decode()
    assert "longer by 7 characters than the 1000 that are kept" in page
    assert f'value="{"x" * 1_007}"' in page
    (field,) = re.findall(r"<input[^>]*what_changed[^>]*>", page)
    assert "maxlength" not in field, "a browser cuts what is pasted without a word"
    assert not Publication.objects.exclude(pk=published.pk).exists()
    officer.post(address, {"what_changed": "x" * 1_000})
    assert Publication.objects.exclude(pk=published.pk).get().what_changed == "x" * 1_000


def test_a_draft_of_the_same_reports_says_that_nothing_differs(
    cast: Cast, published: Publication
) -> None:
    officer = signed_in(cast.drafter.email)
    page = officer.post(
        reverse("web:compose", args=[cast.group.pk, "2016"]),
        {"what_changed": "Wording."},
        follow=True,
    ).content.decode()
    assert "the figures are those of version 1" in page
    assert "Enough firms differ" not in page


def test_a_token_is_shown_once_and_never_again(cast: Cast) -> None:
    owner, address = signed_in(cast.plants[0].owner.email), reverse("web:token", args=["works-1"])
    token = next(word for word in owner.post(address).content.decode().split() if "sl1." in word)
    assert owner.get(address).headers["Location"] == reverse("web:sites")
    assert "sl1." not in owner.get(reverse("web:sites")).content.decode()
    secret = token.split("sl1.")[1].split(".")[0]
    assert not EnrolmentToken.objects.filter(secret_sha256__contains=secret).exists()


def test_a_form_without_its_token_is_refused_with_a_page_that_says_why(cast: Cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.login(username=cast.plants[0].owner.email, password=PASSWORD)
    for address in (reverse("web:upload"), reverse("web:token", args=["works-1"])):
        answer = strict.post(address)
        assert answer.status_code == 403
        assert "form has expired" in answer.content.decode()


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Client:
    def fail() -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("portal.publication.sectors.groups_in_force", fail)
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "Something broke on our side"), ("zh-hans", "请几分钟后重试")]
)
def test_the_page_of_a_fault_needs_neither_database_nor_session(
    language: str, sentence: str, rf: RequestFactory, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0), translation.override(language):
        answer = server_error(rf.get("/"))  # a request that has neither a session nor a person
    assert answer.status_code == 500
    assert sentence in answer.content.decode()
    assert "sl-brand" in answer.content.decode()


def test_a_fault_of_ours_gives_a_page_that_owns_up_and_betrays_nothing(broken: Client) -> None:
    answer = broken.get("/")
    assert answer.status_code == 500
    page = answer.content.decode()
    assert "Something broke on our side" in page
    assert "broken on purpose" not in page


def test_pages_speak_chinese_when_asked_and_keep_to_the_choice(
    client: Client, published: Publication
) -> None:
    assert (
        "行业对标值"
        in client.get("/", headers={"accept-language": "zh-CN,zh;q=0.9"}).content.decode()
    )
    answer = client.post(
        "/language/", {"language": "zh-hans", "next": "/benchmarks/cement/cn/dry-process/2016/v1/"}
    )
    assert answer.headers["Location"] == "/benchmarks/cement/cn/dry-process/2016/v1/"
    page = client.get("/benchmarks/cement/cn/dry-process/2016/v1/").content.decode()
    assert '<html lang="zh-Hans"' in page
    assert "工序能耗阶梯图" in page
    assert (
        client.post(
            "/language/", {"language": "zh-hans", "next": "https://elsewhere.example/"}
        ).headers["Location"]
        == "/"
    )
