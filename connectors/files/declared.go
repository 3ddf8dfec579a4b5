package files

import (
	"strings"

	"rollcall/connectors"
)

// declared are the settings as the host knows them.
func declared() []connectors.Setting {
	return []connectors.Setting{
		{Name: "key_secret", Type: connectors.TypeString, Secret: true,
			Help: "hashes keys made of personal columns (an e-mail address, a name); needed only for these. Keep it: another one makes every such row new"},
		{Name: "file", Type: connectors.TypeBlockMap, Required: true, Help: "a set of files of one kind; the label is its name and part of its rows' keys",
			Block: []connectors.Setting{
				{Name: "path", Type: connectors.TypeString, Required: true, Help: "file or glob (*, ?, [a-z]): \"/data/crm/contacts-*.csv.gz\""},
				{Name: "stream", Type: connectors.TypeStream, Required: true, Help: "what a row is: " + strings.Join(shapeNames(), ", ")},
				{Name: "format", Type: connectors.TypeString, Help: "csv, jsonl or parquet; default by the name's ending (.csv .tsv .txt, .jsonl .ndjson .json, .parquet), before .gz or .zst"},
				{Name: "mapping", Type: connectors.TypeStringMap, Help: "column of the stream = column of the file; in JSON lines and Parquet also a path (\"emails.0\"). \"=text\" is that text in every row"},
				{Name: "canonical", Type: connectors.TypeBool, Default: "false", Help: "the file's columns are the stream's own, ids in full (\"crm:acme:42\")"},
				{Name: "key", Type: connectors.TypeStringList, Help: "columns of the file that name a row; default: the stream's id column, or the columns that together name its rows"},
				{Name: "changed", Type: connectors.TypeString, Help: "column of the file with the time of a row's last change"},
				{Name: "deleted", Type: connectors.TypeString, Help: "column of the file that marks a row as gone: true, or the time of its deletion"},
				{Name: "snapshot", Type: connectors.TypeBool, Default: "false", Help: "the newest file lists everything: it alone is read, and what it omits is gone"},
				{Name: "order", Type: connectors.TypeString, Default: `"modified"`, Help: "which file is newer: by time of modification, or by \"name\" (numbers by value)"},
				{Name: "time_zone", Type: connectors.TypeString, Default: `"UTC"`, Help: "zone of times that state none"},
				{Name: "time_format", Type: connectors.TypeString, Help: "how times are written when not in ISO 8601: \"%d.%m.%Y %H:%M\", \"unix\" or \"unix_ms\""},
				{Name: "settle", Type: connectors.TypeDuration, Default: `"5s"`, Help: "how long a file must be unchanged before its unfinished last line is believed"},
				{Name: "delimiter", Type: connectors.TypeString, Help: "CSV: one character; default \",\", for .tsv a tab"},
				{Name: "quote", Type: connectors.TypeString, Default: `"\""`, Help: "CSV: one character; empty: no quoting"},
				{Name: "header", Type: connectors.TypeBool, Default: "true", Help: "CSV: the first line names the columns"},
				{Name: "columns", Type: connectors.TypeStringList, Help: "CSV without a header: the columns' names"},
				{Name: "null", Type: connectors.TypeStringList, Help: "CSV: texts that mean no value; an empty cell always does"},
				{Name: "trim", Type: connectors.TypeBool, Default: "false", Help: "CSV: remove spaces around unquoted cells"},
			}},
	}
}
