package connectors

import (
	"time"

	"rollcall/connectors/wire"
)

func specToWire(s Spec) *wire.DescribeResponse {
	r := &wire.DescribeResponse{
		Type: s.Type, Title: s.Title, Docs: s.Docs, Version: s.Version,
		Settings: settingsToWire(s.Settings), Staging: s.Staging, EmailTrust: string(s.EmailTrust),
	}
	for _, kind := range s.Kinds {
		r.Kinds = append(r.Kinds, string(kind))
	}
	for _, stream := range s.Streams {
		r.Streams = append(r.Streams, &wire.Stream{
			Name: stream.Name, Help: stream.Help, Mode: string(stream.Mode),
			Personal: stream.Personal, Volatile: stream.Volatile, Fields: stream.Fields,
			LookbackNs: int64(stream.Lookback), EveryNs: int64(stream.Every),
		})
	}
	for _, bucket := range s.Buckets {
		r.Buckets = append(r.Buckets, &wire.Bucket{
			Name: bucket.Name, Limit: int64(bucket.Limit), PerNs: int64(bucket.Per),
			Burst: int64(bucket.Burst), Help: bucket.Help,
		})
	}
	return r
}

func settingsToWire(settings []Setting) []*wire.Setting {
	var out []*wire.Setting
	for _, s := range settings {
		out = append(out, &wire.Setting{
			Name: s.Name, Type: string(s.Type), Required: s.Required, Secret: s.Secret,
			DefaultHcl: s.Default, Help: s.Help, Block: settingsToWire(s.Block),
		})
	}
	return out
}

func specFromWire(r *wire.DescribeResponse) Spec {
	s := Spec{
		Type: r.GetType(), Title: r.GetTitle(), Docs: r.GetDocs(), Version: r.GetVersion(),
		Settings: settingsFromWire(r.GetSettings(), 0), Staging: r.GetStaging(), EmailTrust: Trust(r.GetEmailTrust()),
	}
	for _, kind := range r.GetKinds() {
		s.Kinds = append(s.Kinds, Kind(kind))
	}
	for _, stream := range r.GetStreams() {
		s.Streams = append(s.Streams, Stream{
			Name: stream.GetName(), Help: stream.GetHelp(), Mode: Mode(stream.GetMode()),
			Personal: stream.GetPersonal(), Volatile: stream.GetVolatile(), Fields: stream.GetFields(),
			Lookback: time.Duration(stream.GetLookbackNs()), Every: time.Duration(stream.GetEveryNs()),
		})
	}
	for _, bucket := range r.GetBuckets() {
		s.Buckets = append(s.Buckets, Bucket{
			Name: bucket.GetName(), Limit: int(bucket.GetLimit()), Per: time.Duration(bucket.GetPerNs()),
			Burst: int(bucket.GetBurst()), Help: bucket.GetHelp(),
		})
	}
	return s
}

// settingsFromWire reads one level more than Validate allows, so that what it
// refuses is seen and nothing deeper is followed.
func settingsFromWire(settings []*wire.Setting, depth int) []Setting {
	if depth > maxSettingDepth {
		return nil
	}
	var out []Setting
	for _, s := range settings {
		out = append(out, Setting{
			Name: s.GetName(), Type: SettingType(s.GetType()), Required: s.GetRequired(), Secret: s.GetSecret(),
			Default: s.GetDefaultHcl(), Help: s.GetHelp(), Block: settingsFromWire(s.GetBlock(), depth+1),
		})
	}
	return out
}

func accessToWire(a Access) *wire.Access {
	r := &wire.Access{Account: a.Account, Notes: a.Notes, ServerTimeUnixUs: microsOrZero(a.ServerTime)}
	for _, s := range a.Streams {
		r.Streams = append(r.Streams, &wire.StreamAccess{Stream: s.Stream, Readable: s.Readable, Reason: s.Reason})
	}
	return r
}

func accessFromWire(r *wire.Access) Access {
	a := Access{Account: r.GetAccount(), Notes: r.GetNotes(), ServerTime: timeOrZero(r.GetServerTimeUnixUs())}
	for _, s := range r.GetStreams() {
		a.Streams = append(a.Streams, StreamAccess{Stream: s.GetStream(), Readable: s.GetReadable(), Reason: s.GetReason()})
	}
	return a
}

// microsOrZero and timeOrZero carry a time for which 0 means "none".
func microsOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func timeOrZero(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
