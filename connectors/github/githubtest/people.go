package githubtest

import "strings"

// User adds a person, with a public address unless email is empty.
func (w *World) User(login, email string) *Object {
	defer w.change()()
	return w.owner("User", login, map[string]any{
		"name": "Name of " + login, "email": email, "company": nil,
	})
}

// Bot adds an app's account.
func (w *World) Bot(login string) *Object {
	defer w.change()()
	return w.owner("Bot", login, map[string]any{})
}

// Organization adds an organisation.
func (w *World) Organization(login string) *Object {
	defer w.change()()
	o := w.owner("Organization", login, map[string]any{"name": login})
	o.list("membersWithRole").counts = true
	return o
}

func (w *World) owner(typ, login string, fields map[string]any) *Object {
	fields["login"] = login
	o := w.add(typ, fields)
	o.list("repositories")
	w.owners[strings.ToLower(login)] = o
	return o
}

// Join makes a person a member of an organisation.
func (w *World) Join(organization, user *Object, role string) {
	defer w.change()()
	organization.append("membersWithRole", user, map[string]any{"role": role, "hasTwoFactorEnabled": nil})
}

// Leave ends a membership.
func (w *World) Leave(organization, user *Object) {
	defer w.change()()
	organization.remove("membersWithRole", user)
}

// Star stars a repository.
func (w *World) Star(repo, user *Object) {
	defer w.change()()
	repo.append("stargazers", user, map[string]any{"starredAt": w.stamp()})
}

// Unstar takes a star back. Nothing tells of it.
func (w *World) Unstar(repo, user *Object) {
	defer w.change()()
	repo.remove("stargazers", user)
}

// React adds a reaction. The object's change time stays as it is.
func (w *World) React(to, user *Object, content string) *Object {
	defer w.change()()
	reaction := w.add("Reaction", map[string]any{"content": content, "user": orNil(user), "reactable": to})
	to.append("reactions", reaction, nil)
	return reaction
}

// Unreact takes a reaction back. Nothing tells of it.
func (w *World) Unreact(reaction *Object) {
	defer w.change()()
	reaction.fields["reactable"].(*Object).remove("reactions", reaction)
	delete(w.nodes, reaction.ID)
}

// Ghost deletes a person's account: what they wrote stays, without an author.
func (w *World) Ghost(user *Object) {
	defer w.change()()
	delete(w.nodes, user.ID)
	delete(w.owners, strings.ToLower(user.Text("login")))
	for _, o := range w.nodes {
		for _, field := range []string{"author", "user", "answerChosenBy"} {
			if o.fields[field] == user {
				o.fields[field] = nil
			}
		}
		o.remove("stargazers", user)
		o.remove("membersWithRole", user)
	}
}

// orNil keeps a missing author a plain null.
func orNil(o *Object) any {
	if o == nil {
		return nil
	}
	return o
}
