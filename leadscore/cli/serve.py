"""`leadscore serve`, `worker` and `scheduler`: the service as one process, or as several beside each other."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event
from types import FrameType
from typing import Annotated

import typer
from flask import Flask
from sqlalchemy import Engine

from leadscore.cli.bars import say
from leadscore.cli.clock import now
from leadscore.cli.show import console, json_line
from leadscore.cli.web_server import WebServer
from leadscore.jobs.crew import Crew, Shift
from leadscore.jobs.leader import LEASE, Leadership
from leadscore.jobs.process import process_name, take_back_from_the_dead
from leadscore.jobs.scheduler import rhythms, run_scheduler
from leadscore.jobs.shifts import Work, give_back_everything, shifts
from leadscore.jobs.troubles import Troubles
from leadscore.logs import start_logging
from leadscore.metrics import Metrics
from leadscore.store.account import bound
from leadscore.store.database import reading
from leadscore.store.errors import StoreError
from leadscore.store.models import generation_at
from leadscore.web import Open, create_app, watched
from leadscore.wiring import CALL_PATIENCE, Parts, parts

FAILED = 1
_WATCHERS = 2
"""Threads that answer whoever watches a worker or scheduler."""
STOPPING = 27.0
"""Seconds that work in progress has to end after the first SIGTERM; then its leases are given back all the same."""

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object when it is up.")]
Lease = Annotated[float, typer.Option(min=0.3, help="Seconds after which another scheduler leads if this one died.")]


def serve(
    web_only: Annotated[bool, typer.Option("--web-only", help="Only answer HTTP; `worker` does the work.")] = False,
    listen: Annotated[str | None, typer.Option(help="HOST:PORT; port 0 takes a free one.")] = None,
    lease: Lease = LEASE / 1000,
    as_json: Json = False,
) -> None:
    """Run leadscore: take in webhooks, read, score, write back, and look for what no webhook tells.

    One process does all of it, which is right for SQLite; with PostgreSQL any number of `serve --web-only`, `worker`
    and `scheduler` work beside each other. SIGTERM ends it within 30 seconds, a second one at once. Before it writes,
    a first `sync`, `plan` and `apply` must have been done.
    """
    with _service() as (made, store, stop), ExitStack() as open_things:
        metrics = Metrics(store, now)
        crew = _crew(made, store, [] if web_only else ["work", "schedule"], metrics, round(lease * 1000))
        inbox = made.inbox(ring=lambda: crew.ring("inbox"))
        open_things.callback(inbox.close)
        open_things.callback(_end, crew, store)
        app = create_app(Open(made, store, inbox, now, metrics, lambda: _well(crew)))
        server = _listening(app, listen or made.settings.listen, made.settings.web_threads)
        crew.start()
        server.start()
        open_things.callback(server.stop)
        if as_json:
            console().file.write(json_line({"url": server.url, "door": made.door_address}).decode())
            console().file.flush()
        else:
            say(f"leadscore serves at {server.url}; HubSpot is expected at {made.door_address}. Stop it with Ctrl-C.")
        stop.wait()


def worker(as_json: Json = False) -> None:
    """Read, score and write back, beside other workers; PostgreSQL lets there be many."""
    _run(["work"], LEASE, as_json)


def scheduler(lease: Lease = LEASE / 1000, as_json: Json = False) -> None:
    """Ask for what is due again and again. Of several schedulers one leads; another takes over when it dies."""
    _run(["schedule"], round(lease * 1000), as_json)


def _run(jobs: list[str], lease: int, as_json: bool) -> None:
    with _service() as (made, store, stop), ExitStack() as open_things:
        metrics, at = Metrics(store, now), made.settings.metrics_listen
        crew = _crew(made, store, jobs, metrics, lease)
        open_things.callback(_end, crew, store)
        told = {"name": process_name()}
        if at:
            app = watched(store, now, metrics, made.settings, lambda: _well(crew))
            server = _listening(app, at, _WATCHERS)
            server.start()
            open_things.callback(server.stop)
            told["url"] = server.url
        crew.start()
        if as_json:
            console().file.write(json_line(told).decode())
            console().file.flush()
        stop.wait()


def _listening(app: Flask, address: str, threads: int) -> WebServer:
    try:
        return WebServer(app, address, threads)
    except OSError as error:
        say(f"Cannot listen on {address}: {error.strerror}. Choose another address, or end who listens there.")
        raise typer.Exit(FAILED) from None


def _well(crew: Crew) -> str:
    return "" if crew.alive() else "A shift of this process has ended. Restart it and look into its log."


@contextmanager
def _service() -> Iterator[tuple[Parts, Engine, Event]]:
    """Settings, logging, the open store, and the event that SIGTERM and Ctrl-C set; the second of them ends at once.
    What was lent to processes that were killed on this machine is free again.

    Raises StoreError if nothing was read yet: then it is not known whose notices are to be believed.
    """
    made, stop = parts(patience=CALL_PATIENCE), Event()
    start_logging(made.settings.log_level)

    def told(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    before = {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        # What a power cut takes of the work is done again; only the inbox must never lose what it was given.
        with made.store("NORMAL") as store:
            with reading(store) as connection:
                bound(connection)
            take_back_from_the_dead(store)
            yield made, store, stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _crew(made: Parts, store: Engine, jobs: list[str], metrics: Metrics, lease: int) -> Crew:
    chosen, troubles = made.settings, Troubles(store, now)
    chores = rhythms(chosen.poll_quick, chosen.poll_slow, chosen.reconcile_hours)
    found: list[Shift] = []
    if "work" in jobs:
        name = process_name()
        _look_at_models(made, store)
        work = Work(
            name, store, made.reader, made.writer, made.rulebook, made.policy, chores, now, metrics.became,
            made.messenger, made.crm.stages, chosen.max_entries_per_day, chosen.keep_days * 86_400_000,
        )  # fmt: skip
        found += shifts(work, chosen.workers)

    def watch(shift: str, done: int, failure: Exception | None) -> None:
        metrics.worked(shift, done, failure)
        troubles.saw(shift, done, failure)

    crew = Crew(found, now, watch)
    metrics.shifts_alive.set_function(lambda: int(crew.alive()))
    if "schedule" in jobs:
        leadership = Leadership(store, process_name(), now, lease)
        crew.add("schedule", lambda: run_scheduler(store, leadership, chores, now, crew.stop))
    return crew


def _look_at_models(made: Parts, store: Engine) -> None:
    """Says at the start if nobody will be scored, which is no error: models are edited while the service runs."""
    with reading(store) as connection:
        in_force = generation_at(connection).digests
    if in_force != made.rulebook.digests:
        say(
            "Nobody is scored: the model files say other than the models in force."
            " Look at what changes with `leadscore plan`, `leadscore apply` it, and start again."
        )


def _end(crew: Crew, store: Engine) -> None:
    """Lets work end, then gives back what is still lent to this process."""
    ended = crew.end(STOPPING)
    try:
        given = give_back_everything(store, process_name())
    except StoreError as error:
        say(f"Leases were not given back; others wait until they end. {error}")
        return
    if not ended:
        # A thread that hangs in a call to the CRM would keep the process alive.
        say(f"Some work did not end in time; {given} leases were given back.")
        os._exit(0)
