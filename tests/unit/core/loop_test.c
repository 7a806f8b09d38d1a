/* SPDX-License-Identifier: Apache-2.0 */
/* loop_test.c: processes that run a loop over a record: how they go on, and how they end. */
#include <krarup.h>

#include "expect.h"
#include "heap.h"
#include "process.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* What a compiler must not see through. */
static char *volatile nowhere = NULL;
static volatile int zero;

/* The subject of these tests. It does what it is told, and tells what happens to it. */
struct subject {
        struct kr_loop_head head;
        kr_pid parent;
        int64_t rounds;
        int64_t caught, ended; /* calls */
        char *block;           /* memory of its own */
        kr_msg *slot;          /* on the stack of run */
        const char *text;      /* the same */
        int64_t in_caught;     /* enum: what caught does, beside telling */
        int64_t in_ended;
};

enum { TELL, WAIT, RAISE, RAISE_DEEP, CATCH, BECOME, TOP, FAULT, OVERFLOW, RETURN_TO_FN };

static void run(void *record);
static void caught(void *record, kr_class kind, kr_term reason);
static void ended(void *record, kr_term reason, bool fault);

static const kr_loop subject_loop = { "subject", run, caught, ended, false, NULL, NULL };
static const kr_loop deaf_loop = { "deaf", run, NULL, ended, false, NULL, NULL };
static const kr_loop plain_loop = { "plain", run, NULL, NULL, false, NULL, NULL };

static int sink(int depth)
{
        volatile char frame[64];

        frame[0] = (char)depth;
        if (nowhere != NULL)
                return 0;
        return sink(depth + 1) + frame[0];
}

__attribute__((noinline)) static int sink_receiving(int depth)
{
        kr_msg msg = KR_MSG_INIT;

        if (nowhere != NULL)
                return 0;
        (void)kr_receive(&msg, 0, kr_on(1, "never"));
        return sink_receiving(depth + 1) + 1;
}

static void clean_up(void *arg)
{
        struct subject *s = kr_loop_record(&subject_loop);

        kit_not_null(s);
        kr_send(s->parent, "{cleaned, ~}", (int)(intptr_t)arg);
}

static void wait_for_ever(void)
{
        kr_sleep(KR_INFINITY);
}

/* Ends by itself: what it says. */
static void end_as(const char *how)
{
        if (strcmp(how, "exit") == 0)
                kr_exit("{over, [~]}", 1);
        if (strcmp(how, "error") == 0)
                kr_error("{over, [~]}", 1);
        if (strcmp(how, "throw") == 0)
                kr_throw("{over, [~]}", 1);
        if (strcmp(how, "raise") == 0)
                kr_raise(KR_CLASS_ERROR, kr_build("{over, [1]}"));
        if (strcmp(how, "badarg") == 0)
                kr_send("nobody has this name", "hello");
        if (strcmp(how, "timeout_value") == 0)
                kr_sleep(-5);
        if (strcmp(how, "misuse") == 0)
                (void)kr_match(kr_none(), "{~");
        if (strcmp(how, "segv") == 0)
                *nowhere = 1;
        if (strcmp(how, "overflow") == 0)
                zero = sink(0);
        if (strcmp(how, "overflow_inside") == 0)
                zero = sink_receiving(0);
        if (strcmp(how, "hog") == 0)
                while (!KIT_SIGNALS_WAIT)
                        __asm__ volatile("");
        if (strcmp(how, "nap") == 0 || strcmp(how, "hog") == 0)
                sleep(1000);
        if (strcmp(how, "self") == 0)
                kr_exit_signal(kr_self(), "{over, [1]}");
        if (strcmp(how, "kill") == 0)
                kr_exit_signal(kr_self(), "kill");
        if (strcmp(how, "wait") == 0)
                wait_for_ever();
}

static void end_in_frames(struct subject *s, kr_msg *msg, const char *how)
{
        char text[] = "on the stack";

        s->slot = msg;
        s->text = text;
        end_as(how);
}

static void run(void *record)
{
        enum { HELLO, CLEAN, CAUGHT, ENDED, BLOCK, END };
        struct subject *s = record;
        kr_msg msg = KR_MSG_INIT;
        const char *how;

        kit_int_eq(s->caught, 0);
        s->rounds++;
        switch (kr_receive_top(&msg, KR_INFINITY, kr_on(HELLO, "hello"),
                               kr_on(CLEAN, "clean_up"),
                               kr_on(CAUGHT, "{caught, ~}", &s->in_caught),
                               kr_on(ENDED, "{ended, ~}", &s->in_ended),
                               kr_on(BLOCK, "block"), kr_on(END, "{done, ~}", &how))) {
        case HELLO:
                kr_send(s->parent, "{hello, ~, ~}", s->rounds,
                        kr_is_none(s->head.args) ? kr_atom_term(KR_ATOM("none"))
                                                 : s->head.args);
                break;
        case CLEAN:
                for (intptr_t i = 1; i <= 3; i++)
                        kit_true(kr_defer(clean_up, (void *)i));
                break;
        case BLOCK:
                s->block = kr_calloc(1, 1000);
                memset(s->block, 'b', 999);
                break;
        case END:
                end_in_frames(s, &msg, how);
                return;
        default:
                break;
        }
        kr_msg_clear(&msg);
        run(s); /* as after a wait: no more than that is between two rounds */
}

static void raise_over(void *unused)
{
        (void)unused;
        kr_error("again");
}

static void catch_inside(struct subject *s)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        kit_false(kr_catch(raise_over, NULL, &kind, &reason));
        kit_match(reason.term, "{again, [_ | _]}");
        kr_send(s->parent, "caught_inside");
        kr_msg_clear(&reason);
}

