"""The generated portal: the same for the same seed, in step with itself, believable, and with a truth to find."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from leadscore.sandbox import Sandbox, generate, serve
from leadscore.sandbox.clock import instant
from leadscore.sandbox.generator import outcome, words
from leadscore.sandbox.generator.companies import Company
from leadscore.sandbox.generator.people import Person
from tests.sandbox.conftest import NOW, Caller

TABLES = ("objects", "changes", "unique_values", "associations", "page_views", "submissions", "memberships")


def _digest(sandbox: Sandbox) -> str:
    made = hashlib.sha256()
    for table in TABLES:
        for row in sandbox.portal.db.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3"):  # noqa: S608 - constant names
            made.update(repr(row).encode())
    return made.hexdigest()


@pytest.fixture(scope="module")
def full() -> Iterator[Sandbox]:
    with serve(now=NOW) as running:
        generate(running.portal, 2000, 7)
        yield running


def _contacts(full: Sandbox) -> dict[int, dict[str, str]]:
    rows = full.portal.db.execute("SELECT id, doc FROM objects WHERE type='contacts'")
    return {row[0]: json.loads(row[1]) for row in rows}


def test_the_same_seed_makes_the_same_bytes_and_another_seed_others() -> None:
    digests = []
    for seed in (1, 1, 2):
        with serve(now=NOW) as running:
            generate(running.portal, 150, seed)
            digests.append(_digest(running))
    assert digests[0] == digests[1] != digests[2]


def test_counters_agree_with_the_events(full: Sandbox) -> None:
    db = full.portal.db
    views = dict(db.execute("SELECT contact, COUNT(*) FROM page_views GROUP BY contact").fetchall())
    visits = dict(db.execute("SELECT contact, COUNT(DISTINCT session) FROM page_views GROUP BY contact").fetchall())
    forms: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for contact, at, form in db.execute("SELECT contact, at, form FROM submissions WHERE contact IS NOT NULL"):
        forms[contact].append((at, form))
    for contact, doc in _contacts(full).items():
        assert int(doc.get("hs_analytics_num_page_views", 0)) == views.get(contact, 0)
        assert int(doc.get("hs_analytics_num_visits", 0)) == visits.get(contact, 0)
        assert int(doc.get("num_conversion_events", 0)) == len(forms[contact])
        assert int(doc.get("num_unique_conversion_events", 0)) == len({form for _, form in forms[contact]})
        if forms[contact]:
            assert instant(doc["recent_conversion_date"]) == max(at for at, _ in forms[contact])


def test_the_newest_history_is_the_value_and_nothing_lies_after_now(full: Sandbox) -> None:
    contacts = _contacts(full)
    rows = full.portal.db.execute("SELECT id, entries FROM changes WHERE type='contacts'").fetchall()
    for contact, text in rows:
        last: dict[str, str] = {}
        entries = json.loads(text)
        assert [entry[0] for entry in entries] == sorted(entry[0] for entry in entries)
        for entry in entries:
            for name, old in (entry[5] or {}).items():
                assert last.get(name, old) == old
            last |= entry[4]
        assert last.items() <= contacts[contact].items()
    for latest in ("MAX(at) FROM page_views", "MAX(at) FROM submissions", "MAX(modified) FROM objects"):
        assert full.portal.db.execute(f"SELECT {latest}").fetchone()[0] <= NOW


def test_clicks_and_opens_can_be_read_from_the_history_of_their_dates(full: Sandbox) -> None:
    http = Caller(full.url, full.token)
    clicked = [contact for contact, doc in _contacts(full).items() if int(doc.get("hs_email_click", 0)) > 1]
    assert clicked
    path = f"/crm/v3/objects/contacts/{clicked[0]}"
    answer = http.get(path, properties="hs_email_click", propertiesWithHistory="hs_email_last_click_date").json()
    versions = answer["propertiesWithHistory"]["hs_email_last_click_date"]
    assert len(versions) == int(answer["properties"]["hs_email_click"])
    http.session.close()


def test_values_fit_their_properties(full: Sandbox) -> None:
    for kind in ("contacts", "companies", "deals"):
        definitions = full.portal.definitions(kind)
        for row in full.portal.db.execute("SELECT doc FROM objects WHERE type=?", (kind,)):
            for name, value in json.loads(row[0]).items():
                definition = definitions[name]
                if definition.type == "number":
                    float(value)
                elif definition.type in ("datetime", "date"):
                    instant(value)
                elif definition.values and definition.field_type != "checkbox":
                    assert value in definition.values
                elif definition.values:
                    assert set(value.split(";")) <= set(definition.values)


def test_the_portal_is_believable(full: Sandbox) -> None:
    contacts = _contacts(full)
    share = Counter[str]()
    month = NOW - 30 * 86_400_000
    hot = full.portal.db.execute(
        "SELECT COUNT(DISTINCT contact) FROM page_views WHERE url LIKE '%/pricing%' AND at>?", (month,)
    ).fetchone()[0]
    for doc in contacts.values():
        title, domain = doc.get("jobtitle", ""), doc["email"].rpartition("@")[2]
        share["free"] += any(domain in country.free_mail for _, country in words.COUNTRIES)
        share["throw-away"] += domain in words.DISPOSABLE
        share["no title"] += not title
        share["other script"] += any(letter > "\u2fff" for letter in title)
        share["emoji"] += "🚀" in title
        share["umlauts"] += any(letter in "äöüßéèñ" for letter in title.lower())
        share["opted out"] += doc.get("hs_email_optout") == "true"
        share["customer"] += doc["lifecyclestage"] == "customer"
        share["never came"] += "hs_analytics_num_page_views" not in doc
        share["select"] += "numemployees" in doc
        share["competitor"] += doc.get("is_competitor") == "true"
    share["hot"] = hot
    for name, (least, most) in {
        "free": (10, 40), "throw-away": (0.5, 5), "no title": (5, 30), "other script": (1, 15), "emoji": (0.3, 5),
        "umlauts": (1, 15), "opted out": (1, 8), "customer": (0.5, 6), "never came": (10, 50), "select": (5, 50),
        "competitor": (0.05, 2), "hot": (1, 8),
    }.items():  # fmt: skip
        assert least <= 100 * share[name] / len(contacts) <= most, (name, share[name])


def test_bots_spam_duplicates_hand_set_stages_and_bulk_imports_are_there(full: Sandbox) -> None:
    db = full.portal.db
    burst = "SELECT COUNT(*) n, MAX(at)-MIN(at) FROM page_views GROUP BY session HAVING n>=40"
    assert any(lasted < 60_000 for _, lasted in db.execute(burst))
    assert db.execute("SELECT 1 FROM submissions WHERE doc LIKE '%SEO services%'").fetchone()
    assert db.execute("SELECT 1 FROM submissions WHERE contact IS NULL").fetchone()
    assert db.execute("SELECT 1 FROM submissions WHERE doc NOT LIKE '%conversionId%'").fetchone()
    names = "SELECT COUNT(*) n FROM objects WHERE type='companies' GROUP BY json_extract(doc,'$.name') HAVING n>1"
    assert db.execute(names).fetchone()
    by_hand = "SELECT 1 FROM changes WHERE type='contacts' AND entries LIKE '%CRM_UI%lifecyclestage%'"
    assert db.execute(by_hand).fetchone()
    ties = "SELECT COUNT(*) n FROM objects WHERE type='contacts' GROUP BY created HAVING n>30"
    assert db.execute(ties).fetchone()
    assert db.execute("SELECT COUNT(*) FROM memberships").fetchone()[0] > 3


def test_deals_are_linked_and_their_stages_say_how_they_ended(full: Sandbox) -> None:
    db = full.portal.db
    states = Counter(
        row[0] for row in db.execute("SELECT json_extract(doc,'$.dealstage') FROM objects WHERE type='deals'")
    )
    assert states["closedwon"] > 5
    assert states["wonwithpilot"] > 0
    assert states["closedlost"] > states["closedwon"] / 2
    linked = "SELECT COUNT(DISTINCT from_id) FROM associations WHERE from_type='deals' AND to_type='contacts'"
    assert db.execute(linked).fetchone()[0] == sum(states.values())
    won = "SELECT id FROM objects WHERE type='deals' AND json_extract(doc,'$.hs_is_closed_won')='true'"
    for (deal,) in db.execute(won).fetchall():
        contact = db.execute(
            "SELECT doc FROM objects o JOIN associations a ON a.to_id=o.id AND o.type='contacts' "
            "WHERE a.from_type='deals' AND a.to_type='contacts' AND a.from_id=?",
            (deal,),
        ).fetchone()
        assert json.loads(contact[0])["lifecyclestage"] == "customer"


def _lead(role: str, mail: Any = "business") -> Person:
    return Person(1, role, mail, "a@x.example", words.COUNTRIES[0][1], 0)


def test_who_buys_follows_the_written_formula() -> None:
    company = Company("Acme", "acme.example", "COMPUTER_SOFTWARE", 200, words.COUNTRIES[0][1], {})
    fit = outcome.fit(_lead(words.EXECUTIVE), company)
    assert fit == pytest.approx(1.4 + 0.8 + 0.8 + 0.4)
    paths = ["/pricing", "/pricing", "/customers/fjord", "/customers/fjord", "/blog"]
    assert outcome.interest([0, 4], paths, False) == pytest.approx(2.4 + 0.2 + 2 * 0.35 + 0.25)
    assert outcome.fit(_lead(words.STUDENT, "free"), None) == pytest.approx(-2.0 + 0.4 - 1.2)
    assert outcome.interest([], ["/pricing"] * 9, False) == pytest.approx(4 * 0.35)
    assert outcome.interest([], ["/careers"], True) == pytest.approx(-1.3)
    assert outcome.probability(0) == 0.5


def test_asking_for_a_demo_makes_winning_many_times_likelier(full: Sandbox) -> None:
    asked = {
        row[0]
        for row in full.portal.db.execute(
            "SELECT DISTINCT s.contact FROM submissions s JOIN forms f ON f.guid=s.form "
            "WHERE f.name IN ('Request a demo','Request a quote','Contact sales') AND s.contact IS NOT NULL"
        )
    }
    won = {contact for contact, doc in _contacts(full).items() if "recent_deal_amount" in doc}
    rate = len(won & asked) / len(asked)
    others = len(won - asked) / (2000 - len(asked))
    assert rate > 3 * others


def test_two_thousand_contacts_come_within_seconds_over_http(http: Caller) -> None:
    made = http.control("generate", {"contacts": 2000, "seed": 3})
    assert made["contacts"] == 2000
    assert http.search(limit=1).json()["total"] == 2000


def test_no_contacts_make_an_empty_portal(http: Caller) -> None:
    assert http.control("generate", {"contacts": 0})["contacts"] == 0
    assert http.search().json()["total"] == 0
