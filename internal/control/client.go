package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// A Client speaks to the daemon of one data directory.
type Client struct {
	Socket  string
	Version string
	Timeout time.Duration // default AnswerTimeout
}

// Call runs a command in the daemon. events receives what it emits. The error
// is ErrNoDaemon, *HangsError, *Error from the command, or one of transport.
// Canceling ctx cancels the command.
func (c *Client) Call(ctx context.Context, command string, args any, events func(raw json.RawMessage)) (json.RawMessage, *Hello, error) {
	raw, err := json.Marshal(args)
	if err != nil {
		return nil, nil, err
	}
	body, err := json.Marshal(Request{Version: c.Version, Command: command, Args: raw})
	if err != nil {
		return nil, nil, err
	}
	conn, err := (&net.Dialer{Timeout: c.timeout()}).DialContext(ctx, "unix", c.Socket)
	if err != nil {
		return nil, nil, c.dialError(err)
	}
	defer conn.Close()
	return c.converse(ctx, conn, body, events)
}

func (c *Client) timeout() time.Duration {
	if c.Timeout != 0 {
		return c.Timeout
	}
	return AnswerTimeout
}

// dialError tells an absent daemon from one whose queue is full because it no
// longer accepts.
func (c *Client) dialError(err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return ErrNoDaemon
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, os.ErrDeadlineExceeded):
		return &HangsError{Socket: c.Socket}
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("the daemon's socket %s belongs to another user: run as that user", c.Socket)
	}
	return fmt.Errorf("reach the daemon: %w", err)
}

// converse sends the request over conn and reads lines, each due within the
// timeout.
func (c *Client) converse(ctx context.Context, conn net.Conn, body []byte, events func(json.RawMessage)) (json.RawMessage, *Hello, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	peer, _ := peerOf(conn) // pid 0 where the system does not tell
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://rollcall/v1/command", bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	timed := &impatientConn{Conn: conn, timeout: c.timeout()}
	if err := request.Write(timed); err != nil {
		return nil, nil, c.callError(ctx, peer, err)
	}
	reader := bufio.NewReaderSize(timed, 64<<10)
	response, err := http.ReadResponse(reader, request)
	if err != nil {
		return nil, nil, c.callError(ctx, peer, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("the daemon (pid %d) refused the call: %s; is it of another version than %s?", peer.PID, response.Status, c.Version)
	}
	result, hello, err := readAnswer(response.Body, events)
	return result, hello, c.callError(ctx, peer, err)
}

// readAnswer reads lines up to the result.
func readAnswer(body io.Reader, events func(json.RawMessage)) (json.RawMessage, *Hello, error) {
	decoder := json.NewDecoder(body)
	var hello *Hello
	for {
		var l line
		if err := decoder.Decode(&l); err != nil {
			return nil, hello, err
		}
		switch {
		case l.Hello != nil:
			hello = l.Hello
		case l.Event != nil && events != nil:
			events(l.Event)
		case l.Error != nil:
			return l.Error.Result, hello, l.Error
		case l.Result != nil:
			return l.Result, hello, nil
		}
	}
}

func (c *Client) callError(ctx context.Context, peer peer, err error) error {
	var failed *Error
	var wait net.Error
	switch {
	case err == nil, errors.As(err, &failed):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &wait) && wait.Timeout():
		return &HangsError{PID: peer.PID, Socket: c.Socket}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("the daemon (pid %d) ended before it answered; see its log", peer.PID)
	}
	return fmt.Errorf("talk to the daemon: %w", err)
}

// impatientConn gives every read and write its own deadline.
type impatientConn struct {
	net.Conn
	timeout time.Duration
}

func (c *impatientConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *impatientConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
