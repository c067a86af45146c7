"""API keys: made by who manages an organisation with a second factor, shown once, bounded by scope
and role, ended at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from rest_framework.throttling import ScopedRateThrottle

from portal.accounts import api_keys, second_factor
from portal.accounts.api_sites import SitesView
from portal.accounts.models import ApiKey, Membership, Organisation, Role, User
from portal.accounts.scopes import SCOPES_OF, Scope, every_scope
from portal.api_views import StrictView
from portal.auditlog.models import Action, Event
from portal.intake.models import Submission
from portal.openness import ANY_KEY, OPEN
from portal.problems import RefusedError
from portal.register import inviting
from tests.integration.portal_cast import PERIOD, Cast, deliver, make_cast, person

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

YEAR = timedelta(days=365)


def build_scene() -> Cast:
    cast = make_cast(2)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    return cast


def key_of(user: User, *scopes: str, personal: bool = True) -> str:
    if not second_factor.has_one(user):
        second_factor.give(user)
    house = api_keys.houses_of(user).get()
    return api_keys.make(
        user, house.pk, "a program", scopes, YEAR, personal=personal, now=timezone.now()
    ).text


def asked(key: str, path: str, **headers: str) -> tuple[int, dict[str, object]]:
    answer = Client().get(path, headers={"Authorization": f"Bearer {key}", **headers})
    return answer.status_code, answer.json() if answer.content else {}


def signed_in_by_password_alone(user: User) -> Client:
    client = Client()
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": timezone.now().timestamp()}
    ]
    session.save()
    return client


def test_a_key_says_what_it_is_and_reads_its_own_firms_reports_only(cast: Cast) -> None:
    key = key_of(cast.plants[0].owner, Scope.SUBMISSIONS)
    status, answer = asked(key, "/api/v1/key/")
    assert (status, answer["organisation"], answer["role"], answer["scopes"]) == (
        200,
        "Enterprise 1",
        "enterprise",
        ["read:submissions"],
    )
    status, page = asked(key, "/api/v1/reports/")
    assert (status, [row["site"] for row in page["results"]]) == (200, ["works-1"])  # type: ignore[attr-defined] # JSON
    for attempt in ("site=works-2", f"period={PERIOD}&site=works-2", "state=accepted"):
        assert asked(key, f"/api/v1/reports/?{attempt}")[1] == {"results": [], "next": None}
    other = Submission.objects.get(site=cast.plants[1].site).digest
    for path in ("/api/v1/reports/", "/api/v1/reports/?limit=200"):
        assert other not in str(asked(key, path))


def test_the_last_day_of_a_key_is_on_record_as_the_schemes(cast: Cast) -> None:
    owner, evening = (
        cast.plants[0].owner,
        datetime(2026, 1, 1, 22, tzinfo=UTC),
    )  # the next morning where the portal is
    second_factor.give(owner)
    house = api_keys.houses_of(owner).get()
    api_keys.make(
        owner, house.pk, "a program", (Scope.SITES,), timedelta(days=30), personal=True, now=evening
    )
    assert Event.objects.get(action=Action.KEY_MADE).detail.endswith("until 2026-02-01")


def test_only_what_the_key_is_good_for_is_answered(cast: Cast) -> None:
    key = key_of(cast.plants[0].owner, Scope.SITES)
    assert asked(key, "/api/v1/sites/")[0] == 200
    status, problem = asked(key, "/api/v1/reports/")
    assert (status, problem["code"]) == (403, "scope-missing")


def test_a_role_that_loses_a_scope_takes_it_from_every_key(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = key_of(cast.plants[0].owner, Scope.SUBMISSIONS)
    assert asked(key, "/api/v1/reports/")[0] == 200
    monkeypatch.setitem(SCOPES_OF, Role.ENTERPRISE, (Scope.SITES,))
    assert asked(key, "/api/v1/reports/")[0] == 403


def test_no_scope_beyond_the_role_is_given(cast: Cast) -> None:
    for wrong in ((Scope.PARTICIPATION,), (Scope.SITES, Scope.DRAFTS), ("admin",), ()):
        with pytest.raises(RefusedError, match="does not give") as refused:
            key_of(cast.plants[0].owner, *wrong)
        assert refused.value.code == "scope-not-allowed"


def test_without_a_second_factor_no_key_is_made(cast: Cast) -> None:
    owner = cast.plants[0].owner
    house = api_keys.houses_of(owner).get()
    with pytest.raises(RefusedError) as refused:
        api_keys.make(
            owner, house.pk, "a program", [Scope.SITES], YEAR, personal=True, now=timezone.now()
        )
    assert refused.value.code == "second-factor-needed"
    client = signed_in_by_password_alone(owner)
    form = {
        "organisation": house.pk,
        "name": "x",
        "kind": "personal",
        "lifetime": "30",
        "scopes": ["read:sites"],
    }
    assert (
        client.post("/account/keys/", form)
        .headers["Location"]
        .startswith("/account/second-factor/")
    )
    second_factor.give(owner)
    assert (
        client.post("/account/keys/", form).headers["Location"].startswith("/account/confirm/code/")
    ), "having one is not showing it"
    assert not ApiKey.objects.exists()


def test_who_only_reads_and_who_is_a_delegate_make_no_keys(cast: Cast) -> None:
    owner = cast.plants[0].owner
    second_factor.give(owner)
    firm = cast.plants[0].site.organisation_id
    for changed in (
        {"may_manage": False, "delegate": False},
        {"may_manage": True, "delegate": True},
    ):
        Membership.objects.filter(user=owner).update(**changed)
        with pytest.raises(Organisation.DoesNotExist):
            api_keys.make(owner, firm, "x", [Scope.SITES], YEAR, personal=True, now=timezone.now())


def test_of_the_secret_only_a_digest_is_kept(cast: Cast) -> None:
    key = key_of(cast.plants[0].owner, Scope.SITES)
    row = ApiKey.objects.get()
    mark, prefix, secret = key.split("_", 2)
    assert (mark, prefix) == ("slk", row.prefix)
    assert secret not in str(
        [getattr(row, field.attname) for field in ApiKey._meta.concrete_fields]
    )
    assert not Event.objects.filter(detail__contains=secret).exists()


def test_unknown_expired_and_revoked_keys_are_refused_in_the_same_words(cast: Cast) -> None:
    owner = cast.plants[0].owner
    expired, revoked, good = (key_of(owner, Scope.SITES) for _ in range(3))
    prefixes = [key.split("_")[1] for key in (expired, revoked, good)]
    ApiKey.objects.filter(prefix=prefixes[0]).update(expires_at=timezone.now())
    api_keys.revoke(owner, ApiKey.objects.get(prefix=prefixes[1]).pk, timezone.now())
    answers = [
        asked(key, "/api/v1/sites/")
        for key in (expired, revoked, good[:-1], "slk_000000000000_x", "nonsense", "slk_" + 3 * "_")
    ]
    assert {status for status, _ in answers} == {401}
    assert len({str(problem) for _, problem in answers}) == 1
    assert asked(good, "/api/v1/sites/")[0] == 200


def test_a_401_says_how_to_ask(cast: Cast) -> None:
    answer = Client().get("/api/v1/sites/")
    assert (answer.status_code, answer.json()["code"]) == (401, "key-missing")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_personal_key_ends_with_the_membership_and_the_organisations_goes_on(cast: Cast) -> None:
    owner = cast.plants[0].owner
    own, house = key_of(owner, Scope.SITES), key_of(owner, Scope.SITES, personal=False)
    Membership.objects.filter(user=owner).delete()
    assert asked(own, "/api/v1/sites/")[0] == 401
    assert asked(house, "/api/v1/sites/")[0] == 200


@pytest.mark.parametrize("parted", [True, False], ids=["parted with", "made a viewer"])
def test_a_personal_key_is_revoked_with_its_persons_capacity_and_opens_nothing_once_they_have_it_again(
    cast: Cast, parted: bool
) -> None:
    owner, firm, now = cast.plants[0].owner, cast.plants[0].site.organisation, timezone.now()
    second = person("second@example.org", firm, Role.ENTERPRISE)
    own, house = key_of(second, Scope.SITES), key_of(second, Scope.SITES, personal=False)
    membership = Membership.objects.get(user=second).pk
    if parted:
        inviting.part_with(owner, membership, now)
    else:
        inviting.set_capacity(owner, membership, may_manage=False, now=now)
    assert [view.person for view in api_keys.keys_of(owner) if view.revoked_at is None] == [""]
    assert Event.objects.get(action=Action.KEY_REVOKED).actor == owner.email
    if parted:
        sent = inviting.invite(
            owner, firm.pk, second.email, may_manage=True, delegate=False, now=now
        )
        inviting.accept(sent.secret, second, now)
    else:
        inviting.set_capacity(owner, membership, may_manage=True, now=now)
    assert asked(own, "/api/v1/sites/")[0] == 401
    assert asked(house, "/api/v1/sites/")[0] == 200


def test_who_parts_with_themselves_on_the_page_has_no_personal_key_any_more(cast: Cast) -> None:
    """In a request the wall shows keys by the reader's membership, which is gone by then."""
    owner, firm = cast.plants[0].owner, cast.plants[0].site.organisation
    person("second@example.org", firm, Role.ENTERPRISE)
    own = key_of(owner, Scope.SITES)
    client = Client()
    client.force_login(owner)
    membership = Membership.objects.get(user=owner)
    assert client.post(f"/people/{membership.pk}/", {"do": "part"}).status_code == 302
    assert not Membership.objects.filter(user=owner).exists()
    assert Event.objects.get(action=Action.KEY_REVOKED).actor == owner.email
    Membership.objects.create(user=owner, organisation=firm, role=Role.ENTERPRISE)
    assert asked(own, "/api/v1/sites/")[0] == 401


