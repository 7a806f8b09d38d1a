/* SPDX-License-Identifier: Apache-2.0 */
/* event_moves.c: handlers go over to another version of their module, each by itself, within
 * their manager. See moving.h.
 */
#include <string.h>

#include "event.h"
#include "gen.h"
#include "layout.h"
#include "moving.h"

static struct kri_manager *own(kr_gen *g)
{
        return kri_gen_own(g);
}

/* -- by itself -- */

static bool is_within_reach(const kr_handler_module *from, const kr_handler_module *to)
{
        struct kri_layout a, b;

        if (to == NULL || to == from)
                return false;
        a = kri_layout_of_handler(from);
        b = kri_layout_of_handler(to);
        return kri_layout_is_same(&a, &b);
}

void kri_handler_look(struct kri_handler *h)
{
        uint32_t generation = kr_module_generation();
        const kr_handler_module *to = kr_handler_now(h->module);

        if (is_within_reach(h->module, to))
                h->module = to;
        if (h->module->attention != NULL)
                __atomic_store_n(h->module->attention, generation, __ATOMIC_RELAXED);
}

static void refresh(kr_gen *g)
{
        for (struct kri_handler *h = own(g)->first; h != NULL; h = h->next) {
                const kr_handler_module *to = kr_handler_now(h->module);

                if (is_within_reach(h->module, to))
                        h->module = to;
        }
}

static bool is_among(const void *module, const void *const *list, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (list[i] == module)
                        return true;
        return false;
}

static size_t code(kr_gen *g, const void **ret, size_t max)
{
        size_t count = 0;

        for (struct kri_handler *h = own(g)->first; h != NULL && count < max; h = h->next)
                if (!is_among(h->module, ret, count))
                        ret[count++] = h->module;
        return count;
}

/* -- one handler, asked by an upgrade -- */

/* A change that is tried, under a kr_catch. */
struct change {
        struct kri_handler *h, *now;
        const struct kri_move *move;
        bool unsure; /* it is for the user's code_change to say that this is right */
        kr_err err;
        kr_term reason;
};

static void call_code_change(struct change *c, const struct kri_layout *from)
{
        const char *text = kri_layout_version(from);
        kr_term version = kr_string(text, strlen(text));
        kr_handled handled = c->now->module->table->code_change(c->now->state, version,
                                                                c->move->extra);

        kr_release(version);
        if (handled.kind == KRI_HANDLED_OK ||
            (handled.kind == KRI_HANDLED_UNDEF && !c->unsure))
                return;
        c->err = KR_EFAILED;
        c->reason = handled.kind == KRI_HANDLED_UNDEF
                            ? kr_build("undeclared")
                            : kr_build("{bad_return_value, code_change}");
}

static void do_change(void *arg)
{
        struct change *c = arg;
        struct kri_layout from = kri_layout_of_handler(c->h->module);
        struct kri_layout to = kri_layout_of_handler(c->now->module);
        const struct kri_conversion how = { .extra = c->move->extra,
                                            .may_lose = c->move->may_lose,
                                            .in_place = true,
                                            .ret_unsure = &c->unsure };

        c->err = kri_layout_convert(&from, c->h->state, &to, c->now->state, &how,
                                    &c->reason);
        if (c->err == KR_OK)
                call_code_change(c, &from);
}

static kr_term raised(kr_class kind, kr_term reason)
{
        return kind == KR_CLASS_THROW ? kr_keep(reason) : kr_build("{'EXIT', ~}", reason);
}

/* A handler like it, of that module, with a state that is all zero. NULL: no memory. */
static struct kri_handler *new_version(const struct kri_handler *h,
                                       const kr_handler_module *to)
{
        struct kri_handler *now = kr_calloc(1, sizeof(*now) + to->state_size);

        if (now == NULL)
                return NULL;
        memcpy(now, h, offsetof(struct kri_handler, state));
        now->module = to;
        return now;
}

static void replace(struct kri_handler **place, struct kri_handler *now)
{
        struct kri_handler *h = *place;

        now->next = h->next;
        *place = now;
        kr_free(h);
}

static enum kri_moved refuse(kr_term reason, kr_term *ret_reason)
{
        *ret_reason = reason;
        return KRI_MOVED_REFUSED;
}

static enum kri_moved convert(struct kri_handler **place, const kr_handler_module *to,
                              const struct kri_move *move, kr_term *ret_reason)
{
        struct kri_handler *h = *place;
        struct kri_layout from = kri_layout_of_handler(h->module);
        struct kri_layout layout = kri_layout_of_handler(to);
        struct change c = { .h = h, .now = new_version(h, to), .move = move };
        struct kri_saved *saved = kri_saved_new(h->module, &from, h->state);
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        c.reason = kr_none();
        if (c.now == NULL || saved == NULL) {
                kr_free(c.now);
                kri_saved_drop(&saved);
                return refuse(kr_atom_term(KR_ATOM("enomem")), ret_reason);
        }
        if (!kri_catch_interruptible(do_change, &c, &kind, &reason)) {
                c.err = KR_EFAILED;
                c.reason = raised(kind, reason.term);
        }
        kr_msg_clear(&reason);
        if (c.err != KR_OK) {
                kr_free(c.now);
                kri_saved_drop(&saved);
                return refuse(c.reason, ret_reason);
        }
        kri_saved_leave(saved, &from, &layout, c.now->state);
        kri_saved_drop(&c.now->saved);
        if (move->step == KRI_MOVE_OVER)
                c.now->saved = saved;
        else
                kri_saved_drop(&saved);
        replace(place, c.now);
        return KRI_MOVED_CONVERTED;
}

