"""What every connector promises about writing: what is read back is what was scored, and each row has its answer."""

from collections.abc import Mapping

from connectors.outputs import output_values
from connectors.protocol import RecordWrite
from scoring.ledger import Score
from tests.conformance.rigs import SCORED, Rig, WholeRig
from tests.connectors.models import MODEL


def values(total: int, at: int, tick: int = 1000) -> dict[str, str]:
    """A score as text, emoji, negative numbers and a moment as fine as the CRM keeps it included."""
    score = Score(
        model="b2b",
        as_of=at,
        scores={"fit": total, "engagement": -7},
        adjustment=-3,
        total=total,
        band="hot",
        grade="A1",
        stage="sql",
        next_change_at=at + 86_400_000 + tick,
        contributions=(),
        unreadable=(),
        tell=lambda _: "Asked for a demo 🚀 “now”; Größe <5 & more\nsecond line",
    )
    return output_values(score, SCORED)


def shown(rig: Rig, ids: list[str]) -> Mapping[str, Mapping[str, str | None]]:
    return rig.reader.outputs(ids, SCORED)


def test_what_is_read_back_is_exactly_what_was_scored(rig: Rig) -> None:
    rig.install()
    ids = rig.add(["x"] * 5)
    written = {id: values(95 - 60 * number, rig.now() + number * rig.tick, rig.tick) for number, id in enumerate(ids)}
    answers = rig.writer.write([RecordWrite(rig.object, id, text) for id, text in written.items()])
    assert {answer.outcome for answer in answers} == {"written"}
    assert shown(rig, ids) == written


def test_writing_the_same_again_changes_nothing(rig: Rig) -> None:
    rig.install()
    (id,) = rig.add(["x"])
    for _ in range(2):
        rig.writer.write([RecordWrite(rig.object, id, values(40, rig.now()))])
    assert shown(rig, [id]) == {id: values(40, rig.now())}


def test_fields_that_were_never_written_are_empty_and_can_be_emptied_again(rig: Rig) -> None:
    rig.install()
    (id,) = rig.add(["x"])
    empty = dict.fromkeys(SCORED, "")
    assert shown(rig, [id]) == {id: empty}
    rig.writer.write([RecordWrite(rig.object, id, values(40, rig.now()))])
    rig.writer.write([RecordWrite(rig.object, id, empty)])
    assert shown(rig, [id]) == {id: empty}


def test_fields_that_are_not_installed_are_told_apart_from_empty_ones(rig: Rig) -> None:
    (id,) = rig.add(["x"])
    assert shown(rig, [id]) == {id: dict.fromkeys(SCORED)}


def test_a_refused_row_is_alone_with_its_reason(rig: Rig) -> None:
    rig.install()
    ids = rig.add(["x"] * 30)
    writes = [RecordWrite(rig.object, id, values(number, rig.now())) for number, id in enumerate(ids)]
    writes[11] = rig.refused(ids[11])
    answers = {answer.id: answer for answer in rig.writer.write(writes)}
    assert set(answers) == set(ids)
    assert [id for id, answer in answers.items() if answer.outcome != "written"] == [ids[11]]
    assert answers[ids[11]].outcome == "rejected"
    assert answers[ids[11]].words
    found = shown(rig, ids)
    assert [id for id in ids if not found[id]["grade"]] == [ids[11]]


def test_a_record_that_is_gone_is_missing(rig: Rig) -> None:
    rig.install()
    ids = rig.add(["x"] * 3)
    rig.remove(ids[1])
    answers = rig.writer.write([RecordWrite(rig.object, id, values(1, rig.now())) for id in ids])
    assert {answer.id: answer.outcome for answer in answers} == {
        ids[0]: "written",
        ids[1]: "missing",
        ids[2]: "written",
    }
    assert set(shown(rig, ids)) == {ids[0], ids[2]}


def test_as_many_records_as_the_writer_says_fit_into_one_write(rig: Rig) -> None:
    rig.install()
    ids = rig.add(["x"] * rig.writer.batch)
    answers = rig.writer.write([RecordWrite(rig.object, id, values(7, rig.now())) for id in ids])
    assert [answer.outcome for answer in answers] == ["written"] * len(ids)


def test_writing_nothing_is_no_call(rig: Rig) -> None:
    assert rig.writer.write([]) == ()


def test_our_own_writes_are_changes_too_and_can_be_read(rig: Rig) -> None:
    rig.install()
    (id,) = rig.add(["x"])
    rig.advance(3_600_000)
    *_, last = rig.reader.read(rig.stream, None, rig.needs, rig.now())
    rig.advance(3_600_000)
    rig.writer.write([RecordWrite(rig.object, id, values(7, rig.now()))])
    pages = list(rig.reader.read(rig.stream, last.cursor, rig.needs, rig.now()))
    assert [record.id for page in pages for record in page.records] == [id]


def test_installing_twice_changes_nothing_and_uninstalling_takes_only_ours(whole: WholeRig) -> None:
    before = {info.name for info in whole.reader.properties(whole.object)}
    whole.install()
    assert {step.action for step in whole.installer.plan([MODEL])} == {"keep"}
    whole.install()
    ours = {info.name for info in whole.reader.properties(whole.object) if info.ours}
    assert {info.name for info in whole.reader.properties(whole.object)} - before == ours
    for _ in whole.installer.carry_out(whole.installer.removal(), [MODEL]):
        pass
    assert {info.name for info in whole.reader.properties(whole.object)} == before
