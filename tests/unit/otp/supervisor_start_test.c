/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_start_test.c: how supervisors start, or do not; and what is wrong with specs. */
#include "supervisor_kit.h"

/* covers: supervisor_SUITE:sup_start_normal supervisor_SUITE:get_callback_module */
KIT_EVERYWHERE_TEST(test_it_starts_and_stops)
{
        kr_pid sup = start_sup("{one_for_one, 1, 5, never, []}");

        kit_true(kr_is_process_alive(sup));
        kit_true(kr_atom_eq(kr_supervisor_get_callback_module(sup), KR_ATOM("any_sup")));
        stop_sup(sup);
        kit_expect_nothing();
}

/* covers: supervisor_SUITE:sup_start_ignore_init */
KIT_EVERYWHERE_TEST(test_init_may_ignore)
{
        kr_msg reason = KR_MSG_INIT;

        kit_int_eq(try_start_sup("ignore", &reason).err, KR_EIGNORED);
        kit_expect_nothing();
}

/* covers: supervisor_SUITE:sup_start_error_return */
KIT_EVERYWHERE_TEST(test_another_value_of_init_is_a_bad_return)
{
        expect_no_start("bad", "{bad_return, {any_sup, init, os}}");
}

/* covers: supervisor_SUITE:sup_start_fail */
KIT_EVERYWHERE_TEST(test_a_crash_of_init_fails_the_start)
{
        expect_no_start("crash", "{init_crash, [_ | _]}");
}

/* covers: M182 */
KIT_EVERYWHERE_TEST(test_a_child_that_fails_stops_those_before_it_in_reverse)
{
        kr_msg reason = KR_MSG_INIT;

        kit_int_eq(try_start_sup("{one_for_one, 1, 5, never, ["
                                 " #{id => a, start => {w, tells, [a]}},"
                                 " #{id => b, start => {w, tells, [b]}},"
                                 " #{id => c, start => {w, fails, [c]}},"
                                 " #{id => d, start => {w, tells, [d]}}]}",
                                 &reason)
                           .err,
                   KR_EFAILED);
        kit_match(reason.term, "{shutdown, {failed_to_start_child, c, {no, c}}}");
        expect_started("a");
        expect_started("b");
        expect_stopped("b");
        expect_stopped("a");
        kit_expect_nothing();
}

/* What a start function may give, and what becomes of it.
 * covers: supervisor_SUITE:sup_start_child_returns_error supervisor_SUITE:extra_return M192
 * covers: supervisor_SUITE:sup_start_ignore_child */
KIT_EVERYWHERE_TEST(test_what_a_start_function_may_give)
{
        kr_pid sup = start_sup("{one_for_one, 1, 5, never, []}");

#define START(name, args)                                                                \
        "{start_child, #{id => " name ", start => {w, " name ", " args "}}}"
#define RECORD(name, args)                                                               \
        "{child, undefined, " name ", {w, " name ", " args                               \
        "}, permanent, false, 5000, worker, [w]}"
        expect_answer(sup, START("fails", "[x]"),
                      "{error, {{no, x}, " RECORD("fails", "[x]") "}}");
        expect_answer(sup, START("exits", "[]"),
                      "{error, {{'EXIT', gone}, " RECORD("exits", "[]") "}}");
        expect_answer(sup, START("throws", "[odd]"),
                      "{error, {odd, " RECORD("throws", "[odd]") "}}");
        expect_answer(sup, START("throws", "[{error, thrown}]"),
                      "{error, {thrown, " RECORD("throws", "[{error, thrown}]") "}}");
        expect_answer(sup, START("nobody_knows", "[7]"),
                      "{error, {{'EXIT', {undef, [{w, nobody_knows, [7], []}]}}, _}}");
        expect_answer(sup, START("acks_oddly", "[]"), "{error, {odd, _}}");
        expect_answer(sup, "which_children", "[]");
        expect_answer(sup, START("with_info", "[1]"), "{ok, _, {info, 1}}");
        expect_answer(sup, START("acks_with_info", "[2]"), "{ok, _, 2}");
        expect_answer(sup, START("acks", "[]"), "{ok, _}");
        expect_answer(sup, START("ignores", "[]"), "{ok, undefined}");
        expect_answer(sup, "which_children",
                      "[{ignores, undefined, worker, [w]}, {acks, _, worker, [w]},"
                      " {acks_with_info, _, worker, [w]}, {with_info, _, worker, [w]}]");
        expect_answer(sup, "count_children",
                      "[{specs, 4}, {active, 3}, {supervisors, 0}, {workers, 4}]");
        stop_sup(sup);
}

