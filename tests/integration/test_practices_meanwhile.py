"""Two people at one practice: nobody decides on a text that they have not read, and nothing that
was typed is lost or saved twice.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal import keys
from portal.accounts.models import User
from portal.practices import reviewing
from portal.practices.models import Edition, Entry, EntryState, Revision
from tests.integration.portal_cast import NOW, Cast, make_cast, signed_in
from tests.integration.test_practices import (
    HOT,
    IN_FORM,
    edit,
    end,
    firm,
    offered,
    page,
    publish,
    published,
    read_in,
    refusal,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    return make_cast(2)


def opened(client: Client, row: Entry) -> dict[str, str]:
    """The form as it stands on the entry's page, to be sent with changes."""
    return {**IN_FORM, "read_against": read_in(page(client, "practice-entry", row.pk))}


def sent(client: Client, name: str, row: Entry, typed: dict[str, str]) -> Any:
    return client.post(reverse(f"web:{name}", args=[row.pk]), typed)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


class TestDecisions:
    def test_a_text_that_was_changed_after_it_was_read_is_not_published_and_the_change_is_shown(
        self, cast: Cast
    ) -> None:
        row = edit(offered(cast), cast.drafter)
        approver = signed_in(cast.approver)
        read = read_in(page(approver, "practice-entry", row.pk))
        edit(row, cast.drafter, HOT | {"saving_to": "2000"})
        answer = sent(approver, "publish-practice", row, {"read_against": read})
        assert answer.status_code == 409
        assert not Edition.objects.exists()
        assert "This has changed since you opened the page" in text_of(answer)
        assert "2000" in text_of(answer)
        assert Entry.objects.get(pk=row.pk).state == EntryState.REVIEWED
        again = sent(approver, "publish-practice", row, {"read_against": read_in(text_of(answer))})
        assert again.status_code == 302
        assert "2000" in Edition.objects.get().library

    def test_a_decision_that_names_no_text_is_none(self, cast: Cast) -> None:
        row = edit(offered(cast), cast.drafter)
        approver = signed_in(cast.approver)
        assert sent(approver, "publish-practice", row, {}).status_code == 409
        assert (
            sent(approver, "practice-entry", row, IN_FORM | {"title_en": "Another"}).status_code
            == 409
        )
        assert sent(approver, "end-practice", row, {"reason": "No."}).status_code == 409
        assert Entry.objects.get(pk=row.pk).content == HOT

    def test_a_list_is_published_as_it_was_read(self, cast: Cast) -> None:
        listed = HOT | {"source_en": "A list", "source_zh": "一份清单", "read_on": "2026-01-31"}
        (row,) = reviewing.import_list(cast.drafter, {"a-list": listed}, NOW)
        approver = signed_in(cast.approver)
        read = read_in(page(approver, "publish-practices"))
        edit(row, cast.drafter, listed | {"saving_to": "30"})
        address = reverse("web:publish-practices")
        assert approver.post(address, {"read_against": read}).status_code == 409
        assert not Edition.objects.exists()
        assert (
            approver.post(
                address, {"read_against": read_in(page(approver, "publish-practices"))}
            ).status_code
            == 302
        )

    def test_what_was_changed_is_not_refused_unread_and_the_reason_stays_typed(
        self, cast: Cast
    ) -> None:
        row, approver = offered(cast), signed_in(cast.approver)
        address = reverse("web:end-practice", args=[row.pk])
        link = (
            page(approver, "practice-entry", row.pk)
            .partition(f'href="{address}?')[2]
            .partition('"')[0]
        )
        edit(row, cast.drafter, HOT | {"title_en": "Keep it hot"})
        answer = approver.post(
            f"{address}?{link}",
            {"reason": "It says nothing.", "read_against": link.partition("=")[2]},
        )
        assert answer.status_code == 409
        assert "It says nothing." in text_of(answer)
        assert "Keep it hot" in text_of(answer)
        assert Entry.objects.get(pk=row.pk).state == EntryState.REVIEWED

    def test_nobody_publishes_what_they_wrote_a_part_of_whoever_saved_it_last(
        self, cast: Cast
    ) -> None:
        row = edit(
            edit(offered(cast), cast.drafter, HOT | {"done_zh": "全部由我写。"}), cast.approver
        )
        assert refusal(lambda: publish(row, cast.drafter)) == (409, "own-review")
        assert refusal(lambda: publish(row, cast.approver)) == (409, "own-review")
        shown = page(signed_in(cast.drafter), "practice-entry", row.pk)
        assert "You have written or edited a part of it." in shown
        assert "Publish this version" not in shown

    def test_only_what_was_written_since_the_last_version_counts(self, cast: Cast) -> None:
        second = edit(
            published(cast), cast.approver, HOT | {"saving_to": "16"}
        )  # the drafter wrote in the first
        assert publish(second, cast.drafter).state == EntryState.PUBLISHED


