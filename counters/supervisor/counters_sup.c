/* SPDX-License-Identifier: Apache-2.0 */
/* counters_sup: any number of counters, each with its own ten restarts an hour; counters_sup.erl
 * says it in Erlang, where all have the same ten. */
#include "counters_sup.h"

#include <string.h>

#include "counters.h"
#include "say.h"

/* A counter that crashes all the time is left alone, and the others do not notice. */
static kr_child child_of(const char *name)
{
        return (kr_child){
                .id = name,
                .start = { "counters", "start", .start = counters_start },
                .restart = KR_PERMANENT,
                .shutdown_ms = 2000,
                .budget = { .intensity = 10, .period_s = 3600, .gives_up = true }
        };
}

/* -- what others call -- */

kr_started counters_sup_start_link(const char *name, int64_t init)
{
        const kr_start_opts opts = { .name = "counters_sup" };
        kr_started refused = { .err = KR_OK };
        kr_atom atom;

        refused.err = counters_name(name, &atom);
        if (refused.err != KR_OK)
                return refused;
        say("counters_sup:start_link(~,~)", atom, init);
        return kr_start_link(&counters_sup, &opts, "[~, ~]", atom, init);
}

kr_started counters_sup_start_child(const char *name, int64_t init)
{
        const kr_child child = child_of(name);
        kr_msg answer = KR_MSG_INIT;
        kr_started started = { .err = KR_OK };
        kr_atom atom;

        started.err = counters_name(name, &atom);
        if (started.err != KR_OK)
                return started;
        say("counters_sup:start_child(~,~)", atom, init);
        started = kr_supervisor_start_child_with("counters_sup", &answer, &child,
                                                 "[~, ~]", atom, init);
        kr_msg_clear(&answer);
        return started;
}

kr_err counters_sup_stop_child(const char *name)
{
        kr_err err;
        kr_atom atom;

        if (!kr_atom_existing(name, strlen(name), &atom))
                return KR_ENOPROC;
        say("counters_sup:stop_child(~)", atom);
        err = kr_supervisor_terminate_child("counters_sup", atom);
        return err == KR_OK ? kr_supervisor_delete_child("counters_sup", atom) : err;
}

kr_err counters_sup_stop(void)
{
        say_plain("counters_sup:stop()");
        if (kr_pid_is_none(kr_whereis("counters_sup")))
                return KR_ENOPROC;
        return kr_stop_normal("counters_sup");
}

/* -- callback -- */

static kr_err init(kr_supervisor_init *s, kr_term args)
{
        kr_term init_value;
        kr_atom name;
        kr_child child;

        if (!kr_match(args, "[~, ~]", &name, &init_value))
                return KR_EBADARG;
        say("counters_sup:init(~,~)", name, init_value);
        child = child_of(kr_atom_text(name, NULL));
        return kr_supervisor_add_with(s, &child, "[~, ~]", name, init_value);
}

KR_SUPERVISOR(counters_sup, .strategy = KR_ONE_FOR_ONE, .intensity = 10, .period_s = 3600,
              .init = init);
