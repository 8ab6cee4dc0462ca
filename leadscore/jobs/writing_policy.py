"""Decides whether a difference between a score and the CRM is worth a write."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors.outputs import RIDERS
from connectors.plan import FieldChange

_EDGES = frozenset({"band", "grade", "stage", "grade_band", "model"})
"""What must be right in the CRM at every instant, however small a number's change is."""


@dataclass(frozen=True, slots=True)
class WritePolicy:
    """`write_step`: by how much a number must differ from the written one when nothing but time has passed.
    `untouched`: also write a score to people to whom no rule ever gave points."""

    write_step: int = 1
    untouched: bool = False


def differences(new: Mapping[str, str], old: Mapping[str, str]) -> tuple[FieldChange, ...]:
    """The words that differ, riders among them, in the order of `new`; nothing if only riders do."""
    changes = tuple(
        FieldChange(word, old.get(word) or "", value) for word, value in new.items() if value != (old.get(word) or "")
    )
    return changes if any(change.word not in RIDERS for change in changes) else ()


def worth_writing(
    changes: Sequence[FieldChange], old: Mapping[str, str], policy: WritePolicy, *, touched: bool, moved: bool
) -> bool:
    """Whether these changes are to be written now. `touched`: a rule ever gave points; `moved`: facts or models, not
    only time, moved the score since it was last written."""
    causes = [change for change in changes if change.word not in RIDERS]
    if not causes:
        return False
    if not touched and not policy.untouched and not any(old.values()):
        return False
    if moved or any(change.word in _EDGES for change in causes):
        return True
    return any(_step(change) >= policy.write_step for change in causes)


def _step(change: FieldChange) -> float:
    """By how much a number differs; a number that comes or goes differs by any amount."""
    try:
        return abs(int(change.new) - int(change.old))
    except ValueError:
        return float("inf")


Progressed = Callable[[int, int], None]
"""Told how many of how many rows are done."""
