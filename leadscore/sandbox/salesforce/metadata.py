"""Takes packages: a zip with fields, permission sets, flows and messages, put into the org as a deploy does.

Both spellings are read: the source format (`objects/Lead/fields/X__c.field-meta.xml`) and the metadata format
(`objects/Lead.object`). A deploy makes or changes, all or nothing; what it names to destroy it takes away.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import msgspec

from leadscore.sandbox.salesforce import flows, rows
from leadscore.sandbox.salesforce.answers import Answer, Json, Request
from leadscore.sandbox.salesforce.errors import Refused
from leadscore.sandbox.salesforce.fields import Field
from leadscore.sandbox.salesforce.org import Org
from leadscore.sandbox.salesforce.records import savepoint
from leadscore.sandbox.salesforce.rows import Write
from leadscore.sandbox.salesforce.setup import people

_SPACE = "{http://soap.sforce.com/2006/04/metadata}"
_LARGEST = 39_000_000
_MOST_FILES = 10_000
_TYPES = {
    "Number": "double", "Currency": "currency", "Percent": "percent", "Text": "string", "TextArea": "textarea",
    "LongTextArea": "textarea", "Picklist": "picklist", "MultiselectPicklist": "multipicklist", "DateTime": "datetime",
    "Date": "date", "Checkbox": "boolean", "Email": "email", "Phone": "phone", "Url": "url",
}  # fmt: skip
_WATCHED = re.compile(r"ISCHANGED\(\{!\$Record\.(\w+)\}\)")
_BYPASS = re.compile(r"\{!\$Permission\.(\w+)\}")


@dataclass(frozen=True)
class _Part:
    """One component: `kind` as a manifest calls it, and its XML."""

    kind: str
    name: str
    file: str
    tree: ElementTree.Element

    def text(self, path: str, default: str = "") -> str:
        return (self.tree.findtext("/".join(_SPACE + step for step in path.split("/"))) or default).strip()

    def all(self, path: str) -> list[ElementTree.Element]:
        return self.tree.findall("/".join(_SPACE + step for step in path.split("/")))


def answer(org: Org, asked: Request) -> Answer:
    """POST .../metadata/deployRequest and GET .../metadata/deployRequest/ID. Raises Refused."""
    match asked.method, asked.parts[1:]:
        case "POST", ("deployRequest",):
            return _deploy(org, asked)
        case "GET", ("deployRequest", id):
            row = org.db.execute("SELECT doc FROM metadata WHERE type='Deploy' AND name=?", (id,)).fetchone()
            if row is not None:
                return Answer(200, {"id": id, "deployResult": msgspec.json.decode(row[0])})
    raise Refused("NOT_FOUND", "The requested resource does not exist")


def _deploy(org: Org, asked: Request) -> Answer:
    options, package = _multipart(asked)
    id = f"0Af5f{org.next_number('deploy'):010d}AAA"
    failures: list[Json] = []
    done: list[Json] = []
    try:
        with savepoint(org, "deploy"):
            for part in _ordered(_parts(package)):
                try:
                    new = _put(org, part)
                    done.append(_told(part, True, created=new))
                except Refused as refused:
                    failures.append(_told(part, False) | {"problem": str(refused), "problemType": "Error"})
            if failures or options.get("checkOnly"):
                raise _TakeBack
    except _TakeBack:
        org.look_again()
    result = {
        "id": id, "done": True, "success": not failures, "status": "Failed" if failures else "Succeeded",
        "checkOnly": bool(options.get("checkOnly")), "numberComponentsTotal": len(done) + len(failures),
        "numberComponentsDeployed": 0 if failures else len(done), "numberComponentErrors": len(failures),
        "details": {"componentSuccesses": done, "componentFailures": failures},
    }  # fmt: skip
    org.db.execute("INSERT INTO metadata VALUES ('Deploy', ?, ?)", (id, msgspec.json.encode(result).decode()))
    org.note("deploy", "Metadata", id, {"status": result["status"], "components": [one["fullName"] for one in done]})
    return Answer(
        201, {"id": id, "deployOptions": options, "deployResult": {"id": id, "status": "Pending", "done": False}}
    )


class _TakeBack(Exception):
    """A deploy that is only checked, or of which a part fails."""


def _told(part: _Part, success: bool, *, created: bool = False) -> Json:
    return {
        "componentType": part.kind, "fullName": part.name, "fileName": part.file, "success": success,
        "created": created, "changed": success, "deleted": part.kind.startswith("Destroy"),
    }  # fmt: skip


def _multipart(asked: Request) -> tuple[Json, bytes]:
    """The options in JSON and the zip."""
    found = re.search(r'boundary="?([^";]+)"?', asked.headers.get("Content-Type") or "")
    if found is None:
        raise Refused("INVALID_MULTIPART_REQUEST", "a multipart body was expected")
    options: Json = {}
    package = b""
    for part in asked.body.split(b"--" + found.group(1).encode()):
        head, _, body = part.partition(b"\r\n\r\n")
        if b"application/json" in head.lower():
            options = msgspec.json.decode(body.rstrip(b"\r\n")).get("deployOptions", {})
        elif b"zip" in head.lower():
            package = body.removesuffix(b"\r\n")
    if not package:
        raise Refused("INVALID_MULTIPART_REQUEST", "no zip was found in the body")
    if len(package) > _LARGEST:
        raise Refused("LIMIT_EXCEEDED", "the package is larger than 39 MB")
    return options, package


def _parts(package: bytes) -> Iterator[_Part]:
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as held:
            names = [name for name in held.namelist() if not name.endswith("/")]
            if len(names) > _MOST_FILES:
                raise Refused("LIMIT_EXCEEDED", "the package has more than 10,000 files")
            for file in sorted(names):
                if not file.endswith("package.xml"):
                    yield from _read(file, ElementTree.fromstring(held.read(file)))  # noqa: S314 - from the tested client
    except (zipfile.BadZipFile, ElementTree.ParseError) as error:
        raise Refused("INVALID_PACKAGE", f"the package cannot be read: {error}") from error


def _read(file: str, tree: ElementTree.Element) -> Iterator[_Part]:
    """The components of a file; those that a file holds inside are components of their own."""
    kind = tree.tag.removeprefix(_SPACE)
    stem = file.rsplit("/", 1)[-1].removesuffix("-meta.xml").rsplit(".", 1)[0]
    match kind:
        case "CustomField":
            object = file.split("objects/")[-1].split("/")[0]
            yield _Part(kind, f"{object}.{stem}", file, tree)
        case "CustomObject":
            for inner in tree.findall(f"{_SPACE}fields"):
                yield _Part("CustomField", f"{stem}.{inner.findtext(f'{_SPACE}fullName')}", file, inner)
        case "Workflow":
            for inner in tree.findall(f"{_SPACE}outboundMessages"):
                name = inner.findtext(f"{_SPACE}fullName")
                yield _Part("WorkflowOutboundMessage", f"{stem}.{name}", file, inner)
        case "Package":
            for types in tree.findall(f"{_SPACE}types"):
                of = types.findtext(f"{_SPACE}name")
                for member in types.findall(f"{_SPACE}members"):
                    yield _Part(f"Destroy{of}", str(member.text), file, member)
        case _:
            yield _Part(kind, stem, file, tree)


_ORDER = ("CustomField", "CustomPermission", "PermissionSet", "WorkflowOutboundMessage", "Flow")


def _ordered(parts: Iterator[_Part]) -> list[_Part]:
    """What others name comes first; what is destroyed, last."""
    return sorted(parts, key=lambda part: (part.kind.startswith("Destroy"), _place(part.kind)))


def _place(kind: str) -> int:
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _put(org: Org, part: _Part) -> bool:
    """Makes or changes a component; whether it is new."""
    match part.kind:
        case "CustomField":
            return _field(org, part)
        case "PermissionSet":
            return _permissions(org, part)
        case "Flow":
            return _flow(org, part)
        case "DestroyCustomField":
            object, _, name = part.name.partition(".")
            if name not in org.fields(object):
                return False
            org.drop_field(object, name)
            return False
        case kind if kind.startswith("Destroy"):
            org.db.execute("DELETE FROM metadata WHERE type=? AND name=?", (kind.removeprefix("Destroy"), part.name))
            return False
        case "LeadConvertSettings":
            _mapping(org, part)
    return _keep(org, part, {})


def _keep(org: Org, part: _Part, more: Json) -> bool:
    document = {"xml": ElementTree.tostring(part.tree).decode(), **more}
    old = org.db.execute("SELECT 1 FROM metadata WHERE type=? AND name=?", (part.kind, part.name)).fetchone()
    text = msgspec.json.encode(document).decode()
    org.db.execute("INSERT OR REPLACE INTO metadata VALUES (?,?,?)", (part.kind, part.name, text))
    return old is None


def _field(org: Org, part: _Part) -> bool:
    object, _, name = part.name.partition(".")
    spelt = part.text("type")
    # A field of Task and Event stands under Activity, and appears on both.
    targets = ("Task", "Event") if object == "Activity" else (object,)
    if any(org.object_named(target) is None for target in targets):
        raise Refused("INVALID_TYPE", f"Entity of type '{object}' cannot be found")
    if not name.endswith("__c") or spelt not in _TYPES:
        raise Refused("FIELD_INTEGRITY_EXCEPTION", f"{part.name}: not a custom field of a known type")
    if spelt == "Number" and not (part.text("precision") and part.text("scale")):
        raise Refused("REQUIRED_FIELD_MISSING", "Must specify 'precision' and 'scale' for a CustomField of type Number")
    if spelt == "LongTextArea" and not (part.text("length") and part.text("visibleLines")):
        raise Refused("REQUIRED_FIELD_MISSING", "Must specify 'length' and 'visibleLines' for a LongTextArea")
    values = tuple(str(one.findtext(f"{_SPACE}fullName")) for one in part.all("valueSet/valueSetDefinition/value"))
    made = Field(
        name, _TYPES[spelt], label=part.text("label"), length=int(part.text("length", "0")),
        precision=int(part.text("precision", "0")), scale=int(part.text("scale", "0")), values=values,
        restricted=part.text("valueSet/restricted") == "true", external_id=part.text("externalId") == "true",
        help=part.text("inlineHelpText"), default=False if spelt == "Checkbox" else None,
        nillable=spelt != "Checkbox",
    )  # fmt: skip
    new = False
    for target in targets:
        old = org.fields(target).get(name)
        if old is not None and old.type != made.type:
            raise Refused("FIELD_INTEGRITY_EXCEPTION", f"Cannot change the type of {target}.{name}")
        new = org.add_field(target, made) or new
    return new


def _permissions(org: Org, part: _Part) -> bool:
    """Replaces what the set grants; whom it is assigned to stays."""
    admin = Write(people(org).admin, unchecked=True)
    row = org.db.execute('SELECT "Id" FROM "o_PermissionSet" WHERE "Name"=?', (part.name,)).fetchone()
    values = {"Name": part.name, "Label": part.text("label")}
    id = row[0] if row else rows.create(org, "PermissionSet", values, admin).id
    org.db.execute('DELETE FROM "o_FieldPermissions" WHERE "ParentId"=?', (id,))
    for grant in part.all("fieldPermissions"):
        named = str(grant.findtext(f"{_SPACE}field"))
        object, _, name = named.partition(".")
        if org.object_named(object) is None or org.field_named(object, name) is None:
            raise Refused("INVALID_FIELD", f"In field: field - no CustomField named {named} found")
        given = {
            "PermissionsRead": grant.findtext(f"{_SPACE}readable") == "true",
            "PermissionsEdit": grant.findtext(f"{_SPACE}editable") == "true",
        }
        rows.create(org, "FieldPermissions", {"ParentId": id, "SobjectType": object, "Field": named, **given}, admin)
    permissions = [str(one.findtext(f"{_SPACE}name")) for one in part.all("customPermissions")]
    _keep(org, part, {"customPermissions": permissions})
    return row is None


def _flow(org: Org, part: _Part) -> bool:
    """A flow is modelled as far as it sends an outbound message when watched fields change."""
    name = part.text("actionCalls/actionName")
    row = org.db.execute("SELECT doc FROM metadata WHERE type='WorkflowOutboundMessage' AND name=?", (name,)).fetchone()
    if row is None:
        raise Refused("INVALID_CROSS_REFERENCE_KEY", f"{part.name}: there is no outbound message {name}")
    message = ElementTree.fromstring(msgspec.json.decode(row[0])["xml"])  # noqa: S314 - kept from a deploy
    formula, trigger = part.text("start/filterFormula"), part.text("start/recordTriggerType")
    bypass = _BYPASS.search(formula)
    old = org.db.execute("SELECT 1 FROM metadata WHERE type='Flow' AND name=?", (part.name,)).fetchone()
    if part.text("status") != "Active":
        return old is None
    flows.keep(
        org,
        flows.Flow(
            name=part.name,
            object=part.text("start/object"),
            endpoint=str(message.findtext(f"{_SPACE}endpointUrl")),
            watched=tuple(_WATCHED.findall(formula)) if trigger != "Create" else (),
            sent=tuple(str(one.text) for one in message.findall(f"{_SPACE}fields")),
            on_create=trigger in ("Create", "CreateAndUpdate"),
            bypass=bypass.group(1) if bypass else "",
        ),
    )
    return old is None


def _mapping(org: Org, part: _Part) -> None:
    for mapping in part.all("objectMapping"):
        if mapping.findtext(f"{_SPACE}outputObject") == "Contact":
            for pair in mapping.findall(f"{_SPACE}mappingFields"):
                ends: list[Any] = [pair.findtext(f"{_SPACE}{name}") for name in ("inputField", "outputField")]
                org.db.execute("INSERT OR REPLACE INTO metadata VALUES ('LeadMapping', ?, ?)", tuple(ends))
