package warehouse

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/duckdb/duckdb-go/v2"
)

// A textFunction is a function of texts that SQL can call.
type textFunction struct {
	config duckdb.ScalarFuncConfig
	call   func(args []string) string
}

func (f *textFunction) Config() duckdb.ScalarFuncConfig { return f.config }

func (f *textFunction) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (any, error) {
		args := make([]string, len(values))
		for i, value := range values {
			args[i], _ = value.(string)
		}
		return f.call(args), nil
	}}
}

// A numberFunction is a function of one text that gives a number.
type numberFunction struct {
	config duckdb.ScalarFuncConfig
	call   func(text string) uint64
}

func (f *numberFunction) Config() duckdb.ScalarFuncConfig { return f.config }

func (f *numberFunction) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (any, error) {
		text, _ := values[0].(string)
		return f.call(text), nil
	}}
}

// A rowFunction is a function of the number of a row and the key that is
// expected there.
type rowFunction struct {
	config duckdb.ScalarFuncConfig
	call   func(row int64, key uint64) (any, error)
}

func (f *rowFunction) Config() duckdb.ScalarFuncConfig { return f.config }

func (f *rowFunction) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (any, error) {
		row, _ := values[0].(int64)
		key, _ := values[1].(uint64)
		return f.call(row, key)
	}}
}

// OfferNumberOfRow lets SQL of the transaction's connection, from several threads
// at once, call a function that gives an UBIGINT for the number of a row, a
// BIGINT, and an UBIGINT that tells whether it is the right one. What Go knows of
// every row of a table reaches SQL so on all threads, where an appender has one.
// The function stays when the transaction is over; offered again, the new one
// takes its place.
func (tx *Tx) OfferNumberOfRow(name string, call func(row int64, key uint64) (uint64, error)) error {
	return tx.offerOfRow(name, duckdb.TYPE_UBIGINT, func(row int64, key uint64) (any, error) { return call(row, key) })
}

// OfferIDOfRow is [Tx.OfferNumberOfRow] of a function that gives an UUID.
func (tx *Tx) OfferIDOfRow(name string, call func(row int64, key uint64) ([16]byte, error)) error {
	return tx.offerOfRow(name, duckdb.TYPE_UUID, func(row int64, key uint64) (any, error) {
		id, err := call(row, key)
		return duckdb.UUID(id), err
	})
}

func (tx *Tx) offerOfRow(name string, result duckdb.Type, call func(row int64, key uint64) (any, error)) error {
	var types [3]duckdb.TypeInfo
	for i, t := range []duckdb.Type{duckdb.TYPE_BIGINT, duckdb.TYPE_UBIGINT, result} {
		var err error
		if types[i], err = duckdb.NewTypeInfo(t); err != nil {
			return err
		}
	}
	config := duckdb.ScalarFuncConfig{InputTypeInfos: types[:2], ResultTypeInfo: types[2]}
	if err := duckdb.RegisterScalarUDF(tx.conn, name, &rowFunction{config, call}); err != nil {
		return fmt.Errorf("offer the function %s: %w", name, err)
	}
	return nil
}

// OfferNumber lets SQL of the whole instance call a function that gives an
// UBIGINT for a text, on the terms of [DB.OfferText].
func (db *DB) OfferNumber(ctx context.Context, name string, call func(text string) uint64) error {
	text, err := duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
	if err != nil {
		return err
	}
	number, err := duckdb.NewTypeInfo(duckdb.TYPE_UBIGINT)
	if err != nil {
		return err
	}
	config := duckdb.ScalarFuncConfig{InputTypeInfos: []duckdb.TypeInfo{text}, ResultTypeInfo: number}
	return db.offer(ctx, name, &numberFunction{config, call})
}

// OfferText lets SQL of the whole instance call a function of texts by name,
// from several threads at once. Null in any place gives null. Offered again, the
// new one takes its place.
func (db *DB) OfferText(ctx context.Context, name string, arguments int, call func(args []string) string) error {
	text, err := duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
	if err != nil {
		return err
	}
	config := duckdb.ScalarFuncConfig{ResultTypeInfo: text}
	for range arguments {
		config.InputTypeInfos = append(config.InputTypeInfos, text)
	}
	return db.offer(ctx, name, &textFunction{config, call})
}

func (db *DB) offer(ctx context.Context, name string, function duckdb.ScalarFunc) (err error) {
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := duckdb.RegisterScalarUDF(conn, name, function); err != nil {
		return fmt.Errorf("offer the function %s: %w", name, err)
	}
	return nil
}
