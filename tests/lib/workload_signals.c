/* SPDX-License-Identifier: Apache-2.0 */
/* workload_signals.c: ends, names, births and timers: everybody concerned is told once. */
#include "workload.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* -- ends: links and monitors on processes that end in every way -- */

#define VICTIMS 16
#define MONITORS 40

struct ends {
        uint64_t seed;
        uint32_t victims, observers;
        kr_pid victim[VICTIMS];
        _Atomic uint32_t deferred, cleaned;
};

struct ends_arg {
        struct ends *ends;
        uint32_t index;
};

static void clean_up(void *arg)
{
        struct ends *ends = arg;

        atomic_fetch_add(&ends->cleaned, 1);
}

static void defer_one(struct ends *ends)
{
        atomic_fetch_add(&ends->deferred, 1);
        must(kr_defer(clean_up, ends));
}

static void raise_error(void *arg)
{
        (void)arg;
        kr_error("caught");
}

static void live_a_little(struct ends *ends, struct chance *c)
{
        kr_msg msg = KR_MSG_INIT;
        kr_class how;

        switch (chance_below(c, 6)) {
        case 0:
                kr_yield();
                break;
        case 1:
                kr_sleep(chance_below(c, 4));
                break;
        case 2:
                kr_link(ends->victim[chance_below(c,
                                                  ends->victims)]); /* noproc ends us */
                break;
        case 3:
                defer_one(ends);
                break;
        case 4:
                (void)kr_receive(&msg, chance_below(c, 3), kr_on(0, "poke"));
                break;
        default:
                must(!kr_catch(raise_error, NULL, &how, &msg));
                must(how == KR_CLASS_ERROR);
        }
        kr_msg_clear(&msg);
}

static void die(struct ends *ends, struct chance *c)
{
        switch (chance_below(c, 7)) {
        case 0:
                return;
        case 1:
                kr_exit("{done, ~}", chance_below(c, 100));
        case 2:
                kr_error("wrong");
        case 3:
                kr_throw("ball");
        case 4:
                kr_exit_signal(kr_self(), "kill");
                return;
        case 5:
                kr_exit_signal(ends->victim[chance_below(c, ends->victims)],
                               "caught_in_passing");
                return;
        default:
                kr_sleep(KR_INFINITY); /* somebody must kill it */
        }
}

static void victim_main(const struct ends_arg *arg)
{
        struct chance c = chance_of(arg->ends->seed, 700 + arg->index);
        uint32_t steps = chance_below(&c, 12);
        kr_msg msg = KR_MSG_INIT;

        kr_receive(&msg, KR_INFINITY, kr_on(0, "go"));
        kr_msg_clear(&msg);
        defer_one(arg->ends);
        while (steps-- > 0)
                live_a_little(arg->ends, &c);
        die(arg->ends, &c);
}

/* Who watches, and what is still to come. */
struct observer {
        struct ends *ends;
        struct chance c;
        bool linked[VICTIMS];
        uint32_t monitors;
        struct {
                kr_ref ref;
                uint32_t victim;
                bool active;
        } monitor[MONITORS];
};

static void link_one(struct observer *o, uint32_t v)
{
        if (o->linked[v])
                return; /* if it has ended meanwhile, that would be a second EXIT */
        kr_link(o->ends->victim[v]);
        o->linked[v] = true;
}

static void unlink_one(struct observer *o, uint32_t v)
{
        kr_msg msg = KR_MSG_INIT;
        int count = 0;

        kr_unlink(o->ends->victim[v]);
        while (kr_receive(&msg, 0, kr_on(0, "{'EXIT', =, _}", o->ends->victim[v])) == 0)
                count++;
        must(count <= (o->linked[v] ? 1 : 0));
        o->linked[v] = false;
        kr_msg_clear(&msg);
}

static void monitor_one(struct observer *o, uint32_t v)
{
        if (o->monitors == MONITORS)
                return;
        o->monitor[o->monitors].ref = kr_monitor(o->ends->victim[v]);
        o->monitor[o->monitors].victim = v;
        o->monitor[o->monitors++].active = true;
}

static void demonitor_one(struct observer *o)
{
        uint32_t i = chance_below(&o->c, MONITORS);

        if (i >= o->monitors || !o->monitor[i].active)
                return;
        kr_demonitor(o->monitor[i].ref, &(kr_demonitor_opts){ .flush = true });
        o->monitor[i].active = false;
}

