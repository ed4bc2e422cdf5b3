"""What was found and done: verdicts, findings, runs."""
