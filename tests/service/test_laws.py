"""Laws of the rules: of records, batches and cursors, for any value whatever; and of a batch on real Postgres."""

import base64
import json
from dataclasses import replace
from string import printable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service import cursor
from service.domain import (
    ASKED_DAY,
    KEY_RULES,
    OPTIONAL,
    RULES,
    Ambiguous,
    Filters,
    Flight,
    Key,
    read_batch,
    read_flight,
    results,
    shown,
)
from service.logins import Login
from service.rules import FieldError
from service.store import PostgresStore

days = st.dates(RULES["flight_date"].first, RULES["flight_date"].last).map(str)
carriers = st.from_regex(r"[A-Z0-9]{2}", fullmatch=True)
airports = st.from_regex(r"[A-Z]{3}", fullmatch=True)
clocks = st.one_of(
    st.builds(lambda hours, minutes: hours * 100 + minutes, st.integers(0, 23), st.integers(0, 59)), st.just(2400)
)
delays = st.integers(-1440, 4320)
missing = st.sampled_from([None, "NA"])
values = {
    "flight_date": days,
    "carrier": carriers,
    "flight": st.integers(1, 9999),
    "origin": airports,
    "dest": airports,
    "tailnum": missing | st.from_regex(r"[A-Z0-9-]{1,8}", fullmatch=True),
    "dep_time": missing | clocks,
    "sched_dep_time": clocks,
    "arr_time": missing | clocks,
    "sched_arr_time": clocks,
    "dep_delay": missing | delays,
    "arr_delay": missing | delays,
    "air_time": missing | st.integers(1, 1440),
    "distance": st.integers(1, 12500),
}
records = st.fixed_dictionaries(values)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(sorted(RULES)), inner),
)
keys = st.builds(Key, days, carriers, st.integers(1, 9999), airports)
filters = st.builds(
    Filters,
    first=st.none() | days,
    last=st.none() | days,
    carrier=st.none() | carriers,
    origin=st.none() | airports,
    dest=st.none() | airports,
)


def _encode(document):
    return base64.urlsafe_b64encode(document.encode()).rstrip(b"=").decode()


def _forge(value):
    return _encode(json.dumps(value))


def _decoded(text):
    """The key that a cursor holds, or the field that was blamed."""
    try:
        return cursor.decode(text, Filters())
    except FieldError as error:
        return error.field


class TestRecords:
    @given(records)
    def test_good(self, record):
        """A record within the rules is taken as it is, NA and null becoming the same."""
        flight, faults = read_flight(record)

        assert [] == faults
        assert {
            name: None if value == "NA" and name in OPTIONAL else value for name, value in record.items()
        } == flight._asdict()

    @given(anything)
    def test_any_value(self, value):
        """Any JSON value is a flight, or has faults with a name and a reason each; it never is an accident."""
        flight, faults = read_flight(value)

        assert (flight is None) == bool(faults)
        assert all(fault.field.isascii() and fault.field.isprintable() and fault.message for fault in faults)

    @given(records, st.sampled_from(sorted(RULES)), anything)
    def test_one_bad_field(self, record, name, value):
        """Whatever stands in one field, no other field is blamed."""
        _, faults = read_flight({**record, name: value})

        assert {fault.field for fault in faults} <= {name}

    @given(records, st.sampled_from(sorted(RULES)), anything)
    def test_taken_values_are_stable(self, record, name, value):
        """What was taken, sent back as it was read, is taken unchanged."""
        flight, _ = read_flight({**record, name: value})

        assert flight is None or (flight, []) == read_flight(flight._asdict())

    @given(st.text(st.characters(exclude_categories=())))
    def test_shown(self, name):
        """A stranger's field name appears as printable ASCII."""
        assert shown(name).isascii()
        assert shown(name).isprintable()

    @given(records, st.sampled_from(sorted(RULES)))
    def test_twice(self, record, name):
        """A field that is given twice is named, wherever it stands."""
        text = json.dumps(record)[:-1] + f', "{name}": {json.dumps(record[name])}}}'
        _, faults = read_flight(json.loads(text, object_pairs_hook=Ambiguous.hook))

        assert [name] == [fault.field for fault in faults]

    @given(records, st.sets(st.sampled_from(sorted(RULES)), min_size=1))
    def test_absent(self, record, names):
        """What is required is missed by name; what is optional is not missed."""
        _, faults = read_flight({name: value for name, value in record.items() if name not in names})

        assert names - OPTIONAL == {fault.field for fault in faults}


