"""Questions that several finders ask of one module: names, scopes, types, what can be raised."""
