package connectors

import "fmt"

// Died is the error of every call whose child is no longer there: it ended,
// was stopped because it hung or outgrew its memory, or was ended by Stop.
type Died struct {
	Name   string // the instance, "discourse.forum"
	Reason string // "out of memory: limit 512 MiB, peak 530 MiB"
}

func (e *Died) Error() string { return fmt.Sprintf("connector %s died: %s", e.Name, e.Reason) }

// A Bug is a fault of the connector itself: an error it gave no type, a panic,
// or a message that breaks the contract.
type Bug struct {
	Name    string // the instance, "discourse.forum"; empty inside the child
	Reason  string
	Request string // the last request's method and path, where known: "GET /posts.json"
}

func (e *Bug) Error() string {
	text := "bug in the connector"
	if e.Name != "" {
		text += " " + e.Name
	}
	text += ": " + e.Reason
	if e.Request != "" {
		text += " (last request: " + e.Request + ")"
	}
	return text
}

// sourceError is a typed failure that crossed the wire: the child's words, the
// host's identity.
type sourceError struct {
	text string
	kind error
}

func (e *sourceError) Error() string { return e.text }
func (e *sourceError) Unwrap() error { return e.kind }
