package server

import (
	"regexp"
	"strings"

	"github.com/fairreview/fairreview/review"
)

// lang is the language that somebody reads: Chinese unless they ask for English.
type lang string

const (
	zh lang = "zh"
	en lang = "en"
)

// words are one thing said in both languages.
type words struct{ zh, en string }

func (w words) in(l lang) string {
	if l == en {
		return w.en
	}
	return w.zh
}

// Codes of the server itself; the others are the domain's.
const (
	codeInternal  review.Code = "internal"           // our fault: logged under the request id
	codeNoMethod  review.Code = "method_not_allowed" // the address has no such method
	codeNotJSON   review.Code = "not_json"           // the body is not sent as application/json
	codeForm      review.Code = "stale_form"         // a form, or a write by cookie, without its token
	codeHeaderBig review.Code = "header_too_large"
)

// sentences say to a person what happened and what to do. {name} is a parameter of the refusal; status, action, side,
// slot, role, trigger and field are put into words first, and who becomes a name.
var sentences = map[review.Code]words{
	review.NotFound:        {"没有找到，或者您无权查看。请核对编号；如果应当由您办理，请联系承办单位。", "There is no such thing, or you may not see it. Check the number; if it should be yours to handle, ask the unit in charge."},
	review.NotYourTurn:     {"案件目前处于“{status}”，此时不能“{action}”。请刷新页面，查看现在可以办理的事项。", "The case is at “{status}”, where “{action}” is not possible. Reload the page to see what can be done now."},
	review.NotYourRole:     {"“{action}”不由您的岗位办理。请交由有相应职责的人员办理。", "“{action}” is not for your role. Ask a person who holds the role for it."},
	review.WrongRoute:      {"“{action}”不适用于这类案件（审查方式或增量、存量不同）。请查看本案可以办理的事项。", "“{action}” does not belong to this kind of case (the other route, or the other of new and existing measures). See what can be done on this case."},
	review.Conflict:        {"{who}已于{at}先行办理“{action}”，您看到的内容已经变化。请刷新后再决定，您填写的内容没有提交。", "{who} acted first: “{action}”, {at}. What you were looking at has changed. Reload and decide again; nothing of yours was submitted."},
	review.TwoSides:        {"您在本案中已作为“{side}”一方办理过，不能再代表另一方。请由其他人员办理。", "You have already acted in this case on the side “{side}” and cannot act for another. Ask a colleague to do it."},
	review.SameHand:        {"起草与审签、承办与签发不得为同一人。请由另一位有职责的人员办理。", "Whoever drafted or handled it cannot also sign it. Ask another person who holds the role."},
	review.Missing:         {"缺少必填内容：{field}。请补充后再提交。", "Something required is missing: {field}. Fill it in and submit again."},
	review.Invalid:         {"内容不符合要求：{field}。请更正后再提交。", "This value is not acceptable: {field}. Correct it and submit again."},
	review.TextUnchanged:   {"声明已作修改，但文稿没有变化。请上传修改后的文稿。", "A change is claimed, but the text is the same. Upload the changed text."},
	review.TextMismatch:    {"所指文稿与案件的现行文稿不一致：{field}。请以现行文稿为准重新填写。", "This refers to another text than the one that stands: {field}. Refer to the present text."},
	review.NotHeard:        {"没有听取意见的记录。请填写听取意见情况；未听取的，请填写理由（条例第十六条、办法第二十八条）。", "There is no record that opinions were heard. Record whom you heard and what was said, or the ground for hearing nobody (Regulation art. 16, Measures art. 28)."},
	review.PublicNotHeard:  {"本措施涉及社会公众利益，应当听取社会公众意见。请先听取并记录。", "The measure touches the public's interests, so the public must be heard. Hear it and record it first."},
	review.ItemsOpen:       {"审查标准还有 {count} 项没有填写（首项：{first}）。请逐项填写。", "{count} items of the review standards have no answer yet (first: {first}). Answer every item."},
	review.ItemUnknown:     {"“{item}”不是现行审查标准中的项目。请从审查标准目录中选择。", "“{item}” is not an item of the standards in force. Choose one from the catalogue."},
	review.StandardsOld:    {"填写时依据的审查标准已经更新为 {version} 版。请按现行标准重新填写变化的项目。", "The review standards have since changed to version {version}. Answer the changed items again."},
	review.BasisOpen:       {"“{item}”属于影响生产经营成本的项目，请填写有无法律、行政法规依据或者国务院批准。", "“{item}” belongs to the costs group: say which law, administrative regulation or State Council approval was looked for, or that there is none."},
	review.FindingOpen:     {"“{item}”的问题记录不完整。请写明条款、影响和修改要求。", "The finding on “{item}” is incomplete. Name the clause, the effect and the required change."},
	review.ExceptionOpen:   {"适用例外规定的论证不完整：{field}。请补充（条例第十二条、办法第二十五条）。", "The argument for the exception is incomplete: {field}. Complete it (Regulation art. 12, Measures art. 25)."},
	review.PacketOpen:      {"送审材料缺少：{slot}。请补齐后再提交（办法第三十一条）。", "The packet lacks: {slot}. Add it and submit again (Measures art. 31)."},
	review.SlotNotAsked:    {"补正通知没有要求：{slot}。只能提交要求补正的材料；需要改动其他内容的，请申请撤回。", "The correction does not ask for: {slot}. Only what was asked may be handed in; to change anything else, ask for the submission back."},
	review.ChangesOpen:     {"还有 {count} 条修改要求没有回复。请逐条填写采纳情况和理由。", "{count} required changes have no answer yet. Answer each, with a reason where it is not adopted."},
	review.BreachOpen:      {"还有 {count} 处问题没有解决，不能作出“符合”的结论。请先修改，或者逐条说明不再要求的理由。", "{count} breaches are still open, so the conclusion cannot be “meets”. Have them changed, or give a reason for dropping each."},
	review.NoBreach:        {"没有记录问题，不能作出“不符合”的结论或要求修改。请先写明条款、项目和修改要求。", "No breach is recorded, so nothing can fail or be changed. Name the clause, the item and the required change first."},
	review.NoEscape:        {"已指出问题或已作出不符合的结论，不能撤回。请修改调整，或者决定不予出台。", "A breach was put or a review failed, so withdrawing is not possible. Revise the measure, or decide not to issue it."},
	review.Concluded:       {"本案已有审查结论，不能终止审查。不再出台的，请登记“审查通过后未出台”。", "The case has a conclusion and cannot be withdrawn. If the measure will not be issued, register it as not issued."},
	review.OverlayOff:      {"本地规则没有启用“{action}”。如需启用，请联系系统管理员。", "The local rules do not switch “{action}” on here. Ask the administrator if they should."},
	review.SeatsOpen:       {"还有 {count} 个单位在反馈期限内，暂不能结束会审。请等待反馈或者期限届满。", "{count} units still have time to answer. Wait for them, or for the period to end."},
	review.PanelUndecided:  {"本案建议提请专家组论证，请先决定：提请论证，或者经两人同意后不提请。", "An expert panel is proposed. Decide first: call it, or let two officers decide not to."},
	review.SecondNeeded:    {"此事须一人提出、另一人同意。请先由一位承办人提出“{action}”。", "This needs a request by one officer and the act of another. Let one of them ask first: “{action}”."},
	review.QuorumOpen:      {"提交意见的专家还不足 {quorum} 人，或者期限未满，暂不能办理。", "Fewer than {quorum} experts have answered, or others still have time. Wait for them."},
	review.Sealed:          {"专家意见的启封状态不允许此操作。请刷新页面查看。", "The experts' opinions are opened already, or not yet. Reload the page to see."},
	review.NothingAsked:    {"没有待同意的“{action}”。请先由承办人提出。", "No request for “{action}” is open. Let the person in charge ask first."},
	review.SuperiorNoBasis: {"上级文件不能作为不属于审查范围的理由。请改填其他理由，或者开展审查。", "A superior document is no ground for “not in scope”. Give another ground, or review the measure."},
	review.StateSecret:     {"涉及国家秘密的，不得录入本系统。请按保密规定线下办理。", "State secrets must not be entered here. Handle the case off line under the secrecy rules."},
	review.LinkedNotIssued: {"关联的修改案件还没有出台。请在该案登记出台后再办理。", "The linked amending case has not been issued. Register its issue first."},
	review.ConfirmNeeded:   {"按清理要求，本措施须送市场监管部门复核。请先“送复核”。", "The clean-up order asks for the regulator's confirmation. Send it for confirmation first."},
	review.OpenCaseExists:  {"该措施已有正在办理的案件。请在原案中继续办理。", "The measure already has an open case. Go on with that one."},
	review.Forked:          {"案件记录需要运维人员核对，暂时停止办理。您的操作没有生效，请联系系统管理员。", "The record of this case must be looked at by an operator. Nothing was changed; please call the administrator."},
	review.KeyReused:       {"同一个 Idempotency-Key 已用于另一内容。请换一个新的键再提交。", "This Idempotency-Key was used with another content. Send it again under a new key."},
	review.AlreadyDone:     {"案件已经办结（{status}），不能再办理。如需重新审查，请另行登记案件。", "The case is closed ({status}). To review the measure again, open a new case."},
	review.BadCharacters:   {"内容含有无法识别的字符或控制字符：{field}。请删除后重新输入。", "There are control characters, or characters that are not valid UTF-8: {field}. Remove them and enter the text again."},
	review.TooLarge:        {"内容过大：{field}，上限 {limit}。请精简或者拆分后再提交。", "Too large: {field}, the limit is {limit}. Shorten or split it."},
	review.Unauthenticated: {"请先登录。如果已经登录，请核对账号和密码，或者重新登录。", "Please sign in. If you did, check the account and the password, or sign in again."},
	review.Forbidden:       {"您没有这项权限。如有需要，请联系系统管理员。", "You may not do this. Ask the administrator if you should."},
	review.Unavailable:     {"系统暂时无法办理，没有作任何改动。请稍后重试；接口请使用同一个 Idempotency-Key。", "The service is away for the moment and nothing was changed. Try again shortly; API clients repeat with the same Idempotency-Key."},
	review.UnderWay:        {"已经受理，正在办理。请稍后查看案件，不要重复提交。", "Accepted and under way. Look at the case again shortly; there is no need to repeat it."},
	review.TooMany:         {"尝试次数过多。请稍候再试。", "Too many attempts. Please wait and try again."},
	review.Malformed:       {"请求无法读取：{detail}。请按接口文档更正格式。", "The request could not be read: {detail}. Correct its form as the API page describes."},
	codeInternal:           {"系统出现错误，已经记录。请稍后重试；仍有问题的，请把编号 {request} 告诉系统管理员。", "Something went wrong on our side and was recorded. Try again; if it stays, give the administrator the number {request}."},
	codeNoMethod:           {"此地址不支持这种请求方式。请查看接口文档。", "This address does not take that method. See the API page."},
	codeNotJSON:            {"请以 Content-Type: application/json 提交，且只写一次。", "Send the body with exactly one Content-Type: application/json."},
	codeForm:               {"表单已失效，没有提交。请返回上一页刷新后再提交；接口请带上 X-CSRF-Token。", "The form has expired and nothing was submitted. Go back, reload and submit again; API clients send X-CSRF-Token."},
	codeHeaderBig:          {"请求头过大。请减少后重试。", "The request's headers are too large. Send less."},
}

