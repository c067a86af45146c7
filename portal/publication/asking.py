"""Whom a published version asks for what they do: firms with an attested report among the best of a
step.

A firm is asked where the public shows the step, where its site is sure to lie in the quarter that
takes the least energy there, as its own page tells it, and where an auditor's positive opinion
covers that step. It learns nothing that it could not read already, and nobody else is told, and of
its people those who may offer a practice. Who wished never to hear of it is not asked at all.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from benchmarks.disclosure import GateResult
from benchmarks.label_keys import LabelKey
from portal.accounts.audience import managers_of_firms
from portal.days import scheme_day
from portal.notifications.kinds import NoticeKind
from portal.notifications.telling import NoticeFacts, tell
from portal.publication.models import Publication
from portal.publication.shapes import label_view
from portal.standings.attested import verdicts
from portal.standings.models import Standing

BEST = 1
"""The quarter that takes the least energy."""


def ask(row: Publication, now: datetime) -> int:
    """Each such firm once, for the first such step of the route; how many people. Called in the
    transaction that publishes.
    """
    headline = [cell for cell in label_view(GateResult.from_json(row.gate)).headline if cell.shown]
    order = {LabelKey.of(step): index for index, step in enumerate(headline)}
    attested = verdicts(row.period, scheme_day(now))
    best = Standing.objects.filter(
        period=row.period, band=BEST, submission__digest__in=row.participants
    )
    steps: defaultdict[int, set[int]] = defaultdict(set)
    for standing in best.values_list(
        "submission",
        "submission__site__organisation",
        "step",
        "product",
        "variant",
        "metric",
        named=True,
    ):
        position = order.get(LabelKey.of(standing))
        if position is not None and attested.attests(standing.submission, standing.step):
            steps[standing.submission__site__organisation].add(position)
    group = row.period.peer_group
    people = 0
    for firm, positions in sorted(steps.items()):
        facts: NoticeFacts = {
            "pack": group.pack,
            "pack_version": group.pack_version,
            "route": group.route,
            "period": row.period.name,
            "version": row.version,
            "step": headline[min(positions)].step,
        }
        people += tell(
            NoticeKind.PRACTICE_ASKED,
            managers_of_firms({firm}),
            "web:offer-practice",
            {},
            facts,
            now,
        )
    return people
