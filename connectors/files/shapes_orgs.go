package files

// orgShapes are companies, and who belongs to them.
func orgShapes() []shape {
	return []shape{
		{
			name: "org",
			help: "companies, customers, organisations, workspaces: one row each, or one per domain",
			key:  []string{"org_id", "domain"},
			columns: []column{
				{name: "org_id", kind: id, object: "org", required: true},
				{name: "source", fallback: "case when j.canonical then split_part(j.org_id, ':', 1) else 'files' end", given: true},
				{name: "source_instance", fallback: "case when j.canonical then split_part(j.org_id, ':', 2) else instance end", given: true},
				{name: "source_org_id", kind: id, mapped: "j.org_id", given: true},
				{name: "name"},
				{name: "domain"},
				{name: "reference_source", input: true},
				{name: "reference_org_id", kind: id, mapped: "coalesce(j.reference_source || ':org:' || j.reference_org_id, j.reference_org_id)"},
				{name: "parent_org_id", kind: id, object: "org"},
				{name: "is_customer", kind: flag},
				{name: "is_internal", kind: flag},
				{name: "is_test", kind: flag},
				{name: "created_at", kind: moment, event: true},
				{name: "source_updated_at", kind: moment},
			},
		},
		{
			name: "org_membership",
			help: "who belongs to which company, and when: one row per login, company and time",
			key:  []string{"identity_id", "org_id", "basis", "valid_from"},
			columns: []column{
				{name: "identity_id", kind: id, required: true},
				{name: "org_id", kind: id, object: "org", sifts: true},
				{name: "basis"},
				{name: "is_primary", kind: flag},
				{name: "valid_from", kind: moment},
				{name: "valid_to", kind: moment},
				{name: "source_updated_at", kind: moment},
			},
		},
	}
}