static void wait_inside(struct subject *s)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref = kr_make_ref();

        kr_sleep(2);
        kit_true(kr_is_process_alive(s->parent));
        kit_true(kr_process_info(s->parent, KR_ATOM("status"), &msg));
        kr_send(s->parent, "{ask, ~, ~}", kr_self(), ref);
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(1, "{=, answer}", ref)), 1);
        kr_msg_clear(&msg);
}

static void became(void)
{
        enum { HELLO, END };
        kr_msg msg = KR_MSG_INIT;
        kr_pid parent;
        const char *how;

        kit_null(kr_loop_record(&subject_loop));
        switch (kr_receive(&msg, KR_INFINITY, kr_on(HELLO, "{hello, ~}", &parent),
                           kr_on(END, "{done, ~}", &how))) {
        case HELLO:
                kr_send(parent, "became");
                break;
        default:
                end_as(how);
                return;
        }
        kr_become(became);
}

static void caught(void *record, kr_class kind, kr_term reason)
{
        struct subject *s = record;
        kr_msg msg = KR_MSG_INIT;

        kit_int_eq(s->ended, 0);
        s->caught++;
        kit_ptr_eq(kr_loop_record(s->head.loop), s);
        if (s->text != NULL) { /* the frames of run still stand */
                kit_str_eq(s->text, "on the stack");
                kit_match(s->slot->term, "{done, _}");
        }
        switch (s->in_caught) {
        case WAIT:
                wait_inside(s);
                break;
        case RAISE:
                kr_exit("again");
        case RAISE_DEEP:
                raise_over(NULL);
                break;
        case CATCH:
                catch_inside(s);
                break;
        case BECOME:
                s->caught = 0;
                s->in_caught = TELL;
                s->text = NULL;
                kr_send(s->parent, "{caught, ~, ~}", (int)kind, reason);
                kr_become_loop(&subject_loop, s);
        case TOP:
                s->caught = 0;
                s->in_caught = TELL;
                s->text = NULL;
                kr_send(s->parent, "{caught, ~, ~}", (int)kind, reason);
                (void)kr_receive_top(&msg, KR_INFINITY, kr_on(1, "never"));
                kit_fail("it is back");
        case RETURN_TO_FN:
                kr_become(became);
        case FAULT:
                end_as("segv");
                break;
        case OVERFLOW:
                end_as("overflow");
                break;
        default:
                break;
        }
        kr_send(s->parent, "{caught, ~, ~}", (int)kind, reason);
}

static void tell_late(void *arg)
{
        kr_send(*(kr_pid *)arg, "late");
}

static void ended(void *record, kr_term reason, bool fault)
{
        struct subject *s = record;

        kit_int_eq(s->ended++, 0);
        kit_ptr_eq(kr_loop_record(s->head.loop), s);
        if (s->block != NULL)
                kit_int_eq((int64_t)strlen(s->block), 999);
        kr_send(s->parent, "{ended, ~, ~}", reason, fault);
        switch (s->in_ended) {
        case WAIT:
                wait_for_ever();
                break;
        case RAISE:
                kit_true(kr_defer(tell_late, &s->parent));
                kr_exit("again");
        case BECOME:
                kr_become_loop(&subject_loop, s);
        case FAULT:
                kit_true(kr_defer(tell_late, &s->parent));
                end_as("segv");
                break;
        case OVERFLOW:
                end_as("overflow");
                break;
        default:
                break;
        }
}

static kr_pid spawn_as(const kr_loop *loop, kr_ref *ret_ref)
{
        const struct subject record = { .parent = kr_self() };
        kr_term args = kr_build("{args, ~}", 17);
        kr_spawn_opts opts = { .monitor = true, .ret_monitor = ret_ref };
        kr_pid pid = kr_spawn_loop(&opts, loop, &record, sizeof(record), args);

        kr_release(args);
        return pid;
}

/* It has entered its loop, and waits at its top. */
static void hello(kr_pid pid)
{
        kr_msg msg = KR_MSG_INIT;

        kr_send(pid, "hello");
        kit_expect(&msg, "{hello, _, _}");
        kr_msg_clear(&msg);
}

static void tell_end(kr_pid pid, const char *how)
{
        kr_send(pid, "{done, ~}", how);
}

/* The next message looks so. */
#define next(...)                                                                        \
        do {                                                                             \
                kr_msg next_msg = KR_MSG_INIT;                                           \
                                                                                         \
                kit_next(&next_msg, __VA_ARGS__);                                        \
                kr_msg_clear(&next_msg);                                                 \
        } while (0)

#define FAULTS_TEST(name)                                                                \
        static void name##_process(void);                                                \
        KIT_TEST(name)                                                                   \
        {                                                                                \
                kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT,               \
                                                 .schedulers = 2 },                      \
                                name##_process);                                         \
        }                                                                                \
        static void name##_process(void)

/* -- going on -- */

KIT_EVERYWHERE_TEST(test_run_is_entered_again_after_every_wait_at_the_top)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        for (int i = 0; i < 20; i++)
                kr_send(pid, "hello");
        for (int64_t i = 0, last = 0; i < 20; i++) {
                kr_msg msg = KR_MSG_INIT;
                int64_t rounds;

                kit_next(&msg, "{hello, ~, {args, 17}}", &rounds);
                kit_int_gt(rounds, last);
                last = rounds;
                kr_msg_clear(&msg);
        }
}

struct plain {
        struct kr_loop_head head;
        char rest[3000];
};

static void check_zeros(void *record)
{
        struct plain *plain = record;

        kit_int_eq((intptr_t)record % 16, 0);
        kit_true(kr_is_none(plain->head.args));
        for (size_t i = 0; i < sizeof(plain->rest); i++)
                kit_int_eq(plain->rest[i], 0);
        plain->head.args = kr_build("[my, own]");
        kr_release(plain->head.args);
}

