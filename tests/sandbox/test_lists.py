"""Lists: found by name, read in pages of 250, changed only when they are manual."""

from __future__ import annotations

from tests.sandbox.conftest import Caller

LISTS = "/crm/v3/lists"
BRANCH = {"filterBranchType": "OR", "filterBranches": [], "filters": []}


def _make(http: Caller, name: str, members: list[str]) -> str:
    return str(http.control("lists", {"name": name, "members": members})["listId"])


def test_members_come_ascending_in_pages_of_at_most_250(http: Caller) -> None:
    ids = http.contacts(253)
    made = _make(http, "All", ids[::-1])
    assert len(http.get(f"{LISTS}/{made}/memberships").json()["results"]) == 100
    first = http.get(f"{LISTS}/{made}/memberships", limit=250).json()
    rest = http.get(f"{LISTS}/{made}/memberships", limit=250, after=first["paging"]["next"]["after"]).json()
    assert [row["recordId"] for row in first["results"] + rest["results"]] == ids
    assert (first["total"], "paging" in rest) == (253, False)
    assert http.get(f"{LISTS}/{made}/memberships", limit=251).status_code == 400
    back = http.get(f"{LISTS}/{made}/memberships", before=ids[2]).json()["results"]
    assert [row["recordId"] for row in back] == ids[1::-1]


def test_join_order_is_by_time_of_joining(http: Caller) -> None:
    ids = http.contacts(3)
    made = _make(http, "Some", [ids[2]])
    http.control("clock", {"advance_ms": 1000})
    http.send("PUT", f"{LISTS}/{made}/memberships/add", [ids[0]])
    rows = http.get(f"{LISTS}/{made}/memberships/join-order").json()["results"]
    assert [row["recordId"] for row in rows] == [ids[2], ids[0]]
    assert rows[1]["membershipTimestamp"] == "2027-01-15T08:00:01.000Z"


def test_a_list_is_found_by_its_name_in_any_case(http: Caller) -> None:
    made = _make(http, "Partners / EU", [])
    found = http.get(f"{LISTS}/object-type-id/0-1/name/partners%20%2F%20eu").json()["list"]
    assert (found["listId"], found["processingStatus"], found["size"]) == (made, "COMPLETE", 0)
    assert http.get(f"{LISTS}/object-type-id/0-1/name/none").status_code == 404
    assert http.get(f"{LISTS}/object-type-id/0-2/name/Partners%20%2F%20EU").status_code == 404


def test_search_gives_the_size_as_text(http: Caller) -> None:
    _make(http, "Partners", http.contacts(2))
    found = http.post(f"{LISTS}/search", {"query": "part", "processingTypes": ["MANUAL"]}).json()
    assert (found["total"], found["hasMore"]) == (1, False)
    assert found["lists"][0]["additionalProperties"]["hs_list_size"] == "2"
    assert http.post(f"{LISTS}/search", {"count": 1}).json()["hasMore"] is True
    assert http.post(f"{LISTS}/search", {"count": 501}).status_code == 400


def test_members_are_added_and_removed_and_the_unknown_named(http: Caller) -> None:
    ids = http.contacts(2)
    made = _make(http, "Some", [ids[0]])
    added = http.send("PUT", f"{LISTS}/{made}/memberships/add", [*ids, "4242"]).json()
    assert added == {"recordsIdsAdded": [ids[1]], "recordIdsRemoved": [], "recordIdsMissing": ["4242"]}
    swap = {"recordIdsToAdd": [], "recordIdsToRemove": [ids[0], "4242"]}
    assert http.send("PUT", f"{LISTS}/{made}/memberships/add-and-remove", swap).json()["recordIdsRemoved"] == [ids[0]]
    of_one = http.get(f"{LISTS}/records/0-1/{ids[1]}/memberships").json()["results"]
    assert [row["listId"] for row in of_one] == [made]
    body = {"inputs": [{"objectTypeId": "0-1", "recordId": contact} for contact in ids]}
    of_all = http.post(f"{LISTS}/records/memberships/batch/read", body).json()["results"]
    assert [len(row["recordListMemberships"]) for row in of_all] == [0, 1]


def test_joining_leaves_the_contact_unchanged(http: Caller) -> None:
    contact = http.contacts(1)[0]
    made = _make(http, "Some", [])
    http.control("clock", {"advance_ms": 1000})
    http.send("PUT", f"{LISTS}/{made}/memberships/add", [contact])
    assert http.read(contact)["lastmodifieddate"] == "2027-01-15T08:00:00.000Z"


def test_a_dynamic_list_is_processing_first_and_takes_no_members(http: Caller) -> None:
    wish = {"name": "Hot", "objectTypeId": "0-1", "processingType": "DYNAMIC", "filterBranch": BRANCH}
    made = http.post(LISTS, wish).json()["list"]
    assert made["processingStatus"] == "PROCESSING"
    assert http.send("PUT", f"{LISTS}/{made['listId']}/memberships/add", http.contacts(1)).status_code == 400
    assert http.post(LISTS, wish).status_code == 409
    assert (
        http.post(LISTS, wish | {"name": "x", "filterBranch": BRANCH | {"filterBranchType": "AND"}}).status_code == 400
    )
    assert http.post(LISTS, {"name": "x"}).status_code == 400
    assert http.send("DELETE", f"{LISTS}/{made['listId']}").status_code == 204
    assert http.get(f"{LISTS}/{made['listId']}").status_code == 404


def test_a_new_portal_has_the_list_of_those_not_to_score(http: Caller) -> None:
    found = http.get(f"{LISTS}/object-type-id/0-1/name/Do%20not%20score").json()["list"]
    assert (found["name"], found["processingType"]) == ("Do not score", "MANUAL")
    assert http.get(LISTS, listIds=found["listId"]).json()["lists"][0]["name"] == "Do not score"
