"""A forecast names every change of band that time alone will bring, to the instant."""

from sqlalchemy import Engine

from leadscore.jobs.forecast import forecast
from tests.jobs.live import Live
from tests.jobs.portal import Portal
from tests.store.seen import HOUR, NOW, contact, did

DAY = 24 * HOUR


def test_who_falls_out_of_a_band_is_named_with_the_instant(store: Engine, portal: Portal) -> None:
    live = Live(store, portal)
    portal.show("activities", did("form_submission", NOW - DAY, "f", record="1", form="Demo"))
    live.begin(contact("1", {"jobtitle": "CEO"}, email="ann@acme.com"), contact("2", {"jobtitle": "CEO"}))
    moves = forecast(store, live.book, NOW, NOW + 100 * DAY)
    assert [(move.person.id, move.at - NOW, move.before, move.after) for move in moves] == [
        ("1", 29 * DAY, "hot", "warm"),
        ("1", 59 * DAY, "warm", "cold"),
    ]
    assert [(move.total_before, move.total_after) for move in moves] == [(70, 45), (45, 20)]
    assert forecast(store, live.book, NOW, NOW + 29 * DAY) == moves[:1]
    assert forecast(store, live.book, NOW, NOW + 29 * DAY - 1) == ()


def test_what_is_stored_already_and_lies_ahead_counts_when_its_time_comes(store: Engine, portal: Portal) -> None:
    live = Live(store, portal)
    portal.show("activities", did("form_submission", NOW + DAY, "f", record="1", form="Demo"))
    live.begin(contact("1", {"jobtitle": "CEO"}))
    (move,) = forecast(store, live.book, NOW, NOW + 2 * DAY)
    assert (move.at, move.before, move.after) == (NOW + DAY, "cold", "hot")


def test_a_forecast_saves_nothing_and_comes_true(store: Engine, portal: Portal) -> None:
    live = Live(store, portal)
    portal.show("activities", did("form_submission", NOW - DAY, "f", record="1", form="Demo"))
    live.begin(contact("1", {"jobtitle": "CEO"}))
    before = live.scores()
    first, then = forecast(store, live.book, NOW, NOW + 100 * DAY)
    assert live.scores() == before
    for move in (first, then):
        live.settle(move.at - 1)
        assert portal.outputs_held["1"]["band"] == move.before
        live.settle(move.at)
        assert portal.outputs_held["1"]["band"] == move.after
