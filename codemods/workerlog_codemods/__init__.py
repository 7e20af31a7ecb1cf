"""LibCST rewrites, one module per codemod. Re-exports nothing: libcst.tool names a class by its shortest path."""
