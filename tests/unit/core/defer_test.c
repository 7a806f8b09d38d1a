/* SPDX-License-Identifier: Apache-2.0 */
/* defer_test.c: clean-ups run once each, the newest first, however the process ends. */
#include <krarup.h>

#include "heap.h"
#include "process.h"

#include <stdlib.h>

enum { CLEANED, DOWN, ANY };

static void tell(void *arg)
{
        kr_send("parent", "{cleaned, ~}", (int)(intptr_t)arg);
}

static void register_three(void)
{
        for (intptr_t i = 1; i <= 3; i++)
                kit_true(kr_defer(tell, (void *)i));
}

static void end_by_return(void)
{
        register_three();
}

static void end_by_exit(void)
{
        register_three();
        kr_exit("over");
}

static void end_by_error(void)
{
        register_three();
        kr_error("over");
}

static void end_by_throw(void)
{
        register_three();
        kr_throw("over");
}

static void end_by_misuse(void)
{
        register_three();
        kr_send("nobody has this name", "hello");
}

static void end_by_signal(void)
{
        register_three();
        kr_exit_signal(kr_self(), "over");
}

static void end_by_kill(void)
{
        register_three();
        kr_exit_signal(kr_self(), "kill");
}

static void end_in_a_wait(void)
{
        kr_msg msg = KR_MSG_INIT;

        register_three();
        kr_send("parent", "{waits, ~}", kr_self());
        kr_receive(&msg, KR_INFINITY, kr_on(ANY, "never"));
}

static void end_at_the_top(void)
{
        kr_msg msg = KR_MSG_INIT;

        if (kr_receive(&msg, 0, kr_on(ANY, "again")) == KR_TIMEOUT) {
                register_three();
                kr_send(kr_self(), "again");
                kr_send(kr_self(), "again");
                kr_send("parent", "{waits, ~}", kr_self());
        }
        kr_receive_top(&msg, KR_INFINITY, kr_on(ANY, "never"));
}

static void become_and_end(void)
{
        register_three();
        kr_become(end_in_a_wait);
}

static void expect_cleaned(const int *order, int count)
{
        kr_msg msg = KR_MSG_INIT;
        int n;

        for (int i = 0; i < count; i++) {
                kit_int_eq(kr_receive(&msg, 5000 * kit_slowness(),
                                      kr_on(CLEANED, "{cleaned, ~}", &n)),
                           CLEANED);
                kit_int_eq(n, order[i]);
        }
}

static void expect_end(void (*fn)(void), bool by_signal, const int *order, int count)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, fn);

        if (by_signal) {
                kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{waits, =}", pid)),
                           ANY);
                kr_exit_signal(pid, "over");
        }
        kit_int_eq(kr_receive(&msg, 5000 * kit_slowness(),
                              kr_on(DOWN, "{'DOWN', =, process, _, _}", ref)),
                   DOWN);
        expect_cleaned(order, count);
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "_")), KR_TIMEOUT);
}

KIT_EVERYWHERE_TEST(test_clean_ups_run_once_newest_first_however_the_process_ends)
{
        static void (*const ends[])(void) = { end_by_return, end_by_exit,   end_by_error,
                                              end_by_throw,  end_by_misuse, end_by_signal,
                                              end_by_kill };
        static const int order[] = { 3, 2, 1, 3, 2, 1 };

        kr_register("parent", kr_self());
        for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
                expect_end(ends[i], false, order, 3);
        expect_end(end_in_a_wait, true, order, 3);
        expect_end(end_at_the_top, true, order, 3);
        expect_end(become_and_end, true, order, 6);
}

static void cancel_some(void)
{
        register_three();
        kit_true(kr_defer(tell, (void *)4));
        kr_defer_cancel(tell, (void *)2, false);
        kr_defer_cancel(tell, (void *)3, true);
}

KIT_EVERYWHERE_TEST(test_a_clean_up_may_be_taken_back_or_run_at_once)
{
        static const int order[] = { 3, 4, 1 };

        kr_register("parent", kr_self());
        expect_end(cancel_some, false, order, 3);
}

/* -- inside a catch -- */

static void defer_and_throw(void *arg)
{
        kit_true(kr_defer(tell, (void *)2));
        kit_true(kr_defer(tell, (void *)3));
        if (arg != NULL)
                kr_throw("back");
}

static void catch_and_go_on(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_class kind;

        kit_true(kr_defer(tell, (void *)1));
        kit_false(kr_catch(defer_and_throw, &kind, &kind, &msg));
        kit_true(kr_match(msg.term, "back"));
        kit_true(kr_defer(tell, (void *)4));
}

static void catch_without_throw(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_class kind;

        kit_true(kr_catch(defer_and_throw, NULL, &kind, &msg));
        kit_true(kr_defer(tell, (void *)4));
}

KIT_EVERYWHERE_TEST(test_clean_ups_of_a_catch_run_when_it_is_left_by_an_exit)
{
        static const int left[] = { 3, 2, 4, 1 }, stayed[] = { 4, 3, 2 };

        kr_register("parent", kr_self());
        expect_end(catch_and_go_on, false, left, 4);
        expect_end(catch_without_throw, false, stayed, 3);
}

/* -- clean-ups that do what they should not -- */

static void wait_for_ever(void *arg)
{
        kr_msg msg = KR_MSG_INIT;

        (void)arg;
        kr_receive(&msg, KR_INFINITY, kr_on(ANY, "never"));
}

static void exit_again(void *arg)
{
        (void)arg;
        kr_exit("another");
}

static void throw_again(void *arg)
{
        (void)arg;
        kr_throw("another");
}

