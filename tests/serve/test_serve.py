"""The service as an operator sees it: processes that answer, take in notices, stop cleanly and tell how they are."""

import itertools
import json
import signal
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, insert, select

from leadscore.cli.clock import now
from leadscore.store.batch import insert_new
from leadscore.store.database import open_store, reading, writing
from leadscore.store.leaders import leader
from leadscore.store.live_tables import deliveries, outbox
from leadscore.store.models import put_in_force
from tests.jobs.models import SMALL, rulebook
from tests.serve.service import PORTAL, Place, change, place, post, stop, until

MAIL = "amelia.hughes@nimbus.example"


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Place]:
    with place(tmp_path, database_url) as made:
        made.bind()
        yield made


def stored(site: Place) -> int:
    store = open_store(site.database)
    with reading(store) as connection:
        count = connection.execute(select(func.count()).select_from(deliveries)).scalar_one()
    store.dispose()
    return count


def test_the_service_answers_keeps_a_signed_notice_and_names_nobody_in_its_numbers_and_log(site: Place) -> None:
    process, said = site.start("serve", "--listen", "127.0.0.1:0")
    url = said["url"]
    assert requests.get(f"{url}/healthz", timeout=5).json() == {"ok": True}
    event = change(101, MAIL)
    answers = [post(url, events) for events in ([event], [event, change(103, MAIL, 2)])]
    forged = post(url, [change(102, MAIL)], secret="another")
    assert [answer.status_code for answer in (*answers, forged)] == [200, 200, 401]
    assert stored(site) == 2
    until(lambda: requests.get(f"{url}/readyz", timeout=5).status_code == 200)
    numbers = requests.get(f"{url}/metrics", timeout=5).text
    assert 'leadscore_webhook_requests_total{status="200"} 2.0' in numbers
    assert 'leadscore_webhook_notices_total{fate="new"} 2.0' in numbers
    assert "leadscore_leader 1.0" in numbers
    assert stop(process) == 0
    for text in (numbers, site.logs()):
        assert "@" not in text
        assert "nimbus" not in text
    assert [json.loads(line)["level"] for line in site.logs().splitlines() if line.startswith("{")]


def test_web_alone_is_not_ready_until_a_scheduler_leads(site: Place) -> None:
    web, said = site.start("serve", "--web-only", "--listen", "127.0.0.1:0")
    answer = requests.get(f"{said['url']}/readyz", timeout=5)
    assert answer.status_code == 503
    assert "No scheduler leads" in answer.json()["wrong"]["scheduler"]
    site.start("scheduler")
    until(lambda: requests.get(f"{said['url']}/readyz", timeout=5).status_code == 200)
    assert stop(web) == 0


def test_another_scheduler_leads_when_the_leader_is_killed(site: Place) -> None:
    store = open_store(site.database)

    def leads() -> str | None:
        with reading(store) as connection:
            found = leader(connection, "scheduler", now())
        return found.owner if found else None

    first, said = site.start("scheduler", "--lease", "1")
    until(lambda: leads() == said["name"])
    second, told = site.start("scheduler", "--lease", "1")
    assert leads() == said["name"]
    first.kill()
    until(lambda: leads() == told["name"], 10)
    assert stop(second) == 0
    assert leads() is None
    store.dispose()


def test_sigterm_leaves_nothing_lent(site: Place) -> None:
    """The row was lent to a worker of the process; it is free after the process ended."""
    process, said = site.start("worker")
    store = open_store(site.database)
    later = now() + 3_600_000
    row = (1, 1, "{}", "facts", now(), now(), 1, f"{said['name']}:write:word", now() + 40_000, 1, 0, later)
    with writing(store) as connection:
        insert_new(connection, outbox, tuple(column.name for column in outbox.columns), [row])
    assert stop(process) == 0
    with reading(store) as connection:
        assert connection.execute(select(outbox.c.owner)).scalars().all() == [None]
    store.dispose()


