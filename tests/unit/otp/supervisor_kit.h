/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_kit.h: supervisors as the cases want them, said in Erlang's own words.
 *
 *      kr_pid sup = start_sup("{one_for_one, 1, 5, never,"
 *                             " [#{id => a, start => {w, waits, []}}]}");
 *
 * Model    `any_sup` is a supervisor whose argument is {Strategy, Intensity, Period,
 *          AutoShutdown, [ChildSpec]}. What children may be is in `offers`: {w, waits, [_]}, ...
 *          The process of the case is registered as `test`, traps exits and gets
 *          {started, Tag, Pid} and {stopped, Tag, Reason} from those that tell.
 */
#ifndef KR_TESTS_SUPERVISOR_KIT_H
#define KR_TESTS_SUPERVISOR_KIT_H

#include "expect.h"
#include "process.h"

#include <krarup.h>
#include <krarup/supervisor.h>

#include <stdatomic.h>
#include <string.h>

/* Start functions of the flaky kind fail while this is not 0; it is counted down. */
static _Atomic int64_t failures_left;
/* How often the flaky kind was asked to start. */
static _Atomic int64_t attempts;

/* -- children -- */

static inline kr_term tag_of(kr_term args)
{
        return kr_is_cons(args) ? kr_hd(args) : args;
}

/* Waits, and ends as it is told: by a message, or by the first exit signal. */
static inline void waits(kr_term args)
{
        enum { END, FAULT };
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;

        (void)args;
        switch (kr_receive(&msg, KR_INFINITY, kr_on(END, "{end_with, ~}", &reason),
                           kr_on(FAULT, "fault"))) {
        case END:
                kr_exit("~", reason);
        default:
                kr_error("bug");
        }
}

/* Nothing but kill ends it. */
static inline void is_deaf(kr_term args)
{
        kr_msg msg = KR_MSG_INIT;

        (void)args;
        kr_trap_exit(true);
        kr_init_ack("{ok, ~}", kr_self());
        for (;;)
                (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "never_sent"));
}

/* Unlinks its supervisor, and then waits. */
static inline void unlinks(kr_term args)
{
        kr_pid parent;
        kr_msg msg = KR_MSG_INIT;
        kr_term links;

        (void)args;
        kit_true(kr_process_info(kr_self(), KR_ATOM("links"), &msg));
        kit_true(kr_match(msg.term, "{links, ~}", &links));
        for (; kr_is_cons(links); links = kr_tl(links))
                if (kr_get_pid(kr_hd(links), &parent))
                        kr_unlink(parent);
        kr_msg_clear(&msg);
        kr_send("test", "{unlinked, ~}", kr_self());
        waits(args);
}

/* Tells that it has started, and with which reason it was stopped; then ends so. */
static inline void tells(kr_term args)
{
        enum { END, EXIT };
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;

        kr_trap_exit(true);
        kr_send("test", "{started, ~, ~}", tag_of(args), kr_self());
        kr_init_ack("{ok, ~}", kr_self());
        if (kr_receive(&msg, KR_INFINITY, kr_on(END, "{end_with, ~}", &reason),
                       kr_on(EXIT, "{'EXIT', _, ~}", &reason)) == EXIT)
                kr_send("test", "{stopped, ~, ~}", tag_of(args), reason);
        kr_exit("~", reason);
}

/* The same, with another reason when it is told to shut down. */
static inline void ends_badly(kr_term args)
{
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        kr_init_ack("{ok, ~}", kr_self());
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{'EXIT', _, _}"));
        kr_exit("~", tag_of(args));
}

static inline kr_pid spawn_waiting(kr_term args)
{
        return kr_proc_lib_spawn_link(waits, args);
}

/* -- start functions -- */

static inline kr_started with_info(kr_term args, kr_msg *more)
{
        return kr_started_with(spawn_waiting(args), more, "{info, ~}", tag_of(args));
}

static inline kr_started ignores(kr_term args, kr_msg *more)
{
        (void)args;
        (void)more;
        return kr_start_ignored();
}

static inline kr_started fails(kr_term args, kr_msg *more)
{
        return kr_start_failed(more, "{no, ~}", tag_of(args));
}

static inline kr_started exits(kr_term args, kr_msg *more)
{
        (void)args;
        (void)more;
        kr_exit("gone");
}

static inline kr_started throws(kr_term args, kr_msg *more)
{
        (void)more;
        kr_throw("~", tag_of(args));
}

