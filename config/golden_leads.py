"""Reads the golden leads of a model file: leads with the answers that the model must give."""

from config.condition_words import where_scope
from config.documents import Entries, Items, Tree, Word, children, find
from config.draft import Draft
from config.model_document import GoldenPart
from config.notations import duration
from config.problems import Path, did_you_mean, did_you_mean_or_list
from config.stage_words import valid
from scoring.model import Golden, GoldenActivity
from scoring.rules import ACTIVITY_DETAILS

RESULTS = ("total", "band", "grade", "stage")


def read_golden(draft: Draft) -> tuple[Golden, ...]:
    """The golden leads; those with a fault are left out, and the draft says which."""
    tree = draft.node(("golden",))
    count = len(tree.items) if isinstance(tree, Items) else 0
    found = [_golden(draft, ("golden", index)) for index in range(count)]
    return tuple(golden for golden in found if golden)


def _golden(draft: Draft, path: Path) -> Golden | None:
    tree = draft.node(path)
    lead = _lead(draft, (*path, "lead"))
    listed = find(tree, "activities")
    count = len(listed.items) if isinstance(listed, Items) else 0
    activities = [_activity(draft, (*path, "activities", index)) for index in range(count)]
    expect = _expect(draft, (*path, "expect"))
    part = valid(draft, path, GoldenPart)
    if part is None:
        return None
    return Golden(lead, tuple(found for found in activities if found), expect, part.created, tuple(part.lists))


def _lead(draft: Draft, path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in children(draft.node(path)):
        if name not in draft.fields:
            hint = did_you_mean(str(name), draft.fields) or "declare it under `fields`"
            draft.fault((*path, name), f"there is no field `{name}`", hint)
        elif isinstance(value, Word):
            found[str(name)] = "" if value.value is None else value.text
        elif isinstance(value, Items) and all(isinstance(item, Word) for item in value.items):
            found[str(name)] = ";".join(item.text for item in value.items if isinstance(item, Word))
        else:
            draft.fault((*path, name), f"`{name}` takes one value", at_value=True)
    return found


def _activity(draft: Draft, path: Path) -> GoldenActivity | None:
    tree = draft.node(path)
    if not isinstance(tree, Entries):
        return None
    names = [key for key in tree.entries if key != "age"]
    if len(names) != 1:
        draft.fault(path, "an activity has one type and an age", "write {page_view: {url: ...}, age: 3 days}")
        return None
    kind = names[0]
    if kind not in ACTIVITY_DETAILS and not (kind.startswith("custom:") and kind != "custom:"):
        hint = did_you_mean(kind, ACTIVITY_DETAILS) or "an activity of your own is called custom:NAME"
        draft.fault((*path, kind), f"there is no activity type `{kind}`", hint)
        return None
    details = _details(draft, (*path, kind), kind, tree.entries[kind])
    age = tree.entries.get("age")
    if age is None:
        draft.fault(path, "`age` is missing", "say how long ago it was: age: 3 days")
        return None
    try:
        return GoldenActivity(kind, details, duration(age.value if isinstance(age, Word) else None))
    except ValueError as error:
        draft.fault((*path, "age"), str(error), at_value=True)
        return None


def _details(draft: Draft, path: Path, kind: str, tree: Tree) -> dict[str, str]:
    if isinstance(tree, Word) and tree.value is not None:
        draft.fault(path, f"the details of `{kind}` are a mapping", "write {form: Request a demo}", at_value=True)
    scope = where_scope((kind,))
    found: dict[str, str] = {}
    for name, value in children(tree):
        if not scope.knows(str(name)) and name != "form_id":
            hint = did_you_mean_or_list(str(name), scope.names)
            draft.fault((*path, name), f"`{kind}` has no detail `{name}`", hint)
        elif isinstance(value, Word):
            found[str(name)] = "" if value.value is None else value.text
        else:
            draft.fault((*path, name), f"`{name}` takes one value", at_value=True)
    return found


def _expect(draft: Draft, path: Path) -> dict[str, int | str | None]:
    found: dict[str, int | str | None] = {}
    for name, value in children(draft.node(path)):
        place = (*path, name)
        if name not in RESULTS and name not in draft.scores:
            draft.fault(
                place, f"there is no score `{name}`", did_you_mean_or_list(str(name), (*draft.scores, *RESULTS))
            )
        elif not isinstance(value, Word):
            draft.fault(place, f"`{name}` takes one value", at_value=True)
        elif value.value is None:
            found[str(name)] = None
        elif name in ("band", "grade", "stage") and name not in draft.scores:
            found[str(name)] = _known(draft, place, str(name), value.text)
        elif isinstance(value.value, int) and not isinstance(value.value, bool):
            found[str(name)] = value.value
        else:
            draft.fault(place, f"`{name}` is a whole number", at_value=True)
    return found


def _known(draft: Draft, path: Path, name: str, said: str) -> str:
    known = {"band": draft.bands, "grade": draft.grades, "stage": draft.stages}[name]
    if said not in known:
        draft.fault(path, f"there is no {name} `{said}`", did_you_mean_or_list(said, known), at_value=True)
    return said
