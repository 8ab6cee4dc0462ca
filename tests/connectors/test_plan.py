"""A plan survives its file, is refused when it is stale, and its fuse blows at the right number."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest

from connectors.plan import (
    FieldChange,
    PlanUnreadable,
    RecordPlan,
    WritePlan,
    dump,
    fuse,
    load,
    stage_moves,
    staleness,
    to_bytes,
)

ROWS = (
    RecordPlan("contact", "101", 1, (FieldChange("total", "", "95"), FieldChange("stage", "lead", "sql"))),
    RecordPlan("contact", "102", 2, (FieldChange("reason", "", "Frühbucher 🚀\nzweite Zeile"),)),
)
PLAN = WritePlan("hubspot", "147", "portal 147", "production", 1_700_000_000_000, ("a", "b"), False, False, 900, ROWS)


def test_a_plan_read_back_from_its_file_is_the_same_plan() -> None:
    assert load(io.BytesIO(to_bytes(PLAN))) == PLAN


def test_a_plan_has_one_line_a_row_under_its_head() -> None:
    buffer = io.BytesIO()
    dump(PLAN, buffer)
    assert buffer.getvalue().count(b"\n") == 1 + len(ROWS)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda _: b"", "Line 1"),
        (lambda data: data[: data.rindex(b"\n", 0, -1) + 1], "after 1 of 2 rows"),
        (lambda data: data.replace(b'"102"', b"102"), "Line 3"),
        (lambda data: data.replace(b"leadscore plan 1", b"leadscore plan 7"), "leadscore plan 7"),
    ],
)
def test_a_damaged_plan_is_refused_with_the_place_of_the_damage(damage: Callable[[bytes], bytes], says: str) -> None:
    with pytest.raises(PlanUnreadable, match=says):
        load(io.BytesIO(damage(to_bytes(PLAN))))


def test_a_plan_of_this_account_and_these_models_may_be_applied() -> None:
    assert staleness(PLAN, crm="hubspot", account="147", digests=["a", "b"]) is None


@pytest.mark.parametrize(
    ("plan", "account", "digests", "says"),
    [
        (PLAN, "148", ["a", "b"], "account 147"),
        (PLAN, "147", ["a", "c"], "models were changed"),
        (PLAN, "147", ["b", "a"], "models were changed"),
        (replace(PLAN, sample=True), "147", ["a", "b"], "sample"),
    ],
)
def test_a_stale_or_foreign_plan_or_a_sample_is_refused_with_its_reason(
    plan: WritePlan, account: str, digests: list[str], says: str
) -> None:
    assert says in (staleness(plan, crm="hubspot", account=account, digests=digests) or "")


def test_only_records_whose_stage_differs_count_as_moves() -> None:
    assert stage_moves(PLAN) == 1
    assert stage_moves(replace(PLAN, baseline=True)) == 0


@pytest.mark.parametrize(
    ("moves", "recent", "known", "blows"),
    [(50, 0, 10, False), (51, 0, 10, True), (200, 0, 10_000, False), (201, 0, 10_000, True), (150, 51, 10_000, True)],
)
def test_the_fuse_blows_above_two_percent_and_never_below_fifty_one(
    moves: int, recent: int, known: int, blows: bool
) -> None:
    assert (fuse(moves, recent, known) is not None) is blows