static void observe(struct observer *o)
{
        uint32_t v = chance_below(&o->c, o->ends->victims);

        switch (chance_below(&o->c, 10)) {
        case 0:
        case 1:
                link_one(o, v);
                break;
        case 2:
                unlink_one(o, v);
                break;
        case 3:
        case 4:
        case 5:
                monitor_one(o, v);
                break;
        case 6:
                demonitor_one(o);
                break;
        case 7:
                if (chance_one_in(&o->c, 2))
                        kr_exit_signal(o->ends->victim[v], "kill");
                else
                        kr_exit_signal(o->ends->victim[v], "shot");
                break;
        case 8:
                kr_send(o->ends->victim[v], "poke");
                (void)kr_is_process_alive(o->ends->victim[v]);
                break;
        default:
                kr_sleep(chance_below(&o->c, 3));
        }
}

static void hear_of_all(struct observer *o)
{
        kr_msg msg = KR_MSG_INIT;

        for (uint32_t i = 0; i < o->monitors; i++) {
                kr_pid victim = o->ends->victim[o->monitor[i].victim];

                if (!o->monitor[i].active)
                        continue;
                kr_receive(&msg, KR_INFINITY,
                           kr_on(0, "{'DOWN', =, process, =, _}", o->monitor[i].ref,
                                 victim));
                must(!kr_is_process_alive(victim));
        }
        for (uint32_t v = 0; v < o->ends->victims; v++)
                if (o->linked[v])
                        kr_receive(&msg, KR_INFINITY,
                                   kr_on(0, "{'EXIT', =, _}", o->ends->victim[v]));
        kr_msg_clear(&msg);
}

static void observer_main(const struct ends_arg *arg)
{
        struct observer *o = kr_calloc(1, sizeof(*o));
        kr_msg msg = KR_MSG_INIT;
        uint32_t steps;

        kr_trap_exit(true);
        o->ends = arg->ends;
        o->c = chance_of(arg->ends->seed, 800 + arg->index);
        steps = chance_below(&o->c, 60);
        kr_receive(&msg, KR_INFINITY, kr_on(0, "go"));
        kr_msg_clear(&msg);
        while (steps-- > 0)
                observe(o);
        hear_of_all(o);
        must_stay_empty("an observer", 5);
}

void workload_ends(int64_t seed)
{
        struct chance c = chance_of((uint64_t)seed, 6);
        struct ends *ends = workload_alloc(1, sizeof(*ends));
        kr_pid observer[5];
        kr_ref refs[5], victim_refs[VICTIMS];
        kr_msg msg = KR_MSG_INIT;

        ends->seed = (uint64_t)seed;
        ends->victims = 1 + chance_below(&c, VICTIMS);
        ends->observers = 1 + chance_below(&c, 5);
        for (uint32_t i = 0; i < ends->victims; i++)
                ends->victim[i] = kr_spawn_monitor(&victim_refs[i], victim_main,
                                                   (&(struct ends_arg){ ends, i }));
        for (uint32_t i = 0; i < ends->observers; i++)
                observer[i] = kr_spawn_monitor(&refs[i], observer_main,
                                               (&(struct ends_arg){ ends, i }));
        for (uint32_t i = 0; i < ends->observers; i++)
                kr_send(observer[i], "go");
        for (uint32_t i = 0; i < ends->victims; i++)
                kr_send(ends->victim[i], "go");
        kr_sleep(chance_below(&c, 20));
        for (uint32_t i = 0; i < ends->victims; i++)
                kr_exit_signal(ends->victim[i], "kill");
        for (uint32_t i = 0; i < ends->victims; i++)
                kr_receive(&msg, KR_INFINITY,
                           kr_on(0, "{'DOWN', =, process, _, _}", victim_refs[i]));
        must_eq(atomic_load(&ends->cleaned), atomic_load(&ends->deferred));
        for (uint32_t i = 0; i < ends->observers; i++)
                must_end_normally(refs[i]);
        must_stay_empty("ends", 0);
        free(ends);
}

/* -- names: one holder at a time -- */

#define NAMES 3

struct names {
        uint64_t seed;
        kr_atom name[NAMES];
        _Atomic uint32_t holder[NAMES]; /* index + 1 of who believes to have it */
        _Atomic uint64_t won;
};

struct names_arg {
        struct names *names;
        uint32_t index;
};

struct attempt {
        kr_atom name;
};

