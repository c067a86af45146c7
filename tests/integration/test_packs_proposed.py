"""Packs proposed, commented on, approved by two others, signed and logged; refused where a rule is
broken; read by everybody.
"""

from __future__ import annotations

import base64
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks import packs
from benchmarks.disclosure import GateResult
from benchmarks.errors import VerificationError
from benchmarks.packs import provenance
from benchmarks.wire import documents, heads, logged
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.merkle import require_inclusion
from portal import keys
from portal.accounts.audience import people_concerned_with, regulators_of, regulators_of_nations
from portal.accounts.models import Jurisdiction, Organisation, Role, Site, User
from portal.accounts.reading import read_in
from portal.accounts.selectors import own_sites
from portal.auditlog.models import Event
from portal.catalogue import deadlines, peer_groups
from portal.catalogue import periods as catalogue
from portal.catalogue.models import PeerGroup, ReportingPeriod
from portal.catalogue.selectors import groups_of
from portal.governance import proposing
from portal.governance.checking import PackCheck, check
from portal.governance.effects import difference
from portal.governance.models import Proposal, ProposalState
from portal.governance.selectors import proposal as proposal_of
from portal.governance.selectors import published_by
from portal.intake.owed import owed
from portal.intake.participation import participation
from portal.intake.reminders import asked_for, owed_by, remind, remindable
from portal.intake.turnout import turnout
from portal.notifications import selectors as notices
from portal.notifications.kinds import NoticeKind
from portal.problems import RefusedError
from portal.publication import drafting, over_years, publishing, sectors, selectors
from portal.publication.in_force import defined_beside, in_force_of
from portal.publication.models import Publication
from portal.publication.selectors import drafts_of_periods
from portal.standings.reports import report_of
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
    person,
    signed_in,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

SHIPPED = (packs.HOME / "cement.toml").read_text(encoding="utf-8")
TABLE = (packs.HOME / "conversion.toml").read_text(encoding="utf-8")


READ = NOW.replace(year=2027)  # after the sources of the pack were read


def version(number: str, text: str = SHIPPED) -> str:
    """The cement pack under another version."""
    return text.replace('version = "1"', f'version = "{number}"', 1)


ELECTRICITY = "kgce_per_unit = 0.1229"
FIVE = version("5").replace("quantile = 0.20", "quantile = 0.15", 1)


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    return make_cast(2)


@pytest.fixture
def third(cast: Cast) -> User:
    return person("third@example.org", Organisation.objects.get(name="Ministry"), Role.REGULATOR)


def propose(by: User, text: str, corrects: str = "", factors: str = "") -> Proposal:
    return proposing.propose(
        by, text, factors, corrects, "A quantile was read wrongly.", "GB 16780-2021, table 2", READ
    )


def approve(row: Proposal, *by: User) -> Proposal:
    for approver in by:
        row = proposing.approve(row, approver, keys.receipt_key(), NOW)
    return row


def refusal(act: object) -> tuple[int, str]:
    with pytest.raises(RefusedError) as refused:
        act()  # type: ignore[operator]
    return refused.value.status, refused.value.code


