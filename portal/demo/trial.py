"""The trial sector of a portal that `./install --trial` set up: the demo's people and plants, at
the processes and the address of the installation. Cut short, it goes on where it was.

    deploy/as operator python -m portal.demo.trial https://portal.example FOLDER
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from benchmarks.phrases import Phrase
from portal.operator_command import spoken
from portal.sentences import in_words

PLANTS = 26
OPENING_S = 300


def main(address: str, folder: Path) -> None:
    from django.utils import timezone

    from fixtures.simulator import Sector
    from portal import keys
    from portal.demo import cast as casting
    from portal.demo.plants import PlantReport, report_all
    from portal.intake.models import Submission, SubmissionState
    from portal.publication import drafting, publishing
    from portal.publication.models import Publication
    from portal.standings import computing as standings

    sector = Sector("cement", 1, PLANTS)
    cast = casting.create(sector, timezone.now())

    def hear(outcome: PlantReport) -> None:
        if outcome.exit_code:
            raise SystemExit(f"{outcome.site}: {outcome.message}")

    sent = set(Submission.objects.values_list("site__slug", flat=True))
    left = tuple(plant for plant in sector.plants if plant.site not in sent)
    report_all(left, cast.tokens, address, folder, hear)
    deadline = time.monotonic() + OPENING_S
    while (
        opened := Submission.objects.filter(state=SubmissionState.ACCEPTED).count()
    ) < PLANTS and time.monotonic() < deadline:
        time.sleep(1)
    if not Publication.objects.filter(period=cast.period).exclude(status="draft").exists():
        standings.compute(cast.period, cast.drafter.email, timezone.now())
        draft = drafting.draft(cast.period, cast.drafter, timezone.now())
        publishing.publish(draft, cast.approver, keys.receipt_key(), timezone.now())
    print(
        in_words(
            Phrase(
                "%(opened)s of %(plants)s simulated plants reported; their benchmark is at "
                "%(address)s.",
                opened=opened,
                plants=PLANTS,
                address=f"{address}/sectors/{sector.pack.id}/cn/{sector.pack.routes[0].id}/",
            )
        )
    )
    for person in cast.sign_ins:
        print(f"  {person.role:<20} {person.email:<26} {person.password:<18} {person.secret}")
    print(in_words(Phrase("The last column is the key for an authenticator app.")))


if __name__ == "__main__":
    import django

    django.setup()
    with spoken(()):
        main(sys.argv[1], Path(sys.argv[2]))
