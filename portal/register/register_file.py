"""The register file: who takes part, in TOML. `docs/register.toml` is a whole one.

Names refer to what the file declares or an earlier file declared, so a ministry and its provinces
may each keep their own. Nothing is derived from a spelling: a firm that is only mentioned would
count as one more firm in every disclosure rule.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from django.core.exceptions import ValidationError as Malformed
from django.core.validators import validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from benchmarks.errors import InputError, Place
from benchmarks.foreign_files import fault_of, read_toml
from benchmarks.wire.schema import canonical_period
from portal.accounts.credit_codes import credit_code
from portal.accounts.models import TELEPHONE, Role, SizeClass

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
NameZh = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
SiteId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
JurisdictionPath = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9-]+(/[a-z0-9-]+){0,2}$", max_length=120)
]


def _address(text: str) -> str:
    try:
        validate_email(text)
    except Malformed as error:
        raise ValueError("this is no email address") from error
    return text.lower()


def _period(text: str) -> str:
    try:
        return canonical_period(text)
    except InputError as error:
        raise ValueError("this is no period, such as 2025, 2025-Q1 or 2025-03") from error


Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(_address)]
CreditCode = Annotated[str, AfterValidator(credit_code)]
Telephone = Annotated[str, Field(max_length=40, pattern=TELEPHONE)]
PeriodName = Annotated[str, AfterValidator(_period)]
"""Under its one name: reports, and so assignments, are found by it alone."""


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def mentioned(self, *names: str) -> dict[str, Any]:
        """Those of these fields that the entry states: what it leaves out stays as a firm or a
        regulator has settled it since.
        """
        return {name: getattr(self, name) for name in names if name in self.model_fields_set}


class DeclaredJurisdiction(_Declared):
    """`path` spells the tree out: `cn` is a nation, `cn/he` a province, `cn/he/tangshan` a city."""

    path: JurisdictionPath
    name: Annotated[Name, Field(max_length=120)]
    name_zh: Annotated[NameZh, Field(max_length=120)] = ""


class DeclaredFirm(_Declared):
    """A controlling firm: who decides for one or more enterprises."""

    name: Name
    name_zh: NameZh = ""


class DeclaredOrganisation(_Declared):
    name: Name
    name_zh: NameZh = ""
    kind: Role
    jurisdiction: JurisdictionPath | None = None
    firm: Name | None = None
    credit_code: CreditCode = ""
    telephone: Telephone = ""


class DeclaredPerson(_Declared):
    """`acts_for` is all that the person may act for; an organisation left out is taken away.
    `active = false` ends every sign-in.
    """

    email: Email
    name: Annotated[Name, Field(max_length=150)]
    acts_for: tuple[Name, ...] = ()
    active: bool = True


class DeclaredSite(_Declared):
    id: SiteId
    name: Name
    name_zh: NameZh = ""
    organisation: Name
    jurisdiction: JurisdictionPath
    pack: Name
    size_class: SizeClass = SizeClass.MEDIUM
    credit_code: CreditCode = ""  # of a branch that has one of its own


class DeclaredPeriod(_Declared):
    """`due` is the last day for reports; by default some months after the period's end. Once a
    regulator has moved it, it stays.
    """

    name: PeriodName
    due: date | None = None
    closed: bool = False


class DeclaredPeerGroup(_Declared):
    """`version` left out: the one by which the periods were opened, or that was taken up last; for
    a new group the newest.

    `obliged` left out: every site of the pack in the scope that is no member yet, not `voluntary`
    and not retired. Members are added, never taken away.
    """

    pack: Name
    version: str | None = None
    route: str | None = None
    scope: JurisdictionPath
    obliged: tuple[SiteId, ...] | None = None
    voluntary: tuple[SiteId, ...] = ()
    periods: tuple[DeclaredPeriod, ...] = ()


class DeclaredAssignment(_Declared):
    """A certification body checks a site's period, by decision of a regulator of the site. `by` is
    asked for only where it is new, or of other terms than it stands with; terms that are left out
    stay."""

    body: Name
    site: SiteId
    period: PeriodName
    by: Email
    due: date | None = None  # the conclusion is wanted by the end of it
    sees_values: bool = False  # the protected values of the site's reports


class Roll(_Declared):
    """A whole register file."""

    jurisdictions: tuple[DeclaredJurisdiction, ...] = ()
    firms: tuple[DeclaredFirm, ...] = ()
    organisations: tuple[DeclaredOrganisation, ...] = ()
    people: tuple[DeclaredPerson, ...] = ()
    sites: tuple[DeclaredSite, ...] = ()
    peer_groups: tuple[DeclaredPeerGroup, ...] = Field(default=())
    assignments: tuple[DeclaredAssignment, ...] = ()


def read(file: Path) -> Roll:
    """The register in that file.

    Raises:
        InputError: `register-unreadable`, `register-invalid` with the entry that is wrong.
    """
    try:
        raw = read_toml(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            "register-unreadable",
            "The register file cannot be read.",
            "Name a TOML file in UTF-8; docs/register.toml is one.",
            place=Place(str(file)),
            found=fault_of(error),
        ) from error
    try:
        return Roll.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InputError(
            "register-invalid",
            "The register file has an entry that cannot be used.",
            "Correct it and run the command again; nothing was changed.",
            place=Place(str(file), column=_where(raw, first["loc"])),
            found="nothing" if first["type"] == "missing" else repr(first["input"])[:200],
            wanted=first["msg"],
        ) from error


def _where(raw: dict[str, Any], steps: tuple[int | str, ...]) -> str:
    """A path a person can follow, entries counted from 1: `sites 3, size_class`."""
    words: list[str] = []
    for step in steps:
        if isinstance(step, int) and words:
            words[-1] += f" {step + 1}"
        else:
            words.append(str(step))
    return ", ".join(words)
