package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"rollcall/internal/config"
	"rollcall/sync"
)

// serveMetrics answers Prometheus where the configuration says.
func (h *host) serveMetrics(m config.Metrics) (stop func() error, err error) {
	if m.Listen == "" {
		return func() error { return nil }, nil
	}
	registry := prometheus.NewRegistry()
	stopCounting := h.countRuns(registry)
	listener, err := net.Listen("tcp", m.Listen)
	if err != nil {
		stopCounting()
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	return func() error {
		stopCounting()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := server.Shutdown(ctx)
		if served := <-served; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}, nil
}

// countRuns counts what ended runs did.
func (h *host) countRuns(registry *prometheus.Registry) (stop func()) {
	labels := []string{"instance", "stream"}
	runs := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rollcall_runs_total", Help: "Ended runs of a stream by how they ended."}, append(labels, "status"))
	appended := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rollcall_appended_total", Help: "New versions of records stored."}, labels)
	rejected := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rollcall_rejected_total", Help: "Records kept aside because they cannot be read."}, labels)
	good := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "rollcall_last_good_timestamp_seconds", Help: "When the last run that ended well finished."}, labels)
	registry.MustRegister(runs, appended, rejected, good)
	return h.listen(func(event sync.Event) {
		if o := event.Outcome; event.Ended && o != nil {
			runs.WithLabelValues(o.Instance, o.Stream, string(o.Status)).Inc()
			appended.WithLabelValues(o.Instance, o.Stream).Add(float64(o.Appended))
			rejected.WithLabelValues(o.Instance, o.Stream).Add(float64(o.Rejected))
			if o.Status == sync.StatusOK {
				good.WithLabelValues(o.Instance, o.Stream).Set(float64(o.Finished.Unix()))
			}
		}
	})
}
