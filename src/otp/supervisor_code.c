/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_code.c: what the user's module wants: when it starts, and after a change of code. */
#include "supervisor.h"

#include <string.h>

#define ATOM(text) kr_atom_term(KR_ATOM(text))

/* What an init callback fills. */
struct kr_supervisor_init {
        kr_supervisor_flags flags;
        kr_builder specs;
        kr_term error; /* the first spec that is no term; none */
};

/* -- for init callbacks -- */

void kr_supervisor_set_flags(kr_supervisor_init *s, const kr_supervisor_flags *flags)
{
        s->flags = *flags;
}

static kr_err add(kr_supervisor_init *s, const kr_child *child, kr_term args)
{
        kr_err err;
        kr_term spec = kri_spec_of(kr_here(), child, args, &err);

        if (err == KR_OK) {
                kr_add_term(&s->specs, spec);
                kr_release(spec);
        } else if (kr_is_none(s->error)) {
                s->error = err == KR_ENOMEM ? ATOM("enomem") : kri_spec_bad(child, err);
        }
        return err;
}

kr_err kr_supervisor_add(kr_supervisor_init *s, const kr_child *child)
{
        return add(s, child, kr_none());
}

kr_err kri_supervisor_add_with(kr_supervisor_init *s, const kr_child *child,
                               struct kri_site *site, const union kri_arg *args)
{
        kr_term list = kri_build(site, args);
        kr_err err;

        if (kr_is_none(list)) {
                if (kr_is_none(s->error))
                        s->error = ATOM("enomem");
                return KR_ENOMEM;
        }
        err = add(s, child, list);
        kr_release(list);
        return err;
}

kr_err kr_supervisor_add_term(kr_supervisor_init *s, kr_term spec)
{
        kr_add_term(&s->specs, spec);
        return KR_OK;
}

/* -- asking -- */

static const struct kri_supervisor *table_of(struct kri_sup *s)
{
        return (const struct kri_supervisor *)kr_gen_module(s->gen)->callbacks;
}

static kr_atom module_of(struct kri_sup *s)
{
        return kri_atom_of(kr_gen_module(s->gen)->name);
}

/* The module's init, as the caller of a stack of its own errors: they pass through. */
static kr_term run_init(struct kri_sup *s, kr_supervisor_init *init)
{
        kr_err err = table_of(s)->init(init, s->args);

        switch (err) {
        case KR_OK:
                return kr_none();
        case KR_EIGNORED:
                return ATOM("ignore");
        default:
                return kr_build("{bad_return, {~, init, ~}}", module_of(s),
                                kri_atom_of(kr_err_name(err)));
        }
}

kr_term kri_sup_ask_module(struct kri_sup *s, struct kri_wishes *ret_wishes)
{
        const struct kri_supervisor *table = table_of(s);
        kr_supervisor_init init = {
                .flags = { table->strategy, table->intensity, table->period_s,
                           table->auto_shutdown },
                .specs = KR_BUILDER_INIT,
                .error = kr_none(),
        };
        kr_term error = kr_none();

        for (size_t i = 0; i < table->child_count; i++)
                (void)kr_supervisor_add(&init, &table->children[i]);
        if (table->init != NULL)
                error = run_init(s, &init);
        if (kr_is_none(error) && !kr_is_none(init.error))
                error = kr_build("{start_spec, ~}", init.error);
        kr_release(init.error);
        if (!kr_is_none(error)) {
                kr_builder_clear(&init.specs);
                return error;
        }
        ret_wishes->flags = init.flags;
        ret_wishes->specs = kr_build_list(&init.specs);
        return kr_is_none(ret_wishes->specs) ? ATOM("enomem") : kr_none();
}

/* -- a change of code -- */

/* `next` has the new children. They take the place of those of `s`. */
static void take_children(struct kri_sup *s, struct kri_sup *next)
{
        kri_ids_clear(&s->ids);
        s->ids = next->ids;
        s->oldest = next->oldest;
        s->newest = next->newest;
        next->ids = (struct kri_ids){ .places = NULL };
        next->oldest = next->newest = NULL;
}

static kr_term change_template(struct kri_sup *s, struct kri_sup *next)
{
        struct kri_child *old = s->newest;

        if (next->newest == NULL || next->newest->older != NULL)
                return ATOM("bad_start_spec");
        if (!kr_same(old->args, next->newest->args) && !kri_dyn_keep_args(s))
                return ATOM("enomem");
        take_children(s, next);
        kri_child_free(old);
        return kr_none();
}

/* The process of the old child goes on as that of the new. */
static void hand_over(struct kri_sup *s, struct kri_child *old, struct kri_child *child)
{
        struct kri_pid_slot *slot = kri_pids_get(&s->pids, old->pid);

        child->pid = old->pid;
        child->state = old->state;
        if (old->budget != NULL && child->budget != NULL) {
                child->budget->timer = old->budget->timer;
                child->budget->started_ms = old->budget->started_ms;
        }
        if (old->state == KRI_CHILD_RUNNING && slot != NULL)
                slot->value = (uintptr_t)child;
        kri_child_free(old);
}

/* Those whose id is in the new specs no more stay, behind the others. */
static kr_term change_children(struct kri_sup *s, struct kri_sup *next)
{
        struct kri_child *newer, *child;

        if (!kri_sup_reserve(next))
                return ATOM("enomem");
        for (struct kri_child *old = s->oldest; old != NULL; old = newer) {
                newer = old->newer;
                child = kri_sup_find(next, old->id);
                if (child != NULL) {
                        hand_over(s, old, child);
                } else {
                        (void)kri_sup_reserve(next); /* a small table is a slow one */
                        kri_sup_add(next, old);
                }
        }
        take_children(s, next);
        return kr_none();
}

static kr_term change_to(struct kri_sup *s, const struct kri_wishes *wishes)
{
        struct kri_sup next = { .gen = s->gen };
        struct kri_flags flags;
        kr_term error;

        error = kri_flags_check(&wishes->flags, &flags);
        if (!kr_is_none(error))
                return error;
        /* OTP would fail later */
        if ((flags.strategy == KR_SIMPLE_ONE_FOR_ONE) != kri_sup_is_simple(s))
                return kr_build("{invalid_strategy, ~}",
                                kri_strategy_atom(flags.strategy));
        next.flags.strategy = flags.strategy;
        error = kri_spec_check_all(wishes->specs, flags.auto_shutdown, &next);
        if (kr_is_none(error))
                error = kri_sup_is_simple(s) ? change_template(s, &next)
                                             : change_children(s, &next);
        if (kr_is_none(error))
                s->flags = flags;
        kri_sup_remove_all(&next);
        return error;
}

kr_term kri_sup_change(struct kri_sup *s)
{
        struct kri_wishes wishes;
        kr_term error = kri_sup_ask_module(s, &wishes);

        if (kr_is_that_atom(error, KR_ATOM("ignore")))
                return kr_none();
        if (!kr_is_none(error))
                return error;
        error = change_to(s, &wishes);
        kr_release(wishes.specs);
        return error;
}
