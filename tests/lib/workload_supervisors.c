/* SPDX-License-Identifier: Apache-2.0 */
/* workload_supervisors.c: supervisors whose children crash, are killed, end, are stopped and
 * started by several at once: nobody is there twice, nobody is left over, the intensity is kept,
 * and who is said to run does run. */
#include "workload.h"

#include <krarup/supervisor.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CHILDREN 12
#define CALL_MS 60000

enum { DOWN };

struct family {
        uint64_t seed;
        kr_pid sup;
        kr_strategy strategy;
        int32_t intensity;
        uint32_t children, children_at_first;
        _Atomic int64_t alive[CHILDREN]; /* simple_one_for_one: all in the first */
        _Atomic int64_t started, ended;
        _Atomic int64_t
                asked_for;    /* starts that somebody asked for, and that were answered */
        _Atomic int64_t lost; /* ... and that may have been done, but not answered */
};

/* -- children -- */

struct life {
        struct family *family;
        uint32_t slot;
};

static void ends(void *arg)
{
        struct life *life = arg;

        atomic_fetch_sub(&life->family->alive[life->slot], 1);
        atomic_fetch_add(&life->family->ended, 1);
}

static void begins(struct life *life, kr_term args)
{
        uint64_t address, slot;
        int64_t others;

        must(kr_match(args, "[~, ~ | _]", &address, &slot));
        life->family = (struct family *)(uintptr_t)address;
        life->slot = (uint32_t)slot;
        atomic_fetch_add(&life->family->started, 1);
        others = atomic_fetch_add(&life->family->alive[slot], 1);
        must(kr_defer(ends, life)); /* from here on it is counted however it ends */
        if (life->family->strategy != KR_SIMPLE_ONE_FOR_ONE)
                must_eq(others, 0);
}

static void lives(kr_term args)
{
        struct life *life =
                kr_alloc(sizeof(*life)); /* on the heap: a clean-up's stack is another */
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;

        must(life != NULL);
        begins(life, args);
        kr_init_ack("{ok, ~}", kr_self());
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{end_with, ~}", &reason));
        kr_exit("~", reason);
}

/* Does not end when it is told to. */
static void resists(kr_term args)
{
        (void)kr_trap_exit(true);
        lives(args);
}

/* -- the supervisor -- */

static kr_err init(kr_supervisor_init *s, kr_term args)
{
        static const kr_restart restarts[] = { KR_PERMANENT, KR_PERMANENT, KR_TRANSIENT,
                                               KR_TEMPORARY };
        static const int64_t shutdowns[] = { 30, KR_SHUTDOWN_BRUTAL_KILL, KR_SHUTDOWN_NOW,
                                             10 };
        struct family *f;
        uint64_t address;
        struct chance c;

        must(kr_match(args, "~", &address));
        f = (struct family *)(uintptr_t)address;
        c = chance_of(f->seed, 1000);
        kr_supervisor_set_flags(s, &(kr_supervisor_flags){ .strategy = f->strategy,
                                                           .intensity = f->intensity,
                                                           .period_s = 100000 });
        for (uint32_t i = 0; i < f->children_at_first; i++) {
                const kr_term id = kr_int((int32_t)i);
                bool is_deaf = chance_one_in(&c, 4);
                kr_child child = { .id_term = &id,
                                   .start = KR_START_PROC(lives),
                                   .restart = restarts[chance_below(&c, 4)],
                                   .shutdown_ms = shutdowns[chance_below(&c, 4)] };

                if (is_deaf)
                        child.start = (kr_child_start)KR_START_PROC(resists);
                must_eq(kr_supervisor_add_with(s, &child, "[~, ~]", address, (uint64_t)i),
                        KR_OK);
        }
        return KR_OK;
}

KR_SUPERVISOR(workload_sup, .init = init);

/* -- those that disturb -- */

struct disturber {
        struct family *family;
        uint64_t who;
};

