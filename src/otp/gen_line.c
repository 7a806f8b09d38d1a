/* SPDX-License-Identifier: Apache-2.0 */
/* gen_line.c: who a process descends from: one block for all children of a parent. */
#include <stdlib.h>

#include "gen.h"

/* relaxed: whoever takes a count has one already, or is the parent */
static struct kri_line *line_ref(struct kri_line *line)
{
        if (line != NULL)
                __atomic_fetch_add(&line->users, 1, __ATOMIC_RELAXED);
        return line;
}

/* Not deeper than the tree of processes is high. */
void kri_line_release(struct kri_line *line)
{
        while (line != NULL) {
                struct kri_line *rest = line->rest;

                /* acq_rel: the last one sees what all others did with it before they let go */
                if (__atomic_sub_fetch(&line->users, 1, __ATOMIC_ACQ_REL) != 0)
                        return;
                free(line);
                line = rest;
        }
}

/* The caller's registered name; none: it has none. */
static kr_atom own_name(void)
{
        kr_msg info = KR_MSG_INIT;
        kr_atom name = { 0 };

        (void)kr_process_info(kr_self(), KR_ATOM("registered_name"), &info);
        (void)kr_match(info.term, "{registered_name, ~}", &name);
        kr_msg_clear(&info);
        return name;
}

static struct kri_line *new_line(kr_atom name, struct kri_line *rest)
{
        struct kri_line *line = malloc(sizeof(*line));

        if (line == NULL)
                return NULL;
        line->users = 1;
        line->name = name;
        line->pid = kr_self();
        line->rest = line_ref(rest);
        return line;
}

bool kri_line_for_child(struct kri_line **ret_line)
{
        struct kri_born *born = kri_born_self();
        struct kri_more *more = born != NULL ? kri_born_more(born) : NULL;
        kr_atom name = own_name();
        struct kri_line *line;

        if (more != NULL && more->ours != NULL && kr_atom_eq(more->ours->name, name)) {
                *ret_line = line_ref(more->ours);
                return true;
        }
        line = new_line(name, born != NULL ? born->line : NULL);
        if (line == NULL)
                return false;
        if (more != NULL) {
                kri_line_release(more->ours); /* it has another name by now */
                more->ours = line_ref(line);
        }
        *ret_line = line;
        return true;
}

kr_term kri_line_term(const struct kri_line *line)
{
        kr_builder b = KR_BUILDER_INIT;

        for (; line != NULL; line = line->rest) {
                if (line->name.index != 0)
                        kr_add_atom(&b, line->name);
                else
                        kr_add_pid(&b, line->pid);
        }
        return kr_build_list(&b);
}
