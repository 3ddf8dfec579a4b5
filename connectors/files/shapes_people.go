package files

// peopleShapes are logins, what they may do, and where they belong.
func peopleShapes() []shape {
	return []shape{
		{
			name: "identity",
			help: "logins or contacts: one row per user of the system the file comes from",
			columns: []column{
				{name: "identity_id", kind: id, required: true, given: true},
				{name: "source", fallback: "case when j.canonical then split_part(j.identity_id, ':', 1) else 'files' end", given: true},
				{name: "source_instance", fallback: "case when j.canonical then split_part(j.identity_id, ':', 2) else instance end", given: true},
				{name: "source_user_id"},
				{name: "username", personal: true},
				{name: "display_name", personal: true},
				{name: "email", personal: true},
				{name: "is_bot", kind: flag},
				{name: "is_staff", kind: flag},
				{name: "created_at", kind: moment, event: true},
				{name: "source_updated_at", kind: moment},
			},
			alias: map[string]string{"identity_id": "source_user_id"},
		},
		{
			name: "identity_role",
			help: "roles of logins over time: staff, agent, moderator, partner, customer, bot, test",
			key:  []string{"identity_id", "role_name", "valid_from"},
			columns: []column{
				{name: "identity_id", kind: id, required: true},
				{name: "role_name", required: true},
				{name: "valid_from", kind: moment},
				{name: "valid_to", kind: moment},
				{name: "source_updated_at", kind: moment},
			},
		},
		{
			name: "community",
			help: "communities and what their source can tell: one row each",
			columns: []column{
				{name: "community_id", kind: id, required: true},
				{name: "name"},
				{name: "purpose"},
				{name: "supports_accept", kind: flag},
				{name: "exposes_visits", kind: flag},
				{name: "exposes_views", kind: flag},
				{name: "source_updated_at", kind: moment},
			},
		},
		{
			name: "community_member",
			help: "members of a community: one row per user and community",
			key:  []string{"identity_id", "community_id"},
			columns: []column{
				{name: "member_id", kind: id, object: "member", required: true},
				{name: "community_id", kind: id, fallback: instanceOnly},
				{name: "identity_id", kind: id, required: true},
				{name: "joined_at", kind: moment, event: true},
				{name: "left_at", kind: moment},
				{name: "join_channel"},
				{name: "is_suspended", kind: flag},
				{name: "suspended_at", kind: moment},
				{name: "suspended_until", kind: moment},
				{name: "trust_level", kind: whole},
				{name: "source_updated_at", kind: moment},
			},
		},
	}
}
