/* SPDX-License-Identifier: Apache-2.0 */
/* gen.h: the record of a process that proc_lib or gen has started, and what their files share.
 *
 * Model    struct kri_born is what every such process has; a kr_gen is one that runs a
 *          behaviour: the user's state follows it, then the kind's own bytes. What few need
 *          (a name, debug options, children) is in `more`, made when first needed.
 * Size     An idle gen_server with an integer of state is sizeof(kr_gen) + 8 + own_size bytes
 *          and the header of its block: 80, one of the pool's sizes. With the process's own
 *          record it costs 320 at most: measured by bench/krarup/spawn_live.c.
 * Lineage  A kri_line is what a parent's children share: who the parent was (its name, if it
 *          had one), and its own ancestors. Counted; made by the parent at its first child.
 *          Lines are the one thing here that outlives a process: malloc'ed, and touched in
 *          critical regions, so that a kill cannot come between pointer and count. A parent
 *          without name and ancestors needs no block: the pointer is its pid, and odd.
 * Threads  the process itself. A line's fields are constant but for its count.
 */
#ifndef KR_OTP_GEN_H
#define KR_OTP_GEN_H

#include <krarup/behaviour.h>
#include <krarup/module.h>
#include <krarup/sys.h>

struct kri_line {
        uint32_t users; /* atomic: children alive, their children's lines, the parent */
        kr_atom name;   /* the parent's, when it started them; none: */
        kr_pid pid;     /* the parent */
        struct kri_line *rest; /* its own ancestors; counted */
};

struct kri_more {
        kr_term name;          /* of {via, _, Name} or {global, Name}, or the pid; kept */
        kr_atom local;         /* {local, Name}; none: no such name */
        const kr_via *via;     /* with name */
        struct kri_line *ours; /* for children; NULL: none yet; counted */
        kr_sys sys;            /* callbacks NULL: not asked for yet */

        /* -- for upgrades: moving.c -- */
        struct kri_saved *saved;     /* the state before; NULL: none */
        const kr_module *replica_in; /* KRI_BORN_REPLICA: what is tried */
        int64_t held_ns;             /* held: since when */
        bool held, stood; /* an upgrade has it stand still; somebody else had, before */
        bool for_upgrade; /* nobody else has needed any of this */
};

enum {
        KRI_BORN_HAS_PARENT = 1, /* linked or monitored by the first ancestor */
        KRI_BORN_STARTED = 2,    /* somebody waits for kr_init_ack */
        KRI_BORN_ACKED = 4,      /* ... and has been told */
        KRI_BORN_PACKED = 8,     /* args are {Args, Name, Debug} */
        KRI_BORN_RUNNING = 16,   /* init is over */
        KRI_BORN_ENDING = 32,    /* it has decided upon its reason */
        KRI_BORN_REPORTED = 64,  /* its crash report is on the way */
        KRI_BORN_LINKED = 128,   /* to the starter, from the beginning */
        KRI_BORN_REPLICA = 256,  /* a copy to try an upgrade on: it ends silently */
};

struct kri_born {
        struct kr_loop_head head; /* args until init is over; then kr_gen_in * or 0 */
        struct kri_line *line;    /* ancestors; NULL: none; counted */
        struct kri_more *more;    /* NULL: not needed yet */
        uint16_t flags;           /* KRI_BORN_... */
        uint8_t then, callback;   /* the kind's, and */
        uint32_t timeout_ms;      /* this: for what it needs in each round */
};

struct kr_gen {
        struct kri_born born;
        const kr_behaviour *behaviour;
        /* The user's state, then the kind's own. */
};

/* A function, with its argument behind it. It may become something else, which nobody here
 * would learn of: so its ancestors are a term of its own, and nothing is counted. */
struct kri_plain {
        struct kri_born born;   /* head.args: its ancestors, or {Ancestors, Argument} */
        kr_pid starter;         /* also the first ancestor's pid */
        struct kri_entry entry; /* arg.ptr: behind this record */
};

/* A state whose size is no multiple of 16 needs no more than 8 for its alignment. */
#define KRI_GEN_STATE_AT ((sizeof(kr_gen) + 15) & ~(size_t)15)
_Static_assert(sizeof(kr_gen) == 48, "an idle server is small, and its state aligned");

static inline size_t kri_gen_own_at(const kr_behaviour *behaviour)
{
        return KRI_GEN_STATE_AT + ((behaviour->state_size + 7) & ~(size_t)7);
}

/* As kr_gen_state and kr_gen_own, for loops that handle millions in a second. */
static inline void *kri_gen_state(kr_gen *g)
{
        return (char *)g + KRI_GEN_STATE_AT;
}