static void try_register(void *arg)
{
        kr_register(((struct attempt *)arg)->name, kr_self());
}

static void try_send(void *arg)
{
        kr_send(((struct attempt *)arg)->name, "hello");
}

/* True: the process has ended with the name. */
static bool use_name(struct names *names, struct chance *c, uint32_t me, uint32_t n)
{
        kr_atom name = names->name[n];

        must_eq(atomic_exchange(&names->holder[n], me + 1), 0);
        atomic_fetch_add(&names->won, 1);
        must(kr_pid_eq(kr_whereis(name), kr_self()));
        if (chance_one_in(c, 2))
                kr_yield();
        must(kr_pid_eq(kr_whereis(name), kr_self()));
        must_eq(atomic_exchange(&names->holder[n], 0), me + 1);
        if (chance_one_in(c, 8))
                return true;
        kr_unregister(name);
        return false;
}

static void names_main(const struct names_arg *arg)
{
        struct names *names = arg->names;
        struct chance c = chance_of(names->seed, 900 + arg->index);
        uint32_t rounds = chance_below(&c, 60);
        kr_msg msg = KR_MSG_INIT;
        kr_class how;

        while (rounds-- > 0) {
                uint32_t n = chance_below(&c, NAMES);
                struct attempt attempt = { names->name[n] };

                if (chance_one_in(&c, 4)) {
                        (void)kr_catch(try_send, &attempt, &how,
                                       &msg); /* perhaps nobody */
                } else if (kr_catch(try_register, &attempt, &how, &msg)) {
                        if (use_name(names, &c, arg->index, n))
                                return;
                } else {
                        must(kr_match(msg.term, "{{badarg, _}, _}") ||
                             kr_match(msg.term, "{badarg, _}"));
                }
                if (chance_one_in(&c, 3))
                        kr_yield();
        }
        kr_msg_clear(&msg);
}

void workload_names(int64_t seed)
{
        struct chance c = chance_of((uint64_t)seed, 7);
        struct names *names = workload_alloc(1, sizeof(*names));
        uint32_t count = 2 + chance_below(&c, 10);
        kr_ref refs[12];

        names->seed = (uint64_t)seed;
        for (uint32_t i = 0; i < NAMES; i++) {
                char text[32];
                int len = snprintf(text, sizeof(text), "workload_name_%u", i);

                must_eq(kr_atom_from(text, (size_t)len, &names->name[i]), KR_OK);
        }
        for (uint32_t i = 0; i < count; i++)
                kr_spawn_monitor(&refs[i], names_main, (&(struct names_arg){ names, i }));
        for (uint32_t i = 0; i < count; i++)
                must_end_normally(refs[i]);
        for (uint32_t i = 0; i < NAMES; i++)
                must(kr_pid_is_none(kr_whereis(names->name[i])));
        must_stay_empty("names", 0);
        free(names);
}

/* -- spawns: a storm of births, each of which reports -- */

struct spawns {
        uint64_t seed;
        _Atomic uint32_t born, ended, tickets;
};

struct spawns_arg {
        struct spawns *spawns;
        kr_pid parent;
        uint32_t depth;
        bool reports;
};

static void spawns_main(const struct spawns_arg *arg);

/* Returns true if the child reports; else *ret_ref tells of it. */
static bool spawn_one(const struct spawns_arg *arg, struct chance *c, kr_ref *ret_ref)
{
        struct spawns_arg child = { arg->spawns, kr_self(), arg->depth - 1,
                                    chance_one_in(c, 2) };
        kr_spawn_opts opts = { .link = child.reports,
                               .monitor = !child.reports,
                               .ret_monitor = ret_ref,
                               .priority = (kr_priority)chance_below(c, 4),
                               .memory_max = chance_one_in(c, 4) ? 1u << 20 : 0 };

        atomic_fetch_add(&arg->spawns->born, 1);
        kr_spawn_opt(&opts, spawns_main, &child);
        return child.reports;
}

