/* SPDX-License-Identifier: Apache-2.0 */
/* counter_sup: one counter, started again when it has ended, up to ten times an hour;
 * counter_sup.erl says it in Erlang. */
#include "counter_sup.h"

#include "counter.h"
#include "say.h"

kr_started counter_sup_start_link(kr_term init, kr_msg *more)
{
        const kr_start_opts opts = { .via = &kr_via_global,
                                     .via_name = kr_atom_term(KR_ATOM("counter_sup")),
                                     .ret_reason = more };

        say("counter_sup:start_link", "[~]", init);
        return kr_start_link(&counter_sup, &opts, "~", init);
}

static kr_err init(kr_supervisor_init *s, kr_term first)
{
        const kr_child child = { .id = "counter",
                                 .start = { "counter", "start", .start = counter_start },
                                 .restart = KR_PERMANENT,
                                 .shutdown_ms = 2000 };

        say("counter_sup:init", "[~]", first);
        return kr_supervisor_add_with(s, &child, "[~]", first);
}

KR_SUPERVISOR(counter_sup, .strategy = KR_ONE_FOR_ONE, .intensity = 10, .period_s = 3600,
              .init = init);
