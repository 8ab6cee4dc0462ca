"""Salesforce's door over real HTTP, and messages in the shape that its WSDL names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from tests.webhooks.door import NOW, Answer, Door, MemoryInbox, serving
from webhooks.blueprint import Outcome
from webhooks.salesforce import SalesforceDoorSettings, salesforce_door

TOKEN = "b3f1c0de5a1e4f0fa11ce0ffee15900d"
ORGANIZATION = "00D5f000000AbCdEAK"
ACK = b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'


def notification(number: int = 1, object: str = "Lead", record: str | None = None, fields: str = "") -> str:
    """The ids are counted; `fields` stands beside the record's id as it is."""
    prefix = {"Lead": "00Q", "Contact": "003"}.get(object, "006")
    known = record if record is not None else f"{prefix}5f{number:010d}AAA"
    return (
        f"<Notification><Id>04l5f{number:010d}AAA</Id>"
        f'<sObject xsi:type="sf:{object}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        f"<sf:Id>{known}</sf:Id>{fields}</sObject></Notification>"
    )


def message(
    *notifications: str,
    organization: str = ORGANIZATION,
    session: str = '<SessionId xsi:nil="true"/>',
    before: str = "",
) -> bytes:
    """A whole message; `before` stands between the declaration and the envelope."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        f'<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>{organization}</OrganizationId>'
        f"<ActionId>04k5f000000000AAAA</ActionId>{session}<EnterpriseUrl>https://acme.example/c</EnterpriseUrl>"
        f"<PartnerUrl>https://acme.example/u</PartnerUrl>{''.join(notifications)}"
        "</notifications></soapenv:Body></soapenv:Envelope>"
    ).encode()


def tell(door: Door, body: bytes, token: str = TOKEN) -> Answer:
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
    return door.post(body, headers, f"/webhooks/salesforce/{token}")


@contextmanager
def open_door(**settings: Any) -> Iterator[Door]:
    inbox = MemoryInbox()
    told: list[Outcome] = []
    chosen = SalesforceDoorSettings(**{"organization": ORGANIZATION, "tokens": (TOKEN,), **settings})
    app = Flask("door")
    app.register_blueprint(salesforce_door(chosen, inbox, lambda: NOW, told.append))
    with serving(app) as port:
        yield Door(port, inbox, told)
