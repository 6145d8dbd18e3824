"""Tables of text go in; every value understood, `resolved_NAME`, and all that is wrong with them come out."""
