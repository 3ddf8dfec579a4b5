-- Functions that models share, made in marts.main so that they are published
-- with the tables. Each has a same-named function on the other engine; what
-- differs between engines is hidden here and nowhere else.

-- Number x divided by y; NULL where y is 0.
create or replace macro safe_div(x, y) as
    cast(x as double) / nullif(cast(y as double), 0);

-- A number and a word from ref.param. Start-up checks that the name exists:
-- the macro alone would return NULL.
create or replace macro param(parameter) as
    (select cast(p.value as double) from ref.param as p where p.name = parameter);
create or replace macro param_text(parameter) as
    (select p.value from ref.param as p where p.name = parameter);

-- A setting of the configuration.
create or replace macro setting(setting_name) as
    (select s.value from ref.setting as s where s.name = setting_name);

-- Months by which the fiscal year begins after January.
create or replace macro fiscal_shift() as cast(setting('fiscal_year_start') as integer) - 1;

-- Monday of the ISO week, first day of the month; first day of the quarter and
-- of the year, fiscal where a fiscal year is configured.
create or replace macro to_week(d) as cast(date_trunc('week', d) as date);
create or replace macro to_month(d) as cast(date_trunc('month', d) as date);
create or replace macro to_quarter(d) as
    cast(date_trunc('quarter', date_trunc('month', d) - to_months(fiscal_shift())) + to_months(fiscal_shift()) as date);
create or replace macro to_year(d) as
    cast(date_trunc('year', date_trunc('month', d) - to_months(fiscal_shift())) + to_months(fiscal_shift()) as date);

-- The date n days later; the date n months later, in a shorter month its last
-- day.
create or replace macro add_days(d, n) as cast(d as date) + cast(n as integer);
create or replace macro add_months(d, n) as
    cast(cast(d as date) + to_months(cast(n as integer)) as date);

-- Days from one date to another.
create or replace macro days_between(a, b) as cast(cast(b as date) - cast(a as date) as bigint);

-- Elapsed hours between two UTC times, by microseconds and never by counted
-- boundaries.
create or replace macro hours_between(a, b) as (epoch_us(b) - epoch_us(a)) / 3.6e9;

-- Whether the text has a match of the regular expression; the text with every
-- match replaced.
create or replace macro matches(t, pattern) as regexp_matches(t, pattern);
create or replace macro replace_all(t, pattern, replacement) as
    regexp_replace(t, pattern, replacement, 'g');

-- The local date of a UTC time, in the configured time zone.
create or replace macro local_date(t) as
    cast((t at time zone 'UTC') at time zone setting('time_zone') as date);
