"""What lies on the disk: which scripts there are, their bytes, what is written, kept for an undo, and remembered."""
