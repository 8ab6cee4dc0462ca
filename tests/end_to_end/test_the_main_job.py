"""From an empty directory to scores in the portal, seen with the official client."""

from pathlib import Path
from typing import Any

import pytest
from hubspot import HubSpot

from leadscore.jobs.explain import explain
from leadscore.wiring import parts
from scoring.values import read_instant
from tests.end_to_end.conftest import Desk

FIELDS = ("total", "grade_band", "reason", "band", "grade", "model", "stage", "score_fit", "score_engagement")


def everybody(client: HubSpot) -> dict[str, dict[str, Any]]:
    """Our properties of every contact, as the official client reads them."""
    names = [f"leadscore_{name}" for name in (*FIELDS, "scored_at", "next_change_at", "adjustment")]
    found, after, api = {}, None, client.crm.contacts.basic_api
    while True:
        page = api.get_page(limit=100, after=after, properties=names)
        found.update({one.id: one.properties for one in page.results})
        if page.paging is None:
            return found
        after = page.paging.next.after


def test_after_an_apply_the_portal_shows_exactly_what_the_scorer_computes(peopled: Desk) -> None:
    assert peopled.run("sync").code == 0
    assert peopled.run("install", "--yes").code == 0
    planned = peopled.run("plan", "--out", "first.plan", "--json")
    assert planned.code == 2
    as_of = planned.lines()[0]["as_of"]
    applied = peopled.run("apply", "first.plan")
    assert applied.code == 0, applied.err
    shown = everybody(peopled.client())
    assert len(shown) == 150
    made = parts(peopled.place)
    instant = read_instant(as_of)
    assert instant is not None
    untouched = 0
    with made.store() as store:
        for id, properties in shown.items():
            score = explain(store, made.rulebook, id, instant).score
            if not score.contributions:
                untouched += 1
                assert not any(value for name, value in properties.items() if name.startswith("leadscore_"))
                continue
            expected = {name: getattr(score, name) or "" for name in ("reason", "band", "grade", "model", "stage")}
            expected["grade_band"] = f"{score.grade} {score.band}"
            assert {name: properties[f"leadscore_{name}"] or "" for name in expected} == expected
            numbers = {"total": score.total, "adjustment": 0}
            numbers |= {f"score_{name}": points for name, points in score.scores.items()}
            assert {name: int(properties[f"leadscore_{name}"]) for name in numbers} == numbers
            assert _instant(properties["leadscore_scored_at"]) == instant
            assert _instant(properties["leadscore_next_change_at"]) == score.next_change_at
    assert untouched < 75


def _instant(text: str | None) -> int | None:
    return None if not text else read_instant(text)


def test_a_second_plan_at_the_instant_of_the_first_is_empty(peopled: Desk) -> None:
    peopled.run("sync")
    peopled.run("install", "--yes")
    as_of = peopled.run("plan", "--out", "first.plan", "--json").lines()[0]["as_of"]
    assert peopled.run("apply", "first.plan").code == 0
    again = peopled.run("plan", "--as-of", as_of, "--json")
    assert again.code == 0
    assert again.lines()[0]["records"] == 0
    writes = len(_journal(peopled))
    assert peopled.run("apply", "first.plan").code == 0
    assert len(_journal(peopled)) == writes, "applying a done plan again writes nothing"


def _journal(desk: Desk) -> list[Any]:
    found = desk.control("journal?limit=10000")
    return list(found if isinstance(found, list) else found["entries"])


def test_our_own_writes_are_no_news_to_the_next_sync(peopled: Desk) -> None:
    for words in (["sync"], ["install", "--yes"], ["apply", "--yes"], ["sync"]):
        assert peopled.run(*words).code == 0, words
    assert peopled.run("plan", "--json").lines()[0]["records"] == 0


