"""A publication and queries of one's own over HTTP: a request goes in; a page, rows, or why not, come out.

`server` runs `app`, every request of which passes `guard`. `questions` are what is asked, `service` answers them one
process each, `pages` shows them to people, `problems` says to programs what is wrong, `site` gives the files of a
publication.
"""
