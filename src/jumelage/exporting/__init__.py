"""Revisions in; a Data Package of each out, which is a folder that `jumelage load` takes for the same content."""
