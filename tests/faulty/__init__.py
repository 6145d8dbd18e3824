"""What `tests.faults` consists of: processes that are killed, places where that happens, steps, and a crowd."""
