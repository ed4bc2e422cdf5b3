"""Raw logs to events, events to alerts."""
