package server

import (
	"context"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

type drawInput struct {
	Keyed
	Body struct {
		From       review.Date `json:"from" minLength:"10" maxLength:"10" doc:"YYYY-MM-DD: first day of the outcomes"`
		To         review.Date `json:"to" minLength:"10" maxLength:"10" doc:"YYYY-MM-DD, inclusive"`
		Group      string      `json:"group" enum:"reviewed,kept,amended,repealed,withdrawn,outOfScope,lapsed" doc:"The cases behind a number of /counts"`
		Unit       string      `json:"unit,omitempty" maxLength:"64" doc:"Only cases of this drafting unit"`
		Route      string      `json:"route,omitempty" enum:"department,government"`
		Take       int         `json:"take" minimum:"1" maximum:"500" doc:"How many are drawn"`
		Alternates int         `json:"alternates,omitempty" minimum:"0" maximum:"50" doc:"How many more, in order, to stand in"`
		Regulator  string      `json:"regulator,omitempty" maxLength:"64" doc:"Needed only by who is an officer of several"`
	}
}

type drawOutput struct {
	Status   int
	Location string `header:"Location"`
	Body     review.DrawRecord
}

// requestDraw fixes and hashes the list of a spot check. Its seed is a request of its own, so that the hash can be shown
// to others before.
func (s *Server) requestDraw(ctx context.Context, in *drawInput) (*drawOutput, error) {
	regulators, err := regulatorsOf(person(ctx))
	if err != nil {
		return nil, err
	}
	b := in.Body
	regulator := orElse(b.Regulator, regulators[0])
	switch {
	case b.Regulator == "" && len(regulators) > 1:
		return nil, review.Refuse(review.Missing, "field", "regulator")
	case !slices.Contains(regulators, regulator):
		return nil, review.Refuse(review.Forbidden)
	}
	p, id := person(ctx), drawIDOf(ctx, in.Key)
	return s.drawWrite(ctx, 201, id, in.Key, digest("POST /draws", "", b), func(tx *postgres.Tx) error {
		return tx.RequestDraw(ctx, postgres.DrawRequest{ID: id, Person: p.ID, Viewer: p.Viewer(), Regulator: regulator, Take: b.Take, Alternates: b.Alternates,
			Filter: review.DrawFilter{From: b.From, To: b.To, Group: b.Group, Unit: b.Unit, Route: b.Route}})
	})
}

// drawIDOf derives the draw's id from the person and the key, so that a double click asks once.
func drawIDOf(ctx context.Context, key string) string {
	return caseIDOf("draw\x00"+person(ctx).ID, key)
}

// drawWrite does a write of a draw once per key and answers the draw's record as it is then.
func (s *Server) drawWrite(ctx context.Context, status int, id, key, digest string, do func(*postgres.Tx) error) (*drawOutput, error) {
	regulators, err := regulatorsOf(person(ctx))
	if err != nil {
		return nil, err
	}
	// The list may be long: the record is not kept with the key, only that it was done.
	if _, err := s.db.Idempotent(ctx, person(ctx).ID, key, digest, func(tx *postgres.Tx) (any, error) { return id, do(tx) }); err != nil {
		return nil, err
	}
	r, err := s.db.DrawRecord(ctx, id, regulators)
	if err != nil {
		return nil, err
	}
	return &drawOutput{Status: status, Location: apiPrefix + "/draws/" + id, Body: r}, nil
}

// regulatorsOf returns the regulators whose officer or approver the person is; Forbidden when there is none.
func regulatorsOf(p postgres.Person) ([]string, error) {
	var out []string
	for _, m := range p.Memberships {
		if m.UnitKind == "regulator" && (m.Role == review.Officer || m.Role == review.Approver) && !slices.Contains(out, m.Unit) {
			out = append(out, m.Unit)
		}
	}
	if len(out) == 0 {
		return nil, review.Refuse(review.Forbidden)
	}
	return out, nil
}

// DrawID is the path of a draw.
type DrawID struct {
	ID string `path:"id" doc:"Draw id, a UUID"`
}

type drawStepInput struct {
	Keyed
	DrawID
	Body struct{}
}

// seedDraw draws: the first time it makes the seed, ever after it answers what was drawn.
func (s *Server) seedDraw(ctx context.Context, in *drawStepInput) (*drawOutput, error) {
	return s.drawStep(ctx, in, "seed", (*postgres.Tx).Draw)
}

// agreeDraw is the second officer's part in drawing again.
func (s *Server) agreeDraw(ctx context.Context, in *drawStepInput) (*drawOutput, error) {
	return s.drawStep(ctx, in, "agree", (*postgres.Tx).AgreeDraw)
}

func (s *Server) drawStep(ctx context.Context, in *drawStepInput, step string,
	do func(tx *postgres.Tx, ctx context.Context, id, person string, regulators []string) error,
) (*drawOutput, error) {
	regulators, err := regulatorsOf(person(ctx))
	if err != nil {
		return nil, err
	}
	if err := s.seesDraw(ctx, in.ID, regulators); err != nil {
		return nil, err
	}
	return s.drawWrite(ctx, 200, in.ID, in.Key, digest("POST /draws/"+step, in.ID, nil), func(tx *postgres.Tx) error {
		return do(tx, ctx, in.ID, person(ctx).ID, regulators)
	})
}

type drawAgainInput struct {
	Keyed
	DrawID
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"1000" doc:"Why it is drawn again; it stands in the record"`
	}
}

// drawAgain asks to draw again from the same list: a draw of its own, which a second officer must agree to.
func (s *Server) drawAgain(ctx context.Context, in *drawAgainInput) (*drawOutput, error) {
	regulators, err := regulatorsOf(person(ctx))
	if err != nil {
		return nil, err
	}
	if err := s.seesDraw(ctx, in.ID, regulators); err != nil {
		return nil, err
	}
	id := drawIDOf(ctx, in.Key)
	return s.drawWrite(ctx, 201, id, in.Key, digest("POST /draws/again", in.ID, in.Body), func(tx *postgres.Tx) error {
		return tx.RequestDrawAgain(ctx, id, in.ID, person(ctx).ID, regulators, in.Body.Reason)
	})
}

// getDraw is the record that `fairreview verify-draw` reads. Of a panel only its case's officers and approvers know.
func (s *Server) getDraw(ctx context.Context, in *DrawID) (*reply[review.DrawRecord], error) {
	regulators, err := regulatorsOf(person(ctx))
	if err != nil {
		return nil, err
	}
	if err := s.seesDraw(ctx, in.ID, regulators); err != nil {
		return nil, err
	}
	return answer(s.db.DrawRecord(ctx, in.ID, regulators))
}

type drawsInput struct {
	Cursor string `query:"cursor" maxLength:"300"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// Draws is one page of the draws, newest first.
type Draws struct {
	Draws []postgres.DrawRow `json:"draws" nullable:"false" doc:"Also what was asked for and not drawn: a list that is asked for often shows it"`
	Next  string             `json:"next,omitempty" doc:"cursor of the next page"`
}

func (s *Server) draws(ctx context.Context, in *drawsInput) (*reply[Draws], error) {
	regulators, err := regulatorsOf(person(ctx))
	if err != nil {
		return nil, err
	}
	page, err := s.db.Draws(ctx, regulators, in.Cursor, in.Limit)
	return answer(Draws{Draws: orEmpty(page.Draws), Next: page.Next}, err)
}

// created publishes that an operation answers 201, as its handler does.
func created(api huma.API, path string) {
	responses := api.OpenAPI().Paths[apiPrefix+path].Post.Responses
	responses["201"] = responses["200"]
	responses["201"].Description = "Created"
	delete(responses, "200")
}
