"""What a publication prints and the rows go in; the smallest corrections that make it agree, and what it implies, out."""
