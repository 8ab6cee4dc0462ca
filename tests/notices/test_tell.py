"""Sales gets a task about a lead that entered a stage: once, for the right colleague, and never too many a day."""

from collections.abc import Iterator

import pytest

from connectors.errors import AccessDenied, RetryLater
from leadscore.store.database import reading, writing
from leadscore.store.live_tables import notices
from leadscore.store.notices import open_again
from leadscore.store.parked import all_parked
from tests.connectors.portal import NOW
from tests.notices.desk import DAY, HOUR, Desk, desk

TASKS_PATH = r"/tasks/?$"
MARA, ODED, LEFT = "501", "502", "503"


@pytest.fixture
def sales(database_url: str) -> Iterator[Desk]:
    with desk(database_url) as made:
        yield made


def test_the_owner_of_the_lead_gets_a_task_due_in_an_hour(sales: Desk) -> None:
    id = sales.add(firstname="Ana", lastname="Sol", company="Acme", hubspot_owner_id=MARA)
    assert sales.entered(id) == 1
    assert sales.tell().told == 1
    (task,) = sales.tasks()
    account = sales.hubspot.reader.account().id
    link = f"https://app.hubspot.com/contacts/{account}/record/0-1/{id}"
    assert task["hs_task_subject"] == f"Ana Sol of Acme is ready: see the record {link}"
    assert link in task["hs_task_body"]
    assert (task["hubspot_owner_id"], task["on"]) == (MARA, [id])
    assert task["hs_timestamp"] == "2027-01-15T09:00:00.000Z"
    assert [line.state for line in sales.lines()] == ["done"]


def test_a_lead_without_name_and_company_is_called_by_its_address(sales: Desk) -> None:
    sales.entered(sales.add(email="ana@northwind.example"), sales.add(email="bo@gmail.com"))
    sales.tell()
    subjects = sorted(task["hs_task_subject"].partition(" is ready")[0] for task in sales.tasks())
    assert subjects == ["ana@northwind.example of northwind.example", "bo@gmail.com of an unknown company"]


def test_the_same_entry_said_again_makes_no_second_task(sales: Desk) -> None:
    id = sales.add(hubspot_owner_id=MARA)
    assert (sales.entered(id), sales.entered(id)) == (1, 0)
    sales.tell()
    assert sales.entered(id) == 0
    assert sales.tell().all == 0
    assert len(sales.tasks()) == 1


def test_entering_again_later_is_told_again(sales: Desk) -> None:
    id = sales.add(hubspot_owner_id=MARA)
    sales.entered(id)
    sales.tell()
    sales.now += 5 * DAY
    assert sales.entered(id, at=sales.now) == 1
    assert sales.tell().told == 1
    assert len(sales.tasks()) == 2


def test_a_stage_of_which_nobody_asked_to_be_told_is_not_told(sales: Desk) -> None:
    assert sales.entered(sales.add(), stage="mql") == 0
    assert sales.tell().all == 0


def test_the_owner_at_the_time_of_telling_gets_the_task(sales: Desk) -> None:
    id = sales.add(hubspot_owner_id=MARA)
    sales.entered(id)
    sales.edit(id, hubspot_owner_id=ODED)
    sales.tell()
    assert sales.tasks()[0]["hubspot_owner_id"] == ODED


@pytest.mark.parametrize("owner", ["", LEFT])
def test_nobodys_lead_and_that_of_somebody_who_left_go_to_the_fallback(sales: Desk, owner: str) -> None:
    sales.messenger.fallback = "Mara.Lindqvist@example.com"
    id = sales.add(hubspot_owner_id=ODED)
    if owner == LEFT:
        sales.portal.post("owners", id=int(ODED), archived=True)
    else:
        sales.edit(id, hubspot_owner_id="")
    sales.entered(id)
    sales.tell()
    assert sales.tasks()[0]["hubspot_owner_id"] == MARA


def test_without_owner_and_fallback_the_task_belongs_to_nobody(sales: Desk) -> None:
    sales.messenger.fallback = "nobody@example.com"
    sales.entered(sales.add())
    sales.tell()
    assert sales.tasks()[0]["hubspot_owner_id"] is None