static const kr_loop zeros_loop = { "zeros", check_zeros, NULL, NULL, false, NULL, NULL };

KIT_EVERYWHERE_TEST(test_without_a_record_to_copy_it_is_zeros)
{
        kr_ref ref;

        kr_spawn_loop(&(kr_spawn_opts){ .monitor = true, .ret_monitor = &ref },
                      &zeros_loop, NULL, sizeof(struct plain), kr_none());
        kit_expect_down(ref, "normal");
}

static void check_args(void *record)
{
        struct kr_loop_head *head = record;

        kit_match(head->args, "{[1, 2.0, <<\"three\">>], #{four => _}}");
        kit_ptr_eq(head->loop, kr_loop_record(head->loop) == record ? head->loop : NULL);
        kr_release(head->args);
        head->args = kr_none();
}

static const kr_loop args_loop = { "args", check_args, NULL, NULL, false, NULL, NULL };

KIT_EVERYWHERE_TEST(test_arguments_are_copied_and_may_be_released)
{
        static const char large[2000] = "large";
        const kr_bytes bytes = { large, sizeof(large) };
        kr_term args = kr_build("{[1, 2.0, <<\"three\">>], #{four => ~}}", bytes);
        kr_ref ref;

        for (int i = 0; i < 3; i++) {
                kr_spawn_loop(&(kr_spawn_opts){ .monitor = true, .ret_monitor = &ref },
                              &args_loop, NULL, sizeof(struct kr_loop_head), args);
                if (i == 2)
                        kr_release(args);
                kit_expect_down(ref, "normal");
        }
}

static void expect_item(kr_pid pid, kr_atom item, const char *want)
{
        kr_msg msg = KR_MSG_INIT;
        char text[300];

        kit_true(kr_process_info(pid, item, &msg));
        (void)kr_format(text, sizeof(text), msg.term);
        kit_str_eq(text, want);
        kr_msg_clear(&msg);
}

/* It has taken in what we sent, and waits again. */
static void settle(kr_pid pid)
{
        kr_msg msg = KR_MSG_INIT;
        bool waits = false;

        for (int i = 0; i < 5000 && !waits; i++) {
                kit_true(kr_process_info(pid, KR_ATOM("status"), &msg));
                waits = kr_match(msg.term, "{status, waiting}");
                if (!waits)
                        kr_sleep(1);
        }
        kit_true(waits);
        kr_msg_clear(&msg);
}

KIT_EVERYWHERE_TEST(test_people_see_the_name_of_the_loop)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        hello(pid);
        settle(pid);
        expect_item(pid, KR_ATOM("initial_call"), "{initial_call,{<<\"subject\">>,1}}");
        expect_item(pid, KR_ATOM("current_function"),
                    "{current_function,{<<\"subject\">>,0}}");
        expect_item(pid, KR_ATOM("current_stacktrace"),
                    "{current_stacktrace,[{<<\"subject\">>,0,[]}]}");
        expect_item(pid, KR_ATOM("backtrace"), "{backtrace,<<\"subject+0\\n\">>}");
}

KIT_EVERYWHERE_TEST(test_a_wait_at_the_top_keeps_no_stack)
{
        enum { COUNT = 500 };
        static kr_pid pids[COUNT];
        kr_node_stats stats;
        kr_ref ref;

        for (int i = 0; i < COUNT; i++) {
                pids[i] = spawn_as(&subject_loop, &ref);
                hello(pids[i]);
        }
        settle(pids[7]);
        expect_item(pids[7], KR_ATOM("stack_size"), "{stack_size,0}");
        kr_node_stats_read(kr_here(), &stats);
        kit_int_lt((int64_t)stats.stacks, 64);
}

/* -- becoming -- */

KIT_EVERYWHERE_TEST(test_a_loop_that_becomes_a_function_is_one_no_more)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "{caught, ~}", RETURN_TO_FN);
        kr_send(pid, "block");
        tell_end(pid, "exit");
        kr_send(pid, "{hello, ~}", kr_self());
        next("became");
        tell_end(pid, "exit");
        kit_expect_down(ref, "{over, [1]}");
        kit_expect_nothing(); /* neither caught nor ended */
}

struct later {
        kr_pid parent;
};

static void enter_later(struct later *later)
{
        struct subject *s = kr_calloc(1, sizeof(*s));
        kr_msg msg = KR_MSG_INIT, in_a_slot = KR_MSG_INIT;

        kit_null(kr_loop_record(&subject_loop));
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(1, "go")), 1);
        kr_send(kr_self(), "more");
        kit_int_eq(kr_receive(&in_a_slot, KR_INFINITY, kr_on(1, "more")), 1);
        s->parent = later->parent;
        s->head.args = kr_build("nonsense");
        kr_become_loop(&subject_loop, s);
}

KIT_EVERYWHERE_TEST(test_a_process_becomes_a_loop_later)
{
        struct later later = { kr_self() };
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, enter_later, &later);

        kr_send(pid, "go");
        kr_send(pid, "hello");
        next("{hello, _, none}");
        tell_end(pid, "error");
        next("{caught, 1, {{over, [1]}, [_ | _]}}");
        next("{ended, {{over, [1]}, _}, false}");
        kit_expect_down(ref, "{{over, [1]}, _}");
}

/* In caught with BECOME the present record is given: it goes on with it, and may be told of
 * more than one raise. */
