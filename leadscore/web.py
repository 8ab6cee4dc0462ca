"""What answers over HTTP: the door for the CRM's notices, and the pages that monitoring looks at."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, jsonify
from sqlalchemy import Engine

from leadscore.jobs.health import health
from leadscore.metrics import CONTENT_TYPE, Metrics
from leadscore.wiring import Parts
from webhooks.blueprint import hubspot_door
from webhooks.delivery import Inbox


@dataclass(frozen=True, slots=True)
class Open:
    """What the web side works with: the parts, the open store, the inbox, the clock (ms UTC) and what counts.

    `well` adds to `/readyz` what only this process knows: a sentence, or "" when all is well.
    """

    parts: Parts
    store: Engine
    inbox: Inbox
    clock: Callable[[], int]
    metrics: Metrics
    well: Callable[[], str] = lambda: ""


def create_app(web: Open) -> Flask:
    """The Flask app. Raises StoreError if the store belongs to no account yet.

    `/healthz` says that the process answers, `/readyz` 503 with the reasons when it cannot do its work, `/metrics`
    what Prometheus reads. No page shows who anybody is; a proxy need not pass on any but `/webhooks/`.
    """
    app = Flask("leadscore", static_folder=None)
    app.register_blueprint(hubspot_door(web.parts.door(web.store), web.inbox, web.clock, web.metrics.answered))

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify({"ok": True})

    @app.get("/readyz")
    def readyz() -> Response:
        wrong = dict(health(web.store, web.clock(), web.parts.settings.least_disk_mb))
        if said := web.well():
            wrong["process"] = said
        answer = jsonify({"ready": not wrong, "wrong": wrong})
        answer.status_code = 503 if wrong else 200
        return answer

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(web.metrics.text(), content_type=CONTENT_TYPE)

    return app
