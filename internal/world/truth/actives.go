package truth

import (
	"slices"
)

// countActives counts who was active, contributed, was engaged, month by month
// and place by place.
func (h *history) countActives(l *ledger) {
	live := make(map[month]map[place]map[int32]bool)
	for m := l.first; m <= l.last; m++ {
		live[m] = h.liveAt(h.endOfDay(m.last()))
		for p, members := range live[m] {
			in := []segment{h.sliceOf(p)}
			l.ratio("community_engagement_rate", m, in, 0, float64(len(members)))
			l.ratio("contributor_rate_registered", m, in, 0, float64(len(members)))
		}
	}
	personDays := make(map[place]map[month]int)
	for i := range h.diaries {
		d := &h.diaries[i]
		if personDays[d.place] == nil {
			personDays[d.place] = make(map[month]int)
		}
		sheets := d.sheets()
		for m, s := range sheets {
			if m < l.first || m > l.last {
				continue
			}
			personDays[d.place][m] += s.activeDays
			h.countSheet(l, m, d, s, sheets[m-1])
			if live[m][d.place][d.human] {
				in := []segment{h.sliceOf(d.place)}
				l.ratio("community_engagement_rate", m, in, float(s.marks&isEngaged != 0), 0)
				l.ratio("contributor_rate_registered", m, in, float(s.marks&isContributor != 0), 0)
			}
		}
		h.countReturns(l, d, sheets)
	}
	h.countDays(l, personDays)
	h.countStickiness(l)
}

// countSheet enters one human's month in one place. By G8 an activity is sliced
// by the level of the month, an outcome by that of the month before.
func (h *history) countSheet(l *ledger, m month, d *diary, s, before *sheet) {
	in := []segment{h.sliceOf(d.place)}
	if s.marks&isEngaged != 0 {
		l.count("engaged_members", m, in, 1)
		l.share("repeat_participation_rate", m, in, len(s.weeks) >= 2)
	}
	if s.marks&isMeaningful != 0 {
		l.count("community_mau_meaningful", m, in, 1)
	}
	if s.marks&isActive == 0 {
		return
	}
	levelEnd, levelStart := in, in
	if d.place == everywhere {
		levelEnd = append(whole(), h.joinMonth(d.human), segment{"engagement_level", s.level()})
		levelStart = append(whole(), h.joinMonth(d.human), segment{"engagement_level", before.level()})
	}
	l.count("community_mau", m, levelEnd, 1)
	l.share("engaged_share_of_active", m, in, s.marks&isEngaged != 0)
	l.share("meaningful_engagement_rate", m, levelStart, s.marks&isMeaningful != 0)
	l.share("research_participation_rate", m, in, s.marks&isResearch != 0)
	contributed := s.marks&isContributor != 0
	l.share("contributor_rate", m, in, contributed)
	l.ratio("contributor_lurker_ratio", m, in, float(contributed), float(!contributed))
}

// countReturns compares each active month with its neighbours.
func (h *history) countReturns(l *ledger, d *diary, sheets map[month]*sheet) {
	in := []segment{h.sliceOf(d.place)}
	for m, s := range sheets {
		if s.activeDays == 0 {
			continue
		}
		after, before := sheets[m+1], sheets[m-1]
		l.share("returning_active_member_rate", m+1, in, after != nil && after.activeDays > 0)
		l.share("returning_share_of_active", m, in, before != nil && before.activeDays > 0)
	}
}

// countDays gives the mean of the days of a month, those without anybody too.
// Of a month in which the log begins or that is not over, the days it knows.
func (h *history) countDays(l *ledger, personDays map[place]map[month]int) {
	for p, months := range personDays {
		for m := l.first; m <= l.last; m++ {
			from, until := h.knownDays(m)
			if n := float64(until - from); n > 0 && (p == everywhere || months[m] > 0) {
				l.given("community_dau", m, h.sliceOf(p), float64(months[m]), n, float64(months[m])/n)
			}
		}
	}
}

// knownDays are the days of a month from the log's first to yesterday.
func (h *history) knownDays(m month) (from, until day) {
	return max(m.first(), h.days.day(h.first)), min(m.last()+1, h.today)
}

// countStickiness is the mean over days of the active of the day through the
// active of the 30 days that end with it; days without any are skipped.
// Numerator and denominator are the means of the two.
func (h *history) countStickiness(l *ledger) {
	start, end := l.first.first(), h.today
	byPlace := make(map[place][2][]float64)
	for i := range h.diaries {
		d := &h.diaries[i]
		counts, ok := byPlace[d.place]
		if !ok {
			counts = [2][]float64{make([]float64, end-start), make([]float64, end-start)}
			byPlace[d.place] = counts
		}
		covered := start
		for _, on := range d.activeDays() {
			if on >= end {
				break
			}
			counts[0][on-start]++
			for covered = max(covered, on); covered < min(on+rollingDays, end); covered++ {
				counts[1][covered-start]++
			}
		}
	}
	for p, counts := range byPlace {
		for m := l.first; m <= l.last; m++ {
			var days, dau, mau, share float64
			for on := max(m.first(), start); on < min(m.last()+1, end); on++ {
				if monthly := counts[1][on-start]; monthly > 0 {
					days++
					dau, mau, share = dau+counts[0][on-start], mau+monthly, share+counts[0][on-start]/monthly
				}
			}
			if days > 0 {
				l.given("community_stickiness_dau_mau", m, h.sliceOf(p), dau/days, mau/days, share/days)
			}
		}
	}
}

// activeDays are the days on which a diary's human was active, in order.
func (d *diary) activeDays() []day {
	var active []day
	for on, m := range d.days {
		if m&isActive != 0 {
			active = append(active, on)
		}
	}
	slices.Sort(active)
	return active
}

// countRegulars looks for members who have gone quiet: active on two days of
// (end-120 d, end-30 d], and on none since. Who joined in the last 30 days is in
// neither count; who left is in both.
func (h *history) countRegulars(l *ledger) {
	for i := range h.diaries {
		d := &h.diaries[i]
		active := d.activeDays()
		for m := l.first; m <= l.last; m++ {
			quiet := m.last() + 1 - quietDays
			base, since := 0, 0
			for _, on := range active {
				switch {
				case on >= quiet && on <= m.last():
					since++
				case on < quiet && on >= quiet-regularDays:
					base++
				}
			}
			if j, joined := h.joins[d.human]; joined && h.days.day(j.at) >= quiet {
				continue
			}
			if base >= regularActive {
				l.share("at_risk_member_share", m, []segment{h.sliceOf(d.place)}, since == 0)
			}
		}
	}
}

// countActs counts single acts: volume, and how many of them mean something.
func (h *history) countActs(l *ledger) {
	levels := make(map[placed]string)
	for i := range h.diaries {
		if d := &h.diaries[i]; d.place == everywhere {
			for m, s := range d.sheets() {
				levels[placed{m, d.human}] = s.level()
			}
		}
	}
	for _, a := range h.acts {
		m, in := a.on.month(), h.slices(a.community)
		if a.kind == wrote {
			level := segment{"engagement_level", levels[placed{m, a.human}]}
			l.count("community_post_volume", m, append(in, level, h.joinMonth(a.human)), 1)
		}
		if a.tier >= light {
			l.ratio("meaningful_act_share", m, in, float(a.tier >= meaningful), 1)
		}
	}
}