class TestApproval:
    def test_two_others_approve_and_it_is_signed_logged_and_loaded(self, cast: Cast) -> None:
        row = propose(cast.provincial, FIVE)
        assert "5" not in {pack.version for pack in packs.versions("cement")}
        assert approve(row, cast.drafter).state == ProposalState.OPEN
        row = approve(row, cast.approver)
        assert row.state == ProposalState.APPROVED
        approval = documents.verify_pack(
            row.document or {}, keys.published_directory().content.receipt_keys()
        )
        assert (approval.pack, approval.version, approval.digest) == (
            "cement",
            "5",
            packs.digest(packs.load("cement", "5")).hex(),
        )
        documents.require_files(approval, row.file, row.factors)
        assert [pack.version for pack in packs.versions("cement")][:3] == ["5", "1"]
        assert (
            packs.load("cement").version == "1"
        )  # whoever names none stays with what is installed
        acts = list(Event.objects.filter(subject="pack cement/5").values_list("action", flat=True))
        assert acts == ["pack.proposed", "pack.seconded", "pack.seconded", "pack.approved"]

    @pytest.mark.parametrize("gone", ["has left the office", "has a closed account"])
    def test_an_approval_counts_as_long_as_its_giver_may_decide(
        self, cast: Cast, third: User, gone: str
    ) -> None:
        row = approve(propose(cast.provincial, FIVE), cast.drafter)
        page = reverse("web:proposal", args=[row.pk])
        assert "1 of 2 approvals are given." in signed_in(third).get(page).content.decode()
        if gone == "has left the office":
            cast.drafter.memberships.all().delete()
        else:
            User.objects.filter(pk=cast.drafter.pk).update(is_active=False)
        text = signed_in(third).get(page).content.decode()
        assert "0 of 2 approvals are given." in text
        assert "This person may no longer decide: the approval does not count." in text
        assert approve(row, cast.approver).state == ProposalState.OPEN
        assert approve(row, third).state == ProposalState.APPROVED
        assert "does not count" not in signed_in(third).get(page).content.decode(), (
            "what was decided stays decided"
        )

    def test_an_approval_that_counts_again_lets_either_of_the_two_complete_it(
        self, cast: Cast
    ) -> None:
        row = approve(propose(cast.provincial, FIVE), cast.drafter)
        account = User.objects.filter(pk=cast.drafter.pk)
        account.update(is_active=False)
        assert approve(row, cast.approver).state == ProposalState.OPEN
        assert refusal(lambda: approve(row, cast.approver)) == (409, "approved-already")
        account.update(is_active=True)
        view = proposal_of(cast.approver, row.pk)
        assert view is not None
        assert view.may_decide
        assert approve(row, cast.approver).state == ProposalState.APPROVED
        assert row.approvals.count() == 2

    def test_a_version_that_came_with_steplabel_meanwhile_is_not_approved(
        self, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The next release has a version of the same number and other contents."""
        row = approve(propose(cast.provincial, FIVE), cast.drafter)
        shutil.copytree(packs.HOME, tmp_path, dirs_exist_ok=True)
        (tmp_path / "cement-1.toml").write_text(SHIPPED, encoding="utf-8")
        (tmp_path / "cement.toml").write_text(version("5"), encoding="utf-8")
        monkeypatch.setattr(packs, "HOME", tmp_path)
        assert refusal(lambda: approve(row, cast.approver)) == (409, "pack-faulty")
        row.refresh_from_db()
        assert (row.state, row.approvals.count()) == (ProposalState.OPEN, 1)

    def test_version_ten_is_newer_than_version_nine(self, cast: Cast) -> None:
        for number in ("10", "9"):
            approve(propose(cast.provincial, version(number)), cast.drafter, cast.approver)
        assert [pack.version for pack in packs.versions("cement")][:3] == ["10", "9", "1"]

    def test_who_has_to_act_on_it_is_told_and_who_took_part_hears_how_it_ended(
        self, cast: Cast, third: User
    ) -> None:
        def notice_kinds(user: User) -> list[str]:
            return [
                notice.kind
                for notice in notices.notices(user.pk, 0, 50)
                if notice.kind.startswith("pack.")
            ]

        owner = cast.plants[0].owner
        row = propose(cast.drafter, FIVE)
        assert notice_kinds(cast.approver) == notice_kinds(third) == [NoticeKind.PACK_WAITS]
        assert (
            notice_kinds(owner)
            == notice_kinds(cast.auditor)
            == notice_kinds(cast.provincial)
            == [NoticeKind.PACK_PROPOSED]
        )
        assert notice_kinds(cast.drafter) == notice_kinds(cast.stranger) == []

        asked = proposing.comment(row, owner, "Our kiln lies off this.", NOW)
        assert notice_kinds(cast.drafter) == [NoticeKind.PACK_COMMENTED]
        proposing.comment(row, cast.drafter, "It is the mean of the year that counts.", NOW, asked)
        assert notice_kinds(owner) == [NoticeKind.PACK_COMMENTED, NoticeKind.PACK_PROPOSED]

        approve(row, cast.approver, third)
        assert (
            notice_kinds(cast.drafter)[0]
            == notice_kinds(owner)[0]
            == notice_kinds(cast.approver)[0]
            == NoticeKind.PACK_DECIDED
        )
        assert notice_kinds(third) == [NoticeKind.PACK_WAITS]  # who approved it last knows
        assert notice_kinds(cast.auditor) == [NoticeKind.PACK_PROPOSED]

    def test_a_refusal_is_told_to_who_proposed_it(self, cast: Cast) -> None:
        proposing.refuse(propose(cast.drafter, FIVE), cast.approver, "No source.", NOW)
        (notice,) = notices.notices(cast.drafter.pk, 0, 50)
        assert (notice.kind, notice.told) == (NoticeKind.PACK_DECIDED, {"proposal": "cement 5"})
        page = signed_in(cast.drafter).get(reverse("web:notifications")).content.decode()
        assert "The proposal of the pack Cement, new dry process 5 is decided" in page

    def test_nobody_approves_their_own_nor_twice_nor_without_the_nation(self, cast: Cast) -> None:
        row = propose(cast.drafter, FIVE)
        assert refusal(lambda: approve(row, cast.drafter)) == (409, "own-proposal")
        assert refusal(lambda: approve(row, cast.provincial)) == (403, "not-regulator")
        approve(row, cast.approver)
        assert refusal(lambda: approve(row, cast.approver)) == (409, "approved-already")
        assert Proposal.objects.get().state == ProposalState.OPEN

    def test_a_note_longer_than_is_kept_is_refused_and_the_approval_with_it(
        self, cast: Cast
    ) -> None:
        row = propose(cast.provincial, FIVE)
        with pytest.raises(RefusedError, match="1001 characters, and 1000 are kept"):
            proposing.approve(row, cast.drafter, keys.receipt_key(), NOW, "x" * 1_001)
        assert not row.approvals.exists()
        proposing.approve(row, cast.drafter, keys.receipt_key(), NOW, f" {'x' * 1_000}\n")
        assert row.approvals.get().note == "x" * 1_000

    def test_only_a_regulator_proposes(self, cast: Cast) -> None:
        for stranger in (cast.plants[0].owner, cast.auditor, cast.stranger):
            assert refusal(lambda by=stranger: propose(by, FIVE)) == (403, "not-regulator")

    def test_a_refused_or_withdrawn_proposal_is_decided_and_its_version_is_free(
        self, cast: Cast
    ) -> None:
        row = propose(cast.provincial, FIVE)
        proposing.refuse(row, cast.drafter, "The source says otherwise.", NOW)
        assert refusal(lambda: approve(row, cast.approver)) == (409, "proposal-decided")
        again = propose(cast.provincial, FIVE)
        assert refusal(lambda: proposing.withdraw(again, cast.approver, "No.", NOW)) == (
            403,
            "not-proposer",
        )
        assert (
            proposing.withdraw(again, cast.provincial, "A better one comes.", NOW).ended_reason
            == "A better one comes."
        )
        assert refusal(lambda: proposing.comment(again, cast.auditor, "Too late.", NOW)) == (
            409,
            "proposal-decided",
        )
        assert propose(cast.provincial, FIVE).state == ProposalState.OPEN

    def test_comments_are_of_those_concerned_and_answers_of_regulators(self, cast: Cast) -> None:
        row = propose(cast.provincial, FIVE)
        asked = proposing.comment(row, cast.plants[0].owner, "Our kiln lies off this.", NOW)
        assert (
            proposing.comment(row, cast.plants[0].owner, "Our kiln lies off this.", NOW) == asked
        )  # the form sent twice
        proposing.comment(row, cast.auditor, "So does the clause.", NOW)
        assert refusal(lambda: proposing.comment(row, cast.stranger, "And I.", NOW)) == (
            403,
            "not-concerned",
        )
        assert refusal(
            lambda: proposing.comment(row, cast.auditor, "No, it does not.", NOW, asked)
        ) == (403, "not-regulator")
        proposing.comment(row, cast.drafter, "It is the mean of the year that counts.", NOW, asked)
        assert [answer.text for answer in asked.answered_by.all()] == [
            "It is the mean of the year that counts."
        ]


class TestChecks:
    @pytest.mark.parametrize(
        ("text", "corrects", "place"),
        [
            ("id = ", "", "pack.toml"),
            (SHIPPED, "", "version"),  # version 1 is there
            (version("5").replace("quantile = 0.20", "quantile = 0.90", 1), "", "quantile"),
            (version("5").replace('conversion = "1"', 'conversion = "9"', 1), "", "conversion"),
            (version("5").replace('conversion = "1"', "", 1), "", "conversion"),
            (version("5"), "7", "corrects"),
            (version("4 a"), "", "version"),
        ],
        ids=[
            "not TOML",
            "a version there is",
            "a quantile above the half",
            "no such table",
            "no table named",
            "corrects nothing",
            "a space",
        ],
    )
    def test_every_fault_is_named_with_its_place_and_nothing_is_proposed(
        self, cast: Cast, text: str, corrects: str, place: str
    ) -> None:
        checked = check(text, "", corrects, READ.date())
        assert any(place in fault.place for fault in checked.faults), checked.faults
        assert all(fault.found for fault in checked.faults)
        assert refusal(lambda: propose(cast.drafter, text, corrects)) == (409, "pack-faulty")

    def test_a_table_of_factors_of_its_own_comes_with_it_and_is_in_the_digest(
        self, cast: Cast, third: User
    ) -> None:
        text = version("5").replace('conversion = "1"', 'conversion = "4"', 1)
        factors = TABLE.replace('version = "1"', 'version = "4"', 1)
        assert check(text, "", "", READ.date()).faults[0].place == "conversion"
        plain = propose(cast.drafter, text, factors=factors)
        proposing.withdraw(plain, cast.drafter, "Another factor.", NOW)
        row = approve(
            propose(
                cast.drafter, text, factors=factors.replace(ELECTRICITY, "kgce_per_unit = 0.1230")
            ),
            cast.approver,
            third,
        )
        assert row.digest != plain.digest
        assert packs.digest(packs.load("cement", "5")).hex() == row.digest
        assert packs.factors(packs.load("cement", "5")).version == "4"

    def test_two_proposals_bring_no_two_tables_of_one_version(
        self, cast: Cast, third: User
    ) -> None:
        factors = TABLE.replace('version = "1"', 'version = "4"', 1)
        texts = [
            version(number).replace('conversion = "1"', 'conversion = "4"', 1)
            for number in ("5", "6")
        ]
        rows = [propose(cast.drafter, texts[0], factors=factors)]
        other = factors.replace(ELECTRICITY, "kgce_per_unit = 0.1230")
        (fault,) = check(texts[1], other, "", READ.date()).faults
        assert (fault.place, fault.found) == ("factors.version", "4")
        proposing.withdraw(rows[0], cast.drafter, "Another factor.", NOW)
        rows = [propose(cast.drafter, texts[1], factors=other)]
        # as of proposals from before this was asked, or of two handed in at one moment
        Proposal.objects.filter(pk=rows[0].pk).update(
            state=ProposalState.WITHDRAWN, ended_reason="For a while."
        )
        rows.append(propose(cast.drafter, texts[0], factors=factors))
        Proposal.objects.filter(pk=rows[0].pk).update(state=ProposalState.OPEN, ended_reason="")
        approve(rows[0], cast.approver, third)
        approve(rows[1], cast.approver)
        assert refusal(lambda: approve(rows[1], third)) == (409, "pack-faulty")
        assert Proposal.objects.get(pk=rows[1].pk).state == ProposalState.OPEN


class TestForEverybody:
    @pytest.mark.parametrize(
        ("language", "heading"),
        [("en", "How the numbers were read"), ("zh-hans", "各数值如何读取")],
    )
    def test_the_page_of_a_version_tells_what_is_assumed_and_names_the_digests(
        self, language: str, heading: str
    ) -> None:
        pack = packs.load("cement")
        page = (
            Client(headers={"accept-language": language}).get("/methods/cement/1/").content.decode()
        )
        every = [*provenance.numbers(pack), *provenance.factors(packs.factors(pack))]
        assert heading in page
        for digest in (
            packs.digest(pack).hex(),
            packs.factors(pack).digest.hex(),
            provenance.digest_of_sources(pack),
        ):
            assert digest in page
        rows = re.findall(r"<tr.*?</tr>", page.partition(heading)[2], re.DOTALL)
        counts = [[int(cell) for cell in re.findall(r">\s*(\d+)\s*<", row)] for row in rows]
        counted = [row for row in counts if len(row) == 3][: len({number.role for number in every})]
        assert [sum(column) for column in zip(*counted, strict=True)] == [
            len(every),
            sum(
                number.source is not None and number.source.status == "assumption"
                for number in every
            ),
            0,
        ]

    def test_the_api_gives_file_signature_and_proof(self, cast: Cast) -> None:
        approve(propose(cast.provincial, FIVE), cast.drafter, cast.approver)
        client = Client()
        listed = client.get("/api/v1/packs/").json()
        assert [(pack["pack"], pack["version"], pack["corrects"]) for pack in listed] == [
            ("cement", "5", "")
        ]
        answer = client.get("/api/v1/packs/cement/5/").json()
        receipt_keys = keys.published_directory().content.receipt_keys()
        approval = documents.verify_pack(answer["document"], receipt_keys)
        documents.require_files(approval, answer["pack_toml"], answer["factors_toml"])
        head = heads.read(base64.b64decode(answer["log"]["head"]), receipt_keys).head
        on = date.fromisoformat(answer["log"]["on"])
        leaf = logged.hashed(EntryKind.PACK, logged.pack(approval), on)
        require_inclusion(
            leaf,
            answer["log"]["index"],
            head.size,
            [bytes.fromhex(node) for node in answer["log"]["proof"]],
            head.root,
        )
        assert client.get("/api/v1/packs/cement/2/").status_code == 404  # it comes with Steplabel

    @pytest.mark.parametrize("member", ["version", "digest", "file", "effective_from", "corrects"])
    def test_one_altered_member_and_the_signature_does_not_hold(
        self, cast: Cast, member: str
    ) -> None:
        row = approve(propose(cast.provincial, FIVE), cast.drafter, cast.approver)
        altered = {**(row.document or {}), member: "2031-01-01"}
        with pytest.raises(VerificationError) as refused:
            documents.verify_pack(altered, keys.published_directory().content.receipt_keys())
        assert refused.value.code == "pack-signature-invalid"

    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_pages_of_packs_versions_and_numbers(self, cast: Cast, language: str) -> None:
        approve(propose(cast.provincial, FIVE, "1"), cast.drafter, cast.approver)
        client = Client(headers={"accept-language": language})
        for address in (
            "/methods/cement/5/",
            "/methods/cement/1/",
            "/methods/cement/5/?against=1",
        ):
            assert client.get(address).status_code == 200, address
        path = "quantile/steps.crushing-prehomogenisation.quantile"
        page = client.get(f"/methods/cement/5/?number={path}").content.decode()
        number = page.partition('id="number"')[2].partition("<h2")[0]
        assert "0.15" in number
        assert "0.1" in number
        for nothing in ("7/", "5/?number=quantile/none", "5/?number=none", "5/?against=7"):
            assert client.get(f"/methods/cement/{nothing}").status_code == 404, nothing


class TestPages:
    @pytest.mark.parametrize(
        "named", ["9" * 5_000, "9" * 30, "first", "٣"], ids=["longest", "long", "word", "Arabic"]
    )
    def test_a_comment_that_answers_no_comment_stands_by_itself(
        self, cast: Cast, named: str
    ) -> None:
        row = propose(cast.provincial, FIVE)
        answer = signed_in(cast.drafter).post(
            reverse("web:proposal-comment", args=[row.pk]), {"text": "Why?", "answers": named}
        )
        assert answer.status_code == 302
        assert row.comments.get().answers is None

    def test_a_proposal_is_walked_by_its_pages(self, cast: Cast) -> None:
        proposer = signed_in(cast.provincial)
        form = {
            "reason": "A quantile was read wrongly.",
            "sources": "GB 16780-2021, table 2",
            "corrects": "",
        }
        wrong = proposer.post(
            reverse("web:propose"), {**form, "file": SimpleUploadedFile("p.toml", SHIPPED.encode())}
        )
        assert wrong.status_code == 400
        assert "a version number that does not exist yet" in wrong.content.decode()
        answer = proposer.post(
            reverse("web:propose"),
            {**form, "file": SimpleUploadedFile("p.toml", FIVE.encode())},
            follow=True,
        )
        page = answer.content.decode()
        assert "is proposed. Two other people must approve it." in page
        row = Proposal.objects.get()
        assert "Two others decide" in page
        assert "0.15" in page
        owner = signed_in(cast.plants[0].owner)
        assert (
            "Nobody has commented"
            in owner.get(reverse("web:proposal", args=[row.pk])).content.decode()
        )
        owner.post(
            reverse("web:proposal-comment", args=[row.pk]), {"text": "Our kiln lies off this."}
        )
        first = signed_in(cast.drafter)
        answers = row.comments.get().pk
        first.post(
            reverse("web:proposal-comment", args=[row.pk]),
            {"text": "The year counts.", "answers": answers},
        )
        assert (
            "The year counts." in owner.get(reverse("web:proposal", args=[row.pk])).content.decode()
        )
        first.post(
            reverse("web:proposal-approve", args=[row.pk]), {"note": "Read against the original."}
        )
        done = (
            signed_in(cast.approver)
            .post(reverse("web:proposal-approve", args=[row.pk]), {"note": ""}, follow=True)
            .content.decode()
        )
        assert "is approved, signed and logged" in done
        assert (
            reverse("web:take-up", args=[cast.group.pk, "5"])
            in signed_in(cast.approver).get(reverse("web:periods")).content.decode()
        )


DROPPED = (
    "boundary.counted",
    'counted = ["coal", "natural-gas", ',
    'counted = ["coal", ',
    "by how much is not known from the pack alone",
    "仅凭方法包无法得知变动幅度",
)
TAKEN = (
    "clinker",
    "grade2 = 107",
    "grade2 = 103",
    "annual means above 103 and up to 107 kgce/t no longer meet it",
    "不再达到该级",
)
GIVEN = (
    "clinker",
    "grade2 = 107",
    "grade2 = 108",
    "annual means above 107 and up to 108 kgce/t now meet it",
    "将达到该级",
)
ALONE = (
    "recovered_by",
    'recovered_by = ["waste-heat-power"]',
    "recovered_by = []",
    "for which plants is not known from the pack alone",
    "无法得知影响哪些企业",
)
READ_SO = (
    "status",
    'status = "secondary"',
    'status = "transcribed"',
    "No label and no grade changes.",
    "没有标签或等级变动。",
)


@pytest.mark.parametrize(
    ("because", "old", "new", "english", "told_zh"), [DROPPED, TAKEN, GIVEN, ALONE, READ_SO]
)
def test_the_page_of_a_proposal_tells_every_field_and_whose_labels_and_grades_move(
    cast: Cast, because: str, old: str, new: str, english: str, told_zh: str
) -> None:
    assert old in SHIPPED
    row = propose(cast.provincial, version("5").replace(old, new, 1))
    for language, sentence in (("en", english), ("zh-hans", told_zh)):
        reader = signed_in(cast.drafter)
        page = reader.get(
            reverse("web:proposal", args=[row.pk]), headers={"accept-language": language}
        ).content.decode()
        assert sentence in page
        assert because in page
        assert "No field of the file differs." not in page


def test_who_is_to_approve_reads_what_a_good_pack_does_otherwise(cast: Cast) -> None:
    """A floor that calls cheap batches of cooling impossible may be approved, and nobody approves
    it unknowingly.
    """
    floor = ("floor = 0.1\n", "floor = 0.55\n")
    assert SHIPPED.count(floor[0]) == 1
    narrow, sound = (
        propose(cast.drafter, text) for text in (version("5").replace(*floor), version("6"))
    )
    reader = signed_in(cast.approver)
    narrow_page, sound_page = (
        reader.get(reverse("web:proposal", args=[row.pk])).content.decode()
        for row in (narrow, sound)
    )
    assert "steps[clinker-cooling].metrics[total].floor" in narrow_page
    assert "These points do not block approval." in narrow_page
    assert "These points do not block approval." not in sound_page


def test_a_group_takes_a_version_up_and_composes_by_it_what_was_made_by_it(cast: Cast) -> None:
    """Reports by the old version stay out of the new one's composition; the old composition stays
    as it was.
    """
    approve(propose(cast.provincial, FIVE), cast.drafter, cast.approver)
    five = packs.load("cement", "5")
    old, new = cast.plants
    deliver(old.envelope(cast.pack))
    open_waiting()
    group = peer_groups.take_up(cast.approver, cast.group, "5", NOW)
    assert group == peer_groups.take_up(cast.approver, cast.group, "5", NOW)
    assert group.members.count() == cast.group.members.count() == 2
    assert refusal(lambda: catalogue.open_period_for(cast.approver, group, PERIOD, NOW)) == (
        409,
        "period-open-by-other-version",
    )
    catalogue.close_period_for(cast.approver, cast.period, NOW)
    period = catalogue.open_period_for(cast.approver, group, PERIOD, NOW, date(2099, 3, 31))
    for plant, pack in ((new, five),):
        deliver(plant.envelope(pack))
    open_waiting()
    draft = drafting.draft(period, cast.drafter, NOW)
    assert draft.label["pack_version"] == "5"
    assert draft.label["pack_digest"] == packs.digest(five).hex()
    assert len(draft.participants) == 1


def test_who_reported_by_the_old_version_alone_owes_the_report_that_the_new_one_is_composed_of(
    cast: Cast,
) -> None:
    """Its composition leaves that report out: nobody may read that the site has reported, and
    nothing would be asked of it.
    """
    approve(propose(cast.provincial, FIVE), cast.drafter, cast.approver)
    old, new = cast.plants
    deliver(old.envelope(cast.pack))
    open_waiting()
    group = peer_groups.take_up(cast.approver, cast.group, "5", NOW)
    catalogue.close_period_for(cast.approver, cast.period, NOW)
    period = catalogue.open_period_for(cast.approver, group, PERIOD, NOW, date(2099, 3, 31))

    def states(of: PeerGroup) -> dict[str, str]:
        view = participation(cast.approver, of.pk, PERIOD, NOW)
        assert view is not None
        assert sum(part.report is not None for part in view.parts) == sum(
            shown.revision is not None for shown in view.participants
        )
        return {participant.site: participant.taking for participant in view.participants}

    def reported(of: PeerGroup) -> int:
        (row,) = (row for row in turnout(cast.approver, NOW) if row.peer_group == of.pk)
        return row.firms_reported

    deliver(new.envelope(packs.load("cement", "5")))
    open_waiting()
    assert states(group) == {old.site.slug: "missing", new.site.slug: "reported"}
    assert reported(group) == 1
    assert [(duty.site, duty.pack_version) for duty in owed(old.owner, NOW)] == [
        (old.site.slug, "5")
    ]
    view = participation(cast.approver, group.pk, PERIOD, NOW)
    assert view is not None
    assert remindable(view) == (old.site.slug,)
    waits = [
        participant.site
        for participant in view.participants
        if participant.committed_at and not participant.received_at
    ]
    assert (view.totals.committed, waits) == (0, []), (
        "what it committed to has come, by the old version"
    )
    remind(view, cast.approver, NOW, [old.site.slug])
    assert [report.site_name for report in owed_by(old.owner, NOW)] == [old.site.name]
    deadlines.ask(
        period, old.site, date(2099, 4, 30), "The agent is being renewed.", old.owner, NOW
    )
    assert len(asked_for(own_sites(old.owner))) == 1
    assert states(cast.group)[old.site.slug] == "reported"

    deliver(old.envelope(packs.load("cement", "5"), revision=2))
    open_waiting()
    assert states(group) == {old.site.slug: "reported", new.site.slug: "reported"}
    assert reported(group) == 2
    assert (owed(old.owner, NOW), owed_by(old.owner, NOW), asked_for(own_sites(old.owner))) == (
        (),
        (),
        (),
    )
    assert states(cast.group)[old.site.slug] == "reported", (
        "what it reported by the old version stands"
    )


def test_a_retired_site_is_in_no_group_of_a_later_version(cast: Cast) -> None:
    approve(propose(cast.provincial, FIVE), cast.drafter, cast.approver)
    first, second = (plant.site for plant in cast.plants)
    Site.objects.filter(pk=first.pk).update(retired_at=NOW)
    group = peer_groups.take_up(cast.approver, cast.group, "5", NOW)
    assert list(group.members.values_list("site", flat=True)) == [second.pk]
    assert cast.group.members.filter(site=first).exists(), (
        "what it reported by the old version stands"
    )


class TestReplaced:
    """Twelve firms have published by version 1. Their group takes up version 5 for the same period,
    and all but three report by it.
    """

    @pytest.fixture
    def cast(self) -> Cast:
        cast = make_cast(12)
        for index, plant in enumerate(cast.plants):
            deliver(plant.envelope(cast.pack, shift=index))
        open_waiting()
        return cast

    @pytest.fixture
    def first(self, cast: Cast) -> Publication:
        return publishing.publish(
            drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
        )

    @pytest.fixture
    def period(self, cast: Cast, first: Publication) -> ReportingPeriod:
        approve(propose(cast.provincial, FIVE), cast.drafter, cast.approver)
        group = peer_groups.take_up(cast.approver, cast.group, "5", NOW)
        catalogue.close_period_for(cast.approver, cast.period, NOW)
        period = catalogue.open_period_for(cast.approver, group, PERIOD, NOW, date(2099, 3, 31))
        for index, plant in enumerate(cast.plants[:9]):
            deliver(plant.envelope(packs.load("cement", "5"), revision=2, shift=index + 7))
        open_waiting()
        return period

    def publish(self, cast: Cast, period: ReportingPeriod, words: str) -> Publication:
        return publishing.publish(
            drafting.draft(period, cast.drafter, NOW, words), cast.approver, keys.receipt_key(), NOW
        )

    def test_the_version_that_was_replaced_is_in_force_nowhere_until_the_newer_one_is_withdrawn(
        self, cast: Cast, first: Publication, period: ReportingPeriod
    ) -> None:
        second = self.publish(cast, period, "By version 5.")
        assert second.version == 2
        assert second.explanation["changes"]["en"] == "Since version 1: By version 5."

        late = report_of(cast.plants[-1].owner, cast.plants[-1].site.slug, PERIOD)
        assert late is not None
        assert late.period_id == cast.period.pk, "it reported by version 1 alone"

        def in_force() -> dict[str, list[int]]:
            """By who asks, the numbers of the versions that stand there as in force."""
            states = drafts_of_periods(groups_of(cast.approver), [cast.period.pk, period.pk])
            return {
                "the list": [row.version for row in selectors.latest_published()],
                "the sector": [
                    view.version
                    for group in sectors.groups_in_force()
                    for view in in_force_of(group.periods).values()
                ],
                "the table of years": [
                    row.version for row in over_years.versions("cement", "cn", "dry-process")
                ],
                "the regulators' list": [
                    state.version for rows in states.values() for state in rows if state.in_force
                ],
                "a proposed pack": [
                    row.version for pack in ("1", "5") for row in published_by("cement", pack)
                ],
                "periods": [
                    view.version for view in in_force_of([cast.period.pk, period.pk]).values()
                ],
                "a report by version 1": [
                    version.version for version in defined_beside({late}).values()
                ],
            }

        assert in_force() == {pack: [2] for pack in in_force()}
        assert len(selectors.latest_published()) == 1
        publishing.withdraw(second, cast.approver, "A meter was read wrongly.", NOW)
        assert in_force() == {pack: [1] for pack in in_force()}

    def test_who_composes_it_is_asked_what_changed_and_sees_it_beside_the_version_before(
        self, cast: Cast, first: Publication, period: ReportingPeriod
    ) -> None:
        officer, compose = (
            signed_in(cast.drafter),
            reverse("web:compose", args=[period.peer_group_id, PERIOD]),
        )
        unsaid = officer.post(compose, {"what_changed": ""})
        assert unsaid.status_code == 400
        assert "State what changes and why" in unsaid.content.decode()
        page = officer.post(
            compose, {"what_changed": "By version 5."}, follow=True
        ).content.decode()
        assert "What changed since version 1" in page

    def test_the_feed_says_of_the_first_version_alone_that_it_is_the_first(
        self, cast: Cast, first: Publication, period: ReportingPeriod
    ) -> None:
        self.publish(cast, period, "")
        assert Client().get(reverse("web:feed")).content.decode().count("First version.") == 1


class TestEffects:
    """Twelve firms have published by version 1."""

    @pytest.fixture
    def published(self) -> Publication:
        cast = make_cast(12)
        for index, plant in enumerate(cast.plants):
            deliver(plant.envelope(cast.pack, shift=index % 5))
        open_waiting()
        return publishing.publish(
            drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
        )

    def test_a_factor_one_percent_greater_moves_what_counts_it_by_at_most_one_percent(
        self, published: Publication
    ) -> None:
        assert ELECTRICITY in TABLE
        factors = TABLE.replace('version = "1"', 'version = "1.1"', 1).replace(
            ELECTRICITY, "kgce_per_unit = 0.124129"
        )
        effects = difference(
            version("1.1").replace('conversion = "1"', 'conversion = "1.1"', 1), "1.1", factors, "1"
        )
        assert {(number.before, number.after) for number in effects.numbers} == {
            ("0.1229", "0.124129")
        }
        assert {field.where[0] for field in effects.fields} == {"conversion"}
        (moved,) = effects.publications
        assert (moved.period, moved.version) == (PERIOD, published.version)
        steps = {(value.of.step, value.of.metric): value for value in moved.values}
        assert {metric for _step, metric in steps} == {
            "total"
        }  # a kWh is a kWh, and heat has no electricity in it
        grinding = steps["cement-grinding", "total"]
        assert grinding.because == ("electricity",)
        assert grinding.least == 0
        assert grinding.most == pytest.approx(0.01 * grinding.of.value)
        credited = [step.id for step in effects.after.steps if step.boundary.credited]
        assert all(
            steps[step, "total"].most is None for step in credited if (step, "total") in steps
        )

    def test_a_ratio_moves_the_total_alone_and_exactly(self, published: Publication) -> None:
        pack = packs.load("cement")
        label = GateResult.from_json(published.gate).published
        ratio = next(part for part in pack.routes[0].steps if part.step == "cement-grinding")
        assert ratio.ratio == 1
        text = version("5").replace(
            'step = "cement-grinding", ratio = 1', 'step = "cement-grinding", ratio = 1.1', 1
        )
        assert text != version("5")
        (moved,) = difference(text, "", "", "").publications
        (total,) = moved.values
        best = next(
            step.best
            for step in label.cells
            if step.step == "cement-grinding" and step.headline and step.best is not None
        )
        assert total.of.step == ""
        assert total.least == total.most == pytest.approx(0.1 * best)

    def test_a_sector_is_named_as_the_tenth_version_names_it_and_not_the_ninth(
        self, published: Publication
    ) -> None:
        """The ninth and tenth versions stand in force beside each other, for years that follow each
        other.
        """
        period, group = published.period, published.period.peer_group
        PeerGroup.objects.filter(pk=group.pk).update(pack_version="9")
        group.pk, group.pack_version = None, "10"
        group.save()
        period.pk, period.peer_group, period.name = None, group, "2027"
        period.save()
        published.pk, published.period = None, period
        published.save()
        assert [group.pack_version for group in sectors.groups_in_force()] == ["10"]

    def test_limits_move_nothing_and_a_quantile_moves_what_only_plants_know(
        self, published: Publication
    ) -> None:
        assert published.version == 1
        (moved,) = difference(FIVE, "", "", "").publications
        steps = {value.of.step for value in moved.values if value.of.step}
        assert steps == {"crushing-prehomogenisation"}
        assert all(value.least is None for value in moved.values)
        limits = version("5").replace("grade1 = 100", "grade1 = 99", 1)
        assert limits != version("5")
        assert difference(limits, "", "", "").publications == ()


def test_a_proposed_pack_is_checked_by_the_schemes_day_wherever_its_proposer_reads(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    days: list[date] = []

    def noted(file: str, factors: str, corrects: str, today: date) -> PackCheck:
        days.append(today)
        return check(file, factors, corrects, today)

    for name in ("portal.web.views.proposals.check", "portal.governance.proposing.check"):
        monkeypatch.setattr(name, noted)
    monkeypatch.setattr(
        timezone, "now", lambda: READ.replace(hour=22)
    )  # the next morning where the portal is
    read_in(cast.provincial, "America/Los_Angeles")
    form = {
        "reason": "A quantile was read wrongly.",
        "sources": "GB 16780-2021, table 2",
        "corrects": "",
    }
    answer = signed_in(cast.provincial).post(
        reverse("web:propose"), {**form, "file": SimpleUploadedFile("p.toml", FIVE.encode())}
    )
    assert answer.status_code == 302
    assert days == [date(2027, 6, 2)] * 2


def test_nobody_counts_by_a_role_of_before_their_organisations_kind_was_corrected(
    cast: Cast,
) -> None:
    nation = Jurisdiction.objects.get(parent=None)
    institute = Organisation.objects.create(
        name="Institute", kind=Role.ACADEMIC, jurisdiction=nation
    )
    officer = person("officer@institute.example", institute, Role.REGULATOR)
    for addressed in (
        regulators_of_nations(),
        regulators_of(nation),
        people_concerned_with(cast.pack.id),
    ):
        assert cast.approver.pk in addressed
        assert officer.pk not in addressed
