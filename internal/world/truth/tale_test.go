package truth_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/world"
	"rollcall/internal/world/truth"
)

// A tale is a tiny event log written by hand: one forum with the categories
// Help, which accepts answers, and Talk. People are told by short names and have
// one login there unless a case says more. Times are "2 Feb 10:00" (2026, UTC)
// or "2 Feb".
type tale struct {
	t         *testing.T
	w         *world.World
	forum     world.CommunityID
	logins    map[string]world.LoginID
	threads   map[string]world.ThreadID
	gathering world.GatheringID
}

func newTale(t *testing.T) *tale {
	return &tale{t: t, logins: map[string]world.LoginID{}, threads: map[string]world.ThreadID{}, w: &world.World{
		Communities: []world.Community{{Source: world.Forum, Categories: []world.Category{{Name: "Help", Solvable: true}, {Name: "Talk"}}}},
	}}
}

const (
	help = 0
	talk = 1
)

func (s *tale) at(text string) world.Moment {
	s.t.Helper()
	for _, layout := range []string{"2 Jan 2006", "2 Jan 15:04 2006", "2 Jan 15:04:05 2006"} {
		if at, err := time.Parse(layout, text+" 2026"); err == nil {
			return world.MomentOf(at)
		}
	}
	require.Fail(s.t, "not a time: "+text)
	return 0
}

func (s *tale) tell(e world.Event) {
	if e.Seen == 0 {
		e.Seen = e.At
	}
	s.w.Events = append(s.w.Events, e)
}

// login is a person's login at the forum, made the first time it is named.
func (s *tale) login(name string) world.LoginID { return s.loginAt(world.Forum, name) }

// loginAt is a login at another source, of the person of that name.
func (s *tale) loginAt(source world.Source, name string) world.LoginID {
	key := name + "@" + source.Instance()
	if id, ok := s.logins[key]; ok {
		return id
	}
	person, id := s.person(name), world.LoginID(len(s.w.Logins))
	s.logins[key] = id
	s.w.Logins = append(s.w.Logins, world.Login{Source: source, Person: person, Second: world.None, ID: int64(id) + 1, Gone: world.Never})
	return id
}

func (s *tale) person(name string) world.PersonID {
	for source := world.Forum; source <= world.Meetups; source++ {
		if id, ok := s.logins[name+"@"+source.Instance()]; ok {
			return s.w.Logins[id].Person
		}
	}
	s.w.People = append(s.w.People, world.Person{})
	return world.PersonID(len(s.w.People) - 1)
}

func (s *tale) joins(at string, names ...string) {
	s.t.Helper()
	for _, name := range names {
		s.tell(world.Event{At: s.at(at), Kind: world.LoginMade, Login: s.login(name)})
	}
}

func (s *tale) agrees(logins ...world.LoginID) {
	for _, login := range logins {
		s.tell(world.Event{At: s.at("1 Jan"), Kind: world.ConsentSaid, Login: login, Detail: uint8(world.Granted)})
	}
}

func (s *tale) holds(role world.RoleName, names ...string) {
	for _, name := range names {
		s.tell(world.Event{At: s.at("1 Jan"), Kind: world.RoleGiven, Login: s.login(name), Detail: uint8(role)})
	}
}

// opens a thread with a text long enough to mean something.
func (s *tale) opens(name, author, at string, category uint8) world.PostID {
	s.t.Helper()
	s.threads[name] = world.ThreadID(len(s.w.Threads))
	id := world.PostID(len(s.w.Posts))
	s.w.Threads = append(s.w.Threads, world.Thread{Community: s.forum, Opening: id, Category: category})
	return s.writes(world.ThreadOpened, name, author, at, 200)
}

func (s *tale) replies(thread, author, at string) world.PostID {
	s.t.Helper()
	return s.writes(world.Replied, thread, author, at, 20)
}

func (s *tale) writes(kind world.Kind, thread, author, at string, chars int32) world.PostID {
	s.t.Helper()
	id := world.PostID(len(s.w.Posts))
	s.w.Posts = append(s.w.Posts, world.Post{Thread: s.threads[thread], Parent: world.None, Author: s.login(author), At: s.at(at), Chars: chars})
	s.tell(world.Event{At: s.at(at), Kind: kind, Login: s.login(author), Object: int32(id), Other: int32(s.threads[thread])})
	return id
}

