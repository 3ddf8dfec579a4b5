package transforms_test

import (
	"fmt"
	"strings"

	"rollcall/transforms"
)

// canonColumns are the columns of each shape that the tests of definitions
// fill; @ marks a time, # a number, ? a truth value.
func canonColumns() map[string]string {
	return map[string]string{
		"identity":            "identity_id source source_instance email is_staff? is_bot? source_updated_at@",
		"identity_role":       "identity_id role_name valid_from@ valid_to@",
		"community":           "community_id name exposes_visits? supports_accept?",
		"community_member":    "member_id community_id identity_id joined_at@ left_at@ join_channel is_suspended? suspended_at@ suspended_until@ source_updated_at@",
		"thread":              "thread_id community_id author_identity_id category tags created_at@ char_len# is_solvable? is_private? product_topic merged_into_thread_id is_removed? source_updated_at@",
		"thread_reply":        "reply_id thread_id community_id author_identity_id created_at@ char_len# is_removed?",
		"community_event":     "event_id community_id identity_id event_type reaction thread_id content_id occurred_at@ is_automated? is_removed?",
		"answer":              "thread_id reply_id accepted_at@ unaccepted_at@",
		"moderation_action":   "action_id community_id content_id flagged_at@ resolved_at@ outcome",
		"content_view_daily":  "content_type content_id community_id viewer_class views# unique_viewers#",
		"community_gathering": "gathering_id community_id kind event_series starts_at@ ends_at@ reports_attendance? is_cancelled?",
		"event_attendance":    "attendance_id gathering_id identity_id registered_at@ cancelled_at@ minutes_attended# checked_in? is_host?",
		"survey":              "survey_id kind gathering_id community_id",
		"survey_question":     "question_id survey_id scale_min# scale_max# higher_is_better?",
		"survey_response":     "response_id question_id survey_id identity_id gathering_id responded_at@ score_raw# is_complete?",
		"product_user":        "identity_id created_at@ is_service?",
		"product_event":       "event_id identity_id event_name occurred_at@ is_automated?",
	}
}

// canon is a connector whose records are rows of the shapes, as they stand.
func canon() transforms.Source {
	source := transforms.Source{Type: "c", Version: "1", Instances: []transforms.Instance{{Name: "m", Kinds: []string{"community", "product", "survey", "events"}}}, Staging: map[string]string{}}
	for shape, columns := range canonColumns() {
		var fields, selected []string
		for _, column := range strings.Fields(columns) {
			name := strings.TrimRight(column, "@#?")
			kind, expression := "VARCHAR", "j."+name
			switch strings.TrimPrefix(column, name) {
			case "@":
				kind, expression = "TIMESTAMPTZ", "j."+name+" at time zone 'UTC'"
			case "#":
				kind = "BIGINT"
				if strings.HasPrefix(name, "scale_") || name == "score_raw" || name == "minutes_attended" {
					kind = "DOUBLE"
				}
			case "?":
				kind = "BOOLEAN"
			}
			fields = append(fields, fmt.Sprintf("%q: %q", name, kind))
			selected = append(selected, expression+" as "+name)
		}
		source.Streams = append(source.Streams, transforms.Stream{Name: shape, Fields: "{" + strings.Join(fields, ", ") + "}"})
		source.Staging[shape] = "select record, first_seen_at, deleted_at, " + strings.Join(selected, ", ") + " from raw.c__" + shape
	}
	return source
}

// row stores a row of a shape, given as `column=value` words; the first is the
// key. A value of digits is a number in a number's column.
func (l *lake) row(shape, words string) {
	l.put("c", "m", shape, strings.Fields(words)[0], canonRecord(shape, words), false)
}

func canonRecord(shape, words string) object {
	kinds := map[string]string{}
	for _, column := range strings.Fields(canonColumns()[shape]) {
		name := strings.TrimRight(column, "@#?")
		kinds[name] = strings.TrimPrefix(column, name)
	}
	record := object{}
	for _, word := range strings.Fields(words) {
		name, value, _ := strings.Cut(word, "=")
		switch kinds[name] {
		case "#":
			var number float64
			if _, err := fmt.Sscan(value, &number); err != nil {
				panic(err)
			}
			record[name] = number
		case "?":
			record[name] = value == "true"
		default:
			record[name] = value
		}
	}
	return record
}

// canonBuild builds with every stream of canon present.
func (l *lake) canonBuild() *transforms.Build {
	l.t.Helper()
	for shape := range canonColumns() {
		l.createRaw("c", shape)
		l.cover("c", "m", shape)
	}
	return l.build(l.builder(canon()))
}
