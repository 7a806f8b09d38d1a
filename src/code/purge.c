/* SPDX-License-Identifier: Apache-2.0 */
#include "purge.h"

#include <krarup/memory.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/fault_symbol.h"
#include "core/node.h"
#include "core/ref.h"

#define STEP 64u /* processes between two turns of others */
#define ASKED_MAX 256u
#define DOUBTS 3u /* how often one that may be about to let go is asked again */
#define WALKS_MAX 64u
#define NAMES 32u

/* -- names of addresses -- */

struct name {
        uintptr_t at;
        char text[96];
};

/* What is looked up costs reading a file: processes mostly wait in the same places. */
struct names {
        const struct kri_version *version;
        uint32_t count;
        struct name known[NAMES];
};

static void make_name(const struct names *names, struct name *name)
{
        const struct kri_version *v = names->version;
        uintptr_t offset = 0;
        char text[64];
        size_t len;

        if (kri_symbol_read(name->at, text, sizeof(text), &offset, NULL))
                snprintf(name->text, sizeof(name->text), "%s+0x%zx", text,
                         (size_t)offset);
        else
                snprintf(name->text, sizeof(name->text), "%.64s+0x%zx",
                         kr_atom_text((kr_atom){ v->of->atom }, &len),
                         (size_t)(name->at - v->span.low));
}

static const char *name_of(struct names *names, uintptr_t at)
{
        struct name *name;

        if (at == 0)
                return "no answer";
        for (uint32_t i = 0; i < names->count; i++)
                if (names->known[i].at == at)
                        return names->known[i].text;
        name = &names->known[names->count < NAMES ? names->count++ : NAMES - 1];
        name->at = at;
        make_name(names, name);
        return name->text;
}

static kr_term where(struct names *names, const struct kri_holds *holds)
{
        static const char *const kinds[] = { "stack",    "pointer", "function", "memory",
                                             "clean_up", "record",  "busy" };
        kr_builder b = KR_BUILDER_INIT;

        for (uint32_t i = 0; i < holds->count; i++) {
                const struct kri_hold *hold = &holds->found[i];
                bool in_frame = hold->kind == KRI_HOLD_POINTER && hold->frame != 0;
                kr_term item =
                        kr_build("{~, ~}", kri_atom_of(kinds[hold->kind]),
                                 name_of(names, in_frame ? hold->frame : hold->at));

                kr_add_term(&b, item);
                kr_release(item);
        }
        return kr_build_list(&b);
}

/* -- a walk -- */

struct asked {
        kr_pid pid;
        bool answered;
};

struct walk {
        struct kri_span span; /* here only, for it looks like what is searched for */
        struct kri_version *version;
        bool kill;
        kr_node *node;
        kr_pid caller; /* whose frames are Krarup's, and those that lead there */
        kr_pid asker; /* the code server: it handles addresses, and goes nowhere by them */
        struct names names;
        uint32_t *seen; /* serials of those that hold nothing, by slot; NULL: no memory */
        uint32_t seen_count;
        kr_ref ref; /* of the questions under way */
        uint32_t asked_count, unanswered;
        struct asked asked[ASKED_MAX];
        kr_builder holders;
        uint32_t told;   /* in there */
        uint32_t total;  /* holders found */
        uint32_t found;  /* in this walk */
        uint32_t dying;  /* killed, and not yet gone */
        uint32_t undead; /* killed, told of as ended, and still computing */
        uint32_t steps;
};

static uint32_t slot_of(kr_pid pid)
{
        return kri_pid_index(kri_pid_word(pid));
}

static void tell(struct walk *w, kr_pid pid, const struct kri_holds *holds)
{
        kr_term list, pair;

        w->total += !kr_pid_is_none(pid);
        if (w->told == KRI_HOLDERS_MAX)
                return;
        w->told++;
        list = where(&w->names, holds);
        pair = kr_pid_is_none(pid) ? kr_build("{node, ~}", list)
                                   : kr_build("{~, ~}", pid, list);
        kr_add_term(&w->holders, pair);
        kr_release(pair);
        kr_release(list);
}

static void holds_nothing(struct walk *w, kr_pid pid)
{
        if (slot_of(pid) < w->seen_count)
                w->seen[slot_of(pid)] = kri_pid_serial(kri_pid_word(pid));
}

static void holds_it(struct walk *w, kr_pid pid, const struct kri_holds *holds)
{
        w->found++;
        tell(w, pid, holds);
        if (!w->kill)
                return;
        (void)kr_monitor(pid);
        w->dying++;
        kr_exit_signal(pid, "kill");
}