def test_reading_planning_and_explaining_need_read_scopes_only(peopled: Desk) -> None:
    peopled.run("install", "--yes")
    scopes = peopled.control("settings")["scopes"]
    peopled.control("settings", {"scopes": [scope for scope in scopes if not scope.endswith(".write")]})
    assert peopled.run("doctor").code == 0
    assert peopled.run("sync").code == 0
    assert peopled.run("plan").code == 2
    someone = next(iter(everybody(peopled.client())))
    assert peopled.run("explain", someone).code == 0
    refused = peopled.run("apply", "--yes")
    assert refused.code == 1
    assert "crm.objects.contacts.write" in refused.err


def test_install_twice_and_uninstall_leave_the_portal_as_it_was(desk: Desk) -> None:
    api = desk.client().crm.properties.core_api
    before = {one.name for one in api.get_all("contacts").results}
    assert desk.run("install").code == 2, "without --yes and without a person nothing is done"
    assert {one.name for one in api.get_all("contacts").results} == before
    assert desk.run("install", "--yes").code == 0
    ours = {one.name for one in api.get_all("contacts").results} - before
    assert {"leadscore_total", "leadscore_grade_band", "leadscore_reason", "leadscore_feedback"} <= ours
    assert "nothing to do" in desk.run("install", "--yes").out
    assert desk.run("uninstall", "--yes").code == 0
    assert {one.name for one in api.get_all("contacts").results} == before


def test_a_sample_can_be_planned_and_never_applied(peopled: Desk) -> None:
    peopled.run("install", "--yes")
    assert peopled.run("sync", "--sample", "20").code == 0
    assert peopled.run("plan", "--out", "sample.plan").code == 2
    assert peopled.run("apply", "sample.plan").code == 1
    assert peopled.run("sync").code == 0
    assert peopled.run("apply", "--yes").code == 0


def test_a_production_portal_is_first_written_to_only_by_its_id(peopled: Desk) -> None:
    peopled.control("settings", {"account_type": "STANDARD"})
    for words in (["sync"], ["install", "--yes"], ["plan", "--out", "p.plan"]):
        peopled.run(*words)
    refused = peopled.run("apply", "p.plan")
    assert refused.code == 2
    assert str(peopled.portal.portal_id) in refused.err
    assert peopled.run("apply", "p.plan", "--account", "1").code == 2
    assert peopled.run("apply", "p.plan", "--account", str(peopled.portal.portal_id)).code == 0


def test_a_changed_model_makes_an_old_plan_stale(peopled: Desk) -> None:
    (peopled.place / "models").mkdir()
    model = peopled.place / "models" / "own.yaml"
    text = (Path(__file__).parents[2] / "config" / "defaults" / "minimal.yaml").read_text()
    model.write_text(text)
    for words in (["sync"], ["install", "--yes"], ["plan", "--out", "p.plan"]):
        peopled.run(*words)
    model.write_text(text.replace("points: 20", "points: 21", 1))
    assert model.read_text() != text
    refused = peopled.run("apply", "p.plan")
    assert refused.code == 1
    assert "leadscore plan" in refused.err


def test_a_first_model_from_the_portal_loads_and_knows_its_forms(peopled: Desk) -> None:
    assert peopled.run("model", "init").code == 0
    text = (peopled.place / "models" / "first.yaml").read_text()
    for form in peopled.client().marketing.forms.forms_api.get_page(form_types=["all"]).results:
        assert form.id in text
    assert peopled.run("model", "check", "models/first.yaml").code == 0
    assert peopled.run("model", "init").code == 64, "a file that is there is not written over"


def test_fields_lists_types_options_and_fill_rates(peopled: Desk) -> None:
    found = peopled.run("fields", "--search", "numemployees", "--filled", "--json").lines()
    (size,) = [one for one in found if one["place"] == "numemployees"]
    assert size["type"] == "enumeration"
    assert {"value": "50-100", "label": "50-100"} in size["options"]
    assert 0 < size["filled"] < size["of"] == 150


@pytest.mark.parametrize("words", [["--nonsense"], ["plan", "--as-of", "yesterday"], ["nonsense"], ["explain"]])
def test_wrong_words_exit_with_64(desk: Desk, words: list[str]) -> None:
    assert desk.run(*words).code == 64
