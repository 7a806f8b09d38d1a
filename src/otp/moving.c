/* SPDX-License-Identifier: Apache-2.0 */
#include "moving.h"

#include <stdlib.h>
#include <string.h>

#include "gen.h"
#include "layout.h"
#include "plat.h"
#include "report.h"

static const struct kri_kind_moves *moves_of(const kr_gen *g)
{
        static const struct kri_kind_moves none;

        return g->behaviour->kind->moves != NULL ? g->behaviour->kind->moves : &none;
}

/* -- by itself -- */

bool kri_is_within_reach(const kr_behaviour *from, const kr_behaviour *to)
{
        struct kri_layout a, b;

        if (to == NULL || to == from || to->kind != from->kind)
                return false;
        a = kri_layout_of(from);
        b = kri_layout_of(to);
        return kri_layout_is_same(&a, &b);
}

/* Same layout: nothing of it moves. */
static void go_over(kr_gen *g, const kr_behaviour *to)
{
        const kr_behaviour *from = g->behaviour;

        g->behaviour = to;
        if (moves_of(g)->moved != NULL)
                moves_of(g)->moved(g, from);
}

/* All processes of a behaviour learn from the first of them that looks that there is nothing new
 * for them: whether there is does not depend on the process. */
void kri_gen_look(kr_gen *g)
{
        uint32_t generation = kr_module_generation();
        const kr_behaviour *to = kr_behaviour_now(g->behaviour);

        if (kri_is_within_reach(g->behaviour, to))
                go_over(g, to);
        if (moves_of(g)->refresh != NULL)
                moves_of(g)->refresh(g);
        if (g->behaviour->attention != NULL)
                __atomic_store_n(g->behaviour->attention, generation, __ATOMIC_RELAXED);
}

void kri_gen_refresh(void *record)
{
        kr_gen *g = record;
        const kr_behaviour *to = kr_behaviour_now(g->behaviour);

        if (kri_is_within_reach(g->behaviour, to))
                go_over(g, to);
        if (moves_of(g)->refresh != NULL)
                moves_of(g)->refresh(g);
}

size_t kri_gen_code(void *record, const void **ret, size_t max)
{
        kr_gen *g = record;

        ret[0] = g->behaviour;
        if (moves_of(g)->code == NULL)
                return 1;
        return 1 + moves_of(g)->code(g, ret + 1, max - 1);
}

/* -- the state before -- */

static struct kri_saved *save(kr_gen *g)
{
        struct kri_layout layout = kri_layout_of(g->behaviour);

        return kri_saved_new(g->behaviour, &layout, kri_gen_state(g));
}

static void leave(struct kri_saved *saved, kr_gen *now)
{
        struct kri_layout old = kri_layout_of(saved->from),
                          new = kri_layout_of(now->behaviour);

        kri_saved_leave(saved, &old, &new, kri_gen_state(now));
}

/* What was made for an upgrade only goes with it. */
static void drop_more(kr_gen *g)
{
        struct kri_more *more = g->born.more;

        if (!more->for_upgrade || more->saved != NULL || more->held ||
            more->local.index != 0 || more->via != NULL || !kr_is_none(more->name) ||
            more->ours != NULL || more->sys.suspended || more->sys.debug != NULL)
                return;
        g->born.more = NULL;
        kr_free(more);
}

static struct kri_more *more_for_upgrade(kr_gen *g)
{
        bool made = g->born.more == NULL;
        struct kri_more *more = kri_born_more(&g->born);

        if (more != NULL && made)
                more->for_upgrade = true;
        return more;
}

void kri_gen_serves(kr_gen *g)
{
        if (g->born.more->saved == NULL)
                return;
        kri_saved_drop(&g->born.more->saved);
        drop_more(g);
}

/* -- into a record of another size -- */

static void own_over(kr_gen *to, kr_gen *from)
{
        memcpy(kri_gen_own(to), kri_gen_own(from), from->behaviour->kind->own_size);
}

/* The process is `to` from now on; its state is there already. */
static void become_record(kr_gen *to, kr_gen *from)
{
        to->born = from->born;
        own_over(to, from);
        kr_loop_record_set(&kri_gen_loop, to);
        if (to->born.more != NULL)
                to->born.more->sys.record = to;
        if (moves_of(to)->moved != NULL)
                moves_of(to)->moved(to, from->behaviour);
}

