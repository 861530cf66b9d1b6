"""What people are told after an update, and how it travels: a real mail server and a real web server on loopback."""

from __future__ import annotations

import base64
import email
import shutil
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import pytest

from curation.errors import Configuration, Exit, SourceFailed, TryAgain
from curation.sources.http import Door, DoorSettings
from curation.store.pace import SharedPace
from curation.tasks.notify import MailSettings, Notice, Outcome, needs_people, ping, send_mail, tell
from curation.tasks.review import Review
from curation.tasks.status import Overview, overview

NOW = datetime(2026, 11, 2, 4, 17, tzinfo=UTC)
USER, PASSWORD = "ana@example.org", "s3cret:/@%pass"
QUOTED = "ana%40example.org:s3cret%3A%2F%40%25pass"
FROM_TO = {
    "LIVREV_MAIL_FROM": "livrev <livrev@example.org>",
    "LIVREV_MAIL_TO": "ana@example.org, ben@example.org",
}
NOTICE = Notice("livrev: 3 new records found", "Übersicht\n\n  next: livrev status\n")


@dataclass
class Manners:
    """How the mail server behaves."""

    password: bool = False
    tls: ssl.SSLContext | None = None
    refuses: tuple[str, ...] = ()
    greeting: str = "220 ready"
    repeats_what_it_was_sent: bool = False


@dataclass
class Mailbox:
    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, ...]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = False
    manners: Manners
    mailbox: Mailbox

    def handle_error(self, *_: object) -> None:
        """A client may hang up at any time; what it got is in the mailbox."""


