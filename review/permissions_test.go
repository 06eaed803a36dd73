package review

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// relation is a column of docs/permissions.md: how somebody stands to the case, and by which of the machine's roles they may
// act in it. The latter is written down here apart from the code, and held against it.
type relation struct {
	head string
	who  Actor
	as   []Role
}

// relations of the case of the walks: drafted by dept for gov, regulated by amr, with seats of fin, ndrc and mot.
var relations = []relation{
	{"起草单位经办人", Actor{Person: "h9", Unit: "dept", Role: Handler}, []Role{Handler, issuer}},
	{"起草单位审查机构", Actor{Person: "b9", Unit: "dept", Role: ReviewBody}, []Role{ReviewBody}},
	{"起草单位负责人", Actor{Person: "u9", Unit: "dept", Role: UnitHead}, []Role{UnitHead}},
	{"市场监管部门承办人", Actor{Person: "o9", Unit: "amr", Role: Officer}, []Role{Officer}},
	{"市场监管部门审核人", Actor{Person: "k9", Unit: "amr", Role: Checker}, []Role{Checker}},
	{"市场监管部门签发人", Actor{Person: "p9", Unit: "amr", Role: Approver}, []Role{Approver}},
	{"会审单位负责人", Actor{Person: "s9", Unit: "fin", Role: UnitHead}, []Role{seatHead}},
	{"受邀专家", expert1, []Role{Expert}},
	{"制定机关经办人", Actor{Person: "g9", Unit: "gov", Role: Handler}, []Role{issuer}},
	{"制定机关负责人", Actor{Person: "g8", Unit: "gov", Role: UnitHead}, []Role{issuer}},
	{"系统计时", timer, []Role{Timer}},
}

// outsiders have no part in the case, whatever they are elsewhere.
var outsiders = func() []Actor {
	var out []Actor
	for _, unit := range []string{"other", "amr2", "pool"} {
		for _, role := range []Role{Handler, ReviewBody, UnitHead, Officer, Checker, Approver, Expert} {
			out = append(out, Actor{Person: "z9", Unit: unit, Role: role})
		}
	}
	for _, role := range []Role{Admin, SecurityAdmin, AuditAdmin} { // in the very units of the case
		out = append(out, Actor{Person: "z9", Unit: "amr", Role: role}, Actor{Person: "z9", Unit: "dept", Role: role})
	}
	for _, a := range []struct{ unit, role string }{{"dept", "officer"}, {"dept", "approver"}, {"amr", "handler"}, {"amr", "unit_head"}, {"fin", "handler"}, {"fin", "officer"}, {"gov", "officer"}} {
		out = append(out, Actor{Person: "z9", Unit: a.unit, Role: Role(a.role)}) // a role of the other side's
	}
	return append(out, Actor{Person: "z9", Unit: "dept", Role: "seat"}, Actor{Person: "z9", Unit: "gov", Role: "issuer"}) // relations are no roles to hold
}()

// marks of the cells. The empty one: refused as no part of theirs.
var cellMarks = map[Code]string{
	"": "●", NotYourRole: "", OverlayOff: "规则", ConfirmNeeded: "复核", SameHand: "同手", TwoSides: "两方", NothingAsked: "待提", SecondNeeded: "待提",
	NoEscape: "不撤", Concluded: "已结", Sealed: "封存", NothingToUndo: "无撤", NobodyToUrge: "无催", NotYourTurn: "条件",
}

const cellLegend = `| 记号 | 含义 | 拒绝代码 |
|---|---|---|
| ● | 可以办理 | |
| 空白 | 不由该岗位办理 | ` + "`not_your_role`" + ` |
| 条件 | 状态允许，但案件的情况还不允许（例如尚未送达、没有例外在实施） | ` + "`not_your_turn`" + ` |
| 待提 | 须先由另一人提出 | ` + "`nothing_asked` `second_needed`" + ` |
| 规则 | 本地规则没有启用 | ` + "`overlay_off`" + ` |
| 复核 | 须先送复核 | ` + "`confirm_needed`" + ` |
| 不撤 | 已指出问题或者结论为不符合 | ` + "`no_escape`" + ` |
| 已结 | 已有结论，不能终止审查 | ` + "`concluded`" + ` |
| 封存 | 专家意见的启封状态不允许 | ` + "`sealed`" + ` |
| 无撤 | 没有可由本人撤销的办理 | ` + "`nothing_to_undo`" + ` |
| 无催 | 没有可以催办的对象 | ` + "`nobody_to_urge`" + ` |
| 同手 | 起草与审签、承办与签发不得为同一人 | ` + "`same_hand`" + ` |
| 两方 | 已在另一方办理过 | ` + "`two_sides`" + ` |
`

