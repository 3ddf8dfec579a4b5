package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/robfig/cron/v3"
)

// ParseSchedule reads "@every 1h", "@daily" and its like, or a cron line of
// five fields, which are counted in zone.
func ParseSchedule(text string, zone *time.Location) (Schedule, error) {
	text = strings.TrimSpace(text)
	if every, ok := strings.CutPrefix(text, "@every "); ok {
		d, err := ParseDuration(strings.TrimSpace(every))
		if err != nil {
			return nil, errors.New("write \"@every 90m\" or \"@every 1h\"")
		}
		if d < time.Second {
			return nil, errors.New("@every needs at least 1s")
		}
		return cron.Every(d), nil
	}
	if strings.Contains(text, "TZ=") {
		return nil, errors.New("a schedule takes its zone from time_zone")
	}
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)
	schedule, err := parser.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("write \"@every 1h\", \"@hourly\", \"@daily\", \"@weekly\" or a cron line of five fields (%w)", err)
	}
	if spec, ok := schedule.(*cron.SpecSchedule); ok {
		spec.Location = zone
	}
	if schedule.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, errors.New("no such day ever comes")
	}
	return schedule, nil
}

// schedule reads the attribute of that name. Descriptors that are almost
// right get a near miss.
func (s section) schedule(zone *time.Location) (Schedule, bool) {
	text, rng, ok := s.text("schedule")
	if !ok {
		return nil, false
	}
	schedule, err := ParseSchedule(text, zone)
	if err != nil {
		s.l.badSchedule(rng, text, err)
		return nil, false
	}
	return schedule, true
}

func (l *loader) badSchedule(rng hcl.Range, text string, err error) {
	near := ""
	word, _, _ := strings.Cut(text, " ")
	if other, ok := NearMiss(word, []string{"@every", "@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"}); ok {
		near = " Did you mean \"" + other + "\"?"
	}
	l.fail(rng, "Invalid schedule", "%q is no schedule: %v.%s", text, err, near)
}
