package world

import (
	"fmt"
	"time"
)

// A maker makes one world up, month by month, and forgets itself.
type maker struct {
	*World
	calendar
	streams [onLateness + 1]*dice

	natures  []nature       // by person
	jobsOf   [][]int32      // by person: positions in Jobs
	accounts []account      // by company
	employed [][]int32      // by company: positions in Jobs
	logins   []personLogins // by person: the first at each source
	orgsOf   [][sourceCount]OrgID
	users    []LoginID            // by job: its product login + 1; 0: none yet
	agents   []LoginID            // who answer tickets
	primary  []int32              // by login: position in Holdings of the primary address; None
	open     map[membership]int32 // positions in Links of those that last
	local    map[localPart]int32  // how many addresses have a name at a company or provider

	firstPlanted PersonID
	system       PersonID // the bot by whose name a forum's software speaks
	ci           PersonID // the bot that answers issues at GitHub
	eventWeights []float64

	pools         [GitHub + 1]pool // who takes part where
	queue         queue            // what follows from what was written
	lines         uint32           // texts written
	last          []PostID         // by thread
	accepted      []PostID         // by thread: the answer that stands; None
	versions      map[PostID]uint8 // of edited posts
	reacted       map[reactionKey]bool
	attending     map[LoginID]bool // of the event being held
	came          []LoginID        // to it
	rateTicketsBy SurveyID
}

// New makes a world up. Its errors are those of Options.
func New(options Options) (*World, error) {
	if options.Scale == 0 {
		options.Scale = 1
	}
	if options.Scale < MinScale || options.End.IsZero() {
		return nil, fmt.Errorf("a world needs a scale of at least %v and an end: scale is %v, end %s", MinScale, options.Scale, options.End.Format(time.DateOnly))
	}
	calendar, err := newCalendar(options.End)
	if err != nil {
		return nil, err
	}
	m := &maker{
		World:    &World{Seed: options.Seed, Scale: options.Scale, Start: calendar.start(), End: calendar.end()},
		calendar: calendar, local: map[localPart]int32{}, open: map[membership]int32{},
		versions: map[PostID]uint8{}, reacted: map[reactionKey]bool{}, attending: map[LoginID]bool{},
	}
	for _, event := range ProductEvents() {
		m.eventWeights = append(m.eventWeights, event.weight)
	}
	for i := range m.streams {
		m.streams[i] = newDice()
	}
	m.found()
	m.populate()
	m.plant()
	m.arrive()
	m.openCommunities()
	m.fillPools()
	m.starAndRefer()
	m.users = make([]LoginID, len(m.Jobs))
	for month := range Months {
		m.live(month)
	}
	m.finish()
	return m.World, nil
}

// live is one month: contracts first, since they decide who may use the
// product, and writing before reading, since it may get somebody barred.
func (m *maker) live(month int) {
	m.contracts(month)
	m.survey(month)
	m.use(month)
	m.write(month)
	m.visit(month)
	m.gather(month)
}

// on begins the stream of a concern about one thing and, mostly, a month.
func (m *maker) on(c concern, a, b int) *dice { return m.streams[c].of(m.Seed, c, a, b) }

// happen enters an event into the log, unless it lies beyond the end.
func (m *maker) happen(e Event) bool {
	if e.Seen < e.At {
		e.Seen = e.At
	}
	if e.At < m.Start || e.Seen >= m.End {
		return false
	}
	m.Events = append(m.Events, e)
	return true
}

// people is how many there are to be.
func (m *maker) people() int { return int(2000*m.Scale + 0.5) }
