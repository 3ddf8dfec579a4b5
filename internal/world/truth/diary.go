package truth

import "rollcall/internal/world"

// A diary is what one human did in one place, day by day.
type diary struct {
	human int32
	place place
	days  map[day]mark
}

// A place is one community, everywhere, or nowhere in particular.
type place int32

// Places that are no community.
const (
	everywhere place = -1
	nowhere    place = -2 // acts of no community
)

// A mark is what a day holds.
type mark uint8

// Marks of a day.
const (
	isActive      mark = 1 << iota // by the site's one setting
	isContributor                  // wrote
	isEngaged                      // did something light or better
	isMeaningful                   // did something meaningful or better
	isResearch                     // took part in research
)

func (h *history) markOf(a act) mark {
	m := mark(0)
	if a.kind == wrote {
		m |= isContributor
	}
	if a.kind == wrote || h.countsVisits() {
		m |= isActive
	}
	if a.tier >= light {
		m |= isEngaged
	}
	if a.tier >= meaningful {
		m |= isMeaningful
	}
	if a.kind == researched {
		m |= isResearch
	}
	return m
}

// keepDiaries writes a diary per human and place, and one of all places.
func (h *history) keepDiaries() []diary {
	type key struct {
		human int32
		place place
	}
	index := make(map[key]int)
	var diaries []diary
	enter := func(k key, on day, m mark) {
		i, ok := index[k]
		if !ok {
			i = len(diaries)
			index[k] = i
			diaries = append(diaries, diary{k.human, k.place, make(map[day]mark)})
		}
		diaries[i].days[on] |= m
	}
	for _, a := range h.acts {
		m := h.markOf(a)
		p := place(a.community)
		if a.community == world.None {
			p = nowhere
		}
		enter(key{a.human, everywhere}, a.on, m)
		enter(key{a.human, p}, a.on, m)
	}
	return diaries
}

// A sheet is a month of a diary.
type sheet struct {
	marks      mark
	activeDays int
	weeks      map[int32]bool // ISO weeks with something light or better
}

// sheets are a diary's months.
func (d *diary) sheets() map[month]*sheet {
	sheets := make(map[month]*sheet)
	for on, m := range d.days {
		s := sheets[on.month()]
		if s == nil {
			s = &sheet{weeks: make(map[int32]bool)}
			sheets[on.month()] = s
		}
		s.marks |= m
		if m&isActive != 0 {
			s.activeDays++
		}
		if m&isEngaged != 0 {
			s.weeks[on.week()] = true
		}
	}
	return sheets
}

// level is the engagement level of a month: the catalogue names the levels, and
// leaves open over what time they are measured; the month itself is taken.
func (s *sheet) level() string {
	switch {
	case s == nil:
		return "none"
	case s.marks&isMeaningful != 0:
		return "meaningful"
	case s.marks&isEngaged != 0:
		return "engaged"
	}
	return "lurker"
}
