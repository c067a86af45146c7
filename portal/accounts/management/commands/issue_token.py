"""`manage.py issue_token SITE`: a one-time enrolment token for a site's agent, on stdout."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal import keys
from portal.accounts.enrolling import TOKEN_LIFETIME, issue_token
from portal.accounts.models import Site


class Command(BaseCommand):
    help = "Issue a one-time enrolment token for a site's agent; an enterprise does the same on its page `Sites and agents`."
    requires_system_checks = ()  # they load every page: two seconds

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("site", help="the site's id, as in its site.toml")
        parser.add_argument("--days", type=int, default=TOKEN_LIFETIME.days, help="how long it can be used (default: %(default)s)")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["days"] < 1:
            raise CommandError("--days must be at least 1.")
        try:
            site = Site.objects.get(slug=options["site"])
        except Site.DoesNotExist as error:
            raise CommandError(f"There is no site {options['site']!r}. `manage.py register` registers sites.") from error
        now = timezone.now()
        self.stdout.write(issue_token(site, None, keys.published_directory().fingerprint, now, timedelta(days=options["days"])))
        self.stderr.write(f"For {site.name}, once, within {options['days']} days. It is shown now and never again.")
