"""Makes the changes of a plan, and takes them back: one file a resource kind under `hands`."""
