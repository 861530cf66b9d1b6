"""What livrev schedule plans: ticks that keep to review.toml, and files that each scheduler's own reader takes."""

from __future__ import annotations

import calendar
import plistlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curation.errors import Refused, Usage
from curation.tasks import schedule_quote as quote
from curation.tasks.schedule import plan, running_command
from curation.tasks.schedule_act import with_block, without_block
from curation.tasks.schedule_plan import MARK, Block, Kind, Place, Plan
from curation.tasks.schedule_when import Every, When, when

AWKWARD = "/srv/re views/100%h \"sure\" $HOME & 'co' <é>"
PLACE = Place(
    folder=Path("/srv/reviews/spine"),
    title="AI for <spines> & 100 % of \\metastases\\",
    output="reports",
    command=("/opt/livrev/bin/livrev",),
    home=Path("/home/ana"),
    uid=1000,
)
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def _moment(every: Every | None = None, at: str | None = None, interval: int = 30) -> When:
    return when(PLACE.folder, interval, every, at)


def _ticks(moment: When, start: date, days: int) -> Iterator[date]:
    """Days on which the scheduler starts the update."""
    for day in (start + timedelta(n) for n in range(days)):
        hit = {
            Every.DAY: True,
            Every.WEEK: day.weekday() == moment.weekday,
            Every.MONTH: day.day == moment.day,
        }
        if hit[moment.every]:
            yield day


def _searches(moment: When, failing: frozenset[int] = frozenset()) -> list[date]:
    """Days of the searches that are made; ``failing``: numbers of the tries that come to nothing."""
    made: list[date] = []
    tries = 0
    for day in _ticks(moment, date(2027, 1, 1), 3 * 366):
        if made and (day - made[-1]).days < moment.older_than:
            continue
        tries += 1
        if tries not in failing:
            made.append(day)
    return made


@pytest.mark.parametrize("interval", [*range(1, 100), 120, 180, 182, 365])
def test_searches_come_as_often_as_the_protocol_asks_and_hardly_more_often(interval: int) -> None:
    moment = _moment(interval=interval)
    gaps = [(b - a).days for a, b in pairwise(_searches(moment))]
    play = 4 if moment.every is Every.MONTH else 0  # twelve months of 30.4 days stand for 360 to 366
    assert max(gaps) <= interval + play
    assert min(gaps) >= interval - moment.every.days - play
    assert moment.note == ""


@pytest.mark.parametrize("interval", [2, 7, 14, 30, 90, 365])
def test_a_search_that_failed_is_made_up_for_at_the_next_tick(interval: int) -> None:
    moment = _moment(interval=interval)
    gaps = [(b - a).days for a, b in pairwise(_searches(moment, failing=frozenset({3})))]
    assert max(gaps) <= interval + moment.every.days + 2
    assert moment.every.days <= interval / 2


@pytest.mark.parametrize(("every", "days"), [(Every.DAY, 1), (Every.WEEK, 7), (Every.MONTH, 31)])
def test_a_person_who_says_how_often_gets_it_so_often(every: Every, days: int) -> None:
    gaps = {(b - a).days for a, b in pairwise(_searches(_moment(every, interval=0)))}
    assert max(gaps) == days
    assert min(gaps) >= days - (3 if every is Every.MONTH else 0)


def test_a_schedule_that_is_slower_than_the_protocol_says_so() -> None:
    assert "every 3 days" in _moment(Every.WEEK, interval=3).note
    assert _moment(Every.WEEK, interval=7).note == ""


def test_without_an_interval_a_person_must_say_how_often() -> None:
    with pytest.raises(Usage, match="--every"):
        _moment(interval=0)


def test_reviews_are_spread_over_minutes_and_none_starts_on_the_hour() -> None:
    moments = [when(Path(f"/reviews/{n}"), 7) for n in range(400)]
    assert {m.minute for m in moments} == set(range(1, 60))
    assert {m.hour for m in moments} == {3, 4, 5}
    assert {m.weekday for m in moments} == set(range(5))
    assert {m.day for m in moments} == set(range(1, 29))
    assert when(Path("/reviews/7"), 7) == moments[7]


