package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

// hookPatience is how long an endpoint may take to answer.
const hookPatience = 10 * time.Second

// SecretPrefix stands before a secret where people copy it, as the Standard Webhooks have it.
const SecretPrefix = "whsec_"

// Sign is the signature of a message by the Standard Webhooks: HMAC-SHA256 over id, time and body.
func Sign(secret []byte, id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// The reasons for which an endpoint is refused.
var (
	ErrNotHTTPS = errors.New("not https")       // and not on this machine
	ErrPrivate  = errors.New("private address") // of this network, of this machine, or no address that a stranger has
	ErrURL      = errors.New("no web address")
)

// CheckURL refuses what no message is sent to, as far as the address itself tells; where its name leads is asked when it is
// sent. private allows addresses of this network and, without TLS, of this machine.
func CheckURL(raw string, private bool) error {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" || len(raw) > 2000 {
		return ErrURL
	}
	home := loopback(u.Hostname())
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !home):
		return ErrNotHTTPS
	case home && !private:
		return ErrPrivate
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !private && !public(ip) {
		return ErrPrivate
	}
	return nil
}

// reserved are the networks that net/netip does not know to be nobody's or everybody's own. The last ones hold an IPv4 address
// within: what is behind it cannot be told from here.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("fec0::/10"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("::/96"),
}

// public reports whether an address belongs to somebody in the world, and not to this machine or its network.
func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.Zone() != "" {
		return false
	}
	for _, p := range reserved {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// Hooks sends webhook messages.
type Hooks struct {
	private bool
	client  *http.Client
}

// NewHooks makes a sender. It follows no redirect and uses no proxy: the address that was checked is the one that is spoken to,
// whatever a name meant when it was registered. roots may be nil.
func NewHooks(private bool, roots *tls.Config) *Hooks {
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		if private {
			return nil
		}
		at, err := netip.ParseAddrPort(address)
		if err != nil || !public(at.Addr()) {
			return ErrPrivate
		}
		return nil
	}}
	return &Hooks{private: private, client: &http.Client{
		Timeout: hookPatience,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: roots, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: hookPatience,
			MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 16 << 10, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Send posts a body to an endpoint; taken is an answer of 200 to 299. The error is a short code, without the address and without
// words of the endpoint: "http 500", "redirect", "timeout", "private address", "connection".
func (h *Hooks) Send(ctx context.Context, to string, secret []byte, id string, at time.Time, body []byte) error {
	if err := CheckURL(to, h.private); err != nil {
		return err
	}
	if len(secret) == 0 {
		return errors.New("no secret")
	}
	ctx, cancel := context.WithTimeout(ctx, hookPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return ErrURL
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "fairreview")
	req.Header.Set("webhook-id", id)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	req.Header.Set("webhook-signature", Sign(secret, id, at, body))
	req.GetBody = nil // no attempt that we do not count
	resp, err := h.client.Do(req)
	if err != nil {
		return hookError(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 16<<10)) // so that the connection may serve again
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
		return nil
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return errors.New("redirect")
	}
	return fmt.Errorf("http %d", resp.StatusCode)
}

func hookError(err error) error {
	var timeout net.Error
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, ErrPrivate):
		return ErrPrivate
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("timeout")
	case errors.As(err, &name):
		return errors.New("name")
	case errors.As(err, &certificate):
		return errors.New("certificate")
	}
	return errors.New("connection")
}
