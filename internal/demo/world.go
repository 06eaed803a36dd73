package demo

import (
	"fmt"
	"strings"
)

// Disclaimer is shown wherever the made-up city is: no unit, person, company or document in it exists.
const Disclaimer = "云泽市及所列单位、人员、企业和文件均为虚构，仅供演示。"

// Unit is an organisation of the made-up city.
type Unit struct {
	ID     string // short ascii slug
	Name   string
	NameEN string
	Parent string // the government of its region; "" for the city government
	Kind   string // government, department, regulator, congress, township or institution
}

// Person is somebody who works in a unit and what they may do there.
type Person struct {
	ID    string // the unit's slug and the family name in pinyin: fgw.zhang
	Name  string
	Unit  string
	Post  string
	Roles []string // handler, review_body, unit_head, officer, approver, expert, admin
}

// region is the city or one of its counties: a government, its office, a regulator and departments.
type region struct {
	id, name, en string
	code         string   // the character that stands for the place in document numbers
	departments  []string // keys of countyDepartments; nil for the city
}

const cityID = "yunze"

// Two districts and two counties. None of the names is that of a real place of the same rank.
var counties = []region{
	{"qingzhu", "青渚区", "Qingzhu District", "青渚", []string{"fg", "jx", "zj", "sw", "jy"}},
	{"chengpu", "澄浦区", "Chengpu District", "澄浦", []string{"fg", "jt", "wl", "mz", "wj"}},
	{"yanxi", "岩溪县", "Yanxi County", "岩溪", []string{"fg", "ny", "jt", "wl", "jy"}},
	{"shiliang", "石梁县", "Shiliang County", "石梁", []string{"jx", "ny", "zj", "sw", "mz"}},
}

// department is a kind of department: its slug, its name after the region's, its character(s) in document numbers.
type department struct{ id, name, en, code string }

var cityDepartments = []department{
	{"fgw", "发展和改革委员会", "Development and Reform Commission", "发改"},
	{"jxj", "经济和信息化局", "Economy and Information Technology Bureau", "经信"},
	{"jyj", "教育局", "Education Bureau", "教"},
	{"kjj", "科学技术局", "Science and Technology Bureau", "科"},
	{"gaj", "公安局", "Public Security Bureau", "公"},
	{"mzj", "民政局", "Civil Affairs Bureau", "民"},
	{"sfj", "司法局", "Justice Bureau", "司"},
	{"czj", "财政局", "Finance Bureau", "财"},
	{"rsj", "人力资源和社会保障局", "Human Resources and Social Security Bureau", "人社"},
	{"zrzy", "自然资源和规划局", "Natural Resources and Planning Bureau", "资规"},
	{"sthj", "生态环境局", "Ecology and Environment Bureau", "环"},
	{"zjj", "住房和城乡建设局", "Housing and Urban-Rural Development Bureau", "建"},
	{"jtj", "交通运输局", "Transport Bureau", "交"},
	{"slj", "水利局", "Water Resources Bureau", "水"},
	{"nync", "农业农村局", "Agriculture and Rural Affairs Bureau", "农"},
	{"swj", "商务局", "Commerce Bureau", "商"},
	{"wlj", "文化广电旅游局", "Culture, Radio, Television and Tourism Bureau", "文旅"},
	{"wjw", "卫生健康委员会", "Health Commission", "卫"},
	{"yjj", "应急管理局", "Emergency Management Bureau", "应急"},
	{"gzw", "人民政府国有资产监督管理委员会", "State-owned Assets Supervision and Administration Commission", "国资"},
	{"tyj", "体育局", "Sports Bureau", "体"},
	{"ybj", "医疗保障局", "Healthcare Security Bureau", "医保"},
	{"zfj", "综合行政执法局", "Comprehensive Administrative Enforcement Bureau", "综执"},
	{"sjj", "数据管理局", "Data Bureau", "数"},
	{"jrb", "金融工作办公室", "Financial Affairs Office", "金"},
	{"ggzy", "公共资源交易管理办公室", "Public Resource Trading Office", "公管"},
	{"gjj", "住房公积金管理中心", "Housing Provident Fund Centre", "公积金"},
	{"gxs", "供销合作社联合社", "Federation of Supply and Marketing Cooperatives", "供销"},
}