/* Nothing but data that a frame of other code points to, or seems to. */
static bool are_pointers(const struct kri_holds *holds)
{
        bool pointers = true;

        for (uint32_t i = 0; i < holds->count; i++)
                pointers = pointers && holds->found[i].kind == KRI_HOLD_POINTER;
        return pointers;
}

/* Such a one may be over with its next turn: it was at work, or what it has are leftovers. */
static bool is_doubtful(const struct kri_holds *holds, bool awake)
{
        return are_pointers(holds) || awake;
}

static enum kri_look look(struct walk *w, kr_pid pid, struct kri_holds *holds)
{
        struct kri_proc *self = kri_enter();
        enum kri_look result = kri_scan_sleeper(self, kri_pid_word(pid), &w->span, holds);

        kri_leave(self);
        kr_yield(); /* others, and what has happened to us */
        return result;
}

/* It answers, but has more memory than one look is for, or is at work whenever it is asked: it is
 * stopped meanwhile. What waits at the top of its loop then can be moved. */
static void look_at_stopped(struct walk *w, kr_pid pid, struct kri_holds *holds)
{
        enum kri_look result;

        if (!kr_suspend_process(pid)) {
                holds->count = 0; /* it has ended */
                return;
        }
        do
                result = look(w, pid, holds);
        while (result == KRI_LOOK_AWAKE);
        kr_resume_process(pid);
}

enum { ANSWER, GONE };

/* Ask one, and wait for it. False: it has ended. */
static bool ask(struct walk *w, kr_pid pid, struct kri_holds *holds)
{
        static const struct kri_holds busy = { .count = 1,
                                               .found = { { KRI_HOLD_BUSY, 0, 0 } } };
        struct kri_proc *self = kri_enter();
        kr_ref ref = kri_ref_new(self->sched, self);
        kr_msg msg = KR_MSG_INIT;
        bool sent = kri_scan_ask(self, kri_pid_word(pid), ref, &w->span);
        int what;
        kr_pid from;

        kri_leave(self);
        if (!sent)
                kr_error("system_limit");
        what = kr_receive(&msg, KRI_ANSWER_MS, kr_on(ANSWER, "{=, _}", ref),
                          kr_on(GONE, "{=}", ref));
        *holds = busy;
        if (what == ANSWER)
                (void)kri_scan_get_answer(msg.term, ref, &from, holds);
        kr_msg_clear(&msg);
        if (what == ANSWER && holds->unfinished)
                look_at_stopped(w, pid, holds);
        return what != GONE;
}

/* In peace: again, as long as it may let go. False: it has ended. */
static bool look_closely(struct walk *w, kr_pid pid, struct kri_holds *holds)
{
        for (uint32_t i = 0;; i++) {
                enum kri_look result = look(w, pid, holds);

                if (result == KRI_LOOK_GONE ||
                    (result == KRI_LOOK_AWAKE && !ask(w, pid, holds)))
                        return false;
                if (holds->count == 0 || holds->found[0].kind == KRI_HOLD_BUSY ||
                    !is_doubtful(holds, result == KRI_LOOK_AWAKE))
                        return true;
                if (i < DOUBTS)
                        continue;
                if (result == KRI_LOOK_AWAKE)
                        look_at_stopped(w, pid, holds);
                return true;
        }
}

static void judge(struct walk *w, kr_pid pid)
{
        struct kri_holds holds = { .count = 0 };

        if (!look_closely(w, pid, &holds))
                return;
        /* nobody is killed, nor stands in its own way, for what may be left of a call that is over */
        if (holds.count == 0 ||
            ((w->kill || kr_pid_eq(pid, w->caller)) && are_pointers(&holds)))
                holds_nothing(w, pid);
        else
                holds_it(w, pid, &holds);
}

/* -- asking many at once -- */

static void answered(struct walk *w, kr_pid pid, const struct kri_holds *holds)
{
        for (uint32_t i = 0; i < w->asked_count; i++)
                if (kr_pid_eq(w->asked[i].pid, pid))
                        w->asked[i].answered = true;
        if (holds->count == 0 && !holds->unfinished)
                holds_nothing(w, pid);
        else
                judge(w, pid);
}

