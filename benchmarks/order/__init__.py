"""The proof that the order of a migration does not matter (see ``__main__``)."""
