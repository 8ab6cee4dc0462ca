"""The clock of the service: while it leads, it asks for what is due again and again; others do it."""

from collections.abc import Callable, Sequence
from datetime import UTC
from threading import Event

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Engine

from leadscore.jobs.leader import SCHEDULER, Leadership
from leadscore.store.chores import Rhythm, ask
from leadscore.store.database import writing
from leadscore.store.errors import StoreError
from leadscore.store.leaders import still_leads

POLL, RECONCILE, TIDY = "poll", "reconcile", "tidy"
_HOUR = 3_600_000

_log = structlog.get_logger(__name__)


def rhythms(poll_quick: int, poll_slow: int, reconcile_hours: float) -> tuple[Rhythm, ...]:
    """The chores of a service; the polls in seconds."""
    reconcile = round(reconcile_hours * _HOUR)
    return (
        Rhythm(POLL, poll_quick * 1000, max(poll_quick, poll_slow) * 1000),
        Rhythm(RECONCILE, reconcile, reconcile),
        Rhythm(TIDY, _HOUR, _HOUR),
    )


def ask_as_leader(store: Engine, leadership: Leadership, chores: Sequence[Rhythm], now: int) -> int:
    """Asks for what is due, if the lead still holds in the very transaction that asks; returns for how many chores."""
    fence = leadership.fence
    if fence is None:
        return 0
    try:
        with writing(store) as connection:
            return ask(connection, chores, now) if still_leads(connection, SCHEDULER, fence, now) else 0
    except StoreError as error:
        _log.warning("nothing_asked", error=str(error))
        return 0


def run_scheduler(
    store: Engine,
    leadership: Leadership,
    chores: Sequence[Rhythm],
    clock: Callable[[], int],
    stop: Event,
    tick: float = 1.0,
) -> None:
    """Leads whenever nobody else does, and looks every `tick` seconds what is due; returns when told to stop, the
    lead given back."""
    once = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
    schedule = BackgroundScheduler(timezone=UTC, job_defaults=once)
    schedule.add_job(lambda: ask_as_leader(store, leadership, chores, clock()), "interval", seconds=tick, id="ask")
    schedule.start(paused=True)
    try:
        leading = False
        while not stop.is_set():
            leads = leadership.renew() is not None
            if leads and not leading:
                schedule.resume()
            elif leading and not leads:
                schedule.pause()
            leading = leads
            leadership.wait(stop)
    finally:
        schedule.shutdown(wait=True)
        leadership.resign()
