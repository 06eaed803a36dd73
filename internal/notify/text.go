package notify

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/fairreview/fairreview/review"
)

// Item is one notice in a mail.
type Item struct {
	Case   string // id
	Number string
	Kind   review.NoticeKind
}

// About is the mail that tells of notices: one, or a day's. It holds numbers, codes in words and links. No title, no name, no
// reason and no finding: a mailbox is not where the case is read.
func About(base string, items []Item) (subject, text string) {
	var b strings.Builder
	if len(items) == 1 {
		subject = "【公平竞争审查】案件 " + items[0].Number + " 有新消息"
	} else {
		subject = fmt.Sprintf("【公平竞争审查】%d 条新消息", len(items))
	}
	for _, i := range items {
		zh, en := i.Kind.Words()
		fmt.Fprintf(&b, "%s  %s\n%s\n%s\n\n", i.Number, zh, en, base+"/cases/"+url.PathEscape(i.Case))
	}
	b.WriteString("请登录后查看详情。本邮件由系统自动发出，请勿回复；是否接收邮件可在平台“消息”页面设置。\n")
	b.WriteString("Sign in to see more. This mail was sent by the system; do not answer. Choose what you get under Notices.\n" + base + "/notifications\n")
	return subject, b.String()
}

// Verify is the mail with the link that shows that an address is its owner's.
func Verify(base, token string) (subject, text string) {
	link := base + "/notifications?verify=" + url.QueryEscape(token)
	return "【公平竞争审查】请确认邮箱地址", "请登录平台后打开以下链接，确认用此邮箱接收提醒。链接在24小时内有效。\n" +
		"Sign in and open this link to get notices at this address. It is good for 24 hours.\n\n" + link + "\n\n" +
		"如非本人操作，请忽略本邮件。\nIf you did not ask for it, do nothing.\n"
}
