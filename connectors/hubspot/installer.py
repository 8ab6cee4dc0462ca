"""Puts our fields into a HubSpot account and takes them out again, never touching anybody else's."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from connectors.errors import Rejected
from connectors.hubspot.answers import Refused, rows_of
from connectors.hubspot.client import Client
from connectors.hubspot.fields import GROUPS, OurField, is_ours, our_fields, property_name
from connectors.protocol import InstallStep
from scoring.model import ScoringModel

_OBJECT = "contacts"
_CONTACT = "contact"


class HubSpotInstaller:
    """A `connectors.protocol.Installer`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def plan(self, models: Sequence[ScoringModel]) -> tuple[InstallStep, ...]:
        """Groups first, then fields; a field that is there as it should be is a `keep`."""
        steps = [self._group_step(name, label) for name, label in GROUPS.items()]
        steps += [self._field_step(field) for field in our_fields(models)]
        return (*steps, *_foreign_feedback(models))

    def removal(self) -> tuple[InstallStep, ...]:
        """Our fields and then our groups, as far as they are there. Their values go with them; HubSpot keeps deleted
        fields for 90 days."""
        found = self._client.call(self._client.properties.get_all, _OBJECT, archived=False)
        ours = [raw for raw in rows_of(found) if is_ours(str(raw["name"]), str(raw.get("groupName") or ""))]
        steps = [_step("remove", raw["name"], f"Remove the field {raw.get('label')!r} and its values.") for raw in ours]
        strangers = {raw.get("groupName") for raw in rows_of(found) if raw not in ours}
        for name, label in GROUPS.items():
            if name not in strangers and self._get_group(name) is not None:
                steps.append(_step("remove", name, f"Remove the group {label!r}."))
        return tuple(steps)

    def carry_out(self, steps: Iterable[InstallStep], models: Sequence[ScoringModel]) -> Iterator[InstallStep]:
        fields = {field.name: field for field in our_fields(models)}
        for step in steps:
            match step.action:
                case "remove":
                    self._remove(step.name)
                case "create" if step.name in GROUPS:
                    self._create_group(step.name)
                case "create":
                    self._create(fields[step.name])
                case "update":
                    self._update(fields[step.name])
            yield step

    def _group_step(self, name: str, label: str) -> InstallStep:
        if self._get_group(name) is None:
            return _step("create", name, f"Create the group {label!r} for our fields.")
        return _step("keep", name, f"The group {label!r} is there.")

    def _field_step(self, field: OurField) -> InstallStep:
        raw = self._get_field(field.name)
        if raw is None:
            return _step(
                "create", field.name, f"Create the field {field.label!r} ({field.type}) in {GROUPS[field.group]!r}."
            )
        if not is_ours(field.name, str(raw.get("groupName") or "")):
            group = raw.get("groupName")
            return _step("keep", field.name, f"A field of this name is in the group {group!r}; it is used as it is.")
        if raw.get("type") != field.type:
            return _step("keep", field.name, f"The field is of type {raw.get('type')}, not {field.type}; delete it by "
                         "hand and install again.")  # fmt: skip
        if differences := _differences(field, raw):
            return _step(
                "update", field.name, f"Bring {' and '.join(differences)} of the field {field.label!r} up to date."
            )
        return _step("keep", field.name, f"The field {field.label!r} is there.")

    def _get_field(self, name: str) -> Any:
        return _or_none(lambda: self._client.call(self._client.properties.get_by_name, _OBJECT, name))

    def _get_group(self, name: str) -> Any:
        return _or_none(lambda: self._client.call(self._client.groups.get_by_name, _OBJECT, name))

    def _create_group(self, name: str) -> None:
        body = {"name": name, "label": GROUPS[name], "displayOrder": -1}
        _once(lambda: self._client.call(self._client.groups.create, _OBJECT, body))

    def _create(self, field: OurField) -> None:
        body = _definition(field) | {"name": field.name, "type": field.type, "fieldType": field.field_type}
        made = _once(lambda: self._client.call(self._client.properties.create, _OBJECT, body))
        if not made and self._get_field(field.name) is None:
            raise Rejected(
                f"HubSpot still keeps a deleted field {field.name}, for 90 days. Restore it (Settings > Properties > "
                "Archived properties), then run `leadscore install` again."
            )

    def _update(self, field: OurField) -> None:
        self._client.call(self._client.properties.update, _OBJECT, field.name, _definition(field))

    def _remove(self, name: str) -> None:
        archive = self._client.groups.archive if name in GROUPS else self._client.properties.archive
        _or_none(lambda: self._client.call(archive, _OBJECT, name))


def _definition(field: OurField) -> dict[str, Any]:
    body: dict[str, Any] = {
        "label": field.label,
        "groupName": field.group,
        "description": field.description,
        "formField": False,
    }
    if field.options:
        body["options"] = [
            {"label": label, "value": value, "displayOrder": order, "hidden": False}
            for order, (value, label) in enumerate(field.options)
        ]
    return body


def _differences(field: OurField, raw: dict[str, Any]) -> list[str]:
    options = sorted(raw.get("options") or (), key=lambda option: option.get("displayOrder") or 0)
    found = tuple((str(option.get("value")), str(option.get("label"))) for option in options)
    checks = {
        "the label": raw.get("label") == field.label,
        "the answers": not field.options or found == field.options,
        "the group": raw.get("groupName") == field.group,
    }
    return [what for what, same in checks.items() if not same]


def _foreign_feedback(models: Sequence[ScoringModel]) -> Iterator[InstallStep]:
    """A model may keep its answers in a field of the customer's own, which we never create nor change."""
    for name in dict.fromkeys(model.feedback.field.get("hubspot", "") for model in models if model.feedback):
        if name and name != property_name("feedback"):
            yield _step(
                "keep", name, "The model reads sales feedback from this field of yours; leadscore leaves it as it is."
            )


def _step(action: Any, name: str, what: str) -> InstallStep:
    return InstallStep(action, _CONTACT, name, what)


def _or_none(ask: Any) -> Any:
    """None for 404."""
    try:
        return ask()
    except Refused as refused:
        if refused.status == 404:
            return None
        raise


def _once(create: Any) -> bool:
    """Creates; False when it was there already (a repeated call, a lost answer). HubSpot says so with 409 or 400."""
    try:
        create()
    except Refused as refused:
        if refused.status == 409 or (refused.status == 400 and "already exists" in refused.words):
            return False
        raise
    return True
