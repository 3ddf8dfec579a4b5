// Command makelists gathers the lists by which package address classifies
// addresses into lists.gz, and writes LISTS.md beside it with their versions,
// counts and licences. It fetches the packages with the ordinary npm client and
// runs none of their scripts. Run it by go generate in the package's folder.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"log"
	"os"
	"slices"
	"sort"
	"strings"

	"golang.org/x/net/publicsuffix"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	own, err := readOwn("own.txt")
	if err != nil {
		return err
	}
	sources := packages()
	for i := range sources {
		if err := sources[i].fetch(); err != nil {
			return fmt.Errorf("package %s: %w", sources[i].name, err)
		}
	}
	sources = append(sources, own.source())
	kept := merge(sources, own)
	if err := writeLists(sources, kept); err != nil {
		return err
	}
	return os.WriteFile("LISTS.md", notice(sources, kept), 0o644)
}

// A section is one kind of entry as one list has it.
type section struct {
	kind string
	list int
}

// merge gives every entry to one section: our own lists correct the packages,
// a throw-away domain is never merely free-mail, and of two lists the first wins.
func merge(sources []source, own ownList) map[section][]string {
	ownIndex := len(sources) - 1
	taken := map[string]bool{}
	for _, word := range own.sections["not role"] {
		taken["role "+word] = true
	}
	kept := map[section][]string{}
	for kind, entries := range own.sections {
		if kind != "not role" {
			keep(kept, section{kind, ownIndex}, entries, taken)
		}
	}
	for _, kind := range []string{"disposable", "free-mail", "role"} {
		for i, source := range sources[:ownIndex] {
			if source.kind == kind {
				keep(kept, section{kind, i}, source.entries, taken)
			}
		}
	}
	return kept
}

func keep(kept map[section][]string, into section, entries []string, taken map[string]bool) {
	space := "domain "
	if into.kind == "role" || into.kind == "filler" {
		space = into.kind + " "
	}
	for _, entry := range entries {
		entry = strings.ToLower(strings.TrimSpace(entry))
		suffix, icann := publicsuffix.PublicSuffix(entry)
		isSuffix := space == "domain " && icann && suffix == entry
		if entry == "" || taken[space+entry] || isSuffix {
			continue
		}
		taken[space+entry] = true
		kept[into] = append(kept[into], entry)
	}
	sort.Strings(kept[into])
}

func writeLists(sources []source, kept map[section][]string) error {
	var text bytes.Buffer
	for _, source := range sources {
		fmt.Fprintf(&text, "list\t%s\t%s\t%s\t%d\n", source.name, source.version, source.licence, len(source.entries))
	}
	for _, part := range inOrder(kept) {
		fmt.Fprintf(&text, "section\t%s\t%d\n%s\n", part.kind, part.list, strings.Join(kept[part], "\n"))
	}
	var zipped bytes.Buffer
	writer, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := writer.Write(text.Bytes()); err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	return os.WriteFile("lists.gz", zipped.Bytes(), 0o644)
}

func inOrder(kept map[section][]string) []section {
	var parts []section
	for part := range kept {
		parts = append(parts, part)
	}
	slices.SortFunc(parts, func(a, b section) int {
		if a.list != b.list {
			return a.list - b.list
		}
		return strings.Compare(a.kind, b.kind)
	})
	return parts
}

// notice is LISTS.md: what is shipped, from where, under which terms.
func notice(sources []source, kept map[section][]string) []byte {
	var page bytes.Buffer
	page.WriteString("# Lists in lists.gz\n\nWritten by `go generate ./transforms/identity/address`. Each entry is kept once: the own list corrects the\n" +
		"packages, disposable wins over free-mail, and of two lists the first wins.\n\n" +
		"| list | version | licence | entries | kept |\n|---|---|---|---|---|\n")
	for i, source := range sources {
		var counts []string
		for _, part := range inOrder(kept) {
			if part.list == i {
				counts = append(counts, fmt.Sprintf("%d %s", len(kept[part]), part.kind))
			}
		}
		fmt.Fprintf(&page, "| %s | %s | %s | %d | %s |\n", source.name, source.version, source.licence, len(source.entries), strings.Join(counts, ", "))
	}
	for _, source := range sources {
		if source.terms != "" {
			fmt.Fprintf(&page, "\n## %s %s\n\n```\n%s\n```\n", source.name, source.version, strings.TrimSpace(source.terms))
		}
	}
	return page.Bytes()
}
