/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"

#include <string.h>

#include "term/term.h"

#include "extra.h"
#include "sched.h"
#include "thread.h"

/* -- entering -- */

static bool new_record(struct kri_proc *p, const struct kri_loop_start *start,
                       struct kr_loop_head **ret_head)
{
        struct kr_loop_head *head = kri_owned_alloc(p, start->size, false);
        kri_word args;

        if (head == NULL)
                return false;
        if (!kri_owned_copy(p, start->args, &args)) {
                kri_owned_free(p, head);
                return false;
        }
        if (start->record != NULL)
                memcpy(head, start->record, start->size);
        else
                memset(head, 0, start->size);
        head->args.w = args;
        *ret_head = head;
        return true;
}

bool kri_loop_enter(struct kri_proc *p, const struct kri_entry *entry)
{
        const struct kri_loop_start *start = entry->arg.ptr;
        struct kr_loop_head *head = start->own;

        if (head != NULL)
                head->args = kr_none();
        else if (!new_record(p, start, &head))
                return false;
        head->loop = start->loop;
        if (p->entry_kind != KRI_ENTRY_LOOP || p->arg.ptr != head)
                kri_arg_release(p);
        p->fn = entry->fn;
        p->entry_kind = KRI_ENTRY_LOOP;
        p->arg.ptr = head;
        return true;
}

static struct kri_entry entry_of(const struct kri_loop_start *start)
{
        struct kri_entry entry = { .fn = (void (*)(void))start->loop->run,
                                   .name = start->loop->name,
                                   .kind = KRI_ENTRY_LOOP };

        entry.arg.ptr = start;
        return entry;
}

static bool is_bad(const kr_loop *loop)
{
        return loop == NULL || loop->run == NULL;
}

kr_pid kr_spawn_loop(const kr_spawn_opts *opts, const kr_loop *loop, const void *record,
                     size_t size, kr_term args)
{
        const struct kri_loop_start start = {
                .loop = loop, .record = record, .size = size, .args = args.w
        };
        struct kri_proc *p = kri_enter();

        if (p == NULL)
                return (kr_pid){ 0 };
        if (is_bad(loop) || size < sizeof(struct kr_loop_head) ||
            kri_spawn_opts_are_bad(opts)) {
                kri_badarg(p, "kr_spawn_loop",
                           is_bad(loop)                         ? "loop"
                           : size < sizeof(struct kr_loop_head) ? "size"
                                                                : "opts");
                return (kr_pid){ 0 };
        }
        kri_leave(p);
        return kri_spawn(NULL, opts, entry_of(&start));
}

kr_pid kr_try_spawn_loop(const kr_spawn_opts *opts, const kr_loop *loop,
                         const void *record, size_t size, kr_term args)
{
        const struct kri_loop_start start = {
                .loop = loop, .record = record, .size = size, .args = args.w
        };
        struct kri_proc *p = kri_enter();
        struct kri_entry entry;
        kr_pid pid = kr_pid_none();

        if (p == NULL)
                return pid;
        if (!is_bad(loop) && size >= sizeof(struct kr_loop_head) &&
            !kri_spawn_opts_are_bad(opts)) {
                entry = entry_of(&start);
                pid = kri_spawn_here(p, opts, &entry);
        }
        kri_leave(p);
        return pid;
}

void kr_become_loop(const kr_loop *loop, void *record)
{
        const struct kri_loop_start start = { .loop = loop, .own = record };
        struct kri_proc *p = kri_enter();
        struct kri_entry entry;

        if (p == NULL || kri_has(p, KRI_P_THREAD))
                kri_thread_end(p, "kr_become_loop");
        if (is_bad(loop) || record == NULL)
                kri_badarg(p, "kr_become_loop", is_bad(loop) ? "loop" : "record");
        entry = entry_of(&start);
        kri_leave(p);
        kri_become(&entry);
}

/* Runs no code of ours that could be interrupted half-way: it only looks. */
void *kr_loop_record(const kr_loop *loop)
{
        struct kri_proc *p = kri_current();

        return p != NULL && loop != NULL && kri_loop_of(p) == loop ? p->arg.ptr : NULL;
}

void kr_loop_record_set(const kr_loop *loop, void *record)
{
        struct kri_proc *p = kri_current();
        struct kr_loop_head *head = record;

        kri_invariant(p != NULL && kri_loop_of(p) == loop);
        head->loop = loop;
        p->arg.ptr = record;
}

/* -- the end -- */

bool kri_loop_catches(const struct kri_proc *p)
{
        const kr_loop *loop = kri_loop_of(p);

        return loop != NULL && loop->caught != NULL && p->doom == NULL &&
               !kri_has(p, KRI_P_CAUGHT | KRI_P_FAULTED | KRI_P_ENDING);
}

/* The reason of an uncaught throw is {{nocatch, Value}, Trace}, or an atom: no memory. */
static kri_word thrown(kri_word reason)
{
        return kri_is_box(reason, KRI_TUPLE) ? kri_tuple_at(kri_tuple_at(reason, 0), 1)
                                             : reason;
}

/* It goes on as a process like any other: a wait, or a critical region, that it came out of
 * is over. */
void kri_loop_caught(struct kri_proc *p, kr_class kind, kri_word reason)
{
        struct kr_loop_head *head = p->arg.ptr;
        kr_term term = { kind == KR_CLASS_THROW ? thrown(reason) : reason };

        kri_flags_set(p, KRI_P_CAUGHT, KRI_P_TOP | KRI_P_WAIT_TIMED | KRI_P_TIMED_OUT);
        p->scanned = NULL;
        kri_critical_set(p, 0);
        kri_leave(p);
        head->loop->caught(head, kind, term);
        (void)kri_enter();
}

/* A loop that reports and faults once more meanwhile does not come back: the node reports then. */
void kri_loop_end(struct kri_proc *p, kri_word reason)
{
        struct kr_loop_head *head = p->arg.ptr;
        bool fault = !kri_has(p, KRI_P_OF_ITSELF);
        uint32_t report = head->loop->reports && kri_has(p, KRI_P_FAULTED) ? KRI_P_REPORT
                                                                           : 0;

        kri_flags_set(p, KRI_P_ENDED | report, 0);
        kri_leave(p);
        head->loop->ended(head, (kr_term){ reason }, fault);
        (void)kri_enter();
        kri_flags_set(p, 0, report);
}

const char *kri_proc_name(const struct kri_proc *p)
{
        const kr_loop *loop = kri_loop_of(p);
        const char *name = loop != NULL ? loop->name : p->entry_name;

        return name != NULL ? name : "";
}
