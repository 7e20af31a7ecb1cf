"""Programs that look at their surroundings, run before and after a whole migration."""
