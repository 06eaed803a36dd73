// Package notify sends mail and webhook messages, and makes what they say. It knows no database and no case: what goes out
// is a case number, a code and a link. The one rule: nothing confidential leaves, and nothing leaves in the clear.
package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// mailPatience is how long sending one message may take.
const mailPatience = 30 * time.Second

// Mailer sends mail through one server. Each message is a connection of its own: a few a minute are sent.
type Mailer struct {
	host    string
	from    string
	options []mail.Option
}

// NewMailer makes one from the server's address, smtp://[user@]host[:port] (STARTTLS) or smtps://… (TLS from the start), the
// password of the user, and the sender's address. TLS is required, with a certificate of that name, unless the server is on
// this machine.
func NewMailer(server, password, from string) (*Mailer, error) {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, errors.New("the mail server is written as smtp://[user@]host[:port] or smtps://…") // not u: it may hold a password
	}
	if _, inURL := u.User.Password(); inURL {
		return nil, errors.New("the mail server's password does not belong in its address")
	}
	m := &Mailer{host: u.Hostname(), from: from}
	if err := mail.NewMsg().From(from); err != nil {
		return nil, fmt.Errorf("sender %q is no mail address", from)
	}
	port := map[string]int{"smtp": 587, "smtps": 465}[u.Scheme]
	if text := u.Port(); text != "" {
		if port, err = strconv.Atoi(text); err != nil {
			return nil, fmt.Errorf("mail server's port: %w", err)
		}
	}
	home := loopback(m.host)
	m.options = []mail.Option{mail.WithPort(port), mail.WithTimeout(mailPatience), mail.WithHELO(domainOf(from))}
	switch {
	case u.Scheme == "smtps":
		m.options = append(m.options, mail.WithSSL())
	case home:
		m.options = append(m.options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	default:
		m.options = append(m.options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if user := u.User.Username(); user != "" {
		auth := mail.SMTPAuthAutoDiscover
		if home {
			auth = mail.SMTPAuthPlainNoEnc
		}
		m.options = append(m.options, mail.WithSMTPAuth(auth), mail.WithUsername(user), mail.WithPassword(password))
	}
	_, err = mail.NewClient(m.host, m.options...)
	return m, err
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func domainOf(address string) string {
	_, domain, _ := strings.Cut(strings.Trim(address, "<> "), "@")
	if domain = strings.TrimRight(domain, ">"); domain == "" {
		return "localhost"
	}
	return domain
}

// Message is one mail in plain text.
type Message struct {
	Key     string // of the message id: the same message has it in every attempt
	To      string
	Subject string
	Text    string
}

// ErrRefused says that the server will not take the message however often it is tried: no such address, no such sender.
var ErrRefused = errors.New("refused for good")

// Send hands one message over. The error names no address and repeats no words of the server: it is logged and stored. It
// wraps ErrRefused when trying again is no use.
func (m *Mailer) Send(ctx context.Context, msg Message) error {
	out := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(out.From(m.from), out.To(msg.To)); err != nil {
		return fmt.Errorf("an address is none: %w", ErrRefused)
	}
	if strings.ContainsAny(msg.Subject+msg.Key, "\r\n") {
		return fmt.Errorf("a header would be two: %w", ErrRefused)
	}
	out.Subject(msg.Subject)
	out.SetDate()
	out.SetMessageIDWithValue(msg.Key + "@" + domainOf(m.from))
	// Whoever answers automatically leaves these alone (RFC 3834).
	out.SetGenHeader(mail.Header("Auto-Submitted"), "auto-generated")
	out.SetBodyString(mail.TypeTextPlain, msg.Text)
	client, err := mail.NewClient(m.host, m.options...)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, mailPatience)
	defer cancel()
	return mailError(client.DialAndSendWithContext(ctx, out))
}

func mailError(err error) error {
	var refused *mail.SendError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && refused.ErrorCode() >= 500 && !refused.IsTemp():
		return fmt.Errorf("smtp %d: %w", refused.ErrorCode(), ErrRefused)
	case errors.As(err, &refused):
		return fmt.Errorf("smtp %d", refused.ErrorCode())
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("timeout")
	}
	return errors.New("connection") // to the server, its TLS or its sign-in: the server's words stay there
}
