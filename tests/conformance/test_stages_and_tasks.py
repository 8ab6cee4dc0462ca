"""What every connector promises about stages and tasks: nobody's newer word is lost, and nothing is made twice."""

from collections.abc import Mapping
from dataclasses import replace

from connectors.stages import NEXT_STEP, StageAnswer, StageMove, StageSeen, Step, Written
from connectors.tasks import TaskDraft
from tests.conformance.rigs import HOUR, StagedRig, WholeRig


def walk(staged: StagedRig, id: str, before: str, to: str, first: Step) -> StageAnswer:
    """All steps from `first` on, each taken twice, until one is not done."""
    step: Step | None = first
    while step is not None:
        move = StageMove(staged.object, id, before, to, step)
        for _ in range(2):
            (answer,) = staged.stages.write_stages(staged.stage_field, [move])
        step = NEXT_STEP[step] if answer.outcome == "done" else None
    return answer


def seen(staged: StagedRig, id: str, written: Mapping[str, Written] | None = None) -> StageSeen:
    return staged.stages.read_stages(staged.object, staged.stage_field, [id], written or {})[id]


def test_the_order_of_stages_is_that_of_the_account(staged: StagedRig) -> None:
    order = staged.stages.stage_order(staged.stage_field)
    assert len(set(order)) == len(order) >= 4
    shown = staged.reader.stages(staged.stage_field)
    assert [stage for stage in order if stage in shown] == list(shown)


def test_a_stage_goes_up_and_down_and_is_ours_each_time(staged: StagedRig) -> None:
    low, middle, high, *_ = staged.stages.stage_order(staged.stage_field)
    (id,) = staged.add(["x"])
    staged.set_stage(id, low)
    moves: list[tuple[str, str, Step]] = [(low, high, "write"), (high, middle, "clear"), (middle, high, "write")]
    for before, to, first in moves:
        staged.advance(HOUR)
        assert walk(staged, id, before, to, first).outcome == "done"
        assert seen(staged, id, {id: Written(to, staged.now())}) == StageSeen(to, staged.now(), "ours")


def test_a_colleagues_stage_is_told_as_a_persons(staged: StagedRig) -> None:
    low, middle, *_ = staged.stages.stage_order(staged.stage_field)
    (id,) = staged.add(["x"])
    assert walk(staged, id, seen(staged, id).value, middle, "write").outcome == "done"
    ours = Written(middle, staged.now())
    staged.advance(HOUR)
    staged.set_stage(id, low)
    found = seen(staged, id, {id: ours})
    assert (found.value, found.set_at, found.source) == (low, staged.now(), "person")
    assert found.by


def test_a_stage_that_a_colleague_raised_meanwhile_stays(staged: StagedRig) -> None:
    low, middle, high, higher, *_ = staged.stages.stage_order(staged.stage_field)
    up, down = staged.add(["x", "y"])
    staged.set_stage(up, higher)
    assert walk(staged, up, low, high, "write").outcome == "passed"
    staged.set_stage(down, higher)
    assert walk(staged, down, high, middle, "clear").outcome == "moved"
    assert (seen(staged, up).value, seen(staged, down).value) == (higher, higher)


def test_a_stage_of_a_record_that_is_gone_is_missing(staged: StagedRig) -> None:
    low, high, *_ = staged.stages.stage_order(staged.stage_field)
    ids = staged.add(["x", "y"])
    for id in ids:
        staged.set_stage(id, low)
    staged.remove(ids[0])
    moves = [StageMove(staged.object, id, low, high, "write") for id in ids]
    answers = {answer.id: answer.outcome for answer in staged.stages.write_stages(staged.stage_field, moves)}
    assert answers == {ids[0]: "missing", ids[1]: "done"}
    assert set(staged.stages.read_stages(staged.object, staged.stage_field, ids, {})) == {ids[1]}


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
