-- What was published and cannot be computed again: definitions with the day
-- from which they hold, values that had settled, and what replaced them. A
-- build adds to it once its checks passed.
create schema if not exists history;

-- One row per build that added to the history.
create table history.build (
    build_id varchar,
    written_at timestamp
);

-- One row per version of a KPI's definition; entry is its row of
-- kpi.dictionary as JSON.
create table history.definition (
    kpi_id varchar,
    definition_version integer,
    header_version integer,
    sql_hash varchar,
    select_hash varchar,
    valid_from timestamp,
    retired_at timestamp,
    entry varchar
);

-- The last value published of every period that had settled: past its maturity
-- and restatement horizon. What is hidden has no value here either.
create table history.value (
    kpi_id varchar,
    grain varchar,
    period_start date,
    segment_type varchar,
    segment_value varchar,
    definition_version integer,
    value double,
    status varchar,
    is_final boolean,
    build_id varchar
);

-- One row per settled value that a later build replaced.
create table history.value_change (
    kpi_id varchar,
    grain varchar,
    period_start date,
    segment_type varchar,
    segment_value varchar,
    replaced_at timestamp,
    old_value double,
    new_value double,
    old_definition_version integer,
    definition_version integer,
    was_final boolean,
    reason varchar,
    build_id varchar
);

-- The streams that the last of these builds knew, type:instance:stream, and
-- from when each was complete: one that is new, or reaches further back, is a
-- backfill.
create table history.source (
    stream varchar,
    covered_from timestamp
);

-- What somebody decided that a value shall become.
create table history.target (
    kpi_id varchar,
    segment_type varchar,
    segment_value varchar,
    grain varchar,
    period_start date,
    baseline_value double,
    target_value double,
    set_by varchar,
    rationale varchar
);
