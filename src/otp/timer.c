/* SPDX-License-Identifier: Apache-2.0 */
/* timer.c: the timer server, and who asks it.
 *
 * Model    What is to be done is a term: {send, To, Message}, {exit, To, Reason} or {apply,
 *          Number, Argument}. The server has an entry for each timer, found by its reference;
 *          a core timer at its next time sends {timeout, _, Reference} to it.
 * Law      An entry goes when it has fired (once), is cancelled, or the process that it is for
 *          ends; what fires for one that is gone is nothing.
 */
#include "sys.h"

#include <krarup/gen_server.h>
#include <krarup/memory.h>
#include <krarup/registry.h>
#include <krarup/timer_server.h>

#include <string.h>

#define SERVER "timer_server"
#define BUCKETS_MIN 64

extern const kr_behaviour kri_timer_server;

enum { NO_TIMER, INSTANT, SEND_LOCAL, ONCE, INTERVAL };

/* -- doing -- */

static void call_function(kr_term what)
{
        kr_term argument;
        kri_fun fun;
        int64_t n;

        if (kr_match(what, "{apply, ~, ~}", &n, &argument) && (fun = kri_fun_of(n)))
                ((kr_timer_fn)fun)(argument);
}

/* None: nobody. */
static kr_pid pid_of(kr_term to)
{
        kr_pid pid = kr_pid_none();
        kr_atom name;

        if (kr_get_atom(to, &name))
                return kr_whereis(name);
        (void)kr_get_pid(to, &pid);
        return pid;
}

static void spawn_it(void *what)
{
        kr_spawn(call_function, *(kr_term *)what);
}

/* The server does not wait for a receiver that suspends its senders: there a timer of the
 * core is the one who sends. */
static void send(kr_pid to, kr_term message)
{
        kr_gen *g = kr_gen_self();

        if (kr_pid_is_none(to))
                return;
        if (g && kr_gen_module(g) == &kri_timer_server)
                kr_send_after(0, to, "~", message);
        else
                (void)kr_send(to, "~", message); /* a full mailbox is its affair */
}

static void do_it(kr_term what)
{
        kr_msg reason = KR_MSG_INIT;
        kr_term to, arg;
        kr_class kind;

        if (kr_match(what, "{send, ~, ~}", &to, &arg)) {
                send(pid_of(to), arg);
        } else if (kr_match(what, "{exit, ~, ~}", &to, &arg)) {
                if (!kr_pid_is_none(pid_of(to)))
                        kr_exit_signal(pid_of(to), "~", arg);
        } else {
                (void)kr_catch(spawn_it, &what, &kind,
                               &reason); /* no room: not this time */
        }
        kr_msg_clear(&reason);
}

/* -- the server's timers -- */

struct entry {
        struct entry *next; /* in its bucket */
        kr_ref ref;         /* the timer's name: of the monitor, if there is one */
        kr_ref timer;       /* the core's */
        kr_ref runner;      /* monitor of the process that runs it; none: none does */
        int64_t due_ms;
        int64_t interval_ms; /* 0: once */
        bool one_at_a_time;
        kr_term what; /* kept */
};

struct timers {
        struct entry **buckets; /* by `ref`; a power of two of them */
        size_t count, size;
};

static struct entry **bucket_of(struct timers *t, kr_ref ref)
{
        uint64_t hash = (ref.id[0] ^ ref.id[1] << 7) * UINT64_C(0x9e3779b97f4a7c15);

        return &t->buckets[(hash >> 32) & (t->size - 1)];
}

static struct entry **find(struct timers *t, kr_ref ref)
{
        struct entry **at = bucket_of(t, ref);

        while (*at && !kr_ref_eq((*at)->ref, ref))
                at = &(*at)->next;
        return at;
}

/* Stays as it is when there is no memory: it only gets slower. */
static void grow(struct timers *t)
{
        struct timers larger = { NULL, t->count, t->size * 2 };

        larger.buckets = kr_calloc(larger.size, sizeof(struct entry *));
        if (!larger.buckets)
                return;
        for (size_t i = 0; i < t->size; i++) {
                while (t->buckets[i]) {
                        struct entry *e = t->buckets[i], **at;

                        t->buckets[i] = e->next;
                        at = bucket_of(&larger, e->ref);
                        e->next = *at;
                        *at = e;
                }
        }
        kr_free(t->buckets);
        *t = larger;
}