static inline kr_started is_flaky(kr_term args, kr_msg *more)
{
        attempts++;
        if (failures_left > 0) {
                failures_left--;
                return kr_start_failed(more, "flaky");
        }
        return kr_proc_lib_start_link(&(kr_start_opts){ .ret_reason = more }, tells,
                                      args);
}

/* Starts the first time; then answers ignore. */
static inline kr_started ignores_later(kr_term args, kr_msg *more)
{
        (void)more;
        return attempts++ == 0 ? kr_started_ok(spawn_waiting(args)) : kr_start_ignored();
}

/* Acknowledges, {ok, Pid, Info}. */
static inline void acks_with_info(kr_term args)
{
        kr_init_ack("{ok, ~, ~}", kr_self(), tag_of(args));
        waits(args);
}

static inline void acks(kr_term args)
{
        kr_init_ack("{ok, ~}", kr_self());
        waits(args);
}

static inline void acks_oddly(kr_term args)
{
        kr_init_ack("odd");
        waits(args);
}

/* -- a supervisor -- */

static inline bool one_of(kr_term t, const char *const *names, int count, int *ret)
{
        kr_atom atom;

        for (int i = 0; i < count; i++) {
                if (kr_get_atom(t, &atom) &&
                    strcmp(kr_atom_text(atom, NULL), names[i]) == 0) {
                        *ret = i;
                        return true;
                }
        }
        return false;
}

static inline kr_err any_init(kr_supervisor_init *s, kr_term args)
{
        static const char *const strategies[] = { "one_for_one", "one_for_all",
                                                  "rest_for_one", "simple_one_for_one" };
        static const char *const autos[] = { "never", "any_significant",
                                             "all_significant" };
        int intensity, period_s, strategy_at, auto_at;
        kr_term strategy, auto_shutdown, specs;

        (void)kr_match(args, "[~]", &args); /* as a child */
        if (kr_match(args, "ignore"))
                return KR_EIGNORED;
        if (kr_match(args, "crash"))
                kr_error("init_crash");
        if (kr_match(args, "bad"))
                return KR_EOS;
        kit_true(kr_match(args, "{~, ~, ~, ~, ~}", &strategy, &intensity, &period_s,
                          &auto_shutdown, &specs));
        kit_true(one_of(strategy, strategies, 4, &strategy_at));
        kit_true(one_of(auto_shutdown, autos, 3, &auto_at));
        kr_supervisor_set_flags(s, &(kr_supervisor_flags){
                                           .strategy = (kr_strategy)strategy_at,
                                           .intensity = intensity ? intensity
                                                                  : KR_INTENSITY_NONE,
                                           .period_s = period_s,
                                           .auto_shutdown = (kr_auto_shutdown)auto_at });
        for (; kr_is_cons(specs); specs = kr_tl(specs))
                kit_ok(kr_supervisor_add_term(s, kr_hd(specs)));
        return KR_OK;
}

KR_SUPERVISOR(any_sup, .init = any_init);

/* What {w, Name, Args} may name. */
static inline void offer_all(void)
{
        static const kr_child_start offers[] = {
                { .module = "w", .function = "waits", .run = waits },
                { .module = "w", .function = "is_deaf", .proc = is_deaf },
                { .module = "w", .function = "unlinks", .run = unlinks },
                { .module = "w", .function = "tells", .proc = tells },
                { .module = "w", .function = "ends_badly", .proc = ends_badly },
                { .module = "w", .function = "acks", .proc = acks },
                { .module = "w", .function = "acks_with_info", .proc = acks_with_info },
                { .module = "w", .function = "acks_oddly", .proc = acks_oddly },
                { .module = "w", .function = "with_info", .start = with_info },
                { .module = "w", .function = "ignores", .start = ignores },
                { .module = "w", .function = "ignores_later", .start = ignores_later },
                { .module = "w", .function = "fails", .start = fails },
                { .module = "w", .function = "exits", .start = exits },
                { .module = "w", .function = "throws", .start = throws },
                { .module = "w", .function = "is_flaky", .start = is_flaky },
                KR_START(any_sup),
        };

        for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++)
                kit_ok(kr_supervisor_offer(kr_here(), &offers[i]));
}

/* Gives a new term. */
static inline kr_term parsed(const char *text)
{
        kr_text_error error;
        kr_term t;

        if (kr_parse(text, strlen(text), NULL, &t, &error) != KR_OK)
                kit_fail("%s: column %u: %s", text, error.column, error.message);
        return t;
}

/* The process of the case gets ready. */
static inline void ready(void)
{
        offer_all();
        failures_left = attempts = 0; /* a body runs several times */
        kr_trap_exit(true);
        if (kr_pid_is_none(kr_whereis("test")))
                kr_register("test", kr_self());
}

