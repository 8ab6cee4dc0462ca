"""A YAML file as a tree in which every key and value knows its line and column."""

import datetime
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from config.problems import ConfigError, Path, Problem

MAX_BYTES = 1024 * 1024
MAX_NODES = 200_000
MAX_DEPTH = 60

Scalar = None | bool | int | Decimal | str


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the text; line and column count from 1, (0, 0) is no text at all."""

    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Word:
    """A single value: what YAML 1.2 reads in it, and its text as written (`007` is the number 7 and the text 007)."""

    value: Scalar
    text: str
    mark: Mark = field(default=Mark(), compare=False)


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple["Tree", ...]
    mark: Mark = field(default=Mark(), compare=False)


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping. Keys are texts as written, so that `2..5`, `1` and `6.` stay what they look like."""

    entries: Mapping[str, "Tree"]
    keys: Mapping[str, Mark] = field(default_factory=dict, compare=False)
    mark: Mark = field(default=Mark(), compare=False)


Tree = Word | Items | Entries


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed text: its tree, its name in messages, and the faults that did not stop it from being read."""

    file: str
    root: Tree
    problems: tuple[Problem, ...] = ()
    text: str = ""

    def problem(self, path: Path, message: str, hint: str = "", *, at_value: bool = False) -> Problem:
        """A fault at the key (or with `at_value` the value) to which the path leads, or at the nearest place above."""
        mark = mark_of(self.root, path, at_value)
        return Problem(self.file, message, hint, mark.line, mark.column, path)


def mark_of(root: Tree, path: Path, at_value: bool = False) -> Mark:
    """Where a path leads: a key's own place, a list item's first character; as far as the path can be followed."""
    mark, node = root.mark, root
    for part in path:
        if isinstance(node, Entries) and str(part) in node.entries:
            mark = node.keys.get(str(part), node.mark)
            node = node.entries[str(part)]
        elif isinstance(node, Items) and isinstance(part, int) and 0 <= part < len(node.items):
            node = node.items[part]
            mark = node.mark
        else:
            break
    return node.mark if at_value else mark


def read_document(path: FilePath) -> Document:
    """The tree of a YAML file. Raises ConfigError with one clear sentence where the file is missing, too large, not
    UTF-8 or not YAML; repeated keys are collected in `Document.problems`."""
    name = str(path)
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        said = "is a directory; name a file" if path.is_dir() else f"cannot be read: {error.strerror}"
        raise ConfigError([Problem(name, said)]) from error
    if size > MAX_BYTES:
        raise ConfigError([Problem(name, f"is {size:,} bytes long; a file of this kind has at most {MAX_BYTES:,}")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        said = f"this is not UTF-8 text (byte 0x{raw[error.start]:02X})"
        raise ConfigError([Problem(name, said, "save the file with the encoding UTF-8", line, column)]) from error
    return parse_document(text, name)


def parse_document(text: str, file: str) -> Document:
    """The tree of a YAML 1.2 text. Raises ConfigError as `read_document` does."""
    reader = YAML(typ="safe", pure=True)
    reader.composer.warn_double_anchors = False  # an anchor may be named again; YAML allows it
    try:
        root = reader.compose(text)
    except ReaderError as error:
        before = text[: error.position]
        place = (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        said = f"a control character (0x{ord(text[error.position]):02X}) stands here"
        raise ConfigError([Problem(file, said, "remove it", *place)]) from error
    except MarkedYAMLError as error:
        raise ConfigError([_broken(error, file)]) from error
    except (YAMLError, RecursionError, ValueError) as error:
        said = "this is nested too deeply" if isinstance(error, RecursionError) else "this is not YAML"
        raise ConfigError([Problem(file, said)]) from error
    if root is None:
        raise ConfigError([Problem(file, "the file is empty", "`leadscore model init` writes one to start from")])
    builder = _Builder(file)
    tree = builder.tree(root, 0)
    return Document(file, tree, tuple(builder.problems), text)


def _broken(error: MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    what = " ".join(part for part in (error.context, error.problem) if part) or "it cannot be read"
    if "'\\t'" in what:
        what = "a tab stands where YAML wants spaces"
    elif "another document" in what:
        what = "a second document begins (---); put one document in a file"
    place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return Problem(file, f"this is not YAML: {what}", "", *place)


class _Builder:
    """Turns ruamel's nodes into our tree; aliases are copied, and capped, as they are met."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.count = 0

    def tree(self, node: Node, depth: int) -> Tree:
        self.count += 1
        mark = Mark(node.start_mark.line + 1, node.start_mark.column + 1)
        if self.count > MAX_NODES:
            raise ConfigError([self._problem(mark, f"the file unfolds to more than {MAX_NODES:,} values")])
        if depth > MAX_DEPTH:
            raise ConfigError([self._problem(mark, f"this is nested more than {MAX_DEPTH} levels deep")])
        if isinstance(node, MappingNode):
            return self._entries(node, mark, depth)
        if isinstance(node, SequenceNode):
            return Items(tuple(self.tree(item, depth + 1) for item in node.value), mark)
        if isinstance(node, ScalarNode):
            return self._word(node, mark)
        raise ConfigError([self._problem(mark, "this cannot stand in a file of this kind")])

    def _entries(self, node: MappingNode, mark: Mark, depth: int) -> Entries:
        entries: dict[str, Tree] = {}
        keys: dict[str, Mark] = {}
        for key, value in node.value:
            place = Mark(key.start_mark.line + 1, key.start_mark.column + 1)
            if not isinstance(key, ScalarNode):
                self.problems.append(self._problem(place, "a key must be a single word, not a list or mapping"))
            elif key.value == "<<":
                self.problems.append(self._problem(place, "`<<` is not part of YAML 1.2; write the keys out"))
            elif key.value in entries:
                first = keys[key.value].line
                self.problems.append(self._problem(place, f"`{key.value}` stands here twice (first in line {first})"))
            else:
                entries[key.value] = self.tree(value, depth + 1)
                keys[key.value] = place
        return Entries(entries, keys, mark)

    def _word(self, node: ScalarNode, mark: Mark) -> Word:
        tag = str(node.tag).removeprefix("tag:yaml.org,2002:")
        text: str = node.value
        if tag.startswith("!"):
            self.problems.append(self._problem(mark, f"tags like `{tag}` mean nothing here; leave it out"))
        try:
            return Word(_scalar(tag, text), text, mark)
        except (ValueError, ArithmeticError):
            self.problems.append(self._problem(mark, f"`{text}` is no finite number"))
            return Word(text, text, mark)

    def _problem(self, mark: Mark, message: str) -> Problem:
        return Problem(self.file, message, "", mark.line, mark.column)


