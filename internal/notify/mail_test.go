package notify

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"strings"
	"testing"

	gomail "github.com/wneessen/go-mail"

	"github.com/fairreview/fairreview/internal/notify/smtptest"
	"github.com/fairreview/fairreview/review"
)

func mailer(t *testing.T, addr string) *Mailer {
	t.Helper()
	m, err := NewMailer("smtp://"+addr, "", "平台 <noreply@example.gov.cn>")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAMailArrivesAsItWasWritten(t *testing.T) {
	t.Parallel()
	srv := smtptest.New(t, nil)
	subject, text := About("https://fr.example", []Item{{"c-1", "2026-000123-7", review.NoticeTurn}})
	if err := mailer(t, srv.Addr).Send(t.Context(), Message{Key: "notice-7", To: "shen@example.com", Subject: subject, Text: text}); err != nil {
		t.Fatal(err)
	}
	got := srv.Mails()
	if len(got) != 1 || !strings.Contains(got[0].To, "<shen@example.com>") || !strings.Contains(got[0].From, "<noreply@example.gov.cn>") {
		t.Fatalf("%+v", got)
	}
	m, err := mail.ReadMessage(strings.NewReader(got[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	said, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || said != subject || m.Header.Get("Message-Id") != "<notice-7@example.gov.cn>" || m.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("subject %q, %v; header %v", said, err, m.Header)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	if strings.ReplaceAll(string(body), "\r\n", "\n") != text || !strings.Contains(text, "https://fr.example/cases/c-1\n") {
		t.Errorf("%q", body)
	}
}

func TestNothingMakesASecondHeader(t *testing.T) {
	t.Parallel()
	srv := smtptest.New(t, nil)
	for name, m := range map[string]Message{
		"a subject":      {Key: "k", To: "a@example.com", Subject: "s\r\nBcc: b@example.com", Text: "t"},
		"a key":          {Key: "k\nBcc: b@example.com", To: "a@example.com", Subject: "s", Text: "t"},
		"an addressee":   {Key: "k", To: "a@example.com\r\nBcc: b@example.com", Subject: "s", Text: "t"},
		"two addressees": {Key: "k", To: "a@example.com, b@example.com", Subject: "s", Text: "t"},
	} {
		if err := mailer(t, srv.Addr).Send(t.Context(), m); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := srv.Mails(); len(got) != 0 {
		t.Errorf("sent: %+v", got)
	}
	// A line of a text that looks like SMTP stays text.
	if err := mailer(t, srv.Addr).Send(t.Context(), Message{Key: "k", To: "a@example.com", Subject: "s", Text: "x\r\n.\r\nMAIL FROM:<x@y>\r\n"}); err != nil {
		t.Fatal(err)
	}
	if got := srv.Mails(); len(got) != 1 {
		t.Errorf("sent: %+v", got)
	}
}

func TestWhatTheServerSaysIsACode(t *testing.T) {
	t.Parallel()
	srv := smtptest.New(t, nil)
	for _, tt := range []struct {
		name, answer, want string
		forGood            bool
	}{
		{"unknown here", "550 5.1.1 no such secret person", "smtp 550: refused for good", true},
		{"later", "450 4.2.0 mailbox of shen busy", "smtp 450", false},
	} {
		srv.Answer(func(string) string { return tt.answer })
		err := mailer(t, srv.Addr).Send(t.Context(), Message{Key: "k", To: "a@example.com", Subject: "s", Text: "t"})
		if err == nil || err.Error() != tt.want || errors.Is(err, ErrRefused) != tt.forGood {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	away := mailer(t, "127.0.0.1:1")
	if err := away.Send(t.Context(), Message{Key: "k", To: "a@example.com", Subject: "s", Text: "t"}); err == nil || err.Error() != "connection" {
		t.Errorf("nobody there: %v", err)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if err := mailer(t, srv.Addr).Send(stopped, Message{Key: "k", To: "a@example.com", Subject: "s", Text: "t"}); err == nil {
		t.Error("sent though we are stopping")
	}
}

// A server elsewhere must offer TLS with a certificate of its name; here "elsewhere" is this machine under another name.
func TestMailElsewhereNeedsTLS(t *testing.T) {
	t.Parallel()
	plain := smtptest.New(t, nil)
	web := httptest.NewUnstartedServer(nil) // for its certificate, which no authority of this machine signed
	web.StartTLS()
	t.Cleanup(web.Close)
	secured := smtptest.New(t, web.TLS)
	for name, addr := range map[string]string{"without TLS": plain.Addr, "with a stranger's certificate": secured.Addr} {
		elsewhere, err := NewMailer("smtp://mail.example:25", "", "noreply@example.gov.cn")
		if err != nil {
			t.Fatal(err)
		}
		dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
		elsewhere.options = append(elsewhere.options, gomail.WithDialContextFunc(dial))
		if err := elsewhere.Send(t.Context(), Message{Key: "k", To: "a@example.com", Subject: "s", Text: "t"}); err == nil {
			t.Errorf("%s: sent", name)
		}
	}
	if n := len(plain.Mails()) + len(secured.Mails()); n != 0 {
		t.Errorf("%d mails went out", n)
	}
}

func TestAMailServersAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, server, from string
		ok                 bool
	}{
		{"submission", "smtp://mail.example.gov.cn", "a@b.cn", true},
		{"TLS from the start", "smtps://user@mail.example.gov.cn:465", "平台 <a@b.cn>", true},
		{"a password in the address", "smtp://user:secret@mail.example.gov.cn", "a@b.cn", false},
		{"no scheme", "mail.example.gov.cn:25", "a@b.cn", false},
		{"another scheme", "http://mail.example.gov.cn", "a@b.cn", false},
		{"no sender", "smtp://mail.example.gov.cn", "", false},
		{"a sender of two lines", "smtp://mail.example.gov.cn", "a@b.cn\r\nBcc: c@d.cn", false},
	} {
		m, err := NewMailer(tt.server, "p", tt.from)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") || err == nil && m == nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestAMailNamesNothingConfidential(t *testing.T) {
	t.Parallel()
	for _, k := range review.NoticeKinds() {
		subject, text := About("https://fr.example", []Item{{"c-1", "2026-000123-7", k}})
		if !strings.Contains(subject, "2026-000123-7") || !strings.Contains(text, "https://fr.example/cases/c-1") {
			t.Errorf("%s: %q %q", k, subject, text)
		}
	}
	subject, text := About("https://fr.example", []Item{{"c-1", "2026-000123-7", review.NoticeTurn}, {"c-2", "2026-000124-5", review.NoticeUrged}})
	if !strings.Contains(subject, "2 条") || strings.Count(text, "/cases/") != 2 {
		t.Errorf("%q %q", subject, text)
	}
}