/* covers: supervisor_SUITE:sup_start_ignore_temporary_child
 * covers: supervisor_SUITE:sup_start_ignore_temporary_child_start_child */
KIT_EVERYWHERE_TEST(test_a_temporary_child_that_ignores_is_forgotten)
{
        kr_pid sup = start_sup("{one_for_one, 1, 5, never, ["
                               " #{id => a, start => {w, ignores, []},"
                               "   restart => temporary},"
                               " #{id => b, start => {w, waits, []}}]}");

        expect_answer(sup, "which_children", "[{b, _, worker, [w]}]");
        expect_answer(sup,
                      "{start_child, #{id => c, start => {w, ignores, []},"
                      " restart => temporary}}",
                      "{ok, undefined}");
        expect_answer(sup, "count_children",
                      "[{specs, 1}, {active, 1}, {supervisors, 0}, {workers, 1}]");
        stop_sup(sup);
}

/* covers: supervisor_SUITE:sup_start_restart_child_returns_error */
KIT_EVERYWHERE_TEST(test_restart_child_whose_start_fails)
{
        kr_pid sup = start_sup("{one_for_one, 1, 5, never, ["
                               " #{id => a, start => {w, is_flaky, [a]}}]}");

        expect_started("a");
        expect_answer(sup, "{terminate_child, a}", "ok");
        expect_stopped("a");
        failures_left = 1;
        expect_answer(sup, "{restart_child, a}", "{error, flaky}");
        expect_answer(sup, "which_children", "[{a, undefined, worker, [w]}]");
        expect_answer(sup, "{restart_child, a}", "{ok, _}");
        stop_sup(sup);
}

/* -- specs -- */

/* covers: supervisor_SUITE:sup_start_map */
KIT_EVERYWHERE_TEST(test_defaults_of_a_spec)
{
        kr_pid sup = start_sup("{one_for_one, 1, 5, never, ["
                               " #{id => a, start => {w, waits, [1]}},"
                               " #{id => b, start => {w, waits, []}, type => supervisor,"
                               "   whatever => else},"
                               " {c, {w, waits, []}, transient, brutal_kill, worker,"
                               "  dynamic}]}");

        expect_answer(sup, "{get_childspec, a}",
                      "{ok, #{id => a, start => {w, waits, [1]}, restart => permanent,"
                      " significant => false, shutdown => 5000, type => worker,"
                      " modules => [w]}}");
        expect_answer(sup, "{get_childspec, b}",
                      "{ok, #{type => supervisor, shutdown => infinity}}");
        expect_answer(sup, "{get_childspec, c}",
                      "{ok, #{restart => transient, shutdown => brutal_kill,"
                      " modules => dynamic}}");
        expect_answer(sup, "{get_childspec, d}", "{error, not_found}");
        stop_sup(sup);
}

struct wrong {
        const char *spec, *error;
};

/* Every error has its name; as OTP's. */
static const struct wrong wrongs[] = {
        { "#{start => {w, waits, []}}", "missing_id" },
        { "#{id => a}", "missing_start" },
        { "#{}", "missing_id" },
        { "a", "{invalid_child_spec, a}" },
        { "{a, b, c}", "{invalid_child_spec, {a, b, c}}" },
        { "#{id => a, start => {w, waits}}", "{invalid_mfa, {w, waits}}" },
        { "#{id => a, start => {w, waits, x}}", "{invalid_mfa, {w, waits, x}}" },
        { "#{id => a, start => {1, waits, []}}", "{invalid_mfa, {1, waits, []}}" },
        { "#{id => a, start => {w, f, []}, restart => prmanent}",
          "{invalid_restart_type, prmanent}" },
        { "#{id => a, start => {w, f, []}, type => wrker}",
          "{invalid_child_type, wrker}" },
        { "#{id => a, start => {w, f, []}, shutdown => brutal}",
          "{invalid_shutdown, brutal}" },
        { "#{id => a, start => {w, f, []}, shutdown => -10}", "{invalid_shutdown, -10}" },
        { "#{id => a, start => {w, f, []}, modules => w}", "{invalid_modules, w}" },
        { "#{id => a, start => {w, f, []}, modules => [{w}]}", "{invalid_module, {w}}" },
        { "#{id => a, start => {w, f, []}, significant => maybe}",
          "{invalid_significant, maybe}" },
        { "#{id => a, start => {w, f, []}, significant => true, restart => transient}",
          "{bad_combination, [{auto_shutdown, never}, {significant, true}]}" },
        { "#{id => a, start => {w, f, []}, name => \"a\"}", "{invalid_name, \"a\"}" },
        { "#{id => a, start => {w, f, []}, budget => {1}}", "{invalid_budget, {1}}" },
        { "#{id => a, start => {w, f, []}, backoff => {10, 5}}",
          "{invalid_backoff, {10, 5}}" },
        { "{a, {w, f, []}, permanent, 1, worker, {}}", "{invalid_modules, {}}" },
};

