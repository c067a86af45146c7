"""`manage.py issue_token SITE`: a one-time enrolment token for a site's agent, on stdout."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from benchmarks.phrases import Phrase, in_number
from portal import keys
from portal.accounts.enrolling import TOKEN_LIFETIME, issue_token
from portal.accounts.models import Site
from portal.operator_command import OperatorCommand, refused


class Command(OperatorCommand):
    help = Phrase(
        "Issue a one-time enrolment token for a site's agent; an enterprise does the same on its "
        "page `Sites and agents`."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("site", help=Phrase("the site's id, as in its site.toml"))
        parser.add_argument(
            "--days",
            type=int,
            default=TOKEN_LIFETIME.days,
            help=Phrase(
                "how many days it can be used (default: %(days)s)", days=TOKEN_LIFETIME.days
            ),
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["days"] < 1:
            raise refused(Phrase("--days must be at least 1."))
        try:
            site = Site.objects.get(slug=options["site"])
        except Site.DoesNotExist as error:
            raise refused(
                Phrase(
                    "There is no site %(site)s. `manage.py register` registers sites.",
                    site=repr(options["site"]),
                )
            ) from error
        if site.retired_at is not None:
            raise refused(
                Phrase(
                    "The site %(site)s is retired: no agent signs for it any more. Name a site "
                    "that reports.",
                    site=repr(site.slug),
                )
            )
        now = timezone.now()
        self.stdout.write(
            issue_token(
                site,
                None,
                keys.published_directory().fingerprint,
                now,
                timedelta(days=options["days"]),
            )
        )
        self.remark(
            in_number(
                options["days"],
                "For %(site)s, once, within %(days)s day. It is shown now and never again.",
                "For %(site)s, once, within %(days)s days. It is shown now and never again.",
                site=site.name,
                days=options["days"],
            )
        )
