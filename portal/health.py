"""`/healthz`: whether this web process answers and reaches its database; and asking it from inside a container.

`python -m portal.health` asks it from inside a container.
"""

from __future__ import annotations

import http.client
import os
import sys

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import database_servers

TIMEOUT_S = 5


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """200 `ok`, or 503 where the database is away. Says nothing else: anybody may ask."""
    if not database_servers.answers():
        return HttpResponse("database away", content_type="text/plain", status=503)
    return HttpResponse("ok", content_type="text/plain")


def ask(port: int) -> int:
    """The status of this machine's own web process, asked under the first name it answers to."""
    host = os.environ.get("STEPLABEL_HOSTS", "localhost").split(",")[0].lstrip(".")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    connection.request("GET", "/healthz", headers={"Host": host})
    return connection.getresponse().status


if __name__ == "__main__":
    sys.exit(ask(int(os.environ.get("PORT", "8000"))) != 200)
