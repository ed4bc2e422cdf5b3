"""One file a family of rules, each with `FAMILIES` and its `ORDER` among them.

A rule is a pure function of an event and a state. It says why the request of the event is refused
in that state; replaying asks it of the state after the plan and of the one before, and what it
says of both is not the plan's doing.
"""