KIT_EVERYWHERE_TEST(test_a_loop_that_goes_on_from_caught_is_a_process_like_any_other)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "clean_up");
        for (int i = 0; i < 10; i++) {
                kr_send(pid, "{caught, ~}", i % 2 == 0 ? BECOME : TOP);
                tell_end(pid, i % 3 == 0 ? "error" : "throw");
                next("{caught, _, _}");
                settle(pid); /* in the wait of caught, or of run */
                kr_send(pid, "hello");
                next("{hello, _, _}");
        }
        tell_end(pid, "throw");
        next("{caught, 2, {over, [1]}}");
        for (int i = 3; i >= 1; i--)
                next("{cleaned, =}", i);
        next("{ended, {{nocatch, {over, [1]}}, _}, false}");
        kit_expect_down(ref, "{{nocatch, {over, [1]}}, _}");
        kit_expect_nothing();
}

struct swap {
        struct kr_loop_head head;
        kr_pid parent;
        int64_t turns;
};

static void swap_run(void *record);
static void swap_ended(void *record, kr_term reason, bool fault);
static const kr_loop first_loop = {
        "first", swap_run, NULL, swap_ended, false, NULL, NULL
};
static const kr_loop second_loop = { "second", swap_run, NULL, swap_ended,
                                     false,    NULL,     NULL };

static void swap_run(void *record)
{
        struct swap *old = record, *fresh;
        const kr_loop *now = old->head.loop;

        kit_ptr_eq(kr_loop_record(now), old);
        kit_null(kr_loop_record(now == &first_loop ? &second_loop : &first_loop));
        kit_null(kr_loop_record(NULL));
        if (old->turns == 1000)
                return;
        fresh = kr_alloc(sizeof(*fresh));
        *fresh = *old;
        fresh->turns++;
        kr_become_loop(now == &first_loop ? &second_loop : &first_loop, fresh);
}

static void swap_ended(void *record, kr_term reason, bool fault)
{
        struct swap *s = record;
        kr_msg msg = KR_MSG_INIT;
        int64_t memory;

        kit_match(reason, "normal");
        kit_false(fault);
        kit_ptr_eq(s->head.loop, &first_loop);
        kit_true(kr_process_info(kr_self(), KR_ATOM("heap_size"), &msg));
        kit_match(msg.term, "{_, ~}", &memory);
        kit_int_lt(memory, 1000); /* words: the records before have gone */
        kr_send(s->parent, "swapped");
}

KIT_EVERYWHERE_TEST(test_a_loop_changes_to_another_and_the_record_before_goes)
{
        const struct swap start = { .parent = kr_self() };
        kr_ref ref;

        kr_spawn_loop(&(kr_spawn_opts){ .monitor = true, .ret_monitor = &ref },
                      &first_loop, &start, sizeof(start), kr_none());
        next("swapped");
        kit_expect_down(ref, "normal");
        kit_expect_nothing();
}

/* -- caught -- */

struct raise {
        const char *how;
        const char *caught; /* as text; what follows it is left out */
        const char *ended;
};

static void expect_text(kr_term t, const char *start)
{
        char text[2000];

        (void)kr_format(text, sizeof(text), t);
        if (strncmp(text, start, strlen(start)) != 0)
                kit_fail("%s is not %s...", text, start);
}

static const struct raise raises[] = {
        { "exit", "{caught,0,{over,[1]}}", "{over,[1]}" },
        { "error", "{caught,1,{{over,[1]},[{", "{{over,[1]},[{" },
        { "throw", "{caught,2,{over,[1]}}", "{{nocatch,{over,[1]}},[{" },
        { "raise", "{caught,1,{over,[1]}}", "{over,[1]}" },
        { "badarg", "{caught,1,{{badarg,{<<\"kr_send\">>,<<\"to\">>}},[{",
          "{{badarg,{<<\"kr_send\">>,<<\"to\">>}},[{" },
        { "timeout_value", "{caught,1,{timeout_value,[{", "{timeout_value,[{" },
        { "misuse", "{caught,1,{{badarg,<<", "{{badarg,<<" },
};

static void expect_raise(const struct raise *r)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason, seen;
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "block");
        kr_send(pid, "clean_up");
        tell_end(pid, r->how);
        kit_next(&msg, "{caught, _, _}");
        expect_text(msg.term, r->caught);
        for (int i = 3; i >= 1; i--)
                next("{cleaned, =}", i);
        kit_next(&msg, "{ended, ~, false}", &seen);
        expect_text(seen, r->ended);
        seen = kr_keep(seen);
        kit_next(&msg, "{'DOWN', =, process, _, ~}", ref, &reason);
        kit_true(kr_equal(reason, seen));
        kr_release(seen);
        kr_msg_clear(&msg);
        kit_expect_nothing();
}

KIT_EVERYWHERE_TEST(test_what_nobody_caught_is_caught_then_clean_ups_then_the_end)
{
        for (size_t i = 0; i < sizeof(raises) / sizeof(raises[0]); i++)
                expect_raise(&raises[i]);
}

KIT_EVERYWHERE_TEST(test_a_return_is_the_end_with_normal_and_is_not_caught)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "clean_up");
        tell_end(pid, "return");
        for (int i = 3; i >= 1; i--)
                next("{cleaned, =}", i);
        next("{ended, normal, false}");
        kit_expect_down(ref, "normal");
        kit_expect_nothing();
}

KIT_EVERYWHERE_TEST(test_without_caught_there_is_only_the_end)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&deaf_loop, &ref);

        tell_end(pid, "throw");
        next("{ended, {{nocatch, {over, [1]}}, [_ | _]}, false}");
        kit_expect_down(ref, "{{nocatch, {over, [1]}}, [_ | _]}");
        pid = spawn_as(&plain_loop, &ref);
        tell_end(pid, "error");
        kit_expect_down(ref, "{{over, [1]}, [_ | _]}");
        kit_expect_nothing();
}