// titles are the short names of HTTP statuses.
var titles = map[int]words{
	202: {"已受理", "Accepted"},
	400: {"请求无法读取", "Bad request"},
	401: {"请先登录", "Please sign in"},
	403: {"不允许", "Not allowed"},
	404: {"没有找到", "Not found"},
	405: {"不支持的请求方式", "Method not allowed"},
	409: {"现在不能办理", "Not possible now"},
	413: {"内容过大", "Too large"},
	415: {"格式不支持", "Unsupported media type"},
	422: {"内容需要更正", "Please correct the content"},
	429: {"请稍候再试", "Too many requests"},
	431: {"请求头过大", "Headers too large"},
	500: {"系统错误", "Internal error"},
	503: {"暂时无法办理", "Service unavailable"},
}

// rules say which rule a field broke, by the key that validation puts in its message (see validate.go).
var fieldRules = map[string]words{
	"unknown":   {"没有这个字段", "there is no such field"},
	"required":  {"必填", "is required"},
	"date_time": {"应为日期时间，如 2026-01-31T08:00:00+08:00", "must be a date and time, such as 2026-01-31T08:00:00+08:00"},
	"date":      {"应为真实存在的日期，如 2026-01-31", "must be a real day, such as 2026-01-31"},
	"uuid":      {"应为 UUID", "must be a UUID"},
	"boolean":   {"应为 true 或 false", "must be true or false"},
	"number":    {"应为数字", "must be a number"},
	"integer":   {"应为整数", "must be a whole number"},
	"string":    {"应为文字", "must be text"},
	"array":     {"应为列表", "must be a list"},
	"object":    {"应为对象", "must be an object"},
	"one_of":    {"应为以下之一：{arg}", "must be one of: {arg}"},
	"minimum":   {"不能小于 {arg}", "must not be less than {arg}"},
	"maximum":   {"不能大于 {arg}", "must not be more than {arg}"},
	"min_len":   {"至少 {arg} 个字", "must have at least {arg} characters"},
	"max_len":   {"最多 {arg} 个字", "must have at most {arg} characters"},
	"min_items": {"至少 {arg} 项", "must have at least {arg} entries"},
	"max_items": {"最多 {arg} 项", "must have at most {arg} entries"},
	"pattern":   {"格式不符", "is not in the right form"},
	"unusable":  {"没有这份文稿，或者您不能使用", "there is no such text, or you may not use it"},
	"invalid":   {"不符合要求", "is not acceptable"},
}

