package server

import (
	"regexp"
	"strings"

	"github.com/fairreview/fairreview/postgres"
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
	codeNotForm   review.Code = "not_form"           // the body is not a form with a file
	codeForm      review.Code = "stale_form"         // a form, or a write by cookie, without its token
	codeHeaderBig review.Code = "header_too_large"
	codeElsewhere review.Code = "cross_site"     // a write that a page of another site had a browser send
	codeRate      review.Code = "rate_limited"   // an account, or an address, asks too often
	codeAgain     review.Code = "password_again" // the new password was not typed twice the same
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
	review.ScopeOpen:       {"是否属于审查范围还没有判断完，请继续回答：{question}", "Whether the measure is under review is not decided yet. Go on with: {question}"},
	review.RouteOdd:        {"按印发方式应当走“{route}”（{article}），与所选的审查方式或者制定机关不一致。请核对印发方式和制定机关；确需如此的，请填写理由。", "By how it is issued, the route is “{route}” ({article}); the route chosen, or the issuer, does not go with that. Check how it is issued and by whom; if it is right as it stands, give a reason."},
	review.ConclusionOpen:  {"审查结论还缺少必备内容：{fields}。请补齐后再提交（办法第二十九条、第三十三条）。", "The conclusion still lacks mandatory parts: {fields}. Add them and submit again (Measures art. 29, 33)."},
	review.ChangesBeyond:   {"报送的修改稿还改动了没有要求修改的条款：{clauses}。请只修改所要求的内容；确需改动其他内容的，请走完整一轮审查。", "The text reported also changes clauses of which no change was required: {clauses}. Change only what was required; for anything else go through a full round."},
	review.MaterialText:    {"出台文稿与审查通过的文稿相比发生重大变化，不能登记出台。请先登记“内容发生重大变化”，重新审查（办法第二十七条）。", "The issued text differs materially from the one concluded on, so its issue cannot be registered. Register the material change first and have it reviewed again (Measures art. 27)."},
	review.LegalityOpen:    {"本地规则要求先通过合法性审核。请先登记合法性审核结果。", "The local rules ask for a legality review that passed. Record its result first."},
	review.NothingToUndo:   {"没有可以撤销的办理：之后已有人办理，或者不是您办理的。请按正常程序办理。", "There is nothing to take back: somebody has acted since, or it was not your act. Go on by the ordinary steps."},
	review.TooLate:         {"只能在办理当日撤销，当日已过。请按正常程序办理。", "An act can be taken back only on its own day, and that is over. Go on by the ordinary steps."},
	review.TooSoon:         {"刚刚催办过。请在 {next} 之后再催办。", "You have urged already. Urge again after {next}."},
	review.ClausesUnsure:   {"有 {count} 处条款无法确定对应上一稿的哪一条：{labels}。请逐条选择对应的条款，或者标明是新增条款，再提交。", "For {count} clauses it cannot be told which clause of the text before they were: {labels}. Choose one for each, or say that it is new, and submit again."},
	review.UnsupportedFile: {"无法读取这种文件：{kind}。文稿请另存为 .docx 或者纯文本后上传，或者直接粘贴；PDF 等格式的读取将在以后提供。附件可以是 docx、xlsx、pdf、png、jpeg 或者纯文本。", "This kind of file cannot be taken: {kind}. Save a text as .docx or plain text and upload that, or paste it; PDF and other formats come later. Attachments may be docx, xlsx, pdf, png, jpeg or plain text."},
	review.TrackedChanges:  {"文档中有未处理的修订。请在 Word 或者 WPS 中接受或者拒绝全部修订，保存后再上传。", "The document holds tracked changes. Accept or reject all of them in Word or WPS, save it and upload it again."},
	review.NobodyToUrge:    {"没有可以催办的对象：案件正等待您本人，或者不等待任何人。请查看“现在”一栏。", "There is nobody to urge: the case waits for yourself, or for nobody. See whose turn it is."},
	review.ExtensionOpen:   {"所填案件没有接续本案的例外：须是为接续本案登记、结论在本案例外到期前作出并且已经出台的案件。请核对案件。", "The case named does not carry this exception on: it must have been opened for that, concluded before this exception ends, and issued. Check which case it is."},
	review.ProvisionalDue:  {"期限截止日为暂定（所涉年度的工作日历尚未发布），不能写入文书。请待日历发布后再出具。", "The end of the period is provisional (the calendar of that year is not loaded), and a provisional date goes into no letter. Print it when the calendar has been loaded."},
	review.DrawEmpty:       {"这个期间没有符合条件的案件，无从抽取。请调整期间或者其他条件。", "No case fits, so there is nothing to draw from. Choose another period or other conditions."},
	review.DrawnBefore:     {"这份名单已有抽取记录（{draw}）。请在该记录上继续；需要重新抽取的，在该记录上说明理由，由另一名承办人同意。", "This list has a draw already ({draw}). Go on there; to draw again, give a reason there and have a second officer agree."},
	review.DrawUndrawn:     {"尚未抽取，不能重新抽取。请先抽取。", "Nothing has been drawn yet, so it cannot be drawn again. Draw first."},
	review.DrawUnagreed:    {"重新抽取须经另一名承办人同意。请先由另一人同意，再抽取。", "Drawing again needs a second officer. Have a colleague agree first, then draw."},
	review.DrawAgreed:      {"{who}已于{at}同意重新抽取，不必再次同意。可以直接抽取。", "{who} agreed to draw again, {at}; nobody else needs to. It can be drawn now."},
	review.DrawNotAgain:    {"这是首次抽取，不需要他人同意。可以直接抽取。", "This is a first draw and needs nobody's agreement. It can be drawn now."},
	codeInternal:           {"系统出现错误，已经记录。请稍后重试；仍有问题的，请把编号 {request} 告诉系统管理员。", "Something went wrong on our side and was recorded. Try again; if it stays, give the administrator the number {request}."},
	codeNoMethod:           {"此地址不支持这种请求方式。请查看接口文档。", "This address does not take that method. See the API page."},
	codeNotJSON:            {"请以 Content-Type: application/json 提交，且只写一次。", "Send the body with exactly one Content-Type: application/json."},
	codeNotForm:            {"请以 multipart/form-data 表单提交文件，Content-Type 只写一次并带 boundary。", "Send the file as a multipart/form-data form, with exactly one Content-Type that names its boundary."},
	codeForm:               {"表单已失效，没有提交。请返回上一页刷新后再提交；接口请带上 X-CSRF-Token。", "The form has expired and nothing was submitted. Go back, reload and submit again; API clients send X-CSRF-Token."},
	codeHeaderBig:          {"请求头过大。请减少后重试。", "The request's headers are too large. Send less."},
	codeElsewhere:          {"这个请求来自其他网站的页面，没有提交。请从本站的页面操作；本站经代理访问的，请管理员让代理传递原来的主机名（Host）。", "This was sent by a page of another site and nothing was submitted. Start from a page of this site; behind a proxy, the administrator has it pass the Host header on."},
	codeRate:               {"请求过于频繁，没有办理。请在 {seconds} 秒后重试；接口请使用同一个 Idempotency-Key。", "Too many requests; nothing was done. Try again in {seconds} s; API clients repeat with the same Idempotency-Key."},

	review.NotInPool:          {"{expert}不能进入专家组：{kind}。请另选专家，或者先由另一名承办人登记理由后放行。", "{expert} cannot sit on the panel: {kind}. Choose another, or have a second officer record an override first."},
	review.ConflictOfInterest: {"{expert}与本案存在利益关系（{kind}），不能进入专家组。请先查看利益关系核查结果，另选专家；确需参加的，先由另一名承办人登记理由后放行。", "{expert} has an interest in this case ({kind}) and cannot sit on the panel. See the check for what it is and choose another, or have a second officer record an override first."},
	review.ConflictForGood:    {"该专家{kind}，任何人不得放行。请另选专家。", "The expert {kind}; nobody can override that. Choose another."},
	review.PoolTooSmall:       {"符合条件的专家只有 {have} 人，需要 {need} 人（含备选），还差 {lack} 人。请放宽领域、减少人数，或者先补充专家库。", "Only {have} experts can be drawn, and {need} are needed with the alternates: {lack} too few. Widen the fields, take fewer, or add to the pool first."},
	review.PanelNotDrawn:      {"所列专家与抽取结果不一致。请按抽取记录（{draw}）组成专家组；抽中者不能参加的，由备选依次递补。", "These are not the experts who were drawn. Form the panel as the draw ({draw}) says; where somebody drawn cannot sit, the alternates follow in their order."},
	review.PersonalData:       {"“{field}”中有疑似身份证号或者银行卡号的内容。专家库不保存这类号码，请删除后再提交。", "“{field}” holds what looks like the number of an ID or bank card. The pool keeps no such number: take it out and submit again."},

	postgres.PasswordLength: {"密码应为 12 至 128 个字符，对字符种类没有要求。建议使用几个不相关的词组成的句子。", "A password has 12 to 128 characters, of whatever kind. A phrase of unrelated words is a good one."},
	postgres.PasswordCommon: {"这个密码很容易被猜到（常用词、连续或重复的字符，或者含有账号、姓名）。请换一个。", "This password is among the first guesses: a common word, a run or a repetition, the account or the name. Choose another."},
	postgres.PasswordWrong:  {"当前密码不正确，没有作任何改动。请重新输入当前密码。", "The present password is not right and nothing was changed. Enter it again."},
	codeAgain:               {"两次输入的新密码不一致。请重新输入。", "The new password was not typed twice the same. Enter it again."},
	postgres.StepWrong:      {"验证码不正确或者已经用过。请输入身份验证器当前显示的验证码，或者一个未用过的恢复码。", "The code is not right, or was used. Enter the one that the authenticator shows now, or a recovery code that was not used."},
	postgres.StepOver:       {"第二步验证已超时或者尝试次数过多。请重新登录。", "The second step took too long or too many tries. Please sign in again."},
	postgres.FactorOn:       {"已经设置了第二步验证。需要更换的，请先停用。", "A second factor is set up already. To change it, turn it off first."},
	postgres.FactorOff:      {"还没有设置第二步验证。请先开始设置。", "No second factor is set up. Begin to set it up first."},
	postgres.FactorNoKey:    {"服务器没有配置保存第二步验证所需的密钥。请联系运维人员。", "The server has no key to keep second factors with. Ask whoever runs it."},
	postgres.EnrolFirst:     {"管理员账号必须先设置第二步验证。请打开“我的账号”进行设置。", "An administrator sets up a second factor first. Open “My account” to do so."},
	postgres.LinkOver:       {"链接已经用过、已过期或者不存在。请向系统管理员索取新的链接。", "This link was used, is over, or never was. Ask the administrator for a new one."},
	postgres.AdminsApart:    {"同一人不能同时担任系统管理员、安全管理员、审计管理员中的两个。请先结束原有岗位，或者另选人员。", "Nobody is two of system, security and audit administrator. End the other role first, or choose somebody else."},
	postgres.NotOneself:     {"管理员不能对自己的账号办理此事。请由另一位管理员办理。", "An administrator cannot do this to their own account. Ask another one."},
	postgres.ScopeLacking:   {"所用接口令牌没有“{scope}”权限。请使用有此权限的令牌。", "The API token was made without the scope “{scope}”. Use one that has it."},
	postgres.SessionNeeded:  {"账号事项须由本人登录后办理，不能使用接口令牌。请先登录。", "One's own account is managed signed in, not with an API token. Please sign in."},
	postgres.TokenLife:      {"接口令牌的有效期应为 1 天至 1 年。请更正。", "A token lives from a day to a year. Please correct it."},
	postgres.AgentDays:      {"代理期限最长 {days} 天。请缩短期限，到期后再续。", "An agent acts for at most {days} days. Choose a shorter period; it can be renewed when it ends."},
	postgres.AgentRole:      {"专家和管理员不能由他人代理。请由本人办理，或者另行安排。", "Nobody can stand in for an expert or an administrator. Let them act themselves, or arrange it otherwise."},
	postgres.AgentOutside:   {"被代理人和代理人今天都应当是该单位人员，被代理人并应担任该岗位。请核对单位、岗位和人员。", "Both must belong to the unit today, and the principal must hold the role there. Check the unit, the role and the people."},
	postgres.UnitMerged:     {"该单位已经停用或者已并入其他单位。请选择现有单位。", "That unit is no longer active, or was merged into another. Choose one that is."},
	postgres.UnitCircle:     {"单位不能隶属于自己或者自己的下级单位。请另选上级单位。", "A unit cannot stand below itself or below a unit under it. Choose another parent."},
	postgres.HandOverOpen:   {"该账号还有 {count} 项没有移交（首项：{first}）。请在同一请求中逐项指定接手人员，再注销账号。", "{count} things still hang on this account (first: {first}). Name in the same request who takes each over, then close it."},
	postgres.LoginForm:      {"账号由字母、数字、点、横线和下划线组成，以字母或数字开头，最多 64 个字符。", "A login is letters, digits, dots, hyphens and underscores, begins with a letter or digit, and has at most 64 characters."},
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
	"form":      {"表单不完整", "the form is not complete"},
	"query":     {"网址参数重复或含有无法识别的字符", "a query parameter occurs twice or holds unreadable characters"},
	"request":   {"不是有效的 HTTP 请求", "not a valid HTTP request"},
}

