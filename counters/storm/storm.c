/* SPDX-License-Identifier: Apache-2.0 */
#include "storm.h"

#include <stdio.h>

#include "counter.h"
#include "storm_sup.h"

#define BURST 1000  /* casts before each call; then a pause of a millisecond */
#define CALL_MS 50  /* for the answer to a tick */
#define LOAD_MS 200 /* before a strike, and after it */
#define WATCH_EVERY_MS 40
#define NO_ANSWER_MS 50 /* then a counter is taken for stuck */

static const char *const names[STORM_MEMBERS] = {
        [STORM_A] = "a",
        [STORM_B] = "b",
        [STORM_C] = "c",
        [STORM_D] = "d",
        [STORM_CALM_SUP] = "calm_sup",
        [STORM_ROUGH_SUP] = "rough_sup",
};

static struct {
        _Atomic int64_t sent, acknowledged;
} witness[STORM_COUNTERS];

kr_started storm_start(void)
{
        return kr_start_link(&storm_sup, KR_START_OPTS(.name = "storm_sup"), "[]");
}

void storm_stop(void)
{
        (void)kr_stop_normal("storm_sup");
}

/* -- load -- */

static bool tick_and_wait(int64_t who)
{
        kr_msg answer = KR_MSG_INIT;
        kr_err err;

        atomic_fetch_add(&witness[who].sent, 1);
        err = kr_try_call(names[who], &answer, CALL_MS, "{tick, 1}");
        kr_msg_clear(&answer);
        if (err == KR_OK)
                atomic_fetch_add(&witness[who].acknowledged, 1);
        return err == KR_OK;
}

static bool is_told_to_stop(void)
{
        kr_msg msg = KR_MSG_INIT;
        bool stop = kr_receive(&msg, 1, kr_on(0, "stop")) == 0;

        kr_msg_clear(&msg);
        return stop;
}

/* A call that is answered comes after the casts before it: with it all of them are settled. */
static void load(int64_t who)
{
        bool stop = false, settled = false;

        while (!stop || !settled) {
                for (int i = 0; i < BURST; i++) {
                        atomic_fetch_add(&witness[who].sent, 1);
                        kr_cast(names[who], "{tick, 1}");
                }
                settled = tick_and_wait(who);
                stop = stop || is_told_to_stop();
        }
}

static void load_begin(kr_pid *loaders, kr_ref *monitors)
{
        for (int64_t who = 0; who < STORM_COUNTERS; who++)
                loaders[who] = kr_spawn_monitor(&monitors[who], load, who);
}

static void load_end(const kr_pid *loaders, const kr_ref *monitors)
{
        kr_msg msg = KR_MSG_INIT;

        for (int who = 0; who < STORM_COUNTERS; who++)
                kr_send(loaders[who], "stop");
        for (int who = 0; who < STORM_COUNTERS; who++)
                kr_receive(&msg, KR_INFINITY,
                           kr_on(0, "{'DOWN', =, process, _, _}", monitors[who]));
        kr_msg_clear(&msg);
}

static void let_it_run(storm_watch_fn *watch)
{
        for (int ms = 0; ms < LOAD_MS; ms += WATCH_EVERY_MS) {
                int64_t sent = 0;

                kr_sleep(WATCH_EVERY_MS);
                for (int who = 0; who < STORM_COUNTERS; who++)
                        sent += atomic_load(&witness[who].sent);
                if (watch != NULL)
                        watch(sent);
        }
}

/* -- strikes -- */

static bool answers(const char *name, int64_t timeout_ms, int64_t *ret_value)
{
        kr_msg answer = KR_MSG_INIT;
        bool ok = kr_try_call(name, &answer, timeout_ms, "read") == KR_OK &&
                  kr_get_int64(answer.term, ret_value);

        kr_msg_clear(&answer);
        return ok;
}

/* A supervisor does not see that a child is busy for ever: who asks it does. */
static void get_stuck(void)
{
        int64_t value;

        kr_cast("c", "loop");
        while (answers("c", NO_ANSWER_MS, &value))
                ;
}

