package world

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Programme is the instance of what Tidewater keeps itself about its customer
// programme: who agreed to what, and who brought whom.
const Programme = "programme"

// Export adds to the files below dir what the sources that have no API here
// show in [from, to): folders by instance, CSV and JSON lines. A row that
// changed is written again, so the last row of a key is what holds; files grow
// and never change otherwise. Steps that follow each other write the same
// bytes as one over all of their time.
func (w *World) Export(dir string, from, to Moment) (err error) {
	x := &exporter{World: w, dir: dir, registered: map[visitKey]Moment{}, files: map[string]*exportFile{}}
	for _, e := range w.Events {
		if e.Kind == Registered {
			x.registered[visitKey{e.Login, e.Object}] = e.At
		}
	}
	defer func() { err = errors.Join(err, x.close()) }()
	x.surveys(from, to)
	for i, e := range w.Shown(from, to) {
		if x.write(i, e); x.err != nil {
			return x.err
		}
	}
	return x.err
}

// An exporter writes one step of the export files.
type exporter struct {
	*World
	dir        string
	registered map[visitKey]Moment // when attendees registered
	files      map[string]*exportFile
	err        error
}

// A visitKey is a login at an event.
type visitKey struct {
	login     LoginID
	gathering int32
}

// write adds the rows that an event makes.
func (x *exporter) write(i int, e *Event) {
	switch e.Kind {
	case LoginMade, LoginGone, LoginsMerged, AddressChanged, AddressAdded:
		x.login(e)
	case RoleGiven:
		x.role(e)
	case Linked, Unlinked:
		x.link(e)
	case OrgMade, OrgsMerged:
		x.org(e)
	case ConsentSaid:
		x.row(Programme, "consent", "identity_id,purpose,status,lawful_basis,recorded_at",
			x.IdentityID(e.Login), "identity_matching", [...]string{"granted", "refused", "withdrawn"}[e.Detail], "consent", stamp(e.At))
	case Referred:
		x.row(Programme, "referrals", "event_id,community_id,identity_id,event_type,occurred_at",
			fmt.Sprintf("files:%s:event:%d", Programme, x.LoginsOf(PersonID(e.Object))[0]), "discourse:"+Forum.Instance(), x.IdentityID(e.Login), "referral_share", stamp(e.At))
	case Subscribed, Renewed, Upgraded, Downgraded, SeatsChanged, Paused, Resumed, Churned, Returned:
		x.subscription(e)
	case GatheringPlanned, GatheringCalledOff:
		x.gathering(e)
	case Registered, Unregistered, Attended:
		x.attendance(e)
	case SurveySent:
		x.row(Surveys.Instance(), "invitations", "id,survey,respondent,sent_at,bounced",
			fmt.Sprint(i), fmt.Sprint(x.Surveys[e.Object].ID), x.UserID(e.Login), stamp(e.At), yes(e.Detail == 1))
	case Answered:
		x.response(e)
	case Used:
		x.use(i, e)
	case TicketOpened, TicketAnswered, TicketSolved, TicketReopened:
		x.ticket(e)
	}
}

// stamp is a moment as the files write it; empty for Never.
func stamp(at Moment) string {
	if at == Never {
		return ""
	}
	return at.Time().Format("2006-01-02T15:04:05.000Z")
}

func yes(is bool) string {
	if is {
		return "true"
	}
	return "false"
}

// An exportFile is a file that rows are being added to.
type exportFile struct {
	file   *os.File
	buffer *bufio.Writer
	rows   *csv.Writer
	json   *json.Encoder
}

// open is a file of an instance, for the first time in this step.
func (x *exporter) open(instance, name string) *exportFile {
	path := filepath.Join(x.dir, instance, name)
	if f := x.files[path]; f != nil {
		return f
	}
	f := &exportFile{}
	if x.err = os.MkdirAll(filepath.Dir(path), 0o755); x.err != nil {
		return nil
	}
	if f.file, x.err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); x.err != nil {
		return nil
	}
	f.buffer = bufio.NewWriterSize(f.file, 64<<10)
	x.files[path] = f
	return f
}

// row adds a row to a CSV file, below its header if it is the first.
func (x *exporter) row(instance, name, header string, cells ...string) {
	f := x.open(instance, name+".csv")
	if f == nil {
		return
	}
	if f.rows == nil {
		f.rows = csv.NewWriter(f.buffer)
		info, err := f.file.Stat()
		if err == nil && info.Size() == 0 {
			_, err = f.buffer.WriteString(header + "\n")
		}
		if x.err = err; err != nil {
			return
		}
	}
	x.err = f.rows.Write(cells)
}

// line adds a JSON line.
func (x *exporter) line(instance, name string, value any) {
	f := x.open(instance, name+".jsonl")
	if f == nil {
		return
	}
	if f.json == nil {
		f.json = json.NewEncoder(f.buffer)
	}
	x.err = f.json.Encode(value)
}

func (x *exporter) close() error {
	var failed error
	for _, f := range x.files {
		if f.rows != nil {
			f.rows.Flush()
			failed = errors.Join(failed, f.rows.Error())
		}
		failed = errors.Join(failed, f.buffer.Flush(), f.file.Close())
	}
	return failed
}

// surveys adds the surveys that begin in [from, to), with their questions.
func (x *exporter) surveys(from, to Moment) {
	var begun []SurveyID
	for i := range x.Surveys {
		if at := x.Surveys[i].Sent; from <= at && at < to {
			begun = append(begun, SurveyID(i))
		}
	}
	slices.SortStableFunc(begun, func(a, b SurveyID) int { return cmp.Compare(x.Surveys[a].Sent, x.Surveys[b].Sent) })
	for _, id := range begun {
		s := &x.Surveys[id]
		survey := map[string]any{"survey_id": surveyKey(s), "kind": s.Kind, "survey_mode": s.Mode}
		if s.Gathering != None {
			survey["gathering_id"] = x.gatheringKey(s.Gathering)
		}
		if s.Community != None {
			survey["community_id"] = "discourse:" + Forum.Instance()
		}
		x.line(Surveys.Instance(), "surveys", survey)
		for _, question := range s.Questions {
			q := &x.Questions[question]
			x.line(Surveys.Instance(), "questions", map[string]any{
				"question_id": fmt.Sprintf("files:%s:question:%d", Surveys.Instance(), q.ID), "survey_id": surveyKey(s),
				"scale_min": q.Min, "scale_max": q.Max, "higher_is_better": q.HigherIsBetter,
			})
		}
	}
}

func surveyKey(s *Survey) string {
	return fmt.Sprintf("files:%s:survey:%d", Surveys.Instance(), s.ID)
}

func (x *exporter) gatheringKey(id GatheringID) string {
	return fmt.Sprintf("files:%s:gathering:%d", Meetups.Instance(), x.Gatherings[id].ID)
}
