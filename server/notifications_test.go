package server

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

var badge = regexp.MustCompile(`href="/notifications"[^>]*>消息(?: <span class="tag bad"[^>]*>(\d+)</span>)?</a>`)

// badgeOf is the number beside the link to the notices, as a page shows it; none is 0.
func (s *site) badgeOf(who string) string {
	s.t.Helper()
	g := s.ok(200, who, "GET", "/tasks", nil)
	m := badge.FindSubmatch(g.body)
	if m == nil {
		s.t.Fatalf("no link to the notices in the page of %s", who)
	}
	if len(m[1]) == 0 {
		return "0"
	}
	return string(m[1])
}

func (s *site) notices(who, query string) NoticeList {
	s.t.Helper()
	var out NoticeList
	s.ok(200, who, "GET", "/api/v1/notices"+query, nil).into(s.t, &out)
	return out
}

func TestNoticesAreListedCountedAndRead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for range 3 {
		r := s.open("new", "ind")
		s.toSign(&r)
	}
	all := s.notices("checker", "?unread=true")
	if len(all.Notices) != 3 || all.Unread != 3 || all.Notices[0].Text != "有一件案件轮到您办理" || all.Notices[0].Number == "" || all.Notices[0].Read {
		t.Fatalf("%+v", all)
	}
	// The badge, the number of the list and its length are one, before and after.
	same := func(want int) {
		t.Helper()
		got := s.notices("checker", "?unread=true&limit=100")
		if b := s.badgeOf("checker"); b != fmt.Sprint(want) || got.Unread != want || len(got.Notices) != want {
			t.Errorf("badge %s, unread %d, listed %d, want %d", b, got.Unread, len(got.Notices), want)
		}
	}
	same(3)
	page := s.notices("checker", "?limit=2")
	if len(page.Notices) != 2 || page.Next == 0 {
		t.Fatalf("%+v", page)
	}
	if rest := s.notices("checker", fmt.Sprintf("?limit=2&before=%d", page.Next)); len(rest.Notices) != 1 || rest.Next != 0 {
		t.Errorf("%+v", rest)
	}
	path := fmt.Sprintf("/api/v1/notices/%d/read", all.Notices[1].ID)
	if g := s.call("drafter", "POST", path, obj{}); g.StatusCode != http.StatusNotFound {
		t.Errorf("somebody else reads it: %d %s", g.StatusCode, g.body)
	}
	s.ok(204, "checker", "POST", path, obj{})
	s.ok(204, "checker", "POST", path, obj{})
	same(2)
	s.ok(204, "checker", "POST", "/api/v1/notices/read-all", obj{"upto": all.Notices[1].ID})
	same(1)
	s.ok(204, "checker", "POST", "/api/v1/notices/read-all", obj{"upto": all.Notices[0].ID})
	same(0)
	for _, bad := range []string{"?limit=101", "?before=-1", "?unread=perhaps"} {
		if g := s.call("checker", "GET", "/api/v1/notices"+bad, nil); g.StatusCode != 422 {
			t.Errorf("%s: %d", bad, g.StatusCode)
		}
	}
	if en := s.notices("checker", "?lang=en"); en.Notices[0].Text != "A case waits for your hand" {
		t.Errorf("%+v", en.Notices[0])
	}
}

func TestAnOutsiderHasNoNotices(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "ind")
	s.toSign(&r)
	for _, who := range []string{"findrafter", "officer", "root", "expert1"} {
		if got := s.notices(who, ""); len(got.Notices) != 0 || got.Unread != 0 {
			t.Errorf("%s: %+v", who, got)
		}
	}
	if g := s.call("", "GET", "/api/v1/notices", nil); g.StatusCode != http.StatusUnauthorized {
		t.Errorf("nobody: %d", g.StatusCode)
	}
}

func TestThePageOfNotices(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "ind")
	s.toSign(&r)
	for _, path := range []string{"/notifications", "/notifications?all=true", "/notifications?lang=en", "/notifications?before=1"} {
		checkPage(t, s.ok(200, "head", "GET", path, nil))
	}
	if g := s.ok(200, "head", "GET", "/notifications", nil); !strings.Contains(string(g.body), "有一件案件轮到您办理") {
		t.Errorf("%s", g.body)
	}
	if g := s.call("head", "GET", "/notifications?before=nine", nil); g.StatusCode != 404 {
		t.Errorf("a cursor that is none: %d", g.StatusCode)
	}
}

func TestNoticesAreReadByForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "ind")
	s.toSign(&r)
	s.do(&r, "head", "send_back", obj{"reason": "补充说明"})
	j := s.browser()
	if g := j.enter("drafter", password); g.StatusCode != 200 {
		t.Fatalf("%d %s", g.StatusCode, g.body)
	}
	page := j.page("/notifications")
	m := regexp.MustCompile(`name="id" value="(\d+)"`).FindSubmatch(page.body)
	if m == nil || !strings.Contains(string(page.body), "案件退回修改") {
		t.Fatalf("%s", page.body)
	}
	id := string(m[1])
	for _, bad := range []string{"", "x", "-1", "999999"} {
		if g := j.form("/notifications/read", "id", bad); g.StatusCode != 404 {
			t.Errorf("id %q: %d", bad, g.StatusCode)
		}
	}
	j.page("/notifications")
	if g := j.form("/notifications/read", "id", id, "open", "1"); g.StatusCode != 303 || g.Header.Get("Location") != "/cases/"+r.Case {
		t.Errorf("opening it: %d %q", g.StatusCode, g.Header.Get("Location"))
	}
	if got := s.badgeOf("drafter"); got != "0" {
		t.Errorf("after opening it: %s", got)
	}
	if g := j.form("/notifications/read-all", "upto", id); g.StatusCode != 303 || g.Header.Get("Location") != "/notifications" {
		t.Errorf("all: %d %q", g.StatusCode, g.Header.Get("Location"))
	}
	token := j.csrf
	j.csrf = ""
	if g := j.form("/notifications/read-all", "upto", id); g.StatusCode != 403 {
		t.Errorf("without the form's token: %d", g.StatusCode)
	}
	j.csrf = token
}

func TestWebhooksAreTheSystemAdministrators(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.keyed()
	where := obj{"url": "https://hooks.example.gov.cn/in", "kinds": []string{"concluded"}}
	for _, who := range []string{"drafter", "officer", "approver"} {
		for _, g := range []got{s.call(who, "GET", "/api/v1/webhooks", nil), s.call(who, "POST", "/api/v1/webhooks", where),
			s.call(who, "POST", "/api/v1/webhooks/messages/5d1f7c3e-0000-4000-8000-000000000001/again", obj{})} {
			if g.StatusCode != 403 {
				t.Errorf("%s: %d %s", who, g.StatusCode, g.body)
			}
		}
	}
	var made MadeWebhook
	s.ok(200, "root", "POST", "/api/v1/webhooks", where, keyHeader, "hook-1").into(t, &made)
	if !strings.HasPrefix(made.Secret, "whsec_") || len(made.Secret) != 50 || made.ID == "" {
		t.Fatalf("%+v", made)
	}
	var again MadeWebhook
	s.ok(200, "root", "POST", "/api/v1/webhooks", where, keyHeader, "hook-1").into(t, &again)
	if again.ID != made.ID || again.Secret != "" {
		t.Errorf("the same key: %+v", again)
	}
	var kept int
	must(t, s.db.SQL().Get(&kept, `SELECT count(*) FROM requests WHERE CAST(answer AS text) LIKE '%whsec%'`))
	if list := s.ok(200, "root", "GET", "/api/v1/webhooks", nil); kept != 0 || strings.Contains(string(list.body), "whsec") || strings.Contains(string(list.body), "secret") {
		t.Errorf("the secret is kept: %d, %s", kept, list.body)
	}
	for name, bad := range map[string]obj{
		"not https":         {"url": "http://hooks.example.gov.cn/"},
		"this machine":      {"url": "http://127.0.0.1:5432/"},
		"this network":      {"url": "https://10.0.0.7/"},
		"the cloud's own":   {"url": "https://169.254.169.254/latest"},
		"an unknown kind":   {"url": "https://hooks.example.gov.cn/", "kinds": []string{"gossip"}},
		"no address at all": {"url": "hooks"},
	} {
		if g := s.call("root", "POST", "/api/v1/webhooks", bad); g.StatusCode != 422 {
			t.Errorf("%s: %d %s", name, g.StatusCode, g.body)
		}
	}
	r := s.open("new", "ind")
	s.conclude(&r)
	if _, err := s.db.FanOut(t.Context(), false, time.Now()); err != nil {
		t.Fatal(err)
	}
	due, err := s.db.NextHooks(t.Context(), time.Now().Add(time.Minute))
	must(t, err)
	if len(due) != 1 || due[0].Kind != "concluded" || due[0].Number != r.Number {
		t.Fatalf("%+v", due)
	}
	must(t, s.db.HookFailed(t.Context(), due[0], "http 500", time.Time{}))
	var dead DeadMessages
	s.ok(200, "root", "GET", "/api/v1/webhooks/"+made.ID+"/dead", nil).into(t, &dead)
	if len(dead.Messages) != 1 || dead.Messages[0].Error != "http 500" {
		t.Fatalf("%+v", dead)
	}
	path := "/api/v1/webhooks/messages/" + dead.Messages[0].ID + "/again"
	s.ok(204, "root", "POST", path, obj{})
	if g := s.call("root", "POST", path, obj{}); g.StatusCode != 404 {
		t.Errorf("twice: %d", g.StatusCode)
	}
	s.ok(204, "root", "DELETE", "/api/v1/webhooks/"+made.ID, nil)
	if g := s.call("root", "DELETE", "/api/v1/webhooks/"+made.ID, nil); g.StatusCode != 404 {
		t.Errorf("ended twice: %d", g.StatusCode)
	}
}

