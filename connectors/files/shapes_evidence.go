package files

// evidenceShapes are what else tells who somebody is, and what their data may
// be used for.
func evidenceShapes() []shape {
	return []shape{
		{
			name: "identity_evidence",
			help: "further addresses, subjects of a single sign-on, references to other logins, user names: one row per login and value",
			key:  []string{"identity_id", "id_type", "namespace", "value", "seen_from"},
			columns: []column{
				{name: "identity_id", kind: id, required: true},
				{name: "id_type", required: true},
				{name: "namespace", kind: id, mapped: "case when j.id_type is distinct from 'reference' then j.namespace end"},
				{name: "value", kind: id, mapped: referenceInFull, sifts: true, personal: true},
				{name: "trust"},
				{name: "asserted_by"},
				{name: "seen_from", kind: moment},
				{name: "seen_until", kind: moment},
				{name: "source_updated_at", kind: moment},
			},
		},
		{
			name: "merge",
			help: "logins (object identity) or companies (org) that their own source merged",
			key:  []string{"object", "merged_id"},
			columns: []column{
				{name: "object", required: true},
				{name: "merged_id", kind: id, mapped: mergedInFull("merged_id"), required: true},
				{name: "surviving_id", kind: id, mapped: mergedInFull("surviving_id"), sifts: true},
				{name: "merged_at", kind: moment},
				{name: "source_updated_at", kind: moment},
			},
		},
		{
			name: "consent",
			help: "answers to what a login's data may be used for: one row per login, purpose and time",
			key:  []string{"identity_id", "purpose", "recorded_at"},
			columns: []column{
				{name: "identity_id", kind: id, required: true},
				{name: "purpose", required: true},
				{name: "status", kind: id, mapped: answerInWords, sifts: true},
				{name: "lawful_basis"},
				{name: "recorded_at", kind: moment},
				{name: "source_updated_at", kind: moment},
			},
		},
	}
}

// referenceInFull is the value of a mapped row. A reference names a login in
// full, or by its user id in the namespace ("shop:main").
const referenceInFull = "case when j.id_type = 'reference' then coalesce(j.namespace || ':' || j.value, j.value) else j.value end"

// mergedInFull is the id of a login or a company, whichever was merged.
func mergedInFull(member string) string {
	return "case when j.object = 'org' then " + prefixed("org", member) + " else " + prefixed("", member) + " end"
}

// answerInWords reads a column of ticks as answers.
const answerInWords = "case lower(j.status) when 'true' then 'granted' when 'yes' then 'granted' when '1' then 'granted'" +
	" when 'false' then 'refused' when 'no' then 'refused' when '0' then 'refused' else lower(j.status) end"
