"""The proof that what does not change a program takes nothing from what is inferred of it (see ``__main__``)."""