def test_a_time_that_is_given_is_kept() -> None:
    assert _moment(at="4:05").time == "04:05"
    assert _moment(Every.DAY, "00:00").cron == "0 0 * * *"


@pytest.mark.parametrize("at", ["24:00", "4", "04:60", "noon", "04:05:06", "٤:٠٥"])
def test_a_time_that_is_none_is_refused(at: str) -> None:
    with pytest.raises(Usage, match="HH:MM"):
        _moment(at=at)


@pytest.mark.parametrize("every", Every)
def test_all_schedulers_mean_the_same_moment(every: Every) -> None:
    moment = replace(_moment(every, "04:17"), weekday=6, day=11)
    fields, on_calendar = {
        Every.DAY: ("17 4 * * *", "*-*-* 04:17:00"),
        Every.WEEK: ("17 4 * * 0", "Sun *-*-* 04:17:00"),
        Every.MONTH: ("17 4 11 * *", "*-*-11 04:17:00"),
    }[every]
    assert (moment.cron, moment.calendar) == (fields, on_calendar)
    plist = plistlib.loads(_files(plan(PLACE, Kind.LAUNCHD, moment))[0])
    extra = {Every.DAY: {}, Every.WEEK: {"Weekday": 0}, Every.MONTH: {"Day": 11}}[every]
    assert plist["StartCalendarInterval"] == {"Hour": 4, "Minute": 17, **extra}
    trigger = _task(moment).find(f"{TASK}Triggers/{TASK}CalendarTrigger")
    assert trigger is not None
    days = [e.tag.removeprefix(TASK) for e in trigger.iter() if e.tag.removeprefix(TASK) in calendar.day_name]
    assert days == (["Sunday"] if every is Every.WEEK else [])
    assert trigger.findtext(f".//{TASK}Day") == ("11" if every is Every.MONTH else None)


def _files(made: Plan) -> list[bytes]:
    return [file.text.encode(file.encoding) for file in made.files]


def _task(moment: When) -> ET.Element:
    return ET.fromstring(_files(plan(PLACE, Kind.WINDOWS, moment))[0])


@pytest.mark.parametrize("kind", Kind)
def test_each_file_bears_our_mark_and_no_key(kind: Kind) -> None:
    made = plan(PLACE, kind, _moment())
    texts = [file.text for file in made.files] + ([made.block.text] if made.block else [])
    assert texts
    assert all(MARK in text for text in texts)
    assert all("NCBI_API_KEY=" not in text for text in texts)
    assert "--if-older-than 24d" in texts[0]


def test_two_reviews_of_one_name_have_schedules_of_their_own() -> None:
    other = replace(PLACE, folder=Path("/srv/other/spine"))
    assert other.name != PLACE.name
    assert PLACE.name.startswith("livrev-spine-")
    assert replace(PLACE, folder=Path("/srv/Größe & 日本")).name.isascii()


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("bad", ["/srv/a\nb", "/srv/a\x00b", "/srv/\udcff"])
def test_a_path_that_no_file_can_hold_is_refused(kind: Kind, bad: str) -> None:
    with pytest.raises(Usage, match="rename the folder"):
        plan(replace(PLACE, folder=Path(bad)), kind, _moment())


@pytest.mark.parametrize(
    ("kind", "bad"),
    [(Kind.CRON, "/srv/a\\%b"), (Kind.WINDOWS, "/srv/%PATH%"), (Kind.WINDOWS, "/srv/$(Arg0)")],
)
def test_what_a_scheduler_would_read_as_something_else_is_refused(kind: Kind, bad: str) -> None:
    with pytest.raises(Usage, match="rename the folder"):
        plan(replace(PLACE, folder=Path(bad)), kind, _moment())