/* Of those who do not answer: one that has ended has not said its name. */
static void give_up(struct walk *w)
{
        static const struct kri_holds busy = { .count = 1,
                                               .found = { { KRI_HOLD_BUSY, 0, 0 } } };

        for (uint32_t i = 0; i < w->asked_count; i++)
                if (!w->asked[i].answered && kr_is_process_alive(w->asked[i].pid))
                        holds_it(w, w->asked[i].pid, &busy);
}

static void collect(struct walk *w)
{
        int64_t until = kr_monotonic_ms(NULL) + KRI_ANSWER_MS;
        kr_msg msg = KR_MSG_INIT;

        while (w->unanswered > 0) {
                int64_t left = until - kr_monotonic_ms(NULL);
                struct kri_holds holds;
                kr_pid pid;

                switch (kr_receive(&msg, left > 0 ? left : 0,
                                   kr_on(ANSWER, "{=, _}", w->ref),
                                   kr_on(GONE, "{=}", w->ref))) {
                case ANSWER:
                        w->unanswered--;
                        if (kri_scan_get_answer(msg.term, w->ref, &pid, &holds))
                                answered(w, pid, &holds);
                        break;
                case GONE:
                        w->unanswered--;
                        break;
                default:
                        give_up(w);
                        w->unanswered = 0;
                }
        }
        kr_msg_clear(&msg);
        w->asked_count = 0;
}

static void ask_later(struct walk *w, kr_pid pid)
{
        struct kri_proc *self;
        bool sent;

        if (w->asked_count == ASKED_MAX)
                collect(w);
        if (w->asked_count == 0)
                w->ref = kr_make_ref();
        self = kri_enter();
        sent = kri_scan_ask(self, kri_pid_word(pid), w->ref, &w->span);
        kri_leave(self);
        if (!sent)
                kr_error("system_limit");
        w->asked[w->asked_count++] = (struct asked){ .pid = pid };
        w->unanswered++;
}

/* -- walking -- */

/* An attached thread's memory is the program's; of its calls the version keeps count. */
static bool is_searched(const struct walk *w, kr_pid pid)
{
        struct kri_proc *p = kri_proc_at(w->node, slot_of(pid));

        if (slot_of(pid) < w->seen_count &&
            w->seen[slot_of(pid)] == kri_pid_serial(kri_pid_word(pid)))
                return false;
        return !kri_has(p, KRI_P_THREAD) && !kr_pid_eq(pid, kr_self()) &&
               !kr_pid_eq(pid, w->asker);
}

/* It was killed in foreign code and does not come out: its links have fired, and it may be in
 * the code that we want to unmap. */
static bool is_undead(const struct walk *w, kr_pid pid)
{
        const struct kri_proc *p = kri_proc_at(w->node, slot_of(pid));

        return atomic_load(&p->zombie) != 0 &&
               kri_serial(p) == kri_pid_serial(kri_pid_word(pid));
}

static void step(struct walk *w, kr_pid pid)
{
        struct kri_holds holds;
        struct kri_proc *self;
        enum kri_look result;

        if (is_undead(w, pid)) {
                w->undead++;
                return;
        }
        self = kri_enter();
        result = kri_scan_sleeper(self, kri_pid_word(pid), &w->span, &holds);
        kri_leave(self);
        if (result == KRI_LOOK_AWAKE)
                ask_later(w, pid);
        else if (result == KRI_LOOK_DONE && holds.count == 0)
                holds_nothing(w, pid);
        else if (result == KRI_LOOK_DONE)
                judge(w, pid);
        if (++w->steps % STEP == 0)
                kr_yield();
}

static void walk(struct walk *w)
{
        uint32_t at = 1;
        kri_word pid;

        w->found = w->undead = 0;
        while ((pid = kri_scan_next(w->node, &at)) != 0)
                if (is_searched(w, kri_word_pid(pid)))
                        step(w, kri_word_pid(pid));
        collect(w);
}

/* False: one of them does not end, in a system call perhaps. */
static bool await_deaths(struct walk *w)
{
        int64_t until = kr_monotonic_ms(NULL) + KRI_ANSWER_MS;
        kr_msg msg = KR_MSG_INIT;

        for (; w->dying > 0; w->dying--) {
                int64_t left = until - kr_monotonic_ms(NULL);

                if (kr_receive(&msg, left > 0 ? left : 0,
                               kr_on(0, "{'DOWN', _, _, _, _}")) == KR_TIMEOUT)
                        break;
        }
        kr_msg_clear(&msg);
        return w->dying == 0;
}