KIT_EVERYWHERE_TEST(test_caught_may_wait_ask_and_be_answered)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;
        kr_ref ref, asked;

        for (int i = 0; i < 2; i++) {
                pid = spawn_as(&subject_loop, &ref);
                kr_send(pid, "{caught, ~}", WAIT);
                tell_end(pid, i == 0 ? "error" : "timeout_value");
                kit_next(&msg, "{ask, =, ~}", pid, &asked);
                kr_send(pid, "{~, answer}", asked);
                next("{caught, 1, {_, [_ | _]}}");
                next("{ended, {_, [_ | _]}, false}");
                kit_expect_down(ref, "{_, [_ | _]}");
        }
        kr_msg_clear(&msg);
}

KIT_EVERYWHERE_TEST(test_caught_may_catch)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "{caught, ~}", CATCH);
        tell_end(pid, "throw");
        next("caught_inside");
        next("{caught, 2, {over, [1]}}");
        next("{ended, {{nocatch, _}, _}, false}");
        kit_expect_down(ref, "{{nocatch, _}, _}");
}

KIT_EVERYWHERE_TEST(test_what_caught_raises_counts_and_is_not_caught_again)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "clean_up");
        kr_send(pid, "{caught, ~}", RAISE);
        tell_end(pid, "error");
        for (int i = 3; i >= 1; i--)
                next("{cleaned, =}", i);
        next("{ended, again, false}");
        kit_expect_down(ref, "again");
        pid = spawn_as(&subject_loop, &ref);
        kr_send(pid, "{caught, ~}", RAISE_DEEP);
        tell_end(pid, "exit");
        next("{ended, {again, [_ | _]}, false}");
        kit_expect_down(ref, "{again, [_ | _]}");
        kit_expect_nothing();
}

KIT_EVERYWHERE_TEST(test_an_exit_signal_ends_it_in_caught_too)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref, asked;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "{caught, ~}", WAIT);
        tell_end(pid, "error");
        kit_next(&msg, "{ask, =, ~}", pid, &asked);
        kr_exit_signal(pid, "enough");
        next("{ended, enough, true}");
        kit_expect_down(ref, "enough");
        kr_msg_clear(&msg);
        kit_expect_nothing();
}

static void catches_outside(void *record)
{
        struct subject *s = record;

        catch_inside(s);
}

static const kr_loop catching_loop = { "catching", catches_outside, caught,
                                       ended,      false,           NULL,
                                       NULL };

KIT_EVERYWHERE_TEST(test_what_is_caught_by_kr_catch_does_not_come)
{
        kr_ref ref;

        spawn_as(&catching_loop, &ref);
        next("caught_inside");
        next("{ended, normal, false}");
        kit_expect_down(ref, "normal");
        kit_expect_nothing();
}

/* A wait in the middle, with a time that counts, that raises. */
static void raises_in_a_wait(void *record)
{
        struct subject *s = record;
        kr_msg msg = KR_MSG_INIT;

        kr_send(kr_self(), "one");
        kr_send(kr_self(), "two");
        s->in_caught = s->rounds;
        kit_int_eq(kr_receive(&msg, 5, kr_on(1, "never")), KR_TIMEOUT);
        (void)kr_receive(&msg, -7, kr_on(1, "never"));
}

static void sees_all(void *record, kr_class kind, kr_term reason)
{
        kr_msg msg = KR_MSG_INIT;

        (void)record;
        kit_int_eq(kind, KR_CLASS_ERROR);
        kit_match(reason, "{timeout_value, _}");
        kit_int_eq(kr_receive(&msg, 0, kr_on(1, "two")), 1);
        kit_int_eq(kr_receive(&msg, 0, kr_on(1, "one")), 1);
        kit_int_eq(kr_receive(&msg, 1, kr_on(1, "one")), KR_TIMEOUT);
        kr_msg_clear(&msg);
}

static const kr_loop waiting_loop = {
        "waiting", raises_in_a_wait, sees_all, NULL, false, NULL, NULL
};

KIT_EVERYWHERE_TEST(test_a_wait_that_raises_is_over_in_caught)
{
        kr_ref ref;

        spawn_as(&waiting_loop, &ref);
        kit_expect_down(ref, "{timeout_value, _}");
}

static void in_a_region(void *record)
{
        (void)record;
        kr_critical_begin();
        kr_exit("left");
}

static void waits_to_be_killed(void *record, kr_class kind, kr_term reason)
{
        struct subject *s = record;

        (void)kind;
        (void)reason;
        kr_send(s->parent, "waits");
        wait_for_ever();
}

static const kr_loop region_loop = { "region", in_a_region, waits_to_be_killed,
                                     ended,    false,       NULL,
                                     NULL };

KIT_EVERYWHERE_TEST(test_a_critical_region_is_over_in_caught)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&region_loop, &ref);

        next("waits");
        kr_exit_signal(pid, "kill");
        next("{ended, killed, true}");
        kit_expect_down(ref, "killed");
}

/* -- the end -- */

static void expect_fault(const char *how, const char *reason)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term seen, down;
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "block");
        kr_send(pid, "clean_up");
        tell_end(pid, how);
        for (int i = 3; i >= 1; i--)
                next("{cleaned, =}", i);
        kit_next(&msg, "{ended, ~, true}", &seen);
        expect_text(seen, reason);
        seen = kr_keep(seen);
        kit_next(&msg, "{'DOWN', =, process, _, ~}", ref, &down);
        kit_true(kr_equal(down, seen));
        kr_release(seen);
        kr_msg_clear(&msg);
        kit_expect_nothing(); /* not caught */
}

FAULTS_TEST(test_a_fault_is_not_caught_and_is_the_end)
{
        expect_fault("segv", "{{sigsegv,0},[{");
        expect_fault("overflow", "{{stack_overflow,");
        if (!KIT_SIGNALS_WAIT)
                expect_fault("overflow_inside", "{{stack_overflow,");
}