static void add(struct timers *t, struct entry *e)
{
        struct entry **at;

        if (t->count >= t->size * 2)
                grow(t);
        at = bucket_of(t, e->ref);
        e->next = *at;
        *at = e;
        t->count++;
}

static void remove_at(struct timers *t, struct entry **at)
{
        struct entry *e = *at;

        *at = e->next;
        t->count--;
        (void)kr_cancel_timer(e->timer);
        if (e->interval_ms > 0)
                kr_demonitor(e->ref, &(kr_demonitor_opts){ .flush = true });
        if (!kr_ref_is_none(e->runner))
                kr_demonitor(e->runner, &(kr_demonitor_opts){ .flush = true });
        kr_release(e->what);
        kr_free(e);
}

static void set_timer(struct entry *e)
{
        e->timer = kr_start_timer_at(e->due_ms, kr_self(), "~", e->ref);
}

/* NULL: no memory. */
static struct entry *new_entry(struct timers *t, kr_ref ref, int64_t due_ms,
                               int64_t interval_ms, kr_term what)
{
        struct entry *e = kr_calloc(1, sizeof(*e));

        if (!e)
                return NULL;
        *e = (struct entry){ .ref = ref,
                             .due_ms = due_ms,
                             .interval_ms = interval_ms,
                             .what = kr_keep(what) };
        if (kr_is_none(e->what)) {
                kr_free(e);
                return NULL;
        }
        set_timer(e);
        add(t, e);
        return e;
}

/* -- requests: {once, Due, What}, {interval, Due, Interval, OneAtATime, Owner, What}, {cancel,
 *    Ref} -- */

static kr_next once(struct timers *t, int64_t due_ms, kr_term what)
{
        kr_ref ref = kr_make_ref();

        if (!new_entry(t, ref, due_ms, 0, what))
                return kr_reply("enomem");
        return kr_reply("{ok, ~}", ref);
}

static kr_ref monitor_of(kr_term owner)
{
        kr_pid pid;
        kr_atom name;

        if (kr_get_pid(owner, &pid))
                return kr_monitor(pid);
        return kr_get_atom(owner, &name) ? kr_monitor(name) : kr_make_ref();
}

static kr_next interval(struct timers *t, int64_t due_ms, int64_t interval_ms,
                        bool one_at_a_time, kr_term owner, kr_term what)
{
        kr_ref ref = monitor_of(owner);
        struct entry *e =
                new_entry(t, ref, due_ms, interval_ms > 0 ? interval_ms : 1, what);

        if (!e) {
                kr_demonitor(ref, &(kr_demonitor_opts){ .flush = true });
                return kr_reply("enomem");
        }
        e->one_at_a_time = one_at_a_time;
        return kr_reply("{ok, ~}", ref);
}

static kr_next init(struct timers *t, kr_term args)
{
        (void)args;
        kr_trap_exit(true);
        t->size = BUCKETS_MIN;
        t->buckets = kr_calloc(t->size, sizeof(struct entry *));
        return t->buckets ? kr_ok() : kr_fail("enomem");
}

static kr_next handle_call(struct timers *t, kr_term request, kr_from from)
{
        int64_t due_ms, interval_ms;
        kr_term owner, what;
        struct entry **at;
        bool one_at_a_time;
        kr_ref ref;

        (void)from;
        if (kr_match(request, "{once, ~, ~}", &due_ms, &what))
                return once(t, due_ms, what);
        if (kr_match(request, "{interval, ~, ~, ~, ~, ~}", &due_ms, &interval_ms,
                     &one_at_a_time, &owner, &what))
                return interval(t, due_ms, interval_ms, one_at_a_time, owner, what);
        if (!kr_match(request, "{cancel, ~}", &ref))
                return kr_noreply(); /* as OTP's: it is no business of ours */
        at = find(t, ref);
        if (*at)
                remove_at(t, at);
        return kr_reply("ok");
}

static kr_next handle_cast(struct timers *t, kr_term message)
{
        (void)t;
        (void)message;
        return kr_noreply();
}

/* -- what fires -- */

