set lock_timeout = '2s';
set statement_timeout = '10s';
create table if not exists scans (
  id bigint generated always as identity primary key,
  parcel text not null,
  place text not null,
  seen_at timestamptz not null
);
