"""Durations, percentages, ranges and numbers as people write them."""

from decimal import Decimal

import pytest

from config import notations

DAY = 86_400_000


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1 day", DAY),
        ("14 days", 14 * DAY),
        ("14 day", 14 * DAY),
        ("90 minutes", 90 * 60_000),
        ("1 hour", 3_600_000),
        ("2 weeks", 14 * DAY),
        ("3days", 3 * DAY),
        ("0 days", 0),
        ("5 Days", 5 * DAY),
    ],
)
def test_durations_are_read(text: str, ms: int) -> None:
    assert notations.duration(text) == ms


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("3 dayz", "did you mean days"),
        ("3 months", "use minutes, hours, days or weeks"),
        (3, "write 3 days"),
        ("soon", "write e.g. 14 days"),
        (None, "an empty value is no duration"),
        ("-3 days", "no duration"),
        ("1.5 days", "no duration"),
        (True, "`true` is no duration"),
    ],
)
def test_other_durations_are_refused_with_advice(said: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        notations.duration(said)


def test_a_duration_is_told_in_its_largest_whole_unit() -> None:
    assert [notations.duration_text(ms) for ms in (DAY, 14 * DAY, 90 * 60_000, 3_600_000, 7)] == [
        "1 day",
        "2 weeks",
        "90 minutes",
        "1 hour",
        "7 ms",
    ]


def test_percentages_are_whole_and_in_reach() -> None:
    assert notations.percent("10%") == 10
    assert notations.percent(" 100 % ") == 100
    for said in (10, "10", "0%", "101%", "5.5%", None):
        with pytest.raises(ValueError, match=r"%"):
            notations.percent(said)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("2..5", ("2", "5")),
        ("6..", ("6", None)),
        ("..1", (None, "1")),
        ("5", ("5", "5")),
        ("5.", ("5", "5")),
        ("5.0", ("5.0", "5.0")),
        ("1.5..2.5", ("1.5", "2.5")),
        ("-5..-1", ("-5", "-1")),
        ("..-1", (None, "-1")),
        (" 2 .. 5 ", ("2", "5")),
        ("0..0", ("0", "0")),
    ],
)
def test_ranges_are_read(text: str, ends: tuple[str | None, str | None]) -> None:
    assert notations.number_range(text) == tuple(None if end is None else Decimal(end) for end in ends)


@pytest.mark.parametrize("text", ["", "..", "x", "2...5", "2-5", "2..x", "1,5..2", "5..6..7", "٢..٥", "true"])
def test_other_ranges_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no range"):
        notations.number_range(text)


def test_a_range_that_runs_backwards_is_turned() -> None:
    with pytest.raises(ValueError, match=r"write 2\.\.5"):
        notations.number_range("5..2")


def test_numbers_are_exact() -> None:
    assert notations.number("0.10") == Decimal("0.10")
    assert notations.number(Decimal("1e3")) == 1000
    for said in (True, None, "1,5", "12 000", "x", "١"):
        with pytest.raises(ValueError, match="no number"):
            notations.number(said)