/* Its DOWN names the entry: {{runner, Ref}, ...}. The next one is due when it has ended. */
static void run_one_at_a_time(struct entry *e)
{
        kr_term tag = kr_build("{runner, ~}", e->ref);
        kr_spawn_opts opts = { .monitor = true, .ret_monitor = &e->runner, .tag = &tag };

        if (kr_is_none(tag))
                kr_error("enomem");
        (void)kr_spawn_opt(&opts, call_function, e->what);
        kr_release(tag);
}

static void run_guarded(void *entry)
{
        run_one_at_a_time(entry);
}

static void schedule_next(struct entry *e)
{
        e->due_ms += e->interval_ms;
        set_timer(e);
}

static void fire(struct timers *t, struct entry **at)
{
        struct entry *e = *at;
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        if (e->interval_ms == 0) {
                do_it(e->what);
                remove_at(t, at);
        } else if (!e->one_at_a_time) {
                schedule_next(e);
                do_it(e->what);
        } else if (!kr_catch(run_guarded, e, &kind, &reason)) {
                e->runner = kr_ref_none(); /* no room: not this time */
                schedule_next(e);
        }
        kr_msg_clear(&reason);
}

static kr_next handle_info(struct timers *t, kr_term info)
{
        struct entry **at;
        kr_ref ref;

        if (kr_match(info, "{timeout, _, ~}", &ref)) {
                at = find(t, ref);
                if (*at)
                        fire(t, at);
        } else if (kr_match(info, "{'DOWN', ~, process, _, _}", &ref)) {
                at = find(t, ref);
                if (*at)
                        remove_at(t, at);
        } else if (kr_match(info, "{{runner, ~}, _, process, _, _}", &ref)) {
                at = find(t, ref);
                if (*at) {
                        (*at)->runner = kr_ref_none();
                        schedule_next(*at);
                }
        }
        return kr_noreply();
}

KR_GEN_SERVER(kri_timer_server, struct timers, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast, .handle_info = handle_info);

/* -- who asks -- */

/* Somebody else may have been faster. */
static bool is_there(void)
{
        kr_start_opts opts = { .name = SERVER };
        kr_started started;

        if (!kr_pid_is_none(kr_whereis(SERVER)))
                return true;
        started = kr_start(&kri_timer_server, &opts, "[]");
        return started.err == KR_OK || started.err == KR_EALREADY;
}

/* Takes the request. */
static kr_err ask(kr_term request, kr_tref *ret_timer, int kind)
{
        kr_msg slot = KR_MSG_INIT;
        kr_err err = KR_ENOMEM;
        kr_ref ref;

        if (kr_is_none(request))
                return err;
        /* it may end, or be killed, in between */
        for (int i = 0; i < 3 && is_there(); i++) {
                err = kr_try_call(SERVER, &slot, KR_INFINITY, "~", request);
                if (err != KR_ENOPROC)
                        break;
        }
        if (err == KR_OK && kr_match(slot.term, "{ok, ~}", &ref)) {
                if (ret_timer)
                        *ret_timer = (kr_tref){ kind, ref };
        } else if (err == KR_OK && !kr_match(slot.term, "ok")) {
                err = KR_ENOMEM;
        }
        kr_msg_clear(&slot);
        kr_release(request);
        return err;
}

static bool is_time(int64_t time_ms)
{
        return time_ms >= 0 && time_ms <= KR_TIMER_MAX_MS;
}

/* Never early, however much of this millisecond is gone. */
static int64_t due_of(int64_t time_ms)
{
        return (kr_monotonic_ns(NULL) + 999999) / 1000000 + time_ms;
}

static kr_term to_term(struct kri_watched to)
{
        return kr_pid_is_none(to.pid) ? kr_atom_term(to.name) : kr_build("~", to.pid);
}

/* {Word, To, ...}: gives a new term; takes `arg`. */
static kr_term what_for(kr_atom word, struct kri_watched to, kr_term arg)
{
        kr_term target = to_term(to), what;

        what = kr_is_none(arg) ? arg : kr_build("{~, ~, ~}", word, target, arg);
        kr_release(target);
        kr_release(arg);
        return what;
}

/* The same for a function. */
static kr_term what_of(int number, kr_term arg)
{
        kr_term what = kr_is_none(arg) ? arg : kr_build("{apply, ~, ~}", number, arg);

        kr_release(arg);
        return what;
}