/* A change that is tried, under a kr_catch. */
struct change {
        kr_gen *g;   /* as it was */
        kr_gen *now; /* as it is to be */
        const struct kri_move *move;
        bool is_over; /* the process is `now` */
        bool unsure;  /* it is for the user's code_change to say that this is right */
        kr_err err;
        kr_term reason;
};

static kr_term old_version_of(const kr_gen *g)
{
        struct kri_layout layout = kri_layout_of(g->behaviour);
        const char *text = kri_layout_version(&layout);

        return kr_string(text, strlen(text));
}

static void call_code_change(struct change *c)
{
        const kr_kind *kind = c->now->behaviour->kind;
        kr_msg reason = KR_MSG_INIT;
        const struct kri_versioning *versioning = c->now->behaviour->versioning;
        kr_term version;

        if (versioning != NULL && !versioning->has_code_change() && !c->unsure)
                return;
        version = old_version_of(c->g);
        reason.term = kr_none();
        c->err = kind->code_change != NULL
                         ? kind->code_change(c->now, version, c->move->extra, &reason)
                         : KR_EIGNORED;
        if (c->err == KR_EIGNORED && c->unsure) {
                c->err = KR_EFAILED;
                c->reason = kr_build("{undeclared, ~}", version);
        } else if (c->err == KR_EIGNORED) {
                c->err = KR_OK; /* the user has none */
        } else if (c->err != KR_OK) {
                c->reason = kr_keep(reason.term);
        }
        kr_release(version);
        kr_msg_clear(&reason);
}

static void do_change(void *arg)
{
        struct change *c = arg;
        struct kri_layout from = kri_layout_of(c->g->behaviour);
        struct kri_layout to = kri_layout_of(c->now->behaviour);
        const struct kri_conversion how = { .extra = c->move->extra,
                                            .may_lose = c->move->may_lose,
                                            .in_place = true,
                                            .ret_unsure = &c->unsure };

        c->err = kri_layout_convert(&from, kri_gen_state(c->g), &to,
                                    kri_gen_state(c->now), &how, &c->reason);
        if (c->err != KR_OK)
                return;
        become_record(c->now, c->g);
        c->is_over = true;
        call_code_change(c);
}

/* What was raised, as a reason. */
static kr_term raised(kr_class kind, kr_term reason)
{
        return kind == KR_CLASS_THROW ? kr_keep(reason) : kr_build("{'EXIT', ~}", reason);
}

/* True: the process is c->now. False: it is as it was, and c->reason says why. */
static bool try_change(struct change *c)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        if (!kri_catch_interruptible(do_change, c, &kind, &reason)) {
                c->err = KR_EFAILED;
                c->reason = raised(kind, reason.term);
        }
        kr_msg_clear(&reason);
        if (c->err == KR_OK)
                return true;
        if (c->is_over)
                become_record(c->g, c->now);
        kr_free(c->now);
        return false;
}

/* -- a step of an upgrade -- */

static enum kri_moved refuse(kr_term reason, kr_term *ret_reason)
{
        *ret_reason = reason;
        return KRI_MOVED_REFUSED;
}

static enum kri_moved no_memory(kr_term *ret_reason)
{
        return refuse(kr_atom_term(KR_ATOM("enomem")), ret_reason);
}

static kr_term mark_of(kr_gen *g)
{
        return moves_of(g)->mark != NULL ? moves_of(g)->mark(g) : kr_none();
}

/* Give it up: the former is there still, as it was. */
static void undo_mark(kr_gen *g, struct kri_saved *saved)
{
        if (moves_of(g)->reset != NULL && !kr_is_none(saved->mark))
                moves_of(g)->reset(g, saved->mark);
        kr_free(saved);
}

/* The state to go back to is kept; or it is dropped, if there is no way back from there. */
static enum kri_moved changed(struct change *c, struct kri_saved *saved)
{
        struct kri_more *more = NULL;

        leave(saved, c->now);
        if (c->move->step == KRI_MOVE_OVER)
                more = more_for_upgrade(c->now);
        if (more == NULL) {
                kri_saved_drop(&saved);
        } else {
                kri_saved_drop(&more->saved);
                more->saved = saved;
        }
        kr_free(c->g);
        return KRI_MOVED_CONVERTED;
}