// malformed says what could not be read.
var malformed = map[string]words{
	"json":      {"不是完整的 JSON", "not complete JSON"},
	"depth":     {"嵌套过深", "nested too deeply"},
	"duplicate": {"同一对象中字段重复", "a field occurs twice in one object"},
	"utf8":      {"不是有效的 UTF-8", "not valid UTF-8"},
	"empty":     {"没有内容", "the body is empty"},
	"query":     {"网址参数重复或含有无法识别的字符", "a query parameter occurs twice or holds unreadable characters"},
	"request":   {"不是有效的 HTTP 请求", "not a valid HTTP request"},
}

// fieldNames put the fields that people fill in into words; others appear under their own name.
var fieldNames = map[string]words{
	"reason": {"理由", "reason"}, "text": {"文稿", "text"}, "text.hash": {"文稿", "text"}, "kind": {"类型", "kind"}, "route": {"审查方式", "route"},
	"measure.title": {"措施名称", "title of the measure"}, "measure.issuer": {"制定机关", "issuer"}, "measure.docNo": {"文号", "document number"},
	"measure.issuedOn": {"印发日期", "date of issue"}, "measure.publicInterest": {"社会公共利益", "public interest"}, "measure": {"政策措施", "measure"},
	"unit": {"起草单位", "drafting unit"}, "regulator": {"市场监管部门", "regulator"}, "opening": {"登记内容", "what the case is opened with"},
	"scope": {"不属于审查范围的认定", "scope decision"}, "checklist": {"审查标准逐项填写", "checklist"}, "findings": {"问题与修改要求", "findings"},
	"packet": {"送审材料", "packet"}, "packet.noteBasis": {"起草说明中的依据", "basis, in the note"}, "packet.noteHeard": {"起草说明中的听取意见情况", "opinions heard, in the note"},
	"packet.letterNo": {"提请函文号", "number of the letter"}, "seats": {"会审单位", "units of the joint review"}, "positions": {"会审意见", "positions"},
	"positions.reason": {"会审意见的理由", "reason for the position"}, "panel": {"专家组", "panel"}, "panel.questions": {"论证问题", "questions to the panel"},
	"panel.quorum": {"最少专家人数", "quorum"}, "panel.experts": {"专家", "experts"}, "opinion": {"专家意见", "opinion"}, "opinion.reasons": {"专家意见的理由", "reasons of the opinion"},
	"noConflict": {"无利益冲突声明", "declaration of no conflict of interest"}, "pledge": {"保密承诺", "pledge of confidentiality"}, "report": {"论证报告", "panel report"},
	"conclusion": {"审查结论", "conclusion"}, "conclusion.docNo": {"结论文号", "number of the conclusion"}, "conclusion.written": {"书面结论", "written conclusion"},
	"conclusion.howHeard": {"听取意见情况", "how opinions were heard"}, "conclusion.prelim": {"初审情况", "preliminary review"}, "conclusion.useJoint": {"会审意见采用情况", "how positions were used"},
	"conclusion.usePanel": {"专家意见采用情况", "how the panel was used"}, "issue": {"出台登记", "issue"}, "issue.docNo": {"出台文号", "number as issued"}, "issue.on": {"日期", "date"},
	"issue.textHash": {"出台文稿", "issued text"}, "issue.legality": {"合法性审核结果", "result of the legality review"}, "proposal": {"拟处理意见", "proposal"},
	"linked": {"关联案件", "linked case"}, "material": {"重大变化说明", "material change"}, "heard.from, heard.to": {"听取意见的起止日期", "days of the consultation"},
	"heard.noneReason": {"未听取意见的理由", "reason for hearing nobody"}, "exception": {"例外规定论证", "exception"}, "exception.ground": {"例外情形", "ground of the exception"},
	"exception.until": {"实施期限", "last day of the exception"}, "exception.condition": {"终止条件", "end condition"}, "login": {"账号", "account"}, "password": {"密码", "password"},
	"body": {"提交的内容", "body"}, "from": {"起始日期", "from"}, "to": {"截止日期", "to"}, "asOf": {"统计时点", "as of"}, "as": {"办理身份", "acting as"},
}

