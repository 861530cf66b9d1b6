"""Plans what starts ``livrev update`` by itself: the files of a scheduler, and the commands that make it read them.

Nothing here writes or runs anything (``schedule_act`` does). No scheduler is trusted: the update passes by what
comes too soon and catches up with what was missed.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from curation import __version__
from curation.errors import Usage
from curation.protocol import Protocol, Service
from curation.report.render import render
from curation.tasks import schedule_quote as quote
from curation.tasks.schedule_plan import MARK, Block, File, Kind, Place, Plan, Step
from curation.tasks.schedule_when import Every, When

_LOCK_WAIT = ("--lock-wait", "600")  # seconds; somebody's own update or import may be at work
_SETTINGS = (
    "keys and addresses (NCBI_API_KEY, LIVREV_PING_URL, LIVREV_SMTP_URL ...) go into ~/.config/livrev/environment, "
    "readable by you alone (chmod 600), one NAME='value' a line"
)


def plan(where: Place, kind: Kind, moment: When) -> Plan:
    """The schedule of ``kind``. Raises Usage when the review's path cannot be said in that scheduler's files."""
    quote.sayable([str(where.folder), *where.command])
    plans: dict[Kind, Callable[[Place, When], Plan]] = {
        Kind.SYSTEMD: _systemd,
        Kind.CRON: _cron,
        Kind.GITHUB: _github,
        Kind.LAUNCHD: _launchd,
        Kind.WINDOWS: _windows,
    }
    return plans[kind](where, moment)


def interval_days(protocol: Protocol) -> int:
    """Days between searches that the most frequent network source of the review asks for; 0 where none says.

    Raises Usage when no source is searched over the network.
    """
    network = [s for s in protocol.sources if s.service not in {Service.FILE, Service.PREVIOUS}]
    if not network:
        message = "no source of review.toml is searched over the network; a schedule would have nothing to do"
        raise Usage(message)
    return min((s.interval_days for s in network if s.interval_days), default=0)


def running_command(first_word: str, python: str) -> tuple[str, ...]:
    """What starts this livrev again, from anywhere: its own absolute path, or Python with what the script does.

    ``first_word`` is ``sys.argv[0]``, ``python`` is ``sys.executable``.
    """
    found = shutil.which(first_word)
    if found is not None and Path(found).name.lower().startswith("livrev"):
        return (str(Path(found).absolute()),)
    return (python, "-c", "from curation.cli.main import main; main()")


def _update(where: Place, moment: When, *more: str) -> tuple[str, ...]:
    return (*where.command, "--review", str(where.folder), "update", *more, *moment.guard, *_LOCK_WAIT)


def _script(where: Place, moment: When, *more: str) -> str:
    """The update for a shell that knows nothing of the user's own settings."""
    settings = '"$HOME/.config/livrev/environment"'
    return (
        "PATH=/usr/local/bin:/usr/bin:/bin; export PATH; "
        f"if [ -r {settings} ]; then set -a; . {settings}; set +a; fi; "
        f"exec {quote.shell_command(_update(where, moment, *more))}"
    )


def _systemd(where: Place, moment: When) -> Plan:
    folder = where.home / ".config" / "systemd" / "user"
    service = render(
        "schedule/livrev.service.j2",
        mark=MARK,
        title=quote.systemd_text(where.title),
        condition=quote.systemd_path(str(where.folder / "review.toml")),
        command=quote.systemd_command(_update(where, moment)),
        writable=quote.systemd_word(str(where.folder)),
    )
    timer = render(
        "schedule/livrev.timer.j2",
        mark=MARK,
        title=quote.systemd_text(where.title),
        calendar=moment.calendar,
        moment=str(moment),
    )
    unit = f"{where.name}.timer"
    reload = Step(("systemctl", "--user", "daemon-reload"), "systemd reads its units again")
    return Plan(
        Kind.SYSTEMD,
        files=(
            File(folder / f"{where.name}.service", service, "what is run, and what it may touch"),
            File(folder / unit, timer, f"when: {moment}; made up for after the machine was off"),
        ),
        after=(reload, Step(("systemctl", "--user", "enable", "--now", unit), "the timer runs from now on")),
        before=(Step(("systemctl", "--user", "disable", "--now", unit), "the timer stops", may_fail=True),),
        afterwards=(reload,),
        by_hand=(
            "to have it run while you are not logged in: loginctl enable-linger",
            f"to see what it said: journalctl --user -u {where.name}",
            _SETTINGS,
        ),
    )


