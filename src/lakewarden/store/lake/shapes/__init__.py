"""The shapes in which events are delivered: one file each, with the SQL that normalises it."""
