"""livrev schedule: installing does once what it says, and what it installs is run as its scheduler would run it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from curation.sources.standin import Corpus, StandIn
from curation.tasks.reference import corpus_file

Livrev = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).resolve().parents[2]
MAIN = "from curation.cli.main import main; main()"
# A crontab command that keeps its table in a file, as cron's own keeps it in the spool.
CRONTAB = """#!/bin/sh
case "$1" in
-l) cat "$HOME/table" 2> /dev/null || { echo "no crontab for ana" >&2; exit 1; } ;;
-) cat > "$HOME/table" ;;
esac
"""
TOLD = '#!/bin/sh\necho "$(basename "$0") $*" >> "$HOME/told"\n'


@dataclass
class Machine:
    """A user's home, a folder of programs on the PATH, and livrev run there."""

    home: Path
    review: Path
    livrev: Livrev

    def program(self, name: str, text: str) -> None:
        path = self.home / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def schedule(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.home / 'bin'}:/usr/bin:/bin"
        return self.livrev("--review", self.review, "schedule", *arguments, HOME=str(self.home), PATH=path)

    def told(self) -> list[str]:
        file = self.home / "told"
        return file.read_text().splitlines() if file.exists() else []

    def files(self) -> dict[str, bytes]:
        """All that stands in the home and in the review, but for the programs."""
        paths = [p for top in (self.home, self.review) for p in sorted(top.rglob("*")) if p.is_file()]
        return {str(p): p.read_bytes() for p in paths if p.parent.name != "bin"}


@pytest.fixture
def machine(built_demo: Path, tmp_path: Path, livrev: Livrev) -> Machine:
    review = Path(shutil.copytree(built_demo, tmp_path / "ana's 100% review"))
    home = tmp_path / "home"
    home.mkdir()
    return Machine(home, review, livrev)


# printing


@pytest.mark.parametrize("kind", ["systemd", "cron", "github", "launchd"])
def test_printing_changes_nothing_and_is_what_comes_of_itself(machine: Machine, kind: str) -> None:
    before = machine.files()
    shown, asked = machine.schedule(kind), machine.schedule(kind, "--print")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == asked.stdout
    assert "Made by livrev schedule" in shown.stdout
    assert machine.files() == before


def test_a_schedule_that_is_slower_than_the_protocol_is_remarked_upon(machine: Machine) -> None:
    toml = machine.review / "review.toml"
    toml.write_text(toml.read_text().replace("interval_days = 30", "interval_days = 3"))
    shown = machine.schedule("systemd", "--every", "week", "--at", "04:30")
    assert shown.returncode == 0
    assert "OnCalendar=" in shown.stdout
    assert "04:30:00" in shown.stdout
    assert "every 3 days" in shown.stderr


@pytest.mark.parametrize(
    "words", [("systemd", "--at", "25:00"), ("anacron",), ("cron", "--remove", "--every", "day"), ()]
)
def test_words_that_make_no_schedule_are_a_usage_error(machine: Machine, words: tuple[str, ...]) -> None:
    done = machine.schedule(*words)
    assert done.returncode == 2
    assert done.stdout == ""


# systemd


def test_systemd_is_installed_once_and_taken_away_without_a_trace(machine: Machine) -> None:
    machine.program("systemctl", TOLD)
    before = machine.files()
    first = machine.schedule("systemd", "--install")
    assert first.returncode == 0, first.stderr
    units = sorted((machine.home / ".config/systemd/user").iterdir())
    assert [unit.suffix for unit in units] == [".service", ".timer"]
    assert first.stdout.count(": written\n") == 2
    assert machine.told() == [
        "systemctl --user daemon-reload",
        f"systemctl --user enable --now {units[1].name}",
    ]
    texts = [unit.read_bytes() for unit in units]
    again = machine.schedule("systemd", "--install")
    assert again.stdout.count("there already, unchanged\n") == 2
    assert [unit.read_bytes() for unit in units] == texts
    other = machine.schedule("systemd", "--install", "--every", "day")
    assert other.stdout.count(": replaced\n") == 2
    gone = machine.schedule("systemd", "--remove")
    assert gone.returncode == 0, gone.stderr
    assert machine.told()[-2:] == [
        f"systemctl --user disable --now {units[1].name}",
        "systemctl --user daemon-reload",
    ]
    (machine.home / "told").unlink()
    assert machine.files() == before
    assert machine.schedule("systemd", "--remove").stdout.count(": not there\n") == 2


