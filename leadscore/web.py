"""What answers over HTTP: the door for the CRM's notices, and the pages that monitoring looks at."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, jsonify
from sqlalchemy import Engine

from config.settings import Settings
from leadscore.jobs.health import health
from leadscore.jobs.troubles import troubles_now
from leadscore.metrics import CONTENT_TYPE, Metrics
from leadscore.wiring import Parts
from webhooks.blueprint import hubspot_door
from webhooks.delivery import Inbox


@dataclass(frozen=True, slots=True)
class Open:
    """What the web side works with: the parts, the open store, the inbox, the clock (ms UTC) and what counts.

    `well` tells what only this process knows: a sentence, or "" when all is well.
    """

    parts: Parts
    store: Engine
    inbox: Inbox
    clock: Callable[[], int]
    metrics: Metrics
    well: Callable[[], str] = lambda: ""


def create_app(web: Open) -> Flask:
    """The Flask app: the door and the pages of `watched`. Raises StoreError if the store belongs to no account yet.

    A proxy need not pass on any page but `/webhooks/`.
    """
    app = watched(web.store, web.clock, web.metrics, web.parts.settings, web.well)
    app.register_blueprint(hubspot_door(web.parts.door(web.store), web.inbox, web.clock, web.metrics.answered))
    return app


def watched(
    store: Engine, clock: Callable[[], int], metrics: Metrics, settings: Settings, well: Callable[[], str]
) -> Flask:
    """The pages that monitoring looks at; none shows who anybody is.

    `/healthz`: 503 when a restart of the process would help; `/readyz`: 503 with the reasons when the service cannot do
    its work, and beside them the troubles that it meets at the CRM: these close no door, as notices are to be taken in
    all the same; `/metrics`: what Prometheus reads. `well` gives a sentence when the process has lost a part of itself.
    """
    app = Flask("leadscore", static_folder=None)

    @app.get("/healthz")
    def healthz() -> Response:
        said = well()
        answer = jsonify({"ok": False, "wrong": said} if said else {"ok": True})
        answer.status_code = 503 if said else 200
        return answer

    @app.get("/readyz")
    def readyz() -> Response:
        wrong = dict(health(store, clock(), settings.least_disk_mb, settings.most_waiting))
        if said := well():
            wrong["process"] = said
        answer = jsonify({"ready": not wrong, "wrong": wrong, "troubles": troubles_now(store, clock())})
        answer.status_code = 503 if wrong else 200
        return answer

    @app.get("/metrics")
    def numbers() -> Response:
        return Response(metrics.text(), content_type=CONTENT_TYPE)

    return app
