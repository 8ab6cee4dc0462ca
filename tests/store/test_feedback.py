"""What sales answered, as a CRM tells it, becomes answers; what nobody answered is put aside."""

from sqlalchemy import Engine

from connectors.protocol import Hand, SeenAnswer, SeenFeedback, SeenRecord
from leadscore.store.database import reading, writing
from leadscore.store.feedback import FIELD, MOST_AN_HOUR, note_emptied, withdraw
from leadscore.store.parked import all_parked
from leadscore.store.writes import held_values, save_held
from scoring.facts import Answer
from scoring.values import write_instant
from tests.store.seen import HOUR, NOW, current, due, everything, keep, settle, subject_of

Told = tuple[str, int] | tuple[str, int, str] | tuple[str, int, str, Hand]


def answered(id: str, *given: Told, note: str = "") -> SeenRecord:
    """A contact with the history of its feedback field: value, time, author, hand, and one note for all."""
    found: list[SeenAnswer] = []
    before = ""
    for one in given:
        author = one[2] if len(one) > 2 else "7"
        hand: Hand = one[3] if len(one) > 3 else "person"
        found.append(SeenAnswer(one[0], one[1], hand, author, note if one[0] else "", before))
        before = one[0]
    return SeenRecord("contact", id, {"leadscore_feedback": before}, feedback=SeenFeedback(tuple(found), before))


def put_aside(store: Engine) -> list[tuple[str, str]]:
    with reading(store) as connection:
        return [(one.record_id, one.reason) for one in all_parked(connection) if one.job == "feedback"]


def emptied(store: Engine, id: str, now: int) -> None:
    """We empty the field of a contact."""
    with writing(store) as connection:
        record, held = held_values(connection, "contact", [id])[id]
        save_held(connection, {record: note_emptied(held, {FIELD: ""}, now)}, now)


def test_the_first_reading_takes_past_answers_with_their_times(store: Engine) -> None:
    keep(store, answered("1", ("true_sql", NOW - HOUR), ("not_ready", NOW - 5), note="too early"))
    assert everything(store, "1").answers == (
        Answer("true_sql", NOW - HOUR, "7", "too early"),
        Answer("not_ready", NOW - 5, "7", "too early"),
    )


def test_a_later_answer_is_known_from_when_it_was_read_and_makes_the_person_due(store: Engine) -> None:
    keep(store, answered("1"))
    settle(store)
    keep(store, answered("1", ("not_ready", NOW + 5)), now=NOW + 9)
    assert everything(store, "1").answers == (Answer("not_ready", NOW + 5, "7", "", NOW + 9),)
    assert due(store) == {"1"}


def test_the_same_answers_again_change_nothing(store: Engine) -> None:
    told = answered("1", ("not_ready", NOW - 9), ("", NOW - 8, "", "workflow"), ("unqualified", NOW - 7))
    keep(store, told)
    settle(store)
    keep(store, told, now=NOW + 1)
    assert [one.answer for one in everything(store, "1").answers] == ["not_ready", "unqualified"]
    assert len(put_aside(store)) == 1
    assert due(store) == set()


def test_only_persons_answer(store: Engine) -> None:
    hands: tuple[Hand, ...] = ("import", "workflow", "program", "bulk", "unknown")
    keep(store, *(answered(str(n), ("unqualified", NOW, "7", hand)) for n, hand in enumerate(hands)))
    assert all(not everything(store, str(n)).answers for n in range(len(hands)))
    assert sorted(id for id, _ in put_aside(store)) == [str(n) for n in range(len(hands))]
    reason = dict(put_aside(store))["0"]
    assert "an import wrote it" in reason
    assert f"The answer `unqualified` of {write_instant(NOW)} (7)" in reason


def test_an_emptying_by_a_person_withdraws_the_answer(store: Engine) -> None:
    keep(store, answered("1", ("unqualified", NOW - 9), ("", NOW - 5, "8")))
    assert everything(store, "1").answers[-1] == Answer(None, NOW - 5, "8")


def test_an_emptying_of_ours_is_no_answer_whomever_the_crm_names(store: Engine) -> None:
    keep(store, answered("1", ("not_ready", NOW)), answered("2", ("not_ready", NOW)))
    emptied(store, "1", NOW + HOUR)
    emptied(store, "2", NOW + HOUR)
    later = NOW + HOUR + 700
    keep(
        store,
        answered("1", ("not_ready", NOW), ("", later, "", "program")),
        answered("2", ("not_ready", NOW), ("", later, "99", "person")),
        now=NOW + 2 * HOUR,
    )
    for id in ("1", "2"):
        assert [one.answer for one in everything(store, id).answers] == ["not_ready"]
    assert put_aside(store) == []


def test_after_an_emptying_of_ours_a_person_may_still_withdraw_a_new_answer(store: Engine) -> None:
    keep(store, answered("1", ("not_ready", NOW)))
    emptied(store, "1", NOW + HOUR)
    ours: Told = ("", NOW + HOUR + 5, "", "program")
    past: tuple[Told, ...] = (("not_ready", NOW), ours, ("not_ready", NOW + HOUR + 60_000))
    keep(store, answered("1", *past), now=NOW + 2 * HOUR)
    keep(store, answered("1", *past, ("", NOW + HOUR + 90_000)), now=NOW + 3 * HOUR)
    assert [one.answer for one in everything(store, "1").answers] == ["not_ready", "not_ready", None]


def test_more_answers_in_an_hour_than_a_person_gives_are_put_aside_together(store: Engine) -> None:
    crowd = [answered(str(n), ("unqualified", NOW + n)) for n in range(MOST_AN_HOUR + 1)]
    keep(
        store, *crowd, answered("other", ("unqualified", NOW, "8")), answered("later", ("unqualified", NOW + 2 * HOUR))
    )
    assert len(put_aside(store)) == MOST_AN_HOUR + 1
    assert everything(store, "other").answers and everything(store, "later").answers
    keep(store, crowd[0], answered("one more", ("unqualified", NOW + 50)), now=NOW + 1)
    assert not everything(store, "0").answers and not everything(store, "one more").answers
    assert len(put_aside(store)) == MOST_AN_HOUR + 2


def test_as_many_answers_as_a_person_gives_in_an_hour_are_kept(store: Engine) -> None:
    keep(store, *(answered(str(n), ("unqualified", NOW + n)) for n in range(MOST_AN_HOUR)))
    assert put_aside(store) == []


def test_an_answer_of_the_future_makes_the_person_due_when_it_comes(store: Engine) -> None:
    keep(store, answered("1", ("not_ready", NOW + HOUR)))
    found = current(store, "1")
    assert found is not None
    assert found.arrives == NOW + HOUR


def test_the_operator_withdraws_an_answer(store: Engine) -> None:
    keep(store, answered("1", ("unqualified", NOW)))
    settle(store)
    with writing(store) as connection:
        withdraw(connection, subject_of(store, "1"), NOW + 1)
    assert everything(store, "1").answers[-1] == Answer(None, NOW + 1, "operator")
    assert due(store) == {"1"}


def test_a_note_that_is_typed_after_its_answer_is_kept_with_it_and_moves_nothing(store: Engine) -> None:
    keep(store, answered("1", ("not_ready", NOW - 9)))
    settle(store)
    keep(store, answered("1", ("not_ready", NOW - 9), note="no budget before spring"), now=NOW + HOUR)
    assert everything(store, "1").answers == (Answer("not_ready", NOW - 9, "7", "no budget before spring"),)
    assert due(store) == set()
