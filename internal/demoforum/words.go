package demoforum

// company is the made-up company whose forum this is; it sells a made-up
// planning tool.
const company = "tidewater"

func staffNames() []string {
	return []string{"Mara Lindqvist", "Tomas Okafor", "Yuki Brandt", "Priya Castellan"}
}

// names pairs first and last names so that neighbours differ in both.
func names() []string {
	first := []string{"Ada", "Bela", "Chidi", "Dana", "Emre", "Farah", "Goran", "Hana", "Ilse", "Jonas", "Kofi", "Lena", "Mio", "Nadia", "Oskar", "Paula", "Quinn", "Rosa", "Sven", "Tara"}
	last := []string{"Abara", "Berg", "Costa", "Duarte", "Engel", "Fontaine", "Grau", "Holm", "Ivers", "Juhl", "Kaya", "Lund", "Moreau"}
	var list []string
	for i := range len(first) * len(last) {
		list = append(list, first[i%len(first)]+" "+last[i%len(last)])
	}
	return list
}

func domains() []string {
	return []string{"brightmill.example", "corvid-freight.example", "dunlin.example", "eastharbour.example", "fennel.example", "gantry.example",
		"halyard.example", "inkwell.example", "juniper-foods.example", "kestrel.example", "lowland.example", "marrow.example", "northgate.example", "oxbow.example"}
}

func subjects() []string {
	return []string{"capacity planning", "calendar import", "webhooks", "single sign-on", "CSV export", "time zones", "approval rules", "API tokens",
		"mobile app", "shared views", "billing seats", "audit log", "templates", "notifications", "custom fields"}
}

func titles(c Category) []string {
	switch c.Slug {
	case "integrations":
		return []string{"Connecting %s with our warehouse", "Rate limits and %s", "Has anybody automated %s?", "%s stopped syncing overnight"}
	case "ideas":
		return []string{"Idea: a better overview for %s", "Please let us bulk-edit %s", "Keyboard shortcuts for %s"}
	}
	return []string{"How do I set up %s for a second team?", "%s shows yesterday's numbers", "Error when saving %s", "Best practice for %s?", "Cannot find %s after the update"}
}

func openings() []string {
	return []string{
		"We rolled this out to thirty people last week and half of them ask me the same question. What is the intended way?",
		"Steps: open the board, switch the view, save. After a reload the change is gone. Same in two browsers.",
		"Our finance team needs this once a month. Right now somebody copies it by hand, which takes a morning.",
		"It worked until Tuesday. Nothing was changed on our side as far as I know. Where would I look first?",
		"I read the guide twice and I am still unsure which of the two settings wins when both are on.",
	}
}

func answers() []string {
	return []string{
		"Had the same. Turning the rule off and on again fixed it for us, and it has stayed fixed.",
		"Which role do you have? Editors do not see that switch, only owners do.",
		"We solved it with a template per team. Happy to share ours if that helps.",
		"Thank you, that was it. I had looked in the wrong workspace all along.",
		"This is on our list for the next release. I will post here when it ships.",
		"Could you send the request id from the error? Then we can look at what happened.",
		"Small correction: the export uses the workspace's time zone, not yours.",
		"Works here. Maybe clear the cached calendar once, it keeps old entries for a day.",
	}
}
