// Package smtptest is a mail server for tests: it speaks enough SMTP to take mail, refuses what it is told to, and keeps the rest.
package smtptest

import (
	"crypto/tls"
	"io"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
)

// Server takes mail on this machine until the test ends.
type Server struct {
	Addr string

	mu     sync.Mutex
	mails  []Mail
	answer func(recipient string) string
	tls    *tls.Config
}

// Mail is one message as it came.
type Mail struct {
	From, To string
	Data     string
	TLS      bool
	Auth     string // what AUTH was followed by
}

// New starts one; with a TLS configuration it offers STARTTLS.
func New(t testing.TB, config *tls.Config) *Server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: ln.Addr().String(), tls: config, answer: func(string) string { return "250 ok" }}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() { s.talk(conn) })
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		all.Wait()
	})
	return s
}

// Answer sets what is said to a recipient: "250 ok", "450 later", "550 unknown".
func (s *Server) Answer(to func(recipient string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = to
}

// Mails are those that were taken, in order.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

func (s *Server) talk(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	text := textproto.NewConn(conn)
	var m Mail
	say := func(line string) bool { return text.PrintfLine("%s", line) == nil }
	for ok := say("220 smtptest"); ok; {
		line, err := text.ReadLine()
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			ok = say("250-smtptest")
			if s.tls != nil && !m.TLS {
				ok = say("250-STARTTLS")
			}
			ok = ok && say("250-AUTH PLAIN") && say("250 8BITMIME")
		case "STARTTLS":
			if !say("220 go ahead") {
				return
			}
			secured := tls.Server(conn, s.tls)
			if secured.Handshake() != nil {
				return
			}
			conn, m.TLS = secured, true
			text = textproto.NewConn(secured)
		case "AUTH":
			m.Auth = rest
			ok = say("235 welcome")
		case "MAIL":
			m.From = rest
			ok = say("250 ok")
		case "RCPT":
			m.To = rest
			s.mu.Lock()
			answer := s.answer(rest)
			s.mu.Unlock()
			ok = say(answer)
		case "DATA":
			if ok = say("354 go ahead"); !ok {
				return
			}
			data, err := io.ReadAll(text.DotReader())
			if err != nil {
				return
			}
			m.Data = string(data)
			s.mu.Lock()
			s.mails = append(s.mails, m)
			s.mu.Unlock()
			ok = say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			ok = say("250 ok")
		}
	}
}