def test_a_session_is_no_key_and_a_key_is_no_session(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.plants[0].owner)
    assert client.get("/api/v1/sites/").status_code == 401
    key = key_of(cast.plants[0].owner, Scope.SUBMISSIONS)
    page = Client().get("/submissions/", headers={"Authorization": f"Bearer {key}"})
    assert page.status_code == 302
    assert page.headers["Location"].startswith("/sign-in/")


def test_another_firms_manager_neither_sees_nor_revokes_a_key(cast: Cast) -> None:
    key_of(cast.plants[0].owner, Scope.SITES)
    row = ApiKey.objects.get()
    other = Client()
    other.force_login(cast.plants[1].owner)
    assert row.prefix not in other.get("/account/keys/").content.decode()
    assert row.prefix not in other.get("/account/keys/keys.csv").content.decode()
    assert other.post(f"/account/keys/{row.pk}/revoke/").status_code == 404
    own = Client()
    own.force_login(cast.plants[0].owner)
    assert row.prefix in own.get("/account/keys/keys.csv").content.decode()
    assert own.post(f"/account/keys/{row.pk}/revoke/").status_code == 302
    row.refresh_from_db()
    assert row.revoked_at
    assert list(
        Event.objects.filter(subject=f"key {row.prefix}").values_list("action", flat=True)
    ) == [
        Action.KEY_MADE,
        Action.KEY_REVOKED,
    ]


