/*
 * s7_blended_school_test.c -- the story "online, at school and by oneself" (card S7), over a
 * socket.
 *
 * 白云小学 trains online and at school mainly, by self-study besides, and promises two group
 * trainings each term at least. Everybody who is or is about to be a homeroom teacher takes part
 * and owes one case of 1,000 characters and one experience paper of 3,000; every record is
 * archived. The chapters stand on each other.
 */
#include "school_year.h"

#define EVERYBODY "'homeroom', 'acting', 'trainee', 'reserve'"
#define FOR_ALL "'plan_id': '%s', 'audience': {'appointment_kinds': [" EVERYBODY "]}"
#define PHOTO "\xFF\xD8\xFF\xE0 the photograph of a talk"

static struct school school = {.code = "2199700002", .name = "白云小学", .officer = "钱进"};

/* Two homeroom teachers, an acting one, a trainee and a reserve; and who is none of these. */
static const char *he_jie, *ma_chao, *tang_wei, *ye_qing, *feng_lei, *wen_he;
static const char *plan, *training, *papers;
static char second_term[60]; /* as deliverables name it */

/* --- the story --- */

static void some_lead_classes_and_some_are_about_to(void **state)
{
	struct story *s = *state;

	county_begins(s, "青蓝县", "周敏", "2026-09-01", 2026, 2026);
	school_opens(s, &school, "2026-08-01");
	he_jie = leads(s, &school, "何洁", 2022, 1, "2026-09-01");
	ma_chao = leads(s, &school, "马超", 2023, 1, "2026-09-01");
	tang_wei = hired(s, &school, "唐薇", "2026-09-01", "");
	appointed(s, &school, tang_wei, class_made(s, &school, 2024, 1), "acting", "2026-09-01");
	ye_qing = hired(s, &school, "叶青", "2026-09-01", "");
	appointed(s, &school, ye_qing, NULL, "trainee", "2026-09-01");
	feng_lei = hired(s, &school, "冯磊", "2026-09-01", "");
	appointed(s, &school, feng_lei, NULL, "reserve", "2026-09-01");
	wen_he = hired(s, &school, "温和", "2026-09-01", "");
	snprintf(second_term, sizeof second_term, "'term_id': '%s'", term(s, 2026, 2));
}

static void the_school_promises_two_group_trainings_each_term(void **state)
{
	struct story *s = *state;

	plan = plan_filed(
		s, &school, "班主任全员培训方案", "2026-09-01", "2027-08-31",
		say("'aims': '网络研修与校本培训为主，自学为辅', 'mode_ids': ['%s', '%s', '%s'], "
		    "'promises': [{'title': '每学期至少两次集中培训', 'of': 'activity', "
		    "'activity_kind': 'group_training', 'count': 2, 'per': 'term'}]",
		    mode(s, "online"), mode(s, "group_study"), mode(s, "self_study")));
	papers = required(s, "{'name': '一篇案例、一篇经验文章', 'window': 'school_year', "
			     "'effective_on': '2026-09-01', 'population': {'appointment_kinds': "
			     "[" EVERYBODY "]}, 'counts': [{'what': 'deliverable', 'kind': 'case', "
			     "'at_least': 1, 'characters': 1000}, {'what': 'deliverable', 'kind': "
			     "'experience', 'at_least': 1, 'characters': 3000}]}");
}

static void everybody_is_trained_online_and_studies_besides(void **state)
{
	struct story *s = *state;
	expect(course_held(s, &school.office, "班主任网络研修",
			   say("'level': 'school', 'hours': 4, 'mode_ids': ['%s'], " FOR_ALL,
			       mode(s, "online"), id_of(plan)),
			   "", "2026-10-16", ""),
	       200, "{'credited': 5, 'hours': 20}");
	expect(course_held(s, &school.office, "班主任自学",
			   say("'level': 'self_study', 'hours': 2, 'mode_ids': ['%s'], " FOR_ALL,
			       mode(s, "self_study"), id_of(plan)),
			   "", "2026-10-30", ""),
	       200, "{'credited': 5, 'hours': 10}");
}

static void the_first_term_keeps_the_promise(void **state)
{
	struct story *s = *state;

	training = activity_held(s, &school, "group_training", "班级常规", "2026-10-23", EVERYBODY,
				 "");
	expect(get(&school.office, training), 200, "{'expected': 5, 'present': 5}");
	activity_held(s, &school, "group_training", "家校沟通", "2026-12-11", EVERYBODY,
		      say("{'teacher_id': '%s', 'state': 'excused', 'reason': '病假'}", feng_lei));
	assert_string_equal(kept(s, plan, 0), "2 0");
}

static void talks_and_photographs_are_archived(void **state)
{
	struct story *s = *state;
	const char *photo;
	struct answer *a;

	expect(wire_ask(&school.office, "PATCH", training,
			"{'record': '何洁、马超发言。纪要原件：档案盒三。'}", "If-Match", "*",
			NULL),
	       200, NULL);
	teacher_calls(s, he_jie);
	photo = made(post(s, &s->teacher, "/v1/deliverables",
			  "{'type': 'other', 'month': '2026-10', 'title': '集中培训发言照片'}"));
	a = wire_bytes(&s->teacher, "PUT", say("%s/file?filename=talk.jpg", photo), PHOTO,
		       strlen(PHOTO), "Content-Type", "image/jpeg", "If-Match", "*", NULL);
	expect(a, 200, "{'file': {'name': 'talk.jpg', 'media_type': 'image/jpeg'}}");
	expect(step(s, &s->teacher, photo, "submit", NULL), 200, "{'state': 'submitted'}");
	a = get(&school.office, say("%s/file", photo));
	expect(a, 200, NULL);
	assert_string_equal(a->body, PHOTO);
	expect(get(&s->teacher, training), 200,
	       "{'record': '何洁、马超发言。纪要原件：档案盒三。'}");
}

