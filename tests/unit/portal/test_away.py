"""Every error by which a server is away, and its answer wherever it arises: in a page, in the API,
in a middleware. Never a 500.
"""

from __future__ import annotations

from types import SimpleNamespace

import psycopg
import psycopg.errors as postgres
import psycopg_pool
import pytest
import redis
from django.core.handlers.exception import convert_exception_to_response
from django.db import DatabaseError, IntegrityError, ProgrammingError
from django.db.utils import DatabaseErrorWrapper
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from portal.problems import handle, is_away
from portal.web.middleware.outages import ServerAwayMiddleware

OF_POSTGRESQL = (
    postgres.AdminShutdown("a restart"),
    postgres.CrashShutdown("an immediate stop"),
    postgres.CannotConnectNow("it is starting"),
    postgres.ConnectionFailure("the network was cut"),
    postgres.TooManyConnections("no connection is left"),
    postgres.DiskFull("no room"),
    postgres.QueryCanceled("it took too long"),
    postgres.DeadlockDetected("two waited for one another"),
    postgres.ReadOnlySqlTransaction("a replica that was not promoted yet"),
    postgres.UndefinedTable("to be migrated, or dropped by mistake"),
    postgres.UndefinedColumn("to be migrated"),
    psycopg.OperationalError("the connection is lost"),
    psycopg.InterfaceError("the connection is closed"),
    psycopg.DatabaseError("server closed the connection unexpectedly"),
    psycopg_pool.PoolTimeout("no connection of the pool within 10 s"),
    psycopg_pool.PoolClosed("the process ends"),
)
OF_REDIS = (
    redis.ConnectionError("away"),
    redis.TimeoutError("cut off"),
    redis.BusyLoadingError("it is starting"),
    redis.MaxConnectionsError("none is left"),
    redis.OutOfMemoryError("full"),
    redis.ReadOnlyError("a replica"),
)


def as_django_raises(error: psycopg.Error) -> Exception:
    try:
        with DatabaseErrorWrapper(SimpleNamespace(Database=psycopg, errors_occurred=False)):
            raise error  # noqa: TRY301
    except Exception as raised:  # noqa: BLE001 - whatever kind Django makes of it
        return raised


AWAY = (*OF_REDIS, *OF_POSTGRESQL, *map(as_django_raises, OF_POSTGRESQL))
OURS = (
    as_django_raises(postgres.SyntaxError("a statement of ours")),
    as_django_raises(postgres.InFailedSqlTransaction("a query after an error")),
    IntegrityError("twice"),
    ProgrammingError("a wrong field"),
    DatabaseError("an update that met no row"),
    redis.ResponseError("not a number"),
    ZeroDivisionError(),
)


def raised_in_a_middleware(path: str, error: Exception) -> HttpResponse:
    def fails(_request: HttpRequest) -> HttpResponse:
        raise error

    answer = convert_exception_to_response(fails)(RequestFactory().get(path))
    assert isinstance(answer, HttpResponse)
    return answer


def named(error: Exception) -> str:
    return f"{type(error).__module__}.{type(error).__name__}-{error}"


@pytest.mark.parametrize("error", AWAY, ids=named)
def test_a_server_that_is_away_is_for_the_asker_to_try_again(error: Exception) -> None:
    page = ServerAwayMiddleware(lambda _request: HttpResponse()).process_exception(
        RequestFactory().get("/"), error
    )
    api = handle(error, {})
    beside = [raised_in_a_middleware(path, error) for path in ("/account/", "/api/v1/log/head/")]
    assert page is not None
    assert api is not None
    for answer in (page, api, *beside):
        assert answer.status_code == 503
        assert int(answer["Retry-After"]) > 0
    assert "just now" in beside[0].content.decode()
    assert b'"code": "portal-busy"' in beside[1].content


@pytest.mark.parametrize("error", OURS, ids=named)
def test_an_error_of_ours_stays_one(error: Exception) -> None:
    assert not is_away(error)
    assert raised_in_a_middleware("/account/", error).status_code == 500
