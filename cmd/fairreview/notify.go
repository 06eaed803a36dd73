package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fairreview/fairreview/activities"
	"github.com/fairreview/fairreview/internal/notify"
	"github.com/fairreview/fairreview/postgres"
)

// Notices say how people and other systems are told beside the site itself. Every process with a worker needs the same.
type Notices struct {
	SMTP             string `name:"smtp" env:"FAIRREVIEW_SMTP" placeholder:"URL" help:"Mail server: smtp://[user@]host[:587], with STARTTLS, or smtps://[user@]host[:465]. No mail when empty. ($${env})"`
	SMTPPassword     string `name:"smtp-password" env:"FAIRREVIEW_SMTP_PASSWORD" help:"Password of the user; better in a file. ($${env})"`
	SMTPPasswordFile string `name:"smtp-password-file" env:"FAIRREVIEW_SMTP_PASSWORD_FILE" placeholder:"FILE" type:"path" help:"The same, from a file. ($${env})"`
	MailFrom         string `env:"FAIRREVIEW_MAIL_FROM" placeholder:"ADDRESS" help:"Sender of mails. ($${env})"`
	PublicURL        string `name:"public-url" env:"FAIRREVIEW_PUBLIC_URL" placeholder:"URL" help:"Where people reach the site; links in mails begin with it. ($${env})"`
	DigestHour       int    `env:"FAIRREVIEW_DIGEST_HOUR" default:"8" help:"Hour of the daily mail, in China time. ($${env})"`
	PrivateWebhooks  bool   `env:"FAIRREVIEW_PRIVATE_WEBHOOKS" help:"Webhooks may go to addresses of this network and of this machine. ($${env})"`
}

// complete refuses half a configuration.
func (n Notices) complete() error {
	if n.DigestHour < 0 || n.DigestHour > 23 {
		return errors.New("--digest-hour must be between 0 and 23")
	}
	if n.SMTP == "" {
		return nil
	}
	if u, err := url.Parse(n.PublicURL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("mail needs --public-url, the address at which people reach the site")
	}
	if n.MailFrom == "" {
		return errors.New("mail needs --mail-from, the sender's address")
	}
	return nil
}

// notifier makes what a worker delivers with.
func (n Notices) notifier(sv *services) (*activities.Notifier, error) {
	if err := n.complete(); err != nil {
		return nil, err
	}
	out := &activities.Notifier{DB: sv.db, Hooks: notify.NewHooks(n.PrivateWebhooks, nil), Base: strings.TrimRight(n.PublicURL, "/"), Digest: n.DigestHour, Log: sv.log}
	if n.SMTP == "" {
		return out, nil
	}
	password := n.SMTPPassword
	if n.SMTPPasswordFile != "" {
		raw, err := os.ReadFile(n.SMTPPasswordFile)
		if err != nil {
			return nil, fmt.Errorf("read the mail server's password: %w", err)
		}
		password = strings.TrimRight(string(raw), "\r\n")
	}
	var err error
	if out.Mail, err = notify.NewMailer(n.SMTP, password, n.MailFrom); err != nil {
		return nil, err
	}
	return out, nil
}

// queueMetrics are how the queues of mail and webhooks stand.
type queueMetrics struct {
	db                                     *postgres.DB
	waiting, retrying, oldest, dead, fresh *prometheus.Desc
}

// observeQueues registers the queues' figures.
func (sv *services) observeQueues() {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("fairreview_notify_"+name, help, labels, nil)
	}
	sv.registry.MustRegister(queueMetrics{
		db:       sv.db,
		waiting:  desc("waiting", "Messages due and not yet taken.", "channel"),
		retrying: desc("retrying", "Of these, messages that failed before.", "channel"),
		oldest:   desc("oldest_seconds", "How long the oldest message has been due.", "channel"),
		dead:     desc("dead", "Messages given up, within ninety days.", "channel"),
		fresh:    desc("fresh", "Notices for which nothing was queued yet."),
	})
}

// Describe names the figures.
func (m queueMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.waiting, m.retrying, m.oldest, m.dead, m.fresh} {
		ch <- d
	}
}

// Collect asks the record.
func (m queueMetrics) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	mail, hooks, fresh, err := m.db.Queues(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(m.waiting, err)
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, c := range []struct {
		name string
		postgres.Queue
	}{{"mail", mail}, {"webhook", hooks}} {
		gauge(m.waiting, float64(c.Waiting), c.name)
		gauge(m.retrying, float64(c.Retrying), c.name)
		gauge(m.oldest, c.Oldest.Seconds(), c.name)
		gauge(m.dead, float64(c.Dead), c.name)
	}
	gauge(m.fresh, float64(fresh))
}
