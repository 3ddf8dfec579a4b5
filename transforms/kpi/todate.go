package kpi

// toDate is the grain of cells that hold the first days of a period only: those
// of the period that is going on, and as many of the one before and of the one
// a year before. They are compared and never published.
func toDate(grain string) string { return grain + "_to_date" }