def test_an_owner_whom_the_crm_refuses_in_the_last_moment_gives_way_to_the_fallback(sales: Desk) -> None:
    sales.messenger.fallback = "mara.lindqvist@example.com"
    sales.entered(sales.add(hubspot_owner_id=ODED))
    sales.messenger.owner_for(None, sales.now)
    sales.portal.post("owners", id=int(ODED), archived=True)
    assert sales.tell().told == 1
    assert [task["hubspot_owner_id"] for task in sales.tasks()] == [MARA]
    assert sales.lines()[0].owner == MARA


def test_a_key_that_may_not_ask_for_owners_leaves_the_lead_its_own(sales: Desk) -> None:
    sales.entered(sales.add(hubspot_owner_id=MARA))
    sales.portal.fault(path="/owners", status=403, count=0)
    assert sales.tell().told == 1
    assert sales.tasks()[0]["hubspot_owner_id"] == MARA


def test_a_task_that_the_crm_refuses_for_good_is_dead_and_can_be_tried_again(sales: Desk) -> None:
    sales.entered(sales.add(hubspot_owner_id=MARA))
    sales.portal.fault(method="POST", path=TASKS_PATH, status=400, count=2)
    assert sales.tell().dead == 1
    (line,) = sales.lines("dead")
    assert line.reason is not None
    assert line.reason.startswith("The CRM refuses the task: ")
    assert sales.tasks() == []


def test_a_lead_whose_record_the_crm_refuses_to_show_is_parked_and_the_others_are_told(sales: Desk) -> None:
    ids = [sales.add(hubspot_owner_id=MARA) for _ in range(4)]
    sales.entered(*ids)
    # All four, two of them, one of these.
    sales.portal.fault(path="contacts/batch/read", status=400, count=3)
    report = sales.tell()
    assert (report.told, report.dead) == (3, 1)
    (line,) = sales.lines("dead")
    assert line.reason is not None
    assert line.reason.startswith("The CRM refuses to show the record: ")
    with reading(sales.store) as connection:
        (aside,) = all_parked(connection)
    assert (aside.job, aside.reason) == ("notice", line.reason)
    assert {task["on"][0] for task in sales.tasks()} == set(ids) - {aside.record_id}
    with writing(sales.store) as connection:
        open_again(connection, [line.id], sales.now)
    assert sales.tell().told == 1


def test_what_the_crm_does_not_take_now_waits_as_long_as_it_says(sales: Desk) -> None:
    sales.entered(sales.add(hubspot_owner_id=MARA))
    sales.portal.fault(method="POST", path=TASKS_PATH, status=503, retry_after=40)
    with pytest.raises(RetryLater):
        sales.tell()
    sales.now += 30_000
    assert sales.tell().all == 0
    sales.now += 11_000
    assert sales.tell().told == 1


def test_a_token_that_is_refused_leaves_everything_as_it_is(sales: Desk) -> None:
    sales.entered(sales.add(hubspot_owner_id=MARA))
    sales.portal.fault(path="contacts/batch/read", status=403, count=1)
    with pytest.raises(AccessDenied):
        sales.tell()
    sales.now += 60_000
    assert sales.tell().told == 1


def test_a_task_whose_answer_was_lost_is_not_made_twice(sales: Desk) -> None:
    sales.entered(sales.add(hubspot_owner_id=MARA))
    sales.portal.fault(method="POST", path=TASKS_PATH, when="after", kind="reset")
    with pytest.raises(RetryLater):
        sales.tell()
    sales.now += HOUR
    assert sales.tell().told == 1
    assert len(sales.tasks()) == 1


def test_a_late_notice_about_an_archived_lead_does_nothing_and_says_so(sales: Desk) -> None:
    known, unknown = sales.add(hubspot_owner_id=MARA), sales.add(hubspot_owner_id=MARA)
    sales.entered(known, unknown)
    sales.gone(known)
    sales.portal.api("DELETE", f"/crm/v3/objects/contacts/{unknown}")
    assert sales.tell().void == 2
    assert sales.tasks() == []
    assert {line.reason for line in sales.lines("void")} == {
        "No record in the CRM shows this person any more, so nobody was told."
    }


