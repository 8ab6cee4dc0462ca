"""The numbers of the service for Prometheus: how much came, waits, was done and failed; never about whom."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import Engine

from leadscore.jobs.leader import SCHEDULER
from leadscore.store.backlog import backlog
from leadscore.store.database import reading
from leadscore.store.errors import StoreError
from leadscore.store.leaders import leader
from webhooks.blueprint import Outcome

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Queues:
    """Looks into the store when asked for numbers, so that every process tells the same."""

    def __init__(self, store: Engine, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock

    def describe(self) -> Iterator[GaugeMetricFamily]:
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = GaugeMetricFamily("leadscore_store_up", "1: the store answers")
        try:
            now = self._clock()
            with reading(self._store) as connection:
                found, leads = backlog(connection), leader(connection, SCHEDULER, now)
        except StoreError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        waiting = GaugeMetricFamily("leadscore_waiting", "rows that wait, by queue", labels=["queue"])
        for name, count in found.waiting.items():
            waiting.add_metric([name], count)
        yield waiting
        calls = GaugeMetricFamily("leadscore_crm_calls", "our calls in the present window", labels=["kind"])
        limits = GaugeMetricFamily("leadscore_crm_calls_limit", "calls that the CRM allows in it", labels=["kind"])
        for kind, (used, limit) in found.calls.items():
            calls.add_metric([kind], used)
            limits.add_metric([kind], limit)
        yield calls
        yield limits
        age = 0 if found.oldest is None else max(0, now - found.oldest) / 1000
        single = {
            "oldest_unprocessed_age_seconds": (age, "how long the oldest open work has waited"),
            "dead_letters": (found.dead, "notices that could not be used"),
            "parked": (found.parked, "people and writes that wait for a person's decision"),
            "quarantined": (found.quarantined, "people that a loop keeps changing"),
            "last_sync_age_seconds": (
                -1 if found.synced_at is None else max(0, now - found.synced_at) / 1000,
                "since the CRM was last read to the end of a stream; -1: never",
            ),
            "leader": (int(leads is not None), "1: some scheduler leads"),
        }
        for name, (value, said) in single.items():
            yield GaugeMetricFamily(f"leadscore_{name}", said, value=value)


class Metrics:
    """What one process counted, and what lies in the store."""

    def __init__(self, store: Engine, clock: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Queues(store, clock))
        self._calls = Counter(
            "leadscore_webhook_requests", "calls of the door, by answer", ["status"], registry=self.registry
        )
        self._notices = Counter(
            "leadscore_webhook_notices", "notices in them, by fate", ["fate"], registry=self.registry
        )
        self._work = Counter("leadscore_work", "pieces of work done, by shift", ["shift"], registry=self.registry)
        self._failures = Counter(
            "leadscore_work_failures",
            "steps that failed, by shift and error",
            ["shift", "error"],
            registry=self.registry,
        )
        self.shifts_alive = Gauge(
            "leadscore_shifts_alive", "1: all shifts of this process work", registry=self.registry
        )

    def answered(self, outcome: Outcome) -> None:
        """Counts one call of the door."""
        self._calls.labels(str(outcome.status)).inc()
        known = outcome.deliveries + outcome.rejected - outcome.new
        fates = {"new": outcome.new, "repeated": known, "unreadable": outcome.rejected, "echo": outcome.echoes}
        for fate, count in (fates | {"not_for_us": outcome.not_for_us + outcome.elsewhere}).items():
            if count > 0:
                self._notices.labels(fate).inc(count)

    def worked(self, shift: str, done: int, error: str) -> None:
        """Counts one step of a shift."""
        if done:
            self._work.labels(shift).inc(done)
        if error:
            self._failures.labels(shift, error).inc()

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)