static void expect_wrong(kr_pid sup, const struct wrong *wrong)
{
        kr_term spec = parsed(wrong->spec), want = parsed(wrong->error), error, list;
        kr_msg answer = KR_MSG_INIT;

        kr_call_timeout(sup, &answer, KR_INFINITY, "{start_child, ~}", spec);
        kit_match(answer.term, "{error, =}", want);
        list = kr_build("[~]", spec);
        error = kr_supervisor_check_childspecs(list, kr_atom_term(KR_ATOM("never")));
        kit_match(error, "{error, =}", want);
        kr_release(error);
        kr_release(list);
        kr_release(want);
        kr_release(spec);
        kr_msg_clear(&answer);
}

/* covers: supervisor_SUITE:child_specs supervisor_SUITE:child_specs_map
 * supervisor_SUITE:sup_start_map_faulty_specs M202 */
KIT_EVERYWHERE_TEST(test_what_is_wrong_with_a_spec_is_named)
{
        kr_pid sup = start_sup("{one_for_one, 1, 5, never, []}");

        for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++)
                expect_wrong(sup, &wrongs[i]);
        expect_answer(sup, "which_children", "[]");
        stop_sup(sup);
}

KIT_EVERYWHERE_TEST(test_wrong_specs_fail_the_start)
{
        expect_no_start("{one_for_one, 1, 5, never, [#{id => a}]}",
                        "{start_spec, missing_start}");
        expect_no_start("{one_for_one, 1, 5, never, [#{id => a, start => {w, waits, []}},"
                        " #{id => a, start => {w, waits, []}}]}",
                        "{start_spec, {duplicate_child_name, a}}");
        expect_no_start("{one_for_one, 1, 5, any_significant, ["
                        " #{id => a, start => {w, waits, []}, significant => true}]}",
                        "{start_spec, {bad_combination, [{restart, permanent},"
                        " {significant, true}]}}");
        expect_no_start("{simple_one_for_one, 1, 5, never, []}", "{bad_start_spec, []}");
        expect_no_start("{simple_one_for_one, 1, 5, never, [a, b]}",
                        "{bad_start_spec, [a, b]}");
}

static kr_term checked(const char *specs, const char *auto_shutdown)
{
        kr_term list = parsed(specs), limit = parsed(auto_shutdown);
        kr_term answer = kr_supervisor_check_childspecs(list, limit);

        kr_release(limit);
        kr_release(list);
        return answer;
}

KIT_EVERYWHERE_TEST(test_check_childspecs)
{
        kit_match(checked("[]", "undefined"), "ok");
        kit_match(checked("a", "undefined"), "{error, {badarg, a}}");
        kit_match(checked("[]", "maybe"), "{error, {badarg, maybe}}");
        kit_match(checked("[#{id => a, start => {w, f, []}, restart => temporary,"
                          " significant => true}]",
                          "undefined"),
                  "ok");
        kit_match(
                checked("[#{id => a, start => {w, f, []}}, {a, {w, f, []}, permanent, 1,"
                        " worker, []}]",
                        "never"),
                "{error, {duplicate_child_name, a}}");
}

/* -- C's own -- */

static kr_err flags_init(kr_supervisor_init *s, kr_term args)
{
        kr_supervisor_flags flags = { .strategy = KR_ONE_FOR_ONE };
        int strategy, auto_shutdown;

        kit_true(kr_match(args, "{~, ~, ~, ~}", &strategy, &flags.intensity,
                          &flags.period_s, &auto_shutdown));
        flags.strategy = (kr_strategy)strategy;
        flags.auto_shutdown = (kr_auto_shutdown)auto_shutdown;
        kr_supervisor_set_flags(s, &flags);
        return KR_OK;
}

