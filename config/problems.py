"""What is wrong with something a human wrote: where it is, what it is, and what to do about it."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""The keys and list positions (from 0) that lead to a place in a document."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault, with the place to repair. Line and column count from 1; 0 where there is no text to point into.

    `file` is what the reader knows the document as: a file name, or the name of a setting.
    """

    file: str
    message: str
    hint: str = ""
    line: int = 0
    column: int = 0
    path: Path = ()

    def __str__(self) -> str:
        if self.line:
            place = f"{self.file}:{self.line}:{self.column}"
        else:
            place = f"{self.file}: {dotted(self.path)}" if self.path else self.file
        return f"{place}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class ConfigError(Exception):
    """Something a human wrote cannot be used. `problems` names every fault; show them all and stop (exit 64)."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def dotted(path: Path) -> str:
    """A path as people write it, list items counted from 1: `scores.fit.groups[2].rules[1].when`."""
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean X?` for the nearest known word, else an empty string; capitals are no difference."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    near = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return f"did you mean {by_folded[near[0]]}?" if near else ""


def did_you_mean_or_list(word: str, known: Iterable[str]) -> str:
    """The nearest known word, else all of them where they are few enough to read."""
    words = list(known)
    return did_you_mean(word, words) or (f"known: {', '.join(words)}" if 0 < len(words) <= 16 else "")
