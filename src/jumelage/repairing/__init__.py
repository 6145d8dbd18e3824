"""What is printed and the rows go in; the smallest corrections, and what is implied, come out."""
