"""Small alphabets that random models and random facts share, so that they meet often and at the same millisecond."""

from collections.abc import Mapping

from tests.scoring.oracle_values import duration

NOW = 1_780_315_200_000  # 2026-06-01T12:00:00Z

DURATIONS = ("1 minute", "2 minutes", "1 hour", "1 day", "2 days", "1 week")
LENGTHS = tuple(duration(text) for text in DURATIONS)

FIELDS: Mapping[str, str] = {
    "title": "text",
    "mail": "email",
    "site": "url",
    "size": "number",
    "seen": "datetime",
    "renewal": "date",
    "out": "flag",
    "tags": "set",
    "land": "country",
}

TERMS = ("CEO", "vice president", "student", "Level 4", "e")
PATTERNS = ("Level [3-9]", "(?i)ceo", "^Vice", "t$")
PATHS = ("/pricing*", "/", "*", "/pricing/a b", "/a*b", "/Pricing")
QUERIES = ({"utm_source": "linkedin"}, {"utm_source": "a"}, {"Plan": "team", "utm_source": "b"})
HOSTS = ("x.example", "Y.example")
NUMBERS = (0, 1, 2, 2.5, 5, 6, -3)
DOMAINS = ("free", "disposable", ["corp.example"], ["corp.example", "gmail.com"])
MEMBERS = ("crm", "API", "mail box")
COUNTRIES = ("US", "gb", "Germany")
FORMS = ("Demo", "White paper", "11aa-22bb")
LISTS = ("Fair", "Webinar")

RAW: Mapping[str, tuple[str, ...]] = {
    "text": (
        "CEO",
        " ＣＥＯ / 代表",
        "Vice-President, Sales",
        "vice president",
        "Student",
        "MVP Level 4",
        "Gründer",
        "",
        "  ",
    ),
    "email": (
        "a@gmail.com",
        "a@EU.gmail.com",
        "b@corp.example",
        "c@notcorp.example",
        "d@Throwaway.example",
        "e",
        "f@",
        "g h@corp.example",
        "",
    ),
    "url": (
        "https://x.example/pricing?utm_source=LinkedIn",
        "https://me@X.example:8080/pricing/a%20b#top?utm_source=a",
        "/pricing",
        "/Pricing/",
        "https://x.example",
        "//y.example/a*c/b?utm_source=a&utm_source=b&plan=Team",
        "?PLAN=team&utm_source=b",
        "",
    ),
    "number": ("0", "1", "2", "5", "5.5", "-3", "3-5", "2 - 4", "0-2", "5+", "6+", "7-3", "many", "１", " 2 ", ""),
    "flag": ("true", "YES", "1", "false", "no", "0", "maybe", " "),
    "set": ("crm;api", " CRM ", "mail box;", ";", "", "Api;API"),
    "country": ("US", "united states", "Uk", "DEU", "Atlantis", " "),
}

STAGES = ("lead", "mql", "sql")
