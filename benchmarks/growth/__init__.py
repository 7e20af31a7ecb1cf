"""What a file costs as the project around it grows (see ``__main__``)."""
