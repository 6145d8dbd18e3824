"""A relational database for survey waves, with a reporting layer that accounts for every printed number."""

from importlib.metadata import version

__version__ = version("jumelage")
