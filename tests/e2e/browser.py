"""Finds Chromium, or installs it from the system's packages: `python -m tests.e2e.browser`."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The path of a Chromium: `KAMETRIX_CHROMIUM`, or the first found on PATH."""
    chosen = os.environ.get("KAMETRIX_CHROMIUM")
    return chosen or next((found for name in NAMES if (found := shutil.which(name))), None)


def install() -> None:
    """Install the package `chromium` with apt as root or through sudo. Raises SystemExit with what to do where that is impossible."""
    apt = shutil.which("apt-get")
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"] if shutil.which("sudo") else None
    if apt is None or prefix is None:
        sys.exit("The browser tests need Chromium: install it, or set KAMETRIX_CHROMIUM to its path.")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-liberation"]):
        subprocess.run([*prefix, apt, *arguments], check=True, env=environment, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    if chromium() is None:
        install()
