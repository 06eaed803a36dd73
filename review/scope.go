package review

import (
	"slices"
	"strings"
)

// ScopeVersion names the questions of ScopeTree as they are shown and asked.
const ScopeVersion = "2026-1"

// ScopeQuestion is a question on the way to whether a measure is under review (条例 2; 办法 2).
type ScopeQuestion struct {
	ID      string        `json:"id"`
	Zh      string        `json:"zh"`
	En      string        `json:"en"`
	HelpZh  string        `json:"helpZh"`
	HelpEn  string        `json:"helpEn"`
	Options []ScopeOption `json:"options" nullable:"false"`
}

// ScopeOption is an answer: it leads to the next question or to a verdict, never to both. Article is what the answer itself
// rests on, beside what the verdict does.
type ScopeOption struct {
	ID      string        `json:"id"`
	Zh      string        `json:"zh"`
	En      string        `json:"en"`
	Article string        `json:"article,omitempty"`
	NoteZh  string        `json:"noteZh,omitempty"`
	NoteEn  string        `json:"noteEn,omitempty"`
	Next    string        `json:"next,omitempty" doc:"Id of the next question"`
	Verdict *ScopeVerdict `json:"verdict,omitempty"`
}

// ScopeVerdict says whether a measure is under review. Ground is one of Scope's and is set when it is not.
type ScopeVerdict struct {
	In      bool   `json:"in"`
	Ground  string `json:"ground,omitempty"`
	Article string `json:"article"`
	NoteZh  string `json:"noteZh,omitempty"`
	NoteEn  string `json:"noteEn,omitempty"`
}

func inScope(article string) *ScopeVerdict { return &ScopeVerdict{In: true, Article: article} }

func outOfScope(ground, article string) *ScopeVerdict {
	return &ScopeVerdict{Ground: ground, Article: article}
}

func (v *ScopeVerdict) note(zh, en string) *ScopeVerdict {
	v.NoteZh, v.NoteEn = zh, en
	return v
}