def test_a_lead_that_was_merged_meanwhile_is_told_of_on_the_record_that_is_left(sales: Desk) -> None:
    gone, left = sales.add(hubspot_owner_id=MARA), sales.add(hubspot_owner_id=ODED)
    sales.entered(gone)
    sales.merged(gone, left)
    assert sales.tell().told == 1
    (task,) = sales.tasks()
    assert (task["on"], task["hubspot_owner_id"]) == ([left], ODED)


def test_a_digest_that_went_with_a_person_who_was_erased_is_made_anew_for_the_others(sales: Desk) -> None:
    sales.messenger.a_day = 1
    ids = [sales.add(hubspot_owner_id=MARA) for _ in range(3)]
    sales.entered(*ids)
    sales.tell()
    sales.now += DAY + 5 * HOUR
    sales.portal.fault(method="POST", path=TASKS_PATH, status=503, retry_after=1)
    with pytest.raises(RetryLater):
        sales.tell()
    with writing(sales.store) as connection:
        connection.execute(notices.delete().where(notices.c.subject == 0))
    sales.now += HOUR
    assert sales.tell().told == 1
    first, digest = sales.tasks()
    assert all(f"0-1/{id}" in digest["hs_task_body"] for id in ids if id not in first["on"])


def test_what_is_too_much_for_one_day_is_one_digest_the_next_morning(sales: Desk) -> None:
    sales.messenger.a_day = 2
    ids = [sales.add(firstname=f"Lead{n}", hubspot_owner_id=MARA) for n in range(5)]
    other = sales.add(hubspot_owner_id=ODED)
    sales.entered(*ids, other)
    report = sales.tell()
    assert (report.told, report.digested) == (3, 3)
    sales.now = NOW + 27 * HOUR  # 06:00 of the next day in New York
    assert sales.tell().all == 0
    sales.now += HOUR
    assert sales.tell().told == 1
    assert sales.tell().all == 0
    digest = sales.tasks()[-1]
    assert (digest["hs_task_subject"], digest["hubspot_owner_id"]) == ("3 more leads of 15 Jan 2027", MARA)
    named = [task["on"][0] for task in sales.tasks()[:-1]]
    rest = [id for id in ids if id not in named]
    assert all(f"record/0-1/{id}" in digest["hs_task_body"] for id in rest)
    assert {line.state for line in sales.lines()} == {"done"}


def test_a_digest_leaves_out_who_is_gone_by_then(sales: Desk) -> None:
    sales.messenger.a_day = 1
    ids = [sales.add(hubspot_owner_id=MARA) for _ in range(3)]
    sales.entered(*ids)
    sales.tell()
    (first,) = (task["on"][0] for task in sales.tasks())
    left, stays = (id for id in ids if id != first)
    sales.portal.api("DELETE", f"/crm/v3/objects/contacts/{left}")
    sales.now += DAY + 5 * HOUR
    report = sales.tell()
    assert (report.told, report.void) == (1, 1)
    digest = sales.tasks()[-1]
    assert digest["on"] == [stays]
    assert f"0-1/{left}" not in digest["hs_task_body"]


def test_a_digest_goes_out_without_a_lead_whose_record_the_crm_refuses_to_show(sales: Desk) -> None:
    sales.messenger.a_day = 1
    sales.entered(*(sales.add(hubspot_owner_id=MARA) for _ in range(3)))
    sales.tell()
    sales.now += DAY + 5 * HOUR
    sales.portal.fault(path="contacts/batch/read", status=400, count=2)
    report = sales.tell()
    assert (report.told, report.void, report.dead) == (1, 0, 1)
    assert len(sales.tasks()[-1]["on"]) == 1
    assert len(sales.lines("dead")) == 1


def test_the_next_day_counts_anew(sales: Desk) -> None:
    sales.messenger.a_day = 1
    sales.entered(sales.add(hubspot_owner_id=MARA))
    sales.tell()
    sales.now += DAY
    sales.entered(sales.add(hubspot_owner_id=MARA), at=sales.now)
    assert sales.tell().told == 1


def test_two_workers_share_the_notices_and_tell_each_once(sales: Desk) -> None:
    sales.entered(*(sales.add(hubspot_owner_id=MARA) for _ in range(3)))
    assert sales.tell("a").told + sales.tell("b").told == 3
    assert len(sales.tasks()) == 3
