package truth

// kpis are all KPIs that the truth knows, by the catalogue's tables (type,
// window and maturity).
func kpis() map[string]kpi {
	return map[string]kpi{
		"community_members_total":         {measure: counted},
		"community_new_members":           {measure: counted},
		"community_dau":                   {measure: derived},
		"community_mau":                   {measure: counted},
		"community_mau_meaningful":        {measure: counted},
		"community_stickiness_dau_mau":    {measure: derived},
		"new_member_activation_rate":      {measure: divided, waits: activationWindow},
		"new_member_first_action_rate":    {measure: divided, waits: activationWindow},
		"contributor_rate":                {measure: divided},
		"contributor_rate_registered":     {measure: divided},
		"contributor_lurker_ratio":        {measure: divided},
		"community_engagement_rate":       {measure: divided},
		"engaged_share_of_active":         {measure: divided},
		"engaged_members":                 {measure: counted},
		"returning_active_member_rate":    {measure: divided},
		"returning_share_of_active":       {measure: divided},
		"community_post_volume":           {measure: counted},
		"at_risk_member_share":            {measure: divided},
		"repeat_participation_rate":       {measure: divided},
		"meaningful_engagement_rate":      {measure: divided},
		"meaningful_act_share":            {measure: divided},
		"research_participation_rate":     {measure: divided},
		"content_save_rate":               {measure: divided},
		"member_retention_rate":           {measure: divided, months: 1},
		"member_retention_rate_activated": {measure: divided, months: 1},

		"consent_coverage_rate": {measure: divided},

		"first_response_time_median_hours":          {measure: halved},
		"first_response_time_mean_hours":            {measure: divided},
		"first_response_time_censored_median_hours": {measure: halved, waits: unansweredWindow},
		"first_response_within_24h_rate":            {measure: divided, waits: fastResponse},
		"unanswered_question_rate":                  {measure: divided, waits: unansweredWindow},
		"unanswered_question_backlog":               {measure: counted},
		"accepted_solution_rate":                    {measure: divided, waits: acceptWindow},
		"accepted_solution_rate_answered":           {measure: divided, waits: acceptWindow},
		"accepted_solution_count":                   {measure: counted},
		"peer_response_share":                       {measure: divided},

		"flagged_content_rate":                  {measure: divided},
		"flag_rate_all":                         {measure: divided},
		"moderation_response_time_median_hours": {measure: halved},

		"thread_depth_mean":        {measure: divided, waits: depthWindow},
		"thread_depth_median":      {measure: halved, waits: depthWindow},
		"thread_participants_mean": {measure: divided, waits: depthWindow},
		"helpful_vote_rate":        {measure: divided, waits: helpfulWindow},
		"helpful_votes_per_reply":  {measure: divided, waits: helpfulWindow},

		"event_participation_rate":  {measure: divided},
		"event_attendees":           {measure: counted},
		"event_walk_in_count":       {measure: counted},
		"event_satisfaction_score":  {measure: divided},
		"event_satisfaction_top2":   {measure: divided},
		"member_satisfaction_share": {measure: divided},
		"training_engagement_rate":  {measure: divided},
	}
}
