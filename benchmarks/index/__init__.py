"""What the index of the project costs in a large repository (see ``__main__``)."""
