/* SPDX-License-Identifier: Apache-2.0 */
/* proc_lib_test.c: functions as processes: origin, starting in step, what is said of a crash. */
#include <krarup.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "echo.h"
#include "process.h"

/* -- what was reported -- */

#define LINES 64
#define LINE_MAX_BYTES 2048

static char lines[LINES][LINE_MAX_BYTES];
static _Atomic int line_count;

static void note(void *context, const char *text)
{
        int n = atomic_fetch_add(&line_count, 1);

        (void)context;
        if (n < LINES)
                (void)snprintf(lines[n], LINE_MAX_BYTES, "%s", text);
}

static void run_noted(void (*body)(void))
{
        kit_run_process(&(kr_node_opts){ .report = note, .faults = KR_FAULTS_EXIT },
                        body);
}

#define KIT_NOTED_TEST(name)                                                             \
        static void name##_body(void);                                                   \
        KIT_TEST(name)                                                                   \
        {                                                                                \
                run_noted(name##_body);                                                  \
        }                                                                                \
        static void name##_body(void)

static void expect_one_line(const char *a, const char *b)
{
        kit_int_eq(atomic_load(&line_count), 1);
        if (!strstr(lines[0], a) || !strstr(lines[0], b))
                kit_fail("%s: no %s or no %s", lines[0], a, b);
        atomic_store(&line_count, 0);
}

/* -- origin -- */

struct to {
        kr_pid pid;
};

static void tells_origin(struct to *to)
{
        kr_term ancestors = kr_ancestors(), call = kr_initial_call();

        kr_send(to->pid, "{origin, ~, ~}", ancestors,
                kr_is_none(call) ? kr_atom_term(KR_ATOM("none")) : call);
        kr_release(ancestors);
        kr_release(call);
}

static void spawns_another(struct to *to)
{
        kr_register("middle", kr_self());
        kr_proc_lib_spawn(tells_origin, to);
        kr_sleep(KR_INFINITY);
}

/* covers: H103 */
KIT_EVERYWHERE_TEST(test_a_process_knows_its_ancestors)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid middle;

        kr_proc_lib_spawn(tells_origin, &(struct to){ kr_self() });
        kit_expect(&msg, "{origin, [=], {proc_lib, tells_origin, 1}}", kr_self());
        middle = kr_proc_lib_spawn_link(spawns_another, &(struct to){ kr_self() });
        kit_expect(&msg, "{origin, [middle, =], {proc_lib, tells_origin, 1}}", kr_self());
        kr_unlink(middle);
        kr_exit_signal(middle, "kill");
        kr_spawn(tells_origin, &(struct to){ kr_self() }); /* no process of proc_lib */
        kit_expect(&msg, "{origin, [], none}");
        kr_msg_clear(&msg);
}

static void becomes_plain(struct to *to)
{
        kr_become(tells_origin, to);
}

/* The block of ancestors must go whatever a process becomes: the kit counts what is left. */
KIT_EVERYWHERE_TEST(test_a_process_may_become_something_else)
{
        kr_msg msg = KR_MSG_INIT;

        kr_proc_lib_spawn(becomes_plain, &(struct to){ kr_self() });
        kit_expect(&msg, "{origin, [], none}");
        kr_msg_clear(&msg);
}

/* -- arguments and options -- */

static void takes_nothing(void)
{
        kr_send("tester", "nothing");
}

static void takes_int(int64_t n)
{
        kr_send("tester", "{int, ~}", n);
}

static void takes_term(kr_term t)
{
        kr_send("tester", "{term, ~}", t);
}

struct counted {
        int64_t rounds;
        kr_pid pid;
};

static void counts_rounds(struct counted *c)
{
        kr_msg msg = KR_MSG_INIT;

        c->rounds++;
        (void)kr_receive_top(&msg, KR_INFINITY, kr_on(0, "next"));
        kr_send(c->pid, "{rounds, ~}", c->rounds);
        if (c->rounds < 100)
                kr_become(counts_rounds, c);
}

/* covers: proc_lib_SUITE:spawn_opt */
KIT_EVERYWHERE_TEST(test_arguments_of_all_kinds_and_options_are_as_for_spawn)
{
        kr_term t = kr_build("{a, <<\"large\">>}");
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid;

        kr_register("tester", kr_self());
        kr_proc_lib_spawn(takes_nothing);
        kit_expect(&msg, "nothing");
        kr_proc_lib_spawn(takes_int, -5);
        kit_expect(&msg, "{int, -5}");
        kr_proc_lib_spawn(takes_term, t);
        kit_expect(&msg, "{term, {a, <<\"large\">>}}");
        kr_release(t);
        pid = kr_proc_lib_spawn_opt((&(kr_spawn_opts){ .monitor = true,
                                                       .ret_monitor = &ref }),
                                    counts_rounds, &((struct counted){ 0, kr_self() }));
        kr_send(pid, "next");
        kit_expect(&msg, "{rounds, ~}", &(int64_t){ 0 });
        kr_exit_signal(pid, "enough");
        kit_expect_down(ref, "enough");
        kr_msg_clear(&msg);
}

/* -- starting -- */