static void the_second_term_falls_short_of_it(void **state)
{
	struct story *s = *state;

	activity_held(s, &school, "group_training", "偶发事件处理", "2027-03-19", EVERYBODY, "");
	assert_string_equal(kept(s, plan, 0), "2 1");
}

static void cases_and_papers_are_handed_in_and_inspected(void **state)
{
	struct story *s = *state;
	day_comes(s, "2027-05-10");
	hands_in(s, he_jie, "case", second_term, "迟到的孩子", 1000);
	hands_in(s, he_jie, "experience", second_term, "三年带班", 3000);
	hands_in(s, ma_chao, "case", second_term, "沉默的男生", 1400);
	hands_in(s, ma_chao, "experience", second_term, "我和我的班", 2999);
	hands_in(s, tang_wei, "case", second_term, "一次争吵", 1100);
	hands_in(s, tang_wei, "experience", second_term, "代理的一年", 3200);
	hands_in(s, ye_qing, "case", second_term, "第一次家访", 1250);
	hands_in(s, ye_qing, "experience", second_term, "见习一年", 3100);
	assert_string_equal(
		who_is_missing(&school, "case",
			       say("term_id=%s&appointment_kinds=reserve", term(s, 2026, 2))),
		"冯磊");
	inspects(s, &school.office, "case", tang_wei, "只有经过，没有分析");
	inspects(s, &school.office, "experience", NULL, NULL);
	/* One character is missing to 马超, the case itself to 唐薇, both to 冯磊. */
	assert_string_equal(who_is_short(&school.office, papers, "2027-05-10"),
			    "冯磊 0, 马超 0, 唐薇 0");
}

static void what_was_returned_comes_again_and_is_good(void **state)
{
	struct story *s = *state;
	struct answer *mine;

	day_comes(s, "2027-05-24");
	teacher_calls(s, tang_wei);
	mine = get(&s->teacher, "/v1/deliverables?type=case&state=returned");
	expect(mine, 200, "{'data': [{'title': '一次争吵', 'reason': '只有经过，没有分析'}]}");
	expect(step(s, &s->teacher, say("/v1/deliverables/%s", text_at(mine, "data/0/id")),
		    "submit", NULL),
	       200, "{'state': 'submitted'}");
	inspects(s, &school.office, "case", NULL, NULL);
}

static void the_year_tells_who_gave_what_was_asked(void **state)
{
	struct story *s = *state;

	day_comes(s, "2027-09-01");
	expect(get(&school.office, say("%s/progress", plan)), 200,
	       "{'promises': [{'count': 2, 'periods': [{'held': 2, 'short': 0, 'state': 'over'}, "
	       "{'held': 1, 'short': 1, 'state': 'over'}]}]}");
	expect(compliance(s, papers, "2027-08-31"), 200, "{'population': 5, 'met': 3}");
	stands(s, tang_wei, papers, "2027-08-31", "{'status': 'met'}");
	stands(s, ma_chao, papers, "2027-08-31",
	       "{'status': 'overdue', 'windows': [{'counts': [{'kind': 'case', 'counted': 1}, "
	       "{'kind': 'experience', 'characters': 3000, 'counted': 0, 'short': 1}]}]}");
	stands(s, feng_lei, papers, "2027-08-31",
	       "{'status': 'overdue', 'windows': [{'counts': [{'short': 1}, {'short': 1}]}]}");
	assert_null(standing(s, wen_he, papers, "2027-08-31"));
}

static void the_ledger_has_more_of_the_school_than_of_self_study(void **state)
{
	struct story *s = *state;

	expect(balance(s, feng_lei), 200,
	       "{'hours': 6, 'years': [{'levels': [{'level': 'school', 'hours': 4}, {'level': "
	       "'self_study', 'hours': 2}]}]}");
	expect(balance(s, wen_he), 200, "{'hours': 0}");
	year_ends_well(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(some_lead_classes_and_some_are_about_to),
		cmocka_unit_test(the_school_promises_two_group_trainings_each_term),
		cmocka_unit_test(everybody_is_trained_online_and_studies_besides),
		cmocka_unit_test(the_first_term_keeps_the_promise),
		cmocka_unit_test(talks_and_photographs_are_archived),
		cmocka_unit_test(the_second_term_falls_short_of_it),
		cmocka_unit_test(cases_and_papers_are_handed_in_and_inspected),
		cmocka_unit_test(what_was_returned_comes_again_and_is_good),
		cmocka_unit_test(the_year_tells_who_gave_what_was_asked),
		cmocka_unit_test(the_ledger_has_more_of_the_school_than_of_self_study),
	};

	return cmocka_run_group_tests_name("online, at school and by oneself", tests, story_begin,
					   year_end);
}
