"""Reads the stages of a model file, the answers of sales, and whom to tell."""

import math
import string
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel

from config.condition_words import lead_scope, read_condition
from config.documents import Entries, Items, Word, untangle
from config.draft import Draft
from config.model_document import FeedbackPart, LifecyclePart, NotifyPart, PlacePart
from config.problems import Path, did_you_mean_or_list
from scoring.conditions import AllOf, AnyOf, Condition, Outcome, leaves
from scoring.model import AnswerSpec, Enter, Feedback, Lifecycle, Notify
from scoring.values import fold

PLACEHOLDERS = ("company", "name", "email", "reason", "total", "grade", "link")

P = TypeVar("P", bound=BaseModel)


def read_lifecycle(draft: Draft) -> Lifecycle | None:
    """Stages and when a lead enters them; None if the file has none, or where the draft says what is wrong."""
    path: Path = ("lifecycle",)
    tree = draft.node(path)
    if not isinstance(tree, Entries):
        return None
    enter = [_enter(draft, (*path, "enter", index)) for index in range(_length(draft, (*path, "enter")))]
    exclude = None
    if "exclude" in tree.entries:
        exclude = read_condition(draft, (*path, "exclude"), lead_scope(draft))
    _known_stage(draft, (*path, "otherwise"))
    for index in range(_length(draft, (*path, "never_leave"))):
        _known_stage(draft, (*path, "never_leave", index))
    if draft.broken(path):
        return None
    part = LifecyclePart.model_validate(untangle(tree))
    return Lifecycle(
        mode=part.mode,
        field=_by_crm(part.field),
        stages={name: _by_crm(places) for name, places in part.stages.items()},
        enter=tuple(found for found in enter if found),
        otherwise=part.otherwise,
        down=part.down,
        margin=part.margin,
        never_leave=tuple(part.never_leave),
        exclude=exclude,
    )


def _enter(draft: Draft, path: Path) -> Enter | None:
    tree = draft.node(path)
    if not isinstance(tree, Entries):
        return None
    when = read_condition(draft, (*path, "when"), lead_scope(draft, outcomes=True)) if "when" in tree.entries else None
    stage = _known_stage(draft, (*path, "stage"))
    return Enter(stage, when) if stage and when else None


def _known_stage(draft: Draft, path: Path) -> str | None:
    """The stage named at a path; a fault where there is no such stage, None where none is named."""
    tree = draft.node(path)
    said = getattr(tree, "text", None)
    if said is None or getattr(tree, "value", None) is None:
        return None
    name = str(said).strip()
    if name not in draft.stages:
        hint = did_you_mean_or_list(name, draft.stages) or "list it under `lifecycle.stages`"
        draft.fault(path, f"there is no stage `{name}`", hint, at_value=True)
        return None
    return name


def _length(draft: Draft, path: Path) -> int:
    tree = draft.node(path)
    return len(tree.items) if isinstance(tree, Items) else 0


def _by_crm(part: PlacePart) -> dict[str, str]:
    return {crm: place for crm, place in part.model_dump().items() if place is not None}


def valid(draft: Draft, path: Path, part: type[P]) -> P | None:
    """The part at a path if its shape is right; None if it is absent or the draft says what is wrong with it."""
    tree = draft.node(path)
    if tree is None or (isinstance(tree, Word) and tree.value is None) or draft.broken(path):
        return None
    plain: Any = untangle(tree)
    return part.model_validate(plain)


def read_feedback(draft: Draft, lifecycle: Lifecycle | None) -> Feedback | None:
    """The answers of sales; a `drop_to: STAGE` becomes the number in the middle of that stage's band."""
    path: Path = ("feedback",)
    for index in range(_length(draft, (*path, "answers"))):
        _known_stage(draft, (*path, "answers", index, "hold"))
    part = valid(draft, path, FeedbackPart)
    if part is None:
        return None
    seen: set[str] = set()
    answers = []
    for index, answer in enumerate(part.answers):
        place = (*path, "answers", index)
        for key, word in (("answer", answer.answer), ("label", answer.label)):
            if fold(word) in seen and (key == "answer" or fold(answer.answer) != fold(word)):
                draft.fault((*place, key), f"`{word}` stands for two answers", at_value=True)
            seen.add(fold(word))
        if answer.drop_to is not None and answer.points is not None:
            draft.fault((*place, "points"), "an answer has `drop_to` or `points`, not both", "remove one")
        stage = answer.drop_to if isinstance(answer.drop_to, str) else None
        number = _middle(draft, (*place, "drop_to"), stage, lifecycle) if stage else answer.drop_to
        drop_to = number if isinstance(number, int) else None
        answers.append(AnswerSpec(answer.answer, answer.label, drop_to, stage, answer.points, answer.hold))
    return None if draft.broken(path) else Feedback(_by_crm(part.field), tuple(answers))


def _middle(draft: Draft, path: Path, stage: str, lifecycle: Lifecycle | None) -> int | None:
    if stage not in draft.stages:
        _known_stage(draft, path)
        return None
    if lifecycle is None:  # its own faults are already told
        return None
    order = list(dict.fromkeys(entry.stage for entry in lifecycle.enter))
    edge = _edge(lifecycle, stage)
    if edge is None:
        said = f"`{stage}` has no single `total: at_least` under `enter`, so it has no middle to drop to"
        draft.fault(path, said, "write a number: drop_to: 50", at_value=True)
        return None
    place = order.index(stage)
    above = _edge(lifecycle, order[place - 1]) if place else None
    if above is None:
        said = f"above `{stage}` no stage begins at a `total: at_least`, so its band has no middle"
        draft.fault(path, said, "write a number: drop_to: 50", at_value=True)
        return None
    return math.floor((edge + above) / 2)


def _edge(lifecycle: Lifecycle, stage: str) -> Decimal | None:
    conditions = [entry.when for entry in lifecycle.enter if entry.stage == stage]
    tests = [leaf for when in conditions for leaf in leaves(when) if isinstance(leaf, Outcome) and leaf.name == "total"]
    if len(tests) != 1 or tests[0].op != "at_least" or not any(_within(when, tests[0]) for when in conditions):
        return None
    return tests[0].operand if isinstance(tests[0].operand, Decimal) else None


def _within(condition: Condition, leaf: Outcome) -> bool:
    """Whether the test stands in the condition as it is, not under a `not`."""
    if isinstance(condition, AllOf | AnyOf):
        return any(_within(part, leaf) for part in condition.parts)
    return condition == leaf


def read_notices(draft: Draft) -> tuple[Notify, ...]:
    """Whom to tell when, and in which words."""
    found = []
    for index in range(_length(draft, ("notify",))):
        path: Path = ("notify", index)
        _known_stage(draft, (*path, "on", "enters"))
        part = valid(draft, path, NotifyPart)
        if part is None:
            continue
        _check_text(draft, (*path, "text"), part.text)
        found.append(Notify(part.by, part.text, part.on.enters, part.on.rises_to))
    return tuple(found)


def _check_text(draft: Draft, path: Path, text: str) -> None:
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        draft.fault(path, "a brace is open or closed without its partner", "write {name}", at_value=True)
        return
    for name in names:
        if name not in PLACEHOLDERS:
            hint = did_you_mean_or_list(name, PLACEHOLDERS)
            draft.fault(path, f"`{{{name}}}` stands for nothing", hint, at_value=True)
