# Long or opt-in checks; `go test ./...` runs the rest.

.PHONY: bench bench-large nightly

# Throughput beside a bare loop and DuckDB's own reader, latency, empty page.
bench:
	go test ./sync -run '^$$' -bench . -benchtime 3x -timeout 30m

# The same with ten million records: about ten minutes and 15 GB of disk.
bench-large:
	ROLLCALL_BENCH_RECORDS=10000000 go test ./sync -run '^$$' -bench Throughput -benchtime 1x -timeout 60m

# A hundred deaths each of daemon and child, and longer fuzzing.
nightly:
	ROLLCALL_KILLS=100 go test ./sync -run Kill -v -timeout 60m
	go test ./sync -run '^$$' -fuzz FuzzFault -fuzztime 5m