class TestSaving:
    def test_who_saves_second_is_told_what_the_first_changed_and_loses_nothing(
        self, cast: Cast
    ) -> None:
        row = offered(cast)
        first, second = signed_in(cast.drafter), signed_in(cast.approver)
        form, other = opened(first, row), opened(second, row)
        assert (
            sent(first, "practice-entry", row, form | {"title_en": "Keep the kiln hot"}).status_code
            == 302
        )
        answer = sent(second, "practice-entry", row, other | {"done_zh": "保持慢转。"})
        assert answer.status_code == 409
        text = text_of(answer)
        assert "This has changed since you opened the page" in text
        assert "Saved." not in text
        assert HOT["title_en"] in text
        assert "Keep the kiln hot" in text
        assert "保持慢转。" in text
        assert Entry.objects.get(pk=row.pk).content["title_en"] == "Keep the kiln hot"
        merged = other | {
            "title_en": "Keep the kiln hot",
            "done_zh": "保持慢转。",
            "read_against": read_in(text),
        }
        assert (
            'value="Keep the kiln hot"' in text
        )  # left alone by the second: the form goes on from the first's
        assert sent(second, "practice-entry", row, merged).status_code == 302
        content = Entry.objects.get(pk=row.pk).content
        assert (content["title_en"], content["done_zh"]) == ("Keep the kiln hot", "保持慢转。")

    def test_a_form_with_an_error_still_goes_on_from_the_text_that_was_read(
        self, cast: Cast
    ) -> None:
        row = offered(cast)
        second = signed_in(cast.approver)
        form = opened(second, row)
        edit(row, cast.drafter, HOT | {"title_en": "Keep the kiln hot"})
        wrong = sent(second, "practice-entry", row, form | {"saving_from": ""})
        assert wrong.status_code == 400
        assert (
            sent(
                second, "practice-entry", row, form | {"read_against": read_in(text_of(wrong))}
            ).status_code
            == 409
        )
        assert Entry.objects.get(pk=row.pk).content["title_en"] == "Keep the kiln hot"

    def test_a_firm_whose_text_was_reviewed_meanwhile_is_told_so_and_reads_what_it_typed(
        self, cast: Cast
    ) -> None:
        row, owner = offered(cast), signed_in(cast.plants[0].owner)
        form = opened(owner, row)
        edit(row, cast.drafter)
        answer = sent(
            owner, "practice-entry", row, form | {"conditions_en": "Only with a planetary cooler."}
        )
        assert answer.status_code == 409
        assert "nothing was saved" in text_of(answer)
        assert "Only with a planetary cooler." in text_of(answer)
        assert Entry.objects.get(pk=row.pk).content == HOT

    def test_a_reviewer_of_what_its_firm_withdrew_is_told_that_nothing_was_saved(
        self, cast: Cast
    ) -> None:
        row, reviewer = offered(cast), signed_in(cast.drafter)
        form = opened(reviewer, row)
        end(row, cast.plants[0].owner, "We stopped it.")
        answer = sent(reviewer, "practice-entry", row, form | {"title_en": "Mine"})
        assert answer.status_code == 409
        assert all(
            words in text_of(answer) for words in ("nothing was saved", "Mine", "We stopped it.")
        )

    def test_a_second_next_version_goes_on_in_the_one_that_waits(self, cast: Cast) -> None:
        row = published(cast)
        first, second = signed_in(cast.drafter), signed_in(cast.approver)
        form, other = opened(first, row), opened(second, row)
        assert sent(first, "practice-entry", row, form | {"saving_to": "16"}).status_code == 302
        answer = sent(second, "practice-entry", row, other | {"equipment_en": "cement kiln"})
        waits = Entry.objects.get(version=2)
        assert answer.status_code == 409
        assert "already waiting" in text_of(answer)
        assert "cement kiln" in text_of(answer)
        assert f'action="{reverse("web:practice-entry", args=[waits.pk])}"' in text_of(answer)
        saved = other | {
            "equipment_en": "cement kiln",
            "saving_to": "16",
            "read_against": read_in(text_of(answer)),
        }
        assert sent(second, "practice-entry", waits, saved).status_code == 302
        assert Entry.objects.get(version=2).content["equipment_en"] == "cement kiln"

    def test_a_form_sent_twice_is_saved_once(self, cast: Cast) -> None:
        row, reviewer = offered(cast), signed_in(cast.drafter)
        form = opened(reviewer, row) | {"title_en": "Keep the kiln hot"}
        for _time in range(2):
            assert sent(reviewer, "practice-entry", row, form).status_code == 302
        assert Revision.objects.filter(entry=row).count() == 2  # the firm's and the reviewer's
        owner = signed_in(cast.plants[1].owner)
        offer = {
            **IN_FORM,
            "organisation": str(firm(cast, 1).pk),
            "naming": "not-named",
            "consent": "on",
        }
        first, again = (owner.post(reverse("web:offer-practice"), offer) for _time in range(2))
        assert first["Location"] == again["Location"]
        assert Entry.objects.count() == 2


def reader_of(cast: Cast, who: str) -> User:
    return cast.plants[0].owner if who == "firm" else cast.approver


@pytest.mark.parametrize("who", ["firm", "regulator"])
def test_what_was_edited_stands_beside_what_was_there_until_it_is_withdrawn(
    cast: Cast, who: str
) -> None:
    row = edit(offered(cast), cast.drafter, HOT | {"title_en": "Keep the kiln hot"})
    client = signed_in(reader_of(cast, who))
    shown = page(client, "practice-entry", row.pk)
    assert "What was edited" in shown
    assert HOT["title_en"] in shown
    reviewing.end(row, "", cast.plants[0].owner, "We stopped it.", keys.receipt_key(), NOW)
    assert HOT["title_en"] not in page(client, "practice-entry", row.pk)
