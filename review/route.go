package review

import "slices"

// IssueBy says in whose name a measure will be issued, or was. That, and not who drafts it or who approves it on the way,
// decides the route (条例 13, 14; 办法 30).
type IssueBy string

// The ways of issuing, in the order in which they are offered.
const (
	ByDepartment         IssueBy = "own"                 // 本部门印发
	ByDepartments        IssueBy = "joint_departments"   // 多部门联合印发，牵头单位审查
	ByGovernment         IssueBy = "government"          // 县级以上政府印发, whoever drafts it (B1-5)
	ByGovernmentOffice   IssueBy = "government_office"   // 政府办公厅（室）印发
	ByForwarding         IssueBy = "forwarded"           // 政府或其办公厅（室）转发
	ByPartyAndGovernment IssueBy = "party_government"    // 党委和政府联合印发
	ByCongress           IssueBy = "congress"            // 提请人大及其常委会审议
	AfterApproval        IssueBy = "government_approved" // 报政府批准后以部门名义印发
	ByRequest            IssueBy = "request"             // 请示中含措施，经同意后即实施
	ByTownship           IssueBy = "township"            // 乡镇政府、街道办事处印发
	ForSubordinate       IssueBy = "subordinate"         // 所属单位、国企起草，机关印发
	ByAgreement          IssueBy = "agreement"           // 与经营者签订的行政协议、备忘录
	ByTender             IssueBy = "tender"              // 招标、采购文件
)

// WaysOfIssuing lists them in the order in which they are offered.
func WaysOfIssuing() []IssueBy {
	return []IssueBy{ByDepartment, ByDepartments, ByGovernment, ByGovernmentOffice, ByForwarding, ByPartyAndGovernment, ByCongress,
		AfterApproval, ByRequest, ByTownship, ForSubordinate, ByAgreement, ByTender}
}

// IssuerKind is what the law looks at in the unit that issues.
type IssuerKind string

// The kinds of issuer. Everything that is none of the others reviews for itself, as a department does.
const (
	IssuerDepartment IssuerKind = "department"
	IssuerGovernment IssuerKind = "government" // 县级以上政府, or its office
	IssuerCongress   IssuerKind = "congress"
	IssuerTownship   IssuerKind = "township" // 乡镇政府、街道办事处: an organ, but below the county
)

// IssuerKindOf reads the kind of a unit as the list of units has it.
func IssuerKindOf(unitKind string) IssuerKind {
	switch k := IssuerKind(unitKind); k {
	case IssuerGovernment, IssuerCongress, IssuerTownship:
		return k
	}
	return IssuerDepartment
}

// Routing is where a way of issuing leads and why: Why is a stable key that the server puts into words. Lead: several
// units may take part, and the one that leads reviews alone (条例 13).
type Routing struct {
	Route   Route  `json:"route"`
	Article string `json:"article"`
	Why     string `json:"why"`
	Lead    bool   `json:"lead"`
}

// Articles on which a route rests by itself: what a route that was chosen against what follows is recorded with.
const (
	departmentArticle = "条例 13"
	governmentArticle = "条例 14; 办法 30"
)

// ArticleOf returns the article on which the route rests, whoever issues.
func ArticleOf(r Route) string {
	if r == Government {
		return governmentArticle
	}
	return departmentArticle
}

// routings is 条例 13 and 14 with the practice questions that decide a route.
//
// A request (请示, B2-1) takes effect once the government has agreed, without a further document. It is reviewed before
// it is sent, and by the unit that sends it: agreement is neither issuing nor forwarding, which is all that 办法 30 adds to
// 条例 14, and B1-3 says that approval on the way does not make the government the maker. Where the government answers by
// forwarding or issuing the measure, that is another way of issuing and is chosen as such.
var routings = map[IssueBy]Routing{
	ByDepartment:         {Department, departmentArticle, "department_issues", false},
	ByDepartments:        {Department, departmentArticle, "lead_reviews", true},
	ByGovernment:         {Government, governmentArticle, "government_issues", false},
	ByGovernmentOffice:   {Government, governmentArticle, "office_issues", false},
	ByForwarding:         {Government, "条例 14; 办法 30; B1-1", "government_forwards", false},
	ByPartyAndGovernment: {Government, "条例 14; B1-1", "party_and_government", false},
	ByCongress:           {Government, "条例 14; 办法 30; B1-1", "congress_considers", false},
	AfterApproval:        {Department, "条例 13; B1-3", "own_name_after_approval", false},
	ByRequest:            {Department, "条例 2, 13; B2-1", "request_takes_effect", false},
	ByTownship:           {Department, "条例 2, 13, 14; B2-3", "below_county", false},
	ForSubordinate:       {Department, "条例 13; B1-8", "organ_issues", false},
	ByAgreement:          {Department, "条例 13; 办法 2; B1-2; B2-5", "agreement", true},
	ByTender:             {Department, "条例 13; B1-6", "tenderer_reviews", false},
}

// RouteFor returns where a measure goes that is issued in this way, by such an issuer; Invalid, field issueBy, for a way
// that is none. An agreement goes the department route in whosever name it is concluded (B1-2, B2-5), and what a township
// issues, forwards or lays before its congress stays below the county at which 条例 14 begins (B2-3).
func RouteFor(by IssueBy, issuer IssuerKind, nature string) (Routing, error) {
	r, ok := routings[by]
	if !ok {
		return Routing{}, Refuse(Invalid, "field", "issueBy")
	}
	switch {
	case r.Route == Department:
		return r, nil
	case agreed(nature):
		return routings[ByAgreement], nil
	case issuer == IssuerTownship:
		return routings[ByTownship], nil
	}
	return r, nil
}

// IssueByOf returns the usual way in which such an issuer issues a measure of this nature; joint: with other units.
func IssueByOf(issuer IssuerKind, nature string, joint bool) IssueBy {
	switch {
	case agreed(nature):
		return ByAgreement
	case nature == "tender_document":
		return ByTender
	case issuer == IssuerGovernment:
		return ByGovernment
	case issuer == IssuerCongress:
		return ByCongress
	case joint:
		return ByDepartments
	case issuer == IssuerTownship:
		return ByTownship
	}
	return ByDepartment
}

func agreed(nature string) bool { return nature == "agreement" || nature == "memorandum" }

// Fits reports whether such an issuer issues in this way. What does not fit is no error, since a list of units is never
// complete, but it looks wrong and wants a reason.
func (by IssueBy) Fits(issuer IssuerKind) bool {
	var fit []IssuerKind
	switch by {
	case ByAgreement, ByTender:
		return true // a government too concludes agreements and buys
	case ByGovernment, ByGovernmentOffice, ByForwarding, ByPartyAndGovernment:
		fit = []IssuerKind{IssuerGovernment, IssuerTownship}
	case ByCongress:
		fit = []IssuerKind{IssuerCongress, IssuerGovernment, IssuerTownship} // the government lays the bill before it
	default:
		fit = []IssuerKind{IssuerDepartment, IssuerTownship}
	}
	return slices.Contains(fit, issuer)
}

// OddRoute reports whether the chosen route is another than the one that follows from who issues: possible, with a reason.
func OddRoute(chosen Route, derived Routing) bool { return chosen != derived.Route }
