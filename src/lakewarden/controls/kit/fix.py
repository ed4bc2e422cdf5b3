"""`Fix`: what to do about a failure, in each of the ways that people do it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do about a failure.

    Each way is one or two sentences, or says that there is none.

    Attributes:
        summary: what to do, shown with every failure.
        console: where to do it in the console.
        api: the call that does it, with its body.
        terraform: the resource and the arguments that do it.
        breaks: what may stop working, and for whom.
        no_api: why no plan mends it; empty for controls with a function that `mends`.
        no_terraform: why no Terraform resource mends it; empty where one does.
    """

    summary: str
    console: str = ""
    api: str = ""
    terraform: str = ""
    breaks: str = ""
    no_api: str = ""
    no_terraform: str = ""