// fieldNames put the fields that people fill in into words; others appear under their own name.
var fieldNames = map[string]words{
	"source": {"依据（放假安排通知）", "the notice it rests on"},
	"reason": {"理由", "reason"}, "text": {"文稿", "text"}, "text.hash": {"文稿", "text"}, "text.breaks": {"手工分条", "clauses by hand"}, "text.matches": {"条款对应", "which clause was which"}, "file": {"文件", "file"}, "files": {"案件附件", "files of the case"}, "kind": {"类型", "kind"}, "route": {"审查方式", "route"},
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
	"exception.until": {"实施期限", "last day of the exception"}, "exception.condition": {"终止条件", "end condition"}, "unitName": {"所在单位", "unit"}, "name": {"姓名", "name"}, "again": {"再输入一次", "the same again"}, "login": {"账号", "account"}, "password": {"密码", "password"},
	"scope.answers": {"审查范围的回答", "answers on scope"}, "scope.answers.reason": {"认定不属于审查范围的理由", "reason for “not in scope”"}, "scope.reason": {"认定理由", "reason of the scope decision"},
	"issueBy": {"印发方式", "how it is issued"}, "with": {"联合印发单位", "units that issue jointly"}, "routeReason": {"选择审查方式的理由", "reason for the route"}, "issuer": {"制定机关", "issuer"},
	"unreviewed": {"未经审查出台", "issued without review"}, "extends": {"接续的例外案件", "case whose exception is carried on"},
	"slots": {"需要补正的材料", "documents to correct"}, "days": {"期限（工作日）", "period, in working days"}, "answers": {"修改要求的回复", "answers to required changes"},
	"answers.reason": {"未采纳或者部分采纳的理由", "reason for not adopting in full"}, "answers.clause": {"修改后所在的条款", "clause in the new text"},
	"heard.kinds": {"听取意见的对象类别", "who was heard"}, "heard.asked": {"是否就公平竞争影响征求了意见", "whether they were asked about competition"},
	"heard.opinions": {"收到的意见，或者没有收到意见的说明", "opinions, or that nobody answered"}, "heard.opinions.from": {"提出意见者", "who gave the opinion"},
	"heard.opinions.said": {"意见内容", "what was said"}, "heard.opinions.answer": {"意见采纳情况", "what became of the opinion"}, "heard.opinions.why": {"意见未采纳的理由", "why an opinion was not adopted"},
	"heard.noReplies": {"没有收到意见", "nobody answered"}, "heard.noneGround": {"未听取意见的情形", "ground for hearing nobody"},
	"checklist.clear": {"未违反的项目", "items without a breach"}, "checklist.based": {"有法定依据的内容", "content with a legal basis"}, "checklist.notes": {"逐项说明", "notes on items"},
	"checklist.textHash": {"逐项填写所针对的文稿", "text of the checklist"}, "scope.textHash": {"认定所针对的文稿", "text of the scope decision"},
	"exception.effect": {"对公平竞争的影响", "effect on competition"}, "exception.alternatives": {"没有影响更小的替代方案", "no less harmful alternative"}, "exception.periodWhy": {"期限合理的理由", "why the period is reasonable"},
	"conclusion.result": {"审查结论", "finding"}, "conclusion.textHash": {"结论所针对的文稿", "text of the conclusion"}, "conclusion.standards": {"审查标准版本", "version of the standards"},
	"conclusion.notHeard": {"未听取意见的情形（应与听取意见记录一致）", "ground for hearing nobody, as in the record"}, "conclusion.advice": {"工作建议、风险提示（不能为空白）", "advice and risk warnings (no blank entry)"},
	"conclusion.findings": {"不符合标准的内容", "findings"}, "conclusion.dropped": {"不再要求的修改", "changes no longer required"}, "conclusion.dropped.reason": {"不再要求修改的理由", "reason for no longer requiring a change"},
	"conclusion.risks": {"风险提示", "risk warnings"}, "conclusion.signedOn": {"签发日期", "day of signature"},
	"delivery": {"用印送达", "seal and delivery"}, "delivery.sealedOn": {"用印日期", "day of the seal"}, "delivery.on": {"送达日期", "day of delivery"}, "delivery.how": {"送达方式", "way of delivery"},
	"delivery.receiver": {"签收人", "receiver"}, "legal": {"合法性审核", "legality review"}, "legal.result": {"合法性审核结果", "result of the legality review"}, "legal.by": {"合法性审核机构", "body of the legality review"},
	"legal.on": {"合法性审核日期", "day of the legality review"}, "legal.note": {"合法性审核说明", "note on the legality review"}, "questions": {"重大变化的三项判断", "the three questions of a material change"},
	"questions.why": {"重大变化的说明", "statement on the material change"}, "issue.questions": {"重大变化的三项判断", "the three questions of a material change"}, "issue.questions.why": {"文稿差异的说明", "statement on the difference"},
	"positions.clause": {"会审意见的条款", "clause of the position"}, "positions.value": {"会审意见的取值", "value of the position"}, "seats.remit": {"会审单位负责的条款", "clauses of the seat's field"},
	"opinion.position": {"专家意见的取值", "value of the opinion"}, "noObjection": {"无异议", "no objection"}, "measure.field": {"行业领域", "field"},
	"body": {"提交的内容", "body"}, "from": {"起始日期", "from"}, "to": {"截止日期", "to"}, "asOf": {"统计时点", "as of"}, "as": {"办理身份", "acting as"},
	"person": {"人员", "person"}, "expert": {"专家", "expert"}, "fields": {"专业领域", "fields"}, "institution": {"工作单位", "institution"}, "region": {"地区", "region"},
	"employers": {"曾任职单位", "former employers"}, "works": {"受委托工作", "work done for bodies"}, "interests": {"申报的利益关系", "declared interests"},
	"eligible": {"符合条件的案件", "eligible cases"}, "take": {"抽取数量", "number to draw"}, "alternates": {"备选数量", "number of alternates"}, "group": {"案件类别", "group of cases"},
	"on": {"日期，如 2026-01-31", "a day, such as 2026-01-31"}, "since": {"对比的审查标准版本", "the version of the standards to compare with"},
}