class TestBatches:
    @given(st.lists(records | anything, min_size=1, max_size=20))
    def test_every_record_is_answered(self, batch):
        """Each record of a batch stands, is superseded or rejected: one of the three, and in its place."""
        read = read_batch(batch)
        found = results(read, dict.fromkeys(read.standing, "created"))
        kinds = [{index for index, _ in read.standing.values()}, set(read.superseded), set(read.rejected)]

        assert list(range(len(batch))) == [result["index"] for result in found]
        assert (sum(map(len, kinds)), set(range(len(batch)))) == (len(batch), set.union(*kinds))

    @given(st.lists(records, min_size=1, max_size=8).flatmap(lambda rows: st.permutations(rows * 2)))
    def test_last_stands(self, batch):
        """Of the records with one key exactly the last one stands, and the earlier ones name it."""
        read = read_batch(batch)
        last = {tuple(record[name] for name in Key._fields): index for index, record in enumerate(batch)}

        assert last == {key: index for key, (index, _) in read.standing.items()}
        assert all(
            read_flight(batch[index])[0].key == read_flight(batch[by])[0].key for index, by in read.superseded.items()
        )

    @given(st.lists(records, min_size=1, max_size=20))
    def test_sorted(self, batch):
        """What is stored has distinct keys, in order."""
        stored = [flight.key for flight in read_batch(batch).flights]

        assert sorted(set(stored)) == stored


class TestCursors:
    @given(keys, filters)
    def test_round_trip(self, key, asked):
        """A cursor gives back the key that it was made of, and fits into a query as it is."""
        text = cursor.encode(key, asked)

        assert key == cursor.decode(text, asked)
        assert set(text) <= set(printable) - set(" %&=+#")

    @given(keys, filters, filters)
    def test_bound(self, key, asked, other):
        """A cursor is refused with any other filters."""
        if asked != other:
            with pytest.raises(FieldError, match="other filters"):
                cursor.decode(cursor.encode(key, asked), other)

    @given(st.text() | st.binary().map(lambda data: data.hex()) | anything.map(_forge))
    def test_any_text(self, text):
        """Any text is a cursor or refused as one; it never is an accident."""
        key = _decoded(text)

        assert key == "cursor" or list(key) == [
            rule.read(value) for rule, value in zip(KEY_RULES.values(), key, strict=True)
        ]

    @given(keys, st.data())
    def test_tampered(self, key, data):
        """A cursor with one character changed is refused, or names a key that could have been asked for."""
        text = cursor.encode(key, Filters())
        at = data.draw(st.integers(0, len(text) - 1))
        forged = text[:at] + data.draw(st.sampled_from(printable)) + text[at + 1 :]
        key = _decoded(forged)

        assert key == "cursor" or ASKED_DAY.read(key.flight_date)

    def test_version(self):
        """A cursor of another version is refused as such."""
        with pytest.raises(FieldError, match="another version"):
            cursor.decode(_forge([2, "x", "2013-01-01", "UA", 1, "EWR"]), Filters())

    @pytest.mark.parametrize("document", ["[" * 190, "{}", "null", "[1,2,3,4,5,6,7]", "[]"])
    def test_forged(self, document):
        """Whatever JSON stands in it, a forged cursor is refused."""
        with pytest.raises(FieldError, match="cursor"):
            cursor.decode(_encode(document), Filters())


class TestStored:
    @pytest.fixture
    def store(self, environment):
        kept = PostgresStore(Login.INGEST, lambda *_: None, environment)
        yield kept
        kept.close()

    @given(st.lists(records, min_size=1, max_size=20))
    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_again(self, store, batch):
        """A batch sent again is unchanged in every record, and reads back as it was sent."""
        flights = read_batch(batch).flights
        store.save(flights)

        assert {"unchanged"} == set(store.save(flights).values())
        assert flights == [store.find(flight.key) for flight in flights]

    @given(st.lists(records, min_size=2, max_size=10, unique_by=lambda row: row["flight"]), st.randoms())
    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_order(self, store, batch, random):
        """The order of the records of a batch doesn't matter to what is stored, nor how it is cut into batches."""
        shuffled = random.sample(batch, len(batch))
        cut = random.randint(1, len(batch) - 1)
        for part in (shuffled[:cut], shuffled[cut:]):
            store.save(read_batch(part).flights)

        assert {"unchanged"} == set(store.save(read_batch(batch).flights).values())

    @given(records, records)
    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_correction(self, store, before, after):
        """A correction is an update where anything differs, and reads back as the newest."""
        first = read_flight(before)[0]
        second = Flight(*first.key, *read_flight(after)[0][4:])
        store.save([first])
        (status,) = store.save([second]).values()

        assert ("unchanged" if first == second else "updated", second) == (status, store.find(first.key))


@given(filters)
def test_filters_differ(asked):
    """Two sets of filters that differ in one have different cursors."""
    changed = replace(asked, carrier="ZZ" if asked.carrier != "ZZ" else "AA")
    key = Key("2013-01-01", "UA", 1, "EWR")

    assert cursor.encode(key, asked) != cursor.encode(key, changed)