/* The pid of some child that is said to run; none: no such luck. */
static kr_pid some_child(struct family *f, struct chance *c)
{
        kr_pid pid = kr_pid_none(), found = kr_pid_none();
        kr_msg msg = KR_MSG_INIT;
        uint32_t seen = 0;

        if (kr_try_call(f->sup, &msg, CALL_MS, "which_children") == KR_OK)
                for (kr_term l = msg.term; kr_is_cons(l); l = kr_tl(l))
                        if (kr_match(kr_hd(l), "{_, ~, _, _}", &pid) &&
                            chance_below(c, ++seen) == 0)
                                found = pid;
        kr_msg_clear(&msg);
        return found;
}

static void hurt(struct family *f, struct chance *c)
{
        kr_pid pid = some_child(f, c);

        if (kr_pid_is_none(pid))
                return;
        switch (chance_below(c, 6)) {
        case 0:
                kr_exit_signal(pid, "kill");
                break;
        case 1:
                kr_exit_signal(pid, "boom");
                break;
        case 2:
                kr_send(pid, "{end_with, normal}");
                break;
        case 3:
                kr_send(pid, "{end_with, {shutdown, ~}}", chance_below(c, 9));
                break;
        default:
                kr_send(pid, "{end_with, {boom, ~}}", chance_below(c, 9));
                break;
        }
}

/* The answer to something that may start a child. */
static void note_start(struct family *f, kr_err err, const kr_msg *answer)
{
        if (err != KR_OK)
                atomic_fetch_add(&f->lost, 1);
        else if (kr_match(answer->term, "{ok, _}"))
                atomic_fetch_add(&f->asked_for, 1);
}

static void ask_dynamic(struct family *f, struct chance *c, kr_msg *answer)
{
        kr_pid pid;

        if (chance_one_in(c, 3)) {
                pid = some_child(f, c);
                if (!kr_pid_is_none(pid))
                        (void)kr_try_call(f->sup, answer, CALL_MS, "{terminate_child, ~}",
                                          pid);
        } else {
                note_start(f,
                           kr_try_call(f->sup, answer, CALL_MS, "{start_child, [~]}",
                                       chance_below(c, 100)),
                           answer);
        }
}

static void add(struct family *f, int32_t slot, kr_msg *answer)
{
        const kr_term id = kr_int(slot);
        const kr_child child = { .id_term = &id, .start = KR_START_PROC(lives) };
        kr_started started;

        if (!kr_is_process_alive(f->sup))
                return;
        started = kr_supervisor_start_child_with(f->sup, answer, &child, "[~, ~]",
                                                 (uint64_t)(uintptr_t)f, (uint64_t)slot);
        note_start(f, KR_OK, answer);
        must(started.err == KR_OK || started.err == KR_EALREADY);
}

static void ask(struct family *f, struct chance *c, kr_msg *answer)
{
        int32_t slot = (int32_t)chance_below(c, f->children);

        switch (chance_below(c, 5)) {
        case 0:
                (void)kr_try_call(f->sup, answer, CALL_MS, "{terminate_child, ~}", slot);
                break;
        case 1:
                (void)kr_try_call(f->sup, answer, CALL_MS, "{delete_child, ~}", slot);
                break;
        case 2:
                note_start(f,
                           kr_try_call(f->sup, answer, CALL_MS, "{restart_child, ~}",
                                       slot),
                           answer);
                break;
        case 3:
                (void)kr_try_call(f->sup, answer, CALL_MS, "count_children");
                break;
        default:
                add(f, slot, answer);
                break;
        }
}

/* A supervisor that ends meanwhile ends who asks it: that is one start that may be lost. */
static void ask_once(void *arg)
{
        struct disturber *d = arg;
        struct chance c = chance_of(d->family->seed, d->who);
        kr_msg answer = KR_MSG_INIT;

        if (chance_one_in(&c, 2))
                hurt(d->family, &c);
        else if (d->family->strategy == KR_SIMPLE_ONE_FOR_ONE)
                ask_dynamic(d->family, &c, &answer);
        else
                ask(d->family, &c, &answer);
        kr_msg_clear(&answer);
        if (chance_one_in(&c, 4))
                kr_sleep(chance_below(&c, 5));
}

