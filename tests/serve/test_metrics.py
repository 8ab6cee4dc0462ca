"""The numbers tell what matters, the same from every process, with few labels and about nobody."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from connectors.budget import Limits
from leadscore.jobs.scheduler import rhythms
from leadscore.metrics import Metrics
from leadscore.store import deliveries
from leadscore.store.budget import StoreBudget
from leadscore.store.chores import ask, end, take
from leadscore.store.database import open_store, reading, writing
from leadscore.store.leaders import database_now, lead
from leadscore.store.loops import put_in_quarantine
from leadscore.store.parked import Parked, park
from leadscore.store.troubles import note_trouble
from tests.jobs.live import notice
from tests.store.seen import NOW
from webhooks.blueprint import Outcome

HOUR = 3_600_000


def numbers(metrics: Metrics) -> dict[str, float]:
    lines = [line.rsplit(" ", 1) for line in metrics.text().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


@pytest.fixture
def now(store: Engine) -> int:
    with reading(store) as connection:
        return database_now(connection, NOW)


@pytest.fixture
def metrics(store: Engine, now: int) -> Iterator[Metrics]:
    """After a bad night."""
    StoreBudget(store, wall=lambda: now).learn(Limits(day=1_000, day_left=400, day_ends=now + HOUR))
    with writing(store) as connection:
        dead = notice("b", "1", at=now)._replace(state="dead", done_at=now)
        deliveries.add(connection, [notice("a", "1", at=now - 65_000), dead])
        park(connection, [Parked("write", "contact", id, "amelia@nimbus.example", "{}", now) for id in ("777001", "2")])
        put_in_quarantine(connection, {777002: "amelia@nimbus.example"}, now)
        note_trouble(connection, "token-1a2b3c4d", "TokenRefused", "HubSpot does not know this token.", now)
        ask(connection, rhythms(30, 900, 6), now)
        turn = take(connection, "w", now, 60_000)
        assert turn is not None
        end(connection, turn, now, every=30_000, rest=30_000, outcome="HubSpot is tired.", moved=0)
        lead(connection, "scheduler", "host-of-ours:1", now, 60_000)
    yield Metrics(store, lambda: now)


def test_what_lies_in_the_store_is_told_by_every_process(metrics: Metrics) -> None:
    told = numbers(metrics)
    expected = {
        "leadscore_store_up": 1,
        "leadscore_leader": 1,
        'leadscore_waiting{queue="deliveries"}': 1,
        "leadscore_oldest_unprocessed_age_seconds": 65,
        "leadscore_dead_letters": 1,
        "leadscore_quarantined": 1,
        'leadscore_parked{job="write"}': 2,
        'leadscore_crm_calls{kind="day"}': 0,
        'leadscore_crm_calls_limit{kind="day"}': 1_000,
        'leadscore_crm_calls_left{kind="day"}': 400,
        "leadscore_last_sync_age_seconds": -1,
        'leadscore_chore_well{chore="poll"}': 0,
        'leadscore_chore_well{chore="tidy"}': 1,
        'leadscore_trouble{error="TokenRefused",work="token"}': 1,
    }
    assert {name: told.get(name) for name in expected} == expected


def test_a_process_counts_what_it_did(metrics: Metrics) -> None:
    metrics.answered(Outcome(200, new=2, deliveries=3, echoes=1))
    metrics.answered(Outcome(401, "no"))
    metrics.worked("write", 7, None)
    metrics.worked("write", 0, ValueError("amelia@nimbus.example"))
    metrics.became("write", {"written": 6, "refused": 1, "missing": 0})
    told = numbers(metrics)
    expected = {
        'leadscore_webhook_requests_total{status="200"}': 1,
        'leadscore_webhook_requests_total{status="401"}': 1,
        'leadscore_webhook_notices_total{fate="new"}': 2,
        'leadscore_webhook_notices_total{fate="repeated"}': 1,
        'leadscore_webhook_notices_total{fate="echo"}': 1,
        'leadscore_work_total{shift="write"}': 7,
        'leadscore_work_failures_total{error="ValueError",shift="write"}': 1,
        'leadscore_outcomes_total{outcome="written",shift="write"}': 6,
        'leadscore_outcomes_total{outcome="refused",shift="write"}': 1,
    }
    assert {name: told.get(name) for name in expected} == expected


def test_no_label_holds_an_id_an_address_or_a_process(metrics: Metrics) -> None:
    metrics.worked("write", 0, ValueError("amelia@nimbus.example"))
    labels = set(re.findall(r'="([^"]*)"', metrics.text().decode()))
    assert {label for label in labels if not re.fullmatch("[A-Za-z_]+", label)} == set()
    assert "amelia" not in metrics.text().decode()


def test_a_store_that_does_not_answer_is_told_and_what_was_counted_stays(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    metrics = Metrics(engine, lambda: NOW)
    metrics.answered(Outcome(503, "full"))
    engine.dispose()
    (tmp_path / "store.db").unlink()
    (tmp_path / "store.db").mkdir()
    told = numbers(metrics)
    assert told["leadscore_store_up"] == 0
    assert told['leadscore_webhook_requests_total{status="503"}'] == 1
