"""One subscription: what the server tells is kept, and only then acknowledged; and which values it
let go on the way.

asyncua's publishing loop waits for the callback of a subscription that was created through the
session itself, and sends its acknowledgement with the next request after that; the callback of its
`Subscription` would be a task that nobody waits for. So this callback returns once the spool has
synced, and never where that failed: a notification then stays the server's.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from asyncua import Client, ua

from extras.live.sources.opcua.values import overflowed

ITEMS_AT_ONCE = 500
KEEP_ALIVE_S = 10.0
# of publishing intervals without a request, after which the server may forget the subscription
LIFETIME_COUNT = 10_000
_LAST_SEQUENCE = 0xFFFFFFFF

Change = tuple[str, ua.DataValue]
"""The node as site.toml writes it, and what it is now."""


class Subscription:
    """Of one connection; `take` is awaited for each notification, with the nodes of which the
    server may have let go of values before it, once `begin` is set. `failed` is told why nothing
    more is taken."""

    def __init__(
        self,
        client: Client,
        take: Callable[
            [Sequence[Change], Sequence[tuple[int, list[ua.Variant]]], frozenset[str]],
            Awaitable[None],
        ],
        begin: asyncio.Event,
        failed: Callable[[BaseException], None],
    ) -> None:
        self._session, self._take, self._begin, self.failed = (
            client.uaclient.session,
            take,
            begin,
            failed,
        )
        self._items: dict[int, str] = {}
        self._events: dict[int, int] = {}
        self._queues: dict[str, int] = {}
        self._sequence = 0
        self._id = 0
        self._heard_s = time.monotonic()
        self._silent_s = 3 * KEEP_ALIVE_S
        self._holding = False
        self.refused: dict[
            str, str
        ] = {}  # nodes that the server does not let this user read, or does not have

    async def create(self, publishing_ms: int) -> None:
        """At the server."""
        parameters = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=publishing_ms,
            RequestedLifetimeCount=LIFETIME_COUNT,
            RequestedMaxKeepAliveCount=max(1, round(KEEP_ALIVE_S * 1000 / publishing_ms)),
            MaxNotificationsPerPublish=0,
            PublishingEnabled=True,
        )
        result = await self._session.create_subscription(parameters, self._notified)
        self._id = result.SubscriptionId
        self._silent_s = (
            3 * max(1, result.RevisedMaxKeepAliveCount) * result.RevisedPublishingInterval / 1000
            + KEEP_ALIVE_S
        )

    async def watch(self, nodes: Mapping[str, ua.NodeId], sampling_ms: int, queue: int) -> None:
        """Every value of these nodes, also one that is as before, without a deadband."""
        every = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValueTimestamp)
        wanted = [
            (name, self._request(node, ua.AttributeIds.Value, handle, every, queue, sampling_ms))
            for handle, (name, node) in enumerate(nodes.items(), start=1)
        ]
        self._items = {request.RequestedParameters.ClientHandle: name for name, request in wanted}
        for first in range(0, len(wanted), ITEMS_AT_ONCE):
            chunk = wanted[first : first + ITEMS_AT_ONCE]
            results = await self._create_items([request for _, request in chunk])
            for (name, _), result in zip(chunk, results, strict=True):
                if result.StatusCode.is_good():
                    self._queues[name] = int(result.RevisedQueueSize)
                else:
                    self.refused[name] = result.StatusCode.name

    async def watch_events(
        self, index: int, notifier: ua.NodeId, wanted: ua.EventFilter, queue: int
    ) -> str:
        """Events of one notifier; they are handed on with `index`. Returns why the server refuses,
        or nothing.
        """
        handle = 1_000_000 + index
        self._events[handle] = index
        (result,) = await self._create_items(
            [self._request(notifier, ua.AttributeIds.EventNotifier, handle, wanted, queue, 0)]
        )
        return "" if result.StatusCode.is_good() else result.StatusCode.name

    @property
    def silent(self) -> bool:
        """Whether the server says nothing any more, not even that nothing happened; what we hold
        back ourselves is no silence.
        """
        return not self._holding and time.monotonic() - self._heard_s > self._silent_s

    async def _create_items(
        self, requests: list[ua.MonitoredItemCreateRequest]
    ) -> list[ua.MonitoredItemCreateResult]:
        parameters = ua.CreateMonitoredItemsParameters(
            self._id, ua.TimestampsToReturn.Both, requests
        )
        return await self._session.create_monitored_items(parameters)

    @staticmethod
    def _request(
        node: ua.NodeId,
        attribute: ua.AttributeIds,
        handle: int,
        wanted: ua.DataChangeFilter | ua.EventFilter,
        queue: int,
        sampling_ms: int,
    ) -> ua.MonitoredItemCreateRequest:
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=ua.ReadValueId(node, attribute),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=ua.MonitoringParameters(
                handle, sampling_ms, wanted, queue, DiscardOldest=True
            ),
        )

    async def _notified(self, result: ua.PublishResult) -> None:
        self._heard_s = time.monotonic()
        if not result.NotificationMessage.NotificationData:
            return
        self._holding = True
        await self._begin.wait()
        taking = asyncio.create_task(self._handed_on(result.NotificationMessage))
        try:
            await asyncio.wait([taking])
        finally:
            taking.cancel()
        if (failure := taking.exception()) is not None:
            self.failed(failure)
            await (
                asyncio.Event().wait()
            )  # until the connection ends: were this raised, asyncua would go on and acknowledge
        self._heard_s, self._holding = time.monotonic(), False

    async def _handed_on(self, message: ua.NotificationMessage) -> None:
        changes: list[Change] = []
        events: list[tuple[int, list[ua.Variant]]] = []
        for part in message.NotificationData or ():
            if isinstance(part, ua.DataChangeNotification):
                changes += [
                    (self._items[item.ClientHandle], item.Value)
                    for item in part.MonitoredItems
                    if item.ClientHandle in self._items
                ]
            elif isinstance(part, ua.EventNotificationList):
                events += [
                    (self._events[event.ClientHandle], event.EventFields)
                    for event in part.Events
                    if event.ClientHandle in self._events
                ]
            elif isinstance(part, ua.StatusChangeNotification):
                raise ConnectionError(part.Status.name)
        missed = message.SequenceNumber != self._sequence % _LAST_SEQUENCE + 1
        await self._take(
            changes, events, frozenset(self._queues) if missed else self._let_go(changes)
        )
        self._sequence = message.SequenceNumber

    def _let_go(self, changes: Iterable[Change]) -> frozenset[str]:
        """Nodes of which values may be missing: the server says so, or its queue came full, which
        some servers say nothing of.
        """
        changes = list(changes)
        full = {
            name
            for name, count in Counter(name for name, _ in changes).items()
            if count >= self._queues.get(name, 2)
        }
        return frozenset(full | {name for name, value in changes if overflowed(value)})
