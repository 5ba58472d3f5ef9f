"""Migrations: forward only, each once, under a lock, unchanged for ever; and the roles that come before them."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import errors

from service.logins import Login, connect
from service.migrate import LOCK, MigrationError, load, main, migrate, pending
from service.roles import bootstrap
from stack.postgres import start


@pytest.fixture
def folder(tmp_path):
    """A folder of migrations that holds the real ones."""
    for migration in load():
        (tmp_path / migration.name).write_text(migration.text)
    return tmp_path


@pytest.fixture
def migrator(environment, admin):
    with connect(Login.MIGRATOR, environment) as connection:
        yield connection
    admin.execute("DELETE FROM flights.migration WHERE number > 1")
    admin.execute("DROP TABLE IF EXISTS flights.extra")


def add(folder, text, name="0002_extra.sql"):
    (folder / name).write_text(text)
    return load(folder)


TABLE = "CREATE TABLE flights.extra (x bigint);\n"


class TestApplying:
    def test_once(self, migrator, folder):
        """A migration is applied once, however often it is asked for."""
        migrations = add(folder, TABLE)

        assert (["0002_extra.sql"], []) == tuple(
            [done.name for done in migrate(migrator, migrations)] for _ in range(2)
        )

    def test_owner(self, migrator, admin, folder):
        """What a migration makes belongs to the owner, and not to the login that made it."""
        migrate(migrator, add(folder, TABLE))

        assert ("flights_owner",) == admin.execute(
            "SELECT tableowner FROM pg_tables WHERE tablename = 'extra'"
        ).fetchone()

    def test_all_or_nothing(self, migrator, admin, folder):
        """A migration that fails leaves nothing of itself behind, and the lock is free again."""
        with pytest.raises(errors.UndefinedTable):
            migrate(migrator, add(folder, TABLE + "SELECT * FROM nowhere;"))

        assert (None,) == admin.execute("SELECT to_regclass('flights.extra')").fetchone()
        assert 1 == len(migrate(migrator, add(folder, TABLE)))

    def test_without_transaction(self, migrator, folder):
        """A migration whose first line asks for it runs outside a transaction, as a concurrent index must."""
        text = "-- migrate: no transaction\nCREATE INDEX CONCURRENTLY extra_index ON flights.flight (tailnum);\n"
        migrate(migrator, add(folder, text))
        migrator.execute("DROP INDEX flights.extra_index")

        assert [] == migrate(migrator, load(folder))

    @pytest.mark.usefixtures("migrator")
    def test_side_by_side(self, environment, folder):
        """Of two runs at once one applies and the other finds it done."""
        migrations = add(folder, TABLE)

        def run(_):
            with connect(Login.MIGRATOR, environment) as connection:
                return len(migrate(connection, migrations))

        with ThreadPoolExecutor() as threads:
            assert [0, 1] == sorted(threads.map(run, range(2)))

    def test_waits_for_another_run(self, environment, admin, folder):
        """A run waits for the one before it, however impatient it is about tables."""
        dsn = environment["FLIGHTS_DB_DSN"] + " options='-c lock_timeout=50'"
        waited = (
            "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND NOT granted"
            " AND clock_timestamp() - query_start > interval '150ms'"
        )
        hasty = connect(Login.MIGRATOR, {**environment, "FLIGHTS_DB_DSN": dsn})
        with hasty, connect(Login.MIGRATOR, environment) as other, ThreadPoolExecutor() as threads:
            other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            run = threads.submit(migrate, hasty, load(folder))
            while admin.execute(waited).fetchone() is None and not run.done():
                time.sleep(0.01)
            other.execute("SELECT pg_advisory_unlock(%s)", [LOCK])

            assert [] == run.result()

    def test_waits_for_locks(self, environment, admin, migrator, folder):
        """A migration that gets no lock in time gives way to the readers, and tries again."""
        text = "SET LOCAL lock_timeout = '200ms'; ALTER TABLE flights.flight ADD COLUMN extra text;"
        migrations = add(folder, text)
        waiting = (
            "SELECT xact_start FROM pg_stat_activity WHERE usename = 'flights_migrator' AND wait_event_type = 'Lock'"
        )
        with connect(Login.READER, environment) as reader, ThreadPoolExecutor() as threads, reader.transaction():
            reader.execute("SELECT 1 FROM flights.flight")
            run = threads.submit(migrate, migrator, migrations)
            seen = set()
            while len(seen) < 2 and not run.done():
                seen |= set(admin.execute(waiting).fetchall())
                time.sleep(0.01)
            reader.execute("ROLLBACK")
            applied = len(run.result())
        admin.execute("ALTER TABLE flights.flight DROP COLUMN extra")

        assert (1, 2) == (applied, len(seen))


class TestRefusing:
    def test_changed(self, migrator, folder):
        """A migration that was changed after it was applied is refused by name."""
        migrate(migrator, add(folder, TABLE))
        with pytest.raises(MigrationError, match=r"0002_extra\.sql was changed after it was applied"):
            migrate(migrator, add(folder, TABLE + "\n"))

    def test_missing(self, migrator, folder):
        """A migration that was applied and is missing here is refused by name."""
        migrate(migrator, add(folder, TABLE))
        with pytest.raises(MigrationError, match=r"0002_extra\.sql was applied .* missing"):
            migrate(migrator, load())

    def test_renamed(self, folder):
        """A migration that was applied under another name is refused."""
        (first, second) = add(folder, TABLE)
        with pytest.raises(MigrationError, match=r"0002_other\.sql was applied"):
            pending([first, second], [(first.name, first.checksum), ("0002_other.sql", second.checksum)])

    @pytest.mark.parametrize("name", ["0003_gap.sql", "2_short.sql", "0002_Upper.sql", "0001_twice.sql", "0002-x.sql"])
    def test_names(self, folder, name):
        """Migrations are numbered 0001, 0002 and so on, without gap or repetition."""
        with pytest.raises(MigrationError, match="expected 000"):
            add(folder, TABLE, name)


class TestCommand:
    def test_fresh_database(self, environment):
        """The command makes roles and schema, and may be repeated; it says what it did on stderr."""
        done = subprocess.run(
            [sys.executable, "-m", "service.migrate"], env=environment, capture_output=True, text=True, check=False
        )

        assert (0, "", "roles: ready\nschema: up to date\n") == (done.returncode, done.stdout, done.stderr)

    def test_failure(self, environment, capsys):
        """A failure is one line on stderr that names the cause, and exit code 1."""
        assert 1 == main({**environment, "FLIGHTS_DB_ADMIN_USER": "", "FLIGHTS_DB_PASSWORD_MIGRATOR": ""})
        assert "ConfigurationError: FLIGHTS_DB_PASSWORD_MIGRATOR is not set\n" == capsys.readouterr().err

    def test_passwords_are_verifiers(self, admin):
        """The server is given SCRAM verifiers, never a password that its log might tell."""
        kept = admin.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname LIKE 'flights_%' AND rolcanlogin"
        ).fetchall()

        assert [True] * 4 == [password.startswith("SCRAM-SHA-256$") for (password,) in kept]


@pytest.fixture(scope="module")
def managed():
    with start(durable=False) as server:
        with server.connect() as connection:
            connection.execute("CREATE ROLE master LOGIN CREATEROLE CREATEDB PASSWORD 'master'")
            connection.execute("CREATE ROLE rds_iam NOLOGIN")
            connection.execute("GRANT rds_iam TO master WITH ADMIN OPTION")
            connection.execute("CREATE DATABASE flights OWNER master")
        yield {
            "FLIGHTS_DB_DSN": f"host={server.host} port={server.port} dbname=flights",
            "FLIGHTS_DB_ADMIN_USER": "master",
            "FLIGHTS_DB_ADMIN_PASSWORD": "master",
            **{f"FLIGHTS_DB_PASSWORD_{login.name}": login.name for login in Login},
        }


def test_databases_set_up_at_once():
    """Several databases of one server may be set up at the same time, and again, though they share the roles."""
    with start(durable=False) as server, ThreadPoolExecutor(4) as threads:
        with server.connect() as connection:
            for number in range(4):
                connection.execute(f"CREATE DATABASE flights_{number}")
        common = {
            "FLIGHTS_DB_ADMIN_USER": server.admin_user,
            "FLIGHTS_DB_ADMIN_PASSWORD": server.admin_password,
            **{f"FLIGHTS_DB_PASSWORD_{login.name}": login.name for login in Login},
        }
        dsns = [f"host={server.host} port={server.port} dbname=flights_{number}" for number in range(4)] * 2
        made = list(threads.map(lambda dsn: bootstrap({**common, "FLIGHTS_DB_DSN": dsn}), dsns))

    assert [None] * 8 == made


class TestManagedServer:
    """An administrator as RDS has one: no superuser, but may make roles and owns the database."""

    def test_bootstrap(self, managed):
        """Such an administrator makes everything, twice over."""
        assert [0, 0] == [main(managed), main(managed)]

    def test_rotation(self, managed):
        """A new password replaces the old one."""
        main(managed)
        bootstrap({**managed, "FLIGHTS_DB_PASSWORD_READER": "new"})
        connect(Login.READER, {**managed, "FLIGHTS_DB_PASSWORD_READER": "new"}).close()
        with pytest.raises(psycopg.OperationalError):
            connect(Login.READER, managed)

    def test_iam(self, managed):
        """With IAM the logins get the right to use tokens, and no password is needed."""
        bootstrap({**managed, "FLIGHTS_DB_AUTH": "iam", "FLIGHTS_DB_PASSWORD_READER": ""})
        admin = psycopg.connect(f"{managed['FLIGHTS_DB_DSN']} user=master password=master")
        members = admin.execute(
            "SELECT count(*) FROM pg_auth_members JOIN pg_roles ON pg_roles.oid = member"
            " WHERE roleid = 'rds_iam'::regrole AND rolname LIKE 'flights_%'"
        ).fetchone()
        admin.close()

        assert (4,) == members
