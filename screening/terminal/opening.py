"""Opening a link in the reader's own browser or viewer, never in the terminal that the screen stands on."""

from __future__ import annotations

import subprocess
import webbrowser
from pathlib import Path


def open_link(link: str) -> bool:
    """Open an address (http, https) or a file that is there; False where this machine has no way to show it."""
    address = _address(link)
    if address is None:
        return False
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    return _start(browser, address)


def _address(link: str) -> str | None:
    if link.startswith(("https://", "http://")):
        return link
    path = Path(link)
    return path.absolute().as_uri() if "://" not in link and path.is_file() else None


def _start(browser: webbrowser.BaseBrowser, address: str) -> bool:
    """Start the browser; those that would run in this terminal (lynx, w3m) are not started."""
    if type(browser) is webbrowser.GenericBrowser or not getattr(browser, "background", True):
        return False
    if not isinstance(browser, webbrowser.BackgroundBrowser | webbrowser.UnixBrowser):
        return browser.open(address)
    # webbrowser lets such a program write to our terminal, and waits up to five seconds for some.
    quiet = subprocess.DEVNULL
    try:
        subprocess.Popen(  # noqa: S603 - the system's own browser, with an address of http, https or file
            [browser.name, address], stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
        )
    except OSError:
        return False
    return True
