package review

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTheRouteFollowsFromWhoIssues(t *testing.T) {
	t.Parallel()
	const doc = "normative_document"
	for _, tc := range []struct {
		question string // the article or practice question that decides, in words
		by       IssueBy
		issuer   IssuerKind
		nature   string
		want     Route
		article  string // one that the routing names
		lead     bool
	}{
		{"条例 13: one department issues in its own name", ByDepartment, IssuerDepartment, doc, Department, "条例 13", false},
		{"条例 13: several departments issue jointly and the lead reviews", ByDepartments, IssuerDepartment, doc, Department, "条例 13", true},
		{"条例 14: a government at county level or above issues", ByGovernment, IssuerGovernment, doc, Government, "条例 14", false},
		{"条例 14: a bill goes to the congress", ByCongress, IssuerCongress, "local_regulation_draft", Government, "条例 14", false},
		{"条例 14 does not reach a bill for a township's congress", ByCongress, IssuerTownship, doc, Department, "B2-3", false},
		{"办法 30: the general office issues", ByGovernmentOffice, IssuerGovernment, doc, Government, "办法 30", false},
		{"办法 30: the government or its office forwards what a department drafted", ByForwarding, IssuerGovernment, doc, Government, "办法 30", false},
		{"办法 30 does not reach what a township forwards", ByForwarding, IssuerTownship, doc, Department, "B2-3", false},
		{"B1-1: regulations and bills are on the government route", ByCongress, IssuerGovernment, "local_regulation", Government, "B1-1", false},
		{"B1-1: Party committee and government issue jointly", ByPartyAndGovernment, IssuerGovernment, doc, Government, "B1-1", false},
		{"B1-2: a cooperation agreement is the lead drafting unit's, not the government route's", ByAgreement, IssuerGovernment, "agreement", Department, "B1-2", true},
		{"B1-3: the government approves and the department issues", AfterApproval, IssuerDepartment, doc, Department, "B1-3", false},
		{"B1-5: no organ drafts it and the government issues it", ByGovernment, IssuerGovernment, doc, Government, "条例 14", false},
		{"B1-6: a tender file is reviewed by the tenderer", ByTender, IssuerDepartment, "tender_document", Department, "B1-6", false},
		{"B1-6: a government that buys is a tenderer", ByTender, IssuerGovernment, "tender_document", Department, "B1-6", false},
		{"B1-8: a state-owned enterprise drafts it and an organ issues it", ForSubordinate, IssuerDepartment, doc, Department, "B1-8", false},
		{"B2-1: a request with a measure is reviewed by the unit before it is sent", ByRequest, IssuerDepartment, doc, Department, "B2-1", false},
		{"B2-1 with 办法 30: the government forwards what was requested", ByForwarding, IssuerGovernment, doc, Government, "办法 30", false},
		{"B2-2: a campaign's plan goes by who issues it", ByDepartment, IssuerDepartment, "plan", Department, "条例 13", false},
		{"B2-3: a township issues", ByTownship, IssuerTownship, doc, Department, "B2-3", false},
		{"B2-3: a township government is no government of 条例 14", ByGovernment, IssuerTownship, doc, Department, "B2-3", false},
		{"B2-4: a village committee with public powers reviews for itself", ByDepartment, IssuerKindOf("village"), doc, Department, "条例 13", false},
		{"B2-5: an agreement concluded in the government's name", ByGovernment, IssuerGovernment, "agreement", Department, "B2-5", true},
		{"B2-5: a memorandum with an operator", ByGovernmentOffice, IssuerGovernment, "memorandum", Department, "B2-5", true},
	} {
		t.Run(tc.question, func(t *testing.T) {
			t.Parallel()
			got, err := RouteFor(tc.by, tc.issuer, tc.nature)
			if err != nil || got.Route != tc.want || got.Lead != tc.lead || !strings.Contains(got.Article, tc.article) || got.Why == "" {
				t.Errorf("RouteFor(%s, %s, %s) = %+v, %v; want %s by %s, lead %t", tc.by, tc.issuer, tc.nature, got, err, tc.want, tc.article, tc.lead)
			}
			if OddRoute(tc.want, got) || !OddRoute(map[Route]Route{Department: Government, Government: Department}[tc.want], got) {
				t.Errorf("%+v: the other route alone is odd", got)
			}
		})
	}
}

