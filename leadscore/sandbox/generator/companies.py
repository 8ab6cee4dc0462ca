"""Companies: industries as HubSpot's values, sizes from one person to thousands, gaps, and names that repeat."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from leadscore.sandbox.generator import words
from leadscore.sandbox.generator.words import Country

_WEIGHTS = [weight for weight, _ in words.COUNTRIES]
_COUNTRIES = [country for _, country in words.COUNTRIES]
_INDUSTRIES = [name for name, _ in words.INDUSTRY_WEIGHTS]
_INDUSTRY_WEIGHTS = [weight for _, weight in words.INDUSTRY_WEIGHTS]


@dataclass(frozen=True)
class Company:
    """`size` is the true number of people; `properties` are what the CRM knows, gaps included."""

    name: str
    domain: str
    industry: str
    size: int
    country: Country
    properties: dict[str, str]


def country(random: Random) -> Country:
    return random.choices(_COUNTRIES, _WEIGHTS)[0]


def spelling(random: Random, place: Country) -> str:
    return place.spellings[0] if random.random() < 0.7 else random.choice(place.spellings)


def companies(random: Random, count: int) -> list[Company]:
    """About 3 % carry the name of another company, under another domain."""
    made: list[Company] = []
    for number in range(count):
        place = country(random)
        if made and random.random() < 0.03:
            plain = random.choice(made).name
        else:
            plain = f"{random.choice(words.COMPANY_HEADS)} {random.choice(words.COMPANY_TAILS)}"
            suffix = random.choice(place.suffixes)
            plain = f"{plain} {suffix}".strip()
        stem = "".join(letter for letter in plain.lower() if letter.isascii() and letter.isalpha())
        domain = f"{stem[:20]}{number}.example"
        industry = random.choices(_INDUSTRIES, _INDUSTRY_WEIGHTS)[0]
        size = min(60_000, max(1, round(random.lognormvariate(4.2, 1.6))))
        made.append(
            Company(plain, domain, industry, size, place, _properties(random, plain, domain, industry, size, place))
        )
    return made


def _properties(random: Random, name: str, domain: str, industry: str, size: int, place: Country) -> dict[str, str]:
    known = {"name": name, "domain": domain}
    if random.random() < 0.85:
        known["industry"] = industry
    if random.random() < 0.85:
        known["numberofemployees"] = str(size)
    if random.random() < 0.6:
        known["annualrevenue"] = str(round(size * random.uniform(60_000, 220_000), -3)).removesuffix(".0")
    if random.random() < 0.9:
        known |= {"country": spelling(random, place), "hs_country_code": place.code}
    if random.random() < 0.5:
        known["city"] = place.city
    return known
