package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// certify writes a new certificate for the loopback and its key, and returns a pool that knows it.
func certify(t *testing.T, name, cert, key string) *x509.CertPool {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	write(t, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw}))
	pool := x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(parsed)
	return pool
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// shown is the common name of the certificate that a fresh connection is shown.
func shown(t *testing.T, addr string, pool *x509.CertPool) string {
	t.Helper()
	c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].Subject.CommonName
}

// TestTLSByFlags is not parallel: it sends this process SIGHUP.
func TestTLSByFlags(t *testing.T) {
	dir := t.TempDir()
	w := Web{TLSCert: filepath.Join(dir, "site.crt"), TLSKey: filepath.Join(dir, "site.key")}
	pool := certify(t, "first", w.TLSCert, w.TLSKey)
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	ln, err := w.guard(t.Context(), plain, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/", func(c *fiber.Ctx) error { return c.SendString("ok") })
	go func() { _ = app.Listener(ln) }()
	defer app.Shutdown() //nolint:errcheck // the test is over
	addr := plain.Addr().String()
	if got := shown(t, addr, pool); got != "first" {
		t.Fatalf("shown %q", got)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	resp, err := client.Get(w.scheme() + addr + "/") //nolint:noctx // the test's own server
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if string(b) != "ok" || resp.TLS.Version < tls.VersionTLS12 {
		t.Errorf("%q by %x", b, resp.TLS.Version)
	}
	if c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil { //nolint:gosec // that it is refused
		_ = c.Close()
		t.Error("TLS 1.1 is spoken")
	}
	if resp, err := http.Get("http://" + addr + "/"); err == nil { //nolint:noctx // the test's own server
		_ = resp.Body.Close()
		if resp.StatusCode == 200 {
			t.Error("plain HTTP is answered on the port of HTTPS")
		}
	}
	// A new one is taken up when the files change, without being told …
	pool = certify(t, "second", w.TLSCert, w.TLSKey)
	became := func(want string, pool *x509.CertPool) {
		t.Helper()
		got := ""
		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
			if got = shown(t, addr, pool); got == want {
				return
			}
		}
		t.Errorf("shown %q, want %q", got, want)
	}
	became("second", pool)
	// … a broken one is not …
	good, err := os.ReadFile(w.TLSCert)
	if err != nil {
		t.Fatal(err)
	}
	write(t, w.TLSCert, []byte("-----BEGIN CERTIFICATE-----\nnonsense\n"))
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	became("second", pool)
	write(t, w.TLSCert, good)
	// … and one whose files look the same as before is, on SIGHUP.
	before, err := os.Stat(w.TLSCert)
	if err != nil {
		t.Fatal(err)
	}
	became("second", pool)
	pool = certify(t, "fourth", w.TLSCert, w.TLSKey)
	for _, name := range []string{w.TLSCert, w.TLSKey} {
		if err := os.Chtimes(name, before.ModTime(), before.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	became("fourth", pool)
}

func TestABadCertificateIsSaidAtTheStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, two := Web{TLSCert: filepath.Join(dir, "a.crt"), TLSKey: filepath.Join(dir, "a.key")}, Web{TLSCert: filepath.Join(dir, "b.crt"), TLSKey: filepath.Join(dir, "b.key")}
	certify(t, "a", one.TLSCert, one.TLSKey)
	certify(t, "b", two.TLSCert, two.TLSKey)
	for name, w := range map[string]Web{
		"a file that is not there":       {TLSCert: filepath.Join(dir, "no.crt"), TLSKey: one.TLSKey},
		"the key of another certificate": {TLSCert: one.TLSCert, TLSKey: two.TLSKey},
		"a key for a certificate":        {TLSCert: one.TLSKey, TLSKey: one.TLSKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := w.guard(context.Background(), nil, slog.Default())
			if err == nil || !strings.Contains(err.Error(), "--tls-cert, --tls-key") || strings.Contains(err.Error(), "PRIVATE") {
				t.Errorf("%v", err)
			}
		})
	}
	for name, w := range map[string]Web{
		"a certificate without its key": {TLSCert: one.TLSCert},
		"a key without its certificate": {TLSKey: one.TLSKey},
		"a negative rate":               {RateAccount: -1},
	} {
		if w.checkWeb() == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if err := (Web{RateAccount: 300, RateAddress: 3000}).checkWeb(); err != nil {
		t.Error(err)
	}
}

// TestHealthcheckOverTLS asks a server on this machine whose certificate is for another name, as containers do.
func TestHealthcheckOverTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := Web{TLSCert: filepath.Join(dir, "site.crt"), TLSKey: filepath.Join(dir, "site.key")}
	certify(t, "site", w.TLSCert, w.TLSKey)
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln, err := w.guard(t.Context(), plain, slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/readyz", func(c *fiber.Ctx) error { return c.SendString("ready\n") })
	go func() { _ = app.Listener(ln) }()
	defer app.Shutdown() //nolint:errcheck // the test is over
	if err := (&HealthcheckCmd{URL: "https://" + plain.Addr().String() + "/readyz"}).Run(t.Context()); err != nil {
		t.Error(err)
	}
	if thisMachine("fairreview.example").(*http.Transport).TLSClientConfig != nil && thisMachine("fairreview.example").(*http.Transport).TLSClientConfig.InsecureSkipVerify {
		t.Error("certificates of other machines are not verified")
	}
}
