"""Reads a scoring model: a YAML file becomes a checked model, or a list of everything that is wrong with it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from config.condition_words import lead_scope, read_condition
from config.documents import (
    Document,
    Entries,
    Items,
    Tree,
    Word,
    children,
    find,
    parse_document,
    plain_document,
    read_document,
)
from config.draft import RESERVED, Draft, start_draft
from config.golden_leads import read_golden
from config.model_document import FieldPart, GroupPart, ModelPart, ScorePart, StepsPart
from config.problems import ConfigError, Path, Problem, did_you_mean_or_list
from config.rule_words import read_limit, read_rule
from config.shape_faults import check_shape
from config.stage_words import read_feedback, read_lifecycle, read_notices, valid
from scoring.conditions import FIELD_TYPES
from scoring.model import Field, Grade, GradePart, Group, Ladder, ScoreSpec, ScoringModel
from scoring.rules import Rule


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model with the document that it was read from, so that later findings can name a line."""

    model: ScoringModel
    document: Document

    @property
    def text(self) -> str:
        """The file as it was written, to be kept beside what it scored."""
        return self.document.text


def read_model(path: FilePath | str) -> ScoringModel:
    """The model in a YAML file. Raises ConfigError with every fault in the order of the file; repair them all."""
    return open_model(path).model


def open_model(path: FilePath | str) -> LoadedModel:
    """As `read_model`, with the places of everything in the file."""
    document = read_document(FilePath(path))
    return LoadedModel(build_model(document), document)


def parse_model(text: str, name: str = "model") -> ScoringModel:
    """The model in a YAML text, as one was kept when it was in force. Raises ConfigError as `read_model` does."""
    return build_model(parse_document(text, name))


def load_model(document: Mapping[str, Any], name: str = "model") -> ScoringModel:
    """The model in plain data, as a YAML or JSON library loads it. Raises ConfigError; its problems have paths instead
    of lines. `name` stands for the file in messages."""
    return build_model(plain_document(document, name))


def read_models(paths: Iterable[FilePath | str]) -> tuple[ScoringModel, ...]:
    """The models of `open_models` alone."""
    return tuple(loaded.model for loaded in open_models(paths))


def open_models(paths: Iterable[FilePath | str]) -> tuple[LoadedModel, ...]:
    """Several models in the order in which they are asked. Raises ConfigError with the faults of all files, and where
    two models have one name, where one field means two things, or where there is no model."""
    opened: list[LoadedModel] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            opened.append(open_model(path))
        except ConfigError as error:
            problems += error.problems
    if not opened and not problems:
        problems = [Problem("models", "no model is named", "`leadscore model init` writes one to start from")]
    problems += clashes(opened)
    if problems:
        raise ConfigError(problems)
    return tuple(opened)


def clashes(opened: Iterable[LoadedModel]) -> list[Problem]:
    """What keeps models from standing beside each other: one name twice, or one field that means two things."""
    problems: list[Problem] = []
    named: dict[str, str] = {}
    fields: dict[str, tuple[Field, str]] = {}
    for loaded in opened:
        model, document = loaded.model, loaded.document
        if model.name in named:
            said = f"the name `{model.name}` belongs to {named[model.name]} already"
            problems.append(document.problem(("name",), said, "give this model another name", at_value=True))
        named.setdefault(model.name, document.file)
        for word, field in model.fields.items():
            first, where = fields.setdefault(word, (field, document.file))
            if field != first:
                said = f"`{word}` is not what it is in {where}; one field has one type and the same places everywhere"
                problems.append(document.problem(("fields", word), said, "copy that line, or rename one"))
    return problems


def build_model(document: Document) -> ScoringModel:
    """The model in a document. Raises ConfigError with every fault in the order of the file."""
    draft = start_draft(document, FIELD_TYPES)
    if not isinstance(document.root, Entries):
        draft.fault((), "a model is a mapping", "it begins with `name:`")
        raise ConfigError(draft.problems)
    check_shape(draft, ModelPart)
    _check_names(draft)
    applies_to = read_condition(draft, ("for",), lead_scope(draft)) if "for" in document.root.entries else None
    scores = [_score(draft, ("scores", name)) for name in draft.scores]
    bands = _ladder(draft, ("bands",), draft.bands) if draft.bands else None
    grade = _grade(draft)
    lifecycle = read_lifecycle(draft)
    feedback = read_feedback(draft, lifecycle)
    notices = read_notices(draft)
    golden = read_golden(draft)
    if draft.problems:
        raise ConfigError(_in_file_order(draft.problems))
    return ScoringModel(
        name=_word(document.root, "name").strip(),
        fields={name: _field(draft, name) for name in draft.fields},
        scores=tuple(score for score in scores if score),
        description=_word(document.root, "description"),
        applies_to=applies_to,
        bands=bands,
        grade=grade,
        lifecycle=lifecycle,
        feedback=feedback,
        notify=notices,
        golden=golden,
    )