// statuses name where a case stands (core flow §2).
var statuses = map[review.Status]words{
	review.Drafting: {"起草中（含听取意见）", "Drafting and hearing opinions"}, review.OutOfScope: {"不属于审查范围", "Not in scope"},
	review.SelfReview: {"起草单位审查中", "Self-review"}, review.UnitCheck: {"审查机构复核中", "Checked by the review body"},
	review.UnitSign: {"审查机构负责人审签中", "With the unit head"}, review.PrelimDone: {"初审意见已形成", "Preliminary opinion signed"},
	review.Submitted: {"已提请审查", "Submitted"}, review.CorrectionAsked: {"补正中", "Correction asked"}, review.Suspended: {"中止审查", "Suspended"},
	review.Returned: {"已退回", "Returned"}, review.RegReview: {"市场监管部门审查中", "Regulator's review"}, review.JointReview: {"会审中", "Joint review"},
	review.ExpertReview: {"专家组论证中", "Expert panel"}, review.ConsultUnit: {"沟通协商中", "In talks with the unit"}, review.RegSign: {"审查意见审签中", "With the approver"},
	review.ConcludedPass: {"符合审查标准", "Meets the standards"}, review.ConcludedException: {"适用例外规定", "Exception applies"},
	review.ConcludedFail: {"不符合审查标准", "Does not meet the standards"}, review.Revising: {"修改调整中", "Being revised"},
	review.Legality: {"合法性审核中", "Legality review"}, review.Issued: {"已出台", "Issued"}, review.IssuedException: {"已出台（适用例外规定）", "Issued under an exception"},
	review.ExceptionDue: {"例外到期，待停止实施", "Exception over, to cease"}, review.Ceased: {"停止实施", "Ceased"}, review.NotIssued: {"不予出台", "Not to be issued"},
	review.ClosedUnissued: {"审查通过后未出台", "Passed, not issued"}, review.Withdrawn: {"终止审查（起草单位撤回）", "Withdrawn by the unit"},
	review.Inventoried: {"已梳理", "Inventoried"}, review.StockReview: {"清理审查中", "Clean-up review"}, review.StockSign: {"清理意见审签中", "Clean-up opinion with the unit head"},
	review.StockConfirm: {"市场监管部门复核中", "Confirmed by the regulator"}, review.Kept: {"保留", "Kept"}, review.KeptException: {"例外保留", "Kept under an exception"},
	review.ToRevise: {"拟修改", "To be amended"}, review.ToRepeal: {"拟废止", "To be repealed"}, review.SuspendedExec: {"停止执行", "Execution stopped"},
	review.Revised: {"已修改", "Amended"}, review.Repealed: {"已废止", "Repealed"}, review.Lapsed: {"已失效", "Lapsed"},
}

