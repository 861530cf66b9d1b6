"""A real Chromium without a screen, driven over its debugging pipe with nothing but the standard library.

Messages are JSON objects that end in a NUL, on file descriptors 3 and 4 of the browser
(https://chromedevtools.github.io/devtools-protocol/).
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

WAIT = 60.0  # seconds for one answer or event; a browser on a busy machine is slow to start
_PIECE = 1 << 16
# Puts the ends of our pipes where the browser looks for them, by way of numbers that are in nobody's way.
_LAUNCH = (
    "import fcntl, os, sys; got, give = (fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]);"
    " os.dup2(got, 3); os.dup2(give, 4); os.execv(sys.argv[3], sys.argv[3:])"
)
_NAMED = {
    "Enter": ("\r", 13),
    "Escape": ("", 27),
    "ArrowDown": ("", 40),
    "ArrowUp": ("", 38),
    "Tab": ("\t", 9),
}

Event = Mapping[str, Any]


def executable() -> str | None:
    """The Chromium to use: LIVREV_CHROMIUM, or the first one installed."""
    named = os.environ.get("LIVREV_CHROMIUM")
    names = (named,) if named else ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


class Chromium:
    """One browser with one page. ``events`` are all that came and were not waited for."""

    def __init__(self, program: str, profile: Path) -> None:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        options = (
            "--headless=new",
            "--no-sandbox",  # containers and root have none; the page is our own
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND",  # whatever a page asks for, nothing leaves the machine
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCH, str(theirs_in), str(theirs_out), program, *options],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._read, self._last = b"", 0
        self._session: str | None = None
        self.events: list[Event] = []

    def __enter__(self) -> Self:
        try:
            target = self.send("Target.createTarget", url="about:blank")["targetId"]
            self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Network", "Log"):
                self.send(f"{domain}.enable")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait(WAIT)
        os.close(self._in)
        os.close(self._out)

    def send(self, method: str, **parameters: object) -> dict[str, Any]:
        """Give one command; its result. Raises AssertionError where the browser refuses it."""
        self._last += 1
        number = self._last
        message: dict[str, object] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer)
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def wait(self, method: str, test: Callable[[Event], bool] = lambda _: True) -> Event:
        """What came with the first event of this name that passes the test, since the last one waited for."""
        while True:
            for place, event in enumerate(self.events):
                if event.get("method") == method and test(event["params"]):
                    del self.events[: place + 1]
                    parameters: Event = event["params"]
                    return parameters
            self.events.append(self._next())

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._read:
            ready, _, _ = select.select([self._in], [], [], WAIT)
            assert ready, f"no word from the browser; it knows: {self.events[-5:]}"
            piece = os.read(self._in, _PIECE)
            assert piece, "the browser has ended"
            self._read += piece
        first, self._read = self._read.split(b"\0", 1)
        answer: dict[str, Any] = json.loads(first)
        return answer

    def open(self, page: Path) -> None:
        """Open a file and wait until it is loaded."""
        self.send("Page.navigate", url=page.as_uri())
        self.wait("Page.loadEventFired")

    def press(self, *keys: str) -> None:
        """Press keys one after another, as a keyboard does: ``i``, ``?``, ``Enter``."""
        for key in keys:
            text, number = _NAMED.get(key, (key, ord(key.upper()) if len(key) == 1 else 0))
            code = f"Key{key.upper()}" if key.isalpha() and len(key) == 1 else key
            about = {"key": key, "code": code, "windowsVirtualKeyCode": number}
            self.send("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **about)
            self.send("Input.dispatchKeyEvent", type="keyUp", **about)

    def type(self, text: str) -> None:
        """Type a text on the keyboard."""
        self.press(*text)

    def value(self, expression: str) -> Any:  # noqa: ANN401 - whatever the page holds
        """Value of a JavaScript expression in the page."""
        told = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def text(self, selector: str) -> str:
        """Text of an element, as it is shown."""
        return str(self.value(f"document.querySelector({json.dumps(selector)}).innerText"))

    def screen(self, width: int, height: int, *, dark: bool = False, phone: bool = False) -> None:
        """Show the page at this size, in light or dark colours."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self) -> bytes:
        """What the page looks like, as PNG."""
        import base64  # noqa: PLC0415 - for people who look at the page; no test does

        return base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])