var countyDepartments = map[string]department{
	"fg": {"fg", "发展和改革局", "Development and Reform Bureau", "发改"},
	"jx": {"jx", "经济和信息化局", "Economy and Information Technology Bureau", "经信"},
	"jy": {"jy", "教育局", "Education Bureau", "教"},
	"jt": {"jt", "交通运输局", "Transport Bureau", "交"},
	"mz": {"mz", "民政局", "Civil Affairs Bureau", "民"},
	"ny": {"ny", "农业农村局", "Agriculture and Rural Affairs Bureau", "农"},
	"sw": {"sw", "商务局", "Commerce Bureau", "商"},
	"wj": {"wj", "卫生健康局", "Health Bureau", "卫"},
	"wl": {"wl", "文化广电旅游局", "Culture, Radio, Television and Tourism Bureau", "文旅"},
	"zj": {"zj", "住房和城乡建设局", "Housing and Urban-Rural Development Bureau", "建"},
}

// township is a town or a rural township of a county.
type township struct{ id, name, en, county string }

var townships = []township{
	{"dilu", "荻鹿镇", "Dilu Town", "qingzhu"},
	{"duhe", "渡鹤镇", "Duhe Town", "chengpu"},
	{"shanao", "杉坳镇", "Shan'ao Town", "yanxi"},
	{"shuangtian", "霜田乡", "Shuangtian Township", "yanxi"},
	{"qihe", "栖禾镇", "Qihe Town", "shiliang"},
	{"yanchi", "砚池乡", "Yanchi Township", "shiliang"},
}

// institution is where experts come from; fields says what each of them knows.
type institution struct {
	id, name, en string
	posts        []string
}

var institutions = []institution{
	{"yzdx", "云泽大学", "Yunze University", []string{"法学院教授（竞争法）", "经济学院教授（产业组织）", "公共管理学院副教授（政府规制）"}},
	{"dmcj", "东湄财经学院", "Dongmei Institute of Finance and Economics", []string{"财税系教授（财政补贴）", "金融系副教授（金融监管）", "统计系教授（经济计量）"}},
	{"jzzf", "江洲政法学院", "Jiangzhou Institute of Politics and Law", []string{"经济法系教授（反垄断法）", "行政法系副教授（行政规范性文件）"}},
	{"cyyj", "云泽产业经济研究院", "Yunze Institute of Industrial Economics", []string{"研究员（招商引资政策）", "副研究员（统一大市场）", "研究员（平台经济）"}},
	{"jgyj", "云泽价格与成本研究所", "Yunze Institute of Prices and Costs", []string{"研究员（公用事业定价）", "副研究员（成本监审）"}},
	{"jtgh", "湄州交通规划设计院", "Meizhou Transport Planning Institute", []string{"高级工程师（交通运输）", "高级工程师（工程招标）"}},
	{"nykx", "湄州农业科学研究院", "Meizhou Academy of Agricultural Sciences", []string{"研究员（农业补贴政策）", "副研究员（农产品流通）"}},
	{"zylaw", "北湄正昀律师事务所", "Zhengyun Law Firm", []string{"合伙人律师（公平竞争合规）", "律师（政府采购）"}},
	{"jslaw", "北湄嘉穑律师事务所", "Jiase Law Firm", []string{"合伙人律师（特许经营）", "律师（招标投标）"}},
	{"yhcpa", "云衡会计师事务所", "Yunheng Accountants", []string{"注册会计师（财政绩效评价）"}},
	{"bzjs", "湄州标准技术中心", "Meizhou Centre for Standards", []string{"高级工程师（标准与认证）"}},
}

