"""From findings to a new text that is proved: plan, skeleton, LibCST rewrite, checks."""