def test_a_folder_that_github_would_compute_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(Usage, match="rename the folder"):
        plan(replace(PLACE, folder=tmp_path / "${{ secrets.X }}"), Kind.GITHUB, _moment())


# systemd


@pytest.fixture(scope="module")
def systemd_analyze() -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not on this machine")
    return program


def _verified(program: str, place: Place, moment: When, folder: Path) -> str:
    """What ``systemd-analyze verify`` has to say of the two units; nothing when they are right."""
    units = [folder / file.path.name for file in plan(place, Kind.SYSTEMD, moment).files]
    for unit, text in zip(units, _files(plan(place, Kind.SYSTEMD, moment)), strict=True):
        unit.write_bytes(text)
    done = subprocess.run(
        [program, "verify", "--user", "--man=no", *map(str, units)],
        capture_output=True,
        text=True,
        env={"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    return done.stdout + done.stderr + (f"status {done.returncode}" if done.returncode else "")


@pytest.mark.parametrize("every", [None, *Every])
def test_systemd_takes_the_units(systemd_analyze: str, tmp_path: Path, every: Every | None) -> None:
    program = _program(tmp_path / "bin" / "livrev")
    place = replace(PLACE, command=(str(program),), folder=Path(AWKWARD))
    assert _verified(systemd_analyze, place, _moment(every), tmp_path) == ""


def test_systemd_finds_the_program_however_its_folder_is_called(systemd_analyze: str, tmp_path: Path) -> None:
    program = _program(tmp_path / "re views" / "100%h $HOME & <é>" / "livrev")
    place = replace(PLACE, command=(str(program),))
    assert _verified(systemd_analyze, place, _moment(), tmp_path) == ""
    program.unlink()
    said = _verified(systemd_analyze, place, _moment(), tmp_path)
    assert f"Command {program} is not executable" in said


def test_systemd_looks_for_the_review_under_its_own_name(systemd_analyze: str, tmp_path: Path) -> None:
    folder = tmp_path / AWKWARD.removeprefix("/srv/")
    service = plan(replace(PLACE, folder=folder), Kind.SYSTEMD, _moment()).files[0].text
    condition = next(line for line in service.splitlines() if line.startswith("ConditionPathExists="))

    def holds() -> bool:
        done = subprocess.run([systemd_analyze, "condition", condition], capture_output=True, check=False)
        return done.returncode == 0

    assert not holds()
    folder.mkdir(parents=True)
    (folder / "review.toml").touch()
    assert holds()


@pytest.mark.parametrize("character", ['"', "'", "\\"])
def test_a_program_that_systemd_would_refuse_is_refused_before(character: str) -> None:
    with pytest.raises(Usage, match="cannot be told"):
        plan(replace(PLACE, command=(f"/opt/a{character}b/livrev",)), Kind.SYSTEMD, _moment())


def test_systemd_words_are_quoted_as_its_manual_says() -> None:
    assert quote.systemd_command(("/a b/c$%d", "x", "y z", "100%", 'q"$\\')) == (
        '"/a b/c$%%d" x "y z" "100%%" "q\\"$$\\\\"'
    )
    assert quote.systemd_text("100 %\n of \\it\\") == "100 %% of \\it"


def _program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


# cron


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.text(st.characters(min_codepoint=32, exclude_characters="\\\x7f", exclude_categories=["Cs"])),
        min_size=1,
        max_size=4,
    )
)
@example(["100%", "%%", "'%'", "a b"])
def test_a_cron_line_hands_every_word_over_as_it_is(words: list[str]) -> None:
    escaped = quote.cron_command(quote.shell_command(words))
    assert "%" not in escaped.replace("\\%", "")  # cron would end the line there
    as_cron_runs_it = "printf '%s\\0' " + escaped.replace("\\%", "%")
    done = subprocess.run(["/bin/sh", "-c", as_cron_runs_it], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == words


BLOCK = Block("# BEGIN livrev-x", "# BEGIN livrev-x\n1 4 * * * new\n# END livrev-x\n", "# END livrev-x", "")
OLD = "# BEGIN livrev-x\n9 9 * * * old\n# END livrev-x\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", BLOCK.text),
        ("MAILTO=ana\n", "MAILTO=ana\n" + BLOCK.text),
        ("0 0 * * * no end of line", "0 0 * * * no end of line\n" + BLOCK.text),
        (f"a\n{OLD}b\n", f"a\n{BLOCK.text}b\n"),
        (f"a\n{OLD.rstrip()}", f"a\n{BLOCK.text}"),
        ("# BEGIN livrev-xyz\n# END livrev-xyz\n", "# BEGIN livrev-xyz\n# END livrev-xyz\n" + BLOCK.text),
    ],
)
def test_a_crontab_keeps_its_own_lines_and_one_block_of_ours(before: str, after: str) -> None:
    assert with_block(before, BLOCK) == after
    assert with_block(after, BLOCK) == after
    assert BLOCK.first not in without_block(after, BLOCK).splitlines()