KIT_EVERYWHERE_TEST(test_an_exit_signal_is_not_caught_and_is_the_end)
{
        expect_fault("self", "{over,[1]}");
        expect_fault("kill", "killed");
}

KIT_EVERYWHERE_TEST(test_killed_at_its_top_it_has_its_end)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        hello(pid);
        settle(pid);
        kr_exit_signal(pid, "kill");
        next("{ended, killed, true}");
        kit_expect_down(ref, "killed");
}

KIT_EVERYWHERE_TEST(test_killed_before_it_has_run_it_has_its_end)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_exit_signal(pid, "{over, ~}", 1);
        next("{ended, {over, 1}, true}");
        kit_expect_down(ref, "{over, 1}");
}

/* The links are told at once, the end comes when it has been brought out. */
static void expect_late_end(const char *how)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "block");
        kr_send(pid, "clean_up");
        tell_end(pid, how);
        kr_sleep(30);
        kr_exit_signal(pid, "{enough, ~}", 1);
        kit_expect(&msg, "{'DOWN', =, process, _, {enough, 1}}", ref);
        for (int i = 3; i >= 1; i--)
                kit_expect(&msg, "{cleaned, =}", i);
        kit_expect(&msg, "{ended, {enough, 1}, true}");
        kr_msg_clear(&msg);
        kit_expect_nothing();
}

/* Under ThreadSanitizer who was taken out of foreign code ends where it is, with nothing run. */
#define HAS_LATE_ENDS (!KIT_SIGNALS_WAIT)

FAULTS_TEST(test_killed_in_foreign_code_it_has_its_clean_ups_and_its_end)
{
        if (!HAS_LATE_ENDS)
                return;
        for (int i = 0; i < 5; i++) {
                expect_late_end("hog");
                expect_late_end("nap");
        }
}

/* What a clean-up begins when everybody has been told of the end, is over at once. */
static void begin_late(void *arg)
{
        kr_pid parent = *(kr_pid *)arg;
        kr_ref ref = kr_monitor(parent);

        kr_link(parent);
        kr_send(parent, "{begun, ~}", ref);
}

static void hogs(void *record)
{
        struct subject *s = record;

        kit_true(kr_defer(begin_late, &s->parent));
        end_as("hog");
}

static const kr_loop hog_loop = { "hog", hogs, NULL, ended, false, NULL, NULL };

FAULTS_TEST(test_what_late_clean_ups_begin_ends_with_the_process)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid;

        if (!HAS_LATE_ENDS)
                return;
        kr_trap_exit(true);
        pid = spawn_as(&hog_loop, &ref);
        kr_sleep(30);
        kr_exit_signal(pid, "enough");
        kit_expect(&msg, "{'DOWN', =, process, _, enough}", ref);
        kit_expect(&msg, "{begun, _}");
        kit_expect(&msg, "{ended, enough, true}");
        kit_expect(&msg, "{'EXIT', =, enough}", pid);
        kr_msg_clear(&msg);
        kr_sleep(10);
        kit_expect_nothing();
}

FAULTS_TEST(test_a_fault_in_caught_is_the_end)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "{caught, ~}", FAULT);
        tell_end(pid, "error");
        next("{ended, {{sigsegv, 0}, [_ | _]}, true}");
        kit_expect_down(ref, "{{sigsegv, 0}, [_ | _]}");
        pid = spawn_as(&subject_loop, &ref);
        kr_send(pid, "{caught, ~}", OVERFLOW);
        tell_end(pid, "throw");
        next("{ended, {{stack_overflow, _}, [_ | _]}, true}");
        kit_expect_down(ref, "{{stack_overflow, _}, [_ | _]}");
}

static void expect_given_up(int in_ended, bool late)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "{ended, ~}", in_ended);
        tell_end(pid, "exit");
        next("{caught, 0, {over, [1]}}");
        next("{ended, {over, [1]}, false}");
        if (late)
                next("late");
        kit_expect_down(ref, "{over, [1]}");
        kit_expect_nothing();
}

KIT_EVERYWHERE_TEST(test_an_end_that_waits_raises_or_goes_on_is_given_up)
{
        expect_given_up(WAIT, false);
        expect_given_up(RAISE, true);
        expect_given_up(BECOME, false);
}

FAULTS_TEST(test_an_end_that_faults_is_given_up)
{
        expect_given_up(FAULT, true);
        expect_given_up(OVERFLOW, false);
}

/* A fault that was caught was none. */
static void faults_caught(void *unused)
{
        (void)unused;
        end_as("segv");
}

static void survives(void *record)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        (void)record;
        kit_false(kr_catch(faults_caught, NULL, &kind, &reason));
        kr_exit("later");
}

static const kr_loop survivor_loop = { "survivor", survives, caught, ended,
                                       false,      NULL,     NULL };

FAULTS_TEST(test_after_a_fault_that_was_caught_all_is_as_before)
{
        kr_ref ref;

        spawn_as(&survivor_loop, &ref);
        next("{caught, 0, later}");
        next("{ended, later, false}");
        kit_expect_down(ref, "later");
}

static _Atomic int ends;

static void count_end(void *record, kr_term reason, bool fault)
{
        struct subject *s = record;

        kit_match(reason, "killed");
        kit_true(fault);
        kit_int_eq(s->ended++, 0);
        atomic_fetch_add(&ends, 1);
}

static const kr_loop counted_loop = {
        "counted", run, NULL, count_end, false, NULL, NULL
};

