/* SPDX-License-Identifier: Apache-2.0 */
/* hold_test.c: whoever has an address of a module keeps it from being unmapped; where nobody
 * can look, a fault says whose it was. */
#include "kit_code.h"

#include <pthread.h>
#include <stdlib.h>

#include "otp/sys.h"

enum { GO, WHO };

static const char *what; /* the export that a holder calls */

/* Call it, and wait outside of it with what it has left. */
static void hold(kr_pid test)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term left = kr_apply("holds", what, "{}");

        kr_release(left);
        kr_send(test, "ready");
        kr_receive(&msg, KR_INFINITY, kr_on(GO, "go"));
        kr_msg_clear(&msg);
}

static void start_hold(kr_term test)
{
        kr_pid pid = kr_pid_none();

        (void)kr_get_pid(test, &pid);
        hold(pid);
}

static kr_pid holder(const char *export)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term self = kr_build("~", kr_self());
        kr_pid pid;

        what = export;
        pid = kr_spawn(start_hold, self);
        kr_receive(&msg, KR_INFINITY, kr_on(0, "ready"));
        kr_msg_clear(&msg);
        kr_release(self);
        return pid;
}

/* The kind of the first thing that soft purge names, of that process. */
static void expect_held(kr_pid pid, const char *kind)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term list, where;
        char text[500] = "";
        kr_pid who;
        bool found = false;

        kit_false(kr_code_soft_purge("holds", &msg));
        kr_format(text, sizeof(text), msg.term);
        kit_true(kr_match(msg.term, "[{~, ~}]", &who, &list));
        kit_true(kr_pid_eq(who, pid));
        for (; kr_is_cons(list); list = kr_tl(list))
                found = found || (kr_match(kr_hd(list), "{~, _}", &where) &&
                                  kr_match(where, "=", kri_atom_of(kind)));
        if (!found)
                kit_fail("no %s in %s", kind, text);
        kit_true(kr_code_check_process(pid, "holds", NULL));
        kit_true(is_mapped("/holds-"));
        kr_msg_clear(&msg);
}

/* It is not unmapped under it; it is when it has let go. */
static void expect_held_until_it_ends(kr_pid pid, const char *kind)
{
        kr_ref ref = watch(pid);

        kit_true(kr_code_delete("holds"));
        expect_held(pid, kind);
        kr_send(pid, "go");
        kit_str_eq(end_of(ref), "normal");
        kit_true(kr_code_soft_purge("holds", NULL));
        kit_false(is_mapped("/holds-"));
}

static void wait_inside(void)
{
        kr_release(kr_apply("holds", "wait_inside", "{}"));
}

static bool waits(kr_pid pid)
{
        kr_msg msg = KR_MSG_INIT;
        bool is = kr_process_info(pid, kri_atom_of("status"), &msg) &&
                  kr_match(msg.term, "{status, waiting}");

        kr_msg_clear(&msg);
        return is;
}

KIT_EVERYWHERE_TEST(test_a_frame_that_stands)
{
        kr_pid pid;

        load("holds_1");
        pid = kr_spawn(wait_inside);
        while (!waits(pid))
                kr_yield();
        expect_held_until_it_ends(pid, "stack");
}

KIT_EVERYWHERE_TEST(test_a_function_pointer_in_owned_memory)
{
        load("holds_1");
        expect_held_until_it_ends(holder("keep_function"), "memory");
}

KIT_EVERYWHERE_TEST(test_a_string_literal_in_a_state)
{
        load("holds_1");
        expect_held_until_it_ends(holder("keep_literal"), "memory");
}

KIT_EVERYWHERE_TEST(test_far_behind_in_much_memory)
{
        load("holds_1");
        expect_held_until_it_ends(holder("keep_far"), "memory");
}

KIT_EVERYWHERE_TEST(test_a_deferred_clean_up)
{
        load("holds_1");
        expect_held_until_it_ends(holder("keep_clean_up"), "clean_up");
}

/* -- an address of it in the frame of another -- */

static kr_pid borrower;

static void borrow(const char *text)
{
        kr_msg msg = KR_MSG_INIT;

        kr_receive(&msg, KR_INFINITY, kr_on(0, "go"));
        kit_str_eq(text, "lent");
        kr_msg_clear(&msg);
}

static void lend(void)
{
        kr_release(kr_apply("holds", "lend", "{~}", (uint64_t)(uintptr_t)borrow));
}

