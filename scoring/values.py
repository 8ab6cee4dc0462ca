"""Raw CRM text read as the types of a model: numbers and ranges, dates, countries, addresses, flags."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tables:
    """Frozen look-ups that come from outside: mail domains (lower case) and country names.

    `countries` maps a folded name or code (`fold`) to the ISO alpha-2 code in capitals.
    """

    free_domains: frozenset[str]
    disposable_domains: frozenset[str]
    countries: Mapping[str, str]


def fold(text: str) -> str:
    """Text as it is compared: NFKC, case-folded, without space at its ends."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()
