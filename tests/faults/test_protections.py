"""The five protections that matter most: what each of them is for holds with it, and is seen to fail without it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Table

from connectors.plan import FieldChange
from leadscore.jobs import leader, scheduler, worker, write_back
from leadscore.store import leases
from leadscore.store.database import open_store
from tests.faults import checks
from tests.faults.rig import Rig
from webhooks import hubspot


def red(check: Callable[..., None], *given: Any) -> None:
    """The check fails, by its own assertion and not by an accident."""
    with pytest.raises(AssertionError):
        check(*given)


def test_acknowledge_after_commit(database_url: str) -> None:
    checks.what_was_acknowledged_survives_kill_9(database_url)


def test_without_it_an_acknowledged_event_is_lost(database_url: str) -> None:
    red(checks.what_was_acknowledged_survives_kill_9, database_url, "ack-first")


def test_dedupe_key(made: Rig) -> None:
    checks.each_event_is_kept_once_and_none_is_taken_for_another(made)


@pytest.mark.parametrize(
    "key", [lambda event: str(event["eventId"]), lambda event: json.dumps(event)], ids=["event id alone", "attempt too"]
)
def test_with_another_key_an_event_is_lost_or_kept_twice(
    lone: Rig, monkeypatch: pytest.MonkeyPatch, key: Callable[[dict[str, Any]], str]
) -> None:
    monkeypatch.setattr(hubspot, "event_key", key)
    red(checks.each_event_is_kept_once_and_none_is_taken_for_another, lone)


def test_diff_before_write(made: Rig) -> None:
    checks.what_did_not_change_is_not_written(made)


def test_without_it_everybody_is_written_again_and_again(lone: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_of_it(new: dict[str, str], old: dict[str, str]) -> tuple[FieldChange, ...]:
        return tuple(FieldChange(word, old.get(word, ""), value) for word, value in new.items())

    monkeypatch.setattr(worker, "worth_writing", lambda *_, **__: True)
    monkeypatch.setattr(write_back, "differences", all_of_it)
    red(checks.what_did_not_change_is_not_written, lone)


def test_fencing(made: Rig) -> None:
    checks.a_worker_that_comes_too_late_leaves_nothing_old_behind(made)


def test_without_it_an_old_score_stays_in_the_crm(made: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_held(_connection: Connection, _queue: Table, claims: list[leases.Claim]) -> dict[int, int]:
        return {claim.key: claim.mark for claim in claims}

    monkeypatch.setattr(leases, "still_held", all_held)
    red(checks.a_worker_that_comes_too_late_leaves_nothing_old_behind, made)


@pytest.fixture
def store(database_url: str) -> Any:
    engine = open_store(database_url)
    yield engine
    engine.dispose()


def test_one_leader(store: Engine) -> None:
    checks.one_leads_and_who_led_before_asks_for_nothing(store)


@pytest.mark.parametrize(("where", "name", "answer"), [(leader, "lead", 1), (scheduler, "still_leads", True)])
def test_without_its_lease_or_its_fence_two_lead(
    store: Engine, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, answer: object
) -> None:
    monkeypatch.setattr(where, name, lambda *_: answer)
    red(checks.one_leads_and_who_led_before_asks_for_nothing, store)
