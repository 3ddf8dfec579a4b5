package sql_test

import (
	"fmt"

	"rollcall/internal/world"
)

func gatheringID(id world.GatheringID) string { return fmt.Sprintf("files:meetups:gathering:%d", id) }

// tellGathering writes an event that people attend, or who had to do with it.
func (f *worldFixture) tellGathering(e *world.Event) {
	g := &f.w.Gatherings[e.Object]
	id := gatheringID(world.GatheringID(e.Object))
	switch e.Kind {
	case world.GatheringPlanned, world.GatheringCalledOff:
		if f.attended[id] == nil {
			f.attended[id] = line{"gathering_id": id, "community_id": "discourse:forum", "kind": g.Kind, "event_series": g.Series,
				"starts_at": moment(g.Starts), "ends_at": moment(g.Ends), "reports_attendance": g.HasAttendance}
			f.put("community_gathering", f.attended[id])
		}
		f.attended[id]["is_cancelled"] = e.Kind == world.GatheringCalledOff
		return
	}
	who := f.w.IdentityID(e.Login)
	visit := line{"attendance_id": "files:meetups:attendance:" + f.number, "gathering_id": id, "identity_id": who}
	switch e.Kind {
	case world.Registered:
		visit["registered_at"] = moment(e.At)
		f.attended[id+who] = visit
	case world.Unregistered:
		f.attended[id+who]["cancelled_at"] = moment(e.At)
		return
	case world.Attended:
		visit["first_joined_at"], visit["minutes_attended"], visit["is_host"] = moment(e.At), e.Amount, e.Detail == 1
	}
	f.put("event_attendance", visit)
}

func surveyID(id world.SurveyID) string     { return fmt.Sprintf("files:surveys:survey:%d", id) }
func questionID(id world.QuestionID) string { return fmt.Sprintf("files:surveys:question:%d", id) }

func (f *worldFixture) tellSurvey(id world.SurveyID) {
	s := &f.w.Surveys[id]
	l := line{"survey_id": surveyID(id), "kind": s.Kind, "survey_mode": s.Mode}
	if s.Gathering != world.None {
		l["gathering_id"] = gatheringID(s.Gathering)
	}
	if s.Community != world.None {
		l["community_id"] = "discourse:forum"
	}
	f.put("survey", l)
	for _, question := range s.Questions {
		q := &f.w.Questions[question]
		f.put("survey_question", line{"question_id": questionID(question), "survey_id": surveyID(id),
			"scale_min": q.Min, "scale_max": q.Max, "higher_is_better": q.HigherIsBetter})
	}
}

func (f *worldFixture) tellResponse(e *world.Event) {
	r := &f.w.Responses[e.Object]
	for i, question := range f.w.Surveys[r.Survey].Questions {
		if r.Scores[i] < 0 {
			continue
		}
		f.put("survey_response", line{"response_id": fmt.Sprintf("files:surveys:response:%06d", e.Object), "question_id": questionID(question),
			"survey_id": surveyID(r.Survey), "identity_id": f.w.IdentityID(r.Login), "responded_at": moment(r.At),
			"score_raw": r.Scores[i], "is_complete": r.Complete})
	}
}
