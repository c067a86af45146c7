"""Every file that the portal serves to the public or to an auditor, handed to `steplabel-agent
verify` as it came.

The addresses are those of the URLconf, so a file that is added without a line here fails the first
test.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponseBase
from django.test import Client

from portal import keys
from portal.intake.models import Submission
from portal.translog import selectors as log
from reporting_agent.cli import main
from tests.integration.test_addresses_by_role import KEYED, TABLE, House, house
from tests.integration.test_api_by_role import key_for

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

__all__ = ["house"]  # the scene, which every file here is served from
READERS = ("anonymous", "assigned")
QUERIES = {
    "api:log-entries": "?from=0&to=SIZE",
    "api:log-entry": "?digest=DIGEST",
    "api:log-inclusion": "?index=INDEX&size=SIZE",
    "api:log-consistency": "?from=INDEX&to=SIZE",
    "api:obligatory-audits": "?site=works-1",
}
"""Addresses that are asked with something."""

OPENING, HEADS = "opening", "tree-head"
SERVED: dict[str, str | tuple[str, ...]] = {
    # the checks that verify makes of the file; or what it says is lacking beside it
    "web:log-head": ("heads-agree",),
    "api:log-head": ("heads-agree",),
    "web:log-checkpoint": ("checkpoint-signed",),
    "api:log-checkpoint": ("checkpoint-signed",),
    "api:log-entries": ("entries-logged",),
    "api:log-entry": ("entries-logged",),
    "api:log-inclusion": ("entries-logged",),
    "api:log-consistency": HEADS,
    "api:directory": ("directory-signed",),
    "web:key-directory": ("directory-signed",),
    "api:submission": ("receipt-signed",),
    "web:assigned-submission-receipt": ("receipt-signed",),
    "api:assignments": ("receipt-signed",),
    "web:benchmark-json": ("benchmark-signed",),
    "api:benchmark": ("benchmark-signed",),
    "api:benchmark-version": ("benchmark-signed",),
    "api:benchmark-leaves": ("version-logged",),
    "web:verify-statement": ("statement-signed",),
    "web:draw-file": OPENING,
    "api:packs": ("pack-signed",),
    "api:pack": ("pack-signed",),
    "api:practices": ("practices-signed",),
    "web:sample-evidence": OPENING,
    "api:evidence": OPENING,
    # made to be read: they bear no signature, and what does is named
    **dict.fromkeys(
        (
            *(
                "web:benchmark-csv",
                "web:benchmark-pdf",
                "web:benchmark-bib",
                "web:benchmark-ris",
                "web:codebook-csv",
            ),
            *(
                "web:benchmark-parquet",
                "web:benchmark-jsonld",
                "web:sector-csv",
                "web:sector-parquet",
                "web:sector-jsonld",
            ),
            *(
                "web:benchmark-ladder",
                "web:benchmark-spread",
                "web:verify-certificate",
                "web:assigned-deliveries-csv",
                "web:keys-csv",
                "web:every-version-csv",
                "web:practices-csv",
                "api:benchmarks",
                "api:obligatory-audits",
                "api:samples",
            ),
        ),
        ("form-signed",),
    ),
}
SAYS_NOTHING = {
    "healthz": "whether the portal works",
    "livez": "whether the portal works",
    "readyz": "whether the portal works",
    "metrics": "whether the portal works",
    "api:schema": "how the API is asked",
    "api:key": "what the key that asks may do",
    "api:notifications": "what the one who asks was told",
    "api:log-restarts": "statements of the coordinator: agents verify them by the directory key",
    "web:feed": "what was published and withdrawn, with links",
    "web:sitemap": "which public pages there are",
    "web:exercise-file": "data of a training exercise",
    "web:outcome-to-confirm": "what a firm says that a practice saved, for its auditor: "
    "`practices confirm` checks it at the plant",
    "api:benchmark-references": "figures that others publish, each with its source",
    "web:proposal-file": "a pack that is only proposed; what was approved is signed",
}
"""Answers that are no files: of no report, version or entry."""


def answers(house: House) -> dict[str, bytes]:
    """By address: what anybody, or the assigned body on its pages or by its key, is answered, where
    it is no page.
    """
    report = Submission.objects.get(digest=house.values["DIGEST"])
    values = {"SIZE": str(log.size()), "INDEX": str(report.log_index), "DIGEST": report.digest}
    key = {"Authorization": f"Bearer {key_for(house.cast.auditor)}"}
    contents: dict[str, bytes] = {}
    for name, (_parts, on_get, _post) in TABLE.items():
        query = QUERIES.get(name, "")
        for placeholder, value in values.items():
            query = query.replace(placeholder, value)
        for role in READERS:
            keyed = name in (*KEYED, "api:evidence")
            if query or on_get[role] == "ok" or keyed:
                client = Client() if keyed else house.clients[role]
                answer: Any = client.get(
                    f"{house.address(name)}{query}", headers=key if keyed else None
                )
                if answer.status_code == 200 and not is_page(answer):
                    contents[name] = answer.content
    return contents


def is_page(answer: HttpResponseBase) -> bool:
    return answer.headers["Content-Type"].startswith("text/html")


def test_every_file_that_is_served_is_known_to_verify(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = answers(house)
    of_tables = {
        name for name in files if name.endswith("-xlsx")
    }  # the CSV of that name as a workbook
    assert set(files) - of_tables == {*SERVED, *SAYS_NOTHING} & {*TABLE}
    directory = tmp_path / "directory"
    directory.write_bytes(keys.published_directory().signed)
    trust = ("--fingerprint", keys.published_directory().fingerprint)
    for name, expected in SERVED.items():
        path = tmp_path / "file"
        path.write_bytes(files[name])
        main(["verify", str(path), str(directory), *trust, "--json"])
        output = json.loads(capsys.readouterr().out)
        if isinstance(expected, str):
            assert (output["error"]["code"], output["error"]["wanted"]) == (
                "audit-file-lacking",
                expected,
            ), name
        else:
            assert (
                tuple(dict.fromkeys(check["code"] for check in output.get("checks", ())))
                == expected
            ), (name, output)
            assert not [check for check in output["checks"] if check["state"] == "failed"], name


def test_the_evidence_file_by_a_key_is_that_of_the_page(house: House) -> None:
    files = answers(house)
    assert json.loads(files["api:evidence"]) == json.loads(files["web:sample-evidence"])
    (row,) = json.loads(files["api:samples"])["results"]
    assert (row["id"], row["submission"]) == (house.values["SAMPLE"], house.values["DIGEST"])


def test_what_the_log_lists_holds_beside_its_head(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole log, what it has of the version, and the receipt of a report: by the real portal's
    own answers.
    """
    files = answers(house)
    names = (
        "api:log-entries",
        "api:log-head",
        "api:benchmark-leaves",
        "api:benchmark",
        "api:submission",
        "api:directory",
    )
    paths = []
    for index, name in enumerate(names):
        paths.append(tmp_path / str(index))
        paths[-1].write_bytes(files[name])
    trust = ("--fingerprint", keys.published_directory().fingerprint)
    code = main(["verify", *map(str, paths), *trust, "--json"])
    output = json.loads(capsys.readouterr().out)
    assert code == 0, output
    assert {check["code"] for check in output["checks"]} == {
        *("entries-logged", "heads-agree", "version-logged", "benchmark-signed", "receipt-signed"),
    }
    report = Submission.objects.get(digest=house.values["DIGEST"])
    rows = json.loads(files["api:log-entries"])
    paths[0].write_text(
        json.dumps(
            [
                row | ({"kind": "attestation"} if row["index"] == report.log_index else {})
                for row in rows
            ]
        )
    )
    code = main(["verify", *map(str, paths), *trust, "--json"])
    output = json.loads(capsys.readouterr().out)
    assert (code, [check["code"] for check in output["checks"] if check["state"] == "failed"]) == (
        1,
        ["entries-logged"],
    )
