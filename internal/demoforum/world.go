// Package demoforum makes up a small software company's customer forum, the same
// one for the same seed and day, and serves it by Discourse's rules, so that
// `rollcall demo` runs the whole line without a forum to ask.
package demoforum

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Options say which forum to make up.
type Options struct {
	Seed    uint64
	End     time.Time // nothing happens at or after this moment
	Months  int       // how long the forum has existed; default 18
	Members int       // how many have joined by the end; default 240
}

// A Forum is what happened in it, in order of time; ids ascend with it.
type Forum struct {
	Users      []*User
	Categories []Category
	Topics     []*Topic
	Posts      []*Post
	End        time.Time
}

// A User is a member, a colleague of ours, or a bot (negative id).
type User struct {
	ID              int64
	Username, Name  string
	Email           string
	Joined, Seen    time.Time
	Staff, Bot      bool
	Suspended       time.Time // zero: not
	eagerness       float64   // how likely they are the next to write
	posts, likesGot int64
	days            map[string]bool
}

// A Category is a part of the forum.
type Category struct {
	ID         int64
	Name, Slug string
	Solvable   bool
}

// A Topic is a thread: its first post asks or tells something.
type Topic struct {
	ID       int64
	Title    string
	Category Category
	Tags     []string
	Posts    []*Post
	Accepted *Post // the answer that solved it; nil: none
}

// A Post is a topic's opening or a reply.
type Post struct {
	ID, Number, ReplyTo int64
	Topic               *Topic
	Author              *User
	Created, Updated    time.Time
	Version             int64
	Text                string
	Likes               int64
	Action              bool // the software's own note, "closed"; post_type 3
}

// New makes a forum up.
func New(options Options) *Forum {
	if options.Months == 0 {
		options.Months = 18
	}
	if options.Members == 0 {
		options.Members = 240
	}
	m := &maker{
		rng:   rand.New(rand.NewPCG(options.Seed, 0x726f6c6c63616c6c)),
		start: options.End.AddDate(0, -options.Months, 0).UTC().Truncate(24 * time.Hour),
		forum: &Forum{End: options.End.UTC(), Categories: categories()},
	}
	m.users(options.Members)
	m.topics()
	m.number()
	return m.forum
}

// A maker draws everything from one random source, in a fixed order.
type maker struct {
	rng   *rand.Rand
	forum *Forum
	start time.Time
}

func categories() []Category {
	return []Category{
		{ID: 5, Name: "Help", Slug: "help", Solvable: true},
		{ID: 6, Name: "Integrations", Slug: "integrations", Solvable: true},
		{ID: 7, Name: "Ideas", Slug: "ideas"},
		{ID: 8, Name: "Announcements", Slug: "announcements"},
	}
}

// at is the moment at a share of the forum's life.
func (m *maker) at(share float64) time.Time {
	return m.start.Add(time.Duration(share * float64(m.forum.End.Sub(m.start)))).Truncate(time.Millisecond)
}

// age is the share of the forum's life that lies before t.
func (m *maker) age(t time.Time) float64 {
	return float64(t.Sub(m.start)) / float64(m.forum.End.Sub(m.start))
}

func (m *maker) users(members int) {
	m.forum.Users = []*User{
		{ID: -2, Username: "discobot", Name: "discobot", Email: "discobot_email", Joined: m.start, Bot: true, Staff: true},
		{ID: -1, Username: "system", Name: "system", Email: "no_email", Joined: m.start, Bot: true, Staff: true},
	}
	for i, name := range staffNames() {
		m.join(name, company+".example", m.at(0), true, 2.5-0.4*float64(i))
	}
	people := names()
	joined := make([]time.Time, members)
	for i := range joined {
		joined[i] = m.at(math.Pow(m.rng.Float64(), 0.75)) // more every month
	}
	slices.SortFunc(joined, time.Time.Compare)
	for i, at := range joined {
		domain := m.pick(domains())
		if m.rng.Float64() < 0.12 {
			domain = "mail.example" // a private address
		}
		eager := math.Exp(1.1*m.rng.NormFloat64()) / 4
		if m.rng.Float64() < 0.35 {
			eager = 0 // only reads
		}
		m.join(people[i%len(people)], domain, at, false, eager)
	}
	spammer := m.forum.Users[len(m.forum.Users)-1]
	spammer.Suspended, spammer.eagerness = spammer.Joined.Add(2*time.Hour), 0
}

func (m *maker) join(name, domain string, at time.Time, staff bool, eagerness float64) {
	id := int64(len(m.forum.Users) - 1)
	first, last, _ := strings.Cut(strings.ToLower(name), " ")
	username := first + string(last[0])
	if slices.ContainsFunc(m.forum.Users, func(u *User) bool { return u.Username == username }) {
		username = fmt.Sprintf("%s%d", username, id)
	}
	m.forum.Users = append(m.forum.Users, &User{
		ID: id, Username: username, Name: name, Email: fmt.Sprintf("%s.%s%d@%s", first, last, id, domain),
		Joined: at, Seen: at, Staff: staff, eagerness: eagerness, days: map[string]bool{},
	})
}

func (m *maker) pick(list []string) string { return list[m.rng.IntN(len(list))] }