KIT_EVERYWHERE_TEST(test_a_pointer_that_was_lent)
{
        load("holds_1");
        borrower = kr_spawn(lend);
        while (!waits(borrower))
                kr_yield();
        expect_held_until_it_ends(borrower, "stack");
}

/* -- a gen_server whose state and callbacks are of the module -- */

KIT_EVERYWHERE_TEST(test_a_server_that_points_to_the_module)
{
        const kr_module *module;
        kr_started started;
        kr_ref ref;

        load("counter_1");
        module = kr_module_find("counter");
        started = kr_start(module->behaviours[0], NULL, "~", 5);
        kit_ok(started.err);
        module = NULL;
        load("counter_2"); /* the state's literal is of 1, whatever the callbacks are */
        kit_false(kr_code_soft_purge("counter", NULL));
        ref = watch(started.pid);
        kit_true(kr_code_purge("counter", NULL));
        expect_killed(ref);
}

/* -- who does not answer -- */

static int stop; /* of a computation */

static void spin(void)
{
        kr_release(kr_apply("holds", "spin", "{~}", (uint64_t)(uintptr_t)&stop));
}

static void kill_one_that_computes(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;
        kr_ref ref;

        load("holds_1");
        stop = 0;
        pid = kr_spawn(spin);
        ref = watch(pid);
        do
                kr_process_info(pid, kri_atom_of("status"), &msg);
        while (!kr_match(msg.term, "{status, running}"));
        kit_true(kr_code_delete("holds"));
        kit_true(kr_code_purge("holds", NULL));
        expect_killed(ref);
        kr_msg_clear(&msg);
}

/* Its links hear at once that it was killed; it is unmapped when it has come out. */
KIT_TEST(test_one_that_computes_is_killed_too)
{
        if (KIT_SIGNALS_WAIT)
                return; /* nothing reaches a computation before it ends */
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 2 },
                        kill_one_that_computes);
}

/* -- what hangs off the node -- */

static const char key;

KIT_PROCESS_TEST(test_the_node_holds_it)
{
        kr_msg msg = KR_MSG_INIT;

        load("holds_1");
        kr_release(kr_apply("holds", "keep_in_node", "{~}", (uint64_t)(uintptr_t)&key));
        kit_true(kr_code_delete("holds"));
        kit_false(kr_code_soft_purge("holds", &msg));
        kit_true(kr_match(msg.term, "[{node, [{record, _}]}]"));
        kit_false(kr_code_purge("holds", NULL)); /* nobody to be killed: it stays */
        kit_true(kr_code_check_old("holds"));
        kr_msg_clear(&msg);
}

/* -- an attached thread within a call -- */

static kr_node *the_node;
static kr_pid the_thread;

static void *call_in_thread(void *unused)
{
        kit_ok(kr_thread_attach(the_node, &the_thread));
        kr_register("thread", the_thread);
        kr_release(kr_apply("holds", "wait_inside", "{}"));
        kr_thread_detach();
        return unused;
}

KIT_TEST(test_an_attached_thread_that_calls)
{
        kr_msg msg = KR_MSG_INIT;
        pthread_t thread;
        kr_pid self;

        the_node = kit_node_start(NULL);
        kit_ok(kr_thread_attach(the_node, &self));
        load("holds_1");
        kit_int_eq(pthread_create(&thread, NULL, call_in_thread, NULL), 0);
        kit_eventually(!kr_pid_is_none(kr_whereis("thread")));
        kit_true(kr_code_delete("holds"));
        /* until it is within the call, or has come too late for it */
        kit_eventually(!kr_code_soft_purge("holds", &msg) || !kr_code_check_old("holds"));
        if (kr_code_check_old("holds"))
                kit_true(kr_match(msg.term, "[{node, [{busy, _}]}]"));
        if (!kr_pid_is_none(kr_whereis("thread")))
                kr_send(the_thread, "go");
        kit_int_eq(pthread_join(thread, NULL), 0);
        kit_true(kr_code_soft_purge("holds", &msg));
        kr_msg_clear(&msg);
        kr_thread_detach();
        kit_node_stop(the_node);
}

/* -- where nobody can look -- */

struct held {
        void (*fn)(void);
        const char *text;
};

static struct held *hidden;

static void use_function(void)
{
        hidden->fn();
}

static void use_text(void)
{
        kr_exit("~", (int)strlen(hidden->text));
}

