"""What HubSpot sets by itself along with a write: the dates of a contact's stages, the closed marks of a deal.

Won and lost come from the stage's metadata, never from its name [docs copy: pipelines guide].
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from leadscore.sandbox.catalogue import CONTACT, DEAL
from leadscore.sandbox.clock import iso
from leadscore.sandbox.state import Portal

_decode = msgspec.json.Decoder(dict[str, str]).decode


def derived(
    portal: Portal, object_type: str, before: Mapping[str, str], new: Mapping[str, str | None], at: int
) -> dict[str, str]:
    """What HubSpot sets by itself along with a write: stage dates of contacts, the closed marks of deals."""
    if object_type == CONTACT:
        stage = new.get("lifecyclestage")
        name = f"hs_v2_date_entered_{stage}"
        return {name: iso(at)} if stage and name in portal.definitions(CONTACT) else {}
    if object_type == DEAL and ("dealstage" in new or "closedate" in new or "amount" in new):
        return _deal_marks(portal, before, new, at)
    return {}


def _deal_marks(portal: Portal, before: Mapping[str, str], new: Mapping[str, str | None], at: int) -> dict[str, str]:
    stage = new.get("dealstage") or before.get("dealstage") or ""
    metadata = stage_metadata(portal, stage)
    closed = metadata.get("isClosed") == "true"
    probability = float(metadata.get("probability", "0"))
    marks = {
        "hs_is_closed": str(closed).lower(),
        "hs_is_closed_won": str(closed and probability == 1).lower(),
        "hs_is_closed_lost": str(closed and probability == 0).lower(),
        "hs_deal_stage_probability": format(probability, "g"),
    }
    if amount := new.get("amount"):
        marks["amount_in_home_currency"] = amount
    if new.get("dealstage"):
        marks["hs_v2_date_entered_current_stage"] = iso(at)
        if closed and before.get("hs_is_closed") != "true" and not new.get("closedate"):
            marks["closedate"] = iso(at)
    closed_at = marks.get("closedate") or new.get("closedate") or before.get("closedate")
    if marks["hs_is_closed_won"] == "true" and closed_at:
        marks["hs_closed_won_date"] = closed_at
    return {name: value for name, value in marks.items() if before.get(name) != value}


def stage_metadata(portal: Portal, stage: str) -> dict[str, str]:
    """A deal stage's metadata: a map of texts, in HubSpot's way; empty for a stage that no pipeline has."""
    sql = (
        "SELECT json_extract(s.value, '$.metadata') FROM pipelines p, json_each(p.doc, '$.stages') s "
        "WHERE p.type='deals' AND json_extract(s.value, '$.id')=?"
    )
    row = portal.db.execute(sql, (stage,)).fetchone()
    return _decode(row[0]) if row else {}
