"""What an address may answer to people of every role, in the words of `test_addresses_by_role`."""

from __future__ import annotations

from typing import Any

Answers = dict[str, str]
Row = tuple[dict[str, Any] | str, Answers, Answers]
"""What stands in the address, what a GET answers, and what a POST."""

PARTNERS = ("provider", "other-provider", "supplier", "other-supplier", "academic")
ROLES = (
    *(
        "anonymous",
        "stranger",
        "enterprise",
        "other-enterprise",
        "nation",
        "own-province",
        "other-province",
        "assigned",
        "unassigned",
    ),
    *PARTNERS,
)
PROVIDERS = ("provider", "other-provider")
SUPPLIERS = ("supplier", "other-supplier")
ENTERPRISES = ("enterprise", "other-enterprise")
REGULATORS = ("nation", "own-province", "other-province")
BODIES = ("assigned", "unassigned")
CONCERNED = (*ENTERPRISES, *REGULATORS, *BODIES)
INVITING = (*ENTERPRISES, *BODIES, *PARTNERS)
MEMBERED = tuple(role for role in ROLES if role not in ("anonymous", "stranger"))


def all_may(answer: str) -> Answers:
    return dict.fromkeys(ROLES, answer)


def only(roles: tuple[str, ...], answer: str, **exceptions: str) -> Answers:
    """For one kind of people; the others are asked to sign in or told that it is not for them."""
    answers = dict.fromkeys(ROLES, "role") | {"anonymous": "sign-in"} | dict.fromkeys(roles, answer)
    return answers | {role.replace("_", "-"): exception for role, exception in exceptions.items()}


def signed_in(answer: str) -> Answers:
    """For everybody who is signed in, about themselves."""
    return all_may(answer) | {"anonymous": "sign-in"}


NO = all_may("method")
MEMBERS = signed_in("ok")
OWN = only(ENTERPRISES, "ok", other_enterprise="nothing")
MINE = only(BODIES, "ok", unassigned="nothing")
MINE_WRONG = only(BODIES, "wrong", unassigned="nothing")
OFFICE = only(REGULATORS, "ok", own_province="nothing", other_province="nothing")