/* Memory of malloc's is not searched: but the range is reserved, and the fault has a name.
 * covers: emulator_code_SUITE:call_purged_fun_code_gone */
KIT_TEST(test_a_hidden_pointer_is_a_named_fault)
{
        kr_node *node = kit_node_start(&(kr_node_opts){ .faults = KR_FAULTS_EXIT });
        uint64_t place;
        const char *end;
        kr_pid self;
        kr_term left;
        kr_ref ref;

        kit_ok(kr_thread_attach(node, &self));
        load("holds_1");
        left = kr_apply("holds", "keep_hidden", "{}");
        kit_true(kr_match(left, "~", &place));
        kr_release(left);
        hidden = (struct held *)(uintptr_t)place;
        kit_true(kr_code_delete("holds"));
        kit_true(kr_code_soft_purge("holds", NULL));
        kit_false(is_mapped("/holds-"));
        load("counter_1"); /* does not come to lie there */
        kr_spawn_monitor(&ref, use_function);
        end = end_of(ref);
        if (strncmp(end, "{{purged_code,{holds,<<\"1\">>,", 29) != 0)
                kit_fail("it ended with %s", end);
        kr_spawn_monitor(&ref, use_text);
        end = end_of(ref);
        if (strncmp(end, "{{purged_code,{holds,<<\"1\">>,", 29) != 0)
                kit_fail("it ended with %s", end);
        free(hidden);
        kr_thread_detach();
        kit_node_stop(node);
}

static __attribute__((noinline)) int number_of_function(void)
{
        kr_term result = kr_apply("holds", "function", "{}");
        uint64_t address = 0;

        kit_true(kr_match(result, "~", &address));
        kr_release(result);
        return kri_fun_number((kri_fun)(uintptr_t)address);
}

/* What was to be called by a timer, or in another process, is not called any more. */
KIT_PROCESS_TEST(test_a_function_that_is_known_by_its_number_goes)
{
        int number, again;

        load("holds_1");
        number = number_of_function();
        kit_true(kri_fun_of(number) != NULL);
        kit_true(kr_code_delete("holds"));
        kit_true(kr_code_purge("holds", NULL) || !kr_code_check_old("holds"));
        kit_true(kri_fun_of(number) == NULL);
        load("holds_1");
        again = number_of_function();
        kit_int_ne(again, number);
        kit_true(kri_fun_of(again) != NULL);
        kit_true(kri_fun_of(number) == NULL);
}

/* Steps, not a stop: others answer while a hundred thousand are looked at. */
static void sleeper(int64_t n)
{
        kr_msg msg = KR_MSG_INIT;

        (void)n;
        kr_receive_top(&msg, KR_INFINITY, kr_on(0, "stop"));
        kr_msg_clear(&msg);
}

KIT_PROCESS_TEST(test_sleepers_are_not_woken)
{
        enum { MANY = 20000 };
        kr_node_stats before, after;

        load("holds_1");
        for (int64_t i = 0; i < MANY; i++)
                kr_spawn(sleeper, i);
        kr_sleep(0);
        kit_true(kr_code_delete("holds"));
        do { /* until all of them sleep */
                kr_node_stats_read(kr_here(), &before);
                kr_yield();
                kr_node_stats_read(kr_here(), &after);
        } while (after.turns - before.turns > 100);
        kit_true(kr_code_soft_purge("holds", NULL));
        kr_node_stats_read(kr_here(), &after);
        kit_int_lt((int64_t)(after.turns - before.turns), MANY / 2);
}

KIT_MAIN(KIT_CASE(test_a_frame_that_stands),
         KIT_CASE(test_a_function_pointer_in_owned_memory),
         KIT_CASE(test_a_string_literal_in_a_state),
         KIT_CASE(test_far_behind_in_much_memory), KIT_CASE(test_a_deferred_clean_up),
         KIT_CASE(test_a_pointer_that_was_lent),
         KIT_CASE(test_a_server_that_points_to_the_module),
         KIT_SLOW(test_one_that_computes_is_killed_too, 40),
         KIT_CASE(test_the_node_holds_it), KIT_CASE(test_an_attached_thread_that_calls),
         KIT_CASE(test_a_hidden_pointer_is_a_named_fault),
         KIT_CASE(test_a_function_that_is_known_by_its_number_goes),
         KIT_SLOW(test_sleepers_are_not_woken, 40))
