"""Describes objects and fields as this user sees them."""

from __future__ import annotations

from typing import Any

from leadscore.sandbox.salesforce import ids
from leadscore.sandbox.salesforce.catalogue import OBJECTS, READ_ONLY
from leadscore.sandbox.salesforce.sight import UserSight


def all_objects(version: str) -> dict[str, Any]:
    """GET .../sobjects"""
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [_summary(name, version) for name in OBJECTS]}


def describe(sight: UserSight, object: str, version: str) -> dict[str, Any]:
    """GET .../sobjects/NAME/describe: fields without permission are missing."""
    fields = [
        one.described(
            updateable=sight.may_edit(object, one),
            createable=one.createable and (not one.custom or sight.may_edit(object, one)),
        )
        for one in sight.readable(object)
    ]
    master = {
        "active": True, "available": True, "defaultRecordTypeMapping": True, "developerName": "Master",
        "master": True, "name": "Master", "recordTypeId": "012000000000000AAA", "urls": {},
    }  # fmt: skip
    return _summary(object, version) | {"fields": fields, "childRelationships": [], "recordTypeInfos": [master]}


def _summary(object: str, version: str) -> dict[str, Any]:
    base, writable = f"/services/data/{version}/sobjects/{object}", object not in READ_ONLY
    return {
        "name": object, "label": object, "labelPlural": f"{object}s", "keyPrefix": ids.PREFIXES.get(object),
        "custom": False, "queryable": True, "retrieveable": True, "searchable": False, "replicateable": True,
        "createable": writable, "updateable": writable, "deletable": writable, "undeletable": writable,
        "mergeable": object in ("Lead", "Contact", "Account"), "layoutable": True, "triggerable": True,
        "feedEnabled": False, "deprecatedAndHidden": False, "customSetting": False,
        "urls": {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"},
    }  # fmt: skip
