package transforms

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"rollcall/internal/warehouse"
	"rollcall/transforms/identity/company"
)

// accountTables are the lake's tables of who is who, beside people, that models read.
func accountTables() []string {
	return []string{"identity.suggestion", "identity.account", "identity.account_source", "identity.account_domain", "identity.login_domain"}
}

// keepCompanies resolves the orgs that staging shows into accounts, after
// people.
func (b *Builder) keepCompanies(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	changed, err := company.Resolve(ctx, tx, b.companyOptions(build.plan, build.ID))
	if err != nil {
		return err
	}
	for _, name := range changed {
		if err := noteChange(ctx, tx, name, build); err != nil {
			return err
		}
	}
	if !slices.Contains(changed, "identity.account_source") {
		return nil
	}
	return b.followCompanies(ctx, tx, build)
}

func (b *Builder) companyOptions(p *stagingPlan, buildID string) company.Options {
	o := company.Options{BuildID: buildID, Now: b.opts.Now().UTC(), Kinds: b.instanceKinds(p), OwnDomains: b.opts.Config.Exclude.StaffDomains}
	for _, name := range sortedKeys(b.shapes) {
		if name != "org" && slices.ContainsFunc(b.shapes[name].columns, func(c column) bool { return c.Name == "org_id" }) {
			o.Tables = append(o.Tables, name)
		}
	}
	return o
}

// planCompanies notes whether accounts are to be resolved although staging did
// not change.
func (b *Builder) planCompanies(ctx context.Context, conn *sql.Conn, p *stagingPlan) (err error) {
	p.orgsDue, err = company.IsDue(ctx, conn, b.companyOptions(p, ""))
	return err
}

// instanceKinds gives the kinds of every instance (type:name), also of those that
// were taken out of the configuration.
func (b *Builder) instanceKinds(p *stagingPlan) map[string][]string {
	kinds := map[string][]string{}
	for key, s := range p.kept {
		kinds[key.Type+":"+key.Instance] = strings.Split(s.kinds, ",")
	}
	for _, source := range b.opts.Sources {
		for _, instance := range source.Instances {
			kinds[source.Type+":"+instance.Name] = instance.Kinds
		}
	}
	return kinds
}

// writeInstances fills ref.config_instance.
func (b *Builder) writeInstances(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	kinds := b.instanceKinds(build.plan)
	for _, instance := range sortedKeys(kinds) {
		typ, name, _ := strings.Cut(instance, ":")
		for _, kind := range kinds[instance] {
			if err := tx.Exec(ctx, "insert into ref.config_instance values (?, ?, ?)", typ, name, kind); err != nil {
				return err
			}
		}
	}
	return nil
}
