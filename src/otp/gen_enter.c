/* SPDX-License-Identifier: Apache-2.0 */
/* gen_enter.c: a process that runs already becomes a behaviour (enter_loop). */
#include "gen.h"

#include <string.h>

/* The name that it says it has must be its own. */
static void check_name(const kr_start_opts *opts)
{
        kr_pid pid = kr_pid_none();

        if (opts == NULL || (opts->name == NULL && opts->via == NULL))
                return;
        if (kri_name_is_taken(opts, &pid) && kr_pid_eq(pid, kr_self()))
                return;
        if (opts->via == NULL)
                kr_exit("process_not_registered");
        if (opts->via == &kr_via_global)
                kr_exit("process_not_registered_globally");
        kr_exit("{process_not_registered_via, ~}", kri_atom_of(opts->via->name));
}

static void take_options(kr_gen *g, const kr_start_opts *opts)
{
        struct kri_more *more;

        if (opts == NULL ||
            (opts->name == NULL && opts->via == NULL && opts->debug == NULL))
                return;
        more = kri_born_more(&g->born);
        if (more == NULL)
                kr_error("system_limit");
        if (opts->name != NULL)
                more->local = kri_atom_of(opts->name);
        if (opts->via != NULL && kr_replace(&more->name, opts->via_name) != KR_OK)
                kr_error("system_limit");
        more->via = opts->via;
        if (opts->debug != NULL)
                kri_gen_sys_options(g, opts->debug);
}

/* The line and what else it has go over to the new record, which is the process's from
 * kr_become_loop on: nothing may be raised in between. */
static void take_over(kr_gen *g, struct kri_born *born)
{
        struct kri_more *more = g->born.more;

        g->born.line = born->line;
        g->born.flags = KRI_BORN_RUNNING | KRI_BORN_HAS_PARENT |
                        (born->flags & (KRI_BORN_STARTED | KRI_BORN_ACKED));
        if (more == NULL)
                g->born.more = born->more;
        else if (born->more != NULL)
                more->ours = born->more->ours;
        if (born->head.loop == &kri_plain_loop)
                kri_plain_leave(born);
        born->line = NULL;
}

kr_gen *kri_gen_enter(const kr_behaviour *behaviour, const kr_start_opts *opts,
                      const void *state)
{
        struct kri_born *born = kri_born_self();
        kr_gen *g;

        if (behaviour == NULL || behaviour->kind == NULL)
                kr_error("{badarg, {<<\"kr_enter_loop\">>, <<\"behaviour\">>}}");
        if (born == NULL || born->line == NULL)
                kr_exit("process_was_not_started_by_proc_lib");
        check_name(opts);
        g = kri_gen_new(behaviour, NULL, 0);
        if (g == NULL)
                kr_error("system_limit");
        if (state != NULL)
                memcpy(kr_gen_state(g), state, behaviour->state_size);
        g->born.line = born->line; /* for its parent's name; still counted once */
        g->born.flags = KRI_BORN_HAS_PARENT;
        take_options(g, opts);
        take_over(g, born);
        return g;
}

void kri_gen_enter_loop(const kr_behaviour *behaviour, const kr_start_opts *opts,
                        const void *state)
{
        kr_become_loop(&kri_gen_loop, kri_gen_enter(behaviour, opts, state));
}
