"""Sends outbound messages as Salesforce does: up to a hundred notifications a message, until one Ack covers them all.

Waits run in real time, whatever the org's clock does. What a notification shows are the values of now, not those of
the change; a deleted record is shown without any. Whoever does not answer Ack gets the same notifications again.
"""

from __future__ import annotations

import http.client
import threading
from time import monotonic
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import msgspec

from leadscore.sandbox.clock import DAY_MS, iso, real_now
from leadscore.sandbox.salesforce.flows import Flow, active
from leadscore.sandbox.salesforce.org import Org
from leadscore.sandbox.salesforce.setup import organization_id
from leadscore.sandbox.salesforce.showing import shown

MOST = 100
_GIVE_UP = DAY_MS
_OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_LARGEST_ANSWER = 65_536


class Messenger:
    """The thread that sends; `stop` leaves unsent messages in the store."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._stopping = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outbound messages", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout=5)

    def wake(self) -> None:
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            sent = False
            for flow in self._flows():
                sent = self._send_some(flow) or sent
            if not sent:
                self._wake.wait(0.05)

    def _flows(self) -> list[Flow]:
        with self._org.lock:
            return [] if self._stopping else active(self._org)

    def _send_some(self, flow: Flow) -> bool:
        with self._org.lock:
            if self._stopping:
                return False
            query = "SELECT seq, doc, attempt FROM messages WHERE state='waiting' AND due<=? ORDER BY seq"
            rows = [row for row in self._org.db.execute(query, (real_now(),)) if self._of(row[1]) == flow.name][:MOST]
            body = self._envelope(flow, [msgspec.json.decode(row[1]) for row in rows])
        if not rows:
            return False
        began, told = monotonic(), ""
        try:
            acknowledged, told = self._post(flow.endpoint, body)
        except (OSError, http.client.HTTPException) as failure:
            acknowledged, told = False, f"{type(failure).__name__}: {failure}"
        with self._org.lock:
            if not self._stopping:
                self._settle(rows, acknowledged, told, round((monotonic() - began) * 1000))
        return True

    @staticmethod
    def _of(doc: str) -> str:
        return str(msgspec.json.decode(doc)["flow"])

    def _settle(self, rows: list[Any], acknowledged: bool, told: str, ms: int) -> None:
        org = self._org
        with org.transaction():
            for seq, doc, attempt in rows:
                if acknowledged:
                    org.db.execute("UPDATE messages SET state='done' WHERE seq=?", (seq,))
                    continue
                wait = min(org.settings.message_wait_ms * 2**attempt, 7_200_000)
                state = "given_up" if attempt * org.settings.message_wait_ms > _GIVE_UP else "waiting"
                change = "UPDATE messages SET attempt=attempt+1, due=?, state=? WHERE seq=?"
                org.db.execute(change, (real_now() + wait, state, seq))
                org.note("message", "refused", msgspec.json.decode(doc)["notification"], {"told": told})
            org.note("message", "sent", str(len(rows)), {"acknowledged": acknowledged, "told": told, "ms": ms})

    def _post(self, endpoint: str, body: bytes) -> tuple[bool, str]:
        target = urlsplit(endpoint)
        wire = http.client.HTTPConnection(target.hostname or "", target.port or 80, timeout=60)
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""', "User-Agent": "sandbox-messages"}
        try:
            path = (target.path or "/") + (f"?{target.query}" if target.query else "")
            wire.request("POST", path, body, headers)
            answer = wire.getresponse()
            return answer.status == 200 and _is_ack(answer.read(_LARGEST_ANSWER)), f"HTTP {answer.status}"
        finally:
            wire.close()

    def _envelope(self, flow: Flow, notices: list[dict[str, str]]) -> bytes:
        organization = organization_id(self._org)
        parts = "".join(self._notification(flow, notice) for notice in notices)
        host = "https://acme.my.salesforce.com/services/Soap"
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<soapenv:Envelope xmlns:soapenv="{_SOAP}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n <soapenv:Body>\n'
            f'  <notifications xmlns="{_OUTBOUND}">\n   <OrganizationId>{organization}</OrganizationId>\n'
            '   <ActionId>04k5f000000000AAAA</ActionId>\n   <SessionId xsi:nil="true"/>\n'
            f"   <EnterpriseUrl>{host}/c/66.0/{organization[:15]}</EnterpriseUrl>\n"
            f"   <PartnerUrl>{host}/u/66.0/{organization[:15]}</PartnerUrl>\n"
            f"{parts}  </notifications>\n </soapenv:Body>\n</soapenv:Envelope>"
        ).encode()

    def _notification(self, flow: Flow, notice: dict[str, str]) -> str:
        row = self._org.get(flow.object, notice["id"]) or {}
        values = {} if row.get("IsDeleted") else row
        lines = [f"     <sf:Id>{notice['id']}</sf:Id>\n"]
        for name in sorted(set(flow.sent) - {"Id"}):
            text = shown(values.get(name), self._org.fields(flow.object)[name], "Z")
            if text is not None:
                told = str(text).lower() if isinstance(text, bool) else str(text)
                lines.append(f"     <sf:{name}>{escape(told)}</sf:{name}>\n")
        return (
            f"   <Notification>\n    <Id>{notice['notification']}</Id>\n"
            f'    <sObject xsi:type="sf:{flow.object}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">\n'
            f"{''.join(lines)}    </sObject>\n   </Notification>\n"
        )


def _is_ack(body: bytes) -> bool:
    """True only for the answer that the WSDL names."""
    try:
        tree = ElementTree.fromstring(body)  # noqa: S314 - the answer of the one who is tested
    except ElementTree.ParseError:
        return False
    told = tree.find(f"{{{_SOAP}}}Body/{{{_OUTBOUND}}}notificationsResponse/{{{_OUTBOUND}}}Ack")
    return told is not None and (told.text or "").strip() == "true"


def waiting(org: Org) -> list[dict[str, Any]]:
    """Messages that were not acknowledged yet, oldest first."""
    query = "SELECT seq, doc, attempt, due, state FROM messages WHERE state<>'done' ORDER BY seq"
    return [
        {"seq": seq, "attempt": attempt, "due": iso(due), "state": state, **msgspec.json.decode(doc)}
        for seq, doc, attempt, due, state in org.db.execute(query)
    ]