static void starts_as_told(kr_term how)
{
        kr_term what;
        int64_t ms;

        if (kr_match(how, "{ack, ~}", &what))
                kr_init_ack("~", what);
        else if (kr_match(how, "{fail, ~}", &what))
                kr_init_fail(KR_CLASS_EXIT, what, "{error, {failed, ~}}", what);
        else if (kr_match(how, "{error, ~}", &what))
                kr_init_fail(KR_CLASS_ERROR, what, "{error, ~}", what);
        else if (kr_match(how, "{exit, ~}", &what))
                kr_exit("~", what);
        else if (kr_match(how, "{sleep, ~}", &ms))
                kr_sleep(ms);
        else if (kr_match(how, "return"))
                return;
        kr_sleep(KR_INFINITY);
}

#define started_as(mode, opts, text)                                                     \
        kri_proc_lib_start(mode, opts, KRI_ENTRY(starts_as_told, (how = kr_build(text))))

#define kit_starts(mode, text, error, ...)                                               \
        do {                                                                             \
                kr_msg kit_why = KR_MSG_INIT;                                            \
                kr_start_opts kit_opts = { .ret_reason = &kit_why };                     \
                                                                                         \
                kit_err(started_as(mode, &kit_opts, text).err, error);                   \
                kit_match(kit_why.term, __VA_ARGS__);                                    \
                kr_release(how);                                                         \
                kr_msg_clear(&kit_why);                                                  \
        } while (0)

/* covers: H95 H96 proc_lib_SUITE:sync_start_nolink proc_lib_SUITE:init_dont_hang */
KIT_EVERYWHERE_TEST(test_start_gives_what_was_acknowledged)
{
        kr_start_opts opts = { .timeout_ms = 20 };
        kr_term how;

        kr_trap_exit(true);
        kit_starts(KRI_START_PLAIN, "{ack, {some, term}}", KR_OK, "{some, term}");
        kit_starts(KRI_START_PLAIN, "{ack, ignore}", KR_EIGNORED, "ignore");
        kit_starts(KRI_START_PLAIN, "{ack, {error, no}}", KR_EFAILED, "no");
        kit_starts(KRI_START_PLAIN, "{fail, no}", KR_EFAILED, "{failed, no}");
        kit_starts(KRI_START_PLAIN, "{error, no}", KR_EFAILED, "no");
        kit_starts(KRI_START_PLAIN, "{exit, {a, b}}", KR_EFAILED, "{a, b}");
        kit_starts(KRI_START_PLAIN, "return", KR_EFAILED, "normal");
        kit_err(started_as(KRI_START_PLAIN, &opts, "{sleep, 60000}").err, KR_ETIMEDOUT);
        kr_release(how);
        kit_expect_nothing();
}

/* covers: H97 H98 proc_lib_SUITE:sync_start_link */
KIT_EVERYWHERE_TEST(test_start_link_leaves_no_exit_message)
{
        kr_start_opts opts = { .timeout_ms = 20 };
        kr_term how;

        kr_trap_exit(true);
        kit_starts(KRI_START_LINK, "{fail, no}", KR_EFAILED, "{failed, no}");
        kit_starts(KRI_START_LINK, "{error, no}", KR_EFAILED, "no");
        kit_starts(KRI_START_LINK, "{exit, {a, b}}", KR_EFAILED, "{a, b}");
        kit_starts(KRI_START_LINK, "{exit, normal}", KR_EFAILED, "normal");
        kit_starts(KRI_START_LINK, "return", KR_EFAILED, "normal");
        kit_err(started_as(KRI_START_LINK, &opts, "{sleep, 60000}").err, KR_ETIMEDOUT);
        kr_release(how);
        kit_expect_nothing();
}

static void starts_linked(kr_term how)
{
        kr_started s = kr_proc_lib_start_link(NULL, starts_as_told, how);

        kr_exit("{came_back, ~}", (int)s.err);
}

/* covers: H97 */
KIT_EVERYWHERE_TEST(test_a_linked_starter_that_traps_nothing_ends_too)
{
        kr_term abnormal = kr_build("{fail, {a, b}}"), dies = kr_build("{exit, {a, b}}"),
                normal = kr_build("{fail, normal}"), returns = kr_build("return");
        int failed = KR_EFAILED;
        kr_ref ref;

        kr_spawn_monitor(&ref, starts_linked, abnormal);
        kit_expect_down(ref, "{a, b}");
        kr_spawn_monitor(&ref, starts_linked, dies);
        kit_expect_down(ref, "{a, b}");
        kr_spawn_monitor(&ref, starts_linked, normal);
        kit_expect_down(ref, "{came_back, =}", kr_int(failed));
        kr_spawn_monitor(&ref, starts_linked, returns);
        kit_expect_down(ref, "{came_back, =}", kr_int(failed));
        kr_release(abnormal);
        kr_release(dies);
        kr_release(normal);
        kr_release(returns);
}