def test_use_is_noted_once_a_minute(cast: Cast) -> None:
    key = key_of(cast.plants[0].owner, Scope.SITES)
    start = timezone.now()
    for after_s, noted_s in ((0, 0), (30, 0), (90, 90)):
        api_keys.holder_of(key, start + timedelta(seconds=after_s))
        assert ApiKey.objects.get().last_used_at == start + timedelta(seconds=noted_s)


def test_each_key_has_a_rate_of_its_own(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"keys": "2/min"})
    first, other = (key_of(plant.owner, Scope.SITES) for plant in cast.plants)
    assert [asked(first, "/api/v1/sites/")[0] for _ in range(3)] == [200, 200, 429]
    assert asked(other, "/api/v1/sites/")[0] == 200, "from the same address, by another key"


def views_in(patterns: Iterable[object]) -> Iterator[type[StrictView]]:
    for pattern in patterns:
        yield from views_in(getattr(pattern, "url_patterns", ()))
        view = getattr(getattr(pattern, "callback", None), "cls", None)
        if view is not None:
            yield view


def test_every_view_of_the_api_says_whose_it_is() -> None:
    views = list(views_in(get_resolver().url_patterns))
    assert len(views) > 10
    scopes = {OPEN, ANY_KEY, *every_scope()}
    assert {view.__name__: view.scope for view in views if view.scope not in scopes} == {}
    takes = [
        view
        for view in views
        if view.scope != OPEN
        and any(hasattr(view, method) for method in ("post", "put", "patch", "delete"))
    ]
    assert takes
    assert {
        view.__name__: view.scope_to_write
        for view in takes
        if view.scope_to_write not in set(every_scope())
    } == {}


