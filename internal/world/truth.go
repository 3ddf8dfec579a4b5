package world

// EmployersOf are the companies a person works for at a moment: none, one, or
// a consultant's several.
func (w *World) EmployersOf(id PersonID, at Moment) []CompanyID {
	var companies []CompanyID
	for _, j := range w.JobsOf(id) {
		if j.From <= at && at < j.Until {
			companies = append(companies, j.Company)
		}
	}
	return companies
}

// JobsOf are all jobs of a person, in order of time.
func (w *World) JobsOf(id PersonID) []Job {
	end := int32(len(w.Jobs))
	if int(id)+1 < len(w.People) {
		end = w.People[id+1].jobs
	}
	return w.Jobs[w.People[id].jobs:end]
}

// LoginsOf are all logins of a person at any time, in order of their ids.
func (w *World) LoginsOf(id PersonID) []LoginID {
	return w.loginsByPerson[w.People[id].logins:w.loginsEnd(id)]
}

func (w *World) loginsEnd(id PersonID) int32 {
	if int(id)+1 < len(w.People) {
		return w.People[id+1].logins
	}
	return int32(len(w.loginsByPerson))
}

// OwnerOf is the company that owns a company's business at a moment: itself
// until it is bought.
func (w *World) OwnerOf(id CompanyID, at Moment) CompanyID {
	if c := &w.Companies[id]; c.Parent != None && c.BoughtAt <= at {
		return c.Parent
	}
	return id
}