func TestMailIsChosenByItsOwner(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Server.mail = true
	j := s.browser()
	j.enter("drafter", password)
	if g := s.call("drafter", "GET", "/api/v1/account/mail", nil); g.StatusCode != 403 {
		t.Errorf("by a token: %d", g.StatusCode)
	}
	page := j.page("/notifications")
	if checkPage(t, page); !strings.Contains(string(page.body), `name="turn"`) {
		t.Fatalf("%s", page.body)
	}
	for _, bad := range []string{"nobody", "a@b.com\r\nBcc: c@d.com", "a@b.com, c@d.com"} {
		if g := j.form("/notifications/mail", "address", bad); g.StatusCode != 422 && g.StatusCode != 400 {
			t.Errorf("%q: %d", bad, g.StatusCode)
		}
		j.page("/notifications")
	}
	if g := j.form("/notifications/mail", "address", " shen@example.com "); g.StatusCode != 303 {
		t.Fatalf("%d %s", g.StatusCode, g.body)
	}
	m, err := s.db.NextMail(t.Context(), time.Now().Add(time.Minute))
	must(t, err)
	if m == nil || m.Address != "shen@example.com" {
		t.Fatalf("%+v", m)
	}
	page = j.page("/notifications?verify=" + m.Verify)
	if checkPage(t, page); !strings.Contains(string(page.body), `name="token" value="`+m.Verify) {
		t.Fatalf("%s", page.body)
	}
	if g := j.form("/notifications/mail/verify", "token", "other"); g.StatusCode != 404 {
		t.Errorf("another token: %d", g.StatusCode)
	}
	j.page("/notifications")
	if g := j.form("/notifications/mail/verify", "token", m.Verify); g.StatusCode != 303 {
		t.Errorf("%d %s", g.StatusCode, g.body)
	}
	if g := j.form("/notifications/mail/choices", "turn", "off", "gossip", "now"); g.StatusCode != 303 {
		t.Errorf("%d %s", g.StatusCode, g.body)
	}
	var got MailAnswer
	j.api("GET", "/api/v1/account/mail", nil).into(t, &got)
	if !got.Verified || !got.Sent || got.Choices["turn"] != "off" || got.Choices["urged"] != "now" {
		t.Errorf("%+v", got)
	}
	if g := j.api("POST", "/api/v1/account/mail/choices", obj{"choices": obj{"turn": "hourly"}}); g.StatusCode != 422 {
		t.Errorf("an unknown choice: %d", g.StatusCode)
	}
	if g := j.api("POST", "/api/v1/account/mail", obj{"address": ""}); g.StatusCode != 204 {
		t.Errorf("taken away: %d %s", g.StatusCode, g.body)
	}
}
