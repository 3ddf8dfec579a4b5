//go:build !linux

package control

import (
	"net"
	"os"
)

// peerOf trusts the socket's mode, 0600, where the kernel's answer is not
// portable.
func peerOf(net.Conn) (peer, error) { return peer{UID: os.Getuid()}, nil }