KR_SUPERVISOR(flags_sup, .init = flags_init);

#define expect_flags(strategy, intensity, period, auto_shutdown, ...)                    \
        do {                                                                             \
                kr_msg reason_ = KR_MSG_INIT;                                            \
                                                                                         \
                kit_int_eq(kr_start_link(&flags_sup,                                     \
                                         &(kr_start_opts){ .ret_reason = &reason_ },     \
                                         "{~, ~, ~, ~}", strategy, intensity, period,    \
                                         auto_shutdown)                                  \
                                   .err,                                                 \
                           KR_EFAILED);                                                  \
                kit_match(reason_.term, "{supervisor_data, " __VA_ARGS__ "}");           \
                kr_msg_clear(&reason_);                                                  \
        } while (0)

/* covers: supervisor_SUITE:sup_flags */
KIT_EVERYWHERE_TEST(test_flags_are_checked)
{
        kr_msg state = KR_MSG_INIT;
        kr_started started;

        kr_trap_exit(true);
        expect_flags(9, 1, 5, 0, "{invalid_strategy, 9}");
        expect_flags(0, -2, 5, 0, "{invalid_intensity, -2}");
        expect_flags(0, 1, -5, 0, "{invalid_period, -5}");
        expect_flags(0, 1, 5, 7, "{invalid_auto_shutdown, 7}");
        started = kr_start_link(&flags_sup, NULL, "{0, 0, 0, 0}");
        kit_int_eq(started.err, KR_OK);
        kit_match(
                kr_sys_get_state(started.pid, &state),
                "{state, {_, flags_sup}, one_for_one, {[], #{}}, undefined, 1, 5, [], 0,"
                " never, flags_sup, {0, 0, 0, 0}}");
}

static const kr_child table[] = {
        { .id = "one", .start = KR_START_RUN(waits), .args = "[1, {two, \"three\"}]" },
        { .id = "two",
          .start = KR_START_RUN(waits),
          .restart = KR_TRANSIENT,
          .shutdown_ms = KR_SHUTDOWN_NOW,
          .type = KR_CHILD_SUPERVISOR,
          .modules = "[m, n]" },
        { .id = "three",
          .start = KR_START_FN(with_info),
          .restart = KR_TEMPORARY,
          .shutdown_ms = KR_INFINITY,
          .budget = { .intensity = 3, .backoff_ms = 10 } },
        { .id = "four", .start = KR_START(any_sup), .args = "[]", .name = "four_sup" },
};

KIT_EVERYWHERE_TEST(test_a_right_table_is_accepted)
{
        kr_term error = kr_none();

        kit_int_eq(kr_supervisor_check(table, 4, KR_AUTO_SHUTDOWN_NEVER, &error), KR_OK);
}

static const kr_child three[] = {
        { .id = "one", .start = KR_START_RUN(waits), .args = "[1, {two, \"three\"}]" },
        { .id = "two",
          .start = KR_START_RUN(waits),
          .restart = KR_TRANSIENT,
          .shutdown_ms = KR_SHUTDOWN_NOW,
          .type = KR_CHILD_SUPERVISOR,
          .modules = "[m, n]" },
        { .id = "three",
          .start = KR_START_FN(with_info),
          .restart = KR_TEMPORARY,
          .shutdown_ms = KR_INFINITY },
};

KR_SUPERVISOR(three_sup, .strategy = KR_REST_FOR_ONE, .intensity = 10, .period_s = 3600,
              KR_CHILDREN(three));

KIT_EVERYWHERE_TEST(test_specs_of_c_are_specs_of_otp)
{
        kr_msg slot = KR_MSG_INIT;
        kr_started started;

        kr_trap_exit(true);
        started =
                kr_start_link(&three_sup, &(kr_start_opts){ .name = "three_sup" }, "[]");
        kit_int_eq(started.err, KR_OK);
        kit_int_eq(kr_supervisor_get_childspec("three_sup", &slot, "one"), KR_OK);
        kit_match(slot.term,
                  "{ok, #{id => one, start => {krarup, waits, [1, {two, \"three\"}]},"
                  " restart => permanent, significant => false, shutdown => 5000,"
                  " type => worker, modules => [krarup]}}");
        kit_int_eq(kr_supervisor_get_childspec("three_sup", &slot, "two"), KR_OK);
        kit_match(slot.term, "{ok, #{restart => transient, shutdown => 0,"
                             " type => supervisor, modules => [m, n]}}");
        kit_int_eq(kr_supervisor_get_childspec("three_sup", &slot, "three"), KR_OK);
        kit_match(slot.term, "{ok, #{restart => temporary, shutdown => infinity}}");
        kit_match(
                kr_sys_get_state("three_sup", &slot),
                "{state, {local, three_sup}, rest_for_one, _, undefined, 10, 3600, _, _,"
                " never, three_sup, []}");
        stop_sup(started.pid);
}

