-- Functions that models share, made in marts.main so that they are published
-- with the tables. Each has a same-named function on the other engine; what
-- differs between engines is hidden here and nowhere else.

-- Number x divided by y; NULL where y is 0.
create or replace macro safe_div(x, y) as
    cast(x as double) / nullif(cast(y as double), 0);

-- Monday of the ISO week, first day of the month.
create or replace macro to_week(d) as cast(date_trunc('week', d) as date);
create or replace macro to_month(d) as cast(date_trunc('month', d) as date);

-- The date n days later.
create or replace macro add_days(d, n) as cast(d as date) + cast(n as integer);

-- Elapsed hours between two UTC times, by microseconds and never by counted
-- boundaries.
create or replace macro hours_between(a, b) as (epoch_us(b) - epoch_us(a)) / 3.6e9;

-- A number and a word from ref.param. Start-up checks that the name exists:
-- the macro alone would return NULL.
create or replace macro param(parameter) as
    (select cast(p.value as double) from ref.param as p where p.name = parameter);
create or replace macro param_text(parameter) as
    (select p.value from ref.param as p where p.name = parameter);

-- A setting of the configuration.
create or replace macro setting(setting_name) as
    (select s.value from ref.setting as s where s.name = setting_name);

-- The local date of a UTC time, in the configured time zone.
create or replace macro local_date(t) as
    cast((t at time zone 'UTC') at time zone setting('time_zone') as date);
