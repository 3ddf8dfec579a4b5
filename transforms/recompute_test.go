package transforms_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// recomputed are the KPIs that recompute counts by its own means.
func recomputed() []string { return slices.Sorted(maps.Keys((&month{}).values(nil))) }

// A month is what the loops over the posts find in one.
type month struct {
	days      map[int64]map[time.Time]bool // person -> days of the month
	posts     int
	questions []question
	backlog   int
}

// A question is a member's topic.
type question struct {
	hours           float64 // to the first reply by somebody else; infinite without one
	byStaff         bool
	replies, people int // of the first 14 days, the asker among the people
	asked, answered string
}

// A talk is what recompute reads of the posts: each in its latest version.
type talk struct {
	staff   map[int64]bool
	openers map[int64]post
	replies map[int64][]post // topic -> eligible replies
}

func readTalk(posts []post) talk {
	latest, read := map[int64]post{}, talk{map[int64]bool{}, map[int64]post{}, map[int64][]post{}}
	for _, p := range posts { // in order of change
		latest[p.ID] = p
		read.staff[p.UserID] = p.Admin || p.Moderator || p.Staff
	}
	for _, p := range latest {
		if p.PostNumber == 1 {
			read.openers[p.TopicID] = p
		} else if !p.removed() && !p.system() {
			read.replies[p.TopicID] = append(read.replies[p.TopicID], p)
		}
	}
	for topic, opener := range read.openers {
		if opener.removed() {
			delete(read.replies, topic)
			delete(read.openers, topic)
		}
	}
	return read
}

func (r talk) isMember(p post) bool { return p.UserID >= 0 && !r.staff[p.UserID] }

// ask reads what became of a question.
func (r talk) ask(opener post) question {
	q := question{hours: math.Inf(1), asked: day(opener.CreatedAt), answered: "never"}
	people := map[int64]bool{opener.UserID: true}
	for _, reply := range r.replies[opener.TopicID] {
		hours := float64(reply.CreatedAt.Sub(opener.CreatedAt).Microseconds()) / 3.6e9
		if hours >= 0 && hours < 14*24 {
			q.replies++
			people[reply.UserID] = true
		}
		if reply.UserID != opener.UserID && hours > 0 && hours < q.hours {
			q.hours, q.byStaff, q.answered = hours, r.staff[reply.UserID], day(reply.CreatedAt)
		}
	}
	q.people = len(people)
	return q
}

func day(at time.Time) string { return at.UTC().Format("2006-01-02") }

// recompute counts the months by loops over the posts, and prints a line for
// each month and KPI.
func recompute(posts []post, now time.Time) []string {
	read, months := readTalk(posts), map[string]*month{}
	in := func(p post) *month {
		key := p.CreatedAt.UTC().Format("2006-01")
		if months[key] == nil {
			months[key] = &month{days: map[int64]map[time.Time]bool{}}
		}
		return months[key]
	}
	write := func(p post) {
		m := in(p)
		m.posts++
		if m.days[p.UserID] == nil {
			m.days[p.UserID] = map[time.Time]bool{}
		}
		m.days[p.UserID][p.CreatedAt.UTC().Truncate(24*time.Hour)] = true
	}
	var questions []question
	for _, opener := range read.openers {
		if read.isMember(opener) {
			write(opener)
			q := read.ask(opener)
			in(opener).questions = append(in(opener).questions, q)
			questions = append(questions, q)
		}
	}
	for _, list := range read.replies {
		for _, p := range list {
			if read.isMember(p) {
				write(p)
			}
		}
	}
	return printMonths(posts, months, questions, now)
}

func printMonths(posts []post, months map[string]*month, questions []question, now time.Time) (lines []string) {
	start := slices.MinFunc(posts, func(a, b post) int { return a.CreatedAt.Compare(b.CreatedAt) }).CreatedAt.UTC()
	before := &month{}
	for at := time.Date(start.Year(), start.Month(), 1, 0, 0, 0, 0, time.UTC); at.Before(now); at = at.AddDate(0, 1, 0) {
		key := at.Format("2006-01")
		m := months[key]
		if m == nil {
			m = &month{} // nobody wrote: counted as 0, with nothing to divide by
		}
		for _, q := range questions {
			if end := day(at.AddDate(0, 1, 0)); q.asked < end && q.answered >= end {
				m.backlog++
			}
		}
		values := m.values(before)
		for _, id := range slices.Sorted(maps.Keys(values)) {
			lines = append(lines, fmt.Sprintf("%s|%s|%s", key, id, values[id]))
		}
		before = m
	}
	return lines
}

// values are the month's KPIs to twelve digits.
func (m *month) values(before *month) map[string]string {
	if before == nil {
		before = &month{}
	}
	again, repeated := 0, 0
	for person, days := range m.days {
		if before.days[person] != nil {
			again++
		}
		weeks := map[int]bool{}
		for at := range days {
			_, week := at.ISOWeek()
			weeks[week] = true
		}
		if len(weeks) > 1 {
			repeated++
		}
	}
	hours := m.sortedHours()
	answered := slices.IndexFunc(hours, func(h float64) bool { return math.IsInf(h, 1) })
	if answered < 0 {
		answered = len(hours)
	}
	count := func(holds func(question) bool) (n int) {
		for _, q := range m.questions {
			if holds(q) {
				n++
			}
		}
		return n
	}
	depth, people := 0, 0
	for _, q := range m.questions {
		depth, people = depth+q.replies, people+q.people
	}
	return map[string]string{
		"community_post_volume":                     share(m.posts, 1),
		"community_mau":                             share(len(m.days), 1),
		"first_response_time_median_hours":          median(hours[:answered]),
		"first_response_time_censored_median_hours": median(hours),
		"first_response_within_24h_rate":            share(count(func(q question) bool { return q.hours <= 24 }), len(hours)),
		"unanswered_question_rate":                  share(count(func(q question) bool { return q.hours >= 168 }), len(hours)),
		"unanswered_question_backlog":               share(m.backlog, 1),
		"peer_response_share":                       share(count(func(q question) bool { return !q.byStaff && q.answered != "never" }), answered),
		"thread_depth_mean":                         share(depth, len(hours)),
		"thread_participants_mean":                  share(people, len(hours)),
		"repeat_participation_rate":                 share(repeated, len(m.days)),
		"returning_active_member_rate":              share(again, len(before.days)),
		"returning_share_of_active":                 share(again, len(m.days)),
	}
}

func (m *month) sortedHours() (hours []float64) {
	for _, q := range m.questions {
		hours = append(hours, q.hours)
	}
	slices.Sort(hours)
	return hours
}

func share(part, whole int) string {
	if whole == 0 {
		return "<nil>"
	}
	return digits(float64(part) / float64(whole))
}

func median(sorted []float64) string {
	n := len(sorted)
	switch {
	case n == 0:
		return "<nil>"
	case n%2 == 1:
		return digits(sorted[n/2])
	}
	return digits((sorted[n/2-1] + sorted[n/2]) / 2)
}

func digits(value float64) string {
	if math.IsInf(value, 1) {
		return "<nil>"
	}
	return fmt.Sprintf("%.12g", value)
}
