"""A program that does one job again and again in children of its own, and kills them where the test says.

A line on stdin is a Task as JSON; the answer on stdout is a line with {"killed": bool, "commits": n, "seconds": s}.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect

from config.model_file import parse_model
from connectors.budget import LocalBudget
from connectors.http import Time
from connectors.hubspot.connect import connect as connect_hubspot
from connectors.plan import load
from connectors.protocol import Page
from leadscore.jobs.apply import apply_plan
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.sync import commit_page, sync
from leadscore.store.database import connect, writing
from leadscore.store.pages import keep_page
from leadscore.store.streams import StreamState, save_state
from tests.jobs.models import TABLES


@dataclass(frozen=True)
class Task:
    """`job`: sync, apply, or sync-cursor-first, which breaks the promise of one transaction. The child is killed
    `before` or `after` its commit number `commit`, or `seconds` after it began."""

    job: str
    store: str
    portal: str
    token: str
    model: str
    now: int
    plan: str = ""
    commit: int = 0
    when: str = ""
    seconds: float | None = None


def cursor_first(store: Engine, page: Page, state: StreamState, now: int) -> StreamState:
    """What must never be: the cursor moves on in a transaction of its own, before its page is kept."""
    with writing(store) as connection:
        save_state(connection, StreamState(state.name, page.cursor, state.needs, state.objects, 0, None, None))
    with writing(store) as connection:
        return keep_page(connection, page, state, now)


def do(task: Task) -> None:
    """The job, as the command line does it."""
    book = Rulebook((parse_model(task.model, "model"),), (task.model,), TABLES)
    clock = Time()
    budget = LocalBudget(tick=clock.tick, wall=clock.wall, burst=1_000_000, searches_per_second=1e9, share=1.0)
    hubspot = connect_hubspot(task.token, url=task.portal, budget=budget)
    store = connect(task.store)
    if task.job == "apply":
        with Path(task.plan).open("rb") as file:
            apply_plan(store, hubspot.reader, hubspot.writer, load(file), book, task.now)
    else:
        commit = commit_page if task.job == "sync" else cursor_first
        sync(store, hubspot.reader, book, task.now, commit=commit)


def watch_commits(task: Task, count: list[int]) -> None:
    """Counts the commits of this process, and kills it at the one that the task names."""
    commit: Callable[[Any, Any], None] = DefaultDialect.do_commit

    def watched(self: Any, connection: Any) -> None:
        count[0] += 1
        if (count[0], task.when) == (task.commit, "before"):
            os.kill(os.getpid(), signal.SIGKILL)
        commit(self, connection)
        if (count[0], task.when) == (task.commit, "after"):
            os.kill(os.getpid(), signal.SIGKILL)

    DefaultDialect.do_commit = watched  # type: ignore[method-assign] # where the database driver commits


def child(task: Task, report: int) -> None:
    count = [0]
    watch_commits(task, count)
    do(task)
    os.write(report, str(count[0]).encode())


def run(task: Task) -> dict[str, object]:
    """Does the task in a child, and tells how it ended."""
    began = time.monotonic()
    reader, report = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reader)
            child(task, report)
            status = 0
        finally:
            os._exit(status)
    os.close(report)
    if task.seconds is not None:
        time.sleep(task.seconds)
        os.kill(pid, signal.SIGKILL)
    _, ended = os.waitpid(pid, 0)
    told = os.read(reader, 20)
    os.close(reader)
    killed = os.WIFSIGNALED(ended)
    if not killed and os.WEXITSTATUS(ended):
        raise RuntimeError(f"the job failed: {asdict(task)}")
    return {"killed": killed, "commits": int(told or 0), "seconds": time.monotonic() - began}


if __name__ == "__main__":
    # What a connector imports when it is first made is then there for every child.
    connect_hubspot("warm").close()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(Task(**json.loads(line)))) + "\n")
        sys.stdout.flush()
