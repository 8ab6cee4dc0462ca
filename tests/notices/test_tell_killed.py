"""Sales is told once, at whatever moment the process is killed: at any commit, and while the CRM answers."""

from collections.abc import Callable

import pytest

from leadscore.jobs.lent_notices import LEASE
from tests.conftest import NewDatabase
from tests.connectors.portal import NOW
from tests.jobs.test_live_kill import Killed, cut
from tests.notices.desk import DAY, HOUR, Desk, desk

MARA = "501"


@pytest.fixture(params=["sqlite", "postgres"])
def new_url(request: pytest.FixtureRequest) -> NewDatabase:
    if request.param == "postgres":
        found: NewDatabase = request.getfixturevalue("postgres")
        return found
    path = request.getfixturevalue("tmp_path") / "store.db"
    return lambda: f"sqlite:///{path}"


def work(sales: Desk) -> int:
    """Tells everything that is ready; returns how many commits that took."""
    with cut(0, "before") as count:
        while sales.tell().all:
            pass
    return count[0]


def killed_at_each_commit(sales: Desk, prepare: Callable[[], list[str]], commits: int) -> None:
    for when in ("before", "after"):
        for number in range(1, commits + 1):
            ids = prepare()
            with cut(number, when), pytest.raises(Killed):
                while sales.tell().all:
                    pass
            sales.restarted()
            work(sales)
            told = [task for task in sales.tasks() if task["on"][0] in ids]
            assert len(told) == len(ids), (when, number)


def test_a_task_is_made_once_wherever_the_process_is_killed(new_url: NewDatabase) -> None:
    with desk(new_url()) as sales:

        def lead() -> list[str]:
            ids = [sales.add(hubspot_owner_id=MARA), sales.add()]
            sales.entered(*ids)
            return ids

        sales.messenger.a_day = 500
        lead()
        commits = work(sales)
        assert commits >= 6
        killed_at_each_commit(sales, lead, commits)


def test_a_digest_is_made_once_and_loses_nobody_wherever_the_process_is_killed(new_url: NewDatabase) -> None:
    with desk(new_url(), a_day=1) as sales:

        def crowd() -> list[str]:
            """Three leads on a day of their own, of whom one was told and two wait for the digest."""
            sales.now += 4 * DAY - (sales.now - NOW) % DAY
            ids = [sales.add(hubspot_owner_id=MARA) for _ in range(3)]
            sales.entered(*ids, at=sales.now)
            work(sales)
            sales.now += DAY + 5 * HOUR
            return ids

        crowd()
        commits = work(sales)
        assert commits >= 3
        for when in ("before", "after"):
            for number in range(1, commits + 1):
                before, ids = len(sales.tasks()), crowd()
                with cut(number, when), pytest.raises(Killed):
                    while sales.tell().all:
                        pass
                sales.restarted()
                work(sales)
                single, digest = sales.tasks()[before:]
                assert sorted(id for id in ids if f"0-1/{id}" in digest["hs_task_body"]) == sorted(
                    id for id in ids if id not in single["on"]
                ), (when, number)
        assert {line.state for line in sales.lines()} == {"done"}


def test_a_kill_while_the_crm_answers_makes_no_second_task(
    new_url: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(new_url()) as sales:
        sales.entered(sales.add(hubspot_owner_id=MARA))
        create = sales.hubspot.tasks.create_task

        def answered(*args: object, **words: object) -> object:
            create(*args, **words)  # type: ignore[arg-type] # handed on as it came
            raise Killed

        with monkeypatch.context() as patched:
            patched.setattr(type(sales.hubspot.tasks), "create_task", lambda _self, *a, **k: answered(*a, **k))
            with pytest.raises(Killed):
                sales.tell()
        assert len(sales.tasks()) == 1
        sales.now = NOW + LEASE + 1
        assert sales.tell("another").told == 1
        assert len(sales.tasks()) == 1
