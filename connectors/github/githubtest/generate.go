package githubtest

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// A Size says how much Generate makes.
type Size struct {
	Repositories int
	People       int
	Discussions  int // per repository
	Issues       int // per repository, a quarter of them pull requests
	Comments     int // most per thread
	Stars        int // per repository, at most one a person
	Span         time.Duration
}

// Small is a world of a few hundred records.
func Small() Size {
	return Size{Repositories: 3, People: 40, Discussions: 30, Issues: 40, Comments: 6, Stars: 25, Span: 400 * 24 * time.Hour}
}

// Generate makes an organisation "acme" that ends at a time, the same for the
// same seed.
func Generate(seed uint64, size Size, end time.Time) *World {
	g := generator{world: NewWorld(end.Add(-size.Span)), size: size, random: rand.New(rand.NewPCG(seed, 1))}
	g.organization = g.world.Organization("acme")
	for i := range size.People {
		g.people = append(g.people, g.person(i))
	}
	steps := size.Repositories * (size.Discussions + size.Issues)
	g.step = size.Span / time.Duration(max(1, steps+1))
	for i := range size.Repositories {
		g.repository(i)
	}
	g.world.Advance(end.Sub(g.world.Now()))
	for _, repo := range g.world.All("Repository") {
		g.traffic(repo)
	}
	return g.world
}

type generator struct {
	world        *World
	size         Size
	random       *rand.Rand
	organization *Object
	people       []*Object
	step         time.Duration
}

func (g *generator) person(i int) *Object {
	if i == 0 {
		return g.world.Bot("helper")
	}
	login, email := fmt.Sprintf("person%03d", i), ""
	if i%3 == 0 {
		email = login + "@example.com"
	}
	person := g.world.User(login, email)
	if i%10 == 0 {
		g.world.Join(g.organization, person, "MEMBER")
	}
	return person
}

// someone is now and then a deleted account.
func (g *generator) someone() *Object {
	if g.random.IntN(25) == 0 {
		return nil
	}
	return g.people[g.random.IntN(len(g.people))]
}

func (g *generator) repository(i int) {
	repo := g.world.Repository(g.organization, fmt.Sprintf("repo%d", i))
	bug := g.world.Label(repo, "bug")
	g.world.Label(repo, "idea")
	for n := range g.size.Discussions {
		g.world.Advance(g.step)
		category := []string{"Q&A", "Ideas", "General"}[g.random.IntN(3)]
		discussion := g.world.Discussion(repo, g.someone(), category, fmt.Sprintf("Discussion %d", n))
		g.discuss(discussion, category)
	}
	for n := range g.size.Issues {
		g.world.Advance(g.step)
		issue := g.world.Issue(repo, g.someone(), fmt.Sprintf("Issue %d", n), n%4 == 3)
		if g.random.IntN(3) == 0 {
			g.world.Tag(issue, bug)
		}
		for range g.random.IntN(g.size.Comments + 1) {
			g.react(g.world.Comment(issue, g.someone(), "A comment"))
		}
		g.react(issue)
	}
	for _, n := range g.random.Perm(len(g.people) - 1)[:min(g.size.Stars, len(g.people)-1)] {
		g.world.Advance(time.Second)
		g.world.Star(repo, g.people[n+1])
	}
}

func (g *generator) discuss(discussion *Object, category string) {
	for range g.random.IntN(g.size.Comments + 1) {
		comment := g.world.Comment(discussion, g.someone(), "A thought")
		g.react(comment)
		for range g.random.IntN(3) {
			g.world.Comment(comment, g.someone(), "A reply")
		}
		if category == "Q&A" && g.random.IntN(3) == 0 {
			g.world.Answer(comment, g.someone())
		}
	}
	g.react(discussion)
}

func (g *generator) react(to *Object) {
	for range g.random.IntN(3) {
		user := g.people[1+g.random.IntN(len(g.people)-1)]
		g.world.React(to, user, []string{"THUMBS_UP", "HEART", "ROCKET"}[g.random.IntN(3)])
	}
}

func (g *generator) traffic(repo *Object) {
	for back := range 20 {
		date := g.world.Now().AddDate(0, 0, -back)
		views := int64(g.random.IntN(500))
		g.world.Traffic(repo, date, views, views/3, views/20, views/25)
	}
}
