"""`python -m lakewarden`."""

from __future__ import annotations

from lakewarden.cli import main

if __name__ == "__main__":
    main()
