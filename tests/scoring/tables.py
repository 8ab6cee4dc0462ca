"""Small frozen look-ups for the tests of scoring: a few mail domains and countries."""

from types import MappingProxyType

from scoring.values import Tables

TABLES = Tables(
    free_domains=frozenset({"gmail.com", "web.de", "mail.example.net"}),
    disposable_domains=frozenset({"throwaway.example", "mailinator.com"}),
    countries=MappingProxyType(
        {
            "us": "US",
            "usa": "US",
            "united states": "US",
            "united states of america": "US",
            "gb": "GB",
            "gbr": "GB",
            "uk": "GB",
            "united kingdom": "GB",
            "ca": "CA",
            "can": "CA",
            "canada": "CA",
            "de": "DE",
            "deu": "DE",
            "germany": "DE",
        }
    ),
)