/* Now, or by the server. Takes `what`. */
static kr_err after(kr_tref *ret_timer, int64_t time_ms, kr_term what)
{
        kr_term request;

        if (kr_is_none(what))
                return KR_ENOMEM;
        if (time_ms > 0) {
                request = kr_build("{once, ~, ~}", due_of(time_ms), what);
                kr_release(what);
                return ask(request, ret_timer, ONCE);
        }
        do_it(what);
        kr_release(what);
        if (ret_timer)
                *ret_timer = (kr_tref){ INSTANT, kr_make_ref() };
        return KR_OK;
}

kr_err kri_timer_send_after(kr_tref *ret_timer, int64_t time_ms, struct kri_watched to,
                            struct kri_site *site, const union kri_arg *args)
{
        kr_ref ref;

        if (!kr_here() || !is_time(time_ms))
                return KR_EBADARG;
        if (time_ms == 0 || kr_pid_is_none(to.pid))
                return after(ret_timer, time_ms,
                             what_for(KR_ATOM("send"), to, kri_build(site, args)));
        ref = kri_timer_start(time_ms, to, 0, site, args);
        if (ret_timer)
                *ret_timer = (kr_tref){ SEND_LOCAL, ref };
        return KR_OK;
}

kr_err kri_timer_apply_after(kr_tref *ret_timer, int64_t time_ms, kr_timer_fn fn,
                             struct kri_site *site, const union kri_arg *args)
{
        int number;

        if (!kr_here() || !is_time(time_ms))
                return KR_EBADARG;
        number = kri_fun_number((kri_fun)fn);
        if (number < 0)
                return KR_ESYSTEMLIMIT;
        return after(ret_timer, time_ms, what_of(number, kri_build(site, args)));
}

kr_err kri_timer_exit_after(kr_tref *ret_timer, int64_t time_ms, struct kri_watched to,
                            struct kri_site *site, const union kri_arg *args)
{
        if (!kr_here() || !is_time(time_ms))
                return KR_EBADARG;
        return after(ret_timer, time_ms,
                     what_for(KR_ATOM("exit"), to, kri_build(site, args)));
}

/* Takes `what` and `owner`. */
static kr_err again(kr_tref *ret_timer, int64_t time_ms, bool one_at_a_time,
                    kr_term owner, kr_term what)
{
        kr_term request = kr_none();

        if (!kr_is_none(what) && !kr_is_none(owner))
                request = kr_build("{interval, ~, ~, ~, ~, ~}", due_of(time_ms), time_ms,
                                   one_at_a_time, owner, what);
        kr_release(owner);
        kr_release(what);
        return ask(request, ret_timer, INTERVAL);
}

kr_err kri_timer_send_interval(kr_tref *ret_timer, int64_t time_ms, struct kri_watched to,
                               struct kri_site *site, const union kri_arg *args)
{
        if (!kr_here() || !is_time(time_ms))
                return KR_EBADARG;
        return again(ret_timer, time_ms, false, to_term(to),
                     what_for(KR_ATOM("send"), to, kri_build(site, args)));
}

kr_err kri_timer_apply_interval(kr_tref *ret_timer, int64_t time_ms, bool one_at_a_time,
                                kr_timer_fn fn, struct kri_site *site,
                                const union kri_arg *args)
{
        int number;

        if (!kr_here() || !is_time(time_ms))
                return KR_EBADARG;
        number = kri_fun_number((kri_fun)fn);
        if (number < 0)
                return KR_ESYSTEMLIMIT;
        return again(ret_timer, time_ms, one_at_a_time, kr_build("~", kr_self()),
                     what_of(number, kri_build(site, args)));
}

kr_err kr_timer_cancel(kr_tref timer)
{
        if (!kr_here() || timer.kind <= NO_TIMER || timer.kind > INTERVAL ||
            kr_ref_is_none(timer.ref))
                return KR_EBADARG;
        if (timer.kind == SEND_LOCAL)
                (void)kr_cancel_timer(timer.ref);
        else if (timer.kind != INSTANT)
                return ask(kr_build("{cancel, ~}", timer.ref), NULL, NO_TIMER);
        return KR_OK;
}

int64_t kr_timer_tc(void (*fn)(void *arg), void *arg)
{
        int64_t start_ns = kr_monotonic_ns(NULL);

        fn(arg);
        return (kr_monotonic_ns(NULL) - start_ns) / 1000;
}
