# An example of every part of rollcall's configuration. `rollcall init TYPE`
# writes a file of your own, `rollcall validate` checks it, `rollcall doctor`
# tries it, `rollcall connectors describe TYPE` lists a connector's settings.

# Where lake.duckdb, marts.duckdb, published/, keys/ and backups/ live. A
# relative path is meant from this file's directory. Other users can read
# published/ in it and nothing else.
data_dir = "/var/lib/rollcall"

time_zone         = "Europe/Berlin" # days, weeks and months are counted here; default UTC
currency          = "EUR"           # ISO 4217, what money is reported in; default USD
fiscal_year_start = "January"       # a month's name or number; quarters and years start there

privacy {
  # The basis on which a person's community identity may be joined to customer
  # data: "opt_in" or "legitimate_interest". There is no default.
  identity_matching = "opt_in"
}

# What the community is for, in a sentence, and the 3 to 5 KPIs that tell
# whether it does that: at least one leading, at least one lagging, half of them
# outcomes, none a mere volume. Left out, no KPI is primary.
community {
  purpose = "Customers answer each other before they need our support."
  primary = ["unanswered_question_rate", "accepted_solution_rate", "member_retention_rate", "member_satisfaction_share"]

  # Who fills the role that kpi.dictionary calls a KPI's owner. Published.
  owners = {
    community_manager = "Ana Kovač"
    community_analyst = "Jo Lindqvist"
  }
}

publish {
  person_level = true # keep the pseudonymous core and mart tables in the published file
  keep         = 3    # releases kept

  # Tables of core and mart to export as Parquet beside those of kpi, which are
  # always exported.
  parquet = ["core.thread", "mart.question_response"]
}

log {
  level  = "info" # debug, info, warn or error
  format = "text" # text or json
}

# DuckDB's memory, derived from the machine or its cgroup if left out.
# memory {
#   sync  = "192MB"
#   build = "2GB"
# }

# Prometheus metrics of the daemon. Loopback unless told otherwise.
metrics {
  listen = "127.0.0.1:9464"
}

# What acts, events and threads mean. All of this has a default; a changed rule
# changes the KPIs that rest on it from the day it names on.

# Numbers of the definitions; `rollcall query "select * from ref.param"` lists them.
parameters = {
  activation_window_days  = 14
  unanswered_window_hours = 168
}

# How much an act counts: -1 done by software, 0 passive, 1 light, 2 meaningful,
# 3 high. Only tier is needed; the rule that names more decides, then the later.
engagement_rule "reaction" {
  source   = "discourse"
  reaction = "like"
  tier     = 1
  helpful  = true         # such a reaction says that a reply helped
  from     = "2026-01-01" # first day; left out: always
}
engagement_rule "thread" {
  tier      = 3
  min_chars = 1500
}

# What an event of your product's tracking means.
product_event "lesson_opened" {
  feature    = "academy"
  key_action = true # who does it is active
  training   = true
}

# Who is no member, beside those the sources call staff or bots. Subdomains are
# meant as well.
exclude {
  identities    = ["discourse:forum:17"]
  staff_domains = ["acme.example"]
  test_domains  = ["test.example"]
}

# Which threads are questions, beside those in which an answer can be accepted.
# A label makes it one source's: questions "discourse" { … }.
questions {
  categories = ["support"]
  tags       = ["help"]
  default    = true
}

# Secrets come from the environment, env("NAME"), or from a file, file("path").
connector "discourse" "forum" {
  url          = "https://forum.example.com"
  api_key      = env("DISCOURSE_KEY")
  api_username = "system"

  # How often to sync: "@every 1h" (the default), "@daily", or a cron line in
  # the time zone above.
  schedule = "@every 1h"

  # One block for each stream that differs.
  stream "users" { schedule = "@daily" }
  stream "reviewables" { enabled = false }

  # The forum's own limit, if it is not Discourse's default.
  rate "api" {
    limit = 200
    per   = "1m"
  }

  # census_every     = "7d"     # how often everything is listed to find deletions
  # max_delete_share = 0.2      # more deletions at once wait for `sync --accept-deletes`
  # stall_timeout    = "5m"     # without progress for this long it is restarted
  # memory_limit     = "512MiB" # resident memory of its process
  # email_trust      = "self"   # if the forum does not verify addresses
  # moved_from       = "board"  # this connector's earlier name, whose data it takes over
}

connector "github" "oss" {
  token        = env("GITHUB_TOKEN")
  organization = "example"
  schedule     = "15 * * * *" # at a quarter past each hour
}

connector "files" "crm" {
  # What the files hold is yours to say.
  kinds       = ["crm"]
  email_trust = "staff" # "verified", "staff" (entered by staff) or "self" (claimed)
  schedule    = "0 5 * * *"

  file "contacts" {
    path    = "/srv/export/contacts-*.csv"
    stream  = "identity"
    key     = ["ContactId"]
    changed = "LastModified"
    mapping = {
      source_user_id = "ContactId"
      display_name   = "Name"
      email          = "Email"
      created_at     = "CreatedDate"
    }
  }
}

# A third-party connector is any program that speaks the protocol.
# connector "acme" "shop" {
#   command  = ["/usr/local/bin/rollcall-acme"]
#   checksum = "…" # SHA-256 of that file, to start nothing else
# }
