"""Mail domains and countries as they are handed to scoring."""

import pickle

import pytest

from config.tables import load_tables
from scoring.values import fold

TABLES = load_tables()


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("US", "US"),
        ("usa", "US"),
        ("United States", "US"),
        ("united states of america", "US"),
        ("UK", "GB"),
        ("GBR", "GB"),
        ("United Kingdom", "GB"),
        ("Bolivia, Plurinational State of", "BO"),
        ("Bolivia", "BO"),
        ("South Korea", "KR"),
        ("Czech Republic", "CZ"),
        ("Czechia", "CZ"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("Russia", "RU"),
        ("Côte d'Ivoire", "CI"),
        ("Viet Nam", "VN"),
        ("Vietnam", "VN"),
        ("NO", "NO"),
    ],
)
def test_countries_are_known_by_codes_and_names(written: str, code: str) -> None:
    assert TABLES.countries[fold(written)] == code


def test_every_country_is_known_by_its_own_code_and_no_alias_takes_one_over() -> None:
    two_letters = {name: code for name, code in TABLES.countries.items() if len(name) == 2 and name.isascii()}
    assert len(two_letters) == 250
    assert {name for name, code in two_letters.items() if name.upper() != code} == {"uk"}


def test_domains_are_free_or_throw_away() -> None:
    assert {"gmail.com", "outlook.com", "web.de"} <= TABLES.free_domains
    assert "mailinator.com" in TABLES.disposable_domains
    assert not {"example.com", "hubspot.com"} & (TABLES.free_domains | TABLES.disposable_domains)


def test_an_installation_may_change_the_lists() -> None:
    tables = load_tables(["Post.example"], ["@burner.example "], ["web.de"])
    assert "post.example" in tables.free_domains
    assert "burner.example" in tables.disposable_domains
    assert "web.de" not in tables.free_domains
    assert "web.de" in TABLES.free_domains


def test_tables_cross_processes() -> None:
    assert pickle.loads(pickle.dumps(TABLES)) == TABLES  # noqa: S301  # our own bytes
