"""Salesforce's limit of calls a day, told with every answer; and what else goes wrong when told to."""

from __future__ import annotations

from typing import Any

import msgspec


class Limits(msgspec.Struct, kw_only=True):
    """`daily`: calls that the org may make in 24 hours; `bulk_batches`: of the Bulk API; `pardot_daily`: of Account
    Engagement; `pardot_most`: rows of one query there."""

    daily: int = 100_000
    bulk_batches: int = 15_000
    pardot_daily: int = 25_000
    pardot_most: int = 100_000


class Limiter:
    """Counts calls of a day. Not thread-safe: call it under the org's lock."""

    def __init__(self) -> None:
        self.limits = Limits()
        self.used = 0
        self.bulk_used = 0
        self.pardot_used = 0

    def change(self, document: dict[str, Any]) -> None:
        """Takes `Limits` fields, `used`, `bulk_used` and `pardot_used`. Raises ValueError."""
        known = {*Limits.__struct_fields__, "used", "bulk_used", "pardot_used"}
        if unknown := sorted(set(document) - known):
            raise ValueError(f"there is no limit {unknown[0]!r}; there are {', '.join(sorted(known))}")
        rest = dict(document)
        try:
            self.used = msgspec.convert(rest.pop("used", self.used), int)
            self.bulk_used = msgspec.convert(rest.pop("bulk_used", self.bulk_used), int)
            self.pardot_used = msgspec.convert(rest.pop("pardot_used", self.pardot_used), int)
            self.limits = msgspec.convert(msgspec.to_builtins(self.limits) | rest, Limits)
        except msgspec.ValidationError as error:
            raise ValueError(f"not a limit: {error}") from error

    def admit(self) -> bool:
        """Counts a call; whether it may pass."""
        if self.used >= self.limits.daily:
            return False
        self.used += 1
        return True

    def header(self) -> dict[str, str]:
        return {"Sforce-Limit-Info": f"api-usage={self.used}/{self.limits.daily}"}

    def document(self) -> dict[str, dict[str, int]]:
        """What GET .../limits answers, of the part that is modelled."""
        return {
            "DailyApiRequests": {"Max": self.limits.daily, "Remaining": max(0, self.limits.daily - self.used)},
            "DailyBulkApiBatches": {
                "Max": self.limits.bulk_batches,
                "Remaining": max(0, self.limits.bulk_batches - self.bulk_used),
            },
            "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000},
        }