def test_a_view_that_says_nothing_lets_nobody_in(cast: Cast) -> None:
    key = key_of(cast.plants[0].owner, *SCOPES_OF[Role.ENTERPRISE])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SitesView, "scope", "")
        assert asked(key, "/api/v1/sites/")[0] == 403
    assert asked(key, "/api/v1/sites/")[0] == 200


def test_lists_page_by_a_cursor_without_a_row_doubled_or_left_out(cast: Cast) -> None:
    key = key_of(cast.approver, Scope.SITES)
    slugs, path = [], "/api/v1/sites/?limit=1"
    while path:
        _, page = asked(key, path)
        slugs += [row["site"] for row in page["results"]]  # type: ignore[attr-defined] # JSON
        path = str(page["next"] or "")
    assert slugs == ["works-1", "works-2"]


@pytest.mark.parametrize(
    "query",
    ["cursor=!", "cursor=eA", "limit=0", "limit=201", "pack=Steel", "pack=a&pack=b", "sort=site"],
)
def test_a_query_that_is_not_as_declared_is_refused(cast: Cast, query: str) -> None:
    key = key_of(cast.approver, Scope.SITES)
    status, problem = asked(key, f"/api/v1/sites/?{query}")
    assert (status, problem["code"]) == (
        400,
        "query-unknown" if query.startswith("sort") else "query-malformed",
    )


def test_what_has_not_changed_is_not_sent_again(cast: Cast) -> None:
    key = key_of(cast.plants[0].owner, Scope.SITES)
    first = Client().get("/api/v1/sites/", headers={"Authorization": f"Bearer {key}"})
    tag = first.headers["ETag"]
    assert not tag.startswith("W/")
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = Client().get(
        "/api/v1/sites/", headers={"Authorization": f"Bearer {key}", "If-None-Match": tag}
    )
    assert (again.status_code, again.content) == (304, b"")
    cast.plants[0].site.name = "Renamed"
    cast.plants[0].site.save()
    assert (
        Client()
        .get("/api/v1/sites/", headers={"Authorization": f"Bearer {key}", "If-None-Match": tag})
        .status_code
        == 200
    )


def test_the_key_is_in_one_answer_and_in_no_cache(cast: Cast) -> None:
    owner = cast.plants[0].owner
    secret = second_factor.give(owner)
    client = signed_in_by_password_alone(owner)
    client.post("/account/confirm/code/", {"code": second_factor.code_at(secret, timezone.now())})
    house = api_keys.houses_of(owner).get()
    response = client.post(
        "/account/keys/",
        {
            "organisation": house.pk,
            "name": "x",
            "kind": "personal",
            "lifetime": "30",
            "scopes": ["read:sites"],
        },
    )
    page = response.content.decode()
    key = page.split('id="key">')[1].split("<")[0]
    assert asked(key, "/api/v1/key/")[0] == 200
    assert "no-store" in response.headers["Cache-Control"]
    assert key not in client.get("/account/keys/").content.decode()