static void disturbs(struct disturber *d)
{
        struct chance c = chance_of(d->family->seed, d->who);
        uint64_t base = d->who << 20;
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        for (uint32_t i = 10 + chance_below(&c, 30); i > 0; i--) {
                d->who = base + i;
                if (!kr_catch(ask_once, d, &kind, &reason))
                        atomic_fetch_add(&d->family->lost, 1);
        }
        kr_msg_clear(&reason);
}

/* -- what must hold -- */

static int64_t all_alive(struct family *f)
{
        int64_t sum = 0;

        for (uint32_t i = 0; i < CHILDREN; i++)
                sum += atomic_load(&f->alive[i]);
        return sum;
}

/* Each start that nobody asked for was a restart. */
static void must_keep_intensity(struct family *f, bool has_ended)
{
        int64_t restarts = f->started - f->asked_for - f->children_at_first;

        if (f->strategy == KR_SIMPLE_ONE_FOR_ONE)
                restarts = f->started - f->asked_for;
        else if (f->strategy != KR_ONE_FOR_ONE)
                return; /* a restart starts many */
        must(restarts <= f->intensity + f->lost);
        if (has_ended)
                must(restarts >= f->intensity - f->lost);
}

/* Every end has been heard of: who is said to run is as many as are alive. */
static void must_settle(struct family *f)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t active = -1;

        do {
                kr_yield();
                if (kr_try_call(f->sup, &msg, CALL_MS, "count_children") != KR_OK)
                        break; /* it has had enough by now */
                must(kr_match(msg.term, "[_, {active, ~}, _, _]", &active));
        } while (active != all_alive(f));
        kr_msg_clear(&msg);
}

/* True: it had ended by itself. */
static bool end_sup(struct family *f)
{
        kr_msg msg = KR_MSG_INIT;
        bool had_ended = kr_receive(&msg, 0, kr_on(0, "{'EXIT', =, shutdown}", f->sup)) ==
                         0;

        if (!had_ended) {
                kr_exit_signal(f->sup, "{shutdown, workload}");
                kr_receive(&msg, KR_INFINITY, kr_on(0, "{'EXIT', =, _}", f->sup));
                had_ended = kr_match(msg.term, "{_, _, shutdown}");
        }
        kr_msg_clear(&msg);
        return had_ended;
}

static void start(struct family *f)
{
        kr_started started;

        kr_trap_exit(true);
        started = kr_start_link(&workload_sup, NULL, "~", (uint64_t)(uintptr_t)f);
        must_eq(started.err, KR_OK);
        f->sup = started.pid;
}

void workload_supervisors(int64_t seed)
{
        struct chance c = chance_of((uint64_t)seed, 42);
        struct family *f = workload_alloc(1, sizeof(*f));
        struct disturber d = { .family = f };
        kr_ref refs[4];
        uint32_t disturbers = 1 + chance_below(&c, 4);

        f->seed = (uint64_t)seed;
        f->strategy = (kr_strategy)chance_below(&c, 4);
        f->intensity = (int32_t)(1 + chance_below(&c, 40));
        f->children = 2 + chance_below(&c, CHILDREN - 2);
        f->children_at_first = f->strategy == KR_SIMPLE_ONE_FOR_ONE
                                       ? 1
                                       : chance_below(&c, f->children + 1);
        start(f);
        for (uint32_t i = 0; i < disturbers; i++) {
                d.who = 1 + i;
                kr_spawn_monitor(&refs[i], disturbs, &d);
        }
        for (uint32_t i = 0; i < disturbers; i++)
                must_end_normally(refs[i]);
        must_settle(f);
        must_keep_intensity(f, end_sup(f));
        must_eq(all_alive(f), 0);
        must_eq(f->started, f->ended);
        must_stay_empty("the starter of a supervisor", 0);
        free(f);
}
