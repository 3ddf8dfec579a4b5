package connectortest

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"golang.org/x/sync/errgroup"

	"rollcall/connectors"
)

// secrets checks that none of the case's secrets leaves the child by another
// way than a request: not in a log line, an error, a cursor, an argument or a
// variable, whatever happens.
func (s *suite) secrets() {
	settings := string(s.c.Settings("http://127.0.0.1:1"))
	for _, secret := range s.c.Secrets {
		if !strings.Contains(settings, secret) {
			s.Errorf("the case names a secret that its settings do not hold")
		}
	}
	for _, setting := range s.process.Spec().Settings {
		if setting.Secret && len(s.c.Secrets) == 0 {
			s.Errorf("setting %s is secret, but the case names no secrets to look for", setting.Name)
		}
	}
	s.readAround()
	s.unexposed("a log line", s.log.String())
	for _, file := range []string{"cmdline", "environ"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", s.process.PID(), file))
		if err != nil {
			s.Logf("not checked: %v", err) // no /proc on this system
			continue
		}
		s.unexposed("the child's "+file, string(text))
	}
}

// readAround makes the child do all it can do, well and badly.
func (s *suite) readAround() {
	s.readAndCheck("healthy", s.healthy(), s.streams())
	if s.c.Server == nil {
		return
	}
	var group errgroup.Group
	for _, fault := range []Fault{Echo, Unauthorized, Forbidden, MalformedJSON, Reset} {
		source := s.open(s.serve(Faults{Kinds: []Fault{fault}, Rate: 1}.Wrap(s.c.Server())), promptHost{})
		streams := s.streams()
		if fault == MalformedJSON || fault == Reset {
			streams = streams[:1] // each takes as long as the connector tries again
		}
		group.Go(func() error { s.readAndCheck(string(fault), source, streams); return nil })
	}
	elsewhere := http.RedirectHandler("http://127.0.0.1:1/login", http.StatusFound)
	for name, url := range map[string]string{"unreachable": "http://127.0.0.1:1", "redirect": s.serve(elsewhere)} {
		source := s.open(url, promptHost{})
		group.Go(func() error { s.readAndCheck(name, source, s.streams()[:1]); return nil })
	}
	_ = group.Wait() // failures are reported where they are found
}

func (s *suite) readAndCheck(name string, source connectors.Source, streams []connectors.Stream) {
	access, err := source.Check(s.Context())
	s.unexposed("what Check says of a source: "+name, fmt.Sprint(access, err))
	for _, stream := range streams {
		batches, err := s.read(s.Context(), source, stream.Name, nil)
		s.unexposed("the error of a source: "+name, fmt.Sprint(err))
		for _, batch := range batches {
			s.unexposed("a cursor", string(batch.Cursor))
		}
	}
}

func (s *suite) unexposed(where, text string) {
	for _, secret := range s.c.Secrets {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if strings.Contains(text, form) {
				at := strings.Index(text, form)
				s.Errorf("a secret is in %s: …%s[secret]", where, text[max(0, at-60):at])
				break
			}
		}
	}
}

// memory checks that a child that pages through a huge source stays within
// its limit, and takes no more in the second half than in the first. A busy
// machine lets garbage pile up late once; a child that hoards grows every time,
// so growth counts when three children in a row show it.
func (s *suite) memory() {
	for attempt := 1; ; attempt++ {
		half, whole := s.readHuge()
		s.Logf("%d records, %d MiB resident after half of them, %d MiB at most", s.c.HugeRecords, half>>20, whole>>20)
		grows := whole > half+half/10+16<<20
		switch {
		case half == 0:
			s.Errorf("the resident size of the child could not be read")
		case whole > s.c.MemoryLimit:
			s.Errorf("resident size of %d MiB is over the limit of %d MiB", whole>>20, s.c.MemoryLimit>>20)
		case grows && attempt < 3:
			s = newSuite(s.TB, s.c)
			continue
		case grows:
			s.Errorf("resident size still grows: %d MiB in the first half, %d MiB at the end", half>>20, whole>>20)
		}
		return
	}
}

// readHuge returns the highest resident sizes of the child over the first half
// of a huge source and over all of it, in bytes; zero where none could be read.
func (s *suite) readHuge() (half, whole int64) {
	source := s.open(s.serve(s.c.Huge(s.c.HugeRecords)), promptHost{})
	var count int
	err := source.Read(s.Context(), s.c.HugeStream, nil, func(b connectors.Batch) error {
		count += len(b.Records)
		resident, _ := s.process.RSS()
		whole = max(whole, resident)
		if count <= s.c.HugeRecords/2 {
			half = whole
		}
		return nil
	})
	if err != nil {
		s.Fatalf("read %d records of %s: %v", s.c.HugeRecords, s.c.HugeStream, err)
	}
	if count < s.c.HugeRecords {
		s.Fatalf("read %d of %d records of %s", count, s.c.HugeRecords, s.c.HugeStream)
	}
	return half, whole
}
