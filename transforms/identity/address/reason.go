package address

import "slices"

// Reasons lists every [Address.Reason] there is, "" first: the lists that are
// shipped decide which.
func Reasons() []string {
	l := shippedLists()
	all := []string{reservedDomain, noReplyDomain, noReplyLocal, malformedLocal, fillerLocal, unknownSuffix, privateSuffix, bareSuffix, university}
	all = append(all, l.names...)
	for _, reason := range l.reasons {
		all = append(all, reason)
	}
	all = slices.DeleteFunc(all, func(reason string) bool { return reason == "" })
	slices.Sort(all)
	return append([]string{""}, slices.Compact(all)...)
}
