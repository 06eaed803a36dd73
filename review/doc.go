// Package review is the domain of fair-competition review (公平竞争审查): what may be done to a case, by whom, when, and where
// it leads. It holds no I/O, no clock and no randomness: [Apply] is a function of the case, the action and the time.
//
// The one rule: a status changes only by an action in [Moves], through [Apply]. Buttons, endpoints and the running case ask
// [Permit] the same question; [Turns] says whose turn it is; [Grants] and [View] say who reads what.
//
// # Words
//
//	Measure      政策措施              a document that touches operators' economic activity       条例 2
//	Case         审查件                one review of one measure
//	Round        轮次                  within a case; a return or a new review opens the next, the old one is frozen
//	New          增量                  a measure being drafted                                    条例 2
//	Existing     存量                  a measure in force, under clean-up                         local
//	Department   部门出台              the drafting unit concludes                                条例 13
//	Government   政府出台              the market regulator concludes                             条例 14
//	Unit         起草单位              (lead) drafting unit                                       条例 2, 13
//	ReviewBody   审查机构              checks inside the unit                                     办法 5
//	Regulator    市场监管部门          of the same level                                          条例 6, 14
//	Officer      承办人                reviews and drafts the opinion                             办法 33
//	Approver     签发人                signs it                                                   办法 33
//	Issuer       制定机关              issues the measure                                         条例 18
//	Consultation 听取意见              whom, how, when, what was said                             条例 16; 办法 28
//	Checklist    逐项审查              every item of the standards answered                       条例 8-11; 办法 9-24
//	Finding      问题条款              clause, item, effect, required change                      办法 29; B1-15
//	Change       修改要求              a required change and what became of it                    B1-14
//	Exception    例外规定              ground, no lesser alternative, period or condition         条例 12; 办法 25, 29
//	Packet       送审材料              draft, note, preliminary opinion, opinions heard           办法 31
//	Seat         会审单位              a department in a joint review (会审)                      条例 15
//	Position     会审意见              of a seat on a clause, -2 to +2; silence is none           local
//	Panel        专家组论证            experts' advice; never a finding                           办法 35
//	Conclusion   审查结论              written, on one text                                       条例 17; 办法 29, 33
//	Outcome      处理结果              what a case is counted as                                  local
//
// Words to avoid: "approve" for a conclusion of the unit, "countersign" (会签 is no review, 办法 32), "exempt" for the exception.
// B1-n are the questions of the regulator's published answers (总局答疑口径).
//
// # A new measure
//
// Both routes, up to the unit's signature. A star opens a new round.
//
//	register ─▶ DRAFTING ──start_review──▶ SELF_REVIEW ──send_check──▶ UNIT_CHECK ──send_sign──▶ UNIT_SIGN
//	               │                        │ ▲      ▲                     │                        │ │
//	               │ mark_out_of_scope      │ │      └──── send_back* ─────┴──────── send_back* ────┘ │
//	               ▼                 revise ▼ │ new_version*                                          │
//	         OUT_OF_SCOPE                 REVISING            ask_withdraw, withdraw ─▶ WITHDRAWN     │
//	                                                          (any desk of the unit)                  ▼
//
// Department route: the head concludes.
//
//	UNIT_SIGN ─┬─ conclude_pass ──────▶ CONCLUDED_PASS ───────┐
//	           ├─ conclude_exception ─▶ CONCLUDED_EXCEPTION ──┤ after the conclusion
//	           └─ conclude_fail ──────▶ CONCLUDED_FAIL ───────┘
//
// Government route: the head signs the preliminary opinion, the regulator concludes.
//
//	UNIT_SIGN ─sign_prelim─▶ PRELIM_DONE ─submit─▶ SUBMITTED ─accept─▶ REG_REVIEW ─draft_opinion─▶ REG_SIGN
//	                          ▲  │ reopen*          │  ▲ recall* back    │ ▲    ▲                    │ │
//	   recall*, agree_recall* ┘  ▼                  │  │                 │ │    └──── send_back ─────┘ │
//	                        SELF_REVIEW             │  │                 │ │                           ├ approve_pass ─▶ CONCLUDED_PASS
//	                                                │  │                 │ │                           ├ approve_exception ─▶ CONCLUDED_EXCEPTION
//	        ask_correction ◀────────────────────────┴──┼─────────────────┤ │                           └ approve_fail ─▶ CONCLUDED_FAIL
//	           CORRECTION ── correct ──────────────────┤                 │ │
//	           │  suspend ◀────────────────────────────┼─────────────────┤ │ close_joint, close_panel, skip_panel,
//	           │ SUSPENDED ── resume ──────────────────┘                 │ │ change_at_once, no_change, stop_talks
//	           ▼  ▼     └──── reopen* ─▶ SELF_REVIEW                     │ │
//	   return_overdue ─▶ RETURNED ── submit* ─▶ SUBMITTED                ├─┤ convene ─▶ JOINT_REVIEW
//	                             └── reopen* ─▶ SELF_REVIEW              ├─┤ form_panel ─▶ EXPERT_REVIEW
//	                                                                     └─┘ put_breach ─▶ CONSULT_UNIT
//	Where the local rule has the step, draft_opinion ─▶ REG_CHECK ─ send_sign ─▶ REG_SIGN;  REG_CHECK ─ send_back ─▶ REG_REVIEW
//	REVISING ─ report_changes* ─▶ REG_REVIEW   (after CONCLUDED_FAIL only)
//
// After the conclusion.
//
//	CONCLUDED_FAIL ─ revise ─▶ REVISING;  both ─ give_up ─▶ NOT_ISSUED
//	CONCLUDED_PASS, CONCLUDED_EXCEPTION ─ send_legality ─▶ LEGALITY
//	these three ─┬─ register_issue ──▶ ISSUED, or ISSUED_EXCEPTION ─ exception_ends ─▶ EXCEPTION_DUE ─ register_stop ─▶ CEASED
//	             │                              ISSUED_EXCEPTION, KEPT_EXCEPTION ─ register_extension ─▶ EXTENDED
//	             ├─ material_change* ▶ SELF_REVIEW   (the outcome stands until it is replaced)
//	             └─ close_unissued ──▶ CLOSED_UNISSUED
//
// # An existing measure
//
//	inventory ─▶ INVENTORIED ─ start_review ─▶ STOCK_REVIEW ─ send_sign ─▶ STOCK_SIGN ─ send_confirm ─▶ STOCK_CONFIRM
//	              │  │                          │   ▲                        │ │   (local, government)     │ │
//	              │  └ mark_out_of_scope        │   └────── send_back* ──────┴─┼──────── send_back* ───────┘ │
//	              └ mark_lapsed ─▶ LAPSED       │                              ├─────────────────────────────┘
//	                                            │ stop_execution               ├ keep ─▶ KEPT
//	                                            ▼                              ├ keep_exception ─▶ KEPT_EXCEPTION ─ exception_ends ─▶ EXCEPTION_DUE
//	                                   SUSPENDED_EXEC ◀─ stop_execution ─┐     ├ to_revise ─▶ TO_REVISE ─ register_amendment ─▶ REVISED
//	                  propose_revise, propose_repeal ─▶ TO_REVISE, TO_REPEAL   └ to_repeal ─▶ TO_REPEAL ─ register_repeal ─▶ REPEALED
//	                                                        (switch between them)
//
// docs/regulation.md lists every row of the machine with its article, and every departure with its reason.
package review
