"""Walks a Discourse forum with pydiscourse and prints what it saw as JSON.

    python3 discourse.py URL KEY BOOKMARKS_QUERY
"""

import json
import sys

from pydiscourse import DiscourseClient


def main():
    url, key, query = sys.argv[1:]
    forum = DiscourseClient(url, api_username="system", api_key=key)
    users = list(everybody(forum))
    topics = [forum.topic(t["slug"], t["id"]) for t in all_topics(forum)]
    posts = {post["id"]: post for topic in topics for post in all_posts(forum, topic)}
    json.dump({
        "users": {u["id"]: [u["email"], *u.get("secondary_emails", [])] for u in users},
        "topics": {t["id"]: t["title"] for t in topics},
        "posts": {id: post["cooked"] for id, post in posts.items() if post["post_type"] == 1},
        "latest": [post["id"] for post in newest_posts(forum)],
        "likes": [[like["post_id"], user["id"]] for user in users for like in likes_of(forum, user["username"])],
        "categories": [c["name"] for c in forum.categories()],
        "staff": [m["id"] for m in forum.group_members("staff")],
        "bookmarks": len(forum.data_explorer_query(query, params='{"after":"0"}')["rows"]),
    }, sys.stdout)


def everybody(forum):
    page = 1
    while users := forum.list_users("active", page=page, show_emails="true", order="created"):
        yield from users
        page += 1


def all_topics(forum):
    page = 0
    while True:
        listed = forum.latest_topics(page=page, order="created")["topic_list"]
        yield from listed["topics"]
        if "more_topics_url" not in listed:
            return
        page += 1


def all_posts(forum, topic):
    stream = topic["post_stream"]
    yield from stream["posts"]
    rest = stream["stream"][len(stream["posts"]):]
    for start in range(0, len(rest), 20):
        yield from forum.posts(topic["id"], rest[start:start + 20])["post_stream"]["posts"]


def newest_posts(forum):
    before = None
    while posts := forum.latest_posts(before)["latest_posts"]:
        yield from posts
        before = posts[-1]["id"]


def likes_of(forum, username):
    offset = 0
    while likes := forum.user_actions(username, 1, offset):
        yield from likes
        offset += len(likes)


if __name__ == "__main__":
    main()
