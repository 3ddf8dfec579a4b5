// Package wire is the generated code of connector.proto, the connector
// contract on the wire.
package wire

//go:generate protoc --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative connector.proto
