"""Pull the streams that rollcall's benchmark shares out into DuckDB by dlt's REST source.

Posts, topics and users of each forum and the discussions of each repository are
asked for by the very requests that rollcall's connectors make: the same pages,
headers and GraphQL queries. What dlt then does is its own: it infers types, makes a
table of every list within a record, and loads through files. Usage: pull.py TASK.json,
with forums (name: address), github (address), queries (bodies of GraphQL requests),
key, format (of the files: insert_values, dlt's own choice for DuckDB, or parquet), dir.
Prints a line of JSON for each stage.
"""

import json
import os
import resource
import sys
import time

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"

import dlt  # noqa: E402 (it reads the environment when it is imported)
from dlt.sources.rest_api import rest_api_source  # noqa: E402


class Stages:
    """Print what was spent since the stage before."""

    def __init__(self):
        self.seconds, self.cpu = time.monotonic(), self.spent()

    @staticmethod
    def spent():
        usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(u.ru_utime + u.ru_stime for u in usage)

    def end(self, stage, records=0):
        seconds, cpu = time.monotonic(), self.spent()
        print(json.dumps({"Stage": stage, "Records": records, "Seconds": seconds - self.seconds, "CPU": cpu - self.cpu}), flush=True)
        self.seconds, self.cpu = seconds, cpu


def resource_of(name, selector, paginator, **endpoint):
    return {
        "name": name,
        "parallelized": True,
        "endpoint": {"data_selector": selector, "paginator": paginator, **endpoint},
    }


def forum(name, address, key):
    """Return a source of a forum's posts, topics and users."""
    def pages(first):
        return {"type": "page_number", "base_page": first, "page_param": "page", "total_path": None, "stop_after_empty_page": True}

    below = {"type": "cursor", "cursor_path": "latest_posts[-1:].id", "cursor_param": "before", "stop_after_empty_page": True}
    resources = [
        resource_of(f"{name}_posts", "latest_posts", below, path="posts.json"),
        resource_of(f"{name}_topics", "topic_list.topics", pages(0), path="latest.json", params={"order": "created"}),
        resource_of(f"{name}_users", "$", pages(1), path="admin/users/list/active.json",
                    params={"order": "created", "asc": "true", "show_emails": "true", "stats": "true"}),
    ]
    auth = {"type": "api_key", "name": "Api-Key", "api_key": key, "location": "header"}
    client = {"base_url": address, "auth": auth, "headers": {"Api-Username": "system"}}
    return rest_api_source({"client": client, "resources": resources}, name=name)


def escaped(text):
    """Double braces, which dlt would fill in."""
    return text.replace("{", "{{").replace("}", "}}")


def organization(address, queries, key):
    """Return a source of the discussions of each repository."""
    connection = "data.node.discussions"
    after = {"type": "cursor", "cursor_path": f"{connection}.pageInfo.endCursor", "cursor_body_path": "variables.after",
             "has_more_path": f"{connection}.pageInfo.hasNextPage"}
    resources = [
        resource_of(f"discussions_{i}", f"{connection}.nodes", after, path="graphql", method="POST", json={**query, "query": escaped(query["query"])})
        for i, query in enumerate(queries)
    ]
    client = {"base_url": address, "auth": {"type": "bearer", "token": key}}
    return rest_api_source({"client": client, "resources": resources}, name="github")


def main():
    with open(sys.argv[1]) as file:
        task = json.load(file)
    stages = Stages()
    database = os.path.join(task["dir"], "dlt.duckdb")
    pipeline = dlt.pipeline("benchmark", destination=dlt.destinations.duckdb(database), dataset_name="raw", pipelines_dir=os.path.join(task["dir"], "pipelines"))
    sources = [forum(name, address, task["key"]) for name, address in task["forums"].items()]
    sources.append(organization(task["github"], task["queries"], task["key"]))
    pipeline.extract(sources, loader_file_format=task["format"])
    stages.end("extract")
    pipeline.normalize()
    counts = pipeline.last_trace.last_normalize_info.row_counts
    stages.end("normalize")
    pipeline.load()
    roots = [name for name in counts if not name.startswith("_dlt") and "__" not in name]
    stages.end("load", sum(counts[name] for name in roots))


if __name__ == "__main__":
    main()
