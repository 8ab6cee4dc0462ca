"""Fills the text of a notice with the lead's own words, and finds something sensible to say where one is missing."""

import string
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from connectors.tasks import Lead
from leadscore.jobs.rulebook import Rulebook
from leadscore.store.account import bound
from leadscore.store.facts_now import facts_now, sight
from leadscore.store.notices import Notice
from leadscore.store.places import places_of
from scoring.known import values_at

PERSONAL = ("name", "company", "email")
"""The places in a text for which the lead must be known, not only its score."""


def places_in(template: str) -> frozenset[str]:
    """The places that a text has for words of the lead."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name)


def fill(template: str, words: Mapping[str, str]) -> str:
    """The text with its places filled. A place without a word stays empty; how a place asks to be formatted is
    ignored, so that no text can ask for a million spaces."""
    parts = string.Formatter().parse(template)
    return "".join(plain + (words.get(name, "") if name else "") for plain, name, _, _ in parts)


def mapped_words(
    connection: Connection, book: Rulebook, subjects: Iterable[int], now: int
) -> dict[int, dict[str, str]]:
    """What the models' own fields of these names say of these people, as far as there are such fields."""
    names = [name for name in PERSONAL if any(name in model.fields for model in book.models)]
    wanted = sorted(set(subjects))
    if not names or not wanted:
        return {}
    places = tuple(one for one in places_of(book.models, bound(connection).account.crm) if one.field in names)
    types = {name: field.type for model in book.models for name, field in model.fields.items()}
    found = {}
    for one in facts_now(connection, wanted, sight(connection, places, {}), now):
        values = values_at(one.facts, now, now, types)
        found[one.subject] = {name: values[name].strip() for name in names if values.get(name, "").strip()}
    return found


def lead_words(
    notice: Notice,
    lead: Lead | None,
    mapped: Mapping[str, str],
    link: str,
    free_domains: Sequence[str] | frozenset[str],
) -> dict[str, str]:
    """What stands for each place of a text. A lead without a name is called by its address, a lead without a company by
    the domain of its address where that is a company's own."""
    lead, figures = lead or Lead(None), notice.figures
    email = mapped.get("email") or lead.email
    domain = email.rpartition("@")[2]
    company = mapped.get("company") or lead.company or ("" if domain in free_domains else domain)
    return {
        "name": mapped.get("name") or lead.name or email or f"{notice.object.capitalize()} {notice.record_id}",
        "company": company or "an unknown company",
        "email": email or "(no e-mail address)",
        "reason": figures.reason or "see the record",
        "total": "" if figures.total is None else str(figures.total),
        "grade": figures.grade or "(no grade)",
        "link": link,
    }