// ScopeTree returns the questions, the first one first. Every way through them ends in a verdict.
//
// Decisions of old cases are decided again whenever their histories are replayed: a question or an answer may be added,
// but none is taken out, led elsewhere or given another article or ground, unless Procedure moves on.
func ScopeTree() []ScopeQuestion {
	return []ScopeQuestion{
		{ID: "kind", Zh: "这是一份什么文件？", En: "What kind of document is it?",
			HelpZh: "按实际内容和拟以谁的名义印发选择，不看文件标题。", HelpEn: "Go by its content and by who will issue it, not by its title.",
			Options: []ScopeOption{
				{ID: "law", Zh: "法律、行政法规、地方性法规的草案或者议案", En: "Draft or bill of a law, administrative regulation or local regulation", Article: "条例 14; 办法 30; B1-1", Next: "effect"},
				{ID: "rule", Zh: "规章", En: "Rules", Next: "effect"},
				{ID: "normative", Zh: "规范性文件", En: "Normative document", Next: "effect"},
				{ID: "government", Zh: "县级以上政府或者其办公厅（室）印发的其他文件", En: "Other document issued by a government at county level or above, or by its general office", Article: "条例 14; 办法 30; B1-1", Next: "effect"},
				{ID: "forwarded", Zh: "县级以上政府或者其办公厅（室）转发的部门文件", En: "Department's document forwarded by a government at county level or above, or by its general office", Article: "办法 30; B1-1", Next: "effect"},
				{ID: "party_joint", Zh: "党委和政府联合印发的文件", En: "Document issued jointly by Party committee and government", Article: "B1-1", Next: "effect"},
				{ID: "approved", Zh: "报政府批准后以部门名义印发的文件", En: "Department's own document that the government approves first", Article: "B1-3", Next: "effect",
					NoteZh: "批准不改变制定机关，仍由起草部门审查。", NoteEn: "Approval does not change who makes it: the drafting department reviews."},
				{ID: "non_organ", Zh: "非行政机关起草、由政府印发的文件", En: "Document drafted by a body that is no organ, issued by the government", Article: "B1-5", Next: "effect"},
				{ID: "subordinate", Zh: "所属单位或者国有企业起草、由行政机关印发的规定", En: "Provisions drafted by a subordinate unit or state-owned enterprise, issued by an organ", Article: "B1-8", Next: "effect",
					NoteZh: "由印发的行政机关审查。", NoteEn: "The issuing organ reviews."},
				{ID: "standard", Zh: "标准、技术规范", En: "Standard or technical specification", Next: "effect"},
				{ID: "policy", Zh: "其他政策性文件，包括“一事一议”", En: "Other policy document, one-off deals included", Next: "effect"},
				{ID: "agreement", Zh: "协议、合同、备忘录", En: "Agreement, contract or memorandum", Next: "agreement"},
				{ID: "tender", Zh: "招标、采购文件，资格预审文件，公告或者示范文本", En: "Tender or procurement document, prequalification, notice or model document", Verdict: inScope("条例 2; 办法 2; B1-6").note(
					"发布前由招标人、采购人审查；发布后也可以被抽查、举报。", "The tenderer reviews it before publication; it can be spot-checked and reported afterwards.")},
				{ID: "campaign", Zh: "检查、执法工作方案", En: "Plan of an inspection or enforcement campaign", Article: "B2-2", Next: "effect",
					NoteZh: "审查时先看办法第十七条第二项。", NoteEn: "Look at Measures art. 17(2) first."},
				{ID: "township", Zh: "乡镇政府、街道办事处的文件", En: "Document of a township government or subdistrict office", Article: "B2-3", Next: "effect"},
				{ID: "organisation", Zh: "村（居）民委员会、事业单位、行业协会等组织的文件", En: "Document of a village committee, public institution, association or other organisation", Next: "powers"},
				{ID: "request", Zh: "向政府报送的请示", En: "Request to the government", Next: "request"},
				{ID: "minutes", Zh: "会议纪要", En: "Meeting minutes", Verdict: outOfScope("meeting_minutes", "条例 2; B1-7").note(
					"按纪要另行制定的政策措施，应当审查。", "A measure that follows from the minutes is reviewed.")},
				{ID: "meeting_paper", Zh: "提请政府会议审议的材料", En: "Paper for a government meeting", Next: "meeting_paper"},
				{ID: "internal", Zh: "内部管理、人事等事项的文件", En: "Document on internal administration or personnel", Next: "internal"},
				{ID: "other", Zh: "其他", En: "Something else", Next: "effect"},
			}},
		{ID: "agreement", Zh: "是哪一类协议？", En: "What kind of agreement is it?",
			HelpZh: "看对方是不是经营者，约定的是不是行政法上的权利义务。", HelpEn: "Ask whether the other side is a business operator, and whether rights and duties of administrative law are agreed.",
			Options: []ScopeOption{
				{ID: "administrative", Zh: "与经营者签订的行政协议，如特许经营、自然资源使用权出让、政府和社会资本合作", En: "Administrative agreement with an operator, such as a franchise, a grant of resource rights or a public-private partnership",
					Verdict: inScope("条例 2; 办法 2; B2-5").note("由牵头起草单位审查。", "The lead drafting unit reviews.")},
				{ID: "memorandum", Zh: "政企合作协议、与经营者签订的备忘录", En: "Government-enterprise cooperation agreement, or memorandum with an operator",
					Verdict: inScope("条例 2; 办法 2; B1-2").note("由牵头起草单位审查。", "The lead drafting unit reviews.")},
				{ID: "civil", Zh: "作为平等主体签订的民事合同，如购买办公用品", En: "Civil contract between equals, such as for office supplies", Verdict: outOfScope("civil_contract", "条例 2; B2-5")},
				{ID: "compensation", Zh: "与公民签订的征收补偿等协议", En: "Compensation agreement or the like with citizens", Verdict: outOfScope("civil_contract", "条例 2; B2-5")},
				{ID: "organs", Zh: "双方都是行政机关的协议", En: "Agreement between organs only", Verdict: outOfScope("other", "条例 2; B2-5")},
			}},
		{ID: "powers", Zh: "该组织此时是否在行使法律、法规授予的公共事务管理职能？", En: "Does the organisation act here with powers over public affairs given by law or regulation?",
			HelpZh: "包括基层自治组织、事业单位、专业技术机构、行业协会。", HelpEn: "Grassroots self-governing bodies, public institutions, professional bodies and associations can hold such powers.",
			Options: []ScopeOption{
				{ID: "yes", Zh: "是", En: "Yes", Article: "办法 47; B2-4", Next: "effect"},
				{ID: "no", Zh: "否，属于自身事务", En: "No, it is its own affair", Verdict: outOfScope("other", "条例 2; 办法 47; B2-4").note(
					"起草后由行政机关印发的，由该机关审查。", "Where an organ issues it, that organ reviews it.")},
			}},
		{ID: "request", Zh: "请示中是否含有经同意后即实施的措施？", En: "Does the request hold a measure that takes effect once it is approved?",
			HelpZh: "同意后另行印发文件的，对该文件审查。", HelpEn: "Where a document is issued after approval, that document is reviewed.",
			Options: []ScopeOption{
				{ID: "measure", Zh: "含有", En: "It does", Article: "B2-1", Next: "effect", NoteZh: "应当在报送请示之前完成审查。", NoteEn: "The review comes before the request is sent."},
				{ID: "none", Zh: "不含有", En: "It does not", Verdict: outOfScope("request_without_measure", "条例 2; B2-1")},
			}},
		{ID: "meeting_paper", Zh: "提请审议的是不是政策措施？", En: "Is what goes to the meeting a policy measure?",
			HelpZh: "是否上会不影响审查范围，只看内容。", HelpEn: "Going to a meeting decides nothing; the content does.",
			Options: []ScopeOption{
				{ID: "measure", Zh: "是", En: "Yes", Article: "B1-4", Next: "effect"},
				{ID: "none", Zh: "不是，如汇报、说明", En: "No, such as a report or an explanation", Verdict: outOfScope("other", "条例 2; B1-4")},
			}},
		{ID: "internal", Zh: "是否有内容影响到经营者？", En: "Does anything in it reach business operators?",
			HelpZh: "例如内部规定中对供应商、申请人的要求。", HelpEn: "Such as what an internal rule asks of suppliers or applicants.",
			Options: []ScopeOption{
				{ID: "touches", Zh: "有", En: "It does", Next: "effect"},
				{ID: "none", Zh: "没有，只涉及内部事务", En: "No, only internal affairs", Verdict: outOfScope("internal_affairs", "条例 2")},
			}},
		{ID: "effect", Zh: "涉及经营者经济活动的哪个方面？", En: "Which part of business operators' economic activity does it touch?",
			HelpZh: "涉及多个方面的，选择最主要的一个。", HelpEn: "Where it touches several, choose the main one.",
			Options: []ScopeOption{
				{ID: "entry", Zh: "市场准入和退出", En: "Market entry and exit", Verdict: inScope("条例 2; 办法 2")},
				{ID: "industry", Zh: "产业发展", En: "Industrial development", Verdict: inScope("条例 2; 办法 2")},
				{ID: "investment", Zh: "招商引资", En: "Investment promotion", Verdict: inScope("条例 2; 办法 2")},
				{ID: "procurement", Zh: "政府采购", En: "Government procurement", Verdict: inScope("条例 2; 办法 2")},
				{ID: "tendering", Zh: "招标投标", En: "Tendering", Verdict: inScope("条例 2; 办法 2")},
				{ID: "qualification", Zh: "资质标准", En: "Qualification standards", Verdict: inScope("条例 2; 办法 2")},
				{ID: "enforcement", Zh: "监管执法", En: "Regulatory enforcement", Verdict: inScope("条例 2; 办法 2")},
				{ID: "other_area", Zh: "经营者经济活动的其他方面", En: "Another part of operators' economic activity", Verdict: inScope("条例 2; 办法 2")},
				{ID: "superior", Zh: "涉及，但只是落实上级文件", En: "It does, but merely follows a superior document", Verdict: inScope("条例 2; B1-59; B2-7").note(
					"有上级文件也应当审查；上级文件不作为符合标准的依据，涉嫌违反标准的，由市场监管部门向上级报告。",
					"It is reviewed all the same. The superior document is no basis for meeting the standards; the regulator reports one that looks in breach to the level above.")},
				{ID: "none", Zh: "都不涉及", En: "None", Verdict: outOfScope("no_effect_on_operators", "条例 2; 办法 2")},
			}},
	}
}

