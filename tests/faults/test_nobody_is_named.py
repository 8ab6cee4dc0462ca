"""Nothing that tells who a person is, and no secret, ever stands in a log, a number or an error page of a service."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from leadscore.sandbox import serve
from tests.crash.levels import Levels
from tests.faults.gateway import Gateway, Reply, gateway
from tests.faults.models import EVERYTHING
from tests.serve.service import PUBLIC, SECRET, Place, change, place, post, until
from webhooks.blueprint import PATH

WORD = "Kanarienvogel"
MAIL = "kanarienvogel@canary.example"
PHONE = "+49 151 7731 7731"
QUOTED = (
    json.dumps({"status": "error", "message": f'Property values were not valid: [{{"message":"{WORD} {MAIL}"}}]'}),
    json.dumps({"status": "error", "message": f"{WORD} {PHONE}", "errors": [{"message": MAIL}]}),
    f"<html>{WORD} {MAIL} {PHONE}</html>",
)


@pytest.fixture
def way() -> Iterator[tuple[Levels, Gateway]]:
    with serve() as sandbox, gateway(sandbox.url) as made:
        yield Levels(sandbox), made


def test_no_canary_is_found_in_what_a_service_says(
    way: tuple[Levels, Gateway], tmp_path: Path, database_url: str
) -> None:
    levels, made = way
    with place(tmp_path, database_url) as site:
        levels.begin(3, database_url)
        _prepare(site, levels, made)
        _, said = site.start("serve", "--listen", "127.0.0.1:0")
        url = said["url"]
        levels.tell(f"{url}{PATH}", f"{PUBLIC}{PATH}", SECRET, duplicates=0.2)
        draw = random.Random(2)
        statuses = (400, 403, 404, 409, 429, 500, 502, 504)

        def rule(_method: str, _path: str) -> Reply | None:
            if draw.random() < 0.5:
                return None
            return Reply(draw.choice((200, *statuses)), draw.choice(QUOTED).encode(), {"Retry-After": "0"})

        made.rule = rule
        for number in range(12):
            id = levels.raise_one()
            odd = change(int(id), MAIL, number) | {"propertyName": PHONE, "sourceId": WORD}
            assert post(url, [odd, odd | {"objectId": WORD}, {WORD: MAIL}]).status_code == 200
            requests.post(f"{url}{PATH}?mail={MAIL}", data=f"{WORD}{MAIL}", headers={"X-Name": WORD}, timeout=10)
        seen = len(made.seen)
        until(lambda: len(made.seen) > seen + 20, 60)
        pages = [
            requests.get(f"{url}{where}", timeout=10).text for where in (f"/{MAIL}", f"{PATH}?q={WORD}", "/metrics")
        ]
        pages += [requests.get(f"{url}/readyz", timeout=10).text, requests.get(f"{url}/healthz", timeout=10).text]
        made.rule = lambda _method, _path: None
        logs = site.logs()
        assert logs
        secrets = (SECRET, "the one before", levels.sandbox.token)
        for text in (*pages, logs):
            for canary in (WORD, MAIL, PHONE, "7731", *secrets):
                assert canary.lower() not in text.lower(), (canary, _around(text, canary))


def _prepare(site: Place, levels: Levels, made: Gateway) -> None:
    """Canaries in every field of the people, their forms and their visits."""
    (site.directory / "models").mkdir()
    (site.directory / "models" / "model.yaml").write_text(EVERYTHING)
    for id in levels.levels:
        own = {"firstname": WORD, "lastname": WORD, "phone": PHONE, "company": WORD, "jobtitle": WORD, "city": WORD}
        levels.control("people/edit", {"id": int(id), "properties": own})
    values = {"email": MAIL, "firstname": WORD, "message": f"{WORD} {PHONE}"}
    levels.control("forms", {"name": f"Form {WORD}", "guid": "canary-form"})
    levels.control("people/submit-form", {"form": "canary-form", "values": values})
    levels.control("people/view-page", {"contact": MAIL, "url": f"https://example.com/pricing/{MAIL}?name={WORD}"})
    site.prepare(made.url, HUBSPOT_TOKEN=levels.sandbox.token, LEADSCORE_LOG_LEVEL="INFO", LEADSCORE_POLL_QUICK="1")


def _around(text: str, canary: str) -> str:
    at = text.lower().find(canary.lower())
    return text[max(0, at - 300) : at + 100]
