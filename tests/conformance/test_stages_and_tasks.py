"""What every connector promises about stages and tasks: nobody's newer word is lost, and nothing is made twice."""

from collections.abc import Mapping
from dataclasses import replace

from connectors.stages import NEXT_STEP, StageAnswer, StageMove, StageSeen, Step, Written
from connectors.tasks import TaskDraft
from tests.conformance.rigs import HOUR, Rig


def walk(rig: Rig, id: str, before: str, to: str, first: Step) -> StageAnswer:
    """All steps from `first` on, each taken twice, until one is not done."""
    step: Step | None = first
    while step is not None:
        move = StageMove(rig.object, id, before, to, step)
        for _ in range(2):
            (answer,) = rig.stages.write_stages(rig.stage_field, [move])
        step = NEXT_STEP[step] if answer.outcome == "done" else None
    return answer


def seen(rig: Rig, id: str, written: Mapping[str, Written] | None = None) -> StageSeen:
    return rig.stages.read_stages(rig.object, rig.stage_field, [id], written or {})[id]


def test_the_order_of_stages_is_that_of_the_account(rig: Rig) -> None:
    order = rig.stages.stage_order(rig.stage_field)
    assert len(set(order)) == len(order) >= 4
    shown = rig.reader.stages(rig.stage_field)
    assert [stage for stage in order if stage in shown] == list(shown)


def test_a_stage_goes_up_and_down_and_is_ours_each_time(rig: Rig) -> None:
    low, middle, high, *_ = rig.stages.stage_order(rig.stage_field)
    (id,) = rig.add(["x"])
    rig.set_stage(id, low)
    moves: list[tuple[str, str, Step]] = [(low, high, "write"), (high, middle, "clear"), (middle, high, "write")]
    for before, to, first in moves:
        rig.advance(HOUR)
        assert walk(rig, id, before, to, first).outcome == "done"
        assert seen(rig, id, {id: Written(to, rig.now())}) == StageSeen(to, rig.now(), "ours")


def test_a_colleagues_stage_is_told_as_a_persons(rig: Rig) -> None:
    low, middle, *_ = rig.stages.stage_order(rig.stage_field)
    (id,) = rig.add(["x"])
    assert walk(rig, id, seen(rig, id).value, middle, "write").outcome == "done"
    ours = Written(middle, rig.now())
    rig.advance(HOUR)
    rig.set_stage(id, low)
    found = seen(rig, id, {id: ours})
    assert (found.value, found.set_at, found.source) == (low, rig.now(), "person")
    assert found.by


def test_a_stage_that_a_colleague_raised_meanwhile_stays(rig: Rig) -> None:
    low, middle, high, higher, *_ = rig.stages.stage_order(rig.stage_field)
    up, down = rig.add(["x", "y"])
    rig.set_stage(up, higher)
    assert walk(rig, up, low, high, "write").outcome == "passed"
    rig.set_stage(down, higher)
    assert walk(rig, down, high, middle, "clear").outcome == "moved"
    assert (seen(rig, up).value, seen(rig, down).value) == (higher, higher)


def test_a_stage_of_a_record_that_is_gone_is_missing(rig: Rig) -> None:
    low, high, *_ = rig.stages.stage_order(rig.stage_field)
    ids = rig.add(["x", "y"])
    for id in ids:
        rig.set_stage(id, low)
    rig.remove(ids[0])
    moves = [StageMove(rig.object, id, low, high, "write") for id in ids]
    answers = {answer.id: answer.outcome for answer in rig.stages.write_stages(rig.stage_field, moves)}
    assert answers == {ids[0]: "missing", ids[1]: "done"}
    assert set(rig.stages.read_stages(rig.object, rig.stage_field, ids, {})) == {ids[1]}


def test_a_task_is_made_once_and_only_for_those_who_work_here(rig: Rig) -> None:
    (id,) = rig.add(["x"])
    owners = rig.tasks.owners()
    active = next(id for id, owner in owners.items() if owner.active)
    left = next(id for id, owner in owners.items() if not owner.active)
    draft = TaskDraft(id, active, "Call", "Because <b>", rig.now() + HOUR, "m-1", rig.object)
    made = rig.tasks.create_task(draft, maybe_sent=False)
    again = rig.again().tasks.create_task(draft, maybe_sent=True)
    assert (made.outcome, again.outcome, again.task) == ("created", "found", made.task)
    refused = rig.tasks.create_task(replace(draft, owner=left, marker="m-2"), maybe_sent=False)
    assert (refused.outcome, refused.task, bool(refused.words)) == ("rejected", "", True)
