/* SPDX-License-Identifier: Apache-2.0 */
/* gen_line.c: whom a behaviour descends from: one block for all children of a parent. */
#include <stdlib.h>

#include "gen.h"

/* -- a parent without name and ancestors -- */

static bool is_just_pid(const struct kri_line *line)
{
        return ((uintptr_t)line & 1) != 0;
}

/* The caller's pid by itself. NULL: it does not fit. */
static struct kri_line *just_pid(kr_pid pid)
{
        uint64_t word = pid.num << 1 | 1;

        if (word >> 1 != pid.num || word > UINTPTR_MAX)
                return NULL;
        return (struct kri_line *)(uintptr_t)word;
}

kr_pid kri_line_parent(const struct kri_line *line)
{
        kr_pid pid = kr_self(); /* of the same node */

        if (!is_just_pid(line))
                return line->pid;
        pid.num = (uintptr_t)line >> 1;
        return pid;
}

static kr_atom name_of(const struct kri_line *line)
{
        return is_just_pid(line) ? (kr_atom){ 0 } : line->name;
}

/* -- counts -- */

/* relaxed: whoever takes a count has one already, or is the parent */
static struct kri_line *line_ref(struct kri_line *line)
{
        if (line != NULL && !is_just_pid(line))
                __atomic_fetch_add(&line->users, 1, __ATOMIC_RELAXED);
        return line;
}

/* Not deeper than the tree of processes is high. */
void kri_line_release(struct kri_line *line)
{
        while (line != NULL && !is_just_pid(line)) {
                struct kri_line *rest = line->rest;

                /* acq_rel: the last one sees what all others did with it before they let go */
                if (__atomic_sub_fetch(&line->users, 1, __ATOMIC_ACQ_REL) != 0)
                        return;
                free(line);
                line = rest;
        }
}

/* Takes the count of `rest`, also when there is no memory. */
static struct kri_line *new_block(kr_atom name, kr_pid pid, struct kri_line *rest)
{
        struct kri_line *line = malloc(sizeof(*line));

        if (line == NULL) {
                kri_line_release(rest);
                return NULL;
        }
        line->users = 1;
        line->name = name;
        line->pid = pid;
        line->rest = rest;
        return line;
}

/* The same for the caller, as a block only if need be. */
static struct kri_line *own_line(kr_atom name, struct kri_line *rest)
{
        struct kri_line *line = NULL;

        if (name.index == 0 && rest == NULL)
                line = just_pid(kr_self());
        return line != NULL ? line : new_block(name, kr_self(), rest);
}

/* From the last one on, for each points to the next. */
struct kri_line *kri_line_of_term(kr_term ancestors)
{
        struct kri_line *first = NULL, **place = &first;

        for (; kr_is_cons(ancestors); ancestors = kr_tl(ancestors)) {
                kr_atom name = { 0 };
                kr_pid pid = kr_pid_none();

                (void)kr_get_atom(kr_hd(ancestors), &name);
                (void)kr_get_pid(kr_hd(ancestors), &pid);
                *place = new_block(name, pid, NULL);
                if (*place == NULL) {
                        kri_line_release(first);
                        return NULL;
                }
                place = &(*place)->rest;
        }
        return first;
}

/* What a plain process descends from; NULL too when it has no ancestors. */
static struct kri_line *line_of_plain(const struct kri_born *born)
{
        struct kri_line *line;
        kr_term ancestors;

        if (born == NULL)
                return NULL;
        ancestors = kri_born_ancestors(born);
        line = kri_line_of_term(ancestors);
        kr_release(ancestors);
        return line;
}

/* Of a behaviour: its children share it. */
static bool shared_line(kr_gen *g, kr_atom name, struct kri_line **ret_line)
{
        struct kri_more *more = kri_born_more(&g->born);
        struct kri_line *line;

        if (more == NULL)
                return false;
        if (more->ours == NULL || !kr_atom_eq(name_of(more->ours), name)) {
                line = own_line(name, line_ref(g->born.line));
                if (line == NULL)
                        return false;
                kri_line_release(more->ours); /* it has another name by now */
                more->ours = line;
        }
        *ret_line = line_ref(more->ours);
        return true;
}

bool kri_line_for_child(struct kri_line **ret_line)
{
        kr_gen *g = kr_gen_self();
        kr_atom name = kri_gen_own_name();

        if (g != NULL)
                return shared_line(g, name, ret_line);
        *ret_line = own_line(name, line_of_plain(kri_born_self()));
        return *ret_line != NULL;
}

struct kri_line *kri_line_uncounted(void)
{
        if (kri_born_self() != NULL || kri_gen_own_name().index != 0)
                return NULL;
        return just_pid(kr_self());
}

kr_term kri_line_term(const struct kri_line *line)
{
        kr_builder b = KR_BUILDER_INIT;

        for (; line != NULL; line = is_just_pid(line) ? NULL : line->rest) {
                if (name_of(line).index != 0)
                        kr_add_atom(&b, name_of(line));
                else
                        kr_add_pid(&b, kri_line_parent(line));
        }
        return kr_build_list(&b);
}
