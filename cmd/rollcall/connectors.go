package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/connectors/builtin"
)

func (a *app) connectorsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "connectors",
		Short: "List and describe the connectors there are",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.connectorsListCommand(), a.connectorsDescribeCommand())
	return cmd
}

type connectorLine struct {
	Type     string   `json:"type"`
	Title    string   `json:"title"`
	Kinds    []string `json:"kinds"`
	Streams  []string `json:"streams"`
	External bool     `json:"external,omitempty"` // brought by the configuration's command
}

func (a *app) connectorsListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the bundled connectors, and those the configuration brings",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var lines []connectorLine
			for _, connector := range builtin.Connectors() {
				lines = append(lines, lineOf(connector.Spec(), false))
			}
			if _, err := os.Stat(a.findConfig()); err == nil {
				if cfg, err := a.load(cmd.Context()); err == nil { // `validate` says what is wrong with it
					for _, c := range cfg.Connectors {
						if len(c.Command) > 0 && !slices.ContainsFunc(lines, func(l connectorLine) bool { return l.External && l.Type == c.Type }) {
							lines = append(lines, lineOf(c.Spec, true))
						}
					}
				}
			}
			return a.printConnectors(lines)
		},
	}
}

func lineOf(spec connectors.Spec, external bool) connectorLine {
	line := connectorLine{Type: spec.Type, Title: spec.Title, Kinds: []string{}, External: external}
	for _, kind := range spec.Kinds {
		line.Kinds = append(line.Kinds, string(kind))
	}
	for _, stream := range spec.Streams {
		line.Streams = append(line.Streams, stream.Name)
	}
	return line
}

func (a *app) printConnectors(lines []connectorLine) error {
	if a.json {
		return a.printJSON(lines)
	}
	t := newTable("TYPE", "TITLE", "KINDS", "STREAMS")
	for _, l := range lines {
		kinds := strings.Join(l.Kinds, ",")
		if kinds == "" {
			kinds = "(yours to say)"
		}
		t.add(l.Type, l.Title, kinds, strings.Join(l.Streams, ","))
	}
	return t.print(a.stdout, a.terminal)
}

func (a *app) connectorsDescribeCommand() *cobra.Command {
	var command []string
	cmd := &cobra.Command{
		Use:   "describe TYPE",
		Short: "Show a connector's settings, streams and request rates",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := a.specFor(cmd, args[0], command)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(spec)
			}
			return a.printSpec(spec)
		},
	}
	cmd.Flags().StringArrayVar(&command, "command", nil, "a third-party connector's program, then its arguments (repeat the flag)")
	return cmd
}

// specFor asks the program given, the bundled connector, or the one that the
// configuration brings.
func (a *app) specFor(cmd *cobra.Command, typ string, command []string) (connectors.Spec, error) {
	if len(command) > 0 {
		spec, err := a.describe(cmd.Context(), typ, command, "")
		if err != nil {
			return spec, &exitError{exitSource, err}
		}
		return spec, nil
	}
	types := bundledTypes()
	if slices.Contains(types, typ) {
		return bundledSpec(typ)
	}
	if _, err := os.Stat(a.findConfig()); err == nil {
		cfg, err := a.load(cmd.Context())
		if err != nil {
			return connectors.Spec{}, err
		}
		for _, c := range cfg.Connectors {
			if c.Type == typ {
				return c.Spec, nil
			}
			types = append(types, c.Type)
		}
	}
	slices.Sort(types)
	return connectors.Spec{}, unknown("connector", typ, slices.Compact(types))
}

func (a *app) printSpec(spec connectors.Spec) error {
	fmt.Fprintf(a.stdout, "%s (%s) %s\n", spec.Title, spec.Type, spec.Version)
	if spec.Docs != "" {
		fmt.Fprintln(a.stdout, spec.Docs)
	}
	fmt.Fprintln(a.stdout, "\nSettings")
	settings := newTable("NAME", "TYPE", "NEEDED", "DEFAULT", "WHAT IT IS")
	addSettings(settings, spec.Settings, "")
	if err := settings.print(a.stdout, a.terminal); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, "\nStreams")
	streams := newTable("NAME", "MODE", "EVERY", "WHAT IT HOLDS")
	for _, s := range spec.Streams {
		streams.add(s.Name, string(s.Mode), orDash(s.Every), s.Help)
	}
	if err := streams.print(a.stdout, a.terminal); err != nil {
		return err
	}
	if len(spec.Buckets) == 0 {
		return nil
	}
	fmt.Fprintln(a.stdout, "\nRequest rates")
	rates := newTable("BUCKET", "LIMIT", "PER", "WHAT IT COVERS")
	for _, b := range spec.Buckets {
		rates.add(b.Name, fmt.Sprint(b.Limit), b.Per.String(), b.Help)
	}
	return rates.print(a.stdout, a.terminal)
}

func addSettings(t *table, settings []connectors.Setting, indent string) {
	for _, s := range settings {
		needed := "optional"
		if s.Required {
			needed = "required"
		}
		typ := string(s.Type)
		if s.Secret {
			typ += ", secret"
		}
		t.add(indent+s.Name, typ, needed, s.Default, s.Help)
		addSettings(t, s.Block, indent+"  ")
	}
}

func orDash(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return d.String()
}

// connectorCommand serves a bundled connector to the host that started this
// process.
func (a *app) connectorCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "connector TYPE",
		Short:  "Serve a bundled connector (started by rollcall itself)",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if types := bundledTypes(); !slices.Contains(types, args[0]) {
				return unknown("connector", args[0], types)
			}
			connectors.Serve(builtin.Connectors()...)
			return nil
		},
	}
}
