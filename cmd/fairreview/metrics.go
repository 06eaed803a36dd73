package main

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.temporal.io/sdk/client"

	"github.com/fairreview/fairreview/postgres"
)

// temporalMetrics hands the SDK's counters, gauges and timers to Prometheus under their own names.
type temporalMetrics struct {
	vectors *vectors
	tags    map[string]string
}

type vectors struct {
	mu         sync.Mutex
	reg        *prometheus.Registry
	counters   map[string]*prometheus.CounterVec
	gauges     map[string]*prometheus.GaugeVec
	histograms map[string]*prometheus.HistogramVec
}

func newTemporalMetrics(reg *prometheus.Registry) client.MetricsHandler {
	return &temporalMetrics{vectors: &vectors{reg: reg, counters: map[string]*prometheus.CounterVec{},
		gauges: map[string]*prometheus.GaugeVec{}, histograms: map[string]*prometheus.HistogramVec{}}}
}

// WithTags returns a handler with the tags added.
func (m *temporalMetrics) WithTags(tags map[string]string) client.MetricsHandler {
	all := maps.Clone(m.tags)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, tags)
	return &temporalMetrics{m.vectors, all}
}

// series names the vector for a metric with these tags; the same metric with other tags is another vector, because
// Prometheus fixes the labels of a vector once.
func (m *temporalMetrics) series(name string) (key, metric string, labels []string) {
	labels = slices.Sorted(maps.Keys(m.tags))
	return name + "|" + strings.Join(labels, ","), strings.ReplaceAll(name, "-", "_"), labels
}

// Counter counts up.
func (m *temporalMetrics) Counter(name string) client.MetricsCounter {
	c := vector(m, m.vectors.counters, name, func(metric string, labels []string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: metric, Help: "Temporal SDK."}, labels)
	}).With(m.tags)
	return counterFunc(func(d int64) { c.Add(float64(d)) })
}

// Gauge holds a value.
func (m *temporalMetrics) Gauge(name string) client.MetricsGauge {
	g := vector(m, m.vectors.gauges, name, func(metric string, labels []string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: metric, Help: "Temporal SDK."}, labels)
	}).With(m.tags)
	return gaugeFunc(g.Set)
}

// Timer observes seconds.
func (m *temporalMetrics) Timer(name string) client.MetricsTimer {
	h := vector(m, m.vectors.histograms, name, func(metric string, labels []string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: metric + "_seconds", Help: "Temporal SDK.", Buckets: prometheus.DefBuckets}, labels)
	}).With(m.tags)
	return timerFunc(func(d time.Duration) { h.Observe(d.Seconds()) })
}

// vector finds or makes the vector of a metric. A second set of labels under the same name cannot be registered; it is
// kept unregistered rather than failing the worker.
func vector[V prometheus.Collector](m *temporalMetrics, known map[string]V, name string, make func(string, []string) V) V {
	key, metric, labels := m.series(name)
	m.vectors.mu.Lock()
	defer m.vectors.mu.Unlock()
	v, ok := known[key]
	if !ok {
		v = make(metric, labels)
		_ = m.vectors.reg.Register(v)
		known[key] = v
	}
	return v
}

type (
	counterFunc func(int64)
	gaugeFunc   func(float64)
	timerFunc   func(time.Duration)
)

func (f counterFunc) Inc(d int64)          { f(d) }
func (f gaugeFunc) Update(v float64)       { f(v) }
func (f timerFunc) Record(d time.Duration) { f(d) }

// recordMetrics are the pool's figures and the number of cases by status.
type recordMetrics struct {
	db   *postgres.DB
	desc *prometheus.Desc
}

// observe registers the process's, the pool's and the record's figures.
func (sv *services) observe() {
	sv.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewDBStatsCollector(sv.db.SQL().DB, "fairreview"),
		recordMetrics{sv.db, prometheus.NewDesc("fairreview_cases", "Cases by status.", []string{"status"}, nil)})
}

func (m recordMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- m.desc }

func (m recordMetrics) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	counts, err := m.db.StatusCounts(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(m.desc, err)
		return
	}
	for status, n := range counts {
		ch <- prometheus.MustNewConstMetric(m.desc, prometheus.GaugeValue, float64(n), string(status))
	}
}

// quiet lets the SDK's warnings through and keeps the rest.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}
func (q quiet) WithAttrs(as []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(as)} }
func (q quiet) WithGroup(n string) slog.Handler       { return quiet{q.Handler.WithGroup(n)} }
