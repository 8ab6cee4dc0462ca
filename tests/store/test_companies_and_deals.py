"""Fields of companies and counts of deals are known now and at every instant of the past."""

from itertools import pairwise

import pytest
from sqlalchemy import Engine

from tests.store.seen import (
    HOUR,
    NOW,
    company,
    contact,
    deal,
    everything,
    history,
    keep,
    places,
    value_at,
    values_now,
)

LATER = NOW + HOUR


def test_a_company_speaks_for_its_contact(store: Engine) -> None:
    keep(store, company("9", {"industry": "Software"}), contact("1", {}, company="9"))
    assert values_now(store, "1", industry="company.industry") == {"industry": "Software"}


def test_of_several_places_the_first_with_a_value_speaks(store: Engine) -> None:
    keep(store, company("9", {"industry": " "}), contact("1", {"industry": "Own"}, company="9"))
    where = ("company.industry", "industry")
    assert values_now(store, "1", industry=where) == {"industry": "Own"}
    assert history(store, "1", industry=where) == {(" ", None, None), ("Own", None, None)}
    facts = everything(store, "1", places(industry=where))
    assert value_at(facts, "industry", NOW) == "Own"


def test_a_contact_that_moves_takes_the_new_companys_values_from_then_on(store: Engine) -> None:
    keep(
        store,
        company("8", {"industry": "Old"}, history={"industry": [("Older", 5), ("Old", 10)]}),
        company("9", {"industry": "New"}, history={"industry": [("New", 7)]}),
        contact("1", {}, company="8"),
    )
    keep(store, contact("1", {}, company="9"), now=LATER)
    facts = everything(store, "1", places(industry="company.industry"))
    told = [value_at(facts, "industry", at) for at in (4, 5, 9, 10, LATER - 1, LATER, LATER + 1)]
    assert told == ["", "Older", "Older", "Old", "Old", "New", "New"]
    assert values_now(store, "1", industry="company.industry") == {"industry": "New"}


def test_a_contact_that_leaves_its_company_has_none(store: Engine) -> None:
    keep(store, company("8", {"industry": "Old"}), contact("1", {}, company="8"))
    keep(store, contact("1", {}), now=LATER)
    facts = everything(store, "1", places(industry="company.industry"))
    assert [value_at(facts, "industry", at) for at in (LATER - 1, LATER)] == ["Old", ""]
    assert values_now(store, "1", industry="company.industry") == {}


def test_an_archived_company_says_nothing_more(store: Engine) -> None:
    keep(store, company("8", {"industry": "Old"}), contact("1", {}, company="8"))
    gone = company("8", {})
    keep(store, type(gone)("company", "8", {}, archived=True), now=LATER)
    facts = everything(store, "1", places(industry="company.industry"))
    assert [value_at(facts, "industry", at) for at in (LATER - 1, LATER)] == ["Old", ""]
    assert values_now(store, "1", industry="company.industry") == {}


def test_deals_are_counted_at_every_instant(store: Engine) -> None:
    keep(store, contact("1", {}))
    keep(
        store,
        deal("7", ["1"], ("open", 10), ("won", 30)),
        deal("8", ["1"], ("open", 20), ("lost", 40)),
        stream="deals",
    )
    fields = {"won": "deals.won", "open": "deals.open", "lost": "deals.lost", "all": "deals.total"}
    facts = everything(store, "1", places(**fields))
    told = {at: [value_at(facts, name, at) for name in fields] for at in (9, 10, 20, 30, 40)}
    assert told == {
        9: ["0", "0", "0", "0"],
        10: ["0", "1", "0", "1"],
        20: ["0", "2", "0", "2"],
        30: ["1", "1", "0", "2"],
        40: ["1", "0", "1", "2"],
    }
    assert values_now(store, "1", **fields) == dict(zip(fields, told[40], strict=True))


def test_a_deal_that_is_learned_of_later_counts_from_then_on(store: Engine) -> None:
    keep(store, contact("1", {}))
    keep(store, deal("7", ["1"], ("open", 10)), stream="deals")
    keep(store, deal("7", ["1"], ("open", 10), ("won", 30)), stream="deals", now=LATER)
    facts = everything(store, "1", places(won="deals.won"))
    assert [value_at(facts, "won", at) for at in (30, LATER - 1, LATER)] == ["0", "0", "1"]


def test_an_archived_deal_counts_no_more(store: Engine) -> None:
    keep(store, contact("1", {}))
    keep(store, deal("7", ["1"], ("won", 10)), stream="deals")
    keep(store, deal("7", ["1"], ("won", 10), archived=True), stream="deals", now=LATER)
    facts = everything(store, "1", places(won="deals.won"))
    assert [value_at(facts, "won", at) for at in (LATER - 1, LATER)] == ["1", "0"]
    assert values_now(store, "1", won="deals.won") == {"won": "0"}


@pytest.mark.parametrize("finished", [True, False])
def test_without_any_deal_the_count_is_0_once_deals_were_read_and_unknown_before(store: Engine, finished: bool) -> None:
    keep(store, contact("1", {}))
    if finished:
        keep(store, stream="deals")
    assert values_now(store, "1", won="deals.won") == ({"won": "0"} if finished else {})
    assert value_at(everything(store, "1", places(won="deals.won")), "won", NOW) == ("0" if finished else "")


def test_the_fold_says_now_what_the_history_says(store: Engine) -> None:
    fields: dict[str, str | tuple[str, ...]] = {
        "title": "jobtitle",
        "industry": ("company.industry", "industry"),
        "won": "deals.won",
    }
    keep(store, stream="deals")
    keep(store, company("8", {"industry": "A"}), company("9", {"industry": ""}))
    steps = [
        contact("1", {"jobtitle": "CTO", "industry": "own"}, company="9", modified_at=NOW),
        contact("1", {"jobtitle": "", "industry": "own"}, company="8", modified_at=NOW + 1),
        deal("7", ["1"], ("open", NOW + 2)),
        company("8", {"industry": "B"}),
        deal("7", ["1"], ("open", NOW + 2), ("won", NOW + 4)),
        contact("1", {"jobtitle": "CEO", "industry": "mine"}, company="9", modified_at=NOW + 5),
        company("9", {"industry": "C"}),
    ]
    told = []
    for number, step in enumerate(steps):
        keep(store, step, now=NOW + number, stream="deals" if step.object == "deal" else "contacts")
        facts = everything(store, "1", places(**fields))
        by_history = {name: value_at(facts, name, NOW + number) for name in fields}
        assert values_now(store, "1", **fields) == {name: value for name, value in by_history.items() if value}
        told.append(by_history)
    assert all(before != after for before, after in pairwise(told) if after["won"] != "0")
