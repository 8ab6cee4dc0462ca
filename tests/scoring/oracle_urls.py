"""Takes an address apart into host, path and query, letter by letter, as the oracle reads it."""

import re
from urllib.parse import unquote, unquote_plus

from tests.scoring.oracle_values import fold


def host(text: str) -> str | None:
    """The folded host without user and port; None where the text has none."""
    authority = _split(text)[0]
    if authority is None:
        return None
    return fold(authority).rpartition("@")[2].partition(":")[0]


def path(text: str) -> str:
    """The path, percent-decoded once; an absent one is `/`."""
    return unquote(_split(text)[1]) or "/"


def query(text: str) -> list[tuple[str, str]]:
    """The folded names and values of the query, repeated ones each."""
    pairs = [pair.partition("=") for pair in _split(text)[2].split("&") if pair]
    return [(fold(unquote_plus(name)), fold(unquote_plus(value))) for name, _, value in pairs]


def glob(pattern: str, whole: str) -> bool:
    """Whether the pattern covers the whole text; only `*` is special, and it crosses `/`."""
    if not pattern:
        return not whole
    if pattern[0] == "*":
        return any(glob(pattern[1:], whole[start:]) for start in range(len(whole) + 1))
    return bool(whole) and pattern[0] == whole[0] and glob(pattern[1:], whole[1:])


def _split(text: str) -> tuple[str | None, str, str]:
    rest = text.strip().partition("#")[0]
    rest, _, parameters = rest.partition("?")
    found = re.match(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//([^/]*)", rest)
    if not found:
        return None, rest, parameters
    return found[1], rest[found.end() :], parameters