static void many_in_all_states(void)
{
        kr_ref ref;

        atomic_store(&ends, 0);
        for (int i = 0; i < 100; i++) {
                kr_pid pid = spawn_as(&counted_loop, &ref);

                if (i % 4 == 1)
                        tell_end(pid, "wait");
                if (i % 4 == 2)
                        kr_send(pid, "clean_up_not");
                if (i == 99 && HAS_LATE_ENDS)
                        tell_end(pid, "hog");
        }
        kr_sleep(20);
}

KIT_TEST(test_a_node_that_stops_lets_all_have_their_ends)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 2 },
                        many_in_all_states);
        kit_int_eq(atomic_load(&ends), 100);
}

/* -- no stack -- */

static void use_up_all_stacks(void)
{
        int refused = 0;

        kit_heap_refuse_maps(true);
        while (refused < 20) { /* in a row: whatever scheduler they are on */
                kr_ref ref;
                kr_pid pid = kr_spawn_monitor(&ref, wait_for_ever);
                kr_msg msg = KR_MSG_INIT;

                while (kr_process_info(pid, KR_ATOM("status"), &msg) &&
                       !kr_match(msg.term, "{status, waiting}"))
                        kr_sleep(1);
                if (kr_receive(&msg, 0,
                               kr_on(1, "{'DOWN', =, _, _, system_limit}", ref)) == 1)
                        refused++;
                else
                        refused = 0;
                kr_msg_clear(&msg);
        }
}

/* Of loops that wait without a stack; the first has clean-ups, too. */
FAULTS_TEST(test_all_have_their_ends_when_there_are_no_more_stacks)
{
        enum { COUNT = 50 };
        kr_pid pids[COUNT];
        kr_ref refs[COUNT];
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < COUNT; i++) {
                pids[i] = spawn_as(&subject_loop, &refs[i]);
                if (i == 0)
                        kr_send(pids[i], "clean_up");
                if (i == 1)
                        kr_send(pids[i], "{ended, ~}", WAIT);
                hello(pids[i]);
                settle(pids[i]);
        }
        use_up_all_stacks();
        for (int i = 0; i < COUNT; i++)
                if (i % 2 == 0)
                        kr_exit_signal(pids[i], "enough");
                else
                        kr_send(pids[i], "hello"); /* for which there is no stack */
        for (int i = 3; i >= 1; i--)
                kit_expect(&msg, "{cleaned, =}", i);
        for (int i = 0; i < COUNT; i++)
                kit_expect(&msg, "{ended, _, true}");
        for (int i = 0; i < COUNT; i++)
                kit_expect(&msg, "{'DOWN', =, _, _, =}", refs[i],
                           i % 2 == 0 ? KR_ATOM("enough") : KR_ATOM("system_limit"));
        kr_msg_clear(&msg);
        kit_heap_refuse_maps(false);
}

/* -- reports -- */

static _Atomic int lines;

static void note_line(void *context, const char *text)
{
        kit_not_null(strstr(text, "(deaf)"));
        (void)context;
        atomic_fetch_add(&lines, 1);
}

static const kr_loop silent_loop = { "silent", run, NULL, NULL, true, NULL, NULL };

static void end_loudly_and_silently(void)
{
        kr_ref ref;

        tell_end(spawn_as(&silent_loop, &ref), "error");
        kit_expect_down(ref, "_");
        tell_end(spawn_as(&silent_loop, &ref), "segv");
        kit_expect_down(ref, "{{sigsegv, 0}, _}");
        kit_int_eq(atomic_load(&lines), 0);
        tell_end(spawn_as(&deaf_loop, &ref), "error");
        kit_expect_down(ref, "_");
        kit_int_eq(atomic_load(&lines), 1);
}

KIT_TEST(test_a_loop_that_reports_by_itself_is_not_reported)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT,
                                         .schedulers = 2,
                                         .report = note_line },
                        end_loudly_and_silently);
}

/* -- misuse -- */

static void spawn_nothing(void)
{
        kr_spawn_loop(NULL, NULL, NULL, 100, kr_none());
}

static const kr_loop empty_loop = { "empty", NULL, NULL, NULL, false, NULL, NULL };

static void spawn_empty(void)
{
        kr_spawn_loop(NULL, &empty_loop, NULL, 100, kr_none());
}

static void spawn_small(void)
{
        kr_spawn_loop(NULL, &plain_loop, NULL, sizeof(struct kr_loop_head) - 1,
                      kr_none());
}

static void spawn_bad(void)
{
        kr_spawn_loop(&(kr_spawn_opts){ .monitor = true }, &plain_loop, NULL, 100,
                      kr_none());
}

static void become_nothing(void)
{
        kr_become_loop(NULL, kr_alloc(100));
}

static void become_without(void)
{
        kr_become_loop(&plain_loop, NULL);
}

#define expect_badarg(fn, function, argument)                                            \
        do {                                                                             \
                kr_ref badarg_ref;                                                       \
                                                                                         \
                kr_spawn_monitor(&badarg_ref, fn);                                       \
                kit_expect_down(badarg_ref, "{{badarg, {<<\"" function                   \
                                            "\">>, <<\"" argument "\">>}}, _}");         \
        } while (0)

KIT_EVERYWHERE_TEST(test_wrong_arguments_end_the_caller)
{
        expect_badarg(spawn_nothing, "kr_spawn_loop", "loop");
        expect_badarg(spawn_empty, "kr_spawn_loop", "loop");
        expect_badarg(spawn_small, "kr_spawn_loop", "size");
        expect_badarg(spawn_bad, "kr_spawn_loop", "opts");
        expect_badarg(become_nothing, "kr_become_loop", "loop");
        expect_badarg(become_without, "kr_become_loop", "record");
}

KIT_TEST(test_a_thread_that_is_no_process_starts_none_and_has_no_record)
{
        kit_true(kr_pid_is_none(kr_spawn_loop(NULL, &plain_loop, NULL, 100, kr_none())));
        kit_null(kr_loop_record(&plain_loop));
}

