# rollcall's chores. `make lint test race` is what CI runs.

STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: build test race lint bench bench-large bench-identity identity-table nightly proto

build:
	go build -o bin/rollcall ./cmd/rollcall

test:
	go test -timeout 30m ./...

race:
	.ci/race

lint:
	@test -z "$$(gofmt -l .)" || { echo "gofmt these:"; gofmt -l .; exit 1; }
	go vet ./...
	$(STATICCHECK) ./...

# Throughput beside a bare loop and DuckDB's own reader, latency, the cost of
# nothing new, a build, and a made-up company from its APIs to a release beside
# read_json and dlt, in a virtual environment of its own below bin/. On an
# otherwise idle machine.
bench: bin/dlt
	go test -run '^$$' -bench . -benchtime 3x -timeout 60m ./sync
	go test -run '^$$' -bench Build -benchtime 1x -timeout 60m ./transforms
	$(BENCH_COMPANY)

BENCH_COMPANY = ROLLCALL_BENCH_PYTHON=$(CURDIR)/bin/dlt/bin/python go test -run '^$$' -bench Company -benchtime 1x -timeout 12h ./cmd/rollcall

bin/dlt: internal/world/serve/dlt/requirements.txt
	mkdir -p bin
	python3 -m venv $@
	$@/bin/pip install --quiet --requirement $<
	touch $@

# On top of ten million stored records, a build of ten million activities, and
# the company ten and a hundred times as large: hours, and 30 GB of disk.
bench-large: bin/dlt
	ROLLCALL_BENCH_STORED=10000000 go test -run '^$$' -bench Stored -benchtime 1x -timeout 60m ./sync
	ROLLCALL_BENCH_ACTIVITIES=10000000 go test -run '^$$' -bench Build -benchtime 1x -timeout 60m ./transforms
	ROLLCALL_BENCH_SCALES=10,100 $(BENCH_COMPANY)

# Who is who for a million observations, and the same logins by Splink, in a
# virtual environment of its own below bin/.
bench-identity:
	mkdir -p bin
	RESOLVE_EXPORT=$(CURDIR)/bin/logins.parquet go test -run '^$$' -bench Resolve -benchtime 1x -timeout 60m ./transforms/identity
	test -x bin/splink/bin/python || python3 -m venv bin/splink
	bin/splink/bin/pip install --quiet --requirement transforms/identity/splink/requirements.txt
	bin/splink/bin/python transforms/identity/splink/link.py bin/logins.parquet

# How well identities are resolved on labelled data, where it is at hand.
identity-table:
	go test -run 'Table|Employer' -count 1 -v -timeout 30m ./transforms/identity/labelled ./sql

# What is too long for every change: every test under the race detector, a
# company of full size from its APIs to its KPIs beside the truth, a real forum
# followed month by month, a hundred deaths each of daemon and child, fifty steps each compared with a full build,
# the conformance suite with a million records from every connector, and a minute
# of every fuzz test.
nightly:
	GORACE=atexit_sleep_ms=0 go test -race -timeout 90m ./...
	ROLLCALL_WORLD_SCALE=1 go test -run EndToEnd_equalsTheTruth -count 1 -v -timeout 30m ./cmd/rollcall
	ROLLCALL_WORLD_SCALE=0.2 ROLLCALL_WORLD_STEPS=26 go test -run EndToEnd_followedForAYear -count 1 -v -timeout 60m ./cmd/rollcall
	ROLLCALL_MONTHS=1 go test -run followsARealForum -count 1 -v -timeout 30m ./cmd/rollcall
	ROLLCALL_KILLS=100 go test -run Kill -count 1 -v -timeout 90m ./sync ./cmd/rollcall
	ROLLCALL_WORLDS=8 go test -run BruteForce -count 1 -timeout 30m ./transforms/kpi
	ROLLCALL_STEPS=50 go test -run FiftySteps -count 1 -v -timeout 60m ./transforms
	ROLLCALL_STEPS=1000 go test -run Steps -count 1 -v -timeout 60m ./transforms/identity
	ROLLCALL_CONFORMANCE=full go test -run 'Conform|conforms|passesASound' -count 1 -timeout 60m ./connectors/...
	@set -e; for package in $$(go list ./...); do \
		for name in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$name"; \
			go test -run '^$$' -fuzz "^$$name$$" -fuzztime 60s $$package; \
		done; \
	done

# Needs protoc, protoc-gen-go and protoc-gen-go-grpc.
proto:
	go generate ./connectors/wire