// statuses name where a case stands (core flow §2).
var statuses = map[review.Status]words{
	review.Drafting: {"起草中（含听取意见）", "Drafting and hearing opinions"}, review.OutOfScope: {"不属于审查范围", "Not in scope"},
	review.SelfReview: {"起草单位审查中", "Self-review"}, review.UnitCheck: {"审查机构复核中", "Checked by the review body"},
	review.UnitSign: {"审查机构负责人审签中", "With the unit head"}, review.PrelimDone: {"初审意见已形成", "Preliminary opinion signed"},
	review.Submitted: {"已提请审查", "Submitted"}, review.CorrectionAsked: {"补正中", "Correction asked"}, review.Suspended: {"中止审查", "Suspended"},
	review.Returned: {"已退回", "Returned"}, review.RegReview: {"市场监管部门审查中", "Regulator's review"}, review.JointReview: {"会审中", "Joint review"},
	review.ExpertReview: {"专家组论证中", "Expert panel"}, review.ConsultUnit: {"沟通协商中", "In talks with the unit"}, review.RegSign: {"审查意见审签中", "With the approver"},
	review.RegCheck: {"审查意见审核中", "With the checker of the regulator"}, review.Extended: {"例外已由新的审查结论接续", "Exception carried on by a new conclusion"},
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
	review.Deliver: {"登记用印送达", "Register seal and delivery"}, review.RecordLegality: {"登记合法性审核结果", "Record the result of the legality review"},
	review.AskMediation: {"提请工作机制协调", "Put it to the working mechanism"}, review.NoteMediation: {"记录协调情况", "Note what came of the coordination"},
	review.Evaluate: {"例外实施评估", "Evaluate the exception"}, review.EvaluationDue: {"例外评估到期", "Evaluation of the exception due"},
	review.ExceptionNotice: {"例外期限提醒", "Notice before the exception ends"}, review.RegisterExtension: {"登记接续", "Register the new conclusion"},
	review.Undo: {"当日撤销", "Take back, same day"}, review.Urge: {"催办", "Urge"}, review.SetSecrecy: {"调整知悉范围", "Change who may read it"}, review.Escalate: {"逾期督办", "Overdue, put to the approver"},
	review.Reclock: {"重新计算期限", "Compute the periods again"},
}