KIT_TEST(test_an_attached_thread_starts_loops)
{
        kr_node *node = kit_node_start(NULL);
        const struct subject record = { .parent = { 0 } };
        kr_msg msg = KR_MSG_INIT;
        struct subject own = record;
        kr_pid self;

        kit_ok(kr_thread_attach(node, &self));
        own.parent = self;
        kr_spawn_loop(&(kr_spawn_opts){ .link = true }, &subject_loop, &own, sizeof(own),
                      kr_none());
        kit_null(kr_loop_record(&subject_loop));
        kr_thread_detach();
        kr_msg_clear(&msg);
        kit_node_stop(node);
}

KIT_EVERYWHERE_TEST(test_links_and_limits_are_as_for_any_spawn)
{
        const struct subject record = { .parent = kr_self() };
        kr_mailbox_limit limit = { .messages = 1, .overflow = KR_OVERFLOW_REFUSE };
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        kr_trap_exit(true);
        pid = kr_spawn_loop(&(kr_spawn_opts){ .link = true, .mailbox = limit },
                            &plain_loop, &record, sizeof(record), kr_none());
        kr_suspend_process(pid);
        while (kr_send(pid, "hello") == KR_OK)
                ;
        kr_resume_process(pid);
        kr_exit_signal(pid, "over");
        kit_expect(&msg, "{'EXIT', =, over}", pid);
        kr_msg_clear(&msg);
        while (kr_receive(&msg, 0, kr_on(1, "{hello, _, _}")) == 1)
                kr_msg_clear(&msg);
}

/* -- simulation -- */

static void some_of_all(void)
{
        kr_ref ref;

        for (int i = 0; i < 20; i++) {
                kr_pid pid = spawn_as(&subject_loop, &ref);

                kr_send(pid, "{caught, ~}", i % 3 == 0 ? RAISE : TELL);
                tell_end(pid, i % 2 == 0 ? "error" : "kill");
                kit_expect_down(ref, "_");
        }
}

static uint64_t hash_of(uint64_t seed)
{
        kr_node *node =
                kit_node_start(&(kr_node_opts){ .drive = KR_DRIVE_SIM, .seed = seed });
        kr_node_stats stats;

        kr_node_spawn(node, some_of_all);
        while (kr_node_run(node))
                ;
        kr_node_stats_read(node, &stats);
        kit_node_stop(node);
        return stats.steps_hash;
}

KIT_TEST(test_a_run_repeats_from_its_seed)
{
        uint64_t seed = kit_random();

        kit_uint_eq(hash_of(seed), hash_of(seed));
        kit_uint_ne(hash_of(seed), hash_of(seed + 1));
}

KIT_MAIN(KIT_CASE(test_run_is_entered_again_after_every_wait_at_the_top),
         KIT_CASE(test_without_a_record_to_copy_it_is_zeros),
         KIT_CASE(test_arguments_are_copied_and_may_be_released),
         KIT_CASE(test_people_see_the_name_of_the_loop),
         KIT_CASE(test_a_wait_at_the_top_keeps_no_stack),
         KIT_CASE(test_a_loop_that_becomes_a_function_is_one_no_more),
         KIT_CASE(test_a_process_becomes_a_loop_later),
         KIT_CASE(test_a_loop_that_goes_on_from_caught_is_a_process_like_any_other),
         KIT_CASE(test_a_loop_changes_to_another_and_the_record_before_goes),
         KIT_CASE(test_what_nobody_caught_is_caught_then_clean_ups_then_the_end),
         KIT_CASE(test_a_return_is_the_end_with_normal_and_is_not_caught),
         KIT_CASE(test_without_caught_there_is_only_the_end),
         KIT_CASE(test_caught_may_wait_ask_and_be_answered),
         KIT_CASE(test_caught_may_catch),
         KIT_CASE(test_what_caught_raises_counts_and_is_not_caught_again),
         KIT_CASE(test_an_exit_signal_ends_it_in_caught_too),
         KIT_CASE(test_what_is_caught_by_kr_catch_does_not_come),
         KIT_CASE(test_a_wait_that_raises_is_over_in_caught),
         KIT_CASE(test_a_critical_region_is_over_in_caught),
         KIT_CASE(test_a_fault_is_not_caught_and_is_the_end),
         KIT_CASE(test_an_exit_signal_is_not_caught_and_is_the_end),
         KIT_CASE(test_killed_at_its_top_it_has_its_end),
         KIT_CASE(test_killed_before_it_has_run_it_has_its_end),
         KIT_CASE(test_killed_in_foreign_code_it_has_its_clean_ups_and_its_end),
         KIT_CASE(test_what_late_clean_ups_begin_ends_with_the_process),
         KIT_CASE(test_a_fault_in_caught_is_the_end),
         KIT_CASE(test_an_end_that_waits_raises_or_goes_on_is_given_up),
         KIT_CASE(test_an_end_that_faults_is_given_up),
         KIT_CASE(test_after_a_fault_that_was_caught_all_is_as_before),
         KIT_CASE(test_a_node_that_stops_lets_all_have_their_ends),
         KIT_CASE(test_all_have_their_ends_when_there_are_no_more_stacks),
         KIT_CASE(test_a_loop_that_reports_by_itself_is_not_reported),
         KIT_CASE(test_wrong_arguments_end_the_caller),
         KIT_CASE(test_a_thread_that_is_no_process_starts_none_and_has_no_record),
         KIT_CASE(test_an_attached_thread_starts_loops),
         KIT_CASE(test_links_and_limits_are_as_for_any_spawn),
         KIT_CASE(test_a_run_repeats_from_its_seed))