/* Attached threads that are within a call, and what hangs off the node. */
static bool is_free_of_others(struct walk *w)
{
        struct kri_holds holds;

        kri_scan_node(w->node, &w->span, &holds);
        if (holds.count == 0 && atomic_load(&w->version->users) != 0)
                holds = (struct kri_holds){ .count = 1,
                                            .found = { { KRI_HOLD_BUSY, 0, 0 } } };
        if (holds.count != 0)
                tell(w, kr_pid_none(), &holds);
        return holds.count == 0;
}

/* Those are unwound within a few milliseconds, where faults are survived. */
#define UNDEAD_MS 10

static bool await_undead(struct walk *w, int64_t until_ms)
{
        if (w->undead == 0)
                return true;
        if (!w->kill || kr_monotonic_ms(NULL) >= until_ms)
                return false;
        kr_sleep(UNDEAD_MS);
        return true;
}

/* Twice nobody: those that were born to holders after they were looked past, too. */
static bool search_all(struct walk *w)
{
        int64_t until_ms = kr_monotonic_ms(NULL) + KRI_ANSWER_MS;
        uint32_t clean = 0;

        for (uint32_t i = 0; clean < 2; i++) {
                walk(w);
                clean = w->found == 0 && w->undead == 0 ? clean + 1 : 0;
                if (w->found != 0 && (!w->kill || i >= WALKS_MAX || !await_deaths(w)))
                        return false;
                if (!await_undead(w, until_ms))
                        return false;
        }
        return clean == 2 && is_free_of_others(w);
}

/* -- the process that does it -- */

struct order {
        struct kri_version *version;
        bool kill;
        kr_pid caller, asker, only; /* only: this process, if it is not none */
        kr_ref ref;
};

static struct walk *new_walk(const struct order *order)
{
        struct walk *w = kr_calloc(1, sizeof(*w));
        kr_node *node = kr_here();

        if (w == NULL)
                kr_error("system_limit");
        w->version = order->version;
        w->names.version = order->version;
        w->span = order->version->span;
        w->kill = order->kill;
        w->asker = order->asker;
        w->caller = order->caller;
        w->node = node;
        w->seen_count = __atomic_load_n(&node->slots_used, __ATOMIC_RELAXED);
        w->seen = kr_calloc(w->seen_count, sizeof(*w->seen));
        if (w->seen == NULL)
                w->seen_count = 0; /* each walk looks at all */
        return w;
}

static void run(struct order *order)
{
        struct walk *w = new_walk(order);
        struct kri_holds holds;
        kr_term list;
        bool done;

        if (!kr_pid_is_none(order->only)) {
                if (!look_closely(w, order->only, &holds))
                        holds.count = 0;
                done = holds.count == 0;
                list = where(&w->names, &holds);
        } else {
                done = search_all(w);
                list = kr_build_list(&w->holders);
        }
        kr_send(order->asker, "{searched, ~, ~, ~, ~}", order->ref, done, list, w->total);
        memset(w, 0, sizeof(*w)); /* who gets this memory holds nothing */
}

enum { SEARCHED, DOWN };

/* Gives a new term. */
static bool have_run(struct order *order, kr_term *ret_list, uint32_t *ret_count)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term list = kr_nil();
        kr_ref watching;
        bool done = false;
        int64_t count = 0;

        order->asker = kr_self();
        order->ref = kr_make_ref();
        (void)kr_spawn_monitor(&watching, run, order);
        if (kr_receive(&msg, KR_INFINITY,
                       kr_on(SEARCHED, "{searched, =, ~, ~, ~}", order->ref, &done, &list,
                             &count),
                       kr_on(DOWN, "{'DOWN', =, _, _, _}", watching)) == SEARCHED)
                kr_demonitor(watching, &(const kr_demonitor_opts){ .flush = true });
        *ret_list = kr_keep(list);
        *ret_count = (uint32_t)count;
        kr_msg_clear(&msg);
        return done;
}

bool kri_purge_search(struct kri_version *version, bool kill, kr_pid caller,
                      kr_term *ret_holders, uint32_t *ret_count)
{
        struct order order = { .version = version, .kill = kill, .caller = caller };

        return have_run(&order, ret_holders, ret_count);
}

kr_term kri_purge_look(kr_pid pid, struct kri_version *version)
{
        struct order order = { .version = version, .only = pid };
        kr_term list;
        uint32_t count;

        (void)have_run(&order, &list, &count);
        return list;
}