// World returns the units and the people of the made-up city, always the same and in the same order.
func World() ([]Unit, []Person) {
	w := world{}
	w.city()
	for _, c := range counties {
		w.county(c)
	}
	for _, t := range townships {
		w.unit(Unit{t.id, t.name + "人民政府", t.en + " Government", t.county, "township"})
		w.desk(t.id)
	}
	for _, in := range institutions {
		w.unit(Unit{in.id, in.name, in.en, cityID, "institution"})
		for _, post := range in.posts {
			w.person(in.id, post, "expert")
		}
	}
	return w.units, w.people
}

// world collects units and people while they are made.
type world struct {
	units  []Unit
	people []Person
}

func (w *world) unit(u Unit) { w.units = append(w.units, u) }

func (w *world) city() {
	w.unit(Unit{cityID, "云泽市人民政府", "Yunze Municipal People's Government (fictional)", "", "government"})
	w.unit(Unit{"zfb", "云泽市人民政府办公室", "General Office of Yunze Municipal Government", cityID, "government"})
	w.desk("zfb")
	w.unit(Unit{"rd", "云泽市人民代表大会常务委员会", "Standing Committee of Yunze Municipal People's Congress", cityID, "congress"})
	w.desk("rd")
	w.unit(Unit{"scjg", "云泽市市场监督管理局", "Yunze Market Regulator", cityID, "regulator"})
	for _, post := range []string{"公平竞争审查科一级主任科员", "公平竞争审查科二级主任科员", "公平竞争审查科三级主任科员", "公平竞争审查科四级主任科员", "公平竞争审查科一级科员", "反垄断与反不正当竞争科二级主任科员", "反垄断与反不正当竞争科四级主任科员"} {
		w.person("scjg", post, "officer")
	}
	for _, post := range []string{"公平竞争审查科科长", "反垄断与反不正当竞争科科长", "局长", "副局长", "副局长"} {
		w.person("scjg", post, "approver")
	}
	w.person("scjg", "信息化与大数据科系统管理员", "admin")
	w.person("scjg", "产品质量监督科四级主任科员", "handler")
	w.person("scjg", "食品流通监督科一级科员", "handler")
	w.person("scjg", "政策法规科科长", "review_body")
	w.person("scjg", "总工程师", "unit_head")
	for _, d := range cityDepartments {
		w.unit(Unit{d.id, "云泽市" + d.name, "Yunze " + d.en, cityID, "department"})
		w.desk(d.id)
	}
}

func (w *world) county(c region) {
	w.unit(Unit{c.id, c.name + "人民政府", c.en + " People's Government", cityID, "government"})
	w.unit(Unit{"zfb-" + c.id, c.name + "人民政府办公室", "General Office of " + c.en + " Government", c.id, "government"})
	w.desk("zfb-" + c.id)
	reg := "scjg-" + c.id
	w.unit(Unit{reg, c.name + "市场监督管理局", c.en + " Market Regulator", c.id, "regulator"})
	for _, post := range []string{"竞争秩序股二级主任科员", "竞争秩序股四级主任科员", "竞争秩序股一级科员"} {
		w.person(reg, post, "officer")
	}
	w.person(reg, "局长", "approver")
	w.person(reg, "副局长", "approver")
	for _, key := range c.departments {
		d := countyDepartments[key]
		w.unit(Unit{key + "-" + c.id, c.name + d.name, c.en + " " + d.en, c.id, "department"})
		w.desk(key + "-" + c.id)
	}
}

