"""Finders: one module per codemod, each reads a module and yields findings (standard library `ast` only)."""