static void strike(enum storm_blow blow)
{
        switch (blow) {
        case STORM_KILL:
        case STORM_LOOP:
                kr_exit_signal(kr_whereis("c"), "kill");
                return;
        case STORM_WRONG:
                kr_send("c", "hello");
                kr_cast("c", "hello");
                kr_cast("c", "{tick, foo}");
                return;
        case STORM_DEEP:
                kr_cast("c", "deep");
                return;
        default:
                kr_cast("c", "segv");
        }
}

static void await_end(kr_ref monitor, char *text, size_t size)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason, what;

        kr_receive(&msg, KR_INFINITY,
                   kr_on(0, "{'DOWN', =, process, _, ~}", monitor, &reason));
        if (text[0] == 0) {
                what = kr_match(reason, "{~, [_ | _]}", &what) ? what : reason;
                (void)kr_format(text, size, what);
        }
        kr_msg_clear(&msg);
}

static void strike_and_await(enum storm_blow blow, struct storm_result *result)
{
        kr_pid old = kr_whereis("c");
        kr_ref monitor = kr_monitor(old);
        int64_t begun_ns, value;

        if (blow == STORM_LOOP)
                get_stuck();
        begun_ns = kr_monotonic_ns(NULL);
        strike(blow);
        result->strikes++;
        while (kr_pid_eq(kr_whereis("c"), old) || !answers("c", 5000, &value))
                kr_yield();
        result->answered_ns = kr_monotonic_ns(NULL) - begun_ns;
        await_end(monitor, result->reason, sizeof(result->reason));
}

/* -- counting -- */

static void name_parent(struct storm_member *member)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid parent;
        kr_atom name;

        if (kr_process_info(member->after, KR_ATOM("parent"), &slot) &&
            kr_match(slot.term, "{parent, ~}", &parent) &&
            kr_process_info(parent, KR_ATOM("registered_name"), &slot) &&
            kr_match(slot.term, "{registered_name, ~}", &name))
                (void)snprintf(member->parent, sizeof(member->parent), "%s",
                               kr_atom_text(name, NULL));
        kr_msg_clear(&slot);
}

static void look_before(struct storm_result *result)
{
        for (int i = 0; i < STORM_MEMBERS; i++) {
                result->members[i].name = names[i];
                result->members[i].before = kr_whereis(names[i]);
        }
        for (int who = 0; who < STORM_COUNTERS; who++) {
                (void)answers(names[who], KR_INFINITY, &result->counts[who].before);
                atomic_store(&witness[who].sent, 0);
                atomic_store(&witness[who].acknowledged, 0);
                atomic_store(&counter_counted[who], 0);
        }
}

static void look_after(struct storm_result *result)
{
        for (int i = 0; i < STORM_MEMBERS; i++) {
                result->members[i].after = kr_whereis(names[i]);
                name_parent(&result->members[i]);
        }
        for (int who = 0; who < STORM_COUNTERS; who++) {
                struct storm_count *count = &result->counts[who];

                (void)answers(names[who], KR_INFINITY, &count->now);
                count->sent = atomic_load(&witness[who].sent);
                count->acknowledged = atomic_load(&witness[who].acknowledged);
                count->counted = atomic_load(&counter_counted[who]);
        }
}

void storm_blow(enum storm_blow blow, storm_watch_fn *watch,
                struct storm_result *ret_result)
{
        kr_pid loaders[STORM_COUNTERS], rough_sup = kr_whereis("rough_sup");
        kr_ref monitors[STORM_COUNTERS];

        *ret_result = (struct storm_result){ .strikes = 0 };
        look_before(ret_result);
        load_begin(loaders, monitors);
        let_it_run(watch);
        do
                strike_and_await(blow, ret_result);
        while (blow == STORM_AGAIN && kr_pid_eq(kr_whereis("rough_sup"), rough_sup));
        let_it_run(watch);
        load_end(loaders, monitors);
        look_after(ret_result);
}