/* covers: H100 */
KIT_EVERYWHERE_TEST(test_start_monitor_leaves_the_down_of_a_failure)
{
        kr_term how = kr_build("{fail, no}");
        kr_started s = kr_proc_lib_start_monitor(NULL, starts_as_told, how);

        kit_err(s.err, KR_EFAILED);
        kit_expect_down(s.monitor, "no");
        kr_release(how);
        how = kr_build("{ack, ok}");
        s = kr_proc_lib_start_monitor(NULL, starts_as_told, how);
        kit_ok(s.err);
        kr_exit_signal(s.pid, "enough");
        kit_expect_down(s.monitor, "enough");
        kr_release(how);
}

static void start_badly(void *opts)
{
        (void)kr_proc_lib_start(opts, takes_nothing);
}

static void ack_badly(void *unused)
{
        (void)unused;
        kr_init_ack("ok");
}

/* covers: proc_lib_SUITE:otp_6345 */
KIT_PROCESS_TEST(test_misuse_names_the_argument)
{
        kr_start_opts opts = { .spawn = { .monitor = true } };
        kr_msg why = KR_MSG_INIT;
        kr_class kind;

        kit_false(kr_catch(start_badly, &opts, &kind, &why));
        kit_match(why.term, "{{badarg, {<<\"kr_start\">>, <<\"spawn\">>}}, _}");
        kit_false(kr_catch(ack_badly, NULL, &kind, &why));
        kit_match(why.term, "{{badarg, {<<\"kr_init_ack\">>, <<\"process\">>}}, _}");
        kr_msg_clear(&why);
}

/* -- crashes -- */

static void ends_as(kr_term how)
{
        kr_term what;

        if (kr_match(how, "{exit, ~}", &what))
                kr_exit("~", what);
        if (kr_match(how, "{error, ~}", &what))
                kr_error("~", what);
        if (kr_match(how, "{throw, ~}", &what))
                kr_throw("~", what);
        if (kr_match(how, "fault"))
                *echo_nowhere = 1;
}

static void errs_after_a_wait(struct to *to)
{
        kr_msg msg = KR_MSG_INIT;

        (void)to;
        (void)kr_receive_top(&msg, KR_INFINITY, kr_on(0, "go"));
        kr_error("late_bang");
}

static void end_as(const char *kind, const char *reason)
{
        kr_term how = kr_build("{~, ~}", kri_atom_of(kind), kri_atom_of(reason));
        kr_ref ref;

        kr_proc_lib_spawn_opt((&(kr_spawn_opts){ .monitor = true, .ret_monitor = &ref }),
                              ends_as, how);
        kit_expect_down(ref, "_");
        kr_release(how);
}

/* covers: proc_lib_SUITE:hibernate */
KIT_NOTED_TEST(test_one_that_waited_without_a_stack_is_reported)
{
        kr_ref ref;
        kr_pid pid = kr_proc_lib_spawn_opt((&(kr_spawn_opts){ .monitor = true,
                                                              .ret_monitor = &ref }),
                                           errs_after_a_wait, &(struct to){ kr_self() });

        kr_sleep(20);
        kr_send(pid, "go");
        kit_expect_down(ref, "{late_bang, _}");
        expect_one_line("errs_after_a_wait", "late_bang");
}

/* covers: H104 proc_lib_SUITE:crash proc_lib_SUITE:stacktrace */
KIT_NOTED_TEST(test_what_ends_abnormally_is_reported_once)
{
        kr_term fault = kr_build("fault");
        kr_ref ref;
        kr_pid pid;

        end_as("exit", "normal");
        end_as("exit", "shutdown");
        kit_int_eq(atomic_load(&line_count), 0);
        end_as("exit", "bang");
        expect_one_line("ends_as", "bang");
        kr_sleep(1100); /* alike ones are counted for a second */
        end_as("error", "bang");
        expect_one_line("ends_as", "bang");
        kr_sleep(1100);
        end_as("throw", "bang");
        expect_one_line("ends_as", "bang");
        kr_proc_lib_spawn_opt((&(kr_spawn_opts){ .monitor = true, .ret_monitor = &ref }),
                              ends_as, fault);
        kit_expect_down(ref, "{{sigsegv, 0}, _}");
        expect_one_line("ends_as", "sigsegv");
        kr_release(fault);
        pid = kr_proc_lib_spawn(kit_sleeper);
        ref = kr_monitor(pid);
        kr_exit_signal(pid, "told_to");
        kit_expect_down(ref, "told_to");
        kit_int_eq(atomic_load(&line_count), 0); /* whoever sent the signal knows */
}

KIT_MAIN(KIT_CASE(test_a_process_knows_its_ancestors),
         KIT_CASE(test_a_process_may_become_something_else),
         KIT_CASE(test_arguments_of_all_kinds_and_options_are_as_for_spawn),
         KIT_CASE(test_start_gives_what_was_acknowledged),
         KIT_CASE(test_start_link_leaves_no_exit_message),
         KIT_CASE(test_a_linked_starter_that_traps_nothing_ends_too),
         KIT_CASE(test_start_monitor_leaves_the_down_of_a_failure),
         KIT_CASE(test_misuse_names_the_argument),
         KIT_CASE(test_one_that_waited_without_a_stack_is_reported),
         KIT_CASE(test_what_ends_abnormally_is_reported_once))
