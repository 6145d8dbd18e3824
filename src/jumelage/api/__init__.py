"""A database, a wave and questions in Python in; tables that hold their rows, and know how they are shown, out."""
