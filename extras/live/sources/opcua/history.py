"""What a server's history holds of a node: HistoryRead of raw values and of events (OPC 10000-11,
6.5).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from asyncua import Client, ua
from asyncua.ua import uaerrors

_NONE = (
    uaerrors.BadHistoryOperationUnsupported,
    uaerrors.BadHistoryOperationInvalid,
    uaerrors.BadServiceUnsupported,
    uaerrors.BadNotImplemented,
    uaerrors.BadUserAccessDenied,
    uaerrors.BadNotReadable,
    uaerrors.BadNodeIdUnknown,
    uaerrors.BadNodeIdInvalid,
)
_CONNECTION = (
    "BadConnection",
    "BadSession",
    "BadSecureChannel",
    "BadCommunication",
    "BadServer",
    "BadShutdown",
    "BadTcp",
    "BadTimeout",
)
_NOTHING = {
    ua.StatusCodes.BadNoData,
    ua.StatusCodes.BadBoundNotFound,
    ua.StatusCodes.BadBoundNotSupported,
}  # in this time
_HISTORY_READ = 4  # of an access level, and of an event notifier


class NoHistory(Exception):  # noqa: N818 - what a server does not have
    """The server keeps none of this node, or lets this user read none; the text is its own word."""


class UnreadHistory(Exception):  # noqa: N818 - a state of the server
    """Its history cannot be read now, though the connection stands; the text is its own word."""


async def has_history(client: Client, nodes: list[ua.NodeId]) -> list[bool]:
    """Whether each node's values may be read from the server's history, as it says itself."""
    levels = await client.uaclient.session.read_attributes(nodes, ua.AttributeIds.UserAccessLevel)
    return [
        level.Value is not None and bool((level.Value.Value or 0) & _HISTORY_READ)
        for level in levels
    ]


async def kept_of_events(client: Client, notifier: ua.NodeId) -> bool:
    """Whether its events may be read from the server's history."""
    (notifies,) = await client.uaclient.session.read_attributes(
        [notifier], ua.AttributeIds.EventNotifier
    )
    return notifies.Value is not None and bool((notifies.Value.Value or 0) & _HISTORY_READ)


async def values(
    client: Client, node: ua.NodeId, start: datetime, end: datetime
) -> AsyncIterator[list[ua.DataValue]]:
    """All raw values from start to end, both included, page by page in order of time.

    Raises:
        NoHistory: see there.
        Unread: it cannot be read now.
        OSError: the server did not answer, or its connection is over.
    """
    details = ua.ReadRawModifiedDetails(
        IsReadModified=False, StartTime=start, EndTime=end, NumValuesPerNode=0, ReturnBounds=False
    )
    async for data in _pages(client, node, details):
        yield [
            value
            for value in data.DataValues or []
            if value.Value is not None or value.StatusCode is not None
        ]


async def events(
    client: Client, node: ua.NodeId, wanted: ua.EventFilter, start: datetime, end: datetime
) -> AsyncIterator[list[list[ua.Variant]]]:
    """The fields of all events from start to end, page by page.

    Raises:
        NoHistory, Unread: see there.
    """
    details = ua.ReadEventDetails(StartTime=start, EndTime=end, NumValuesPerNode=0, Filter=wanted)
    async for data in _pages(client, node, details):
        yield [event.EventFields for event in data.Events or []]


async def _pages(client: Client, node: ua.NodeId, details: Any) -> AsyncIterator[Any]:
    wanted = ua.HistoryReadValueId(NodeId=node)
    while True:
        parameters = ua.HistoryReadParameters(
            HistoryReadDetails=details,
            TimestampsToReturn=ua.TimestampsToReturn.Both,
            NodesToRead=[wanted],
        )
        try:
            (result,) = await client.uaclient.session.history_read(parameters)
            if result.StatusCode.value not in _NOTHING:
                result.StatusCode.check()
        except _NONE as refused:
            raise NoHistory(type(refused).__name__) from refused
        except uaerrors.UaStatusCodeError as refused:
            code = type(refused).__name__
            raise (ConnectionError if code.startswith(_CONNECTION) else UnreadHistory)(
                f"HistoryRead: {code}"
            ) from refused
        if result.HistoryData is not None:
            yield result.HistoryData
        if not result.ContinuationPoint:
            return
        wanted.ContinuationPoint = result.ContinuationPoint
