"""The first apply moves nobody, a flood of moves stops, and no more enter a day than a team can take."""

from sqlalchemy import Engine

from leadscore.jobs.stage_limits import day_of
from leadscore.store.database import reading, writing
from leadscore.store.known_stages import FUSE, notes
from leadscore.store.stages import count_pending, release
from tests.jobs.stage_portal import DAY, LEAD, MQL, NOW, SQL, Town, staged, town

BOSS = {"jobtitle": "CEO"}


def counts(place: Town) -> dict[str, int]:
    with reading(place.store) as connection:
        return count_pending(connection)


def test_the_first_apply_moves_nobody_who_stood_there_before(store: Engine) -> None:
    with town(store) as place:
        old, fallen = place.begin(BOSS, {"jobtitle": "CEO", "industry": "Software"})
        assert place.settle().steps.done == 0
        place.later().edit(fallen, industry="")
        place.edit(old, city="Somewhere")
        place.settle()
        assert place.stages() == ["", ""], "who fell to a stage has not entered it"
        place.later().edit(old, industry="Software")
        place.settle()
        assert place.stages() == [SQL, ""]
        assert len(place.told()) == 1


def test_who_comes_after_the_first_apply_enters(store: Engine) -> None:
    with town(store) as place:
        place.begin(BOSS)
        place.arrive(BOSS, at=place.now)
        place.later().take_in()
        place.settle()
        assert place.stages() == ["", MQL]


def test_enrol_current_moves_who_stood_there_before(store: Engine) -> None:
    with town(store) as place:
        place.begin(BOSS, {}, {"jobtitle": "CEO", "industry": "Software", "lifecyclestage": LEAD})
        place.later().apply(enrol_current=True)
        place.settle()
        assert place.stages() == [MQL, "", LEAD], "what an import set is somebody's word"
        assert place.told() == []


def test_a_flood_of_moves_stops_and_a_person_lets_it_go_on(store: Engine) -> None:
    with town(store) as place:
        ids = place.begin(*[{}] * 60)
        place.later()
        for id in ids[:51]:
            place.edit(id, **BOSS)
        assert place.settle().admission.fused == 51
        assert set(place.stages()) == {""}
        with reading(store) as connection:
            said = notes(connection)[FUSE][1]
        assert said.startswith("51 of 60 known people would change stage within 24 hours; more than 2 %")
        assert "leadscore stages release" in said
        place.later(5 * 60_000)
        assert place.move().steps.done == 0
        with writing(store) as connection:
            assert release(connection) == 51
        place.later(DAY)
        place.settle()
        assert place.stages().count(MQL) == 51


def test_moves_of_the_last_day_count_for_the_fuse(store: Engine) -> None:
    with town(store) as place:
        ids = place.begin(*[{}] * 60)
        place.later()
        for id in ids[:50]:
            place.edit(id, **BOSS)
        place.settle()
        assert place.stages().count(MQL) == 50
        place.later().edit(ids[50], **BOSS)
        place.settle()
        assert counts(place) == {"fuse": 1}
        place.later(DAY).settle()
        assert place.stages().count(MQL) == 51
        with reading(store) as connection:
            assert FUSE not in notes(connection)


def test_no_more_enter_a_day_than_is_allowed_and_the_rest_waits(store: Engine) -> None:
    with town(store, most_entries=2) as place:
        ids = place.begin(*[{}] * 5)
        place.later()
        for id in ids:
            place.edit(id, **BOSS)
        place.settle()
        assert place.stages().count(MQL) == 2
        assert counts(place) == {"day": 3}
        _, tomorrow = day_of(place.now, "US/Eastern")
        place.at(tomorrow - 1)
        assert place.move().busy == 0
        place.at(tomorrow).settle()
        assert place.stages().count(MQL) == 4
        place.at(tomorrow + DAY).settle()
        assert place.stages().count(MQL) == 5


def test_what_was_put_off_is_dropped_if_it_is_no_longer_due(store: Engine) -> None:
    with town(store, most_entries=1) as place:
        ids = place.begin(*[{}] * 2)
        place.later()
        for id in ids:
            place.edit(id, **BOSS)
        place.settle()
        place.later().edit(ids[1], jobtitle="Clerk")
        place.settle()
        assert counts(place) == {}
        place.later(2 * DAY).settle()
        assert place.stages() == [MQL, ""]


def test_a_day_begins_at_midnight_of_the_accounts_zone() -> None:
    assert day_of(NOW, "UTC") == (NOW - NOW % DAY, NOW - NOW % DAY + DAY)
    begins, ends = day_of(NOW, "America/New_York")
    assert begins <= NOW < ends
    assert begins % DAY == 5 * 3_600_000
    assert day_of(NOW, "no such zone") == day_of(NOW, "UTC")


def test_falls_are_not_held_back_by_the_number_of_entries(store: Engine) -> None:
    with town(store, staged(), most_entries=1) as place:
        ids = place.begin(*[{}] * 2)
        place.later().edit(ids[0], **BOSS)
        place.settle()
        place.later().edit(ids[0], jobtitle="Clerk")
        place.edit(ids[1], **BOSS)
        place.settle()
        assert place.stages() == [LEAD, ""]
