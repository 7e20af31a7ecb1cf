"""What workers saw: their notes are read, joined to the handlers of today's source, and become proposals (``--from-logs``).

``notes`` reads the evidence files of log folders, which are input like any other: nothing in them is believed that was not
checked. ``share`` says which file each note is for, ``places`` which handler it is about. ``settle`` proposes what becomes of the
handlers (docs/trial.md). ``report/seen`` counts.
"""