static void spawns_main(const struct spawns_arg *arg)
{
        struct chance c = chance_of(arg->spawns->seed,
                                    1000 + atomic_fetch_add(&arg->spawns->tickets, 1));
        uint32_t children = arg->depth > 0 ? chance_below(&c, 6) : 0;
        uint32_t reports = 0, monitored = 0;
        kr_msg msg = KR_MSG_INIT;
        kr_ref refs[6];

        for (uint32_t i = 0; i < children; i++) {
                if (spawn_one(arg, &c, &refs[monitored]))
                        reports++;
                else
                        monitored++;
        }
        while (reports-- > 0)
                kr_receive(&msg, KR_INFINITY, kr_on(0, "{ended, _}"));
        for (uint32_t i = 0; i < monitored; i++)
                must_end_normally(refs[i]);
        must_stay_empty("a parent", 0);
        if (arg->reports)
                kr_send(arg->parent, "{ended, ~}", kr_self());
        atomic_fetch_add(&arg->spawns->ended, 1);
        kr_msg_clear(&msg);
}

void workload_spawns(int64_t seed)
{
        struct spawns *spawns = workload_alloc(1, sizeof(*spawns));
        struct chance c = chance_of((uint64_t)seed, 8);
        struct spawns_arg root = { spawns, kr_self(), 1 + chance_below(&c, 4), false };
        kr_ref ref;

        spawns->seed = (uint64_t)seed;
        atomic_fetch_add(&spawns->born, 1);
        kr_spawn_monitor(&ref, spawns_main, &root);
        must_end_normally(ref);
        must_stay_empty("spawns", 0);
        while (atomic_load(&spawns->ended) != atomic_load(&spawns->born))
                kr_sleep(1); /* who has reported may have a step to go */
        free(spawns);
}

/* -- timers: once, or cancelled; never early -- */

#define TIMERS 24

struct timer_plan {
        kr_ref ref;
        int64_t due_ms;
        bool pending, wrapped;
};

static void start_one(struct timer_plan *t, struct chance *c, int64_t i)
{
        int64_t in_ms = chance_below(c, 20);

        t->due_ms = kr_monotonic_ms(NULL) + in_ms;
        t->wrapped = chance_one_in(c, 2);
        t->pending = true;
        if (t->wrapped)
                t->ref = kr_start_timer(in_ms, kr_self(), "{ring, ~}", i);
        else
                t->ref = kr_send_after(in_ms, kr_self(), "{ring, ~}", i);
}

static void rang(struct timer_plan *t)
{
        must(t->pending);
        must(kr_monotonic_ms(NULL) >= t->due_ms);
        t->pending = false;
}

static bool take_ring(struct timer_plan *timers, int64_t wait_ms)
{
        enum { PLAIN, WRAPPED };
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        int64_t i;

        switch (kr_receive(&msg, wait_ms, kr_on(PLAIN, "{ring, ~}", &i),
                           kr_on(WRAPPED, "{timeout, ~, {ring, ~}}", &ref, &i))) {
        case PLAIN:
                must(!timers[i].wrapped);
                break;
        case WRAPPED:
                must(timers[i].wrapped && kr_ref_eq(ref, timers[i].ref));
                break;
        default:
                return false;
        }
        rang(&timers[i]);
        kr_msg_clear(&msg);
        return true;
}

static uint32_t pending(const struct timer_plan *timers)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < TIMERS; i++)
                count += timers[i].pending;
        return count;
}

static void timers_main(int64_t seed)
{
        struct chance c = { (uint64_t)seed };
        struct timer_plan timers[TIMERS] = { { .pending = false } };

        for (uint32_t step = 0; step < 2 * TIMERS; step++) {
                uint32_t i = chance_below(&c, TIMERS);
                int64_t before_ms = kr_monotonic_ms(NULL), nap_ms = chance_below(&c, 4);

                if (!timers[i].pending)
                        start_one(&timers[i], &c, i);
                else if (kr_cancel_timer(timers[i].ref) >= 0)
                        timers[i].pending = false;
                if (!chance_one_in(&c, 4))
                        continue;
                if (!take_ring(timers, nap_ms))
                        must(kr_monotonic_ms(NULL) >= before_ms + nap_ms);
        }
        while (pending(timers) > 0)
                (void)take_ring(timers, KR_INFINITY);
        must_stay_empty("a timers' owner", 25);
}

void workload_timers(int64_t seed)
{
        struct chance c = chance_of((uint64_t)seed, 9);
        uint32_t count = 1 + chance_below(&c, 6);
        kr_ref refs[6];

        for (uint32_t i = 0; i < count; i++)
                kr_spawn_monitor(&refs[i], timers_main,
                                 (int64_t)chance_of((uint64_t)seed, 2000 + i).state);
        for (uint32_t i = 0; i < count; i++)
                must_end_normally(refs[i]);
        must_stay_empty("timers", 0);
}