static enum kri_moved restore(struct kri_handler **place, kr_term *ret_reason)
{
        struct kri_handler *h = *place;
        const kr_handler_module *to = h->saved->from;
        struct kri_layout old = kri_layout_of_handler(to);
        struct kri_layout new = kri_layout_of_handler(h->module);
        struct kri_handler *then = new_version(h, to);

        if (then == NULL)
                return refuse(kr_atom_term(KR_ATOM("enomem")), ret_reason);
        memcpy(then->state, h->saved->state, to->state_size);
        (void)kri_layout_left(&new, h->state, &old, then->state, NULL);
        kr_free(h->saved);
        then->saved = NULL;
        replace(place, then);
        return KRI_MOVED_OVER;
}

static enum kri_moved move_to(struct kri_handler **place, const kr_handler_module *to,
                              const struct kri_move *move, kr_term *ret_reason)
{
        struct kri_handler *h = *place;

        if (to == h->module)
                return KRI_MOVED_NOTHING;
        if (to == NULL)
                return refuse(kr_build("{no_handler, ~}", h->name), ret_reason);
        if (move->step == KRI_MOVE_BACK && h->saved != NULL && h->saved->from == to)
                return restore(place, ret_reason);
        if (!is_within_reach(h->module, to))
                return convert(place, to, move, ret_reason);
        h->module = to;
        return KRI_MOVED_OVER;
}

/* -- all of a manager -- */

static const kr_handler_module *handler_in(const kr_module *module,
                                           const kr_handler_module *handler)
{
        for (size_t i = 0; i < module->handler_count; i++)
                if (strcmp(module->handlers[i]->name, handler->name) == 0)
                        return module->handlers[i];
        return handler; /* of another module */
}

static void keep(kr_gen *g)
{
        for (struct kri_handler *h = own(g)->first; h != NULL; h = h->next)
                kri_saved_drop(&h->saved);
}

/* Those that have gone over in vain: their former states are there still. */
static void take_back(kr_gen *g)
{
        struct kri_handler **place = &own(g)->first;
        kr_term reason = kr_none();

        for (; *place != NULL; place = &(*place)->next)
                if ((*place)->saved != NULL &&
                    restore(place, &reason) == KRI_MOVED_REFUSED)
                        return;
}

/* Its state does not fit the version that it would go back to, and the one that it fits goes: so
 * does it. Its manager and the others live on. */
static void lose(kr_gen *g, struct kri_handler **place, kr_term why)
{
        kr_term reason = kr_build("{upgrade, {cannot_go_back, ~, ~}}", (*place)->name,
                                  kr_is_none(why) ? kr_nil() : why);

        kr_release(why);
        kri_handler_take_out(g, place, reason);
        kr_release(reason);
}

static const kr_handler_module *target_of(const struct kri_handler *h,
                                          const struct kri_move *move)
{
        return move->in != NULL ? handler_in(move->in, h->module)
                                : kr_handler_now(h->module);
}

static enum kri_moved step_back(kr_gen *g, const struct kri_move *move)
{
        struct kri_handler **place = &own(g)->first;
        enum kri_moved all = KRI_MOVED_NOTHING;

        while (*place != NULL) {
                kr_term why = kr_nil();
                enum kri_moved one = move_to(place, target_of(*place, move), move, &why);

                if (one == KRI_MOVED_REFUSED) {
                        lose(g, place, why);
                        one = KRI_MOVED_CONVERTED; /* the manager is not what it was */
                } else {
                        place = &(*place)->next;
                }
                if (one > all)
                        all = one;
        }
        return all;
}

static enum kri_moved step_over(kr_gen *g, const struct kri_move *move,
                                kr_term *ret_reason)
{
        enum kri_moved all = KRI_MOVED_NOTHING, one;

        for (struct kri_handler **place = &own(g)->first; *place != NULL;
             place = &(*place)->next) {
                one = move_to(place, target_of(*place, move), move, ret_reason);
                if (one == KRI_MOVED_REFUSED && move->step == KRI_MOVE_OVER)
                        take_back(g);
                if (one == KRI_MOVED_REFUSED)
                        return one;
                if (one > all)
                        all = one;
        }
        return all;
}

static enum kri_moved step(kr_gen *g, const struct kri_move *move, kr_term *ret_reason)
{
        if (move->step == KRI_MOVE_KEEP) {
                keep(g);
                return KRI_MOVED_NOTHING;
        }
        return move->step == KRI_MOVE_BACK ? step_back(g, move)
                                           : step_over(g, move, ret_reason);
}

/* -- a copy to try it on -- */

static struct kri_handler *copy_of(const struct kri_handler *h)
{
        struct kri_layout layout = kri_layout_of_handler(h->module);
        struct kri_handler *copy = new_version(h, h->module);

        if (copy == NULL)
                return NULL;
        copy->id = kr_keep(h->id);
        copy->saved = NULL;
        copy->next = NULL;
        if (kri_layout_copy(&layout, copy->state, h->state) == KR_OK)
                return copy;
        kr_free(copy);
        return NULL;
}

/* Of the handlers that can be copied. */
static bool replica(kr_gen *g, const kr_gen *of)
{
        const struct kri_manager *m = own((kr_gen *)(uintptr_t)of);
        struct kri_event_said *said = &own(g)->said;
        struct kri_handler **place = &own(g)->first;

        said->value = said->handler2 = said->args2 = said->reply = kr_none();
        for (const struct kri_handler *h = m->first; h != NULL; h = h->next) {
                struct kri_layout layout = kri_layout_of_handler(h->module);

                if (!kri_layout_can_copy(&layout))
                        continue;
                *place = copy_of(h);
                if (*place == NULL)
                        return false;
                place = &(*place)->next;
        }
        return true;
}

const struct kri_kind_moves kri_event_moves = {
        .step = step, .refresh = refresh, .replica = replica, .code = code
};