func TestTheUsualWayOfIssuing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		unit, nature string
		joint        bool
		want         IssueBy
	}{
		{"department", "normative_document", false, ByDepartment},
		{"institution", "standard", false, ByDepartment},
		{"", "rule", false, ByDepartment},
		{"department", "normative_document", true, ByDepartments},
		{"government", "normative_document", false, ByGovernment},
		{"government", "agreement", false, ByAgreement},
		{"government", "tender_document", false, ByTender},
		{"department", "memorandum", true, ByAgreement},
		{"congress", "local_regulation_draft", false, ByCongress},
		{"township", "normative_document", false, ByTownship},
	} {
		if got := IssueByOf(IssuerKindOf(tc.unit), tc.nature, tc.joint); got != tc.want {
			t.Errorf("a %s of a unit of kind %q, joint %t: %s, want %s", tc.nature, tc.unit, tc.joint, got, tc.want)
		}
	}
}

func TestWhatDoesNotFitLooksWrong(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		by     IssueBy
		issuer IssuerKind
		want   bool
	}{
		{ByDepartment, IssuerDepartment, true}, {ByDepartment, IssuerGovernment, false}, {ByDepartment, IssuerCongress, false},
		{ByDepartments, IssuerGovernment, false}, {AfterApproval, IssuerGovernment, false}, {AfterApproval, IssuerDepartment, true},
		{ByGovernment, IssuerDepartment, false}, {ByGovernment, IssuerGovernment, true}, {ByGovernmentOffice, IssuerDepartment, false},
		{ByForwarding, IssuerDepartment, false}, {ByPartyAndGovernment, IssuerDepartment, false}, {ByCongress, IssuerDepartment, false},
		{ByCongress, IssuerGovernment, true}, {ByRequest, IssuerGovernment, false}, {ByTownship, IssuerGovernment, false},
		{ByTownship, IssuerTownship, true}, {ByAgreement, IssuerGovernment, true}, {ByTender, IssuerGovernment, true},
	} {
		if got := tc.by.Fits(tc.issuer); got != tc.want {
			t.Errorf("%s by a %s fits: %t", tc.by, tc.issuer, got)
		}
	}
}

func TestEveryWayOfIssuingHasARoute(t *testing.T) {
	t.Parallel()
	if len(WaysOfIssuing()) != len(routings) {
		t.Errorf("%d ways are offered, %d have a route", len(WaysOfIssuing()), len(routings))
	}
	rapid.Check(t, func(t *rapid.T) {
		by := rapid.SampledFrom(WaysOfIssuing()).Draw(t, "by")
		issuer := rapid.SampledFrom([]IssuerKind{IssuerDepartment, IssuerGovernment, IssuerCongress, IssuerTownship}).Draw(t, "issuer")
		nature := rapid.SampledFrom([]string{"rule", "agreement", "memorandum", "tender_document"}).Draw(t, "nature")
		r, err := RouteFor(by, issuer, nature)
		if err != nil || r.Route != Department && r.Route != Government || r.Article == "" || r.Why == "" {
			t.Fatalf("RouteFor(%s, %s, %s) = %+v, %v", by, issuer, nature, r, err)
		}
		if r.Route == Government && (!strings.Contains(r.Article, "条例 14") || issuer == IssuerTownship || agreed(nature)) {
			t.Fatalf("%s of a %s by a %s takes the government route by %s", by, nature, issuer, r.Article)
		}
		if r.Route == Department && !strings.Contains(r.Article, "13") {
			t.Fatalf("%s takes the department route by %s", by, r.Article)
		}
		usual := IssueByOf(issuer, nature, false)
		if !usual.Fits(issuer) {
			t.Fatalf("%s is usual for a %s and looks wrong", usual, issuer)
		}
	})
	if _, err := RouteFor("letter", IssuerDepartment, "rule"); CodeOf(err) != Invalid {
		t.Errorf("a way that is none: %v", err)
	}
}
