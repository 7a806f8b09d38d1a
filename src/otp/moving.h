/* SPDX-License-Identifier: Apache-2.0 */
/* moving.h: the processes of behaviours go over to another version of their module.
 *
 * Model    Where the layout of the state is the same a process goes over by itself, before it
 *          calls the next callback (kri_gen_look), and nothing of it moves but a pointer.
 *          Otherwise an upgrade asks it to, by a system message: its record is made anew, for
 *          the state may have grown; the old state is kept until the upgrade says that the
 *          change is for good, or until the new version has handled something: for from then on
 *          it is no way back.
 * Protocol {system, {Upgrade, Ref}, {'$kr_move', Step, Place, MayLose, Extra}} is answered by {Ref,
 *          {Place, Moved, PauseNs, Reason}}. Only from a process of this node.
 * Threads  the process itself.
 */
#ifndef KR_OTP_MOVING_H
#define KR_OTP_MOVING_H

#include <krarup/behaviour.h>
#include <krarup/gen_event.h>
#include <krarup/module.h>

enum kri_move_step {
        KRI_MOVE_HOLD, /* stand still */
        KRI_MOVE_OVER, /* go over to the current version; keep the old state */
        KRI_MOVE_BACK, /* the current version is the former one: go back to it */
        KRI_MOVE_KEEP, /* the change is for good */
        KRI_MOVE_ON,   /* stand still no longer */
        KRI_MOVE_LEND, /* let another process look at the state, and wait until it has */
        KRI_MOVE_STEPS,
};

/* What came of a step, for one process. */
enum kri_moved {
        KRI_MOVED_NOTHING, /* there was nothing to do */
        KRI_MOVED_OVER,    /* as it is; back: with the former state, or as it is */
        KRI_MOVED_CONVERTED,
        KRI_MOVED_REFUSED, /* Reason says why; it is as it was */
        KRI_MOVED_LOST,    /* back: it cannot, and ends */
};

/* What an upgrade asks for. */
struct kri_move {
        enum kri_move_step step;
        bool may_lose;
        kr_term extra;
        /* A trial: the process is a copy that is thrown away, and goes over to this version,
         * which nobody can reach yet. NULL: to the current one. */
        const kr_module *in;
};

/* What only some kinds need: constant. */
struct kri_kind_moves {
        /* g->behaviour was `from` until now, or g lies elsewhere in memory. NULL: that is
         * nothing to its own bytes. */
        void (*moved)(kr_gen *g, const kr_behaviour *from);
        /* Something of its own bytes that code_change changes: gives a new term; and back to
         * it (taken). NULL: there is nothing. */
        kr_term (*mark)(kr_gen *g);
        void (*reset)(kr_gen *g, kr_term mark);
        /* Its own bytes become those of a copy of `of`, to try a change on. NULL: zeros do.
         * False: no memory. */
        bool (*replica)(kr_gen *g, const kr_gen *of);
        /* A change of code does something even where the layout is the same. */
        bool always;
        /* It has modules within, and does all this by itself. */
        enum kri_moved (*step)(kr_gen *g, const struct kri_move *move,
                               kr_term *ret_reason);
        void (*refresh)(kr_gen *g);
        /* What it runs besides g->behaviour, as kr_loop.code. */
        size_t (*code)(kr_gen *g, const void **ret, size_t max);
};

/* -- before each callback -- */

static inline bool kri_is_looked_at(const uint32_t *attention)
{
        /* relaxed: whoever has loaded a module and then sends a message has ordered it */
        return attention != NULL &&
               __atomic_load_n(attention, __ATOMIC_RELAXED) != kr_module_generation();
}

/* Are they the same kind, of states of the same layout? */
bool kri_is_within_reach(const kr_behaviour *from, const kr_behaviour *to);

/* There may be another version: go over to it, if that is all there is to do. */
void kri_gen_look(kr_gen *g) __attribute__((cold, noinline));

/* As kr_loop.refresh and kr_loop.code. */
void kri_gen_refresh(void *record);
size_t kri_gen_code(void *record, const void **ret, size_t max);

/* Something is handled by the version that it has. */
void kri_gen_serves(kr_gen *g) __attribute__((cold, noinline));

/* -- asked by an upgrade -- */

/* Do it if it is such a request. False: it is another one. May not return: then the loop has
 * been entered anew. */
bool kri_gen_moves(kr_gen *g, kr_from from, kr_term request);

/* A process that tries a change: a copy of `of`, whose process stands still until {ready, Ref}
 * comes from this one. It answers requests as others do, ends silently when it is killed, and
 * runs nothing of the user's then. None: no memory. */
kr_pid kri_gen_replica(const kr_gen *of, const kr_module *in, kr_ref ref,
                       kr_ref *ret_monitor);

/* sys:change_code, where there is another version: KR_EIGNORED: there is none. After KR_OK g is
 * freed, and the loop is to be entered anew. *ret_reason: a new term. */
kr_err kri_gen_change_code(kr_gen *g, kr_term extra, kr_term *ret_reason);

/* -- crashes while a new version is watched -- */

/* From now on a process that ends by an error or a fault in the current version of this module, and
 * a handler that is taken out, are told to `pid`: {'$kr_crashed', Ref, Pid, Reason}; none: no
 * longer. False: no memory. */
bool kri_moving_watch(kr_node *node, kr_atom module, kr_pid pid, kr_ref ref);

/* In loop->ended. */
void kri_moving_ended(kr_gen *g, kr_term reason, bool fault);
/* Something of the module that `address` lies in. */
void kri_moving_crashed(const void *address, kr_term reason);

#endif
