package notify

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var (
	hookSecret = []byte("0123456789abcdef0123456789abcdef")
	hookTime   = time.Unix(1674087231, 0)
)

// The example of the Standard Webhooks specification's libraries.
func TestTheSignatureIsThatOfTheStandard(t *testing.T) {
	t.Parallel()
	secret, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := Sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("got %s", got)
	}
}

func TestAMessageIsSignedOverWhatIsSent(t *testing.T) {
	t.Parallel()
	var seen http.Header
	var body []byte
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Clone()
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(srv.Close)
	h := NewHooks(true, &tls.Config{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs})
	if err := h.Send(t.Context(), srv.URL+"/in", hookSecret, "m-1", hookTime, []byte(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	if string(body) != `{"a":1}` || seen.Get("webhook-id") != "m-1" || seen.Get("webhook-timestamp") != "1674087231" ||
		seen.Get("webhook-signature") != Sign(hookSecret, "m-1", hookTime, body) || seen.Get("Content-Type") != "application/json" {
		t.Errorf("%s %v", body, seen)
	}
}

func TestWhatIsNotTakenSaysWhyInACode(t *testing.T) {
	t.Parallel()
	other := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { other++ }))
	t.Cleanup(elsewhere.Close)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		case "/away":
			panic(http.ErrAbortHandler)
		default:
			http.Error(w, "secret words of the endpoint", http.StatusInternalServerError)
		}
	}))
	t.Cleanup(srv.Close)
	stranger := httptest.NewTLSServer(nil)
	t.Cleanup(stranger.Close)
	for _, tt := range []struct{ name, url, want string }{
		{"an error of the endpoint", srv.URL, "http 500"},
		{"a redirect is not followed", srv.URL + "/redirect", "redirect"},
		{"a connection that ends", srv.URL + "/away", "connection"},
		{"nobody there", "http://127.0.0.1:1/", "connection"},
		{"a certificate nobody signed", stranger.URL, "certificate"},
		{"a name that is none", "https://nothing.invalid/", "name"},
		{"not https", "http://example.com/", "not https"},
	} {
		if err := NewHooks(true, nil).Send(t.Context(), tt.url, hookSecret, "m", hookTime, nil); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	if other != 0 {
		t.Error("the redirect was followed")
	}
	if err := NewHooks(true, nil).Send(t.Context(), srv.URL, nil, "m", hookTime, nil); err == nil || err.Error() != "no secret" {
		t.Errorf("without a secret: %v", err)
	}
}

func TestAddressesOfThisNetworkAreRefused(t *testing.T) {
	t.Parallel()
	taken := 0
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { taken++ }))
	t.Cleanup(srv.Close)
	port := srv.URL[strings.LastIndex(srv.URL, ":"):]
	for _, to := range []string{srv.URL, "http://localhost" + port, "https://127.0.0.1" + port, "https://[::1]" + port, "https://10.0.0.1/", "https://169.254.169.254/latest",
		"https://192.168.1.1/", "https://[fd00::1]/", "https://[::ffff:10.0.0.1]/", "https://0.0.0.0" + port, "https://100.64.0.1/", "https://[64:ff9b::a00:1]/"} {
		if err := CheckURL(to, false); !errors.Is(err, ErrPrivate) && !errors.Is(err, ErrNotHTTPS) {
			t.Errorf("%s may be registered: %v", to, err)
		}
		if err := NewHooks(false, nil).Send(t.Context(), to, hookSecret, "m", hookTime, nil); err == nil {
			t.Errorf("%s was sent to", to)
		}
	}
	// A name is asked for when it is sent to: localhost by any other name.
	dial := func(to string) error {
		resp, err := NewHooks(false, nil).client.Get(to) //nolint:noctx // the client has its own patience
		if err == nil {
			_ = resp.Body.Close()
		}
		return err
	}
	if dial("http://localhost.localdomain"+port) == nil {
		t.Error("a name of this machine was spoken to")
	}
	if err := dial(srv.URL); err == nil || !errors.Is(hookError(err), ErrPrivate) {
		t.Errorf("what is dialled is not checked: %v", err)
	}
	if taken != 0 {
		t.Errorf("%d requests arrived", taken)
	}
	for ip, want := range map[string]bool{"8.8.8.8": true, "2400:3200::1": true, "172.31.0.1": false, "fe80::1": false, "224.0.0.1": false, "255.255.255.255": false, "2002:a00:1::": false} {
		if public(netip.MustParseAddr(ip)) != want {
			t.Errorf("%s: public is %v", ip, !want)
		}
	}
}

func TestAWebAddressThatIsNone(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"", "example.com", "https://", "ftp://example.com", "https://user:pw@example.com/", "https://example.com/#x", "javascript:alert(1)", "https://" + strings.Repeat("a", 2000)} {
		if CheckURL(to, true) == nil {
			t.Errorf("%.40q may be registered", to)
		}
	}
	if err := CheckURL("https://hooks.example.gov.cn/in?key=1", false); err != nil {
		t.Error(err)
	}
}
