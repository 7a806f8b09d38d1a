/* SPDX-License-Identifier: Apache-2.0 */
/* upgrade_walk.c: many processes take the same step, a window of them at a time.
 *
 * An answer is one message; nobody is monitored for it, for that would cost as much as the step.
 * Instead, when nothing has come for a moment, those that are asked are looked at.
 */
#include <string.h>

#include "upgrade.h"

/* At most so many are asked at a time: enough that both sides run in batches, few enough that a
 * call to one of them waits no longer than for a turn of each. The first is asked alone, and each
 * that has done it is followed by two: what goes wrong with all goes wrong with one. */
#define WINDOW_MAX 64u
#define LOT 64u
/* So many of each kind of step take a third of a millisecond; then others have their turn. */
#define GIVE_WAY 192u
#define GIVE_WAY_KEEP 768u
#define LOOK_MS 20
/* Of what has passed between two looks so much counts: when the whole machine stood still or was
 * full, who was asked is not late for it. */
#define COUNTED_MS 100
/* After an interrupt, for code that enters no place where it could be seen. */
#define GRACE_MS 1000

/* -- who -- */

bool kri_upgrade_find(struct kri_upgrade *u, bool old, uint32_t *at)
{
        kr_atom module = kri_atom_of(u->order.module);

        u->count = 0;
        while (u->count < KRI_TARGETS_MAX) {
                kr_pid pid = kri_module_next_process(module, old, at);

                if (kr_pid_is_none(pid))
                        break;
                u->targets[u->count++] = (struct kri_target){ .pid = pid };
        }
        return u->count != 0;
}

/* -- asking -- */

struct walk {
        struct kri_upgrade *u;
        enum kri_move_step step;
        uint32_t next;                  /* the first that has not been asked */
        uint32_t awaited;               /* the first whose answer has not come */
        uint32_t open;                  /* asked, and not heard of */
        uint32_t window;                /* so many may be */
        uint32_t gave_way;              /* `next`, when others were last let run */
        int64_t looked_ms;              /* when the clock was last read */
        int64_t now_ms;                 /* what counts of the time since the walk began */
        uint8_t asked[KRI_TARGETS_MAX]; /* OPEN and the like */
        int64_t asked_ms
                [KRI_TARGETS_MAX]; /* by now_ms; of a late one: when it was interrupted */
};

enum { NOT_ASKED, OPEN, INTERRUPTED, CLOSED };

/* Whether the change is for good by now nobody needs to know of each: one in so many answers, which
 * sets the pace. */
#define KEEP_ANSWERS 16u

static void ask(struct walk *w)
{
        struct kri_upgrade *u = w->u;
        uint32_t place = w->next++;
        bool may_lose = u->order.opts.may_lose || w->step == KRI_MOVE_BACK;
        bool answers = w->step != KRI_MOVE_KEEP || place % KEEP_ANSWERS == 0 ||
                       place == u->count - 1;

        w->asked[place] = answers ? OPEN : CLOSED;
        w->asked_ms[place] = w->now_ms;
        w->open += answers;
        kr_send(u->targets[place].pid, "{system, {~, ~}, {'$kr_move', ~, ~, ~, ~}}",
                kr_self(), u->ref, (int)w->step, answers ? (int64_t)place : -1, may_lose,
                u->extra);
}

static void close_place(struct walk *w, uint32_t place)
{
        w->asked[place] = CLOSED;
        w->open--;
}

/* -- answers -- */

static void note_refusal(struct kri_upgrade *u, struct walk *w, uint32_t place,
                         kr_term reason)
{
        if (w->step == KRI_MOVE_OVER || w->step == KRI_MOVE_HOLD)
                kri_upgrade_fail(u, kr_build("{code_change, ~, ~}", u->targets[place].pid,
                                             reason));
}

static void take_answer(struct walk *w, uint32_t place, enum kri_moved moved,
                        int64_t pause_ns, kr_term reason)
{
        struct kri_upgrade *u = w->u;

        if (place >= u->count ||
            (w->asked[place] != OPEN && w->asked[place] != INTERRUPTED))
                return; /* of an earlier step: it was late */
        close_place(w, place);
        u->targets[place].moved = (uint8_t)moved;
        u->targets[place].has_moved |= w->step == KRI_MOVE_OVER;
        if (pause_ns > u->report.longest_pause_ns)
                u->report.longest_pause_ns = pause_ns;
        if (moved == KRI_MOVED_REFUSED)
                note_refusal(u, w, place, reason);
        else if (w->window < WINDOW_MAX)
                w->window++;
}

static void note_crash(struct kri_upgrade *u, kr_pid pid, kr_term reason)
{
        u->report.crashed++;
        if (u->watched)
                kri_upgrade_fail(u, kr_build("{crashed, ~, ~}", pid, reason));
}

enum { ANSWER, CRASH };

