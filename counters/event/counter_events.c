/* SPDX-License-Identifier: Apache-2.0 */
/* counter_events: one place to tell what happens; counter_events.erl says it in Erlang. */
#include "counter_events.h"

kr_started counter_events_start_link(void)
{
        return kr_event_start_link(&(kr_start_opts){ .name = "counter_events" });
}

kr_err counter_events_tick(const char *counter, int64_t n)
{
        kr_event_notify("counter_events", "{tick, ~, ~}", kri_atom_of(counter), n);
        return KR_OK;
}

kr_term counter_events_handlers(kr_msg *answer)
{
        return kr_event_which_handlers("counter_events", answer);
}

kr_err counter_events_stop(void)
{
        return kr_stop_normal("counter_events");
}
