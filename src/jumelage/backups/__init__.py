"""A database in; a copy out whose every revision has the hash that was recorded, or such a copy in its place."""