func (s *tale) does(kind world.Kind, name, at string, post world.PostID) {
	s.t.Helper()
	s.tell(world.Event{At: s.at(at), Kind: kind, Login: s.login(name), Object: int32(post), Other: int32(s.w.Posts[post].Thread)})
}

func (s *tale) likes(post world.PostID, at string, names ...string) {
	s.t.Helper()
	for _, name := range names {
		s.does(world.Reacted, name, at, post)
	}
}

func (s *tale) visits(at string, names ...string) {
	s.t.Helper()
	for _, name := range names {
		s.tell(world.Event{At: s.at(at), Kind: world.Visited, Login: s.login(name), Object: int32(s.forum)})
	}
}

// holdsGathering plans an event of an hour; what follows is about it.
func (s *tale) holdsGathering(kind, at string) {
	s.t.Helper()
	s.gathering = world.GatheringID(len(s.w.Gatherings))
	s.w.Gatherings = append(s.w.Gatherings, world.Gathering{Kind: kind, Series: "Hour", Starts: s.at(at), Ends: s.at(at).Add(time.Hour), HasAttendance: true})
	s.tell(world.Event{At: s.at("1 Jan"), Kind: world.GatheringPlanned, Login: world.None, Object: int32(s.gathering)})
}

// registers, or takes a registration back.
func (s *tale) registers(kind world.Kind, at string, names ...string) {
	s.t.Helper()
	for _, name := range names {
		s.tell(world.Event{At: s.at(at), Kind: kind, Login: s.login(name), Object: int32(s.gathering)})
	}
}

func (s *tale) comes(minutes int32, names ...string) {
	for _, name := range names {
		s.tell(world.Event{At: s.w.Gatherings[s.gathering].Starts, Kind: world.Attended, Login: s.login(name), Object: int32(s.gathering), Amount: minutes})
	}
}

// asks is a survey of one question from 1 to 5.
func (s *tale) asks(kind string, about world.GatheringID) world.SurveyID {
	id, question := world.SurveyID(len(s.w.Surveys)), world.QuestionID(len(s.w.Questions))
	s.w.Questions = append(s.w.Questions, world.Question{Survey: id, Min: 1, Max: 5, HigherIsBetter: true})
	s.w.Surveys = append(s.w.Surveys, world.Survey{Kind: kind, Mode: "relationship", Gathering: about, Community: s.forum, Questions: []world.QuestionID{question}})
	return id
}

func (s *tale) answers(survey world.SurveyID, name, at string, score int8) {
	s.t.Helper()
	id := len(s.w.Responses)
	s.w.Responses = append(s.w.Responses, world.Response{Survey: survey, Login: s.login(name), At: s.at(at), Complete: true, Scores: [2]int8{score, -1}})
	s.tell(world.Event{At: s.at(at), Kind: world.Answered, Login: s.login(name), Object: int32(id), Other: int32(survey)})
}

// truth is what is so at a moment.
func (s *tale) truth(at string) found {
	s.t.Helper()
	return found{s.t, truth.Compute(s.w, s.sorted(at))}
}

// sorted puts the log in order, and is a moment.
func (s *tale) sorted(at string) time.Time {
	s.t.Helper()
	slices.SortStableFunc(s.w.Events, func(a, b world.Event) int { return int(a.At - b.At) })
	return s.at(at).Time()
}

type found struct {
	t *testing.T
	*truth.Truth
}

// value is one of a month of 2026 and a slice ("" of everybody).
func (f found) value(kpi string, month time.Month, segment ...string) (truth.Value, bool) {
	if len(segment) == 0 {
		segment = []string{"all", "all"}
	}
	period := time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC)
	for _, v := range f.Values {
		if v.KPI == kpi && v.Period.Equal(period) && v.SegmentType == segment[0] && v.SegmentValue == segment[1] {
			return v, true
		}
	}
	return truth.Value{}, false
}

// is expects a value to the catalogue's six digits; NaN expects none.
func (f found) is(kpi string, month time.Month, want float64, segment ...string) {
	f.t.Helper()
	v, ok := f.value(kpi, month, segment...)
	require.True(f.t, ok, "%s has no row", kpi)
	require.Equal(f.t, !math.IsNaN(want), v.HasValue, "%s: has a value", kpi)
	if v.HasValue {
		require.InDelta(f.t, want, v.Value, 1e-6, kpi)
	}
}
