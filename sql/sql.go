// Package sql holds the product's SQL: one select per file, the folder is the
// schema and the file the table. prelude.sql holds the macros that models share.
package sql

import "embed"

// FS is the tree of SQL files.
//
//go:embed prelude.sql staging ref core mart kpi checks
var FS embed.FS
