"""What workers saw: their notes are read, joined to the handlers of today's source, and become proposals (``--from-logs``).

``notes`` reads the evidence files of log folders, which are input like any other: nothing in them is believed that was not
checked. ``places`` says which handler a note is about. ``settle`` proposes what becomes of the handlers (DESIGN.md, section 5.5).
``summary`` counts for the report.
"""
