package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/fairreview/fairreview/server"
)

// Web says how the site is reached, and how much of it one account or address may ask for.
type Web struct {
	TLSCert string `name:"tls-cert" env:"FAIRREVIEW_TLS_CERT" placeholder:"FILE" type:"path" help:"Serve HTTPS with this certificate chain, as PEM; read again when the file changes, and on SIGHUP. ($${env})"`
	TLSKey  string `name:"tls-key" env:"FAIRREVIEW_TLS_KEY" placeholder:"FILE" type:"path" help:"The certificate's key, as PEM. ($${env})"`

	RateAccount float64 `env:"FAIRREVIEW_RATE_ACCOUNT" default:"300" placeholder:"N" help:"Reads a second that one account may ask for, lasting; ten seconds' worth at once. A write counts as two, a list, a case's page or a count as ten. 0: no bound. ($${env})"`
	RateAddress float64 `env:"FAIRREVIEW_RATE_ADDRESS" default:"3000" placeholder:"N" help:"The same for everybody behind one address. 0: no bound. ($${env})"`
}

// checkWeb refuses what cannot be served.
func (w Web) checkWeb() error {
	switch {
	case (w.TLSCert == "") != (w.TLSKey == ""):
		return errors.New("set both --tls-cert and --tls-key, or neither")
	case w.RateAccount < 0 || w.RateAddress < 0 || w.RateAccount > 1e9 || w.RateAddress > 1e9:
		return errors.New("--rate-account and --rate-address are numbers of requests a second, or 0")
	}
	return nil
}

func (w Web) rates() server.Rates {
	return server.Rates{Account: w.RateAccount, Address: w.RateAddress}
}

// scheme is what the site's own address begins with.
func (w Web) scheme() string {
	if w.TLSCert != "" {
		return "https://"
	}
	return "http://"
}

// guard puts TLS round the listener when there is a certificate. A certificate that cannot be read is refused at the
// start; one that comes later and cannot be read leaves the one before in place, and the log says so.
func (w Web) guard(ctx context.Context, ln net.Listener, log *slog.Logger) (net.Listener, error) {
	if w.TLSCert == "" {
		return ln, nil
	}
	k := &keyPair{cert: w.TLSCert, key: w.TLSKey, log: log}
	if err := k.load(); err != nil {
		return nil, fmt.Errorf("--tls-cert, --tls-key: %w", err)
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGHUP)
	go k.hup(ctx, told)
	return tls.NewListener(ln, &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: k.current}), nil
}

// looksEvery is how often, at most, the files are looked at: not at every handshake of a busy second.
const looksEvery = time.Second

// keyPair is a certificate and its key, as they are on disk.
type keyPair struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	stamp  string    // of the files that pair was read from, or that could not be read
	looked time.Time // when last
}

// current is the certificate for a handshake.
func (k *keyPair) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.looked) >= looksEvery {
		k.looked = time.Now()
		if k.stamped() != k.stamp {
			k.reload()
		}
	}
	return k.pair, nil
}

// hup reads the files again whenever the process is told to.
func (k *keyPair) hup(ctx context.Context, told chan os.Signal) {
	defer signal.Stop(told)
	for {
		select {
		case <-ctx.Done():
			return
		case <-told:
			k.mu.Lock()
			k.reload()
			k.mu.Unlock()
		}
	}
}

func (k *keyPair) reload() {
	if err := k.load(); err != nil {
		k.log.Error("the new certificate cannot be read; the one before stays", "error", err)
		return
	}
	k.log.Info("certificate read", "file", k.cert, "until", k.pair.Leaf.NotAfter)
}

// load reads the pair. What is remembered of the files was there before they were read: a change in between is seen the
// next time.
func (k *keyPair) load() error {
	k.stamp = k.stamped()
	pair, err := tls.LoadX509KeyPair(k.cert, k.key)
	if err != nil {
		return err
	}
	k.pair = &pair
	return nil
}

// stamped tells one state of the files from another.
func (k *keyPair) stamped() string {
	out := ""
	for _, name := range []string{k.cert, k.key} {
		if fi, err := os.Stat(name); err == nil {
			out += fmt.Sprint(fi.ModTime().UnixNano(), " ", fi.Size(), " ")
		}
	}
	return out
}
