"""A report file and a scope go in; a sheet of cells, and the status of every printed figure, come out."""
