"""The person at the terminal: keys, progress, the review change by change, explanations."""
