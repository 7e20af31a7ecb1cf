"""What a text says by its grammar alone: the tree, its comments, its scopes and names. Nothing here knows types or rows."""