// actions name what can be done (core flow §4-9).
var actions = map[review.ActionKind]words{
	review.Register: {"登记", "Register"}, review.MarkOutOfScope: {"认定不属于审查范围", "Decide: not in scope"}, review.StartReview: {"开展审查", "Start the review"},
	review.SendCheck: {"送审查机构", "Send to the review body"}, review.Revise: {"修改调整", "Revise"}, review.SendBack: {"退回修改", "Send back"},
	review.SendSign: {"送审签", "Send for signature"}, review.NewVersion: {"提交修改稿", "Hand in the revised text"}, review.AskWithdraw: {"申请终止审查", "Ask to withdraw"},
	review.Withdraw: {"终止审查", "Withdraw"}, review.ConcludePass: {"作出结论：符合", "Conclude: meets"}, review.ConcludeExc: {"作出结论：适用例外", "Conclude: exception"},
	review.ConcludeFail: {"作出结论：不符合", "Conclude: does not meet"}, review.SignPrelim: {"签署初审意见", "Sign the preliminary opinion"}, review.Reopen: {"重新修改", "Reopen"},
	review.Submit: {"提请审查", "Submit for review"}, review.Recall: {"撤回提请", "Take back"}, review.Accept: {"接收", "Accept"}, review.AskCorrection: {"要求补正", "Ask for a correction"},
	review.Suspend: {"中止审查", "Suspend"}, review.Correct: {"提交补正材料", "Hand in the correction"}, review.ReturnOverdue: {"期满退回", "Return, period over"},
	review.Resume: {"补充听取意见", "Opinions heard, resume"}, review.AskRecall: {"申请撤回提请", "Ask to take back"}, review.AgreeRecall: {"同意撤回", "Agree to the taking back"},
	review.Convene: {"启动会审", "Convene the joint review"}, review.GivePosition: {"反馈会审意见", "Give the unit's position"}, review.DeclineSeat: {"不属于本单位职责", "Decline: not our field"},
	review.JointDue: {"会审期限届满", "Period of the joint review over"}, review.CloseJoint: {"会审结束", "Close the joint review"}, review.AskPanel: {"建议提请论证", "Ask for a panel"},
	review.FormPanel: {"提请专家组论证", "Call the expert panel"}, review.AskSkipPanel: {"建议不提请论证", "Ask to go without a panel"}, review.SkipPanel: {"不提请论证", "Go without a panel"},
	review.AcceptSeat: {"接受邀请", "Accept the invitation"}, review.DeclineSeatPanel: {"谢绝邀请", "Decline the invitation"}, review.Recuse: {"回避", "Recuse"},
	review.GiveOpinion: {"提交专家意见", "Give the expert opinion"}, review.PanelDue: {"论证期限届满", "Panel period over"}, review.OpenOpinions: {"启封意见", "Open the opinions"},
	review.ClosePanel: {"论证结束", "Close the panel"}, review.PutBreach: {"沟通修改意见", "Put the breach to the unit"}, review.ChangeAtOnce: {"当即修改", "Change at once"},
	review.NoChange: {"不同意修改或无法修改", "No change"}, review.StopTalks: {"结束沟通", "End the talks"}, review.DraftOpinion: {"拟制审查意见", "Draft the opinion"},
	review.ApprovePass: {"签发：符合", "Sign: meets"}, review.ApproveExc: {"签发：适用例外", "Sign: exception"}, review.ApproveFail: {"签发：不符合", "Sign: does not meet"},
	review.ReportChanges: {"报送修改情况", "Report the changes"}, review.GiveUp: {"决定不予出台", "Decide not to issue"}, review.SendLegality: {"送合法性审核", "Send to legality review"},
	review.MaterialChange: {"内容发生重大变化", "Material change"}, review.RegisterIssue: {"登记出台", "Register the issue"}, review.CloseUnissued: {"登记未出台", "Register as not issued"},
	review.ExceptionEnds: {"例外到期", "Exception ends"}, review.RegisterStop: {"登记停止实施", "Register the end"}, review.Inventory: {"梳理登记", "Inventory"},
	review.MarkLapsed: {"登记失效", "Register as lapsed"}, review.StopExecution: {"停止执行", "Stop execution"}, review.AskRevise: {"申请拟修改", "Ask for: amend"},
	review.AskRepeal: {"申请拟废止", "Ask for: repeal"}, review.ProposeRevise: {"同意拟修改", "Agree: amend"}, review.ProposeRepeal: {"同意拟废止", "Agree: repeal"},
	review.SendConfirm: {"送复核", "Send for confirmation"}, review.KeepMeasure: {"保留", "Keep"}, review.KeepByException: {"例外保留", "Keep under an exception"},
	review.DecideRevise: {"决定修改", "Decide: amend"}, review.DecideRepeal: {"决定废止", "Decide: repeal"}, review.Switch: {"改为拟废止或拟修改", "Switch between amend and repeal"},
	review.RegisterAmendment: {"登记修改", "Register the amendment"}, review.RegisterRepeal: {"登记废止", "Register the repeal"},
}

