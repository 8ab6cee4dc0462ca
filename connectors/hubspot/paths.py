"""Where HubSpot's APIs live: one table from the paths of old to the dated ones, chosen by one setting."""

import re
from dataclasses import dataclass

OLD = "v3"
CURRENT = "2026-09"

DATED: tuple[tuple[str, str], ...] = (
    ("/crm/v3/objects", "/crm/objects/{version}"),
    ("/crm/v3/properties", "/crm/properties/{version}"),
    ("/crm/v3/pipelines", "/crm/pipelines/{version}"),
    ("/crm/v3/lists", "/crm/lists/{version}"),
    ("/crm/v3/owners", "/crm/owners/{version}"),
    ("/crm/v4/associations", "/crm/associations/{version}"),
    ("/events/v3/events", "/events/event-occurrences/{version}"),
    ("/account-info/v3", "/account-info/{version}"),
)
"""By beginning. What is not here has no dated form that is generally available: form definitions
(`/marketing/v3/forms`) have a beta only, form submissions (`/form-integrations/v1`) none at all."""

TASKS = "/crm/v3/objects/tasks"
SUBMISSIONS = "/form-integrations/v1/submissions/forms/{form}"
DETAILS = "/account-info/v3/details"
USAGE = "/account-info/v3/api-usage/daily/private-apps"


@dataclass(frozen=True, slots=True)
class Paths:
    """`version`: `v3` (what the official client speaks; supported until September 2027) or a date such as `2026-09`."""

    version: str = OLD

    def __post_init__(self) -> None:
        """Raises ValueError for a version that is neither."""
        if self.version != OLD and not re.fullmatch(r"\d{4}-\d{2}", self.version):
            raise ValueError(f"{self.version!r} is no HubSpot API version; write {OLD} or a date such as {CURRENT}")

    def spell(self, path: str) -> str:
        """The path as this version writes it. Trailing slashes of the old client go."""
        path = path.rstrip("/")
        if self.version == OLD:
            return path
        for old, dated in DATED:
            if path == old or path.startswith(old + "/"):
                return dated.format(version=self.version) + path[len(old) :]
        return path