static kr_term wrong_child(const kr_child *child, kr_auto_shutdown auto_shutdown)
{
        kr_term error = kr_none();

        kit_int_eq(kr_supervisor_check(child, 1, auto_shutdown, &error), KR_EFAILED);
        return error;
}

#define KR_START_WAITS KR_START_RUN(waits)
#define expect_wrong_child(pattern, ...)                                                 \
        kit_match(wrong_child(&(kr_child){ __VA_ARGS__ }, KR_AUTO_SHUTDOWN_NEVER),       \
                  pattern)

KIT_EVERYWHERE_TEST(test_what_is_wrong_with_a_child_of_c_is_named)
{
        const kr_child twice[] = { { .id = "a", .start = KR_START_WAITS },
                                   { .id = "a", .start = KR_START_WAITS } };
        const kr_child significant = { .id = "a",
                                       .start = KR_START_WAITS,
                                       .significant = true };
        kr_term error = kr_none();

        expect_wrong_child("missing_id", .start = KR_START_WAITS);
        expect_wrong_child("missing_start", .id = "a");
        expect_wrong_child("{invalid_child_spec, {a, syntax}}", .id = "a",
                           .start = KR_START_WAITS, .args = "[1");
        expect_wrong_child("{invalid_child_spec, {a, syntax}}", .id = "a",
                           .start = KR_START_WAITS, .modules = "Up");
        expect_wrong_child(
                "{invalid_child_spec, {a, badarg}}", .id = "a",
                .start = { .module = "m", .function = "f", .run = waits, .proc = acks });
        expect_wrong_child("{invalid_mfa, {krarup, waits, 7}}", .id = "a",
                           .start = KR_START_WAITS, .args = "7");
        expect_wrong_child("{invalid_restart_type, 5}", .id = "a",
                           .start = KR_START_WAITS, .restart = (kr_restart)5);
        expect_wrong_child("{invalid_shutdown, -9}", .id = "a", .start = KR_START_WAITS,
                           .shutdown_ms = -9);
        expect_wrong_child(
                "{bad_combination, [{auto_shutdown, never}, {significant, true}]}",
                .id = "a", .start = KR_START_WAITS, .restart = KR_TEMPORARY,
                .significant = true);
        kit_match(wrong_child(&significant, KR_AUTO_SHUTDOWN_ALL_SIGNIFICANT),
                  "{bad_combination, [{restart, permanent}, {significant, true}]}");
        expect_wrong_child("{invalid_budget, {0, 5, false}}", .id = "a",
                           .start = KR_START_WAITS, .budget = { .period_s = 5 });
        expect_wrong_child("{invalid_backoff, {0, 5}}", .id = "a",
                           .start = KR_START_WAITS, .budget = { .backoff_max_ms = 5 });
        kit_int_eq(kr_supervisor_check(twice, 2, KR_AUTO_SHUTDOWN_NEVER, &error),
                   KR_EFAILED);
        kit_match(error, "{duplicate_child_name, a}");
}

/* One name, two functions: each child gets the one it was given. */
static kr_started mine(kr_term args, kr_msg *more)
{
        (void)args;
        return kr_start_failed(more, "mine");
}

static kr_started yours(kr_term args, kr_msg *more)
{
        (void)args;
        return kr_start_failed(more, "yours");
}