var roles = map[review.Role]words{
	review.Handler: {"起草单位经办人", "Handler of the unit"}, review.ReviewBody: {"起草单位审查机构", "Review body of the unit"}, review.UnitHead: {"审查机构负责人", "Unit head"},
	review.Officer: {"市场监管部门承办人", "Officer of the regulator"}, review.Approver: {"市场监管部门签发人", "Approver of the regulator"}, review.Expert: {"专家", "Expert"},
	review.Admin: {"系统管理员", "Administrator"}, review.Timer: {"系统计时", "System timer"}, "seat": {"会审单位", "Seat of the joint review"}, "issuer": {"制定机关", "Issuer"},
}

var outcomes = map[review.Outcome]words{
	review.Keep: {"保留", "Kept"}, review.Amend: {"修改", "Amended"}, review.Repeal: {"废止（含不予出台）", "Repealed (incl. not issued)"},
	review.Withdrew: {"终止审查", "Withdrawn"}, review.NotInScope: {"不属于审查范围", "Not in scope"}, review.LapsedOutcome: {"已失效", "Lapsed"},
}

// groups are the lists behind the numbers.
var groups = map[string]words{
	"reviewed": {"已审查", "Reviewed"}, "kept": {"保留", "Kept"}, "amended": {"修改", "Amended"}, "repealed": {"废止（含不予出台）", "Repealed (incl. not issued)"},
	"inProgress": {"办理中", "In progress"}, "withdrawn": {"终止审查", "Withdrawn"}, "outOfScope": {"不属于审查范围", "Not in scope"}, "lapsed": {"已失效", "Lapsed"},
}

