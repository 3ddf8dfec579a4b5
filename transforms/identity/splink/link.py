"""Link the logins of a Parquet file with Splink on DuckDB, and say what it cost.

The file has one row per login: identity_id, person (the truth), name, emails (a
list). Pairs are those that share an address; an address in common and how alike
the names are decide, with weights learnt by expectation maximisation; clusters
are cut at a probability of 0.95. Usage: link.py LOGINS.parquet
"""

import json
import resource
import sys
import time

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

THREADS, MEMORY = 2, "2GB"
PROBABILITY = 0.95
SEED = 7


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def link(connection, path):
    """Return the name of the table of clusters."""
    connection.execute("create table login as select identity_id, name, emails, emails[1] as email from read_parquet(?)", [path])
    api = DuckDBAPI(connection)
    shares_address = block_on("emails", arrays_to_explode=["emails"])
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="identity_id",
        blocking_rules_to_generate_predictions=[shares_address],
        comparisons=[cl.ArrayIntersectAtSizes("emails", [1]), cl.NameComparison("name")],
        retain_matching_columns=False,
    )
    linker = Linker(api.register("login"), settings)
    linker.training.estimate_probability_two_random_records_match([shares_address], recall=0.9)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=SEED)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("email"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("name"))
    pairs = linker.inference.predict(threshold_match_probability=PROBABILITY)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, PROBABILITY)
    return clusters.physical_name


QUALITY = """
with
placed as (
    select c.cluster_id, l.person
    from {clusters} as c
    inner join read_parquet(?) as l on l.identity_id = c.identity_id
),

found as (select count(*) as n from placed group by cluster_id),
meant as (select count(*) as n from placed group by person),
right_ones as (select count(*) as n from placed group by cluster_id, person),
counted as (
    select
        (select sum(n * (n - 1)) from right_ones) as right_pairs,
        (select sum(n * (n - 1)) from found) as found_pairs,
        (select sum(n * (n - 1)) from meant) as meant_pairs
)

select right_pairs / found_pairs, right_pairs / meant_pairs from counted
"""


def main():
    path = sys.argv[1]
    connection = duckdb.connect(config={"threads": THREADS, "memory_limit": MEMORY})
    began, before = time.monotonic(), cpu_seconds()
    clusters = link(connection, path)
    seconds, cpu = time.monotonic() - began, cpu_seconds() - before
    precision, recall = connection.execute(QUALITY.format(clusters=clusters), [path]).fetchone()
    print(json.dumps({
        "seconds": seconds,
        "cpu_seconds": cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "precision": precision,
        "recall": recall,
    }))


if __name__ == "__main__":
    main()