def test_a_step_that_fails_is_a_warning_with_the_command_to_run(machine: Machine) -> None:
    machine.program("systemctl", "#!/bin/sh\necho no bus >&2\nexit 1\n")
    done = machine.schedule("systemd", "--install")
    assert done.returncode == 3
    assert "systemctl --user daemon-reload failed (no bus); run it by hand" in done.stderr
    assert "enable --now" in done.stderr
    assert done.stdout.count(": written\n") == 2


def test_a_file_of_somebody_else_is_left_alone(machine: Machine) -> None:
    machine.program("systemctl", TOLD)
    machine.schedule("systemd", "--install")
    unit = next((machine.home / ".config/systemd/user").glob("*.timer"))
    unit.write_text("[Timer]\nOnCalendar=hourly\n")
    before = machine.files()
    for act in ("--install", "--remove"):
        done = machine.schedule("systemd", act)
        assert done.returncode == 1
        assert "was not made by livrev" in done.stderr
        assert machine.files() == before


@pytest.mark.parametrize(("kind", "program"), [("launchd", "launchctl"), ("cron", "crontab")])
def test_a_machine_without_the_scheduler_is_told_so_before_anything_is_written(
    machine: Machine, kind: str, program: str
) -> None:
    if shutil.which(program, path="/usr/bin:/bin"):
        pytest.skip(f"this machine has a {program} of its own, which no test may touch")
    before = machine.files()
    done = machine.schedule(kind, "--install")
    assert done.returncode == 1
    assert f"this machine has no {program}" in done.stderr
    assert f"livrev schedule {kind} --print" in done.stderr
    assert machine.files() == before


def test_launchd_forgets_an_older_job_before_it_reads_the_new_one(machine: Machine) -> None:
    machine.program("launchctl", f"{TOLD}[ $1 = bootstrap ]\n")
    done = machine.schedule("launchd", "--install")
    assert done.returncode == 0, done.stderr
    plist = next((machine.home / "Library/LaunchAgents").iterdir())
    domain = f"gui/{os.getuid()}"
    assert machine.told() == [
        f"launchctl bootout {domain}/{plist.stem}",
        f"launchctl bootstrap {domain} {plist}",
    ]


def test_what_one_scheduler_cannot_be_told_is_said(machine: Machine) -> None:
    done = machine.schedule("windows")
    assert done.returncode == 2
    assert "has % in it" in done.stderr
    renamed = machine.review.rename(machine.review.with_name("review"))
    machine.review = renamed
    assert machine.schedule("windows").stdout.count("schtasks /Create") == 1


# cron


def test_the_crontab_gets_one_block_and_keeps_the_rest(machine: Machine) -> None:
    machine.program("crontab", CRONTAB)
    table = machine.home / "table"
    table.write_text("MAILTO=ana\n0 1 * * * backup\n")
    assert machine.schedule("cron", "--install").returncode == 0
    first = table.read_text()
    assert "unchanged" in machine.schedule("cron", "--install").stdout
    assert table.read_text() == first
    assert "replaced" in machine.schedule("cron", "--install", "--at", "23:59").stdout
    assert table.read_text().count("# BEGIN livrev-") == 1
    assert "\n59 23 " in table.read_text()
    assert machine.schedule("cron", "--remove").returncode == 0
    assert table.read_text() == "MAILTO=ana\n0 1 * * * backup\n"
    assert "not there" in machine.schedule("cron", "--remove").stdout


def test_the_first_crontab_of_a_user_is_made(machine: Machine) -> None:
    machine.program("crontab", CRONTAB)
    assert machine.schedule("cron", "--install").returncode == 0
    assert (machine.home / "table").read_text().startswith("# BEGIN livrev-")