// writer draws somebody who was there at t, other than not; nil if nobody was.
// People write most in their first months.
func (m *maker) writer(t time.Time, not *User, staff bool) *User {
	weights, sum := make([]float64, len(m.forum.Users)), 0.0
	for i, u := range m.forum.Users {
		if u == not || u.Bot || u.Staff != staff || u.Joined.After(t) {
			continue
		}
		months := t.Sub(u.Joined).Hours() / 730
		weights[i] = u.eagerness
		if !u.Staff {
			weights[i] *= 0.15 + math.Exp(-months/4)
		}
		sum += weights[i]
	}
	draw := m.rng.Float64() * sum
	for i, weight := range weights {
		if draw -= weight; draw < 0 {
			return m.forum.Users[i]
		}
	}
	return nil
}

// topics opens threads week by week, ever more of them, fewer at weekends.
func (m *maker) topics() {
	for day := m.start; day.Before(m.forum.End); day = day.AddDate(0, 0, 1) {
		rate := 0.5 + 1.4*m.age(day)
		if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
			rate *= 0.3
		}
		for range m.poisson(rate) {
			m.topic(day.Add(m.hours(7 + 12*m.rng.Float64())))
		}
		if day.Day() == 3 {
			m.announcement(day.Add(9 * time.Hour))
		}
	}
}

func (m *maker) poisson(mean float64) int {
	limit, n := math.Exp(-mean), 0
	for p := m.rng.Float64(); p > limit; p *= m.rng.Float64() {
		n++
	}
	return n
}

func (m *maker) hours(h float64) time.Duration {
	return time.Duration(h * float64(time.Hour)).Truncate(time.Millisecond)
}

func (m *maker) topic(at time.Time) {
	author := m.writer(at, nil, false)
	if author == nil || !at.Before(m.forum.End) {
		return
	}
	category := m.forum.Categories[[]int{0, 0, 0, 1, 1, 2}[m.rng.IntN(6)]]
	subject := m.pick(subjects())
	title := fmt.Sprintf(m.pick(titles(category)), subject)
	t := &Topic{Title: title, Category: category, Tags: []string{strings.ReplaceAll(subject, " ", "-")}}
	m.forum.Topics = append(m.forum.Topics, t)
	m.post(t, author, at, m.pick(openings()), 0)
	m.replies(t)
}

// replies answers a topic. The team got faster over time, and fewer questions
// stay without an answer.
func (m *maker) replies(t *Topic) {
	age := m.age(t.Posts[0].Created)
	if m.rng.Float64() < 0.26-0.14*age {
		return // nobody answers
	}
	at := t.Posts[0].Created
	median := 11 - 7*age // hours
	for n := m.poisson(2.6) + 1; n > 0; n-- {
		at = at.Add(m.hours(median * math.Exp(1.2*m.rng.NormFloat64())))
		author := m.writer(at, t.Posts[len(t.Posts)-1].Author, m.rng.Float64() < 0.33)
		if author == nil || !at.Before(m.forum.End) {
			return
		}
		p := m.post(t, author, at, m.pick(answers()), int64(1+m.rng.IntN(len(t.Posts))))
		if t.Category.Solvable && t.Accepted == nil && author != t.Posts[0].Author && m.rng.Float64() < 0.35 {
			t.Accepted = p
		}
		median = 14
	}
	if m.rng.Float64() < 0.05 {
		m.action(t, at.Add(30*24*time.Hour))
	}
}

// action is the note the software leaves when it closes a topic.
func (m *maker) action(t *Topic, at time.Time) {
	if at.Before(m.forum.End) {
		p := m.post(t, m.forum.Users[1], at, "", 0)
		p.Action = true
	}
}

func (m *maker) announcement(at time.Time) {
	author := m.writer(at, nil, true)
	if !at.Before(m.forum.End) {
		return
	}
	t := &Topic{Title: fmt.Sprintf("What is new in %s", at.Format("January 2006")), Category: m.forum.Categories[3], Tags: []string{"release"}}
	m.forum.Topics = append(m.forum.Topics, t)
	m.post(t, author, at, "This month's release notes, with thanks to everybody who reported something.", 0)
}

func (m *maker) post(t *Topic, author *User, at time.Time, text string, replyTo int64) *Post {
	p := &Post{Number: int64(len(t.Posts) + 1), ReplyTo: replyTo, Topic: t, Author: author, Created: at, Updated: at, Version: 1, Text: text}
	if replyTo == 1 {
		p.ReplyTo = 0 // a reply to the opening has none
	}
	if m.rng.Float64() < 0.07 {
		if edited := at.Add(m.hours(3 * m.rng.Float64())); edited.Before(m.forum.End) {
			p.Updated, p.Version, p.Text = edited, 2, text+" (Edited for clarity.)"
		}
	}
	p.Likes = int64(m.poisson(0.6))
	t.Posts = append(t.Posts, p)
	m.forum.Posts = append(m.forum.Posts, p)
	return p
}

// number gives ids in order of time and counts what users did.
func (m *maker) number() {
	f := m.forum
	slices.SortStableFunc(f.Topics, func(a, b *Topic) int { return a.Posts[0].Created.Compare(b.Posts[0].Created) })
	for i, t := range f.Topics {
		t.ID = int64(i + 10)
	}
	slices.SortStableFunc(f.Posts, func(a, b *Post) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Topic.ID, b.Topic.ID))
	})
	for i, p := range f.Posts {
		p.ID = int64(i + 10)
		p.Author.posts++
		p.Author.likesGot += p.Likes
		if p.Author.days != nil {
			p.Author.days[p.Created.Format(time.DateOnly)] = true
		}
		if p.Created.After(p.Author.Seen) {
			p.Author.Seen = p.Created
		}
	}
}
