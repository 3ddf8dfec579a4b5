package connectors

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rollcall/connectors/wire"
)

// maxMessageBytes bounds what an error may say.
const maxMessageBytes = 4 << 10

// errRefused is what a source gets when the host refuses a batch, a permit or a
// token. The host knows its own reason and returns that.
var errRefused = errors.New("the host refused")

// failureStatus makes the status of a failed call. lastRequest is named when
// the error has no type.
func failureStatus(err error, lastRequest string) error {
	failure := failureOf(err, lastRequest)
	failure.Message = shorten(strings.ToValidUTF8(failure.GetMessage(), "\uFFFD"), maxMessageBytes)
	failure.Stream = strings.ToValidUTF8(failure.GetStream(), "\uFFFD")
	failure.Setting = strings.ToValidUTF8(failure.GetSetting(), "\uFFFD")
	st, detailErr := status.New(codes.Unknown, failure.GetMessage()).WithDetails(failure)
	if detailErr != nil {
		return status.Error(codes.Unknown, failure.GetMessage())
	}
	return st.Err()
}

func failureOf(err error, lastRequest string) *wire.Failure {
	var (
		forbidden *ErrForbidden
		limited   *RateLimited
		transient *Transient
		config    *ErrConfig
	)
	switch {
	case errors.Is(err, errRefused):
		return &wire.Failure{Kind: wire.Failure_REFUSED, Message: err.Error()}
	case errors.Is(err, ErrUnauthorized):
		return &wire.Failure{Kind: wire.Failure_UNAUTHORIZED, Message: err.Error()}
	case errors.Is(err, ErrCursorExpired):
		return &wire.Failure{Kind: wire.Failure_CURSOR_EXPIRED, Message: err.Error()}
	case errors.As(err, &forbidden):
		return &wire.Failure{Kind: wire.Failure_FORBIDDEN_STREAM, Message: forbidden.Reason, Stream: forbidden.Stream}
	case errors.As(err, &limited):
		return &wire.Failure{Kind: wire.Failure_RATE_LIMITED, Message: err.Error(), UntilUnixUs: limited.Until.UnixMicro()}
	case errors.As(err, &transient):
		return &wire.Failure{Kind: wire.Failure_TRANSIENT, Message: withoutQuery(err), AfterNs: int64(transient.After)}
	case errors.As(err, &config):
		return &wire.Failure{Kind: wire.Failure_CONFIG, Message: config.Reason, Setting: config.Setting}
	}
	var bug *Bug
	if errors.As(err, &bug) && bug.Request == "" {
		bug.Request = lastRequest
	}
	if bug == nil {
		bug = &Bug{Reason: withoutQuery(err), Request: lastRequest}
	}
	return &wire.Failure{Kind: wire.Failure_BUG, Message: bugMessage(bug)}
}

// bugMessage is what the host shows after "bug in the connector …: ".
func bugMessage(bug *Bug) string {
	if bug.Request == "" {
		return bug.Reason
	}
	return fmt.Sprintf("%s (last request: %s)", bug.Reason, bug.Request)
}

// withoutQuery is the error's text; net/http puts whole URLs into its errors,
// and their queries hold secrets.
func withoutQuery(err error) string {
	text := err.Error()
	var request *url.Error
	if errors.As(err, &request) {
		if _, query, found := strings.Cut(request.URL, "?"); found && query != "" {
			text = strings.ReplaceAll(text, "?"+query, "")
		}
	}
	return text
}

// failureIn is the failure that a status carries, or nil.
func failureIn(err error) *wire.Failure {
	for _, detail := range status.Convert(err).Details() {
		if failure, ok := detail.(*wire.Failure); ok {
			return failure
		}
	}
	return nil
}

// errorOf is the error of a failure as the host sees it.
func errorOf(failure *wire.Failure, name string) error {
	message := failure.GetMessage()
	switch failure.GetKind() {
	case wire.Failure_UNAUTHORIZED:
		return &sourceError{message, ErrUnauthorized}
	case wire.Failure_CURSOR_EXPIRED:
		return &sourceError{message, ErrCursorExpired}
	case wire.Failure_FORBIDDEN_STREAM:
		return &ErrForbidden{Stream: failure.GetStream(), Reason: message}
	case wire.Failure_RATE_LIMITED:
		return &RateLimited{Until: time.UnixMicro(failure.GetUntilUnixUs()).UTC()}
	case wire.Failure_TRANSIENT:
		return &Transient{After: time.Duration(failure.GetAfterNs()), Err: errors.New(message)}
	case wire.Failure_CONFIG:
		return &ErrConfig{Setting: failure.GetSetting(), Reason: message}
	case wire.Failure_REFUSED:
		return &Bug{Name: name, Reason: "it says that " + message + ", which the host did not"}
	default:
		return &Bug{Name: name, Reason: message}
	}
}

// shorten cuts a text for people to at most limit bytes, at a whole character.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	cut := strings.ToValidUTF8(text[:limit], "")
	return fmt.Sprintf("%s… (%d bytes)", cut, len(text))
}
