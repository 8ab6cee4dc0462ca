"""The strings behind the stage: journal, counters, people, reset, and a portal that is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

import pytest

from leadscore.sandbox import serve
from tests.sandbox.conftest import NOW, Caller

CONTACTS = "/crm/v3/objects/contacts"


def test_the_journal_tells_every_write_that_was_taken_and_no_other(http: Caller) -> None:
    ids = http.contacts(2)
    rows = [{"id": contact, "properties": {"city": "Köln"}} for contact in ids]
    http.post(f"{CONTACTS}/batch/update", {"inputs": rows})
    http.patch(f"{CONTACTS}/{ids[0]}", {"properties": {"no_such": "x"}})
    http.post(f"{CONTACTS}/batch/update", {"inputs": [rows[0], {"id": ids[1], "properties": {"no_such": "x"}}]})
    http.send("DELETE", f"{CONTACTS}/{ids[1]}")
    http.get(CONTACTS)
    entries = http.control("journal")["entries"]
    assert entries[0] == {
        "seq": entries[0]["seq"],
        "at": NOW,
        "time": "2027-01-15T08:00:00.000Z",
        "method": "POST",
        "path": f"{CONTACTS}/batch/update",
        "object": "contacts",
        "id": ids[0],
        "properties": {"city": "Köln"},
        "status": 200,
    }
    assert [(entry["id"], entry["status"]) for entry in entries] == [(ids[0], 200), (ids[1], 200), (ids[1], 204)]
    later = http.session.get(f"{http.url}/_sandbox/journal?since={entries[1]['seq']}", timeout=10).json()
    assert later["entries"] == entries[2:]


def test_requests_are_counted_by_endpoint_in_either_spelling(http: Caller) -> None:
    http.get(CONTACTS)
    http.get("/crm/objects/2026-09/companies")
    http.get("/crm/v3/owners/")
    assert http.control("requests") == {"GET /crm/v3/objects/{type}": 2, "GET /crm/v3/owners": 1, "total": 3}


def test_reset_forgets_faults_limits_and_counters_and_records_only_when_asked(http: Caller) -> None:
    http.contacts(2)
    http.get(CONTACTS)
    http.control("faults", {"status": 503, "count": 0})
    http.control("limits", {"enforce": True, "burst": 0})
    http.control("reset", {})
    assert http.control("requests") == {"total": 0}
    assert len(http.get(CONTACTS).json()["results"]) == 2
    http.control("reset", {"data": True})
    assert http.get(CONTACTS).json()["results"] == []
    assert http.contacts(1) == ["1003"]


def test_a_person_may_move_a_stage_back_where_the_api_may_not(http: Caller) -> None:
    contact = http.contact(email="a@x.example", lifecyclestage="customer")
    http.control("people/edit", {"id": "a@x.example", "properties": {"lifecyclestage": "lead"}, "user": 9501})
    assert http.read(contact, "lifecyclestage")["lifecyclestage"] == "lead"


def test_an_import_gives_thousands_one_time_of_modification(http: Caller) -> None:
    http.contacts(300)
    http.control("people/import", {"rows": [{"email": "C5@x.example", "city": "Köln"}], "at": NOW + 1})
    found = http.search(limit=200, sorts=["lastmodifieddate"], properties=["city"]).json()
    assert found["total"] == 300
    assert {item["updatedAt"] for item in found["results"]} == {"2027-01-15T08:00:00.000Z"}
    changed = http.search(limit=1, sorts=["-lastmodifieddate"], properties=["city"]).json()["results"][0]
    assert (changed["properties"]["city"], changed["updatedAt"]) == ("Köln", "2027-01-15T08:00:00.001Z")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("people/view-page", {"contact": "nobody@x.example", "url": "/"}),
        ("people/mail", {"contact": "1001", "act": "burned"}),
        ("people/submit-form", {"form": "No such form", "values": {}}),
        ("people/edit", {"id": "1001"}),
        ("clock", {"now": "tomorrow"}),
        ("no-such-thing", {}),
    ],
)
def test_a_mistake_in_a_control_request_is_a_sentence(http: Caller, path: str, body: dict[str, str]) -> None:
    http.contacts(1)
    answer = http.session.post(f"{http.url}/_sandbox/{path}", json=body, timeout=10)
    assert answer.status_code in (400, 404)
    assert answer.json()["message"]


def test_a_portal_in_a_file_is_there_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "portal.db"
    with serve(path, now=NOW) as first:
        one = Caller(first.url, first.token)
        contact = one.contact(email="a@x.example")
        one.session.close()
    with serve(path, now=NOW + 5, tier="starter") as second:
        two = Caller(second.url, second.token)
        assert two.read(contact, "email")["email"] == "a@x.example"
        assert two.control("settings")["tier"] == "starter"
        assert two.contact(email="b@x.example") == str(int(contact) + 1)
        two.session.close()


def test_only_this_machine_can_reach_the_portal(http: Caller) -> None:
    assert http.url.startswith("http://127.0.0.1:")


def test_kept_alive_calls_do_not_stall_for_40_milliseconds_each(http: Caller) -> None:
    """Nagle's delay waits for an acknowledgement that the client delays: it shows after the first few calls."""
    times = []
    for _ in range(60):
        began = perf_counter()
        http.get(CONTACTS)
        times.append(perf_counter() - began)
    assert sorted(times)[40] < 0.035


def test_eight_clients_at_once_lose_nothing(http: Caller) -> None:
    ids = http.contacts(40)

    def write(turn: int) -> int:
        caller = Caller(http.url, http.token)
        rows = [{"id": contact, "properties": {"city": f"town {turn}"}} for contact in ids]
        status = caller.post(f"{CONTACTS}/batch/update", {"inputs": rows}).status_code
        caller.session.close()
        return status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write, range(24))) == {200}
    assert len(http.control("journal")["entries"]) == 24 * 40
    answer = http.get(f"{CONTACTS}/{ids[0]}", propertiesWithHistory="city").json()
    assert len(answer["propertiesWithHistory"]["city"]) == 24
