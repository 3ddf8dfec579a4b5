package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/connectors"
)

// matchingBases are the grounds on which identities may be joined.
func matchingBases() []string { return []string{"opt_in", "legitimate_interest"} }

func (a *app) initCommand() *cobra.Command {
	var basis string
	cmd := &cobra.Command{
		Use:   "init TYPE…",
		Short: "Write a commented configuration for some connectors",
		Long: `Writes a configuration with a block for each connector TYPE, every setting
explained, to --config or ./rollcall.hcl. It never overwrites a file. It asks
for the basis on which identities may be joined; without a terminal
--identity-matching must say it.`,
		Example: "  rollcall init discourse github --identity-matching opt_in",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, types []string) error {
			var specs []connectors.Spec
			for _, typ := range types {
				spec, err := bundledSpec(typ)
				if err != nil {
					return unknown("connector", typ, bundledTypes())
				}
				specs = append(specs, spec)
			}
			basis, err := a.matchingBasis(basis)
			if err != nil {
				return err
			}
			path := a.configPath
			if path == "" {
				path = "rollcall.hcl"
			}
			return a.writeConfig(path, configText(specs, basis))
		},
	}
	cmd.Flags().StringVar(&basis, "identity-matching", "", "opt_in or legitimate_interest")
	return cmd
}

// matchingBasis asks for the consent basis unless it was given.
func (a *app) matchingBasis(given string) (string, error) {
	if given != "" {
		if !slices.Contains(matchingBases(), given) {
			return "", unknown("basis", given, matchingBases())
		}
		return given, nil
	}
	if !a.asks {
		return "", usageError("there is no terminal to ask on: give --identity-matching opt_in or --identity-matching legitimate_interest")
	}
	fmt.Fprint(a.stderr, `On what basis may rollcall join a person's community identity to your customer data?
  1  opt_in               only for people who agreed
  2  legitimate_interest  your balancing test allows it, and people can object
Answer 1 or 2: `)
	answer, err := bufio.NewReader(a.stdin).ReadString('\n')
	if err != nil {
		return "", usageError("no basis was given, nothing was written")
	}
	switch strings.TrimSpace(answer) {
	case "1", matchingBases()[0]:
		return matchingBases()[0], nil
	case "2", matchingBases()[1]:
		return matchingBases()[1], nil
	}
	return "", usageError("the answer is 1 or 2; nothing was written")
}

func (a *app) writeConfig(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usageError("%s exists already; --config names another file", path)
	}
	if err != nil {
		return err
	}
	if _, err := file.WriteString(text); err != nil {
		return errors.Join(err, file.Close(), os.Remove(path))
	}
	if err := file.Close(); err != nil {
		return err
	}
	if a.json {
		return a.printJSON(map[string]string{"path": path})
	}
	_, err = fmt.Fprintf(a.stdout, "wrote %s\nnext: fill in the settings, then `rollcall validate` and `rollcall doctor`\n", path)
	return err
}

