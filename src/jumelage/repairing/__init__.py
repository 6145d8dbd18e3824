"""What is printed and the rows go in; the smallest corrections that make all of it agree come out."""
