package server

import (
	"context"
	"slices"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// The pool of experts (专家库): kept by the officers and approvers of a regulator, and used by those of the regulators below.

// Pool lists experts.
type Pool struct {
	Experts []postgres.PoolExpert `json:"experts" nullable:"false" doc:"Also those whose term is over, unless a day is asked for"`
	Years   int                   `json:"years" doc:"How long a former employer and work for the drafting unit stand against an expert"`
}

type poolInput struct {
	Field  string      `query:"field" maxLength:"100"`
	Person string      `query:"person" maxLength:"64"`
	On     review.Date `query:"on" maxLength:"10" doc:"YYYY-MM-DD: only those in term on that day"`
}

// poolsOf are the pools that the person's regulators use; Forbidden for who is no officer or approver of one.
func (s *Server) poolsOf(ctx context.Context) ([]string, error) {
	regulators, err := regulatorsOf(person(ctx))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, r := range regulators {
		pools, err := s.db.PoolsOf(ctx, r)
		if err != nil {
			return nil, err
		}
		all = append(all, pools...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

func (s *Server) pool(ctx context.Context, in *poolInput) (*reply[Pool], error) {
	pools, err := s.poolsOf(ctx)
	if err != nil {
		return nil, err
	}
	if in.On != "" && !in.On.Valid() {
		return nil, review.Refuse(review.Invalid, "field", "on")
	}
	f := postgres.PoolFilter{Regulators: pools, On: in.On}
	if in.Field != "" {
		f.Fields = []string{in.Field}
	}
	if in.Person != "" {
		f.People = []string{in.Person}
	}
	experts, err := s.db.Pool(ctx, f)
	if err != nil {
		return nil, err
	}
	years, err := s.db.ConflictYears(ctx)
	return answer(Pool{orEmpty(experts), years}, err)
}

// ownRegulator is the regulator whose pool the person keeps: the one named, or their only one.
func ownRegulator(ctx context.Context, named string) (string, error) {
	regulators, err := regulatorsOf(person(ctx))
	switch {
	case err != nil:
		return "", err
	case named == "" && len(regulators) > 1:
		return "", review.Refuse(review.Missing, "field", "regulator")
	case named != "" && !slices.Contains(regulators, named):
		return "", review.Refuse(review.Forbidden)
	}
	return orElse(named, regulators[0]), nil
}

type expertInput struct {
	Keyed
	Body struct {
		Person      string                  `json:"person" minLength:"1" maxLength:"64" doc:"Account that holds the role of an expert"`
		Regulator   string                  `json:"regulator,omitempty" maxLength:"64" doc:"Needed only by who is an officer of several"`
		Fields      []string                `json:"fields" nullable:"false" minItems:"1" maxItems:"20" doc:"What the expert knows, a few words each, without commas"`
		Institution string                  `json:"institution" minLength:"1" maxLength:"100"`
		Region      string                  `json:"region,omitempty" maxLength:"100"`
		Employers   []postgres.PastWork     `json:"employers,omitempty" nullable:"false" maxItems:"50" doc:"Former employers"`
		Works       []postgres.PastWork     `json:"works,omitempty" nullable:"false" maxItems:"50" doc:"Work done for bodies: advice, drafting, training"`
		Interests   []postgres.PoolInterest `json:"interests,omitempty" nullable:"false" maxItems:"50" doc:"Declared interests"`
		From        review.Date             `json:"from" minLength:"10" maxLength:"10" doc:"First day of the term"`
		To          review.Date             `json:"to,omitempty" maxLength:"10" doc:"Its last day; left out: none is set"`
		Reason      string                  `json:"reason,omitempty" maxLength:"1000" doc:"Why it changes; kept beside what was"`
	}
}

// putExpert enters an expert, or says anew what the entry holds. What was stays in its changes.
func (s *Server) putExpert(ctx context.Context, in *expertInput) (*reply[postgres.PoolExpert], error) {
	b := in.Body
	regulator, err := ownRegulator(ctx, b.Regulator)
	if err != nil {
		return nil, err
	}
	e := postgres.PoolEntry{Regulator: regulator, Person: b.Person, Fields: b.Fields, Institution: b.Institution, Region: b.Region,
		Employers: b.Employers, Works: b.Works, Interests: b.Interests, From: b.From, To: b.To}
	return s.poolWrite(ctx, in.Key, digest("POST /pool", "", b), regulator, b.Person, func(tx *postgres.Tx) error {
		_, err := tx.PutExpert(ctx, person(ctx).ID, e, b.Reason)
		return err
	})
}

func (s *Server) poolWrite(ctx context.Context, key, digest, regulator, expert string, do func(*postgres.Tx) error) (*reply[postgres.PoolExpert], error) {
	if _, err := s.db.Idempotent(ctx, person(ctx).ID, key, digest, func(tx *postgres.Tx) (any, error) { return expert, do(tx) }); err != nil {
		return nil, err
	}
	return answer(s.db.PoolEntryOf(ctx, regulator, expert))
}

type endTermInput struct {
	Keyed
	ByID
	Body struct {
		Regulator string      `json:"regulator,omitempty" maxLength:"64"`
		To        review.Date `json:"to" minLength:"10" maxLength:"10" doc:"Last day of the term"`
		Reason    string      `json:"reason" minLength:"1" maxLength:"1000"`
	}
}

// endTerm ends a term. Panels that the expert sits on go on: from those they recuse themselves.
func (s *Server) endTerm(ctx context.Context, in *endTermInput) (*reply[postgres.PoolExpert], error) {
	regulator, err := ownRegulator(ctx, in.Body.Regulator)
	if err != nil {
		return nil, err
	}
	return s.poolWrite(ctx, in.Key, digest("POST /pool/end", in.ID, in.Body), regulator, in.ID, func(tx *postgres.Tx) error {
		return tx.EndTerm(ctx, person(ctx).ID, regulator, in.ID, in.Body.To, in.Body.Reason)
	})
}

type poolChangesInput struct {
	Person    string `query:"person" required:"true" minLength:"1" maxLength:"64"`
	Regulator string `query:"regulator" maxLength:"64"`
}

// PoolChanges are the states of an entry.
type PoolChanges struct {
	Changes []postgres.PoolChange `json:"changes" nullable:"false" doc:"The newest first"`
}

func (s *Server) poolChanges(ctx context.Context, in *poolChangesInput) (*reply[PoolChanges], error) {
	regulator, err := ownRegulator(ctx, in.Regulator)
	if err != nil {
		return nil, err
	}
	list, err := s.db.PoolChanges(ctx, regulator, in.Person)
	return answer(PoolChanges{list}, err)
}