/* The next thing that comes. False: nothing within that time. */
static bool hear(struct kri_upgrade *u, struct walk *w, int64_t timeout_ms)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t place, pause_ns;
        kr_term reason;
        kr_pid pid;
        int moved, what;

        what = kr_receive(&msg, timeout_ms,
                          kr_on(ANSWER, "{=, {~, ~, ~, ~}}", u->ref, &place, &moved,
                                &pause_ns, &reason),
                          kr_on(CRASH, "{'$kr_crashed', =, ~, ~}", u->ref, &pid,
                                &reason));
        if (what == ANSWER && w != NULL && place >= 0 && place <= UINT32_MAX)
                take_answer(w, (uint32_t)place, (enum kri_moved)moved, pause_ns, reason);
        else if (what == CRASH)
                note_crash(u, pid, reason);
        kr_msg_clear(&msg);
        return what != KR_TIMEOUT;
}

/* -- those that do not answer -- */

static void read_clock(struct walk *w)
{
        int64_t now_ms = kr_monotonic_ms(NULL);
        int64_t passed_ms = now_ms - w->looked_ms;

        w->looked_ms = now_ms;
        w->now_ms += passed_ms < COUNTED_MS ? passed_ms : COUNTED_MS;
}

static void give_up(struct walk *w, uint32_t place)
{
        close_place(w, place);
        w->u->targets[place].is_late = true;
        note_refusal(w->u, w, place, kr_atom_term(KR_ATOM("timeout")));
}

/* What it does in its code_change it is cut off from; what it does elsewhere is its own affair. */
static void look_at(struct walk *w, uint32_t place)
{
        struct kri_target *t = &w->u->targets[place];
        int64_t waited_ms = w->now_ms - w->asked_ms[place];
        int64_t limit_ms = w->u->order.opts.change_timeout_ms;

        if (!kr_is_process_alive(t->pid)) {
                /* it may have answered before */
                while (hear(w->u, w, 0))
                        ;
                if (w->asked[place] == CLOSED)
                        return;
                close_place(w, place);
                t->is_gone = true;
        } else if (w->asked[place] == INTERRUPTED) {
                if (waited_ms >= GRACE_MS)
                        give_up(w, place);
        } else if (limit_ms != KR_INFINITY && waited_ms >= limit_ms) {
                kri_interrupt(t->pid);
                w->asked[place] = INTERRUPTED;
                w->asked_ms[place] = w->now_ms;
        }
}

static void look_around(struct walk *w)
{
        for (uint32_t i = w->awaited; i < w->next; i++)
                if (w->asked[i] == OPEN || w->asked[i] == INTERRUPTED)
                        look_at(w, i);
}

/* -- all of them -- */

/* Those who do not answer are under way, too. */
static bool has_room(const struct walk *w)
{
        uint32_t open = w->step == KRI_MOVE_KEEP ? w->open * KEEP_ANSWERS : w->open;

        return open < w->window;
}

/* A step forward ends with the first failure; what must be done is done for all. */
static bool has_more(const struct walk *w)
{
        bool forward = w->step == KRI_MOVE_OVER || w->step == KRI_MOVE_HOLD;

        return w->next < w->u->count && !(forward && w->u->failed);
}

/* Who asks and who answers run in turns, for a message's receiver runs next: others would wait until
 * all is over. */
static void give_way(struct walk *w)
{
        if (w->next - w->gave_way < (w->step == KRI_MOVE_KEEP ? GIVE_WAY_KEEP : GIVE_WAY))
                return;
        w->gave_way = w->next;
        kr_yield();
}

static void walk(struct walk *w)
{
        while (w->open != 0 || has_more(w)) {
                read_clock(w);
                for (uint32_t i = 0; i < LOT && has_room(w) && has_more(w); i++)
                        ask(w);
                give_way(w);
                if (w->open != 0 && !hear(w->u, w, LOOK_MS))
                        look_around(w);
                while (w->awaited < w->next && w->asked[w->awaited] == CLOSED)
                        w->awaited++;
        }
}

void kri_upgrade_walk(struct kri_upgrade *u, enum kri_move_step step)
{
        struct walk *w = kr_calloc(1, sizeof(*w));

        if (w == NULL) {
                kri_upgrade_fail(u, kr_atom_term(KR_ATOM("enomem")));
                return;
        }
        w->u = u;
        w->step = step;
        w->window = u->window;
        w->looked_ms = kr_monotonic_ms(NULL);
        walk(w);
        u->window = w->window;
        kr_free(w);
}

uint32_t kri_upgrade_walk_all(struct kri_upgrade *u, bool old, enum kri_move_step step,
                              void (*count)(struct kri_upgrade *u))
{
        bool forward = step == KRI_MOVE_OVER || step == KRI_MOVE_HOLD;
        uint32_t at = 0, found = 0;

        u->window = 1;
        while (!(forward && u->failed) && kri_upgrade_find(u, old, &at)) {
                kri_upgrade_walk(u, step);
                if (count != NULL)
                        count(u);
                found += u->count;
        }
        return found;
}

void kri_upgrade_watch(struct kri_upgrade *u, int64_t timeout_ms)
{
        int64_t until_ms = kr_monotonic_ms(NULL) + timeout_ms, left_ms = timeout_ms;

        while (!u->failed && hear(u, NULL, left_ms > 0 ? left_ms : 0))
                left_ms = until_ms - kr_monotonic_ms(NULL);
}