static void ask(void *arg)
{
        (void)arg;
        (void)kr_is_process_alive(kr_whereis("parent"));
}

static void become_another(void *arg)
{
        (void)arg;
        kr_become(end_in_a_wait);
}

static void with_bad_clean_ups(void)
{
        register_three();
        kit_true(kr_defer(wait_for_ever, NULL));
        kit_true(kr_defer(exit_again, NULL));
        kit_true(kr_defer(throw_again, NULL));
        kit_true(kr_defer(ask, NULL));
        kit_true(kr_defer(become_another, NULL));
        kit_true(kr_defer(tell, (void *)4));
        kr_exit("over");
}

KIT_EVERYWHERE_TEST(test_a_clean_up_that_waits_or_exits_is_given_up_and_the_next_runs)
{
        static const int order[] = { 4, 3, 2, 1 };

        kr_register("parent", kr_self());
        expect_end(with_bad_clean_ups, false, order, 4);
}

static void throw_in_a_clean_up(void *arg)
{
        char text[4000];

        (void)arg;
        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = 0;
        kit_true(kr_defer(throw_again, NULL));
        kr_throw("~", (const char *)text);
}

static void throw_from_clean_ups(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_class kind;

        for (int i = 0; i < 10; i++) {
                kit_false(kr_catch(throw_in_a_clean_up, NULL, &kind, &msg));
                kit_true(kr_match(msg.term, "another"));
        }
}

KIT_TEST(test_an_exit_out_of_a_clean_up_takes_the_place_of_the_first)
{
        int64_t blocks;

        kit_run_process(NULL, throw_from_clean_ups);
        blocks = kit_heap_blocks();
        kit_run_process(NULL, throw_from_clean_ups);
        kit_int_eq(kit_heap_blocks(), blocks);
}

/* -- memory -- */

KIT_EVERYWHERE_TEST(test_memory_of_a_process_keeps_what_was_written)
{
        unsigned char *blocks[64] = { NULL };

        for (int i = 0; i < 5000; i++) {
                int at = (i * 37) % 64;
                size_t size = (size_t)(i * 131) % 3000;
                unsigned char *block = kr_realloc(blocks[at], size + 1);

                kit_not_null(block);
                kit_int_eq((intptr_t)block % 16, 0);
                if (blocks[at] != NULL)
                        kit_int_eq(block[0], at);
                memset(block, at, size + 1);
                blocks[at] = block;
                if (i % 5 == 0) {
                        kr_free(blocks[at]);
                        blocks[at] = NULL;
                }
        }
        for (int i = 0; i < 64; i += 2)
                kr_free(blocks[i]);
        blocks[0] = kr_calloc(100, 10);
        for (int i = 0; i < 1000; i++)
                kit_int_eq(blocks[0][i], 0);
        kit_null(kr_calloc(SIZE_MAX / 2, 3));
        kit_null(kr_alloc(SIZE_MAX));
        kit_null(kr_alloc(SIZE_MAX - 40));
        kr_free(NULL);
}

static void takes_what_was_left(void *arg)
{
        kr_msg msg = KR_MSG_INIT;
        int first = 0, second = 0;

        (void)arg;
        kr_receive(&msg, 0, kr_on(ANY, "{left, ~}", &first));
        kr_receive(&msg, 0, kr_on(ANY, "{left, ~}", &second));
        kr_send("parent", "{cleaned, ~}", first);
        kr_send("parent", "{cleaned, ~}", second);
}

static void wait_for_another(int64_t timeout_ms)
{
        kr_msg kept = KR_MSG_INIT, msg = KR_MSG_INIT;

        kr_defer(takes_what_was_left, NULL);
        kr_receive(&kept, KR_INFINITY, kr_on(ANY, "keep"));
        kr_receive(&msg, timeout_ms, kr_on(ANY, "never"));
}

/* What the wait that it was ended in has looked at is there, once. */
KIT_SIM_TEST(test_a_clean_up_may_receive)
{
        static const int64_t timeouts[] = { KR_INFINITY, 100000 };
        static const int taken[] = { 1, 0 };

        kr_register("parent", kr_self());
        for (int i = 0; i < 2; i++) {
                kr_pid pid = kr_spawn(wait_for_another, timeouts[i]);

                kr_send(pid, "keep");
                kr_sleep(1);
                kr_send(pid, "{left, 1}");
                kr_sleep(1);
                kr_exit_signal(pid, "over");
                expect_cleaned(taken, 2);
        }
}

KIT_TEST(test_on_a_thread_that_is_no_process_memory_is_that_of_malloc)
{
        char *block = kr_alloc(0);

        kit_not_null(block);
        block = kr_realloc(block, 100);
        kit_not_null(block);
        free(block);
        block = malloc(10);
        kr_free(block);
        kit_false(kr_defer(tell, NULL));
        kr_defer_cancel(tell, NULL, true);
        kr_critical_begin();
        kr_critical_end();
}

KIT_MAIN(KIT_CASE(test_clean_ups_run_once_newest_first_however_the_process_ends),
         KIT_CASE(test_a_clean_up_may_be_taken_back_or_run_at_once),
         KIT_CASE(test_clean_ups_of_a_catch_run_when_it_is_left_by_an_exit),
         KIT_CASE(test_a_clean_up_that_waits_or_exits_is_given_up_and_the_next_runs),
         KIT_CASE(test_an_exit_out_of_a_clean_up_takes_the_place_of_the_first),
         KIT_CASE(test_a_clean_up_may_receive),
         KIT_CASE(test_memory_of_a_process_keeps_what_was_written),
         KIT_CASE(test_on_a_thread_that_is_no_process_memory_is_that_of_malloc))
