"""Believable people for the local HubSpot: the same for the same seed and the same clock."""

from __future__ import annotations

from typing import Any

from leadscore.sandbox.state import Portal


def generate(portal: Portal, contacts: int, seed: int) -> dict[str, Any]:
    return {}
