"""A scope goes in; a finished publication, swapped in whole, comes out."""
