/* SPDX-License-Identifier: Apache-2.0 */
/* gen_test.c: starting, calling and ending behaviours, by a behaviour of the test's own. */
#include <krarup.h>
#include <krarup/behaviour.h>
#include <krarup/global.h>
#include <krarup/proc_lib.h>

#include <stdatomic.h>

#include "expect.h"
#include "process.h"

/* -- the behaviour: answers with what it is told to, and counts -- */

struct echo {
        int64_t calls, casts;
        kr_pid watcher; /* is told of casts, infos, terminate */
};

static atomic_int released;

static void echo_init(kr_gen *g, kr_term args)
{
        struct echo *e = kr_gen_state(g);
        kr_term reason;
        int64_t ms;

        if (kr_match(args, "{watched_by, ~}", &e->watcher))
                kr_gen_init_started(g);
        if (kr_match(args, "ignore"))
                kr_gen_init_ignore(g);
        if (kr_match(args, "{stop, ~}", &reason))
                kr_gen_init_stop(g, KR_CLASS_EXIT, reason);
        if (kr_match(args, "{error, ~}", &reason))
                kr_gen_init_error(g, reason);
        if (kr_match(args, "{exit, ~}", &reason))
                kr_exit("~", reason);
        if (kr_match(args, "{crash, ~}", &reason))
                kr_error("~", reason);
        if (kr_match(args, "{throw, ~}", &reason))
                kr_throw("~", reason);
        if (kr_match(args, "{sleep, ~}", &ms))
                kr_sleep(ms);
        if (kr_match(args, "return"))
                return;
        kr_gen_init_started(g);
}

static void echo_call(kr_gen *g, kr_gen_in *in)
{
        struct echo *e = kr_gen_state(g);
        kr_term what;
        int64_t ms;

        e->calls++;
        if (kr_match(in->term, "{echo, ~}", &what))
                kr_reply_to(in->from, "~", what);
        else if (kr_match(in->term, "calls"))
                kr_reply_to(in->from, "~", e->calls);
        else if (kr_match(in->term, "{stop, ~}", &what))
                kr_gen_module(g)->kind->terminate(g, KR_CLASS_EXIT, what);
        else if (kr_match(in->term, "{exit, ~}", &what))
                kr_exit("~", what);
        else if (kr_match(in->term, "{sleep, ~}", &ms)) {
                kr_sleep(ms);
                kr_reply_to(in->from, "slept");
        }
}

static void echo_loop(kr_gen *g)
{
        struct echo *e = kr_gen_state(g);
        kr_gen_in in = KR_GEN_IN_INIT;

        switch (kr_gen_receive(g, &in, KR_INFINITY)) {
        case KR_GEN_CALL:
                kr_gen_handling(g, &in);
                echo_call(g, &in);
                kr_gen_handling(g, NULL);
                break;
        case KR_GEN_CAST:
                kr_send(e->watcher, "{cast, ~}", in.term);
                break;
        case KR_GEN_INFO:
                kr_send(e->watcher, "{info, ~}", in.term);
                break;
        }
}

KR_NORETURN static void echo_terminate(kr_gen *g, kr_class kind, kr_term reason)
{
        struct echo *e = kr_gen_state(g);

        if (!kr_pid_is_none(e->watcher))
                kr_send(e->watcher, "{terminate, ~}", reason);
        kr_gen_exit(g, kind, reason);
}

static void echo_release(void *state)
{
        (void)state;
        released++;
}

static const kr_kind echo_kind = { .name = "echo",
                                   .init = echo_init,
                                   .loop = echo_loop,
                                   .terminate = echo_terminate };
static const kr_behaviour echo = { .name = "echo",
                                   .kind = &echo_kind,
                                   .state_size = sizeof(struct echo),
                                   .release = echo_release };

/* -- calls -- */

KIT_EVERYWHERE_TEST(test_a_call_is_answered)
{
        kr_started s = kr_start_link(&echo, NULL, "[]");
        kr_msg slot = KR_MSG_INIT;
        int64_t n = 0;

        kit_ok(s.err);
        kit_true(kr_match(kr_call(s.pid, &slot, "{echo, {a, ~}}", 7), "{a, ~}", &n));
        kit_int_eq(n, 7);
        kit_true(kr_match(kr_call(s.pid, &slot, "calls"), "2"));
        kit_ok(kr_stop_normal(s.pid));
        kit_false(kr_is_process_alive(s.pid));
        kit_int_eq(released, 1);
        released = 0;
}

KIT_MAIN(KIT_CASE(test_a_call_is_answered))