class _Session(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321, AUTH PLAIN, STARTTLS) as one mail needs."""

    def handle(self) -> None:
        self.box = cast("_MailServer", self.server).mailbox
        self.manners = cast("_MailServer", self.server).manners
        self.recipients: list[str] = []
        self._say(self.manners.greeting)
        while line := self.rfile.readline():
            words = line.decode().strip()
            self.box.commands.append(words)
            if words.upper() == "QUIT":
                self._say("221 bye")
                return
            self._answer(words)

    def finish(self) -> None:
        super().finish()
        self.connection.close()  # under TLS another socket than the one that socketserver closes

    def _answer(self, words: str) -> None:
        verb = words.partition(" ")[0].upper()
        known: dict[str, Callable[[str], None]] = {"EHLO": self._ehlo, "AUTH": self._auth, "DATA": self._data}
        known |= {"STARTTLS": self._starttls, "RCPT": self._recipient}
        known.get(verb, self._fine)(words)

    def _fine(self, _: str) -> None:
        self._say("250 fine")

    def _ehlo(self, _: str) -> None:
        tls = self.manners.tls is not None and not isinstance(self.connection, ssl.SSLSocket)
        offers = ["loopback"] + ["STARTTLS"] * tls + ["AUTH PLAIN"] * self.manners.password
        for offer in offers[:-1]:
            self._say(f"250-{offer}")
        self._say(f"250 {offers[-1]}")

    def _auth(self, words: str) -> None:
        said = base64.b64decode(words.split(" ")[2]).decode()
        repeated = f" {words} {said!r}" if self.manners.repeats_what_it_was_sent else ""
        right = said == f"\0{USER}\0{PASSWORD}"
        self._say("235 welcome" if right and not repeated else f"535 no{repeated}")

    def _starttls(self, _: str) -> None:
        if self.manners.tls is None:
            self._say("454 not here")
            return
        self._say("220 go")
        self.connection = self.manners.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)

    def _recipient(self, words: str) -> None:
        address = words.partition("<")[2].partition(">")[0]
        if address in self.manners.refuses:
            self._say("550 nobody of that name")
            return
        self.recipients.append(address)
        self._say("250 fine")

    def _data(self, _: str) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.box.mails.append(email.message_from_bytes(b"".join(lines), policy=default))
        self.box.envelopes.append(tuple(self.recipients))
        self._say("250 taken")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mail_server(manners: Manners | None = None) -> Iterator[Mailbox]:
    with _MailServer(("127.0.0.1", 0), _Session) as server:
        server.manners = manners or Manners()
        server.mailbox = Mailbox(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.mailbox
        finally:
            server.shutdown()
            thread.join()


def settings_for(url: str) -> MailSettings:
    found = MailSettings.of({"LIVREV_SMTP_URL": url, **FROM_TO})
    assert found is not None
    return found


def no_secret_in(*texts: str) -> bool:
    """Whether neither the password nor one of the forms it travels in stands in the texts."""
    travels = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    return not any(secret in text for text in texts for secret in (PASSWORD, QUOTED, "s3cret", travels))


# the mail


def test_a_mail_arrives_as_it_was_written() -> None:
    with mail_server() as box:
        assert send_mail(NOTICE, settings_for(box.url), NOW) == ()
    (mail,) = box.mails
    assert mail["Subject"] == NOTICE.subject
    assert mail["From"] == "livrev <livrev@example.org>"
    assert mail["To"] == "ana@example.org, ben@example.org"
    assert mail["Date"].datetime == NOW
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@example.org>")
    assert mail.get_content().replace("\r\n", "\n") == NOTICE.body
    assert box.envelopes == [("ana@example.org", "ben@example.org")]


def test_user_and_password_are_unquoted_and_reach_the_server() -> None:
    with mail_server(Manners(password=True)) as box:
        settings = settings_for(box.url.replace("//", f"//{QUOTED}@"))
        assert send_mail(NOTICE, settings, NOW) == ()
    assert len(box.mails) == 1
    assert (settings.user, settings.password) == (USER, PASSWORD)
    assert no_secret_in(repr(settings), str(settings))


def test_a_server_that_repeats_the_password_is_not_quoted() -> None:
    with mail_server(Manners(password=True, repeats_what_it_was_sent=True)) as box:
        warnings = send_mail(NOTICE, settings_for(box.url.replace("//", f"//{QUOTED}@")), NOW)
    assert len(warnings) == 1
    assert "refused the user or password of LIVREV_SMTP_URL (535)" in warnings[0]
    assert no_secret_in(*warnings)
    assert box.mails == []


def test_a_refused_recipient_is_named_and_the_others_get_their_mail() -> None:
    with mail_server(Manners(refuses=("ben@example.org",))) as box:
        warnings = send_mail(NOTICE, settings_for(box.url), NOW)
    assert warnings == ("127.0.0.1 refused the mail to ben@example.org",)
    assert box.envelopes == [("ana@example.org",)]


@pytest.mark.parametrize(
    ("manners", "said"),
    [
        (Manners(refuses=("ana@example.org", "ben@example.org")), "refused every recipient"),
        (Manners(greeting="554 go away"), "refused it (554)"),
        (Manners(greeting="hello"), "was not sent"),
    ],
)
def test_a_mail_that_is_not_taken_is_one_warning(manners: Manners, said: str) -> None:
    with mail_server(manners) as box:
        (warning,) = send_mail(NOTICE, settings_for(box.url), NOW)
    assert said in warning
    assert box.mails == []


def test_a_server_that_is_not_there_is_a_warning() -> None:
    with mail_server() as box:
        pass
    (warning,) = send_mail(NOTICE, settings_for(box.url.replace("//", f"//{QUOTED}@")), NOW)
    assert "cannot be reached (Connection refused)" in warning
    assert no_secret_in(warning)


@dataclass(frozen=True)
class Certificate:
    path: Path
    context: ssl.SSLContext


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for 127.0.0.1 that nobody vouches for, made here so that none can expire in the repository."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not on this machine")
    folder = tmp_path_factory.mktemp("tls")
    how = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=loopback -addext subjectAltName=IP:127.0.0.1"
    files = ["-keyout", str(folder / "key"), "-out", str(folder / "certificate")]
    subprocess.run([openssl, *how.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate", folder / "key")
    return Certificate(folder / "certificate", context)


def test_with_starttls_the_password_travels_under_tls(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    with mail_server(Manners(password=True, tls=certificate.context)) as box:
        url = box.url.replace("//", f"//{QUOTED}@") + "?starttls=1"
        assert send_mail(NOTICE, settings_for(url), NOW) == ()
    assert len(box.mails) == 1
    verbs = [command.split(" ")[0].upper() for command in box.commands]
    assert verbs.index("STARTTLS") < verbs.index("AUTH")


def test_a_certificate_that_does_not_hold_gets_no_password(certificate: Certificate) -> None:
    with mail_server(Manners(password=True, tls=certificate.context)) as box:
        url = box.url.replace("//", f"//{QUOTED}@") + "?starttls=1"
        (warning,) = send_mail(NOTICE, settings_for(url), NOW)
    assert "certificate of 127.0.0.1 does not hold" in warning
    assert box.mails == []
    assert not any(command.upper().startswith("AUTH") for command in box.commands)


def test_a_server_without_starttls_gets_no_password() -> None:
    with mail_server(Manners(password=True)) as box:
        url = box.url.replace("//", f"//{QUOTED}@") + "?starttls=1"
        (warning,) = send_mail(NOTICE, settings_for(url), NOW)
    assert "cannot do what LIVREV_SMTP_URL asks for" in warning
    assert not any(command.upper().startswith("AUTH") for command in box.commands)


# its settings


def test_without_an_address_there_is_no_mail() -> None:
    assert MailSettings.of({}) is None
    assert MailSettings.of({"LIVREV_SMTP_URL": "  "}) is None


@pytest.mark.parametrize(
    ("url", "port", "encryption"),
    [
        ("smtp://mail.example.org", 25, "none"),
        ("smtp://mail.example.org?starttls=1", 587, "starttls"),
        ("smtp://u:p@mail.example.org:2525/?starttls=1", 2525, "starttls"),
        ("smtps://u:p@mail.example.org", 465, "tls"),
        ("smtp://mail.example.org?starttls=0", 25, "none"),
    ],
)
def test_port_and_encryption_follow_from_the_address(url: str, port: int, encryption: str) -> None:
    settings = settings_for(url)
    assert (settings.host, settings.port, settings.encryption) == ("mail.example.org", port, encryption)


@pytest.mark.parametrize(
    "url",
    [
        f"http://{QUOTED}@mail.example.org",
        f"smtp://{QUOTED}@",
        f"smtp://{QUOTED}@mail.example.org:port",
        f"smtp://{QUOTED}@[::1",
        f"smtp://{QUOTED}@mail.example.org",
        f"smtps://{QUOTED}%C3%A9@mail.example.org",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(Configuration, match="LIVREV_SMTP_URL") as caught:
        settings_for(url)
    assert no_secret_in(caught.value.message)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIVREV_MAIL_FROM", ""),
        ("LIVREV_MAIL_FROM", "nobody"),
        ("LIVREV_MAIL_FROM", "a@example.org\nBcc: everybody@example.org"),
        ("LIVREV_MAIL_TO", ""),
        ("LIVREV_MAIL_TO", "ana@example.org, ben"),
        ("LIVREV_MAIL_TO", "ana@example.org\r\nX: y"),
        ("LIVREV_MAIL_TO", "@example.org"),
    ],
)
def test_mail_addresses_that_are_none_are_refused(name: str, value: str) -> None:
    environment = {"LIVREV_SMTP_URL": "smtp://mail.example.org", **FROM_TO, name: value}
    with pytest.raises(Configuration, match=name):
        MailSettings.of(environment)


# the ping


@dataclass
class Watcher:
    url: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def watcher(status: int = 200) -> Iterator[Watcher]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"OK")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Watcher(f"http://127.0.0.1:{server.server_port}/5ecre7-uuid")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def door() -> Iterator[Door]:
    settings = DoorSettings("livrev tests", tries=2, backoff=0, per_second=1000)
    with (
        closing(SharedPace(None, time.monotonic, time.sleep)) as pace,
        Door(settings, pace, clock=time.monotonic) as opened,
    ):
        yield opened


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        (Exit.DONE, ["/5ecre7-uuid"]),
        (Exit.WARNINGS, ["/5ecre7-uuid"]),
        (Exit.FAILED, ["/5ecre7-uuid/fail"]),
        (Exit.CONFIGURATION, ["/5ecre7-uuid/fail"]),
        (Exit.TRY_AGAIN, []),
    ],
)
def test_the_watcher_is_told_how_it_went(door: Door, status: Exit, asked: list[str]) -> None:
    with watcher() as found:
        assert ping(found.url, status, door) == ()
    assert found.asked == asked


def test_words_behind_the_address_stay_behind_it(door: Door) -> None:
    with watcher() as found:
        assert ping(f"{found.url}/?create=1", Exit.FAILED, door) == ()
    assert found.asked == ["/5ecre7-uuid/fail?create=1"]


@pytest.mark.parametrize("status", [404, 503])
def test_a_ping_that_fails_is_a_warning_without_its_address(door: Door, status: int) -> None:
    with watcher(status) as found:
        (warning,) = ping(found.url, Exit.DONE, door)
    assert str(status) in warning
    assert "5ecre7" not in warning


@pytest.mark.parametrize(
    "url", ["http://[5ecre7", "ftp://127.0.0.1/5ecre7", "5ecre7", "http://me:5ecre7@127.0.0.1:9/5ecre7"]
)
def test_an_address_that_cannot_be_pinged_is_a_warning_without_it(door: Door, url: str) -> None:
    (warning,) = ping(url, Exit.FAILED, door)
    assert "5ecre7" not in warning


def test_mail_and_ping_go_out_together_and_each_fails_alone(door: Door) -> None:
    with mail_server() as box, watcher() as found:
        environment = {"LIVREV_SMTP_URL": box.url, **FROM_TO, "LIVREV_PING_URL": found.url}
        assert tell(NOTICE, Exit.DONE, environment, door, NOW) == ()
        assert tell(None, Exit.DONE, environment, door, NOW) == ()
        wrong = environment | {"LIVREV_MAIL_TO": "nobody"}
        (warning,) = tell(NOTICE, Exit.DONE, wrong, door, NOW)
    assert "LIVREV_MAIL_TO" in warning
    assert len(box.mails) == 1
    assert len(found.asked) == 3


def test_who_asks_for_nothing_is_told_nothing(door: Door) -> None:
    assert tell(NOTICE, Exit.FAILED, {"LIVREV_PING_URL": ""}, door, NOW) == ()


# what is said


@pytest.fixture(scope="module")
def state(built_demo: Path) -> Overview:
    """The demonstration's state, with nothing overdue."""
    with Review.open(built_demo) as review:
        return replace(overview(review, date(2026, 11, 2)), overdue=())


