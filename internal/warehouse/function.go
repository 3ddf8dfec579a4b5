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
