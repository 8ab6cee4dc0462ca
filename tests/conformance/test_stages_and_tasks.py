"""What every connector promises about stages and tasks: nobody's newer word is lost, and nothing is made twice."""

from collections.abc import Mapping
from dataclasses import replace

from connectors.stages import NEXT_STEP, StageAnswer, StageMove, StageSeen, Step, Written
from connectors.tasks import TaskDraft
from tests.conformance.rigs import HOUR, WholeRig


def walk(whole: WholeRig, id: str, before: str, to: str, first: Step) -> StageAnswer:
    """All steps from `first` on, each taken twice, until one is not done."""
    step: Step | None = first
    while step is not None:
        move = StageMove(whole.object, id, before, to, step)
        for _ in range(2):
            (answer,) = whole.stages.write_stages(whole.stage_field, [move])
        step = NEXT_STEP[step] if answer.outcome == "done" else None
    return answer


def seen(whole: WholeRig, id: str, written: Mapping[str, Written] | None = None) -> StageSeen:
    return whole.stages.read_stages(whole.object, whole.stage_field, [id], written or {})[id]


def test_the_order_of_stages_is_that_of_the_account(whole: WholeRig) -> None:
    order = whole.stages.stage_order(whole.stage_field)
    assert len(set(order)) == len(order) >= 4
    shown = whole.reader.stages(whole.stage_field)
    assert [stage for stage in order if stage in shown] == list(shown)


def test_a_stage_goes_up_and_down_and_is_ours_each_time(whole: WholeRig) -> None:
    low, middle, high, *_ = whole.stages.stage_order(whole.stage_field)
    (id,) = whole.add(["x"])
    whole.set_stage(id, low)
    moves: list[tuple[str, str, Step]] = [(low, high, "write"), (high, middle, "clear"), (middle, high, "write")]
    for before, to, first in moves:
        whole.advance(HOUR)
        assert walk(whole, id, before, to, first).outcome == "done"
        assert seen(whole, id, {id: Written(to, whole.now())}) == StageSeen(to, whole.now(), "ours")


def test_a_colleagues_stage_is_told_as_a_persons(whole: WholeRig) -> None:
    low, middle, *_ = whole.stages.stage_order(whole.stage_field)
    (id,) = whole.add(["x"])
    assert walk(whole, id, seen(whole, id).value, middle, "write").outcome == "done"
    ours = Written(middle, whole.now())
    whole.advance(HOUR)
    whole.set_stage(id, low)
    found = seen(whole, id, {id: ours})
    assert (found.value, found.set_at, found.source) == (low, whole.now(), "person")
    assert found.by


def test_a_stage_that_a_colleague_raised_meanwhile_stays(whole: WholeRig) -> None:
    low, middle, high, higher, *_ = whole.stages.stage_order(whole.stage_field)
    up, down = whole.add(["x", "y"])
    whole.set_stage(up, higher)
    assert walk(whole, up, low, high, "write").outcome == "passed"
    whole.set_stage(down, higher)
    assert walk(whole, down, high, middle, "clear").outcome == "moved"
    assert (seen(whole, up).value, seen(whole, down).value) == (higher, higher)


def test_a_stage_of_a_record_that_is_gone_is_missing(whole: WholeRig) -> None:
    low, high, *_ = whole.stages.stage_order(whole.stage_field)
    ids = whole.add(["x", "y"])
    for id in ids:
        whole.set_stage(id, low)
    whole.remove(ids[0])
    moves = [StageMove(whole.object, id, low, high, "write") for id in ids]
    answers = {answer.id: answer.outcome for answer in whole.stages.write_stages(whole.stage_field, moves)}
    assert answers == {ids[0]: "missing", ids[1]: "done"}
    assert set(whole.stages.read_stages(whole.object, whole.stage_field, ids, {})) == {ids[1]}


def test_a_task_is_made_once_and_only_for_those_who_work_here(whole: WholeRig) -> None:
    (id,) = whole.add(["x"])
    owners = whole.tasks.owners()
    active = next(id for id, owner in owners.items() if owner.active)
    left = next(id for id, owner in owners.items() if not owner.active)
    draft = TaskDraft(id, active, "Call", "Because <b>", whole.now() + HOUR, "m-1", whole.object)
    made = whole.tasks.create_task(draft, maybe_sent=False)
    again = whole.again().tasks.create_task(draft, maybe_sent=True)
    assert (made.outcome, again.outcome, again.task) == ("created", "found", made.task)
    refused = whole.tasks.create_task(replace(draft, owner=left, marker="m-2"), maybe_sent=False)
    assert (refused.outcome, refused.task, bool(refused.words)) == ("rejected", "", True)
