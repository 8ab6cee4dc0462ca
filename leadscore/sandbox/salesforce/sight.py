"""What the integration user may see and edit: fields by permission sets, rows by sharing."""

from __future__ import annotations

from leadscore.sandbox.salesforce.fields import Field
from leadscore.sandbox.salesforce.org import NAME_FIELDS, Org

_GRANTS = """
SELECT p."Field", MAX(p."PermissionsRead"), MAX(p."PermissionsEdit") FROM "o_FieldPermissions" p
JOIN "o_PermissionSetAssignment" a ON a."PermissionSetId" = p."ParentId"
WHERE a."AssigneeId" = ? AND p."IsDeleted" = 0 AND a."IsDeleted" = 0 GROUP BY p."Field"
"""
HOLDS_TASKS = ("Task", "Event")


class UserSight:
    """One user's sight for one request: permissions are asked for once."""

    def __init__(self, org: Org, user: str) -> None:
        self.org = org
        self.user = user
        rows = org.db.execute(_GRANTS, (user,))
        self._granted = {row[0].lower(): (bool(row[1] or row[2]), bool(row[2])) for row in rows}

    def now(self) -> int:
        return self.org.now()

    def object_named(self, name: str) -> str | None:
        return self.org.object_named(name)

    def field_named(self, object: str, name: str) -> Field | None:
        if object == "Name":
            return next((one for one in NAME_FIELDS.values() if one.name.lower() == name.lower()), None)
        found = self.org.field_named(object, name)
        return found if found is not None and self.may_read(object, found) else None

    def may_read(self, object: str, found: Field) -> bool:
        return not found.custom or self._grant(object, found)[0]

    def may_edit(self, object: str, found: Field) -> bool:
        return found.updateable and (not found.custom or self._grant(object, found)[1])

    def readable(self, object: str) -> list[Field]:
        return [one for one in self.org.fields(object).values() if self.may_read(object, one)]

    def rows_shown(self, object: str, alias: str, deleted: bool) -> str:
        if object == "Name":
            return "1"
        shown = ["1"] if deleted else [f'{alias}."IsDeleted" = 0']
        if object in HOLDS_TASKS and not deleted:
            shown.append(f'{alias}."IsArchived" = 0')
        if object in self.org.settings.private and not self.org.settings.view_all_data:
            shown.append(f"{alias}.\"OwnerId\" = '{self.user}'")
        return " AND ".join(shown)

    def _grant(self, object: str, found: Field) -> tuple[bool, bool]:
        if self.org.settings.all_fields:
            return True, True
        return self._granted.get(f"{object}.{found.name}".lower(), (False, False))