static enum kri_moved convert(kr_gen *g, const kr_behaviour *to,
                              const struct kri_move *move, kr_term *ret_reason)
{
        struct change c = {
                .g = g, .now = kri_gen_new(to, NULL, 0), .move = move, .reason = kr_none()
        };
        struct kri_saved *saved = c.now != NULL ? save(g) : NULL;

        if (saved == NULL) {
                kr_free(c.now);
                return no_memory(ret_reason);
        }
        saved->mark = mark_of(g);
        if (try_change(&c))
                return changed(&c, saved);
        undo_mark(g, saved);
        return refuse(c.reason, ret_reason);
}

static enum kri_moved move_to(kr_gen *g, const kr_behaviour *to,
                              const struct kri_move *move, kr_term *ret_reason)
{
        if (to == g->behaviour)
                return KRI_MOVED_NOTHING;
        if (to == NULL || to->kind != g->behaviour->kind)
                return refuse(kr_build("{no_behaviour, ~}",
                                       kri_atom_of(g->behaviour->name)),
                              ret_reason);
        if (!kri_is_within_reach(g->behaviour, to) || moves_of(g)->always)
                return convert(g, to, move, ret_reason);
        go_over(g, to);
        return KRI_MOVED_OVER;
}

/* The former state, byte by byte: the new version has handled nothing. */
static enum kri_moved restore(kr_gen *g, struct kri_saved *saved, kr_term *ret_reason)
{
        struct kri_layout old = kri_layout_of(saved->from);
        struct kri_layout new = kri_layout_of(g->behaviour);
        kr_gen *then = kri_gen_new(saved->from, NULL, 0);

        if (then == NULL)
                return no_memory(ret_reason);
        memcpy(kri_gen_state(then), saved->state, old.size);
        (void)kri_layout_left(&new, kri_gen_state(g), &old, saved->state, NULL);
        become_record(then, g);
        then->born.more->saved = NULL;
        undo_mark(then, saved);
        kr_free(g);
        return KRI_MOVED_OVER;
}

static enum kri_moved go_back(kr_gen *g, const struct kri_move *move, kr_term *ret_reason)
{
        const kr_behaviour *to = kr_behaviour_now(g->behaviour);
        struct kri_saved *saved = g->born.more != NULL ? g->born.more->saved : NULL;

        if (to == NULL || to == g->behaviour || moves_of(g)->always || saved == NULL ||
            saved->from != to)
                return move_to(g, to, move, ret_reason);
        return restore(g, saved, ret_reason);
}

static enum kri_moved hold(kr_gen *g, kr_term *ret_reason)
{
        struct kri_more *more = more_for_upgrade(g);

        if (more == NULL)
                return no_memory(ret_reason);
        if (!more->held)
                more->stood = more->sys.suspended;
        more->held = more->sys.suspended = true;
        more->held_ns = kr_monotonic_ns(NULL);
        return KRI_MOVED_NOTHING;
}

static void go_on(kr_gen *g)
{
        struct kri_more *more = g->born.more;

        if (more == NULL || !more->held)
                return;
        more->held = false;
        more->sys.suspended = more->stood;
        drop_more(g);
}

static void keep(kr_gen *g)
{
        if (g->born.more == NULL)
                return;
        kri_saved_drop(&g->born.more->saved);
        drop_more(g);
}

/* The behaviour of the same name; NULL: there is none. */
static const kr_behaviour *behaviour_in(const kr_module *module,
                                        const kr_behaviour *behaviour)
{
        for (size_t i = 0; i < module->behaviour_count; i++)
                if (strcmp(module->behaviours[i]->name, behaviour->name) == 0)
                        return module->behaviours[i];
        return NULL;
}

static enum kri_moved go_to(kr_gen *g, const struct kri_move *move, kr_term *ret_reason)
{
        if (moves_of(g)->step != NULL)
                return moves_of(g)->step(g, move, ret_reason);
        if (move->step == KRI_MOVE_BACK)
                return go_back(g, move, ret_reason);
        return move_to(g,
                       move->in != NULL ? behaviour_in(move->in, g->behaviour)
                                        : kr_behaviour_now(g->behaviour),
                       move, ret_reason);
}

static enum kri_moved do_step(kr_gen *g, const struct kri_move *move, kr_term *ret_reason)
{
        switch (move->step) {
        case KRI_MOVE_HOLD:
                return hold(g, ret_reason);
        case KRI_MOVE_ON:
                go_on(g);
                return KRI_MOVED_NOTHING;
        case KRI_MOVE_KEEP:
                keep(g);
                if (moves_of(g)->step != NULL)
                        return moves_of(g)->step(g, move, ret_reason);
                return KRI_MOVED_NOTHING;
        default:
                return go_to(g, move, ret_reason);
        }
}

