"""A sync or an apply that is killed anywhere, and done again, ends as one that nobody disturbed."""

import json
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select

from connectors.budget import LocalBudget
from connectors.http import Time
from connectors.hubspot.connect import HubSpot, connect
from connectors.plan import WritePlan, dump
from connectors.protocol import RecordWrite
from leadscore.jobs.plan import make_plan, output_words
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.writing_policy import WritePolicy
from leadscore.sandbox import Sandbox, generate, serve
from leadscore.store.database import open_store, reading
from leadscore.store.tables import metadata
from tests.jobs.killed import Task
from tests.jobs.models import SMALL, rulebook

ROOT = Path(__file__).parents[2]
NOW = 1_800_000_000_000
CONTACTS = 110
INSTANTS = 20
MODEL = SMALL.replace("{title: {words: [student]}}", "{title: {known: false}}").replace(
    "form: {is: Demo}", "form: {known: true}"
)
# How often a stream was read to its end, and which runs there were, is the one thing that a cut may change.
MAY_DIFFER = {"streams": {"passes"}}


@dataclass
class Killer:
    """The program that does jobs and kills them, a local HubSpot, and a place for stores."""

    program: "subprocess.Popen[str]"
    sandbox: Sandbox
    hubspot: HubSpot
    book: Rulebook
    directory: Path

    def task(self, job: str, store: Path, plan: Path | None = None) -> Task:
        url = f"sqlite:///{store}"
        return Task(job, url, self.sandbox.url, self.sandbox.token, MODEL, NOW, str(plan or ""))

    def run(self, task: Task) -> Mapping[str, float]:
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write(json.dumps(asdict(task)) + "\n")
        self.program.stdin.flush()
        told = self.program.stdout.readline()
        assert told, "the job failed; its traceback is above"
        return dict(json.loads(told))

    def written(self, plan: WritePlan) -> Mapping[str, Mapping[str, str | None]]:
        """What the portal holds of ours."""
        return self.hubspot.reader.outputs([row.id for row in plan.rows], output_words(self.book))

    def empty_portal(self, plan: WritePlan) -> None:
        """Takes all of ours out of the portal again."""
        nothing = dict.fromkeys((word for row in plan.rows for word in row.values), "")
        for rows in (plan.rows[:100], plan.rows[100:]):
            self.hubspot.writer.write([RecordWrite(row.object, row.id, nothing) for row in rows])


@pytest.fixture(scope="module")
def killer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killer]:
    clock = Time()
    budget = LocalBudget(tick=clock.tick, wall=clock.wall, burst=1_000_000, searches_per_second=1e9, share=1.0)
    with serve(now=NOW) as sandbox:
        generate(sandbox.portal, CONTACTS, 7)
        with closing(connect(sandbox.token, url=sandbox.url, budget=budget)) as hubspot:
            book = rulebook(MODEL)
            for _ in hubspot.installer.carry_out(hubspot.installer.plan(book.models), book.models):
                pass
            command = [sys.executable, "-m", "tests.jobs.killed"]
            with subprocess.Popen(
                command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            ) as program:
                yield Killer(program, sandbox, hubspot, book, tmp_path_factory.mktemp("stores"))
                assert program.stdin is not None
                program.stdin.close()


def contents(path: Path) -> dict[str, list[str]]:
    """All that a store keeps, but what a cut may change."""
    engine = open_store(f"sqlite:///{path}")
    found: dict[str, list[str]] = {}
    with reading(engine) as connection:
        for table in metadata.sorted_tables:
            if table.name != "runs":
                columns = [c for c in table.columns if c.name not in MAY_DIFFER.get(table.name, set())]
                found[table.name] = sorted(repr(tuple(row)) for row in connection.execute(select(*columns)))
    engine.dispose()
    return found


def copied(path: Path, name: str) -> Path:
    """A copy with what still lies in the log beside the file: jobs that were killed leave it there."""
    target = path.with_name(name)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as made:
        made.execute("PRAGMA synchronous=OFF")
        source.backup(made)
    return target


@pytest.fixture(scope="module")
def empty(killer: Killer) -> Path:
    """A store in which nothing is yet."""
    path = killer.directory / "empty.db"
    open_store(f"sqlite:///{path}").dispose()
    return path


def kills(task: Task, commits: int, seconds: float) -> Iterator[Task]:
    """Before and after each commit, and at instants drawn once and for all."""
    for number in range(1, commits + 1):
        yield replace(task, commit=number, when="before")
        yield replace(task, commit=number, when="after")
    draw = random.Random(19)
    for _ in range(INSTANTS):
        yield replace(task, seconds=draw.random() * seconds)


def test_a_sync_that_is_killed_anywhere_ends_as_an_undisturbed_one(killer: Killer, empty: Path) -> None:
    calm = killer.task("sync", copied(empty, "calm.db"))
    told = killer.run(calm)
    expected = contents(killer.directory / "calm.db")
    assert len(expected["records"]) > CONTACTS
    assert len(expected["activities"]) > 20
    killed = 0
    for number, kill in enumerate(kills(calm, int(told["commits"]), told["seconds"])):
        store = copied(empty, f"sync-{number}.db")
        task = killer.task("sync", store)
        killed += bool(killer.run(replace(kill, store=task.store))["killed"])
        killer.run(task)
        assert contents(store) == expected, kill
    assert killed >= 2 * told["commits"]


def test_a_cursor_that_leaves_the_commit_of_its_page_loses_facts(killer: Killer, empty: Path) -> None:
    calm = killer.task("sync", copied(empty, "whole.db"))
    killer.run(calm)
    expected = contents(killer.directory / "whole.db")
    commits = int(killer.run(killer.task("sync-cursor-first", copied(empty, "slow.db")))["commits"])
    for number in range(1, commits + 1):
        store = copied(empty, f"first-{number}.db")
        killer.run(replace(killer.task("sync-cursor-first", store), commit=number, when="after"))
        killer.run(killer.task("sync", store))
        if contents(store)["property_facts"] != expected["property_facts"]:
            return
    pytest.fail("the page whose cursor was kept without it was not missed")


def test_an_apply_that_is_killed_anywhere_ends_as_an_undisturbed_one(killer: Killer, empty: Path) -> None:
    ready = copied(empty, "ready.db")
    killer.run(killer.task("sync", ready))
    engine = open_store(f"sqlite:///{ready}")
    plan = make_plan(engine, killer.hubspot.reader, killer.book, NOW, WritePolicy(untouched=True)).plan
    engine.dispose()
    assert len(plan.rows) > 100
    file = killer.directory / "plan"
    with file.open("wb") as out:
        dump(plan, out)
    calm = killer.task("apply", copied(ready, "applied.db"), file)
    told = killer.run(calm)
    expected, portal = contents(killer.directory / "applied.db"), killer.written(plan)
    assert len(expected["written"]) == len(plan.rows) == len(portal)
    killed = 0
    for number, kill in enumerate(kills(calm, int(told["commits"]), told["seconds"])):
        killer.empty_portal(plan)
        store = copied(ready, f"apply-{number}.db")
        task = killer.task("apply", store, file)
        killed += bool(killer.run(replace(kill, store=task.store))["killed"])
        killer.run(task)
        assert killer.written(plan) == portal, kill
        assert contents(store) == expected, kill
    assert killed >= 2 * told["commits"]