def test_an_update_that_asks_nothing_of_anybody_is_no_news(state: Overview) -> None:
    busy = replace(state, conflicts=3, duplicates_waiting=2)
    assert needs_people(busy, Outcome(Exit.DONE)) is None


def test_a_failure_that_may_pass_is_news_once_a_search_is_overdue(state: Overview) -> None:
    outcome = Outcome.failed(TryAgain("no answer from NCBI"))
    assert needs_people(state, outcome) is None
    late = needs_people(replace(state, overdue=("PubMed",)), outcome)
    assert late is not None
    assert late.subject.startswith("livrev: a search is overdue, and could not be made")
    assert "no answer from NCBI" in late.body
    assert "overdue: PubMed" in late.body


@pytest.mark.parametrize(
    ("outcome", "subject"),
    [
        (Outcome(Exit.DONE, new=1), "livrev: 1 new record found ("),
        (Outcome(Exit.DONE, new=12), "livrev: 12 new records found ("),
        (
            Outcome(Exit.WARNINGS, new=2, said=("a word was not found",)),
            "livrev: the update has warnings, 2 new",
        ),
        (Outcome(Exit.DONE, events=("R3 was retracted",)), "livrev: 1 event to be decided on ("),
        (Outcome.failed(SourceFailed("nothing found")), "livrev: the update failed ("),
    ],
)
def test_the_subject_says_the_most_pressing_first(state: Overview, outcome: Outcome, subject: str) -> None:
    notice = needs_people(state, outcome)
    assert notice is not None
    assert notice.subject.startswith(subject)
    assert len(notice.subject) <= 78
    assert "\n" not in notice.subject
    for line in (*outcome.events, *outcome.said):
        assert f"  {line}\n" in notice.body