static inline kr_started try_start_sup(const char *text, kr_msg *reason)
{
        kr_term args = parsed(text);
        kr_started started;

        ready();
        started = kr_start_link(&any_sup, &(kr_start_opts){ .ret_reason = reason }, "~",
                                args);
        kr_release(args);
        return started;
}

static inline kr_pid start_sup(const char *text)
{
        kr_msg reason = KR_MSG_INIT;
        kr_started started = try_start_sup(text, &reason);
        char why[300];

        if (started.err != KR_OK) {
                (void)kr_format(why, sizeof(why), reason.term);
                kit_fail("%s: %s: %s", text, kr_err_name(started.err), why);
        }
        kr_msg_clear(&reason);
        return started.pid;
}

/* Start fails with {error, Reason} that looks so. */
#define expect_no_start(text, ...)                                                       \
        do {                                                                             \
                kr_msg reason_ = KR_MSG_INIT;                                            \
                                                                                         \
                kit_int_eq(try_start_sup(text, &reason_).err, KR_EFAILED);               \
                kit_match(reason_.term, __VA_ARGS__);                                    \
                kr_msg_clear(&reason_);                                                  \
                kit_expect_nothing();                                                    \
        } while (0)

/* Call with a request as text, {start_child, ...}: the answer looks so. */
#define expect_answer(sup, request, ...)                                                 \
        do {                                                                             \
                kr_msg answer_ = KR_MSG_INIT;                                            \
                kr_term request_ = parsed(request);                                      \
                                                                                         \
                (void)kr_call_timeout(sup, &answer_, KR_INFINITY, "~", request_);        \
                kr_release(request_);                                                    \
                kit_match(answer_.term, __VA_ARGS__);                                    \
                kr_msg_clear(&answer_);                                                  \
        } while (0)

/* The pid of the child with this id (an atom's text); none: undefined or restarting. */
static inline kr_pid pid_of(kr_pid sup, const char *id)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid pid = kr_pid_none();
        kr_term list = kr_supervisor_which_children(sup, &slot);

        for (; kr_is_cons(list); list = kr_tl(list))
                if (kr_match(kr_hd(list), "{=, ~, _, _}", kri_atom_of(id), &pid))
                        break;
        kr_msg_clear(&slot);
        return pid;
}

/* The same once it is another process than `old`. */
static inline kr_pid next_pid_of(kr_pid sup, const char *id, kr_pid old)
{
        kr_pid pid;

        for (;;) {
                pid = pid_of(sup, id);
                if (!kr_pid_is_none(pid) && !kr_pid_eq(pid, old))
                        return pid;
                kr_yield(); /* in virtual time one that keeps failing lets none pass */
        }
}

/* End a child with this reason, and wait until that is so. */
#define end_child(pid, ...)                                                              \
        do {                                                                             \
                kr_term reason_ = kr_build(__VA_ARGS__);                                 \
                                                                                         \
                end_child_with(pid, reason_);                                            \
                kr_release(reason_);                                                     \
        } while (0)

static inline void end_child_with(kr_pid pid, kr_term reason)
{
        kr_ref gone = kr_monitor(pid);
        kr_msg msg = KR_MSG_INIT;

        kr_send(pid, "{end_with, ~}", reason);
        kit_expect(&msg, "{'DOWN', =, process, _, _}", gone);
        kr_msg_clear(&msg);
}

static inline void expect_started(const char *tag)
{
        kr_msg msg = KR_MSG_INIT;

        kit_next(&msg, "{started, =, _}", kri_atom_of(tag));
        kr_msg_clear(&msg);
}

static inline void expect_stopped(const char *tag)
{
        kr_msg msg = KR_MSG_INIT;

        kit_next(&msg, "{stopped, =, shutdown}", kri_atom_of(tag));
        kr_msg_clear(&msg);
}

/* Stop the supervisor as its parent does, and wait for its end. */
static inline void stop_sup(kr_pid sup)
{
        kr_ref gone = kr_monitor(sup);
        kr_msg msg = KR_MSG_INIT;

        kr_exit_signal(sup, "shutdown");
        kit_expect_down(gone, "shutdown");
        kit_expect(&msg, "{'EXIT', =, shutdown}", sup);
        kr_msg_clear(&msg);
}

/* The supervisor has ended by itself. */
static inline void expect_sup_gone(kr_pid sup)
{
        kr_msg msg = KR_MSG_INIT;

        kit_expect(&msg, "{'EXIT', =, shutdown}", sup);
        kr_msg_clear(&msg);
}

#endif
