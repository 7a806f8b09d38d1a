/* SPDX-License-Identifier: Apache-2.0 */
/* echo.h: a behaviour of the tests' own, made of what behaviour.h offers: its init does what its
 * arguments say, it answers with what it is told to, and tells a watcher what happens to it.
 *
 *      kr_start(&echo, NULL, "{watched_by, ~}", kr_self())
 */
#ifndef KR_TESTS_ECHO_H
#define KR_TESTS_ECHO_H

#include <krarup.h>

#include <stdatomic.h>

#include "expect.h"

/* kit_match for what must be asked once. */
#define kit_says(term, ...)                                                              \
        do {                                                                             \
                kr_term kit_said = term;                                                 \
                                                                                         \
                kit_match(kit_said, __VA_ARGS__);                                        \
        } while (0)

struct echo {
        int64_t calls;
        kr_pid watcher; /* gets {cast, _}, {info, _}, {terminate, Class, Reason} */
};

static char *volatile echo_nowhere = NULL;
static atomic_int echo_released; /* states, ever */
static atomic_int echo_reported; /* faults: kind->report */

/* On arguments that say nothing of this kind it just starts. */
static inline void echo_init(kr_gen *g, kr_term args)
{
        struct echo *e = kr_gen_state(g);
        kr_term what;
        int64_t ms;

        (void)kr_match(args, "{watched_by, ~}", &e->watcher);
        if (kr_match(args, "ignore"))
                kr_gen_init_ignore(g);
        if (kr_match(args, "{stop, ~}", &what))
                kr_gen_init_stop(g, KR_CLASS_EXIT, what);
        if (kr_match(args, "{error, ~}", &what))
                kr_gen_init_error(g, what);
        if (kr_match(args, "{exit, ~}", &what))
                kr_exit("~", what);
        if (kr_match(args, "{crash, ~}", &what))
                kr_error("~", what);
        if (kr_match(args, "{throw, ~}", &what))
                kr_throw("~", what);
        if (kr_match(args, "{sleep, ~}", &ms))
                kr_sleep(ms);
        if (kr_match(args, "fault"))
                *echo_nowhere = 1;
        if (kr_match(args, "return"))
                return;
        if (kr_match(args, "trap"))
                kr_trap_exit(true);
        if (kr_match(args, "{tell, ~}", &e->watcher))
                kr_send(e->watcher, "{init, ~, ~}", kr_self(), kr_gen_name(g));
        kr_gen_init_started(g);
}

static inline void echo_call(kr_gen *g, kr_gen_in *in)
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
        else if (kr_match(in->term, "{crash, ~}", &what))
                kr_error("~", what);
        else if (kr_match(in->term, "fault"))
                *echo_nowhere = 1;
        else if (kr_match(in->term, "{sleep, ~}", &ms)) {
                kr_sleep(ms);
                kr_reply_to(in->from, "slept");
        } else if (kr_match(in->term, "twice")) {
                kr_reply_to(in->from, "1");
                kr_reply_to(in->from, "2");
        } else if (kr_match(in->term, "{by, ~}", &what)) {
                kr_term from = kr_from_term(in->from);
                kr_pid other;

                (void)kr_get_pid(what, &other);
                kr_send(other, "{answer, ~}", from);
                kr_release(from);
        } else if (kr_match(in->term, "name")) {
                kr_reply_to(in->from, "{~, ~}", kr_gen_name(g), kr_gen_parent(g));
        } else if (kr_match(in->term, "origin")) {
                kr_reply_to(in->from, "{~, ~}", kr_ancestors(), kr_initial_call());
        } else if (kr_match(in->term, "{call, ~}", &what)) {
                kr_msg slot = KR_MSG_INIT;
                kr_pid other;

                (void)kr_get_pid(what, &other);
                kr_reply_to(in->from, "~", kr_call(other, &slot, "calls"));
        }
}

static inline void echo_loop(kr_gen *g)
{
        struct echo *e = kr_gen_state(g);
        kr_gen_in in = KR_GEN_IN_INIT;
        int what = kr_gen_receive(g, &in, KR_INFINITY);

        kr_gen_handling(g, &in);
        if (what == KR_GEN_CALL)
                echo_call(g, &in);
        else if (what == KR_GEN_CAST && kr_match(in.term, "tell"))
                kr_send(e->watcher, "{name, ~}", kr_gen_name(g));
        else if (!kr_pid_is_none(e->watcher))
                kr_send(e->watcher, "{~, ~}",
                        what == KR_GEN_CAST ? KR_ATOM("cast") : KR_ATOM("info"), in.term);
        kr_gen_handling(g, NULL);
}

KR_NORETURN static inline void echo_terminate(kr_gen *g, kr_class kind, kr_term reason)
{
        struct echo *e = kr_gen_state(g);

        if (!kr_pid_is_none(e->watcher))
                kr_send(e->watcher, "{terminate, ~, ~}", (int)kind, reason);
        kr_gen_exit(g, kind, reason);
}

static inline void echo_report(kr_gen *g, kr_class kind, kr_term reason)
{
        (void)kind;
        (void)reason;
        echo_reported += kr_match(kr_gen_handled(g)->term, "fault");
}

static inline void echo_release(void *state)
{
        (void)state;
        echo_released++;
}

static const kr_kind echo_kind = { .name = "echo_kind",
                                   .init = echo_init,
                                   .loop = echo_loop,
                                   .terminate = echo_terminate,
                                   .report = echo_report };
static const kr_behaviour echo = { .name = "echo",
                                   .kind = &echo_kind,
                                   .state_size = sizeof(struct echo),
                                   .release = echo_release };

#endif
