package files

// surveyShapes are surveys, whom they asked, and what was answered.
func surveyShapes() []shape {
	return []shape{
		{
			name: "survey",
			help: "surveys: one row each, with what they measure",
			columns: []column{
				{name: "survey_id", kind: id, object: "survey", required: true},
				{name: "kind"},
				{name: "survey_mode"},
				{name: "subject"},
				{name: "gathering_id", kind: id, object: "gathering"},
				{name: "community_id", kind: id},
				{name: "source_updated_at", kind: moment},
			},
		},
		{
			name: "survey_question",
			help: "questions of surveys and their scales",
			columns: []column{
				{name: "question_id", kind: id, object: "question", required: true},
				{name: "survey_id", kind: id, object: "survey", required: true},
				{name: "kind"},
				{name: "scale_min", kind: number},
				{name: "scale_max", kind: number},
				{name: "higher_is_better", kind: flag},
				{name: "feature"},
				{name: "source_updated_at", kind: moment},
			},
		},
		{
			name: "survey_invitation",
			help: "who was asked to answer a survey",
			key:  []string{"survey_id", "identity_id", "sent_at"},
			columns: []column{
				{name: "invitation_id", kind: id, object: "invitation", required: true},
				{name: "survey_id", kind: id, object: "survey", required: true},
				{name: "identity_id", kind: id},
				{name: "sent_at", kind: moment, event: true},
				{name: "is_bounced", kind: flag},
				{name: "channel"},
				{name: "source_updated_at", kind: moment},
			},
		},
		{
			name: "survey_response",
			help: "answers to surveys: one row per submission and question",
			key:  []string{"response_id", "question_id"},
			columns: []column{
				{name: "response_id", kind: id, object: "response", required: true},
				{name: "question_id", kind: id, object: "question"},
				{name: "survey_id", kind: id, object: "survey", required: true},
				{name: "identity_id", kind: id},
				{name: "org_id", kind: id, object: "org"},
				{name: "ticket_id", kind: id, object: "ticket"},
				{name: "gathering_id", kind: id, object: "gathering"},
				{name: "responded_at", kind: moment, event: true},
				{name: "score_raw", kind: number},
				{name: "label_raw"},
				{name: "text_raw", personal: true},
				{name: "is_complete", kind: flag},
				{name: "source_updated_at", kind: moment},
			},
		},
	}
}

// productShapes are who uses the product, and for what.
func productShapes() []shape {
	return []shape{
		{
			name: "product_user",
			help: "users of the product",
			columns: []column{
				{name: "identity_id", kind: id, required: true},
				{name: "org_id", kind: id, object: "org"},
				{name: "created_at", kind: moment, event: true},
				{name: "deactivated_at", kind: moment},
				{name: "is_service", kind: flag},
				{name: "source_updated_at", kind: moment},
			},
		},
		{
			name: "product_event",
			help: "events of the product's own tracking",
			key:  []string{"event_name", "identity_id", "occurred_at"},
			columns: []column{
				{name: "event_id", kind: id, object: "event", required: true},
				{name: "identity_id", kind: id},
				{name: "org_id", kind: id, object: "org"},
				{name: "event_name", required: true},
				{name: "feature"},
				{name: "occurred_at", kind: moment, required: true, event: true},
				{name: "is_automated", kind: flag},
				{name: "source_updated_at", kind: moment},
			},
		},
	}
}
