"""A request to load goes in; one new revision, or all the reasons why there is none, comes out."""