var kinds = map[review.Kind]words{review.New: {"增量", "New"}, review.Existing: {"存量", "Existing"}}

var routeNames = map[review.Route]words{
	review.Department: {"起草单位自行审查", "Department route"}, review.Government: {"市场监管部门审查", "Government route"},
}

var sides = map[review.Side]words{
	review.UnitSide: {"起草单位", "drafting unit"}, review.RegulatorSide: {"市场监管部门", "regulator"}, review.SeatSide: {"会审单位", "joint review"}, review.ExpertSide: {"专家", "expert"},
}

var slots = map[review.Slot]words{
	review.SlotDraft: {"政策措施草案", "draft of the measure"}, review.SlotNote: {"起草说明", "drafting note"}, review.SlotPrelim: {"公平竞争审查初审意见", "preliminary opinion"},
	review.SlotHeard: {"听取意见情况", "record of opinions heard"}, review.SlotOther: {"其他材料", "other documents"},
}

var seatStatuses = map[review.SeatStatus]words{
	review.SeatInvited: {"待反馈", "Waiting"}, review.SeatAnswered: {"已反馈", "Answered"}, review.SeatLate: {"逾期反馈", "Answered late"},
	review.SeatNoAnswer: {"未反馈", "No answer"}, review.SeatDeclined: {"不属于本单位职责", "Not its field"}, "": {"未公开", "Not shown"},
}

var panelStatuses = map[review.PanelStatus]words{
	review.PanelOpining: {"论证中，意见密封", "Deliberating, opinions sealed"}, review.PanelOpened: {"意见已启封", "Opinions opened"},
	review.PanelReported: {"已形成论证意见", "Report given"}, review.PanelNoneFormed: {"未形成专家意见", "No opinion formed"},
}

var memberStatuses = map[string]words{
	"invited": {"已邀请", "Invited"}, "accepted": {"已接受", "Accepted"}, "declined": {"已谢绝", "Declined"}, "recused": {"已回避", "Recused"}, "answered": {"已提交意见", "Opinion given"},
}