/* -- being asked -- */

/* Wait until whoever looks at us has seen enough, or has ended. */
static void lend(kr_gen *g, kr_from from, int64_t place)
{
        enum { DONE, DOWN };
        kr_ref monitor = kr_monitor(from.pid);
        kr_msg msg = KR_MSG_INIT;

        kr_reply_to(from, "{~, ~, 0, ~}", place, (int)KRI_MOVED_NOTHING,
                    (uint64_t)(uintptr_t)g);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(DONE, "{'$kr_lent', =}", from.ref),
                         kr_on(DOWN, "{'DOWN', =, _, _, _}", monitor));
        (void)kr_demonitor(monitor, &(kr_demonitor_opts){ .flush = true });
        kr_msg_clear(&msg);
}

/* It stands still from when it was held, or from when it was asked. */
static int64_t pause_since(const kr_gen *g, const struct kri_move *move, int64_t began_ns)
{
        const struct kri_more *more = g->born.more;

        if (more != NULL && more->held)
                return move->step == KRI_MOVE_ON ? kr_monotonic_ns(NULL) - more->held_ns
                                                 : 0;
        return kr_monotonic_ns(NULL) - began_ns;
}

static KR_NORETURN void end_lost(kr_gen *g, kr_term why)
{
        kr_exit("{upgrade, {cannot_go_back, ~, ~}}", kri_atom_of(g->behaviour->name),
                why);
}

static kr_gen *now(void)
{
        return kr_loop_record(&kri_gen_loop);
}

/* The upgrade has been given up while we changed. */
static enum kri_moved too_late(kr_gen *g, const struct kri_move *move,
                               kr_term *ret_reason)
{
        struct kri_move back = *move;

        back.step = KRI_MOVE_BACK;
        back.may_lose = true;
        (void)go_to(g, &back, ret_reason);
        return KRI_MOVED_REFUSED;
}

static void step_and_answer(kr_gen *g, kr_from from, int64_t place,
                            const struct kri_move *move)
{
        bool timed = move->step != KRI_MOVE_KEEP;
        int64_t began_ns = timed ? kr_monotonic_ns(NULL) : 0, pause_ns = 0;
        kr_term reason = kr_nil();
        enum kri_moved moved;

        if (move->step == KRI_MOVE_ON) /* what follows it is not standing still */
                pause_ns = pause_since(g, move, began_ns);
        moved = do_step(g, move, &reason);
        if (moved == KRI_MOVED_CONVERTED && move->step == KRI_MOVE_OVER &&
            move->in == NULL && kr_behaviour_now(now()->behaviour) != now()->behaviour)
                moved = too_late(now(), move, &reason);
        if (moved == KRI_MOVED_REFUSED && move->step == KRI_MOVE_BACK)
                moved = KRI_MOVED_LOST;
        if (move->step != KRI_MOVE_ON && timed)
                pause_ns = pause_since(now(), move, began_ns);
        if (place >= 0)
                kr_reply_to(from, "{~, ~, ~, ~}", place, (int)moved, pause_ns,
                            kr_is_none(reason) ? kr_atom_term(KR_ATOM("enomem"))
                                               : reason);
        if (moved == KRI_MOVED_LOST)
                end_lost(g, reason);
        kr_release(reason);
        if (now() != g)
                kr_become_loop(&kri_gen_loop, now());
}

bool kri_gen_moves(kr_gen *g, kr_from from, kr_term request)
{
        struct kri_move move = { .extra = kr_nil() };
        int64_t place;
        int step;

        if (!kr_match(request, "{'$kr_move', ~, ~, ~, ~}", &step, &place, &move.may_lose,
                      &move.extra))
                return false;
        if (step < 0 || step >= KRI_MOVE_STEPS ||
            !kr_atom_eq(kr_pid_node(from.pid), kr_node_name(kr_here())))
                return false;
        move.step = (enum kri_move_step)step;
        if ((g->born.flags & KRI_BORN_REPLICA) != 0)
                move.in = g->born.more->replica_in;
        if (move.step == KRI_MOVE_LEND)
                lend(g, from, place);
        else
                step_and_answer(g, from, place, &move);
        return true;
}

