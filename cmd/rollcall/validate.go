package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"rollcall/internal/config"
)

type validateResult struct {
	Valid       bool                `json:"valid"`
	Path        string              `json:"path"`
	Connectors  []string            `json:"connectors,omitempty"`
	Warnings    []string            `json:"warnings,omitempty"`
	Diagnostics []config.Diagnostic `json:"diagnostics,omitempty"`
}

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate",
		Short: "Check the configuration without reaching any source",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			result := validateResult{Path: a.findConfig()}
			cfg, err := config.Load(a.findConfig(), a.loadOptions(cmd.Context(), func(message string) {
				result.Warnings = append(result.Warnings, message)
			}))
			var diags *config.Diagnostics
			if errors.As(err, &diags) {
				result.Diagnostics = diags.List()
			}
			if cfg != nil {
				result.Valid = true
				if len(cfg.Community.Primary) == 0 {
					result.Warnings = append(result.Warnings, noPrimary)
				}
				for _, c := range cfg.Connectors {
					result.Connectors = append(result.Connectors, c.Name)
				}
			}
			return errors.Join(a.printValidation(result), err)
		},
	}
}

func (a *app) printValidation(result validateResult) error {
	if a.json {
		return a.printJSON(result)
	}
	for _, warning := range result.Warnings {
		fmt.Fprintln(a.stderr, "warning:", warning)
	}
	if !result.Valid {
		return nil
	}
	_, err := fmt.Fprintf(a.stdout, "%s is valid: %d connectors\n", result.Path, len(result.Connectors))
	return err
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if a.json {
				return a.printJSON(map[string]string{"version": version()})
			}
			_, err := fmt.Fprintln(a.stdout, "rollcall", version())
			return err
		},
	}
}