def test_what_was_put_into_a_crontab_can_be_taken_out_again() -> None:
    assert without_block(with_block("a\nb\n", BLOCK), BLOCK) == "a\nb\n"
    assert without_block("a\n", BLOCK) == "a\n"


@pytest.mark.parametrize(
    "half", ["# BEGIN livrev-x\nx\n", "x\n# END livrev-x\n", OLD + OLD, "# END livrev-x\n# BEGIN livrev-x\n"]
)
def test_half_a_block_is_left_to_a_person(half: str) -> None:
    with pytest.raises(Refused, match="crontab -e"):
        with_block(half, BLOCK)


# launchd and Windows


def test_launchd_reads_the_plist_and_the_shell_the_words_in_it() -> None:
    place = replace(PLACE, folder=Path(AWKWARD), command=("/bin/echo",))
    plist = plistlib.loads(_files(plan(place, Kind.LAUNCHD, _moment()))[0])
    assert plist["Label"].startswith("org.livrev.100-h-sure-home-co-")
    assert plist["RunAtLoad"] is False
    done = subprocess.run(
        plist["ProgramArguments"], capture_output=True, text=True, env={"HOME": "/nowhere"}, check=True
    )
    assert done.stdout.strip() == f"--review {AWKWARD} update --if-older-than 24d --lock-wait 600"


def test_windows_reads_the_task_with_all_that_makes_it_catch_up() -> None:
    folder = "C:/Users/Ana B/re & views <1>"
    place = replace(PLACE, folder=Path(folder), command=("C:/Program Files/livrev.exe",))
    made = plan(place, Kind.WINDOWS, _moment())
    raw = made.files[0].text.encode(made.files[0].encoding)
    assert raw[:2] in {b"\xff\xfe", b"\xfe\xff"}  # schtasks refuses UTF-16 without its mark
    task = ET.fromstring(raw)
    assert task.tag == f"{TASK}Task"
    assert task.findtext(f"{TASK}Settings/{TASK}StartWhenAvailable") == "true"
    assert task.findtext(f"{TASK}Settings/{TASK}MultipleInstancesPolicy") == "IgnoreNew"
    exec_ = task.find(f"{TASK}Actions/{TASK}Exec")
    assert exec_ is not None
    assert exec_.findtext(f"{TASK}Command") == "C:/Program Files/livrev.exe"
    assert (exec_.findtext(f"{TASK}Arguments") or "").startswith(
        f'--review "{folder}" update --if-older-than 24d'
    )
    trigger = task.find(f"{TASK}Triggers/{TASK}CalendarTrigger")
    assert trigger is not None
    order = [element.tag.removeprefix(TASK) for element in trigger]
    assert order == [
        "StartBoundary",
        "RandomDelay",
        "ScheduleByWeek",
    ]  # the order of the schema (MS-TSCH 2.5.3)


# GitHub Actions

