"""A model file while it is being read: its tree, the names that it declares, and the faults found so far."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from config.documents import Document, Entries, Tree, Word, children, find
from config.problems import Path, Problem

WORDS_OF_CONDITIONS = ("all", "any", "not", "list", "submitted")
RESERVED = ("total", "band", "grade", *WORDS_OF_CONDITIONS)
"""Names that no field and no score may have, because conditions use them for something else."""


@dataclass(slots=True)
class Draft:
    """What every part of the reader shares. Names are gathered before anything is checked, so that a fault in one
    place does not make correct words look wrong in another; `fields` holds None for a type that is not known."""

    document: Document
    problems: list[Problem] = field(default_factory=list)
    fields: dict[str, str | None] = field(default_factory=dict)
    scores: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()

    def fault(self, path: Path, message: str, hint: str = "", *, at_value: bool = False) -> None:
        """Notes a fault at a key, or with `at_value` at its value."""
        self.problems.append(self.document.problem(path, message, hint, at_value=at_value))

    def node(self, path: Path) -> Tree | None:
        """The part of the file to which a path leads."""
        return find(self.document.root, *path)

    def broken(self, path: Path, but: Iterable[str] = ()) -> bool:
        """Whether a fault lies at this path or below it, other than below the named keys."""
        end = len(path)
        skip = set(but)
        return any(
            problem.path[:end] == path and not (len(problem.path) > end and problem.path[end] in skip)
            for problem in self.problems
        )


def start_draft(document: Document, field_types: Iterable[str]) -> Draft:
    """A draft that knows the names which a file declares, whatever else is wrong with it."""
    root, known = document.root, set(field_types)
    draft = Draft(document, list(document.problems))
    for name, spec in children(find(root, "fields")):
        said = find(spec, "type")
        draft.fields[str(name)] = said.text if isinstance(said, Word) and said.text in known else None
    draft.scores = _keys(find(root, "scores"))
    draft.bands = _keys(find(root, "bands"))
    draft.stages = _keys(find(root, "lifecycle", "stages"))
    letters = [key for key in _keys(find(root, "grade", "letter")) if key != "of"]
    digits = [key for key in _keys(find(root, "grade", "digit")) if key != "of"]
    draft.grades = tuple(letter + digit for letter in letters for digit in digits or [""])
    return draft


def _keys(tree: Tree | None) -> tuple[str, ...]:
    return tuple(tree.entries) if isinstance(tree, Entries) else ()