KIT_EVERYWHERE_TEST(test_starts_of_the_same_name_are_not_confused)
{
        kr_pid sup = start_sup("{one_for_one, 1, 5, never, []}");
        kr_child child = { .id = "a", .start = { .module = "m", .function = "f" } };
        kr_msg slot = KR_MSG_INIT;

        for (int i = 0; i < 4; i++) {
                child.start.start = i % 2 == 0 ? mine : yours;
                kit_int_eq(kr_supervisor_start_child(sup, &slot, &child).err, KR_EFAILED);
                if (i % 2 == 0)
                        kit_match(slot.term, "{error, {mine, _}}");
                else
                        kit_match(slot.term, "{error, {yours, _}}");
        }
        expect_answer(sup, "{start_child, #{id => a, start => {m, f, []}}}",
                      "{error, {mine, _}}");
        kit_int_eq(kr_supervisor_offer(kr_here(), &(kr_child_start){ .module = "m" }),
                   KR_EBADARG);
        stop_sup(sup);
}

/* A list without an end is a list for who looks at the specification, but nothing to call with;
 * a function that is there is not called either. */
KIT_EVERYWHERE_TEST(test_arguments_without_an_end_are_badarg)
{
        kr_pid sup = start_sup("{one_for_one, 1, 5, never, []}");

        expect_answer(sup, "{start_child, #{id => a, start => {m, f, [x | y]}}}",
                      "{error, {{'EXIT', {badarg,"
                      " [{erlang, apply, [m, f, [x | y]], []}]}}, {child, _, _, _, _, _,"
                      " _, _, _}}}");
        expect_answer(sup, "{start_child, #{id => a, start => {w, waits, [x | y]}}}",
                      "{error, {{'EXIT', {badarg,"
                      " [{erlang, apply, [w, waits, [x | y]], []}]}}, _}}");
        expect_answer(sup, "{start_child, #{id => a, start => {m, f, [x]}}}",
                      "{error, {{'EXIT', {undef, _}}, _}}");
        stop_sup(sup);
        sup = start_sup("{simple_one_for_one, 1, 5, never,"
                        " [#{id => a, start => {w, waits, [x | y]}}]}");
        expect_answer(sup, "{start_child, [z]}",
                      "{error, {'EXIT', {badarg, [{erlang, apply, [w, waits, [x | y]],"
                      " []}]}}}");
        stop_sup(sup);
}

static kr_started follows_null(kr_term args, kr_msg *more)
{
        volatile int *volatile null = NULL;

        (void)args;
        (void)more;
        *null = 1;
        return kr_start_ignored();
}

static void fault_in_start(void)
{
        kr_pid sup = start_sup("{one_for_one, 1, 5, never, []}");
        const kr_child child = { .id = "a", .start = KR_START_FN(follows_null) };
        kr_msg slot = KR_MSG_INIT;

        kit_int_eq(kr_supervisor_start_child(sup, &slot, &child).err, KR_EFAILED);
        kit_match(slot.term, "{error, {{'EXIT', {{sigsegv, 0}, _}}, _}}");
        kit_true(kr_is_process_alive(sup));
        stop_sup(sup);
}

static void say_nothing(void *context, const char *text)
{
        (void)context;
        (void)text;
}

KIT_TEST(test_a_fault_in_a_start_function_is_its_failure)
{
        kit_run_process(&(kr_node_opts){ .schedulers = 2,
                                         .faults = KR_FAULTS_EXIT,
                                         .report = say_nothing },
                        fault_in_start);
}

KIT_MAIN(KIT_CASE(test_it_starts_and_stops), KIT_CASE(test_init_may_ignore),
         KIT_CASE(test_another_value_of_init_is_a_bad_return),
         KIT_CASE(test_a_crash_of_init_fails_the_start),
         KIT_CASE(test_a_child_that_fails_stops_those_before_it_in_reverse),
         KIT_CASE(test_what_a_start_function_may_give),
         KIT_CASE(test_a_temporary_child_that_ignores_is_forgotten),
         KIT_CASE(test_restart_child_whose_start_fails),
         KIT_CASE(test_defaults_of_a_spec),
         KIT_CASE(test_what_is_wrong_with_a_spec_is_named),
         KIT_CASE(test_wrong_specs_fail_the_start), KIT_CASE(test_check_childspecs),
         KIT_CASE(test_flags_are_checked), KIT_CASE(test_a_right_table_is_accepted),
         KIT_CASE(test_specs_of_c_are_specs_of_otp),
         KIT_CASE(test_what_is_wrong_with_a_child_of_c_is_named),
         KIT_CASE(test_starts_of_the_same_name_are_not_confused),
         KIT_CASE(test_arguments_without_an_end_are_badarg),
         KIT_CASE(test_a_fault_in_a_start_function_is_its_failure))