// setting is a case at a status, by the ordinary way there.
type setting struct {
	kind   Kind
	route  Route
	status Status
	walk   *walk
}

// settings are the statuses of a kind and route, in the order of the procedure. A closed case is what is left of an open one.
func settings(t *testing.T, kind Kind, route Route) []setting {
	var out []setting
	for _, s := range Statuses() {
		if _, open := paths[kind][route][s]; open && (s != StockConfirm || route == Government) {
			out = append(out, setting{kind, route, s, at(t, kind, route, s)})
		}
	}
	return out
}

var kindsAndRoutes = []struct {
	kind  Kind
	route Route
	head  string
}{
	{New, Department, "增量 · 部门审查（条例第十三条）"}, {New, Government, "增量 · 市场监管部门会同审查（条例第十四条）"},
	{Existing, Department, "存量 · 部门"}, {Existing, Government, "存量 · 政府"},
}

// actionsInOrder are those that are done to a case that is there.
func actionsInOrder() []ActionKind {
	var out []ActionKind
	for _, m := range moves {
		if !m.Action.Opens() && !slices.Contains(out, m.Action) {
			out = append(out, m.Action)
		}
	}
	return out
}

// givenTo reports whether a row of the machine names the action there, and for one of these roles.
func givenTo(s setting, kind ActionKind, as []Role) (here, theirs bool) {
	for _, m := range moves {
		if m.Action == kind && (m.Kind == "" || m.Kind == s.kind) && (m.Route == "" || m.Route == s.route) && slices.Contains(m.From, s.status) {
			here = true
			theirs = theirs || slices.ContainsFunc(m.By, func(r Role) bool { return slices.Contains(as, r) })
		}
	}
	return here, theirs
}

// TestPermissions asks Permit about every relation, action and status, holds each answer against the rows of the machine, and
// the whole against docs/permissions.md; -update rewrites that.
func TestPermissions(t *testing.T) {
	t.Parallel()
	zh := chinese(t)
	cells, allowed := 0, 0
	var page strings.Builder
	page.WriteString("# Who may do what\n\nGenerated from `review.Permit` by `go test ./review -run Permissions -update`; do not edit. 由 `review.Permit` 逐格生成。\n\n" +
		"Each table is a status, each row an action that somebody may do there or is refused for a reason of the case, each column a relation to the case. " +
		"Every action that has no row at a status is refused to everybody there (`not_your_turn`, `wrong_route`). " +
		"Whoever stands in none of these relations (another unit, another regulator, an expert who is not on the panel, the three administrators) is refused everything, in every status, " +
		"and is told that there is no such case. " +
		"A closed case accepts nothing (`already_done`). The cases are those of the ordinary way to the status, with the overlays of the local rules on.\n\n" +
		"An agent (代理) acts by the relation of the person they act for; 同手 and 两方 are asked of both. Nobody stands in for an expert.\n\n" + cellLegend)
	for _, kr := range kindsAndRoutes {
		fmt.Fprintf(&page, "\n## %s\n", kr.head)
		for _, s := range settings(t, kr.kind, kr.route) {
			rows := ""
			for _, kind := range actionsInOrder() {
				row, shown := "", false
				for _, r := range relations {
					if r.who.Role == Expert && (s.walk.c.Panel == nil) {
						r.as = nil
					}
					if slices.Contains(r.as, seatHead) && s.walk.c.Joint == nil {
						r.as = nil
					}
					err := Permit(s.walk.c, r.who, kind)
					code := CodeOf(err)
					cells++
					assertCell(t, s, kind, r.head, r.as, code)
					if code == "" {
						allowed++
					}
					mark, known := cellMarks[code]
					if here, _ := givenTo(s, kind, nil); !here {
						mark, known = "", true
					}
					if !known {
						t.Errorf("%s %s by %s: %v has no mark", s.status, kind, r.head, err)
					}
					shown = shown || mark != ""
					row += " " + mark + " |"
				}
				for _, who := range outsiders {
					cells++
					assertCell(t, s, kind, who.Unit+"/"+string(who.Role), nil, CodeOf(Permit(s.walk.c, who, kind)))
				}
				if shown {
					rows += fmt.Sprintf("| %s `%s` |%s\n", zh[string(kind)], kind, row)
				}
			}
			fmt.Fprintf(&page, "\n### %s `%s`\n\n", zh[string(s.status)], s.status)
			head, line := "| 事项 |", "|---|"
			for _, r := range relations {
				head += " " + r.head + " |"
				line += ":-:|"
			}
			page.WriteString(head + "\n" + line + "\n" + rows)
		}
	}
	page.WriteString(sameHands(t, zh))
	if cells < 30_000 || allowed < 200 {
		t.Errorf("%d cells, %d allowed: that is not the whole machine", cells, allowed)
	}
	const path = "../docs/permissions.md"
	if *update {
		if err := os.WriteFile(path, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), page.String()); diff != "" {
		t.Errorf("docs/permissions.md is behind the code (go test ./review -run Permissions -update):\n%s", diff)
	}
}

