"""A scheduled job: its file goes in; what it asks for, what waits in its inbox, its lock and its hand-over come out."""