STEP_KEYS = {"name", "id", "if", "uses", "with", "env", "run", "shell", "working-directory"}


def _workflow(place: Place, moment: When) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(_files(plan(place, Kind.GITHUB, moment))[0])
    return loaded


def test_the_workflow_has_the_shape_that_github_asks_for() -> None:
    workflow = _workflow(PLACE, _moment(at="04:17"))
    assert set(workflow) == {"name", "on", "concurrency", "permissions", "defaults", "env", "jobs"}
    assert set(workflow["on"]) == {"schedule", "workflow_dispatch"}
    (schedule,) = workflow["on"]["schedule"]
    assert schedule["cron"].split()[:2] == ["17", "4"]
    assert len(schedule["cron"].split()) == 5
    assert workflow["permissions"] == {"contents": "write", "issues": "write"}
    assert workflow["concurrency"] == {"group": "livrev-store", "cancel-in-progress": False}
    assert all(isinstance(value, str) for value in workflow["env"].values())
    (job,) = workflow["jobs"].values()
    assert set(job) == {"runs-on", "timeout-minutes", "steps"}
    assert job["timeout-minutes"] < 360  # GitHub ends a job then


def test_each_step_of_the_workflow_has_the_shape_that_github_asks_for() -> None:
    steps = _workflow(PLACE, _moment())["jobs"]["update"]["steps"]
    ids = [step["id"] for step in steps if "id" in step]
    assert len(ids) == len(set(ids))
    for step in steps:
        assert set(step) <= STEP_KEYS
        assert ("uses" in step) != ("run" in step)
        assert all(isinstance(v, str) for v in step.get("env", {}).values())
        if "uses" in step:
            name, _, version = step["uses"].partition("@")
            assert name.count("/") == 1
            assert version.startswith("v")
    named = {word.split(".")[1] for step in steps for word in str(step).split() if word.startswith("steps.")}
    assert named <= set(ids)


def test_no_expression_of_the_workflow_stands_inside_a_script() -> None:
    """What GitHub computes goes through the environment: in a script its text would be run."""
    steps = _workflow(PLACE, _moment())["jobs"]["update"]["steps"]
    scripts = [step["run"] for step in steps if "run" in step]
    assert not any("${{" in script for script in scripts)
    for script in scripts:
        subprocess.run(["/bin/bash", "-n", "-c", script], check=True)


def test_a_review_in_a_folder_of_a_repository_has_a_workflow_and_a_store_of_its_own(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    place = replace(PLACE, folder=tmp_path / 'my "first" re: view', output="out: put")
    (file,) = plan(place, Kind.GITHUB, _moment()).files
    assert file.path == tmp_path / ".github" / "workflows" / "livrev-my-first-re-view.yml"
    workflow = _workflow(place, _moment())
    assert workflow["env"]["REVIEW"] == 'my "first" re: view'
    assert workflow["env"]["OUTPUT"] == "out: put"
    assert workflow["env"]["STORE_BRANCH"] == "livrev-store-my-first-re-view"


def test_outside_a_repository_the_workflow_is_shown_and_not_installed(tmp_path: Path) -> None:
    made = plan(replace(PLACE, folder=tmp_path), Kind.GITHUB, _moment())
    assert made.files
    assert "no git repository" in made.blocked


# the program


def test_the_running_livrev_is_named_with_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = _program(tmp_path / "livrev")
    assert running_command(str(program), "/usr/bin/python3") == (str(program),)
    monkeypatch.chdir(tmp_path)
    assert running_command("./livrev", "/usr/bin/python3") == (str(program),)


@pytest.mark.parametrize("first_word", ["-c", "/usr/lib/python3/pytest/__main__.py", ""])
def test_where_livrev_is_no_program_python_starts_it(first_word: str) -> None:
    program, *words = running_command(first_word, "/usr/bin/python3")
    assert program == "/usr/bin/python3"
    assert words == ["-c", "from curation.cli.main import main; main()"]