// desk staffs the last unit made: two who draft, one who checks, one who signs.
func (w *world) desk(unit string) {
	u := w.units[len(w.units)-1]
	section, law, head := pickPost(len(w.units), "业务一科", "综合科", "规划发展科", "行业管理科", "市场科"), "政策法规科科长", "局长"
	switch {
	case strings.HasSuffix(u.Name, "镇人民政府"):
		section, law, head = "经济发展办公室", "司法所所长", "镇长"
	case strings.HasSuffix(u.Name, "乡人民政府"):
		section, law, head = "经济发展办公室", "司法所所长", "乡长"
	case u.Kind == "congress":
		section, law, head = "经济法规处", "法制工作委员会副主任", "法制工作委员会主任"
	case u.Kind == "government":
		section, law, head = "综合科", "合法性审核科科长", "主任"
	case u.Parent != cityID:
		section, law = pickPost(len(w.units), "业务股", "综合股", "行业管理股"), "法规股股长"
	}
	if strings.HasSuffix(u.Name, "委员会") && u.Kind == "department" || strings.HasSuffix(u.Name, "中心") || u.Kind == "department" && strings.HasSuffix(u.Name, "办公室") || strings.HasSuffix(u.Name, "联合社") {
		head = "主任"
	}
	w.person(unit, section+pickPost(len(w.people), "四级主任科员", "三级主任科员", "一级科员"), "handler")
	w.person(unit, section+pickPost(len(w.people), "二级主任科员", "一级科员", "四级主任科员"), "handler")
	w.person(unit, law, "review_body")
	w.person(unit, head, "unit_head")
}

func pickPost(i int, posts ...string) string { return posts[i%len(posts)] }

// person makes somebody new. Family names follow one another with a stride, so no two people of a unit share one.
func (w *world) person(unit, post string, roles ...string) {
	k := len(w.people)
	s := surnames[k*7%len(surnames)]
	given := givenNames[(k*29+k/len(givenNames))%len(givenNames)]
	han, pinyin, _ := strings.Cut(s, " ")
	w.people = append(w.people, Person{fmt.Sprintf("%s.%s", unit, pinyin), han + given, unit, post, roles})
}

// surnames and their pinyin, no pinyin twice.
var surnames = strings.Split("张 zhang,王 wang,李 li,赵 zhao,刘 liu,陈 chen,杨 yang,黄 huang,周 zhou,吴 wu,徐 xu,孙 sun,马 ma,朱 zhu,胡 hu,"+
	"郭 guo,何 he,林 lin,高 gao,罗 luo,郑 zheng,梁 liang,谢 xie,宋 song,唐 tang,韩 han,冯 feng,邓 deng,曹 cao,彭 peng,"+
	"曾 zeng,肖 xiao,田 tian,董 dong,潘 pan,袁 yuan,蔡 cai,蒋 jiang,余 yu,杜 du,叶 ye,程 cheng,魏 wei,苏 su,吕 lyu,"+
	"丁 ding,任 ren,卢 lu,姚 yao,沈 shen,钟 zhong,崔 cui,谭 tan,范 fan,廖 liao,石 shi,金 jin,贾 jia,夏 xia,方 fang,"+
	"邹 zou,熊 xiong,白 bai,孟 meng,秦 qin,邱 qiu,侯 hou", ",")

var givenNames = strings.Fields(`
	志远 雨桐 文博 晓岚 建宁 佳怡 海川 明轩 若溪 立诚 秋实 永福 春燕 国梁 玉兰 晨曦 振声 静雯 学勤 丽娟
	浩淼 婉清 德润 红梅 子涵 伟民 素芬 俊逸 亚楠 金水 月娥 大勇 诗琪 培源 慧敏 庆丰 小满 长青 倩云 克勤
	美玲 少聪 凤霞 新宇 菊香 继业 采薇 松涛 爱萍 启航 思源 蕾 斌 颖 峰 莉 磊 静 涛 敏 维新 桂芳 仲平 书瑶
	定邦 巧云 向阳 芷若 守义 雪晴 开泰 兰英 嘉树 梦洁 炳坤 宜宁 景行 秀珍 云鹤 清和`)