def test_the_body_says_what_waits_for_whom_and_the_next_command(state: Overview) -> None:
    waiting = tuple(replace(person, to_screen=5, to_assess=1) for person in state.waiting)
    steps = ("2 conflicts: livrev conflicts", "search is due: livrev update")
    busy = replace(state, waiting=waiting, conflicts=2, duplicates_waiting=1, next=steps)
    notice = needs_people(busy, Outcome(Exit.DONE, new=5))
    assert notice is not None
    assert f"  {waiting[0].name}: 5 to screen, 1 full text to assess\n" in notice.body
    assert "  2 conflicts\n  1 possible duplicate\n" in notice.body
    assert notice.body.endswith("Next:\n  2 conflicts: livrev conflicts\n  search is due: livrev update\n")


def test_a_review_that_cannot_be_opened_is_told_of_too() -> None:
    notice = needs_people(None, Outcome.failed(Configuration("review.toml has 2 faults", faults=("a", "b"))))
    assert notice is not None
    assert notice.subject == "livrev: the update failed"
    assert "  review.toml has 2 faults\n  a\n  b\n" in notice.body
    assert "livrev update" in notice.body


def test_a_key_in_what_was_said_does_not_leave_the_machine(state: Overview) -> None:
    notice = needs_people(
        state, Outcome(Exit.FAILED, said=("https://eutils/?api_key=0123456789abcdef failed",))
    )
    assert notice is not None
    assert "0123456789abcdef" not in notice.body


def test_a_notice_of_any_review_can_be_sent(state: Overview) -> None:
    named = replace(state, title="Ein Titel\nmit Zeilen, ß und 日本語 " + "x" * 200)
    notice = needs_people(named, Outcome(Exit.WARNINGS, said=("a\nb",)))
    assert notice is not None
    with mail_server() as box:
        assert send_mail(notice, settings_for(box.url), NOW) == ()
    assert box.mails[0]["Subject"] == notice.subject