def test_a_crontab_that_cannot_be_read_is_not_written_over(machine: Machine) -> None:
    machine.program("crontab", CRONTAB.replace("no crontab for ana", "the spool is locked"))
    done = machine.schedule("cron", "--install")
    assert done.returncode == 1
    assert "the spool is locked" in done.stderr
    assert not (machine.home / "table").exists()


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(Corpus.from_xml(corpus_file())) as served:
        yield served


def test_the_cron_line_runs_as_cron_runs_it_and_prints_nothing(
    machine: Machine, standin: StandIn, environment: dict[str, str]
) -> None:
    """/bin/sh, next to no environment, ``\\%`` read as cron reads it; the rest comes from the user's own file."""
    machine.program("crontab", CRONTAB)
    machine.schedule("cron", "--install", "--every", "day")
    settings = machine.home / ".config/livrev/environment"
    settings.parent.mkdir(parents=True)
    tomorrow = str(int(environment["SOURCE_DATE_EPOCH"]) + 24 * 60 * 60)
    kept = {name: environment[name] for name in ("PYTHONPATH", "XDG_CACHE_HOME")}
    kept |= {"LIVREV_EUTILS_URL": standin.url, "SOURCE_DATE_EPOCH": tomorrow}
    settings.write_text("".join(f"{name}='{value}'\n" for name, value in kept.items()))
    line = next(r for r in (machine.home / "table").read_text().splitlines() if not r.startswith("#"))
    command = line.split(" ", 5)[5].replace("\\%", "%")
    assert _last_search(machine) == "2026-11-02"
    cron = {"HOME": str(machine.home), "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "LOGNAME": "ana"}
    done = subprocess.run(["/bin/sh", "-c", command], env=cron, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [request.path for request in standin.requests].count("esearch.fcgi") == 1
    assert _last_search(machine) == "2026-11-03"


def _last_search(machine: Machine) -> str:
    state = json.loads(machine.livrev("--review", machine.review, "status", "--json").stdout)
    return max(str(search["last"]) for search in state["standing"]["searches"])


# GitHub Actions: the workflow's own scripts, run against a repository on the disk.

GH = """#!/bin/sh
echo "gh $*" | head -n 1 >> "$HOME/told"
case "$1 $2" in
"api repos/ana/review") echo "${PRIVATE:-true}" ;;
"issue list") cat "$HOME/issue" 2> /dev/null || true ;;
"issue create") echo 7 > "$HOME/issue"; cp "$RUNNER_TEMP/body.md" "$HOME/body" ;;
"issue comment") cp "$RUNNER_TEMP/body.md" "$HOME/body" ;;
esac
"""
GIT = ("-c", "user.name=ana", "-c", "user.email=ana@example.org")


@dataclass
class Runner:
    """As much of a GitHub runner as the workflow asks for: steps in order, conditions, outputs."""

    machine: Machine
    remote: Path
    environment: dict[str, str]
    event: str = "schedule"
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    said: str = ""

    def git(self, *words: str, cwd: Path | None = None) -> str:
        where = cwd or self.remote
        command = ["git", *GIT, *words]
        return subprocess.run(command, cwd=where, check=True, capture_output=True, text=True).stdout.strip()

    def run(self) -> None:
        """Check the default branch out afresh and run the workflow in it."""
        self.outputs, self.failed, self.said = {}, [], ""
        work = self.machine.home / "work"
        shutil.rmtree(work, ignore_errors=True)
        self.git("clone", "--quiet", "--depth=1", f"file://{self.remote}", str(work), cwd=self.machine.home)
        temp = self.machine.home / "temp"
        shutil.rmtree(temp, ignore_errors=True)
        temp.mkdir()
        workflow: dict[str, Any] = yaml.safe_load((work / ".github/workflows/livrev-review.yml").read_text())
        for step in workflow["jobs"]["update"]["steps"]:
            if "run" in step and step["name"] != "Install livrev" and self._wanted(step):
                self._step(step, workflow["env"], work, temp)

    def _step(self, step: dict[str, Any], shared: dict[str, str], work: Path, temp: Path) -> None:
        output = temp / "output"
        output.write_text("")
        runner = {
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": "ana/review",
            "GITHUB_REF_NAME": "main",
            "GITHUB_RUN_ID": "42",
            "RUNNER_TEMP": str(temp),
        }
        given = {name: self._computed(text) for name, text in step.get("env", {}).items()}
        done = subprocess.run(
            ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=work,
            env=self.environment | runner | shared | given,
            capture_output=True,
            text=True,
            check=False,
        )
        self.said += f"== {step['name']}\n{done.stdout}{done.stderr}"
        lines = [line.partition("=") for line in output.read_text().splitlines()]
        self.outputs[step.get("id", step["name"])] = {name: value for name, _, value in lines}
        if done.returncode:
            self.failed.append(step["name"])

    def _wanted(self, step: dict[str, Any]) -> bool:
        condition = step.get("if", "${{ success() }}").removeprefix("${{ ").removesuffix(" }}")
        held = any(all(map(self._holds, part.split(" && "))) for part in condition.split(" || "))
        always = "cancelled()" in condition or "always()" in condition
        return held and (always or not self.failed)

    def _holds(self, term: str) -> bool:
        if term in {"success()", "always()", "!cancelled()"}:
            return True
        left, _, right = term.partition(" == ")
        return self._value(left) == right.strip("'")

    def _computed(self, text: str) -> str:
        before, opened, rest = text.partition("${{ ")
        if not opened:
            return text
        name, _, after = rest.partition(" }}")
        return before + self._value(name) + self._computed(after)

    def _value(self, name: str) -> str:
        if name.startswith("steps."):
            _, step, _, output = name.split(".")
            return self.outputs.get(step, {}).get(output, "")
        return {"github.event_name": self.event, "github.server_url": "https://github.example"}.get(name, "")

    def store(self) -> bytes:
        """The store as it lies on its branch."""
        command = ["git", "cat-file", "blob", "livrev-store-review:review.db"]
        return subprocess.run(command, cwd=self.remote, check=True, capture_output=True).stdout


@pytest.fixture
def runner(machine: Machine, standin: StandIn, environment: dict[str, str]) -> Runner:
    """A repository that holds the demonstration in a folder, with the store given away as the workflow's head says."""
    remote, clone = machine.home / "remote.git", machine.home / "clone"
    found = Runner(machine, remote, {})
    found.git("init", "--quiet", "--bare", "--initial-branch=main", str(remote), cwd=machine.home)
    found.git("clone", "--quiet", str(remote), str(clone), cwd=machine.home)
    machine.review = machine.review.rename(clone / "review")
    done = machine.schedule("github", "--install")
    assert done.returncode == 0, done.stderr
    machine.program("gh", GH)
    machine.program("livrev", f"#!/bin/sh\nexec {sys.executable} -c '{MAIN}' \"$@\"\n")
    machine.program("python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    own = {"HOME": str(machine.home), "PATH": f"{machine.home / 'bin'}:/usr/bin:/bin"}
    found.environment = environment | own | {"LIVREV_EUTILS_URL": standin.url}
    (clone / ".gitignore").write_text("review.db\nreview.db-*\n.livrev/\nreports/\n")
    found.git("add", "--all", cwd=clone)
    found.git("commit", "--quiet", "-m", "the review", cwd=clone)
    found.git("push", "--quiet", "origin", "HEAD:main", cwd=clone)
    _give_the_store_away(found, clone)
    return found


def _give_the_store_away(runner: Runner, clone: Path) -> None:
    """Run the commands that the head of the workflow tells a person to run, as they stand there."""
    text = (clone / ".github/workflows/livrev-review.yml").read_text()
    commands = text.partition("# Once,")[2].partition("# To fetch it")[0].splitlines()
    script = "\n".join(line.removeprefix("#   ") for line in commands if line.startswith("#   "))
    named = script.replace("STORE_BRANCH", "livrev-store-review").replace("BASE", "")
    who = {"GIT_AUTHOR_NAME": "ana", "GIT_AUTHOR_EMAIL": "a@b.c", "GIT_COMMITTER_NAME": "ana"}
    environment = runner.environment | who | {"GIT_COMMITTER_EMAIL": "a@b.c"}
    subprocess.run(
        ["/bin/bash", "-euc", named], cwd=clone / "review", env=environment, check=True, capture_output=True
    )


@pytest.mark.slow
def test_the_workflow_keeps_the_store_and_commits_text_and_asks_nobody(runner: Runner) -> None:
    before = runner.store()
    runner.event = "workflow_dispatch"
    runner.run()
    assert runner.failed == [], runner.said
    assert runner.outputs["update"] == {"status": "0", "people": "no"}
    assert runner.store() != before
    assert runner.git("rev-list", "--count", "livrev-store-review") == "1"
    committed = runner.git("ls-tree", "-r", "--name-only", "main").splitlines()
    assert {"review/export/status.json", "review/export/flow.json", "review/reports/report.html"} <= set(
        committed
    )
    assert not any(name.endswith(".db") for name in committed)
    assert "gh issue" not in "\n".join(runner.machine.told())


@pytest.mark.slow
def test_a_run_that_comes_too_soon_changes_nothing(runner: Runner, standin: StandIn) -> None:
    runner.event = "workflow_dispatch"
    runner.run()
    refs, asked = runner.git("for-each-ref"), len(standin.requests)
    runner.event = "schedule"
    runner.run()
    assert runner.failed == [], runner.said
    assert len(standin.requests) == asked
    assert runner.git("for-each-ref") == refs


@pytest.mark.slow
def test_a_search_that_fails_opens_one_issue_and_leaves_the_store(runner: Runner, standin: StandIn) -> None:
    before = runner.store()
    standin.corpus = Corpus(())
    runner.event = "workflow_dispatch"
    for said in ("gh issue create", "gh issue comment 7"):
        runner.run()
        assert runner.outputs["update"] == {"status": "1", "people": "yes"}
        assert runner.failed == ["Result"], runner.said
        assert runner.machine.told()[-1].startswith(said)
    assert runner.store() == before
    body = (runner.machine.home / "body").read_text()
    assert "--allow-empty" in body
    assert "Waiting" in body


@pytest.mark.slow
def test_a_store_that_somebody_gave_away_meanwhile_stays_theirs(runner: Runner) -> None:
    theirs = "printf theirs | git hash-object -w --stdin"
    push = (
        f"blob=$({theirs}); tree=$(printf '100644 blob %s\\treview.db\\n' $blob | git mktree); "
        "git push -q -f origin $(git -c user.name=b -c user.email=b@c.d commit-tree -m b $tree):refs/heads/livrev-store-review"
    )
    start = f"{sys.executable} -c '{MAIN}' \"$@\"; s=$?\n"
    runner.machine.program("livrev", f'#!/bin/sh\n{start}[ "$3" = update ] && {{ {push}; }} >&2\nexit $s\n')
    runner.event = "workflow_dispatch"
    runner.run()
    assert runner.failed[0] == "Keep the store", runner.said
    assert "somebody gave the store away" in runner.said
    assert runner.store() == b"theirs"


@pytest.mark.slow
def test_what_somebody_commits_meanwhile_is_kept_under_our_text(runner: Runner) -> None:
    clone = runner.machine.home / "clone"
    theirs = f"cd {clone}; echo new > note; git add note; git -c user.name=b -c user.email=b@c.d commit -qm b; git push -q origin HEAD:main"
    start = f"{sys.executable} -c '{MAIN}' \"$@\"; s=$?\n"
    runner.machine.program("livrev", f'#!/bin/sh\n{start}[ "$3" = report ] && ({theirs}) >&2\nexit $s\n')
    runner.event = "workflow_dispatch"
    runner.run()
    assert runner.failed == [], runner.said
    names = runner.git("ls-tree", "-r", "--name-only", "main").splitlines()
    assert {"note", "review/export/flow.json"} <= set(names)


@pytest.mark.slow
def test_without_a_store_and_in_a_public_repository_nothing_is_searched(
    runner: Runner, standin: StandIn
) -> None:
    runner.environment |= {"PRIVATE": "false"}
    runner.run()
    assert runner.failed[0] == "Refuse to publish votes"
    runner.environment |= {"PRIVATE": "true"}
    runner.git("update-ref", "-d", "refs/heads/livrev-store-review")
    runner.run()
    assert runner.failed[0] == "Fetch the store"
    assert standin.requests == ()
