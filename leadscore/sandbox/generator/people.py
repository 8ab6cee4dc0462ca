"""Contacts before they do anything: names, messy titles, business, free and throw-away addresses, and gaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Literal

from leadscore.sandbox.fields import SIZES
from leadscore.sandbox.generator import words
from leadscore.sandbox.generator.companies import Company, country, spelling
from leadscore.sandbox.generator.words import Country

Mail = Literal["business", "free", "disposable"]
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}


@dataclass
class Person:
    """The truth about a contact (role, company, mail) and, in `properties`, what the CRM knows of it."""

    number: int
    role: str
    mail: Mail
    email: str
    place: Country
    company: int | None
    properties: dict[str, str] = field(default_factory=dict)
    bot: bool = False
    spammer: bool = False
    staff: bool = False
    competitor: bool = False
    partner: bool = False


def people(random: Random, count: int, companies: list[Company], first_number: int) -> list[Person]:
    return [_person(random, first_number + index, companies) for index in range(count)]


def _person(random: Random, number: int, companies: list[Company]) -> Person:
    mail: Mail = random.choices(("business", "free", "disposable"), (76, 22, 2))[0]
    role = random.choices((words.EXECUTIVE, words.MANAGER, words.STAFF, words.STUDENT), (12, 26, 54, 8))[0]
    company = random.randrange(len(companies)) if mail == "business" or random.random() < 0.2 else None
    place = companies[company].country if company is not None else country(random)
    first, last = random.choice(place.first_names), random.choice(place.last_names)
    kind = random.random()
    person = Person(number, role, mail, "", place, company)
    person.bot = kind < 0.007
    person.spammer = 0.007 <= kind < 0.016
    person.staff = 0.016 <= kind < 0.020
    person.competitor = 0.020 <= kind < 0.024
    person.partner = 0.024 <= kind < 0.034
    if person.spammer:
        person.mail, person.company = "free", None
    person.email = _email(random, person, companies, first, last)
    person.properties = _properties(random, person, companies, first, last)
    return person


def _email(random: Random, person: Person, companies: list[Company], first: str, last: str) -> str:
    """Every address is unique by its number; the people and companies do not exist."""
    name = "".join(
        letter for letter in f"{first}.{last}".lower() if letter.isascii() and (letter.isalnum() or letter in ".+")
    )
    local = f"{name.strip('.') or 'contact'}.{person.number}"
    if random.random() < 0.02:
        local += "+newsletter"
    if person.staff or person.competitor:
        return f"{local}@{words.OURSELVES if person.staff else words.RIVAL}"
    if person.mail == "free":
        return f"{local}@{random.choice(person.place.free_mail)}"
    if person.mail == "disposable":
        return f"{local}@{random.choice(words.DISPOSABLE)}"
    assert person.company is not None  # noqa: S101 - a business address always has a company
    return f"{local}@{companies[person.company].domain}"


def title(random: Random, role: str, language: str) -> str:
    """A job title as people write it: any case, typos, full-width letters, additions, an emoji."""
    text = random.choice(words.TITLES[role].get(language if random.random() < 0.6 else "en", words.TITLES[role]["en"]))
    mess = random.random()
    if mess < 0.06:
        text = text.upper()
    elif mess < 0.12:
        text = text.lower()
    elif mess < 0.15:
        text = f"  {text} "
    elif mess < 0.18 and len(text) > 5:
        at = random.randrange(1, len(text) - 2)
        text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    elif mess < 0.20:
        text = text.translate(_FULL_WIDTH)
    elif mess < 0.22:
        text = f"{text} 🚀"
    elif mess < 0.25:
        text = f"{text} ({random.choice(('EMEA', 'a.i.', 'part-time', 'DACH', '2nd shift'))})"
    return text


def _properties(random: Random, person: Person, companies: list[Company], first: str, last: str) -> dict[str, str]:
    known = {"email": person.email}
    if random.random() < 0.93:
        known["firstname"] = first if random.random() < 0.97 else f"{first} 😀"
    if random.random() < 0.9:
        known["lastname"] = last
    if random.random() < 0.85:
        known["jobtitle"] = title(random, person.role, person.place.language)
    if random.random() < 0.75:
        known["country"] = spelling(random, person.place)
    if random.random() < 0.3:
        known["phone"] = f"+1 555 01{random.randrange(100):02d}"
    if person.company is not None:
        _company_words(random, known, companies[person.company])
    if person.competitor:
        known["is_competitor"] = "true"
    if person.partner:
        known["is_partner"] = "true"
    if random.random() < 0.12:
        chosen = random.sample(words.INTERESTS, random.randint(1, 3))
        known["product_interest"] = ";".join(sorted(chosen, key=words.INTERESTS.index))
    return known


def _company_words(random: Random, known: dict[str, str], company: Company) -> None:
    """What the person wrote about the company: free text, or the range from a form's select."""
    if random.random() < 0.7:
        known["company"] = company.name if random.random() < 0.7 else company.name.split(" ")[0].lower()
    if random.random() < 0.25:
        known["industry"] = random.choice(words.FREE_TEXT_INDUSTRY.get(company.industry, (company.industry.title(),)))
    if random.random() < 0.3:
        known["numemployees"] = size_range(company.size)
    if random.random() < 0.06:
        known["annualrevenue"] = random.choice(("10M", "1,000,000", "5 Mio. €", "2500000", "unknown"))


def size_range(size: int) -> str:
    """The select's range; of two that touch the lower one, as people choose it."""
    edges = (5, 25, 50, 100, 500, 1000)
    return next((SIZES[index] for index, edge in enumerate(edges) if size <= edge), SIZES[-1])
