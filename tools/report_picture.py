"""Takes the README's picture: the first screen of a report on the world `typical`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tools.docs import ROOT

_CHROMIUM = (
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1280,960",
)


def main() -> None:
    """Assess the world, open the report, write docs/report.png."""
    world = sys.argv[1] if len(sys.argv) > 1 else "typical"
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(
            [sys.executable, "-m", "lakewarden", "demo", "--world", world, "--out", scratch],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        page = Path(scratch) / "report.html"
        picture = ROOT / "docs" / "report.png"
        subprocess.run(
            [*_CHROMIUM, f"--user-data-dir={scratch}/c", f"--screenshot={picture}", page.as_uri()],
            check=True,
            stderr=subprocess.DEVNULL,
        )
    print(f"wrote {picture.relative_to(ROOT)}: {picture.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
