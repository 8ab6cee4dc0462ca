"""Notices are posted to the customer's addresses: signed, each once as far as a network allows, and never inwards."""

from collections.abc import Iterator

import pytest

from connectors.errors import RetryLater
from connectors.signed_post import Poster
from tests.connectors.portal import NOW
from tests.jobs.test_live_kill import Killed, cut
from tests.notices.desk import DAY, HOUR, KEY, SECRET, Desk, desk
from tests.notices.hooks import Hooks, hooks

MINUTE = 60_000
MODEL = """
notify:
  - {on: {enters: sql}, by: [webhook], text: "{name} is ready: {total}"}
  - {on: {enters: mql}, by: [webhook], text: "total {total}"}
"""


@pytest.fixture
def hook() -> Iterator[Hooks]:
    with hooks() as made:
        yield made


@pytest.fixture
def sales(database_url: str, hook: Hooks) -> Iterator[Desk]:
    with desk(database_url, MODEL, addresses=(hook.url,)) as made:
        yield made


def work(sales: Desk) -> int:
    """Posts everything that is ready; returns how many commits that took."""
    with cut(0, "before") as count:
        while sales.post().all:
            pass
    return count[0]


def test_an_entry_is_posted_signed_with_what_the_receiver_needs(sales: Desk, hook: Hooks) -> None:
    id = sales.add(firstname="Ana", lastname="Sol")
    sales.entered(id)
    work(sales)
    (came,) = hook.came
    assert (came.path, came.headers["host"]) == ("/leads?tenant=a", f"127.0.0.1:{hook.port}")
    assert came.signed_with(SECRET)
    assert came.headers["content-type"] == "application/json"
    assert came.headers["webhook-timestamp"] == str(NOW // 1000)
    assert came.document["type"] == "lead.entered_stage"
    assert came.document["timestamp"] == "2027-01-15T08:00:00.000Z"
    data = came.document["data"]
    assert (data["record"], data["object"], data["stage"], data["model"]) == (id, "contact", "sql", "small")
    assert data["text"] == "Ana Sol is ready: "
    assert data["link"].endswith(f"/record/0-1/{id}")


def test_the_body_names_nobody_whom_the_text_does_not_name(sales: Desk, hook: Hooks) -> None:
    sales.entered(sales.add(email="secret@person.example", firstname="Ana"), stage="mql")
    sales.portal.fault(path="contacts/batch/read", status=500, count=5)
    work(sales)
    (came,) = hook.came
    assert b"person.example" not in came.body
    assert b"Ana" not in came.body


def test_while_a_secret_is_replaced_both_sign(database_url: str, hook: Hooks) -> None:
    new = "whsec_" + "AAAA" * 10
    with desk(
        database_url, MODEL, addresses=(hook.url,), poster=Poster([b"\0" * 30, KEY], allow_loopback=True)
    ) as sales:
        sales.entered(sales.add())
        work(sales)
    (came,) = hook.came
    assert came.signed_with(SECRET)
    assert came.signed_with(new)
    assert not came.signed_with("whsec_" + "BBBB" * 10)


def test_every_address_is_posted_to_by_itself(database_url: str, hook: Hooks) -> None:
    with hooks() as second, desk(database_url, MODEL, addresses=(hook.url, second.url)) as sales:
        second.answers = [500]
        sales.entered(sales.add())
        work(sales)
        assert (len(hook.came), len(second.came)) == (1, 1)
        sales.now += MINUTE
        work(sales)
        assert (len(hook.came), len(second.came)) == (1, 2)
        first, again = second.came
        assert first.headers["webhook-id"] == again.headers["webhook-id"] != hook.came[0].headers["webhook-id"]
        assert first.body == again.body
        assert again.signed_with(SECRET)


@pytest.mark.parametrize("status", [301, 302, 400, 401, 404, 429, 500, 503])
def test_only_an_answer_that_says_yes_ends_it(sales: Desk, hook: Hooks, status: int) -> None:
    hook.answers = [(status, {"Location": f"http://127.0.0.1:{hook.port}/elsewhere"})]
    sales.entered(sales.add())
    work(sales)
    assert [line.state for line in sales.lines()] == ["open"]
    sales.now += MINUTE
    work(sales)
    assert [line.state for line in sales.lines()] == ["done"]
    assert [came.path for came in hook.came] == ["/leads?tenant=a"] * 2


def test_the_receiver_may_ask_to_wait(sales: Desk, hook: Hooks) -> None:
    hook.answers = [(503, {"Retry-After": "1200"})]
    sales.entered(sales.add())
    work(sales)
    sales.now += 19 * MINUTE
    assert sales.post().all == 0
    sales.now += MINUTE
    assert sales.post().posted == 1


def test_who_wants_no_more_is_not_asked_again(sales: Desk, hook: Hooks) -> None:
    hook.answers = [410]
    sales.entered(sales.add())
    work(sales)
    (line,) = sales.lines("dead")
    assert line.reason is not None
    assert "answered 410" in line.reason
    assert "tenant" not in line.reason
    sales.now += DAY
    assert sales.post().all == 0


def test_after_a_day_of_silence_it_is_given_up_with_the_reason(sales: Desk, hook: Hooks) -> None:
    hook.answers = [500] * 100
    sales.entered(sales.add())
    tries: list[int] = []
    while not sales.lines("dead"):
        assert sales.now < NOW + 3 * DAY
        if work(sales) and len(hook.came) > len(tries):
            tries.append(sales.now)
        sales.now += 5_000 if sales.now < NOW + 10 * MINUTE else 10 * MINUTE
    assert 8 <= len(tries) <= 20
    assert NOW + DAY <= tries[-1] <= NOW + DAY + 5 * HOUR
    assert tries[1] - tries[0] <= 10_000
    assert sales.lines("dead")[0].reason == "127.0.0.1 answered 500."


def test_an_address_that_is_down_keeps_no_other_waiting(database_url: str, hook: Hooks) -> None:
    down = "http://127.0.0.1:9/down"
    with desk(database_url, MODEL, addresses=(down, hook.url)) as sales:
        sales.entered(*(sales.add() for _ in range(4)))
        for _ in range(6):
            sales.post()
        assert len(hook.came) == 4
        assert {line.state for line in sales.lines()} == {"open", "done"}


def test_while_the_crm_is_away_only_texts_that_need_it_wait(sales: Desk, hook: Hooks) -> None:
    named, numbered = sales.add(firstname="Ana"), sales.add()
    sales.entered(named)
    sales.entered(numbered, stage="mql")
    sales.portal.fault(path="contacts/batch/read", status=503, retry_after=3600, count=0)
    sales.post()
    with pytest.raises(RetryLater):
        sales.post()
    assert [came.document["data"]["record"] for came in hook.came] == [numbered]


def test_without_an_address_nothing_waits_for_ever(database_url: str) -> None:
    with desk(database_url, MODEL) as sales:
        sales.entered(sales.add())
        assert sales.post().void == 1
        assert sales.lines("void")[0].reason == "No address is set, so nothing was posted. Set LEADSCORE_NOTIFY_URL."


def test_what_is_said_again_is_posted_once(sales: Desk, hook: Hooks) -> None:
    id = sales.add()
    sales.entered(id)
    work(sales)
    sales.entered(id)
    work(sales)
    assert len(hook.came) == 1


def test_a_late_post_about_an_archived_lead_does_nothing(sales: Desk, hook: Hooks) -> None:
    id = sales.add()
    sales.entered(id)
    sales.gone(id)
    work(sales)
    assert (hook.came, [line.state for line in sales.lines()]) == ([], ["void"])


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/x", "https://localhost:{port}/x", "https://127.0.0.1:{port}/x"]
)
def test_an_address_inside_is_refused_at_once(database_url: str, hook: Hooks, url: str) -> None:
    with desk(database_url, MODEL, addresses=(url.format(port=hook.port),), poster=Poster([KEY])) as sales:
        sales.entered(sales.add())
        work(sales)
        assert hook.came == []
        assert [line.state for line in sales.lines()] == ["dead"]


def test_a_post_that_is_cut_anywhere_comes_with_the_same_id_and_nothing_is_lost(sales: Desk, hook: Hooks) -> None:
    sales.entered(sales.add())
    commits = work(sales)
    assert commits >= 4
    for when in ("before", "after"):
        for number in range(1, commits + 1):
            hook.came.clear()
            sales.entered(sales.add())
            with cut(number, when), pytest.raises(Killed):
                while sales.post().all:
                    pass
            sales.restarted()
            sales.now += HOUR
            work(sales)
            assert len({came.headers["webhook-id"] for came in hook.came}) == 1, (when, number)
            assert len({came.body for came in hook.came}) == 1
    assert {line.state for line in sales.lines()} == {"done"}
