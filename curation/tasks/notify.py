"""Tells people, after an update that nobody watched, when it is their turn: by mail, and by a ping that it ran.

What to say is decided first, as a value; then it is sent. A mail or ping that fails is a warning and never a
failure of the update. No password, no key and no ping address (which is a secret itself) stands in any text here.
"""

from __future__ import annotations

import smtplib
import ssl
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit, urlunsplit

from curation.errors import Configuration, Exit, LivrevError, TryAgain
from curation.sources.http import Door, redacted
from curation.tasks.status import Overview

_NO_ADDRESS = "LIVREV_PING_URL is no address that can be asked; no ping was sent"
_SUBJECT = 78  # characters of a line of a mail (RFC 5322, 2.1.1)
_TIMEOUT = 30.0  # seconds for each answer of the mail server
_PORTS = {"smtp": 25, "smtps": 465}
# What happened, in our words, the narrower kind first: a server may repeat what it was sent, the password too.
_WORDS: tuple[tuple[type[OSError], str], ...] = (
    (smtplib.SMTPAuthenticationError, "{host} refused the user or password of LIVREV_SMTP_URL ({code})"),
    (
        smtplib.SMTPNotSupportedError,
        "{host} cannot do what LIVREV_SMTP_URL asks for (STARTTLS, or a password)",
    ),
    (smtplib.SMTPRecipientsRefused, "{host} refused every recipient"),
    (smtplib.SMTPSenderRefused, "{host} refused the sender {sender} ({code})"),
    (smtplib.SMTPResponseException, "{host} refused it ({code})"),
    (smtplib.SMTPServerDisconnected, "{host} hung up"),
    (smtplib.SMTPException, "{host} does not speak as a mail server does"),
    (ssl.SSLCertVerificationError, "the certificate of {host} does not hold ({reason})"),
    (OSError, "{host}:{port} cannot be reached ({reason})"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an update came to, as far as people are concerned.

    ``new``: records that were not known. ``events``: what a person must decide on, such as the retraction of an
    included study. ``said``: warnings, or why it failed.
    """

    status: Exit
    new: int = 0
    events: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    @classmethod
    def failed(cls, problem: LivrevError) -> Outcome:
        """The outcome of an update that ended with ``problem``."""
        return cls(problem.status, said=(problem.message, *problem.faults))


@dataclass(frozen=True, slots=True)
class Notice:
    """What people are told: one line fit for a mail's subject, and a body of short lines."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Which server takes the mail, and from whom to whom. ``user`` and ``password`` show in no text."""

    host: str
    port: int
    encryption: str  # "none", "starttls" or "tls"
    sender: str
    recipients: tuple[str, ...]
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> MailSettings | None:
        """Settings from LIVREV_SMTP_URL, LIVREV_MAIL_FROM and LIVREV_MAIL_TO; None without the first.

        The address is ``smtp://user:password@host:port?starttls=1`` or ``smtps://...``, with reserved characters
        of user and password as ``%XX``. Raises Configuration when one of them cannot be used, and when a password
        would cross the network in the clear.
        """
        text = environment.get("LIVREV_SMTP_URL", "").strip()
        if not text:
            return None
        address, port, starttls = _server(text)
        settings = cls(
            host=address.hostname or "",
            port=port,
            encryption="tls" if address.scheme == "smtps" else "starttls" if starttls else "none",
            sender=_sender(environment.get("LIVREV_MAIL_FROM", "")),
            recipients=_recipients(environment.get("LIVREV_MAIL_TO", "")),
            user=unquote(address.username or ""),
            password=unquote(address.password or ""),
        )
        if settings.user and settings.encryption == "none" and not _loopback(settings.host):
            message = "LIVREV_SMTP_URL would send its password in the clear; add ?starttls=1, or begin with smtps://"
            raise Configuration(message)
        if not (settings.user + settings.password).isascii():
            message = "LIVREV_SMTP_URL: user and password must be ASCII, as mail servers take them"
            raise Configuration(message)
        return settings


def needs_people(overview: Overview | None, outcome: Outcome) -> Notice | None:
    """What people should be told after an update; None when nothing is asked of them.

    They are needed for new records, events, warnings, failures, and searches that are overdue. What only waits
    longer than before is no news. ``TRY_AGAIN`` is news when a search is overdue: until then the next try may do.
    ``overview`` is the state after the update, None where the review cannot be opened.
    """
    subject = _subject(overview, outcome)
    if subject is None:
        return None
    title = f" ({overview.title})" if overview else ""
    line = textwrap.shorten(f"livrev: {subject}{title}", _SUBJECT, placeholder=" ...")
    return Notice(line, _body(overview, outcome))


def send_mail(notice: Notice, settings: MailSettings, now: datetime) -> tuple[str, ...]:
    """Send ``notice``; gives warnings where it could not be delivered to everybody, and none when it was."""
    try:
        refused = _deliver(_message(notice, settings, now), settings)
    except OSError as problem:  # an SMTPException is one too
        return (f"the mail to {', '.join(settings.recipients)} was not sent: {_why(problem, settings)}",)
    return tuple(f"{settings.host} refused the mail to {recipient}" for recipient in sorted(refused))


def ping(url: str, status: Exit, door: Door) -> tuple[str, ...]:
    """Tell a watching service (healthchecks.io and its like) that the update ran; gives warnings.

    ``url`` after DONE and WARNINGS, ``url/fail`` after a failure. After TRY_AGAIN there is no ping: the service
    calls when none came for too long.
    """
    if status is Exit.TRY_AGAIN:
        return ()
    try:
        parts = urlsplit(url)
        fail = status not in {Exit.DONE, Exit.WARNINGS}
        address = urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/fail")) if fail else url
    except ValueError:
        return (_NO_ADDRESS,)
    try:
        answer = door.get(address, {})
    except TryAgain as problem:
        return (f"the ping failed: {problem.message.replace(parts.netloc, parts.hostname or '')}",)
    except Configuration:
        return (_NO_ADDRESS,)
    if answer.status >= HTTPStatus.BAD_REQUEST:
        return (f"the ping was refused with HTTP {answer.status}; look at LIVREV_PING_URL",)
    return ()


def tell(
    notice: Notice | None, status: Exit, environment: Mapping[str, str], door: Door, now: datetime
) -> tuple[str, ...]:
    """Send the mail and the ping that the environment asks for; gives warnings, also for settings that are wrong."""
    warnings: list[str] = []
    try:
        settings = MailSettings.of(environment)
    except Configuration as problem:
        settings = None
        warnings.append(f"no mail was sent: {problem.message}")
    if notice is not None and settings is not None:
        warnings += send_mail(notice, settings, now)
    if url := environment.get("LIVREV_PING_URL", "").strip():
        warnings += ping(url, status, door)
    return tuple(warnings)


def _subject(overview: Overview | None, outcome: Outcome) -> str | None:
    """The first of these that is so; a later one stands in the body."""
    overdue = overview.overdue if overview else ()
    if outcome.status is Exit.TRY_AGAIN:
        return "a search is overdue, and could not be made" if overdue else None
    if outcome.status not in {Exit.DONE, Exit.WARNINGS}:
        return "the update failed"
    found = (
        (outcome.events, _count(len(outcome.events), "event", "to be decided on")),
        (outcome.status is Exit.WARNINGS or outcome.said, "the update has warnings"),
        (outcome.new, _count(outcome.new, "new record", "found")),
        (overdue, _count(len(overdue), "search is", "overdue", "searches are")),
    )
    said = [text for what, text in found if what]
    return ", ".join(said[:2]) if said else None


def _body(overview: Overview | None, outcome: Outcome) -> str:
    lines = [overview.title, ""] if overview else []
    lines += _paragraph("To be decided on:", outcome.events)
    failed = outcome.status not in {Exit.DONE, Exit.WARNINGS}
    lines += _paragraph("What went wrong:" if failed else "Warnings:", outcome.said)
    if failed:
        lines += ["Nothing was stored by this update.", ""]
    elif outcome.new:
        lines += [f"{_count(outcome.new, 'new record')} came in.", ""]
    if overview:
        lines += _paragraph("Waiting:", tuple(_waiting(overview)))
        lines += _paragraph("Next:", overview.next)
    else:
        lines += ["Next:", "  mend what is said above, then: livrev update", ""]
    return redacted("\n".join(lines).rstrip() + "\n")


def _waiting(overview: Overview) -> Iterator[str]:
    for person in overview.waiting:
        if person.to_screen or person.to_assess:
            yield f"{person.name}: {person.to_screen} to screen, {_count(person.to_assess, 'full text')} to assess"
    if overview.conflicts:
        yield _count(overview.conflicts, "conflict")
    if overview.duplicates_waiting:
        yield _count(overview.duplicates_waiting, "possible duplicate")
    yield from (f"overdue: {name}" for name in overview.overdue)


def _paragraph(head: str, lines: tuple[str, ...]) -> list[str]:
    return [head, *(f"  {_one_line(line)}" for line in lines), ""] if lines else []


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _count(n: int, what: str, more: str = "", plural: str = "") -> str:
    return f"{n} {what if n == 1 else plural or f'{what}s'} {more}".rstrip()


def _server(text: str) -> tuple[SplitResult, int, bool]:
    """The parts of LIVREV_SMTP_URL, its port, and whether STARTTLS is asked for. No message repeats the address."""
    try:
        address = urlsplit(text)
        port = address.port
    except ValueError:  # a port that is no number, a bracket that is not closed
        address, port = SplitResult("", "", "", "", ""), None
    if address.scheme not in _PORTS or not address.hostname:
        message = "LIVREV_SMTP_URL must be smtp://user:password@host:port?starttls=1 or smtps://..., with special characters as %XX"
        raise Configuration(message)
    starttls = parse_qs(address.query).get("starttls", ["0"])[-1] not in {"0", ""}
    return address, port or (587 if starttls else _PORTS[address.scheme]), starttls


def _sender(text: str) -> str:
    if not _is_address(text):
        message = "LIVREV_MAIL_FROM must be one mail address, who the mail comes from"
        raise Configuration(message)
    return text.strip()


def _recipients(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found or not all(_is_address(one) for one in found):
        message = "LIVREV_MAIL_TO must be mail addresses, separated by commas"
        raise Configuration(message)
    return found


def _is_address(text: str) -> bool:
    bare = parseaddr(text)[1]
    local, at, domain = bare.rpartition("@")
    return bool(at and local and domain) and bare.isascii() and text.isprintable() and " " not in bare


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _message(notice: Notice, settings: MailSettings, now: datetime) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = notice.subject
    message["From"] = settings.sender
    message["To"] = ", ".join(settings.recipients)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid("livrev", parseaddr(settings.sender)[1].rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: out-of-office replies stay away
    message.set_content(notice.body)
    return message


def _deliver(message: EmailMessage, settings: MailSettings) -> tuple[str, ...]:
    """Hand the message over; gives the recipients that were refused while others were taken."""
    context = ssl.create_default_context()  # smtplib's own default would check no certificate
    with ExitStack() as stack:
        if settings.encryption == "tls":
            server: smtplib.SMTP = stack.enter_context(
                smtplib.SMTP_SSL(settings.host, settings.port, timeout=_TIMEOUT, context=context)
            )
        else:
            server = stack.enter_context(smtplib.SMTP(settings.host, settings.port, timeout=_TIMEOUT))
        if settings.encryption == "starttls":
            server.starttls(context=context)
        if settings.user:
            server.login(settings.user, settings.password)
        return tuple(server.send_message(message))


def _why(problem: OSError, settings: MailSettings) -> str:
    words = next(words for kind, words in _WORDS if isinstance(problem, kind))
    return words.format(
        host=settings.host,
        port=settings.port,
        sender=settings.sender,
        code=getattr(problem, "smtp_code", None),
        reason=getattr(problem, "verify_message", None) or problem.strerror or "no answer",
    )