static inline void *kri_gen_own(kr_gen *g)
{
        return (char *)g + kri_gen_own_at(g->behaviour);
}

static inline void kri_gen_handling(kr_gen *g, kr_gen_in *in)
{
        g->born.head.args.w = (uintptr_t)in;
}

extern const kr_loop kri_gen_loop;   /* record: kr_gen */
extern const kr_loop kri_plain_loop; /* record: struct kri_plain */

/* Of the calling process; NULL: it is neither. */
struct kri_born *kri_born_self(void);
/* NULL: no memory. */
struct kri_more *kri_born_more(struct kri_born *born);

/* Who started it, and all its ancestors: gives a new term, a list. */
kr_pid kri_born_starter(const struct kri_born *born);
kr_term kri_born_ancestors(const struct kri_born *born);

/* -- lineage -- */

/* The parent, of a line that is not NULL. */
kr_pid kri_line_parent(const struct kri_line *line);

/* The line for a child of the caller: the caller owns a count of it. In a critical region.
 * False: no memory. */
bool kri_line_for_child(struct kri_line **ret_line);
/* The same of a caller without name and ancestors: nothing to count, so that it needs no critical
 * region. NULL: it is not that simple. */
struct kri_line *kri_line_uncounted(void);
void kri_line_release(struct kri_line *line);
/* Is there anything to let go of? Of NULL, and of one that is just a pid, there is not. */
static inline bool kri_line_is_counted(const struct kri_line *line)
{
        return line != NULL && ((uintptr_t)line & 1) == 0;
}
/* [Ancestor, ...]: gives a new term. */
kr_term kri_line_term(const struct kri_line *line);
/* The line that says the same as a list of ancestors: counted. NULL: no memory, or []. */
struct kri_line *kri_line_of_term(kr_term ancestors);

/* -- starting -- */

struct kri_newborn {
        const kr_loop *loop;
        void *record; /* begins with struct kri_born; line (of a kr_gen) and flags
                         are filled in */
        size_t size;
        kr_term args;
};

/* Spawn and wait for the word of it. `keeps_down`: of a child that failed, leave the DOWN in
 * the mailbox. `what` is for misuse: "kr_start". */
kr_started kri_start_child(enum kri_start_mode mode, const kr_start_opts *opts,
                           const struct kri_newborn *child, bool keeps_down);
/* Just spawn. None: system_limit. */
kr_pid kri_spawn_child(const kr_spawn_opts *opts, const struct kri_newborn *child);

/* {ack | nack, Self, Term} to the starter, if it has not been told. */
void kri_tell_starter(struct kri_born *born, bool ok, kr_term term);

/* Does its end not reach the starter, who waits for its word? */
bool kri_born_leaves_starter(const struct kri_born *born, kr_term reason);

/* The process is over: tell a starter that waits, let go of lines. From loop->ended. True: its
 * crash is to be reported, which may be the last thing to do, for it may wait. */
bool kri_born_ended(struct kri_born *born, kr_term reason, bool fault);

/* Report a crash of the caller once; '$initial_call' and '$ancestors' are put where the
 * report looks for them. */
void kri_born_report(struct kri_born *born, kr_class kind, kr_term reason);

/* {Module, Function, Arity}: gives a new term. */
kr_term kri_born_initial_call(const struct kri_born *born);

/* {badarg, {Function, Argument}}; returns on a thread. */
void kri_otp_badarg(const char *function, const char *argument);

/* kr_start, kr_start_link and kr_start_monitor, with arguments that are there already. */
kr_started kri_gen_start_with(enum kri_start_mode mode, const kr_behaviour *behaviour,
                              const kr_start_opts *opts, kr_term args);
/* Init is over, and has been acknowledged: kind->init may return, which is the way to the loop that
 * costs least; kr_gen_init_started is the same from anywhere. */
void kri_gen_is_running(kr_gen *g);

/* The record of a new one: in `room` if that is enough (NULL: it is not), else kr_alloc'ed.
 * NULL: no memory. */
kr_gen *kri_gen_new(const kr_behaviour *behaviour, void *room, size_t room_size);

/* -- names -- */

/* Has anybody the name that these options (may be NULL) speak of? */
bool kri_name_is_taken(const kr_start_opts *opts, kr_pid *ret_pid);

/* enter_loop up to the loop itself: the record, to be entered by kr_become_loop at once. */
kr_gen *kri_gen_enter(const kr_behaviour *behaviour, const kr_start_opts *opts,
                      const void *state);

/* System messages: see gen_sys.c. in->from and in->term are From and the request. */
void kri_gen_system(kr_gen *g, kr_gen_in *in);
void kri_gen_sys_options(kr_gen *g, const char *text);
void kri_gen_sys_ended(struct kri_more *more);

#endif
