"""Files and workbooks as they are handed in go in; tables of text with their places, `raw_NAME`, come out."""
