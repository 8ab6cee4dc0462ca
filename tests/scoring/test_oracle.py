"""The oracle itself, where a slip of its own could agree with the engine's: readings, folding, addresses, instants."""

from fractions import Fraction

import pytest

from scoring.facts import Facts, activity
from tests.scoring import oracle_urls
from tests.scoring.oracle import target
from tests.scoring.oracle_changes import next_change_at
from tests.scoring.oracle_rules import half_away_from_zero, limited
from tests.scoring.oracle_values import DAY, UNKNOWN, UNREADABLE, duration, fold, read, words
from tests.scoring.strategies import model_of_one
from tests.scoring.tables import TABLES
from tests.scoring.words_for_tests import NOW


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("number", "12 000", UNREADABLE),
        ("number", " -3.50 ", (Fraction(-7, 2), Fraction(-7, 2))),
        ("number", "100 - 500", (100, 500)),
        ("number", "500+", (500, None)),
        ("number", "500-100", UNREADABLE),
        ("number", "-5-3", UNREADABLE),
        ("number", "１２", UNREADABLE),
        ("number", ".5", UNREADABLE),
        ("flag", "", False),
        ("flag", " Yes ", True),
        ("flag", "maybe", UNREADABLE),
        ("country", "united KINGDOM ", "GB"),
        ("country", "Atlantis", UNREADABLE),
        ("email", "a@b", "a@b"),
        ("email", "a@", UNREADABLE),
        ("email", "a b@c", UNREADABLE),
        ("set", " a ; ;B", frozenset({"a", "b"})),
        ("set", " ; ", UNKNOWN),
        ("text", "  ", UNKNOWN),
        ("url", "::", "::"),
        ("datetime", "2026-06-01T14:00:00.1239+02:00", NOW + 123),
        ("datetime", "2026-06-01 12:00", NOW),
        ("datetime", "1780315200000", NOW),
        ("datetime", "-1", -1),
        ("date", "-1", -DAY),
        ("date", "2026-06-01T23:30:00-01:00", NOW + DAY // 2),
        ("date", "2026-02-30", UNREADABLE),
    ],
)
def test_a_text_is_read_as_its_type(kind: str, text: str, value: object) -> None:
    assert read(kind, text, TABLES) == value


def test_text_is_compared_without_width_case_and_ends() -> None:
    assert fold(" ＣＥＯ") == fold("ceo\n") == "ceo"
    assert fold("Straße") == fold("STRASSE")


def test_words_are_runs_of_letters_digits_and_marks() -> None:
    assert words("Vice-President (EMEA), हिन्दी 2nd_try") == ["vice", "president", "emea", "हिन्दी", "2nd", "try"]


def test_durations_are_milliseconds() -> None:
    assert [duration(text) for text in ("1 minute", "2 hours", "3 days", "1 week")] == [
        60_000,
        7_200_000,
        3 * DAY,
        7 * DAY,
    ]


def test_an_address_falls_into_host_path_and_query() -> None:
    text = "https://me@X.example:8080/a%2520b?q=A+b&q=%43#top?q=d"
    assert oracle_urls.host(text) == "x.example"
    assert oracle_urls.path(text) == "/a%20b"
    assert oracle_urls.query(text) == [("q", "a b"), ("q", "c")]
    assert oracle_urls.path("https://x.example?a=/b") == "/"
    assert (oracle_urls.host("/a/b"), oracle_urls.path("a/b?c")) == (None, "a/b")


def test_only_a_star_is_special_in_a_glob() -> None:
    assert oracle_urls.glob("/a*", "/a/b/c")
    assert oracle_urls.glob("/a*c", "/a/b/c")
    assert not oracle_urls.glob("/a", "/a/")
    assert not oracle_urls.glob("/a?c", "/abc")
    assert oracle_urls.glob("/a.c[1]", "/a.c[1]")


def test_halves_go_away_from_zero_and_limits_cut_before() -> None:
    assert [half_away_from_zero(Fraction(half, 2)) for half in (-5, -3, -1, 0, 1, 3)] == [-3, -2, -1, 0, 1, 2]
    assert limited(Fraction(7, 2), {"min": -1, "max": 3}) == 3
    assert limited(Fraction(-7, 2), {"min": -1}) == -1


def test_the_middle_of_a_band_is_rounded_down() -> None:
    enter = [{"stage": stage, "when": {"total": {"at_least": edge}}} for stage, edge in (("sql", 6), ("mql", -3))]
    document = {"lifecycle": {"enter": enter}}
    assert (target(document, "mql"), target(document, 7)) == (1, 7)


def test_a_crossing_is_the_first_of_its_milliseconds() -> None:
    document = model_of_one({"on": "page_view", "points": 1, "decay": {"half_life": "1 week"}})
    person = Facts(activities=(activity("page_view", NOW),))
    # A week later exactly one half is left, which is still 1 point; 0.4999995 is rounded to 0.5 as well, by the
    # first six decimals, so the change comes when less than that is left: 7 days * log2(1 / 0.4999995), rounded up.
    assert next_change_at([document], TABLES, person, NOW) == NOW + 7 * DAY + 873