// configText is a whole configuration file.
func configText(specs []connectors.Spec, basis string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# rollcall's configuration. `+"`rollcall validate`"+` checks it, `+"`rollcall doctor`"+` tries it.

data_dir  = "rollcall-data" # databases, published releases, keys; relative to this file
time_zone = "UTC"           # days, weeks and months are counted here: "Europe/Berlin"
currency  = "USD"           # ISO 4217, what money is reported in

# First month of the fiscal year, by number or name.
# fiscal_year_start = "January"

privacy {
  # The basis on which community identities may be joined to customer data:
  # "opt_in" or "legitimate_interest". There is no default.
  identity_matching = %q
}

# What the community is for, in a sentence, and the 3 to 5 KPIs that tell
# whether it does that: at least one leading, at least one lagging, half of them
# outcomes. `+"`rollcall kpi list`"+` shows all KPIs.
# community {
#   purpose = "Customers answer each other before they need us."
#   primary = ["unanswered_question_rate", "accepted_solution_rate", "member_retention_rate", "member_satisfaction_share"]
#   owners  = { community_manager = "Ana Kovač" } # who fills the role of kpi.dictionary's owner
# }
`, basis)
	names := map[string]int{}
	for _, spec := range specs {
		name := spec.Type
		if names[spec.Type]++; names[spec.Type] > 1 {
			name = fmt.Sprintf("%s-%d", spec.Type, names[spec.Type])
		}
		b.WriteString("\n")
		connectorText(&b, spec, name)
	}
	return b.String()
}

func connectorText(b *strings.Builder, spec connectors.Spec, name string) {
	fmt.Fprintf(b, "# %s", spec.Title)
	if spec.Docs != "" {
		fmt.Fprintf(b, ": %s", spec.Docs)
	}
	fmt.Fprintf(b, "\nconnector %q %q {\n", spec.Type, name)
	settingsText(b, spec.Settings, "  ", name, false)
	fmt.Fprintf(b, "\n  schedule = \"@every 1h\" # or a cron line: \"0 6 * * *\"\n")
	if len(spec.Kinds) == 0 {
		var kinds []string
		for _, kind := range connectors.Kinds() {
			kinds = append(kinds, string(kind))
		}
		fmt.Fprintf(b, "\n  # What its data are: %s.\n  kinds = [\"community\"]\n", strings.Join(kinds, ", "))
	}
	if spec.EmailTrust == "" {
		b.WriteString("\n  # Who vouches for its e-mail addresses: \"verified\", \"staff\" or \"self\" (claimed).\n  email_trust = \"self\"\n")
	}
	b.WriteString("\n  # One block for each stream that differs from the above:\n")
	for _, stream := range spec.Streams {
		fmt.Fprintf(b, "  # stream %q { enabled = false } # %s\n", stream.Name, oneLine(stream.Help))
	}
	b.WriteString("}\n")
}

// settingsText writes settings with their help; optional ones, and everything
// in optional blocks, are commented out.
func settingsText(b *strings.Builder, settings []connectors.Setting, indent, name string, off bool) {
	for i, s := range settings {
		if i > 0 {
			b.WriteString("\n")
		}
		need := "optional"
		if s.Required {
			need = "required"
		}
		fmt.Fprintf(b, "%s# %s (%s)\n", indent, oneLine(s.Help), need)
		comment := ""
		if off || !s.Required {
			comment = "# "
		}
		switch s.Type {
		case connectors.TypeBlock, connectors.TypeBlockList, connectors.TypeBlockMap:
			label := ""
			if s.Type == connectors.TypeBlockMap {
				label = ` "example"`
			}
			fmt.Fprintf(b, "%s%s%s%s {\n", indent, comment, s.Name, label)
			settingsText(b, s.Block, indent+"  ", name, off || comment != "")
			fmt.Fprintf(b, "%s%s}\n", indent, comment)
		default:
			fmt.Fprintf(b, "%s%s%s = %s\n", indent, comment, s.Name, exampleValue(s, name))
		}
	}
}

// exampleValue is a setting's default, or a placeholder of its type.
func exampleValue(s connectors.Setting, name string) string {
	if s.Secret {
		return fmt.Sprintf("env(%q)", strings.ToUpper(strings.ReplaceAll(name+"_"+s.Name, "-", "_")))
	}
	quoted := s.Type == connectors.TypeString || s.Type == connectors.TypeStream || s.Type == connectors.TypeDuration
	switch {
	case s.Default != "" && quoted && !strings.HasPrefix(s.Default, `"`):
		return fmt.Sprintf("%q", s.Default)
	case s.Default != "":
		return s.Default
	}
	switch s.Type {
	case connectors.TypeInt, connectors.TypeFloat:
		return "0"
	case connectors.TypeBool:
		return "false"
	case connectors.TypeDuration:
		return `"1h"`
	case connectors.TypeStringList:
		return `[""]`
	case connectors.TypeStringMap:
		return "{}"
	}
	return `""`
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
