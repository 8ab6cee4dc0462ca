"""`leadscore status` and what it points to, as an operator reads it in the morning."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from connectors.budget import Limits
from connectors.protocol import Account
from leadscore import cli
from leadscore.cli.clock import now
from leadscore.jobs.scheduler import rhythms
from leadscore.store import deliveries
from leadscore.store.account import bind
from leadscore.store.budget import StoreBudget
from leadscore.store.chores import ask, end, take
from leadscore.store.database import open_store, writing
from leadscore.store.leaders import lead
from leadscore.store.loops import put_in_quarantine
from leadscore.store.parked import Parked, park
from leadscore.store.people import find_person
from leadscore.store.troubles import note_trouble
from scoring.values import write_instant
from tests.jobs.live import notice
from tests.store.seen import contact, keep

HOUR = 3_600_000


@pytest.fixture
def store(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    engine = open_store(database_url)
    with writing(engine) as connection:
        bind(connection, Account("hubspot", "1", "Acme", "sandbox", "Europe/Berlin", ""), now())
    yield engine
    engine.dispose()


@dataclass(frozen=True)
class Shell:
    """Runs commands as an operator does."""

    capsys: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def run(self, *words: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr."""
        self.patch.setattr(sys, "argv", ["leadscore", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = self.capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    def out(self, *words: str) -> str:
        code, out, said = self.run(*words)
        assert code == 0, said
        return out


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


def bad_night(store: Engine, at: int) -> None:
    """What an operator finds: a used-up day, a refused token, somebody in a loop, and things that were given up."""
    keep(store, contact("7", {"jobtitle": "CEO"}, email="ana@b.example"))
    StoreBudget(store, wall=lambda: at).learn(Limits(day=250_000, day_left=0, day_ends=at + 3 * HOUR))
    with writing(store) as connection:
        person = find_person(connection, "7")
        assert person is not None
        dead = notice("b", "1", at=at - 65_000)._replace(state="dead", reason="It names no record.", done_at=at)
        deliveries.add(connection, [notice("a", "1", at=at - 65_000), dead])
        park(connection, [Parked(job, "contact", "8", f"no {job}", "{}", at) for job in ("write", "stage", "sync")])
        note_trouble(connection, "token-1a2b3c4d", "TokenRefused", "HubSpot does not know this token.", at)
        put_in_quarantine(connection, {person.subject: "Does a workflow answer to our writes?"}, at)
        ask(connection, rhythms(30, 900, 6), at)
        turn = take(connection, "w", at, 60_000)
        assert turn is not None
        end(connection, turn, at, every=30_000, rest=900_000, outcome="HubSpot is tired.", moved=0)
        lead(connection, "scheduler", "host:1", at, 600_000)


def test_everything_that_wants_a_person_is_told_with_the_command_that_helps(store: Engine, shell: Shell) -> None:
    at = now()
    bad_night(store, at)
    out = shell.out("status")
    for line in (
        "service: host:1 leads",
        "1 events to act upon",
        "its day (Europe/Berlin) ends",
        f"Paused until {write_instant(at + 3 * HOUR)}.",
        "token: HubSpot does not know this token.",
        "poll was not done: HubSpot is tired.",
        "given up: 1 event, 1 stage, 1 write. See `leadscore deadletter list`",
        "in quarantine: 1. See `leadscore quarantine list`.",
    ):
        assert line in out


def test_the_same_for_programs(store: Engine, shell: Shell) -> None:
    at = now()
    bad_night(store, at)
    told = json.loads(shell.out("status", "--json"))
    assert (told["leader"], told["quarantined"], told["dead_letters"]) == ("host:1", 1, 1)
    assert told["given_up"] == {"stage": 1, "write": 1}
    assert told["waiting"]["deliveries"] == 1
    assert told["oldest_waiting_since"] == write_instant(at - 65_000)
    assert told["calls"]["day"]["paused_until"] == write_instant(at + 3 * HOUR)
    assert [(one["work"], one["error"]) for one in told["troubles"]] == [("token", "TokenRefused")]
    assert {one["name"]: one["outcome"] for one in told["chores"]}["poll"] == "HubSpot is tired."


def test_a_store_that_no_service_ever_ran_on_says_nothing_of_one(store: Engine, shell: Shell) -> None:
    assert store
    assert "service:" not in shell.out("status")


def test_a_scheduler_that_is_gone_is_missed(store: Engine, shell: Shell) -> None:
    with writing(store) as connection:
        ask(connection, rhythms(30, 900, 6), now())
    assert "nobody leads; is it running?" in shell.out("status")


def test_somebody_in_quarantine_is_listed_and_let_out(store: Engine, shell: Shell) -> None:
    bad_night(store, now())
    assert "7 ana@b.example: Does a workflow answer" in shell.out("quarantine", "list")
    (told,) = [json.loads(line) for line in shell.out("quarantine", "list", "--json").splitlines()]
    assert (told["id"], told["email"]) == ("7", "ana@b.example")
    assert shell.run("quarantine", "release", "8")[0] == 1
    assert shell.run("quarantine", "release")[0] == 64
    assert json.loads(shell.out("quarantine", "release", "ana@b.example", "--json")) == {"released": 1}
    assert shell.run("quarantine", "list")[1:] == ("", "Nobody is.\n")


def test_what_was_given_up_is_retried_by_the_beginning_of_its_id(store: Engine, shell: Shell) -> None:
    bad_night(store, now())
    listed = [json.loads(line) for line in shell.out("deadletter", "list", "--json").splitlines()]
    assert sorted(one["sort"] for one in listed) == ["event", "stage", "write"]
    (stage,) = [one["id"] for one in listed if one["sort"] == "stage"]
    assert json.loads(shell.out("deadletter", "retry", stage[:12], "--json")) == {"retried": 1}
    assert json.loads(shell.out("deadletter", "retry", "--all", "--json")) == {"retried": 2}
    assert shell.out("deadletter", "list") == ""