// DecideScope walks the questions by the answers, in order, and returns the verdict with every article along the way.
// Refused: Invalid (field scope.answers, value) for a question or an answer that is none, that is not the next one, or that
// is left over; Missing (field scope.answers.reason) when what leads out of scope has no reason (G1); ScopeOpen (question)
// when a question is left without an answer. That a superior document is followed leads nobody out (B1-59).
func DecideScope(answers []ScopeAnswer) (ScopeVerdict, error) {
	tree := ScopeTree()
	next, articles := tree[0].ID, ""
	for i, a := range answers {
		q := slices.IndexFunc(tree, func(q ScopeQuestion) bool { return q.ID == next })
		if q < 0 || a.Question != next {
			return ScopeVerdict{}, Refuse(Invalid, "field", "scope.answers", "value", a.Question)
		}
		o := slices.IndexFunc(tree[q].Options, func(o ScopeOption) bool { return o.ID == a.Answer })
		if o < 0 {
			return ScopeVerdict{}, Refuse(Invalid, "field", "scope.answers", "value", a.Answer)
		}
		option := tree[q].Options[o]
		next, articles = option.Next, joinArticles(articles, option.Article)
		if option.Verdict == nil {
			continue
		}
		if i+1 < len(answers) {
			return ScopeVerdict{}, Refuse(Invalid, "field", "scope.answers", "value", answers[i+1].Question)
		}
		v := *option.Verdict
		if !v.In && strings.TrimSpace(a.Reason) == "" {
			return ScopeVerdict{}, Refuse(Missing, "field", "scope.answers.reason")
		}
		v.Article = joinArticles(v.Article, articles)
		return v, nil
	}
	return ScopeVerdict{}, Refuse(ScopeOpen, "question", next)
}

// joinArticles adds to the articles of a those of b that it lacks.
func joinArticles(a, b string) string {
	list := strings.Split(a, "; ")
	for _, one := range strings.Split(b, "; ") {
		if one != "" && !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return strings.TrimPrefix(strings.Join(list, "; "), "; ")
}