def test_a_second_sigterm_ends_at_once(tmp_path: Path) -> None:
    with place(tmp_path, f"sqlite:///{tmp_path / 'store.db'}") as made:
        made.bind()
        process, _ = made.start("serve", "--listen", "127.0.0.1:0")
        blocker = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        process.send_signal(signal.SIGTERM)
        with pytest.raises(Exception, match="timed out"):
            process.wait(1.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 128 + signal.SIGTERM
        blocker.close()


def test_a_store_that_takes_no_writes_is_not_ready(tmp_path: Path) -> None:
    with place(tmp_path, f"sqlite:///{tmp_path / 'store.db'}") as made:
        made.bind()
        _, said = made.start("serve", "--web-only", "--listen", "127.0.0.1:0")
        with sqlite3.connect(tmp_path / "store.db") as other:
            other.execute("CREATE TRIGGER full BEFORE INSERT ON leaders BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        answer = requests.get(f"{said['url']}/readyz", timeout=5)
        assert answer.status_code == 503
        assert "takes no writes" in answer.json()["wrong"]["store"]


def test_a_schema_of_another_version_is_not_ready(tmp_path: Path) -> None:
    with place(tmp_path, f"sqlite:///{tmp_path / 'store.db'}") as made:
        made.bind()
        _, said = made.start("serve", "--web-only", "--listen", "127.0.0.1:0")
        with sqlite3.connect(tmp_path / "store.db") as other:
            other.execute("UPDATE alembic_version SET version_num = '0001'")
        answer = requests.get(f"{said['url']}/readyz", timeout=5)
        assert answer.status_code == 503
        assert "leadscore db upgrade" in answer.json()["wrong"]["schema"]


def test_too_little_room_on_the_disk_is_not_ready(tmp_path: Path) -> None:
    with place(tmp_path, f"sqlite:///{tmp_path / 'store.db'}") as made:
        made.prepare(LEADSCORE_LEAST_DISK_MB="999999999")
        made.bind()
        _, said = made.start("serve", "--web-only", "--listen", "127.0.0.1:0")
        assert "Make room" in requests.get(f"{said['url']}/readyz", timeout=5).json()["wrong"]["disk"]
        refused = post(said["url"], [change(1, MAIL)])
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "300")


def test_too_many_events_that_nobody_works_off_are_put_off_until_somebody_does(site: Place) -> None:
    site.prepare(LEADSCORE_MOST_WAITING="3")
    _, said = site.start("serve", "--web-only", "--listen", "127.0.0.1:0")
    numbers = itertools.count(1)
    answers = []

    def full() -> bool:
        number = next(numbers)
        answers.append(post(said["url"], [change(number, MAIL, number)]))
        return number > 3 and answers[-1].status_code == 503

    until(full)
    assert answers[-1].headers["Retry-After"] == "300"
    assert "3 events wait" in requests.get(f"{said['url']}/readyz", timeout=5).json()["wrong"]["inbox"]
    acknowledged = sum(answer.status_code == 200 for answer in answers)
    assert stored(site) == acknowledged
    site.start("worker")
    until(lambda: post(said["url"], [change(1, MAIL, next(numbers))]).status_code == 200)


def test_a_worker_and_a_scheduler_tell_how_they_are_when_asked_to(site: Place) -> None:
    site.prepare(LEADSCORE_METRICS_LISTEN="127.0.0.1:0")
    store = open_store(site.database)
    with writing(store) as connection:
        raw = {"key": "a", "source": "hubspot", "account": str(PORTAL), "kind": "changed", "object": "contact"}
        more = {"record_ids": "[]", "raw": b"{}", "received_at": now(), "state": "open", "attempts": 0}
        connection.execute(insert(deliveries).values(raw | more))
    store.dispose()
    processes = [site.start(name) for name in ("worker", "scheduler")]
    worker, scheduler = (said["url"] for _, said in processes)
    for url in (worker, scheduler):
        assert requests.get(f"{url}/healthz", timeout=5).json() == {"ok": True}
        until(lambda url=url: requests.get(f"{url}/readyz", timeout=5).status_code == 200)
        assert "leadscore_shifts_alive 1.0" in requests.get(f"{url}/metrics", timeout=5).text
    until(lambda: 'leadscore_work_total{shift="inbox"} 1.0' in requests.get(f"{worker}/metrics", timeout=5).text)
    assert "leadscore_dead_letters 1.0" in requests.get(f"{scheduler}/metrics", timeout=5).text
    assert [stop(process) for process, _ in processes] == [0, 0]


def test_an_address_that_is_taken_is_named(site: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        site.prepare(LEADSCORE_METRICS_LISTEN=f"127.0.0.1:{other.getsockname()[1]}")
        with pytest.raises(AssertionError):
            site.start("worker")
    assert "Cannot listen on" in site.logs()


def test_a_service_whose_models_were_edited_and_not_applied_says_that_it_scores_nobody(site: Place) -> None:
    model = site.directory / "models" / "small.yaml"
    model.parent.mkdir()
    model.write_text(SMALL)
    store = open_store(site.database)
    with writing(store) as connection:
        put_in_force(connection, rulebook(SMALL).written(), now())
    store.dispose()
    process, _ = site.start("worker")
    assert "Nobody is scored" not in site.logs()
    assert stop(process) == 0
    model.write_text(SMALL.replace("points: 20}", "points: 19}"))
    process, _ = site.start("worker")
    (said,) = [line for line in site.logs().splitlines() if line.startswith("Nobody is scored")]
    assert "leadscore plan" in said
    assert stop(process) == 0
