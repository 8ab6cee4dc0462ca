"""Models that run as they are; copy one and make it yours."""

from importlib.resources import files
from pathlib import Path

SHIPPED = ("b2b", "minimal")


def shipped(name: str) -> Path:
    """The file of a shipped model. Raises ValueError for another name."""
    if name not in SHIPPED:
        raise ValueError(f"there is no shipped model `{name}`; there are {', '.join(SHIPPED)}")
    return Path(str(files(__name__).joinpath(f"{name}.yaml")))