def _cron(where: Place, moment: When) -> Plan:
    first, last = f"# BEGIN {where.name}", f"# END {where.name}"
    text = render(
        "schedule/crontab.j2",
        mark=MARK,
        first=first,
        last=last,
        moment=str(moment),
        fields=moment.cron,
        command=quote.cron_command(_script(where, moment, "--quiet")),
    )
    return Plan(
        Kind.CRON,
        block=Block(first, text, last, f"when: {moment}; cron makes up for nothing while the machine is off"),
        by_hand=("cron mails what it prints to you, or to MAILTO= in your crontab", _SETTINGS),
    )


def _launchd(where: Place, moment: When) -> Plan:
    label = f"org.livrev.{where.name.removeprefix('livrev-')}"
    file = where.home / "Library" / "LaunchAgents" / f"{label}.plist"
    log = where.home / "Library" / "Logs" / f"{where.name}.log"
    text = render(
        "schedule/launchd.xml.j2",
        mark=MARK,
        label=label,
        script=_script(where, moment),
        when=moment,
        weekday=(moment.weekday + 1) % 7,
        weekly=moment.every is Every.WEEK,
        monthly=moment.every is Every.MONTH,
        log=str(log),
    )
    domain = f"gui/{where.uid}"
    stop = Step(("launchctl", "bootout", f"{domain}/{label}"), "launchd forgets the job", may_fail=True)
    return Plan(
        Kind.LAUNCHD,
        files=(
            File(file, text, f"when: {moment}; made up for when the machine wakes, not after it was off"),
        ),
        after=(stop, Step(("launchctl", "bootstrap", domain, str(file)), "launchd reads the job")),
        before=(stop,),
        by_hand=(f"what it said is in {log}", _SETTINGS),
    )


def _windows(where: Place, moment: When) -> Plan:
    program, *words = _update(where, moment)
    quote.sayable([program], "%")
    text = render(
        "schedule/windows.xml.j2",
        mark=MARK,
        title=" ".join(where.title.split()),
        when=moment,
        weekly=moment.every is Every.WEEK,
        monthly=moment.every is Every.MONTH,
        program=program,
        arguments=quote.windows_arguments(words),
        folder=str(where.folder),
    )
    file = where.folder / ".livrev" / "windows-task.xml"
    create = ("schtasks", "/Create", "/TN", where.name, "/XML", str(file), "/F")
    return Plan(
        Kind.WINDOWS,
        files=(File(file, text, f"when: {moment}; made up for when the machine is on again", "utf-16"),),
        after=(Step(create, "Task Scheduler reads the task, in place of an older one"),),
        before=(Step(("schtasks", "/Delete", "/TN", where.name, "/F"), "the task goes", may_fail=True),),
        by_hand=("keys and addresses are variables of your user: setx NCBI_API_KEY ...",),
    )


def _github(where: Place, moment: When) -> Plan:
    repository = next((f for f in (where.folder, *where.folder.parents) if (f / ".git").exists()), None)
    inside = where.folder.relative_to(repository or where.folder).as_posix()
    suffix = "" if inside == "." else "-" + re.sub(r"[^a-z0-9]+", "-", inside.lower()).strip("-")
    branch = f"livrev-store{suffix}"
    text = render(
        "schedule/github.yml.j2",
        mark=MARK,
        version=__version__,
        name=quote.yaml_text(f"livrev{suffix}"),
        cron=quote.yaml_text(moment.cron),
        moment=str(moment),
        review=quote.yaml_text(inside),
        output=quote.yaml_text(where.output),
        branch=quote.yaml_text(branch),
        guard=" ".join(moment.guard),
    )
    file = (repository or where.folder) / ".github" / "workflows" / f"livrev{suffix}.yml"
    return Plan(
        Kind.GITHUB,
        files=(File(file, text, f"when (UTC): {moment}; best effort, some minutes late"),),
        by_hand=(
            f"the store goes to the branch {branch}, once by hand: the commands stand in the head of the file",
            "commit and push the file to the default branch; GitHub runs schedules from there only",
            "an NCBI key: repository settings, Secrets and variables, Actions, secret NCBI_API_KEY",
        ),
        blocked=""
        if repository
        else f"{where.folder} is in no git repository; nothing was written: git init",
    )
