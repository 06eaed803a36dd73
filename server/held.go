package server

import (
	"context"
	"strconv"
	"time"

	"github.com/fairreview/fairreview/review"
)

// HeldAnswer is how long a party held a case.
type HeldAnswer struct {
	Party       string `json:"party" enum:"unit,regulator,seats,experts,issuer"`
	Name        string `json:"name"`
	Seconds     int64  `json:"seconds"`
	WorkingDays int    `json:"workingDays" doc:"The day it came is not counted, the day it went is"`
	Now         bool   `json:"now" doc:"Holds it now"`
}

var heldWords = map[string]words{
	review.HeldUnit: {"起草单位", "Drafting unit"}, review.HeldRegulator: {"市场监管部门", "Market regulator"}, review.HeldSeats: {"会审单位", "Units of the joint review"},
	review.HeldExperts: {"专家", "Experts"}, review.HeldIssuer: {"制定机关", "Issuer"},
}

var urgencyWords = map[review.Urgency]words{
	review.Normal: {"正常", "On time"}, review.Soon: {"临期", "Due soon"}, review.Overdue: {"超期", "Overdue"},
}

// Urgency is a word for how near the end of a period is.
func (f frame) Urgency(u review.Urgency) string { return urgencyWords[u].in(f.Lang) }

// UrgencyTone colors it.
func (f frame) UrgencyTone(u review.Urgency) string {
	return map[review.Urgency]string{review.Normal: "good", review.Soon: "wait", review.Overdue: "bad"}[u]
}

// timeOf says who held the case how long, and how near the end of the period that runs is: "" when none does. A provisional
// period is never overdue.
func (s *Server) timeOf(ctx context.Context, c review.Case, now time.Time) ([]HeldAnswer, review.Urgency, error) {
	events, err := s.db.Course(ctx, c.ID, requestOf(ctx).viewer())
	if err != nil {
		return nil, "", err
	}
	cal, err := s.db.Calendar(ctx)
	if err != nil {
		return nil, "", err
	}
	out := []HeldAnswer{}
	holds := ""
	if stays := review.Stays(events); len(stays) > 0 && stays[len(stays)-1].To.IsZero() {
		holds = stays[len(stays)-1].Party
	}
	for _, h := range review.HeldBy(events, now, cal) {
		out = append(out, HeldAnswer{Party: h.Party, Name: heldWords[h.Party].in(requestOf(ctx).lang), Seconds: int64(h.Time.Seconds()),
			WorkingDays: h.Working, Now: h.Party == holds})
	}
	return out, urgencyOf(cal, c, now), nil
}

func urgencyOf(cal review.Calendar, c review.Case, now time.Time) review.Urgency {
	due, provisional := c.Due()
	if due.IsZero() || c.Status.Closed() {
		return ""
	}
	return nearness(cal, due, provisional, now, c.Rules.SoonDays)
}

// nearness is how near an end is; a provisional one is never overdue.
func nearness(cal review.Calendar, due time.Time, provisional bool, now time.Time, soonDays int) review.Urgency {
	if u := cal.Urgency(due, now, soonDays); u != review.Overdue || !provisional {
		return u
	}
	return review.Soon
}

// Length is a stretch of time as people say it: days, and hours below a day.
func (f frame) Length(seconds int64) string {
	days, hours := seconds/86400, seconds%86400/3600
	if days > 0 {
		return say(f.Lang, words{"{n}天", "{n} d"}, map[string]string{"n": strconv.FormatInt(days, 10)})
	}
	return say(f.Lang, words{"{n}小时", "{n} h"}, map[string]string{"n": strconv.FormatInt(hours, 10)})
}
