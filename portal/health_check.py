"""`python -m portal.health_check`: a container asks its own web process, four times a minute,
whether it is healthy; without Django.
"""

from __future__ import annotations

import http.client
import os
import sys

TIMEOUT_S = 5


def main() -> int:
    """0 where `/healthz` answers 200 under the first name of the portal; else 1, with what was
    found.
    """
    host = os.environ.get("STEPLABEL_HOSTS", "localhost").split(",")[0].lstrip(".")
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=TIMEOUT_S
    )
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        answer = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        print(f"no answer: {error}", file=sys.stderr)
        return 1
    if answer.status != 200:
        print(f"{answer.status} {answer.read(200).decode('utf-8', 'replace')}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
