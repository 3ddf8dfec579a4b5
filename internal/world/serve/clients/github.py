"""Walks an organisation's repositories with gql and prints what it saw as JSON.

    python3 github.py URL TOKEN ORGANIZATION
"""

import json
import sys

from gql import Client, gql
from gql.transport.requests import RequestsHTTPTransport

REPOSITORIES = """
query ($login: String!, $after: String) {
  organization(login: $login) {
    repositories(first: 1, after: $after) { nodes { name stargazerCount } pageInfo { hasNextPage endCursor } }
  }
}"""
MEMBERS = """
query ($login: String!, $after: String) {
  organization(login: $login) {
    membersWithRole(first: 2, after: $after) { edges { role node { login databaseId } } pageInfo { hasNextPage endCursor } }
  }
}"""
DISCUSSIONS = """
query ($login: String!, $name: String!, $after: String) {
  repository(owner: $login, name: $name) {
    discussions(first: 7, after: $after, orderBy: {field: CREATED_AT, direction: ASC}) {
      nodes {
        databaseId number title body: bodyText isAnswered answer { databaseId } author { login }
        comments(first: 50) { nodes { databaseId body: bodyText replies(first: 50) { nodes { databaseId body: bodyText } } } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""
ISSUES = """
query ($login: String!, $name: String!, $after: String) {
  repository(owner: $login, name: $name) {
    issues(first: 7, after: $after, orderBy: {field: CREATED_AT, direction: ASC}) {
      nodes { databaseId number title body: bodyText comments(first: 50) { nodes { databaseId body: bodyText } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""


def main():
    url, token, login = sys.argv[1:]
    headers = {"Authorization": f"Bearer {token}"}
    client = Client(transport=RequestsHTTPTransport(url=f"{url}/graphql", headers=headers, retries=0), fetch_schema_from_transport=False)
    repositories = list(walk(client, REPOSITORIES, ("organization", "repositories"), "nodes", login=login))
    threads, comments, answers = {}, {}, []
    for repository in repositories:
        for discussion in walk(client, DISCUSSIONS, ("repository", "discussions"), "nodes", login=login, name=repository["name"]):
            threads[discussion["databaseId"]] = discussion
            if discussion["answer"]:
                answers.append(discussion["answer"]["databaseId"])
            for comment in discussion["comments"]["nodes"]:
                comments[comment["databaseId"]] = comment["body"]
                comments.update((reply["databaseId"], reply["body"]) for reply in comment["replies"]["nodes"])
        for issue in walk(client, ISSUES, ("repository", "issues"), "nodes", login=login, name=repository["name"]):
            threads[issue["databaseId"]] = issue
            comments.update((comment["databaseId"], comment["body"]) for comment in issue["comments"]["nodes"])
    json.dump({
        "threads": {id: [thread["number"], thread["title"], thread["body"]] for id, thread in threads.items()},
        "comments": comments,
        "answers": answers,
        "stars": sum(repository["stargazerCount"] for repository in repositories),
        "members": [edge["node"]["databaseId"] for edge in walk(client, MEMBERS, ("organization", "membersWithRole"), "edges", login=login)],
    }, sys.stdout)


def walk(client, query, path, items, **variables):
    document, after = gql(query), None
    while True:
        document.variable_values = {**variables, "after": after}
        page = client.execute(document)
        for step in path:
            page = page[step]
        yield from page[items]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


if __name__ == "__main__":
    main()
