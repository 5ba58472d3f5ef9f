-- The flights, who may see which of them, and the canary.
--
-- The schema `flights`, its owner and the four logins exist already: `python -m service.migrate` makes them first.
-- This runs as the owner, in one transaction.

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '60s';

-- Text is compared by bytes, so that the order of a page, the bound of a cursor and the order in which a batch takes
-- its locks are the same everywhere. The checks repeat the rules of service/domain.py: what another writer might put
-- here must be readable, too.
CREATE TABLE IF NOT EXISTS flights.flight (
    flight_date date NOT NULL CHECK (flight_date BETWEEN DATE '1970-01-01' AND DATE '2099-12-31'),
    carrier text COLLATE "C" NOT NULL CHECK (carrier ~ '^[A-Z0-9]{2}$'),
    flight integer NOT NULL CHECK (flight BETWEEN 1 AND 9999),
    origin text COLLATE "C" NOT NULL CHECK (origin ~ '^[A-Z]{3}$'),
    dest text COLLATE "C" NOT NULL CHECK (dest ~ '^[A-Z]{3}$'),
    tailnum text COLLATE "C" CHECK (length(tailnum) BETWEEN 1 AND 8),
    dep_time integer CHECK (dep_time BETWEEN 0 AND 2400),
    sched_dep_time integer NOT NULL CHECK (sched_dep_time BETWEEN 0 AND 2400),
    arr_time integer CHECK (arr_time BETWEEN 0 AND 2400),
    sched_arr_time integer NOT NULL CHECK (sched_arr_time BETWEEN 0 AND 2400),
    dep_delay integer CHECK (dep_delay BETWEEN -1440 AND 4320),
    arr_delay integer CHECK (arr_delay BETWEEN -1440 AND 4320),
    air_time integer CHECK (air_time BETWEEN 1 AND 1440),
    distance integer NOT NULL CHECK (distance BETWEEN 1 AND 12500),
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (flight_date, carrier, flight, origin)
);

COMMENT ON TABLE flights.flight IS 'One scheduled departure; nycflights13 names. Clock times are HHMM, delays and air_time minutes, distance miles.';

-- Pages and statistics of one destination. The primary key serves the rest: dates directly, and a carrier without dates
-- by skipping from day to day (PostgreSQL 18; before, by a scan).
CREATE INDEX IF NOT EXISTS flight_by_dest ON flights.flight (dest, flight_date, carrier, flight, origin);

-- Not forced upon the owner: it holds no login of the service, and a backfill in a later migration that silently saw
-- no rows would be worse than an owner who sees them all.
ALTER TABLE flights.flight ENABLE ROW LEVEL SECURITY;

CREATE POLICY flight_ingest ON flights.flight TO flights_ingest
    USING (flight_date >= DATE '1980-01-01') WITH CHECK (flight_date >= DATE '1980-01-01');

CREATE POLICY flight_reader ON flights.flight FOR SELECT TO flights_reader
    USING (flight_date >= DATE '1980-01-01');

CREATE POLICY flight_canary ON flights.flight FOR SELECT TO flights_canary
    USING (flight_date = DATE '1970-01-01' AND carrier = 'CY' AND flight = 1 AND origin = 'CAN');

GRANT USAGE ON SCHEMA flights TO flights_ingest, flights_reader, flights_canary;
GRANT SELECT ON flights.flight TO flights_ingest, flights_reader, flights_canary;

-- What the upsert writes and no more: a key never changes, a new row takes its version and moment by default.
GRANT INSERT (
    flight_date, carrier, flight, origin, dest, tailnum, dep_time, sched_dep_time, arr_time, sched_arr_time,
    dep_delay, arr_delay, air_time, distance
) ON flights.flight TO flights_ingest;
GRANT UPDATE (
    dest, tailnum, dep_time, sched_dep_time, arr_time, sched_arr_time, dep_delay, arr_delay, air_time, distance,
    version, updated_at
) ON flights.flight TO flights_ingest;

INSERT INTO flights.flight (
    flight_date, carrier, flight, origin, dest, sched_dep_time, sched_arr_time, distance
) VALUES (DATE '1970-01-01', 'CY', 1, 'CAN', 'ARY', 800, 900, 100)
ON CONFLICT DO NOTHING;