def _in_file_order(problems: Iterable[Problem]) -> list[Problem]:
    once = {(problem.line, problem.column, problem.path, problem.message): problem for problem in problems}
    return sorted(once.values(), key=lambda problem: (problem.line, problem.column))


def _word(tree: Tree, key: str) -> str:
    found = find(tree, key)
    return found.text if isinstance(found, Word) and found.value is not None else ""


def _field(draft: Draft, name: str) -> Field:
    part = valid(draft, ("fields", name), FieldPart)
    if part is None:  # the shape was checked before
        raise ConfigError(draft.problems)
    places = {"hubspot": part.hubspot, "salesforce": part.salesforce}
    return Field(part.type, {crm: found for crm, found in places.items() if found})


def _check_names(draft: Draft) -> None:
    for kind, names in (("field", tuple(draft.fields)), ("score", draft.scores)):
        for name in names:
            path = (f"{kind}s", name)
            if name in RESERVED or (kind == "score" and name == "stage"):
                draft.fault(path, f"a {kind} cannot be called `{name}`; the word means something else", "rename it")
            elif not name.strip():
                draft.fault(path, f"a {kind} needs a name")
            elif kind == "score" and name in draft.fields:
                draft.fault(path, f"`{name}` is a field and a score", "rename one of them")


def _twice(draft: Draft, path: Path, what: str) -> None:
    """Notes names that stand twice in a list of mappings."""
    tree = draft.node(path)
    seen: Counter[str] = Counter()
    for index, item in children(tree):
        name = _word(item, "name").strip()
        seen[name] += 1
        if name and seen[name] == 2:
            draft.fault((*path, index, "name"), f"there are two {what} called `{name}`", "rename one", at_value=True)


def _score(draft: Draft, path: Path) -> ScoreSpec | None:
    tree = draft.node(path)
    _twice(draft, (*path, "groups"), "groups")
    groups = [_group(draft, (*path, "groups", index)) for index in range(_length(find(tree, "groups")))]
    part = valid(draft, path, ScorePart)
    if part is None:
        return None
    limit = read_limit(part.limit)
    return ScoreSpec(str(path[-1]), tuple(group for group in groups if group), limit, part.in_total)


def _group(draft: Draft, path: Path) -> Group | None:
    tree = draft.node(path)
    _twice(draft, (*path, "rules"), "rules")
    rules: list[Rule | None] = [
        read_rule(draft, (*path, "rules", index)) for index in range(_length(find(tree, "rules")))
    ]
    part = valid(draft, path, GroupPart)
    if part is None:
        return None
    return Group(part.name, tuple(rule for rule in rules if rule), read_limit(part.limit))


def _length(tree: Tree | None) -> int:
    return len(tree.items) if isinstance(tree, Items) else 0


def _ladder(draft: Draft, path: Path, names: Iterable[str]) -> Ladder | None:
    """Names by their lower edges. One has null, and no two have the same edge."""
    if draft.broken(path):
        return None
    edges: list[tuple[str, int | None]] = []
    for name in names:
        found = draft.node((*path, name))
        value = found.value if isinstance(found, Word) else None
        edge = value if isinstance(value, int) else None
        twin = next((other for other, taken in edges if taken == edge), None)
        if twin is not None:
            said = "begin at null" if edge is None else f"begin at {edge}"
            draft.fault((*path, name), f"`{twin}` and `{name}` both {said}", "each needs an edge of its own")
        edges.append((name, edge))
    if all(edge is not None for _, edge in edges):
        draft.fault(path, "the lowest one needs the edge null, so that it takes all below", "write e.g. cold: null")
    return Ladder(tuple(sorted(edges, key=lambda pair: (pair[1] is not None, pair[1] or 0))))


def _grade(draft: Draft) -> Grade | None:
    if draft.node(("grade",)) is None:
        return None
    letter, digit = _grade_part(draft, ("grade", "letter")), _grade_part(draft, ("grade", "digit"))
    return Grade(letter, digit) if letter else None


def _grade_part(draft: Draft, path: Path) -> GradePart | None:
    said = find(draft.node(path), "of")
    if isinstance(said, Word) and said.value is not None and said.text not in draft.scores:
        hint = did_you_mean_or_list(said.text, draft.scores)
        draft.fault((*path, "of"), f"there is no score `{said.text}`", hint, at_value=True)
    part = valid(draft, path, StepsPart)
    if part is None:
        return None
    tree = draft.node(path)
    names = [key for key in tree.entries if key != "of"] if isinstance(tree, Entries) else []
    if not names:
        draft.fault(path, f"`{path[-1]}` has no steps", "write e.g. {of: fit, A: 35, B: 15, C: null}")
        return None
    ladder = _ladder(draft, path, names)
    return GradePart(part.of, ladder) if ladder else None
