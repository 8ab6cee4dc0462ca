"""The parts of a web address that a rule can ask for: path, host and query."""

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from scoring.values import fold

_ORIGIN = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.\-]*:)?//([^/?#]*)")


class Address(NamedTuple):
    """`path` percent-decoded once (`/` if absent), `host` in lower case without port ("" if absent), `query` as is."""

    path: str
    host: str
    query: str


def split_url(text: str) -> Address:
    """Any text as an address; without scheme and host the text up to `?` or `#` is the path."""
    text = text.strip()
    origin = _ORIGIN.match(text)
    rest = text[origin.end() :] if origin else text
    before, _, _fragment = rest.partition("#")
    path, _, query = before.partition("?")
    return Address(unquote(path) or "/", _host(origin[1]) if origin else "", query)


def _host(authority: str) -> str:
    host = authority.rpartition("@")[2].casefold()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def query_values(query: str) -> dict[str, set[str]]:
    """The folded values of each folded name."""
    found: dict[str, set[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found.setdefault(fold(name), set()).add(fold(value))
    return found


def glob(pattern: str) -> Callable[[str], bool]:
    """Whether a whole path matches; only `*` is special, and it crosses `/`. Linear in the path."""
    first, *others = pattern.split("*")
    if not others:
        return lambda path: path == first
    *middle, last = others

    def matches(path: str) -> bool:
        if not path.startswith(first) or not path.endswith(last) or len(path) < len(first) + len(last):
            return False
        at, end = len(first), len(path) - len(last)
        for piece in middle:
            found = path.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True

    return matches
