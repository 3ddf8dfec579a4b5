package sync

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"rollcall/connectors"
	"rollcall/internal/warehouse"
)

// tokens keeps refreshed OAuth tokens under a directory, one file per
// instance, 0600, never in DuckDB.
type tokens struct{ dir string }

func (t tokens) path(typ, instance string) string {
	return filepath.Join(t.dir, "token-"+typ+"-"+instance+".json")
}

// save replaces the token by rename, and returns once it is on disk.
func (t tokens) save(typ, instance string, token []byte) error {
	if err := os.MkdirAll(t.dir, 0o700); err != nil {
		return fmt.Errorf("save a refreshed token: %w", err)
	}
	file, err := os.CreateTemp(t.dir, ".token-*") // 0600
	if err != nil {
		return fmt.Errorf("save a refreshed token: %w", err)
	}
	_, err = file.Write(token)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = errors.Join(os.Rename(file.Name(), t.path(typ, instance)), warehouse.SyncPath(t.dir))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("save a refreshed token: %w", err), warehouse.RemoveIfThere(file.Name()))
	}
	return nil
}

// settings adds the saved token, if there is one, as member "token".
func (t tokens) settings(typ, instance string, settings connectors.Settings) (connectors.Settings, error) {
	token, err := os.ReadFile(t.path(typ, instance))
	if errors.Is(err, fs.ErrNotExist) {
		return settings, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the saved token: %w", err)
	}
	members := map[string]json.RawMessage{}
	if err := settings.Decode(&members); err != nil {
		return nil, fmt.Errorf("add the saved token to the settings: %w", err)
	}
	if !json.Valid(token) {
		if token, err = json.Marshal(string(token)); err != nil {
			return nil, err
		}
	}
	members["token"] = token
	return json.Marshal(members)
}

func (t tokens) remove(typ, instance string) (removed bool, err error) {
	err = os.Remove(t.path(typ, instance))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (t tokens) move(typ, from, to string) error {
	err := os.Rename(t.path(typ, from), t.path(typ, to))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
