"""`/healthz`: whether this web process answers and reaches its database. `portal.health_check` asks
it from inside a container.
"""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import database_servers


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """200 `ok`, or 503 where the database is away. Says nothing else: anybody may ask."""
    if not database_servers.answers():
        return HttpResponse("database away", content_type="text/plain", status=503)
    return HttpResponse("ok", content_type="text/plain")


if __name__ == "__main__":  # what a compose file of the release before asks
    from portal import health_check

    sys.exit(health_check.main())
