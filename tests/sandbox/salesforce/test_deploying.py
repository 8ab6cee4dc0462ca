"""Packages are deployed whole or not at all, and their fields are seen by nobody until a permission set grants them."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from tests.sandbox.salesforce.conftest import DATA, Caller

SPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"'


def field(name: str, inside: str) -> str:
    return f"<CustomField {SPACE}><fullName>{name}</fullName><label>{name}</label>{inside}</CustomField>"


SCORE = field("LS_Score__c", "<type>Number</type><precision>6</precision><scale>0</scale>")
GRANT = (
    f"<PermissionSet {SPACE}><customPermissions><enabled>true</enabled><name>LS_Bypass</name></customPermissions>"
    "<fieldPermissions><editable>true</editable><field>Lead.LS_Score__c</field><readable>true</readable>"
    "</fieldPermissions><label>Integration</label></PermissionSet>"
)


def deploy(call: Caller, files: dict[str, str], **options: Any) -> dict[str, Any]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as held:
        for name, text in files.items():
            held.writestr(name, text)
    parts: Any = {
        "json": (None, json.dumps({"deployOptions": options}), "application/json"),
        "file": ("deploy.zip", packed.getvalue(), "application/zip"),
    }
    answer = call.session.post(f"{call.org.url}{DATA}/metadata/deployRequest", files=parts, timeout=10)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = call.send("GET", f"metadata/deployRequest/{answer.json()['id']}").json()["deployResult"]
    return told


def names(call: Caller) -> list[str]:
    return [one["name"] for one in call.send("GET", "sobjects/Lead/describe").json()["fields"]]


def test_a_field_appears_when_a_permission_set_with_it_is_assigned(call: Caller) -> None:
    files = {
        "objects/Lead/fields/LS_Score__c.field-meta.xml": SCORE,
        "permissionsets/Integration.permissionset-meta.xml": GRANT,
    }
    told = deploy(call, files)
    assert (told["status"], told["numberComponentsDeployed"]) == ("Succeeded", 2)
    assert "LS_Score__c" not in names(call)
    set_id = call.rows("SELECT Id FROM PermissionSet WHERE Name = 'Integration'", "Id")[0]
    user = call.rows("SELECT Id FROM User WHERE Username = 'leadscore@acme.example'", "Id")[0]
    call.make("PermissionSetAssignment", PermissionSetId=set_id, AssigneeId=user)
    assert "LS_Score__c" in names(call)
    text = "SELECT DeveloperName FROM UserSetupEntityAccess WHERE KeyPrefix = '0CF'"
    assert call.rows(text, "DeveloperName") == ["LS_Bypass"]


def test_a_faulty_part_takes_the_whole_deploy_back(call: Caller) -> None:
    bad = field("LS_Other__c", "<type>Number</type>")
    files = {"objects/Lead/fields/LS_Score__c.field": SCORE, "objects/Lead/fields/LS_Other__c.field": bad}
    told = deploy(call, files)
    assert told["status"] == "Failed"
    assert "precision" in told["details"]["componentFailures"][0]["problem"]
    call.control("grant", {"object": "Lead", "fields": ["LS_Score__c"]})
    assert "LS_Score__c" not in names(call)


def test_a_check_changes_nothing_and_a_second_deploy_is_as_good_as_one(call: Caller) -> None:
    files = {"objects/Lead/fields/LS_Score__c.field": SCORE}
    call.control("settings", {"all_fields": True})
    assert deploy(call, files, checkOnly=True)["success"]
    assert "LS_Score__c" not in names(call)
    first, second = deploy(call, files), deploy(call, files)
    created = [one["details"]["componentSuccesses"][0]["created"] for one in (first, second)]
    assert created == [True, False]
    text = field("LS_Score__c", "<type>Text</type><length>10</length>")
    assert deploy(call, {"objects/Lead/fields/LS_Score__c.field": text})["status"] == "Failed"


def test_what_a_destructive_change_names_goes(call: Caller) -> None:
    call.control("settings", {"all_fields": True})
    deploy(call, {"objects/Lead/fields/LS_Score__c.field": SCORE})
    members = "<types><members>Lead.LS_Score__c</members><name>CustomField</name></types>"
    deploy(call, {"package.xml": "", "destructiveChanges.xml": f"<Package {SPACE}>{members}</Package>"})
    assert "LS_Score__c" not in names(call)