var roles = map[review.Role]words{
	review.Handler: {"起草单位经办人", "Handler of the unit"}, review.ReviewBody: {"起草单位审查机构", "Review body of the unit"}, review.UnitHead: {"审查机构负责人", "Unit head"},
	review.Officer: {"市场监管部门承办人", "Officer of the regulator"}, review.Checker: {"市场监管部门审核人", "Checker of the regulator"}, review.Approver: {"市场监管部门签发人", "Approver of the regulator"}, review.Expert: {"专家", "Expert"},
	review.Admin: {"系统管理员", "Administrator"}, review.SecurityAdmin: {"安全管理员", "Security administrator"}, review.AuditAdmin: {"审计管理员", "Audit administrator"}, review.Timer: {"系统计时", "System timer"}, "seat": {"会审单位", "Seat of the joint review"}, "issuer": {"制定机关", "Issuer"},
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

// heardWords name whose opinions 办法 28 asks for.
var heardWords = map[string]words{
	"competitors": {"有竞争关系的经营者", "competing operators"}, "upstream": {"上游经营者", "upstream operators"}, "downstream": {"下游经营者", "downstream operators"},
	"associations": {"行业协会商会", "trade associations and chambers of commerce"}, "others": {"可能受影响的其他经营者", "other operators who may be affected"},
	"public": {"社会公众", "the public"},
}

var interestWords = map[string]words{
	"none": {"不涉及", "not touched"}, "touched": {"涉及", "touched"}, "major": {"有重大影响", "majorly affected"},
}

// basedWords name what content of the costs group may rest on (条例 10).
var basedWords = map[string]words{
	"law": {"法律", "a law"}, "regulation": {"行政法规", "an administrative regulation"}, "state_council": {"国务院批准", "State Council approval"},
}

var deliveryWords = map[string]words{
	"exchange": {"公文交换", "official exchange"}, "paper": {"直接送交", "by hand"}, "platform": {"本平台送达", "on this platform"}, "other": {"其他方式", "otherwise"},
}

var legalWords = map[string]words{
	"pass": {"通过", "Passed"}, "changes": {"修改后通过", "Passed after changes"}, "fail": {"未通过", "Not passed"},
}

// patternWords name the four ways in which a conclusion comes about (B1-14).
var patternWords = map[string]words{
	"i":  {"起草单位不同意修改或者无法修改", "The unit does not change the measure, or cannot"},
	"ii": {"时间紧急或者沟通未果", "No time for talks, or none came of them"}, "iii": {"起草单位当即修改", "The unit changed it at once"},
	"iv": {"符合标准，附工作建议或者风险提示", "Meets the standards, with advice or risk warnings"},
}

// issueWays name how a measure is issued.
var issueWays = map[review.IssueBy]words{
	review.ByDepartment: {"本部门印发", "The department, in its own name"}, review.ByDepartments: {"多部门联合印发", "Several departments jointly, with a lead"},
	review.ByGovernment: {"县级以上政府印发", "A government at county level or above"}, review.ByGovernmentOffice: {"政府办公厅（室）印发", "The government's general office"},
	review.ByForwarding: {"政府或者其办公厅（室）转发", "Forwarded by the government or its general office"}, review.ByPartyAndGovernment: {"党委和政府联合印发", "Party committee and government jointly"},
	review.ByCongress: {"提请人大及其常委会审议", "Submitted to the people's congress or its standing committee"}, review.AfterApproval: {"报政府批准后以部门名义印发", "The department, after the government's approval"},
	review.ByRequest: {"请示中含有措施，经同意后即实施", "A request with a measure that takes effect once approved"}, review.ByTownship: {"乡镇政府、街道办事处印发", "A township government or subdistrict office"},
	review.ForSubordinate: {"所属单位、国有企业起草，由机关印发", "An organ, drafted by a subordinate unit or state-owned enterprise"},
	review.ByAgreement:    {"与经营者签订协议、备忘录", "An agreement or memorandum with an operator"}, review.ByTender: {"招标、采购文件", "A tender or procurement document"},
}

// routeWhys say why a way of issuing leads to its route.
var routeWhys = map[string]words{
	"department_issues":       {"拟由部门出台，由起草单位在起草阶段审查。", "A department issues it, so the drafting unit reviews it while it is drafted."},
	"lead_reviews":            {"拟由多个部门联合出台，由牵头起草单位审查。", "Several departments issue it jointly, so the lead drafting unit reviews it."},
	"government_issues":       {"拟由县级以上政府出台，由市场监管部门会同起草单位审查；不论由谁起草。", "A government at county level or above issues it, so the regulator reviews it with the drafting unit, whoever drafts it."},
	"office_issues":           {"政府办公厅（室）印发，视为政府出台，由市场监管部门会同起草单位审查。", "The government's general office issues it, which counts as the government's: the regulator reviews it with the drafting unit."},
	"government_forwards":     {"政府或者其办公厅（室）转发部门文件，视为政府出台，由市场监管部门会同起草单位审查。", "Forwarding by the government or its office counts as issuing: the regulator reviews it with the drafting unit."},
	"party_and_government":    {"党委和政府联合印发，由市场监管部门会同起草单位审查。", "Party committee and government issue it jointly: the regulator reviews it with the drafting unit."},
	"congress_considers":      {"提请人大及其常委会审议，由市场监管部门会同起草单位审查。", "It goes to the people's congress: the regulator reviews it with the drafting unit."},
	"own_name_after_approval": {"政府批准不改变制定机关，仍是部门文件，由起草单位审查。", "The government's approval does not change who makes it: the drafting unit reviews it."},
	"request_takes_effect":    {"经同意后即实施，又不由政府印发或者转发，由起草单位在报送请示前审查；政府转发的，请选择“转发”。", "It takes effect once approved and the government neither issues nor forwards it: the drafting unit reviews it before the request is sent. If the government forwards it, choose that."},
	"below_county":            {"乡镇政府、街道办事处的措施属于审查范围，但不属于县级以上政府出台，由起草单位审查。", "A township's measure is under review but below the county level, so the drafting unit reviews it."},
	"organ_issues":            {"所属单位、国有企业起草，由印发的行政机关审查。", "A subordinate unit or state-owned enterprise drafts it, and the organ that issues it reviews it."},
	"agreement":               {"与经营者签订的行政协议、备忘录不属于政府出台的政策措施，由牵头起草单位审查。", "Agreements and memoranda with operators are not measures issued by a government: the lead drafting unit reviews them."},
	"tenderer_reviews":        {"招标、采购文件由招标人、采购人在发布前审查。", "The tenderer reviews a tender or procurement document before it is published."},
}

// scopeGrounds name why a measure is not under review, in this order.
var (
	scopeGroundsInOrder = []string{"no_effect_on_operators", "internal_affairs", "meeting_minutes", "request_without_measure", "civil_contract", "other"}
	scopeGrounds        = map[string]words{
		"no_effect_on_operators": {"不涉及经营者经济活动", "Touches no economic activity of operators"}, "internal_affairs": {"内部事务", "Internal affairs"},
		"meeting_minutes": {"会议纪要", "Meeting minutes"}, "request_without_measure": {"不含措施的请示", "Request without a measure"},
		"civil_contract": {"民事合同、补偿协议", "Civil contract or compensation agreement"}, "other": {"其他不属于政策措施的情形", "Otherwise no policy measure"},
	}
)

// fileFormats name what internal/document finds a file to be.
var fileFormats = map[string]words{
	"docx": {"Word 文档（.docx）", "Word document (.docx)"}, "xlsx": {"Excel 工作簿（.xlsx）", "Excel workbook (.xlsx)"}, "txt": {"纯文本", "plain text"}, "pdf": {"PDF 文件", "PDF file"},
	"png": {"PNG 图片", "PNG picture"}, "jpeg": {"JPEG 图片", "JPEG picture"}, "image": {"图片", "picture"}, "ole": {"旧格式文档（.doc、.wps、.xls 等）", "document of an old format (.doc, .wps, .xls …)"},
	"encrypted": {"加密的文档，请先去除密码", "document with a password: take it off first"}, "rtf": {"RTF 文档", "RTF document"}, "ofd": {"OFD 文件", "OFD file"}, "zip": {"压缩包", "archive"},
	"macros": {"含有宏的文档", "document with macros"}, "damaged": {"已损坏或者结构异常的文档", "document that is damaged or oddly built"}, "embedded": {"正文为内嵌文件的文档", "document whose text is in a file within it"},
	"unknown": {"无法识别的文件", "file of an unknown kind"},
}

// fileKinds name what an attachment is.
var fileKinds = map[review.FileKind]words{
	review.FileNote: {"起草说明", "Drafting note"}, review.FilePrelim: {"初审意见", "Preliminary opinion"}, review.FileHeard: {"听取意见材料", "Opinions heard"},
	review.FileReport: {"论证或者评估报告", "Report"}, review.FileLetter: {"函件、通知", "Letter"}, review.FileScan: {"签章扫描件", "Signed scan"},
	review.FileOriginal: {"文稿原件", "Original of a text"}, review.FileOther: {"其他材料", "Other"},
}

// operationNames say in Chinese what an operation's English summary says.
var operationNames = map[string]string{ //nolint:gosec // words about passwords, not passwords
	"secondStep": "登录第二步：验证码或恢复码", "ownSessions": "本人的登录会话", "endOtherSessions": "结束本人的其他会话", "endSession": "结束本人的一个会话",
	"changePassword": "修改本人密码", "secondFactor": "第二步验证的状态", "beginSecondFactor": "开始设置第二步验证", "confirmSecondFactor": "以第一个验证码启用第二步验证",
	"dropSecondFactor": "停用第二步验证", "tokens": "本人的接口令牌", "createToken": "新建接口令牌", "revokeToken": "撤销本人的接口令牌", "makeAccount": "开通账号",
	"agents": "代理：本人的，以及本单位的（限负责人）", "makeAgent": "设置代理，最长 90 天", "endAgent": "结束代理", "caseReads": "限制阅读案件的阅读记录，限对其负责的人员",
	"allReads": "全部限制阅读案件的阅读记录，限审计管理员", "makeUnit": "新设单位", "changeUnit": "更改单位的名称、类别、上级单位或者对应的市场监管部门", "mergeUnit": "并入另一单位",
	"postsOf": "某人的岗位及起止日期", "givePost": "授予岗位，写明起止日期", "endPost": "自某日起结束岗位", "hanging": "注销账号前须移交的事项", "closeAccount": "移交全部事项并注销账号",
	"makeLink": "生成设置密码的一次性链接", "setActive": "停用或启用账号", "giveRole": "授予岗位", "takeRole": "结束岗位", "sessionsOf": "某人的登录会话", "endSessionsOf": "结束某人的全部会话",
	"tokensOf": "某人的接口令牌", "revokeTokenOf": "撤销某人的接口令牌", "takeSecondFactor": "解除某人的第二步验证（手机遗失）", "securityEvents": "安全日志，从新到旧",
	"signIn": "以账号和密码登录", "signOut": "退出登录", "me": "当前登录人及其岗位", "catalogue": "某日施行的审查标准目录，及与某一版本相比的变动", "units": "单位：起草单位、市场监管部门、会审单位",
	"scope": "是否属于审查范围的问题，以及印发方式", "routing": "某种印发方式对应的审查方式及其理由",
	"people": "担任某一岗位的人员（限市场监管部门和本单位）", "putText": "存入文稿，以 SHA-256 编号", "text": "查看存入的文稿", "openCase": "登记案件", "act": "办理案件",
	"cases": "案件清单与筛选", "case": "案件详情、轮到谁办理、本人可办理的事项", "events": "案件办理经过，从早到晚", "letters": "案件中与本人有关的文书", "letter": "一份文书，按阅读语言",
	"drafts": "本轮审查意见的历次拟稿与变化，限市场监管部门", "tasks": "本人待办，期限近的在前", "notices": "与本人有关的消息，新的在前", "readNotice": "将一条消息标为已阅", "readNotices": "将截至某一条的消息全部标为已阅",
	"mailSettings": "本人接收提醒邮件的地址和事项", "setMailAddress": "设置或者取消本人的邮箱地址", "verifyMail": "以邮件中的验证码启用本人的邮箱地址", "setMailChoices": "选择接收哪些提醒邮件以及何时接收",
	"webhooks": "网络回调地址及其发送情况，限系统管理员", "makeWebhook": "登记网络回调地址，密钥只显示一次，限系统管理员", "endWebhook": "停用网络回调地址，限系统管理员", "deadMessages": "一日内未能送达的回调消息，限系统管理员", "sendAgain": "重新发送未能送达的回调消息，限系统管理员",
	"calendar": "工作日历：已导入的年度和缺少的年度，限系统管理员", "loadCalendar": "导入工作日历年度并重新计算办理中的期限，限系统管理员", "counts": "一个期间的数字及其背后的清单",
	"requestDraw": "提出抽查：固定可抽取的名单并记录其散列值", "seedDraw": "抽取：种子只产生一次，重复请求结果相同", "drawAgain": "提出重新抽取，须说明理由",
	"uploadText": "上传 .docx 或者纯文本文件，读取并存入文稿，保留原件", "textClauses": "文稿的条款，以及与案件现行文稿的对应关系", "compareTexts": "案件的两稿按条款对照",
	"attachFile": "为案件添加附件", "files": "案件中本人可以查看的附件", "file": "下载案件的一份附件",
	"auditLog": "审计日志：谁对哪件案件办理了什么，以及安全事件，从新到旧", "auditExport": "导出审计日志，导出本身会被记录",
	"pool": "专家库：本级和上级市场监管部门的专家", "putExpert": "登记专家，或者更新专家信息", "endTerm": "结束聘期，保留历史", "poolChanges": "专家信息的变更记录",
	"panelRecord": "案件专家组的抽取、放行和组成记录，限市场监管部门", "panelCheck": "专家利益关系核查，不改变任何内容，不通知任何人，限市场监管部门",
	"overrideConflict": "由另一名承办人登记理由后放行有利益关系的专家", "drawPanel": "提出抽取专家：固定可抽取的名单并记录其散列值",
	"agreeDraw": "由另一名承办人同意重新抽取", "draws": "抽取清单，新的在前，含提出后未抽取的", "draw": "一次抽取的记录，供 fairreview verify-draw 核对",
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
		return eachInWords(l, v, func(v string) (words, bool) { w, ok := slots[review.Slot(v)]; return w, ok })
	case "fields":
		return eachInWords(l, v, func(v string) (words, bool) { w, ok := fieldNames[v]; return w, ok })
	case "detail":
		w, ok = malformed[v]
	case "route":
		w, ok = routeNames[review.Route(v)]
	case "kind":
		if w, ok = fileFormats[v]; !ok {
			w, ok = interestKinds[v]
		}
	case "question":
		for _, q := range review.ScopeTree() {
			if q.ID == v {
				w, ok = words{q.Zh, q.En}, true
			}
		}
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

// eachInWords puts a list of keys into words, each by itself.
func eachInWords(l lang, list string, word func(string) (words, bool)) string {
	keys := strings.Split(list, ", ")
	for i, k := range keys {
		if w, ok := word(k); ok {
			keys[i] = w.in(l)
		}
	}
	return strings.Join(keys, words{"、", ", "}.in(l))
}