// assertCell holds an answer against the rows of the machine: nothing is allowed that no row gives to the relation, and what is
// refused to a relation that has no row is refused for that.
func assertCell(t *testing.T, s setting, kind ActionKind, who string, as []Role, code Code) {
	t.Helper()
	here, theirs := givenTo(s, kind, as)
	switch {
	case !here && code != NotYourTurn && code != WrongRoute:
	case here && !theirs && code != NotYourRole:
	case here && theirs && (code == NotYourRole || code == WrongRoute || code == AlreadyDone):
	default:
		return
	}
	t.Errorf("%s %s %s: %s by %s: %q", s.kind, s.route, s.status, kind, who, code)
}

// TestClosedCasesAreClosedToAll: in no closed status may anybody do anything.
func TestClosedCasesAreClosedToAll(t *testing.T) {
	t.Parallel()
	for _, kr := range kindsAndRoutes {
		c := settings(t, kr.kind, kr.route)[0].walk.c
		for _, s := range Statuses() {
			if !s.Closed() {
				continue
			}
			c.Status = s
			for _, kind := range actionsInOrder() {
				for _, r := range relations {
					if err := Permit(c, r.who, kind); CodeOf(err) != AlreadyDone {
						t.Errorf("%s: %s by %s: %v", s, kind, r.head, err)
					}
				}
			}
		}
	}
}

// sameHands is the table of those who could act by their role and are refused because of what they did before.
func sameHands(t *testing.T, zh map[string]string) string {
	out := "\n## 同一人的两手\n\nPeople who hold a second role: what it allows another, and is refused to them in person, through an agent, and as somebody's agent alike.\n\n| 审查方式 | 状态 | 谁 | 同手 | 两方 |\n|---|---|---|---|---|\n"
	for _, kr := range kindsAndRoutes {
		for _, s := range settings(t, kr.kind, kr.route) {
			for _, p := range []struct {
				head string
				who  Actor
			}{
				{"起草人任审查机构", drafterB}, {"起草人任负责人", drafterU}, {"承办人任审核人", officerK}, {"承办人任签发人", officerP}, {"审核人任签发人", middleP},
				{"起草人任承办人", drafterO}, {"会审单位负责人任专家", expertS},
			} {
				asked := refusedTo(t, s, p.who)
				for _, agent := range []Actor{acting(p.who, "x9", p.who.Person), acting(p.who, p.who.Person, "x9")} {
					if got := refusedTo(t, s, agent); !cmp.Equal(asked, got) {
						t.Errorf("%s %s, %s for %s: %v, in person %v", s.status, p.head, agent.Person, agent.For, got, asked)
					}
				}
				if len(asked) > 0 {
					out += fmt.Sprintf("| %s | %s | %s | %s | %s |\n", kr.head, zh[string(s.status)], p.head, named(zh, asked[SameHand]), named(zh, asked[TwoSides]))
				}
			}
		}
	}
	return out
}

// refusedTo are the actions that are refused to somebody for what they did before, and to nobody else in their role.
func refusedTo(t *testing.T, s setting, who Actor) map[Code][]ActionKind {
	out := map[Code][]ActionKind{}
	for _, kind := range actionsInOrder() {
		code := CodeOf(Permit(s.walk.c, who, kind))
		if code != SameHand && code != TwoSides {
			continue
		}
		out[code] = append(out[code], kind)
		if other := CodeOf(Permit(s.walk.c, acting(who, "y9", ""), kind)); other == SameHand || other == TwoSides {
			t.Errorf("%s %s is refused to any %s: %s", s.status, kind, who.Role, other)
		}
	}
	return out
}

func named(zh map[string]string, kinds []ActionKind) string {
	var names []string
	for _, k := range kinds {
		names = append(names, zh[string(k)])
	}
	return strings.Join(names, "、")
}

// chinese reads the Chinese names of statuses and actions from the comments beside their constants.
func chinese(t *testing.T) map[string]string {
	out := map[string]string{}
	for _, file := range []string{"case.go", "action.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || v.Comment == nil || len(v.Values) != 1 {
				return true
			}
			lit, ok := v.Values[0].(*ast.BasicLit)
			if !ok {
				return true
			}
			name, _, _ := strings.Cut(strings.TrimSpace(v.Comment.Text()), ": ")
			out[strings.Trim(lit.Value, `"`)] = strings.TrimSpace(name)
			return true
		})
	}
	for _, s := range Statuses() {
		if out[string(s)] == "" {
			t.Errorf("%s has no Chinese name", s)
		}
	}
	return out
}
