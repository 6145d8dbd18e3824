"""What was loaded and when: a wave's name or a time goes in, the revisions that a session sees come out."""
