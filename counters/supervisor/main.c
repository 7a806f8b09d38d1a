/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor: the stage, told: what is typed in Erlang, and what the counters and their
 * supervisors say. */
#include "counter.h"
#include "counter_sup.h"
#include "counters.h"
#include "counters_sup.h"

#include "stage.h"

#define FOO kr_atom_term(KR_ATOM("foo"))

static void title(const char *text)
{
        stage_say("\n%s\n", text);
}

static void show_value(kr_term value)
{
        char text[100];

        kr_format(text, sizeof(text), value);
        stage_say("  -> %s\n", text);
}

static void show_err(kr_err err)
{
        stage_say("  -> %s\n", kr_err_name(err));
}

static void read(void)
{
        kr_msg answer = KR_MSG_INIT;

        show_value(counter_read(&answer));
        kr_msg_clear(&answer);
}

/* Wait for the supervisor to put another counter in the place of this one. */
static void await_another(const char *name, kr_pid old)
{
        kr_pid now = old;

        while (kr_pid_is_none(now) || kr_pid_eq(now, old)) {
                kr_yield();
                now = kr_whereis(name);
        }
}

static void await_end(kr_pid pid)
{
        enum { DOWN };
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor = kr_monitor(pid);

        kr_receive(&msg, KR_INFINITY, kr_on(DOWN, "{'DOWN', =, _, _, _}", monitor));
        kr_msg_clear(&msg);
}

static void tell_counter(void)
{
        int64_t value;
        kr_pid old;

        title("a counter under a supervisor");
        (void)counter_sup_start_link(0);
        (void)counter_tick(kr_int(3));
        show_err(counter_tick_and_wait(39, &value));
        read();

        title("a tick of foo is refused where it is asked for");
        show_err(counter_tick(FOO));
        read();

        title("a stranger's exit signal is one more message: it traps exits");
        kr_exit_signal(kr_whereis("counter"), "boom");
        read();

        title("what ends it all the same: its supervisor starts another, from the beginning");
        old = kr_whereis("counter");
        kr_cast("counter", "{tick, foo}");
        await_another("counter", old);
        read();
        old = kr_whereis("counter");
        kr_exit_signal(old, "kill");
        await_another("counter", old);
        read();

        title("stopped, twice");
        show_err(counter_sup_stop());
        show_err(counter_sup_stop());
}

static void tell_intensity(void)
{
        kr_pid sup, old;

        title("eleven faults in an hour are too many");
        sup = counter_sup_start_link(0).pid;
        for (int i = 0; i < 11; i++) {
                old = kr_whereis("counter");
                kr_exit_signal(old, "kill");
                if (i < 10)
                        await_another("counter", old);
        }
        await_end(sup);
        stage_say("  the supervisor has ended\n");
}

static void tell_counters(void)
{
        kr_msg answer = KR_MSG_INIT;
        kr_pid old;

        title("many of them, that come and go");
        (void)counters_sup_start_link("a", 0);
        (void)counters_sup_start_child("b", 10);
        show_err(counters_sup_start_child("b", 10).err);
        (void)counters_tick("a", kr_int(5));
        (void)counters_tick("b", kr_int(5));
        show_value(counters_read("b", &answer));
        old = kr_whereis("b");
        kr_exit_signal(old, "kill");
        await_another("b", old);
        show_value(counters_read("b", &answer));
        show_value(counters_read("a", &answer));
        show_err(counters_sup_stop_child("b"));
        show_err(counters_sup_start_child("No name", 0).err);
        show_err(counters_sup_stop());
        kr_msg_clear(&answer);
}

static void tell(void)
{
        kr_trap_exit(true); /* supervisors end with reasons of their own here */
        tell_counter();
        tell_intensity();
        tell_counters();
}

int main(void)
{
        return stage_run(tell);
}
