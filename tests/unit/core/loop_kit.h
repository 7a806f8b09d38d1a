/* SPDX-License-Identifier: Apache-2.0 */
/* loop_kit.h: the subject of the tests of loops: it does what it is told, and tells what happens to
 * it.
 */
#ifndef KR_TESTS_LOOP_KIT_H
#define KR_TESTS_LOOP_KIT_H

#include <krarup.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "expect.h"
#include "process.h"

/* What a compiler must not see through. */
static char *volatile nowhere __attribute__((unused)) = NULL;
static volatile int zero __attribute__((unused));

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

static inline void run(void *record);
static inline void caught(void *record, kr_class kind, kr_term reason);
static inline void ended(void *record, kr_term reason, bool fault);

static const kr_loop subject_loop
        __attribute__((unused)) = { "subject", run, caught, ended, false, NULL, NULL };
static const kr_loop deaf_loop
        __attribute__((unused)) = { "deaf", run, NULL, ended, false, NULL, NULL };
static const kr_loop plain_loop
        __attribute__((unused)) = { "plain", run, NULL, NULL, false, NULL, NULL };

static inline int sink(int depth)
{
        volatile char frame[64];

        frame[0] = (char)depth;
        if (nowhere != NULL)
                return 0;
        return sink(depth + 1) + frame[0];
}

__attribute__((noinline, unused)) static int sink_receiving(int depth)
{
        kr_msg msg = KR_MSG_INIT;

        if (nowhere != NULL)
                return 0;
        (void)kr_receive(&msg, 0, kr_on(1, "never"));
        return sink_receiving(depth + 1) + 1;
}

static inline void clean_up(void *arg)
{
        struct subject *s = kr_loop_record(&subject_loop);

        kit_not_null(s);
        kr_send(s->parent, "{cleaned, ~}", (int)(intptr_t)arg);
}

static inline void wait_for_ever(void)
{
        kr_sleep(KR_INFINITY);
}

/* Ends by itself: what it says. */
static inline void end_as(const char *how)
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

static inline void end_in_frames(struct subject *s, kr_msg *msg, const char *how)
{
        char text[] = "on the stack";

        s->slot = msg;
        s->text = text;
        end_as(how);
}

static inline void run(void *record)
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

static inline void raise_over(void *unused)
{
        (void)unused;
        kr_error("again");
}

static inline void catch_inside(struct subject *s)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        kit_false(kr_catch(raise_over, NULL, &kind, &reason));
        kit_match(reason.term, "{again, [_ | _]}");
        kr_send(s->parent, "caught_inside");
        kr_msg_clear(&reason);
}

static inline void wait_inside(struct subject *s)
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

static inline void became(void)
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

static inline void caught(void *record, kr_class kind, kr_term reason)
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

static inline void tell_late(void *arg)
{
        kr_send(*(kr_pid *)arg, "late");
}

static inline void ended(void *record, kr_term reason, bool fault)
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

static inline kr_pid spawn_as(const kr_loop *loop, kr_ref *ret_ref)
{
        const struct subject record = { .parent = kr_self() };
        kr_term args = kr_build("{args, ~}", 17);
        kr_spawn_opts opts = { .monitor = true, .ret_monitor = ret_ref };
        kr_pid pid = kr_spawn_loop(&opts, loop, &record, sizeof(record), args);

        kr_release(args);
        return pid;
}

/* It has entered its loop, and waits at its top. */
static inline void hello(kr_pid pid)
{
        kr_msg msg = KR_MSG_INIT;

        kr_send(pid, "hello");
        kit_expect(&msg, "{hello, _, _}");
        kr_msg_clear(&msg);
}

static inline void tell_end(kr_pid pid, const char *how)
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

static inline void expect_text(kr_term t, const char *start)
{
        char text[2000];

        (void)kr_format(text, sizeof(text), t);
        if (strncmp(text, start, strlen(start)) != 0)
                kit_fail("%s is not %s...", text, start);
}

/* It has taken in what we sent, and waits again. */
static inline void settle(kr_pid pid)
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

#endif
