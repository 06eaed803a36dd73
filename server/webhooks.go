package server

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/fairreview/fairreview/internal/notify"
	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// Webhooks are the system administrator's: other systems are told a case's number, status and what kind of thing happened.

// Webhooks lists endpoints.
type Webhooks struct {
	Webhooks []postgres.Webhook `json:"webhooks" nullable:"false"`
}

func (s *Server) webhooks(ctx context.Context, _ *struct{}) (*reply[Webhooks], error) {
	list, err := s.db.Webhooks(ctx)
	return answer(Webhooks{list}, err)
}

type webhookInput struct {
	Keyed
	Body struct {
		URL   string              `json:"url" minLength:"1" maxLength:"2000" doc:"An HTTPS address; it must answer 2xx within ten seconds, and no redirect is followed"`
		Kinds []review.NoticeKind `json:"kinds,omitempty" nullable:"false" maxItems:"50" doc:"Kinds of notice; none: every kind"`
	}
}

// MadeWebhook is a new endpoint with its secret.
type MadeWebhook struct {
	ID     string `json:"id"`
	Secret string `json:"secret,omitempty" doc:"whsec_…, for checking signatures (Standard Webhooks). Shown this once: a repeated request answers without it"`
}

// makeWebhook registers an endpoint. Its secret is not kept with the answer to the key, so repeating the request does not show it again.
func (s *Server) makeWebhook(ctx context.Context, in *webhookInput) (*reply[MadeWebhook], error) {
	if err := notify.CheckURL(in.Body.URL, s.private); err != nil {
		return nil, review.Refuse(review.Invalid, "field", "url", "value", err.Error())
	}
	var secret []byte
	stored, err := s.db.Idempotent(ctx, person(ctx).ID, in.Key, digest("POST /webhooks", "", in.Body), func(tx *postgres.Tx) (any, error) {
		id := uuid.NewString()
		var err error
		secret, err = tx.MakeWebhook(ctx, id, in.Body.URL, in.Body.Kinds, person(ctx).ID, requestOf(ctx).from)
		return MadeWebhook{ID: id}, err
	})
	if err != nil {
		return nil, err
	}
	var out MadeWebhook
	if err := json.Unmarshal(stored, &out); err != nil {
		return nil, err
	}
	if secret != nil {
		out.Secret = notify.SecretPrefix + base64.StdEncoding.EncodeToString(secret)
	}
	return answer(out, nil)
}

func (s *Server) endWebhook(ctx context.Context, in *ByID) (*struct{}, error) {
	return nil, s.db.EndWebhook(ctx, in.ID, person(ctx).ID, requestOf(ctx).from)
}

// DeadMessages lists what an endpoint did not take within a day.
type DeadMessages struct {
	Messages []postgres.HookMessage `json:"messages" nullable:"false"`
}

type deadInput struct {
	ByID
	Limit int `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (s *Server) deadMessages(ctx context.Context, in *deadInput) (*reply[DeadMessages], error) {
	list, err := s.db.DeadMessages(ctx, in.ID, in.Limit)
	return answer(DeadMessages{list}, err)
}

type againInput struct {
	Keyed
	ByID
	Body struct{}
}

// sendAgain puts a message that was given up back in the queue, under its id.
func (s *Server) sendAgain(ctx context.Context, in *againInput) (*struct{}, error) {
	return nil, s.db.SendAgain(ctx, in.ID)
}
