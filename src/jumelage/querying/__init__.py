"""Queries of analysts: a text of SQL and a scope in; rows, or a file of them, out. Nothing can be changed by it."""
