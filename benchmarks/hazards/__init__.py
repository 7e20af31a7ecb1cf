"""The battery of hazards (see ``battery``)."""