var triggers = map[review.Trigger]words{
	review.PublicInterestMajor: {"对社会公共利益有重大影响", "Major effect on the public interest"}, review.DepartmentDisagreement: {"部门间存在较大分歧", "Departments differ widely"},
	review.ExceptionClaimed: {"主张适用例外规定", "An exception is claimed"},
}

var results = map[review.Result]words{
	review.Meets: {"符合审查标准", "Meets the standards"}, review.MeetsByExc: {"适用例外规定", "Exception applies"}, review.Fails: {"不符合审查标准", "Does not meet the standards"},
}

var positionWords = map[int]words{
	-2: {"违反", "Breach"}, -1: {"存疑", "Doubtful"}, 0: {"不发表意见", "No view"}, 1: {"可接受", "Acceptable"}, 2: {"不违反", "No breach"},
}

var answerWords = map[string]words{
	"adopted": {"采纳", "Adopted"}, "partly": {"部分采纳", "Partly adopted"}, "not": {"未采纳", "Not adopted"}, "": {"待回复", "Not answered yet"},
}

var proposals = map[string]words{
	"keep": {"保留", "Keep"}, "exception": {"例外保留", "Keep under an exception"}, "revise": {"修改", "Amend"}, "repeal": {"废止", "Repeal"},
}

var groundWords = map[string]words{
	"secret": {"依法需要保密", "Secret by law"}, "limited": {"限定范围听取", "Limited circulation"}, "tender": {"招标投标文件", "Tender document"}, "agreement": {"行政协议", "Agreement with an operator"},
}

var natures = map[string]words{
	"normative_document": {"规范性文件", "Normative document"}, "rule": {"规章", "Rules"}, "local_regulation": {"地方性法规", "Local regulation"},
	"local_regulation_draft": {"地方性法规草案", "Draft local regulation"}, "plan": {"规划、工作方案", "Plan"},
	"tender_document": {"招标采购文件", "Tender document"}, "agreement": {"行政协议", "Agreement"}, "memorandum": {"备忘录", "Memorandum"}, "standard": {"标准、技术规范", "Standard"},
	"policy_document": {"其他政策性文件", "Other policy document"}, "one_off": {"一事一议", "One-off deal"}, "other": {"其他", "Other"},
}

// operationNames say in Chinese what an operation's English summary says.
var operationNames = map[string]string{
	"signIn": "以账号和密码登录", "signOut": "退出登录", "me": "当前登录人及其岗位", "catalogue": "现行审查标准目录", "units": "单位：起草单位、市场监管部门、会审单位",
	"people": "担任某一岗位的人员（限市场监管部门和本单位）", "putText": "存入文稿，以 SHA-256 编号", "text": "查看存入的文稿", "openCase": "登记案件", "act": "办理案件",
	"cases": "案件清单与筛选", "case": "案件详情、轮到谁办理、本人可办理的事项", "events": "案件办理经过，从早到晚", "tasks": "本人待办，期限近的在前", "counts": "一个期间的数字及其背后的清单",
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// say fills a sentence with a refusal's parameters, which are put into words first.
func say(l lang, w words, params map[string]string) string {
	s := w.in(l)
	if !strings.Contains(s, "{") {
		return s
	}
	pairs := make([]string, 0, 2*len(params))
	for k, v := range params {
		pairs = append(pairs, "{"+k+"}", inWords(l, k, v))
	}
	s = strings.NewReplacer(pairs...).Replace(s)
	return placeholder.ReplaceAllString(s, "—") // a parameter that was not given
}

func inWords(l lang, param, v string) string {
	w, ok := words{}, false
	switch param {
	case "status":
		if w, ok = statuses[review.Status(v)]; !ok {
			w, ok = memberStatuses[v]
		}
	case "action":
		w, ok = actions[review.ActionKind(v)]
	case "side":
		w, ok = sides[review.Side(v)]
	case "slot":
		w, ok = slots[review.Slot(v)]
	case "detail":
		w, ok = malformed[v]
	case "field":
		if w, ok = fieldNames[v]; ok && w.in(l) != v {
			return w.in(l) + " (" + v + ")"
		}
	}
	if !ok {
		return v
	}
	return w.in(l)
}
