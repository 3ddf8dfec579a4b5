package connectors

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	maxLineBytes  = 64 << 10 // of a line that is looked at; the rest is thrown away
	maxShownBytes = 2 << 10  // of a line or value in the log
	linesASecond  = 100      // of one child in the log
	linesAtOnce   = 1000
	lastLines     = 5 // kept to say why a child died
)

// handshakeLine is go-plugin's: core version, protocol version, network,
// address, protocol, certificate.
var handshakeLine = regexp.MustCompile(`^(\d{1,9})\|(\d{1,9})\|(unix|tcp)\|[^|]+(\|.*)?$`)

// crash is how Go's runtime begins to say why it ends a process.
var crash = regexp.MustCompile(`^(panic: |fatal error: |SIG[A-Z0-9]+: )`)

// output reads what a child writes to stdout and stderr: it finds the
// handshake line, logs the rest within bounds and keeps the last words.
type output struct {
	log       *slog.Logger
	redact    *redactor
	handshake *io.PipeReader // to go-plugin
	silence   *io.PipeReader
	line      *io.PipeWriter // of handshake
	quiet     *io.PipeWriter // of silence

	mu       sync.Mutex
	limit    *rate.Limiter
	dropped  int
	version  int // of the handshake line
	spoke    bool
	last     []string // the last lines of stderr
	fatal    []string // a Go runtime's first words of a crash
	lastLine time.Time
}

func newOutput(log *slog.Logger, redact *redactor) *output {
	o := &output{log: log, redact: redact, limit: rate.NewLimiter(linesASecond, linesAtOnce), lastLine: time.Now()}
	o.handshake, o.line = io.Pipe()
	o.silence, o.quiet = io.Pipe()
	return o
}

// readStdout passes on the handshake line; everything else is chatter.
func (o *output) readStdout(stdout io.Reader) {
	eachLine(stdout, func(line []byte, whole bool) {
		found := handshakeLine.FindSubmatch(line)
		if found == nil || !whole || !o.meet(string(found[2])) {
			o.show("stdout", line)
			return
		}
		// go-plugin reads on until the pipe ends.
		_, _ = o.line.Write(append(line, '\n'))
	})
}

// meet notes the version of the first handshake line.
func (o *output) meet(version string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.spoke {
		return false
	}
	o.version, _ = strconv.Atoi(version) // digits, by the expression
	o.spoke = true
	return true
}

func (o *output) protocolVersion() (version int, spoke bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.version, o.spoke
}

func (o *output) readStderr(stderr io.Reader) {
	eachLine(stderr, func(line []byte, _ bool) { o.stderrLine(line) })
}

func (o *output) stderrLine(line []byte) {
	o.hear()
	allowed := o.allow()
	if !allowed && len(line) > 0 && line[0] == '{' {
		return // of a flood only what may be last words is worth reading
	}
	entry, isEntry := parseEntry(line)
	words := entry.message
	if !isEntry {
		words = string(line)
	}
	words = shorten(o.redact.text(words), maxShownBytes)
	if !isEntry || entry.level >= slog.LevelError {
		o.remember(words)
	}
	switch {
	case !allowed:
	case isEntry:
		o.log.LogAttrs(context.Background(), entry.level, words, entry.attrs(o.redact)...)
	default:
		o.log.Warn("connector wrote to stderr", "line", words)
	}
}

// show logs a line that is no log entry.
func (o *output) show(from string, line []byte) {
	if o.allow() {
		o.log.Info("connector wrote to "+from, "line", shorten(o.redact.text(string(line)), maxShownBytes))
	}
}

func (o *output) hear() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lastLine = time.Now()
}

// remember keeps the last lines, and the first of a crash: what follows it is
// a stack.
func (o *output) remember(line string) {
	line = shorten(strings.TrimSpace(line), 300)
	if line == "" {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.fatal) > 0 || crash.MatchString(line) {
		if len(o.fatal) < lastLines {
			o.fatal = append(o.fatal, line)
		}
		return
	}
	if len(o.last) == lastLines {
		o.last = slices.Delete(o.last, 0, 1)
	}
	o.last = append(o.last, line)
}

func (o *output) lastWords() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.fatal) > 0 {
		return strings.Join(o.fatal, " | ")
	}
	return strings.Join(o.last, " | ")
}

// lastSpoke is when the child last wrote a log line.
func (o *output) lastSpoke() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lastLine
}

// allow says whether one more line may be logged, and after a flood how many
// were not.
func (o *output) allow() bool {
	o.mu.Lock()
	if !o.limit.Allow() {
		o.dropped++
		o.mu.Unlock()
		return false
	}
	dropped := o.dropped
	o.dropped = 0
	o.mu.Unlock()
	o.tellDropped(dropped)
	return true
}

func (o *output) tellDropped(dropped int) {
	if dropped > 0 {
		o.log.Warn("connector logs too much: lines left out", "lines", dropped)
	}
}

// end tells go-plugin that there is nothing more.
func (o *output) end() {
	_ = o.line.Close()
	_ = o.quiet.Close()
	o.mu.Lock()
	dropped := o.dropped
	o.dropped = 0
	o.mu.Unlock()
	o.tellDropped(dropped)
}

// writer takes what a Go child prints through os.Stdout or os.Stderr, which
// go-plugin carries beside the calls.
func (o *output) writer(name string) io.Writer {
	return &lineWriter{line: func(line []byte) {
		if name == "stderr" {
			o.stderrLine(line)
		} else {
			o.show(name, line)
		}
	}}
}

type lineWriter struct {
	buffer []byte
	line   func([]byte)
}

func (w *lineWriter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		part, after, ended := strings.Cut(string(rest), "\n")
		if room := maxLineBytes - len(w.buffer); room > 0 {
			w.buffer = append(w.buffer, part[:min(room, len(part))]...)
		}
		if !ended {
			break
		}
		w.line(w.buffer)
		w.buffer = w.buffer[:0]
		rest = []byte(after)
	}
	return len(p), nil
}

// eachLine calls fn with each line, cut to maxLineBytes; whole says it was not
// cut. The line is valid until fn returns.
func eachLine(r io.Reader, fn func(line []byte, whole bool)) {
	reader := bufio.NewReaderSize(r, maxLineBytes)
	for {
		line, err := reader.ReadSlice('\n')
		whole := !errors.Is(err, bufio.ErrBufferFull)
		if len(line) > 0 {
			fn(trimEnd(line), whole)
		}
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = reader.ReadSlice('\n')
		}
		if err != nil {
			return // the end, or the drain time is over
		}
	}
}

func trimEnd(line []byte) []byte {
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return line
}
