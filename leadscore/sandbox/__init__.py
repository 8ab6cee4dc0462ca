"""A local HubSpot: a real HTTP server on 127.0.0.1 that behaves as the vendor's public facts say, traps included.

    from leadscore.sandbox import serve, start

    with serve(now=1_800_000_000_000) as sandbox:              # or start(...) and sandbox.stop()
        HubSpot(access_token=sandbox.token, host=sandbox.url)  # the official client, only its host set

`serve(state_path=None, port=0, *, now=None, tier="enterprise", **settings)`: no path takes a temporary store, port 0 a
free port, `now` (ms) makes the portal's clock stand still. `sandbox.url`, `.token`, `.portal_id`, `.stop()`.
`generate(sandbox.portal, contacts, seed)` fills it with believable people, the same for the same seed and clock.
Everything else is steered over HTTP under `/_sandbox/...`, listed in leadscore.sandbox.control: clock, settings (tier,
scopes, token), limits, faults, journal of writes, request counters, people acting (forms, pages, mails, edits, imports,
merges), workflows, and signed webhooks that call an app on this machine (webhook_control). It imports nothing else of
this project, so one misreading of the vendor cannot hide on both sides. leadscore.sandbox.salesforce is a local
Salesforce of the same kind, with the same people.
"""

from leadscore.sandbox.generator import generate
from leadscore.sandbox.running import run_forever, run_salesforce_forever
from leadscore.sandbox.server import Sandbox, serve, start

__all__ = ["Sandbox", "generate", "run_forever", "run_salesforce_forever", "serve", "start"]