kr_err kri_gen_change_code(kr_gen *g, kr_term extra, kr_term *ret_reason)
{
        const struct kri_move move = { .step = KRI_MOVE_STEPS, .extra = extra };
        const kr_behaviour *to = kr_behaviour_now(g->behaviour);

        if (moves_of(g)->step != NULL || to == NULL || to == g->behaviour)
                return KR_EIGNORED;
        switch (move_to(g, to, &move, ret_reason)) {
        case KRI_MOVED_OVER:
                /* the same layout: its own code_change is what is left to be done */
                return KR_EIGNORED;
        case KRI_MOVED_REFUSED:
                return KR_EFAILED;
        default:
                return KR_OK;
        }
}

/* -- a copy to try it on -- */

struct replica {
        const kr_gen *of;
        const kr_module *in;
        kr_pid upgrade;
        kr_ref ref;
};

static void make_replica(const struct replica *args)
{
        kr_gen *g = kri_gen_new(args->of->behaviour, NULL, 0);
        struct kri_layout layout = kri_layout_of(args->of->behaviour);
        const kr_pid upgrade = args->upgrade;
        const kr_ref ref = args->ref;

        if (g == NULL || kri_born_more(&g->born) == NULL)
                kr_exit("enomem");
        g->born.more->replica_in = args->in;
        g->born.flags = KRI_BORN_RUNNING | KRI_BORN_REPLICA;
        if (kri_layout_copy(&layout, kri_gen_state(g),
                            kri_gen_state((kr_gen *)(uintptr_t)args->of)) != KR_OK ||
            (moves_of(g)->replica != NULL && !moves_of(g)->replica(g, args->of)))
                kr_exit("cannot_copy");
        kr_send(upgrade, "{ready, ~}", ref);
        kr_become_loop(&kri_gen_loop, g);
}

kr_pid kri_gen_replica(const kr_gen *of, const kr_module *in, kr_ref ref,
                       kr_ref *ret_monitor)
{
        const struct replica args = { of, in, kr_self(), ref };
        const kr_spawn_opts opts = { .monitor = true, .ret_monitor = ret_monitor };

        return kr_spawn_opt(&opts, make_replica, &args);
}

/* -- crashes -- */

/* Who is told of them. One for each node, and as long as it. */
struct watching {
        kri_plat_lock lock;
        uint32_t on; /* atomic: a look costs no lock while nobody is told */
        kr_atom module;
        kr_pid pid;
        kr_ref ref;
};

static const char watching_key;

static struct watching *watching_of(kr_node *node)
{
        struct watching *w = kr_node_get(node, &watching_key);

        if (w != NULL)
                return w;
        w = calloc(1, sizeof(*w));
        if (w == NULL)
                return NULL;
        w->lock = (kri_plat_lock)KRI_PLAT_LOCK_INIT;
        if (!kr_node_put(node, &watching_key, w, free)) {
                free(w);
                w = kr_node_get(node, &watching_key);
        }
        return w;
}

bool kri_moving_watch(kr_node *node, kr_atom module, kr_pid pid, kr_ref ref)
{
        struct watching *w;

        kr_critical_begin();
        w = watching_of(node);
        if (w != NULL) {
                kri_plat_lock_take(&w->lock);
                w->module = module;
                w->pid = pid;
                w->ref = ref;
                __atomic_store_n(&w->on, !kr_pid_is_none(pid), __ATOMIC_RELAXED);
                kri_plat_lock_give(&w->lock);
        }
        kr_critical_end();
        return w != NULL;
}

/* The present one. False: nobody is told. */
static bool who_watches(struct watching *ret)
{
        struct watching *w = kr_node_get(kr_here(), &watching_key);

        if (w == NULL || !__atomic_load_n(&w->on, __ATOMIC_RELAXED))
                return false;
        kr_critical_begin();
        kri_plat_lock_take(&w->lock);
        *ret = *w;
        kri_plat_lock_give(&w->lock);
        kr_critical_end();
        return !kr_pid_is_none(ret->pid);
}

void kri_moving_crashed(const void *address, kr_term reason)
{
        struct watching w;
        kr_atom module;

        if (who_watches(&w) && kr_module_of(address, &module, NULL) &&
            kr_atom_eq(module, w.module))
                kr_send(w.pid, "{'$kr_crashed', ~, ~, ~}", w.ref, kr_self(), reason);
}

/* An exit signal from elsewhere is not the version's fault. */
void kri_moving_ended(kr_gen *g, kr_term reason, bool fault)
{
        if (fault ? !kri_gen_has_faulted() : kri_report_is_planned(reason))
                return;
        if (kr_behaviour_now(g->behaviour) == g->behaviour)
                kri_moving_crashed(g->behaviour, reason);
}
