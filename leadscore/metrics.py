"""The numbers of the service for Prometheus: how much came, waits, was done and failed; never about whom."""

import os
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import Engine

from leadscore.jobs.leader import SCHEDULER
from leadscore.jobs.troubles import FRESH
from leadscore.store.backlog import Backlog, backlog
from leadscore.store.chores import ChoreState, chore_states
from leadscore.store.database import reading
from leadscore.store.errors import StoreError
from leadscore.store.leaders import leader
from leadscore.store.troubles import troubles_since
from webhooks.blueprint import Outcome

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Names a directory in which prometheus_client keeps the counters of all processes of one server together."""


class _Queues:
    """Looks into the store when asked for numbers, so that every process tells the same."""

    def __init__(self, store: Engine, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock

    def describe(self) -> Iterator[GaugeMetricFamily]:
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            now = self._clock()
            with reading(self._store) as connection:
                found, leads = backlog(connection, now), leader(connection, SCHEDULER, now)
                chores, met = chore_states(connection), troubles_since(connection, now - FRESH)
        except StoreError:
            yield GaugeMetricFamily("leadscore_store_up", "1: the store answers", value=0)
            return
        yield GaugeMetricFamily("leadscore_store_up", "1: the store answers", value=1)
        yield GaugeMetricFamily("leadscore_leader", "1: some scheduler leads", value=int(leads is not None))
        yield from _queues(found, now)
        yield from _calls(found)
        yield from _chores(chores, now)
        trouble = GaugeMetricFamily("leadscore_trouble", "1: work meets it at present", labels=["work", "error"])
        for one in met:
            trouble.add_metric([one.work, one.error], 1)
        yield trouble


def _queues(found: Backlog, now: int) -> Iterator[GaugeMetricFamily]:
    yield _labelled("leadscore_waiting", "rows that wait, by queue", "queue", found.waiting)
    yield _labelled("leadscore_parked", "what waits for a person, by the job that put it aside", "job", found.parked)
    single = {
        "oldest_unprocessed_age_seconds": (_age(found.oldest, now, 0), "how long the oldest open work has waited"),
        "dead_letters": (found.dead, "notices that could not be used"),
        "quarantined": (found.quarantined, "people that a loop keeps changing"),
        "last_sync_age_seconds": (
            _age(found.synced_at, now, -1),
            "since the CRM was last read to the end of a stream; -1: never",
        ),
    }
    for name, (value, said) in single.items():
        yield GaugeMetricFamily(f"leadscore_{name}", said, value=value)


def _calls(found: Backlog) -> Iterator[GaugeMetricFamily]:
    used = {kind: state.used for kind, state in found.calls.items()}
    limits = {kind: state.limit for kind, state in found.calls.items()}
    left = {kind: state.left for kind, state in found.calls.items() if state.left is not None}
    paused = {kind: int(state.paused_until is not None) for kind, state in found.calls.items()}
    yield _labelled("leadscore_crm_calls", "our calls: of the day, and since the beginning", "kind", used)
    yield _labelled("leadscore_crm_calls_limit", "calls that the CRM allows in its window", "kind", limits)
    yield _labelled("leadscore_crm_calls_left", "calls that all apps together have left, as last told", "kind", left)
    yield _labelled("leadscore_crm_paused", "1: the CRM asked us to wait", "kind", paused)


def _chores(chores: tuple[ChoreState, ...], now: int) -> Iterator[GaugeMetricFamily]:
    ages = {one.name: _age(one.ran_at, now, -1) for one in chores}
    well = {one.name: int(one.outcome in (None, "done")) for one in chores}
    yield _labelled("leadscore_chore_age_seconds", "since the chore last ended; -1: never", "chore", ages)
    yield _labelled("leadscore_chore_well", "0: the chore could not be done when it last ran", "chore", well)


def _labelled(name: str, said: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, said, labels=[label])
    for value, number in sorted(values.items()):
        family.add_metric([value], number)
    return family


def _age(since: int | None, now: int, unknown: float) -> float:
    return unknown if since is None else max(0, now - since) / 1000


class Metrics:
    """What one process counted, or all processes of one server together (`SHARED`), and what lies in the store."""

    def __init__(self, store: Engine, clock: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        self._queues = _Queues(store, clock)
        self._calls = self._counter("webhook_requests", "calls of the door, by answer", "status")
        self._notices = self._counter("webhook_notices", "notices in them, by fate", "fate")
        self._work = self._counter("work", "pieces of work done, by shift", "shift")
        self._outcomes = self._counter("outcomes", "what became of them", "shift", "outcome")
        self._failures = self._counter("work_failures", "steps that failed, by shift and error", "shift", "error")
        self.shifts_alive = Gauge(
            "leadscore_shifts_alive",
            "1: all shifts of this process work",
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )

    def _counter(self, name: str, said: str, *labels: str) -> Counter:
        return Counter(f"leadscore_{name}", said, labels, registry=self.registry)

    def answered(self, outcome: Outcome) -> None:
        """Counts one call of the door."""
        self._calls.labels(str(outcome.status)).inc()
        known = outcome.deliveries + outcome.rejected - outcome.new
        fates = {"new": outcome.new, "repeated": known, "unreadable": outcome.rejected, "echo": outcome.echoes}
        for fate, count in (fates | {"not_for_us": outcome.not_for_us + outcome.elsewhere}).items():
            if count > 0:
                self._notices.labels(fate).inc(count)

    def worked(self, shift: str, done: int, failure: Exception | None) -> None:
        """Counts one step of a shift."""
        if done:
            self._work.labels(shift).inc(done)
        if failure is not None:
            self._failures.labels(shift, type(failure).__name__).inc()

    def became(self, shift: str, outcomes: Mapping[str, int]) -> None:
        """Counts what became of the work of one step, by its word."""
        for word, count in outcomes.items():
            if count:
                self._outcomes.labels(shift, word).inc(count)

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        counted = self.registry
        if SHARED in os.environ:
            counted = CollectorRegistry()
            MultiProcessCollector(counted)  # type: ignore[no-untyped-call]  # published without types
        looked = CollectorRegistry()
        looked.register(self._queues)
        return generate_latest(looked) + generate_latest(counted)
