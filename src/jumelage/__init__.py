"""A relational database for survey waves, with a reporting layer that accounts for every printed number."""

from __future__ import annotations


def __getattr__(name: str) -> str:
    """Look the version up when it is asked for: reading a package's metadata takes longer than `--help`."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import version

    return version("jumelage")
