"""A country that nobody knows is a warning wherever a model asks for it."""

from config.country_check import unknown_countries
from config.model_file import parse_model
from config.tables import load_tables

MODEL = """name: m
fields: {country: {type: country, hubspot: country}}
for: {country: {is: Germny}}
scores: {fit: {groups: [{name: G, rules: [{name: R, when: {not: {country: {in: [US, UK, Frnace]}}}, points: 1}]}]}}
lifecycle:
  stages: {mql: {hubspot: mql}}
  enter: [{stage: mql, when: {total: {at_least: 1}, country: {not_in: [Oz]}}}]
  exclude: {country: {is: norway}}
"""


def test_unknown_countries_are_named_with_their_place_and_the_nearest_one() -> None:
    found = list(unknown_countries(parse_model(MODEL), load_tables()))
    assert [path for path, _ in found] == [
        ("for",),
        ("scores", "fit", "groups", 0, "rules", 0, "when"),
        ("lifecycle", "enter", 0, "when"),
    ]
    assert found[0][1] == "no country is called `Germny`, so it matches nobody (did you mean germany?)"
    assert "(did you mean france?)" in found[1][1]
    assert "`Oz`" in found[2][1]