def _scalar(tag: str, text: str) -> Scalar:
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() == "true"
    if tag == "int":
        return int(text, 0) if text.lstrip("+-").lower().startswith(("0x", "0o", "0b")) else int(text)
    if tag == "float":
        number = Decimal(text.replace("_", ""))
        if not number.is_finite() or abs(number.adjusted()) > 30:
            raise ValueError(text)
        return number
    return text


def plain_document(data: Mapping[str, Any], name: str) -> Document:
    """A document from plain Python data, as a YAML or JSON library loads it; its places have no lines.

    Raises ConfigError for data of other kinds than mappings, lists, texts, numbers, flags, dates and None.
    """
    return Document(name, _plain_tree(data, name, ()))


def _plain_tree(data: object, name: str, path: Path) -> Tree:
    if len(path) > MAX_DEPTH:
        raise ConfigError([Problem(name, f"this is nested more than {MAX_DEPTH} levels deep", path=path[:6])])
    if isinstance(data, Mapping):
        pairs = {_plain_word(key, name, path).text: value for key, value in data.items()}
        return Entries({key: _plain_tree(value, name, (*path, key)) for key, value in pairs.items()})
    if isinstance(data, list | tuple):
        return Items(tuple(_plain_tree(item, name, (*path, i)) for i, item in enumerate(data)))
    return _plain_word(data, name, path)


def _plain_word(value: object, name: str, path: Path) -> Word:
    if isinstance(value, bool):
        return Word(value, "true" if value else "false")
    if isinstance(value, float) and math.isfinite(value):
        return Word(Decimal(repr(value)), repr(value))
    if value is None or isinstance(value, int | str | Decimal):
        return Word(value, "null" if value is None else str(value))
    if isinstance(value, datetime.date):
        return Word(value.isoformat(), value.isoformat())
    raise ConfigError([Problem(name, f"a value of the kind {type(value).__name__} cannot stand here", path=path)])


def untangle(tree: Tree) -> Any:
    """The tree as plain dicts, lists and values."""
    if isinstance(tree, Entries):
        return {key: untangle(value) for key, value in tree.entries.items()}
    if isinstance(tree, Items):
        return [untangle(item) for item in tree.items]
    return tree.value


def children(tree: Tree | None) -> Iterator[tuple[str | int, Tree]]:
    """The direct parts of a mapping or list, with their keys or positions; nothing for a single value."""
    if isinstance(tree, Entries):
        yield from tree.entries.items()
    elif isinstance(tree, Items):
        yield from enumerate(tree.items)


def find(tree: Tree | None, *path: str | int) -> Tree | None:
    """The part to which a path leads; None if it leads nowhere."""
    for part in path:
        if isinstance(tree, Entries):
            tree = tree.entries.get(str(part))
        elif isinstance(tree, Items) and isinstance(part, int) and 0 <= part < len(tree.items):
            tree = tree.items[part]
        else:
            return None
    return tree
