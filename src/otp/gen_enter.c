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

/* The first ancestor's pid is that of the starter, also when the list has its name. */
static struct kri_line *line_of(struct kri_born *born)
{
        struct kri_line *line;
        kr_term ancestors;

        if (born->head.loop == &kri_gen_loop)
                return born->line;
        ancestors = kri_born_ancestors(born);
        line = kri_line_of_term(ancestors);
        kr_release(ancestors);
        if (line == NULL)
                kr_error("system_limit");
        line->pid = kri_born_starter(born);
        return line;
}

/* What it has from its former life goes over to the new record, which is the process's from
 * kr_become_loop on: nothing may be raised in between. */
static void take_over(kr_gen *g, struct kri_born *born)
{
        struct kri_more *more = g->born.more;

        g->born.line = line_of(born);
        g->born.flags = KRI_BORN_RUNNING | KRI_BORN_HAS_PARENT |
                        (born->flags & (KRI_BORN_STARTED | KRI_BORN_ACKED));
        if (more != NULL)
                more->sys.parent = kr_gen_parent(g);
        if (born->head.loop != &kri_gen_loop)
                return;
        if (more == NULL)
                g->born.more = born->more;
        else if (born->more != NULL)
                more->ours = born->more->ours;
        born->line = NULL;
        born->more = NULL;
}

kr_gen *kri_gen_enter(const kr_behaviour *behaviour, const kr_start_opts *opts,
                      const void *state)
{
        struct kri_born *born = kri_born_self();
        kr_gen *g;

        if (behaviour == NULL || behaviour->kind == NULL)
                kr_error("{badarg, {<<\"kr_enter_loop\">>, <<\"behaviour\">>}}");
        if (born == NULL)
                kr_exit("process_was_not_started_by_proc_lib");
        check_name(opts);
        g = kri_gen_new(behaviour, NULL, 0);
        if (g == NULL)
                kr_error("system_limit");
        if (state != NULL)
                memcpy(kr_gen_state(g), state, behaviour->state_size);
        take_options(g, opts);
        take_over(g, born);
        return g;
}

void kri_gen_enter_loop(const kr_behaviour *behaviour, const kr_start_opts *opts,
                        const void *state)
{
        kr_become_loop(&kri_gen_loop, kri_gen_enter(behaviour, opts, state));
}
