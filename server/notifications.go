package server

import (
	"context"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

const noticesPage = 50

// NoticeAnswer is one notice with what it says.
type NoticeAnswer struct {
	postgres.NoticeRow
	Text string `json:"text" doc:"What happened, in the reader's language"`
}

// NoticeList is one page of notices, newest first.
type NoticeList struct {
	Notices []NoticeAnswer `json:"notices" nullable:"false"`
	Unread  int            `json:"unread" doc:"All that are unread, up to 1000"`
	Next    int64          `json:"next,omitempty" doc:"before of the next page"`
}

type noticesInput struct {
	Unread bool  `query:"unread" doc:"Only the unread"`
	Before int64 `query:"before" minimum:"0" doc:"Only those with a smaller id"`
	Limit  int   `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

func (s *Server) noticeList(ctx context.Context, in *noticesInput) (*reply[NoticeList], error) {
	return answer(s.noticesOf(ctx, in.Unread, in.Before, in.Limit))
}

func (s *Server) noticesOf(ctx context.Context, onlyUnread bool, before int64, limit int) (NoticeList, error) {
	who := person(ctx).Addressee()
	rows, err := s.db.Notices(ctx, who, onlyUnread, before, limit)
	if err != nil {
		return NoticeList{}, err
	}
	out := NoticeList{Notices: make([]NoticeAnswer, len(rows))}
	for i, r := range rows {
		out.Notices[i] = NoticeAnswer{r, noticeText(requestOf(ctx).lang, r.Kind)}
	}
	if len(rows) == limit {
		out.Next = rows[limit-1].ID
	}
	out.Unread, err = s.db.UnreadNotices(ctx, who)
	return out, err
}

func noticeText(l lang, k review.NoticeKind) string {
	inZh, inEn := k.Words()
	return orElse(words{inZh, inEn}.in(l), string(k))
}

type noticeInput struct {
	Keyed
	ID   int64 `path:"id" minimum:"1"`
	Body struct{}
}

// readNotice notes that one has been read; again is no error.
func (s *Server) readNotice(ctx context.Context, in *noticeInput) (*struct{}, error) {
	return nil, s.db.ReadNotice(ctx, person(ctx).Addressee(), in.ID)
}

type readAllInput struct {
	Keyed
	Body struct {
		Upto int64 `json:"upto" minimum:"1" doc:"Id of the newest notice that was shown; what came later stays unread"`
	}
}

func (s *Server) readNotices(ctx context.Context, in *readAllInput) (*struct{}, error) {
	return nil, s.db.ReadNotices(ctx, person(ctx).Addressee(), in.Body.Upto)
}

type notificationsView struct {
	frame
	List NoticeList
	All  bool
	Upto int64
	Mail mailView
}

func (s *Server) notificationsPage(c *fiber.Ctx) error {
	before, err := noticeID(orElse(c.Query("before"), "0"))
	if err != nil {
		return err
	}
	v := notificationsView{All: c.Query("all") == "true"}
	if v.List, err = s.noticesOf(c.UserContext(), !v.All, before, noticesPage); err != nil {
		return err
	}
	if v.Mail, err = s.mailOf(c.UserContext(), c.Query("verify")); err != nil {
		return err
	}
	if len(v.List.Notices) > 0 {
		v.Upto = v.List.Notices[0].ID
	}
	return s.show(c, "notifications", &v)
}

func noticeID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		return 0, review.Refuse(review.NotFound)
	}
	return id, nil
}

// readNoticeForm marks a notice as read, and goes to its case when that is what the button says.
func (s *Server) readNoticeForm(c *fiber.Ctx) error {
	id, err := noticeID(c.FormValue("id"))
	if err != nil {
		return err
	}
	ctx, who := c.UserContext(), person(c.UserContext()).Addressee()
	if err := s.db.ReadNotice(ctx, who, id); err != nil {
		return err
	}
	to := "/notifications"
	if c.FormValue("open") != "" {
		rows, err := s.db.Notices(ctx, who, false, id+1, 1)
		if err != nil {
			return err
		}
		if len(rows) == 1 && rows[0].ID == id {
			to = "/cases/" + rows[0].Case
		}
	}
	return c.Redirect(to, fiber.StatusSeeOther)
}

func (s *Server) readNoticesForm(c *fiber.Ctx) error {
	upto, err := noticeID(c.FormValue("upto"))
	if err != nil {
		return err
	}
	if err := s.db.ReadNotices(c.UserContext(), person(c.UserContext()).Addressee(), upto); err != nil {
		return err
	}
	return c.Redirect("/notifications", fiber.StatusSeeOther)
}

// unread is the number beside the link to the notices; nobody signed in has none.
func (s *Server) unread(ctx context.Context) (int, error) {
	if requestOf(ctx).person == nil {
		return 0, nil
	}
	return s.db.UnreadNotices(ctx, person(ctx).Addressee())
}
