"""What permission sets give beside fields: the custom permissions by which an org's flows know whom to leave alone."""

from __future__ import annotations

import msgspec

from leadscore.sandbox.salesforce.org import Org
from leadscore.sandbox.salesforce.rows import Changed, Write, create

_GONE = 'DELETE FROM "o_UserSetupEntityAccess" WHERE "CreatedById"=?'
_SETS = """
SELECT p."Name" FROM "o_PermissionSetAssignment" a JOIN "o_PermissionSet" p ON p."Id" = a."PermissionSetId"
WHERE a."AssigneeId" = ? AND a."IsDeleted" = 0 ORDER BY p."Name"
"""


def follow(org: Org, changed: list[Changed]) -> None:
    """After sets were assigned or taken away: what their users hold now."""
    users = {str(one.after["AssigneeId"]) for one in changed if one.object == "PermissionSetAssignment"}
    for user in sorted(users):
        org.db.execute(_GONE, (user,))
        for (name,) in org.db.execute(_SETS, (user,)).fetchall():
            row = org.db.execute("SELECT doc FROM metadata WHERE type='PermissionSet' AND name=?", (name,)).fetchone()
            for permission in msgspec.json.decode(row[0])["customPermissions"] if row else ():
                held = {"DeveloperName": permission, "KeyPrefix": "0CF"}
                create(org, "UserSetupEntityAccess", held, Write(user, unchecked=True))
