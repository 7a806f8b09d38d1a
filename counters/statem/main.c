/* SPDX-License-Identifier: Apache-2.0 */
/* statem: the counter as a state machine, told: what is typed in Erlang, what is called here,
 * what comes back. */
#include "counter.h"

#include "stage.h"

#define PATIENCE_MS 100

static kr_err sleep_on_it(void)
{
        kr_sleep(PATIENCE_MS * 3 / 2);
        return KR_OK;
}

static bool start(int64_t limit, int64_t patience_ms)
{
        return counter_start_link(limit, patience_ms).err == KR_OK;
}

static void tell_states(void)
{
        kr_msg msg = KR_MSG_INIT;

        stage_say("\nthe state decides: running counts, paused lets ticks wait\n");
        STAGE_SHOW("counter:start_link(...)", start(5, PATIENCE_MS));
        STAGE_SHOW("counter:tick(1)", counter_tick(kr_int(1)));
        STAGE_SHOW("counter:read()", counter_read(&msg));
        STAGE_SHOW("counter:pause()", counter_pause());
        STAGE_SHOW("counter:tick(1)", counter_tick(kr_int(1)));
        STAGE_SHOW("counter:tick(1)", counter_tick(kr_int(1)));
        STAGE_SHOW("counter:read()", counter_read(&msg));
        STAGE_SHOW("counter:resume()", counter_resume());
        STAGE_SHOW("counter:read()", counter_read(&msg));
        kr_msg_clear(&msg);
}

static void tell_limit(void)
{
        kr_msg msg = KR_MSG_INIT;

        stage_say("\nfull: ticks are dropped; somebody should come and reset it\n");
        STAGE_SHOW("counter:tick(4)", counter_tick(kr_int(4)));
        STAGE_SHOW("counter:tick(1)", counter_tick(kr_int(1)));
        STAGE_SHOW("counter:read()", counter_read(&msg));
        STAGE_SHOW("counter:reset()", counter_reset(&msg));
        STAGE_SHOW("counter:read()", counter_read(&msg));
        STAGE_SHOW("timer:sleep(150)", sleep_on_it());
        STAGE_SHOW("counter:read()", counter_read(&msg));
        kr_msg_clear(&msg);
}

static void tell_end(void)
{
        kr_ref monitor = kr_monitor("counter");

        stage_say("\nfull, and nobody comes: it ends, as it was told to\n");
        kr_trap_exit(true);
        STAGE_SHOW("counter:tick(99)", counter_tick(kr_int(99)));
        stage_show_end("counter", monitor);
}

static void tell_sys(void)
{
        kr_msg msg = KR_MSG_INIT;

        stage_say("\nsys sees both, state and data\n");
        STAGE_SHOW("counter:start_link(...)", start(5, PATIENCE_MS));
        STAGE_SHOW("counter:tick(2)", counter_tick(kr_int(2)));
        STAGE_SHOW("counter:pause()", counter_pause());
        STAGE_SHOW("sys:get_state(counter)", kr_sys_get_state("counter", &msg));
        STAGE_SHOW("counter:stop()", counter_stop());
        kr_msg_clear(&msg);
}

static void tell(void)
{
        stage_say("  %-24s %-36s %s\n", "in Erlang", "here", "comes back");
        tell_states();
        tell_limit();
        tell_end();
        tell_sys();
}

int main(void)
{
        return stage_run(tell);
}
