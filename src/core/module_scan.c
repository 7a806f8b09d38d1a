/* SPDX-License-Identifier: Apache-2.0 */
#include "module_scan.h"

#include "base/plat_thread.h"
#include "term/atom.h"
#include "term/pattern.h"

#include "extra.h"
#include "fault_unwind.h"
#include "link.h"
#include "loop.h"
#include "node.h"
#include "receive.h"
#include "ref.h"
#include "sleeper.h"

#define LOOK_WORDS ((size_t)1 << 17) /* a mebibyte */
#define BLOCK_WORDS 8u               /* that finding the next block costs */
#define FRAMES_MAX 1000u

/* Stacks are read whatever sanitizers think of what lies there. */
#define UNCHECKED __attribute__((no_sanitize("address", "thread", "undefined")))

static void add(struct kri_holds *holds, enum kri_hold_kind kind, uintptr_t at,
                uintptr_t frame)
{
        for (uint32_t i = 0; i < holds->count; i++)
                if (holds->found[i].kind == kind && holds->found[i].at == at)
                        return;
        if (holds->count < KRI_HOLDS_MAX)
                holds->found[holds->count++] = (struct kri_hold){ kind, at, frame };
}

static bool is_text(const struct kri_span *span, uintptr_t at)
{
        return at - span->text_low < span->text_high - span->text_low;
}

/* -- the stack -- */

static bool begins_function(uintptr_t at)
{
        struct kri_object object;
        uintptr_t start, end;

        return kri_object_find(at, &object) &&
               kri_function_find(&object, at, &start, &end) && start == at;
}

/* Words of a frame from `low` to `high`; `slot` holds a return address that has been judged. */
UNCHECKED static void scan_frame(const uintptr_t *low, const uintptr_t *high,
                                 const uintptr_t *slot, uintptr_t frame,
                                 const struct kri_span *span, struct kri_holds *holds)
{
        for (const uintptr_t *word = low; word < high; word++) {
                if (word == slot || !kri_span_holds(span, *word))
                        continue;
                if (!is_text(span, *word) || begins_function(*word))
                        add(holds, KRI_HOLD_POINTER, *word, frame);
        }
}

/* Where frames cannot be told apart any more every word counts. */
UNCHECKED static void scan_rest(const uintptr_t *low, const uintptr_t *high,
                                const struct kri_span *span, struct kri_holds *holds)
{
        for (const uintptr_t *word = low; word < high; word++)
                if (kri_span_holds(span, *word))
                        add(holds,
                            is_text(span, *word) ? KRI_HOLD_STACK : KRI_HOLD_POINTER,
                            *word, *word);
}

static void scan_frames(struct kri_frame *frame, const struct kri_span *span,
                        struct kri_holds *holds)
{
        const uintptr_t *slot = NULL;
        uint32_t frames = 0;
        bool more = true;

        while (more && frames++ < FRAMES_MAX) {
                uintptr_t at = kri_frame_at(frame);
                const uintptr_t *low = (const uintptr_t *)frame->regs[KRI_REG_SP];

                if (is_text(span, at))
                        add(holds, KRI_HOLD_STACK, at, at);
                more = kri_frame_up(frame);
                slot = more ? frame->slot : NULL;
                if (more)
                        scan_frame(low, (const uintptr_t *)frame->regs[KRI_REG_SP], slot,
                                   at, span, holds);
        }
        scan_rest((const uintptr_t *)frame->regs[KRI_REG_SP],
                  (const uintptr_t *)frame->high, span, holds);
}

static struct kri_frame frame_on(const struct kri_stack *stack)
{
        return (struct kri_frame){ .is_call = true,
                                   .known = 1u << KRI_REG_FRAME | 1u << KRI_REG_SP,
                                   .low = (uintptr_t)kri_stack_floor(stack),
                                   .high = (uintptr_t)stack->top };
}

/* A stack that was left by kri_switch: what that pushed lies on top, and is looked at, too. */
static void scan_parked(const struct kri_proc *p, const struct kri_span *span,
                        struct kri_holds *holds)
{
        struct kri_frame frame = frame_on(p->stack);

        kri_switch_saved(p->sp, &frame.pc, &frame.regs[KRI_REG_FRAME],
                         &frame.regs[KRI_REG_SP]);
        scan_frame(p->sp, (const uintptr_t *)frame.regs[KRI_REG_SP], NULL, frame.pc, span,
                   holds);
        scan_frames(&frame, span, holds);
}

/* The stack that we stand on, from whoever has `here`: what his callers keep in registers is
 * in it. */
static void scan_running(const struct kri_proc *p, const struct kri_jump *here,
                         const struct kri_span *span, struct kri_holds *holds)
{
        struct kri_frame frame = frame_on(p->stack);
#if defined(__x86_64__)
        enum { FRAME = 1, SP = 6, PC = 7, KEPT = 6 };
#else
        enum { FRAME = 10, SP = 12, PC = 11, KEPT = 10 };
#endif

        scan_frame((const uintptr_t *)here->regs, (const uintptr_t *)(here->regs + KEPT),
                   NULL, (uintptr_t)here->regs[PC], span, holds);
        frame.pc = (uintptr_t)here->regs[PC];
        frame.regs[KRI_REG_FRAME] = (uintptr_t)here->regs[FRAME];
        frame.regs[KRI_REG_SP] = (uintptr_t)here->regs[SP];
        scan_frames(&frame, span, holds);
}

/* Left by faults: what clean-ups and message slots point to is still there. */
static void scan_old_stacks(const struct kri_proc *p, const struct kri_span *span,
                            struct kri_holds *holds)
{
        const struct kri_stack *stack = p->extra != NULL ? p->extra->old_stacks : NULL;

        for (; stack != NULL; stack = stack->next)
                scan_rest((const uintptr_t *)kri_stack_floor(stack),
                          (const uintptr_t *)stack->top, span, holds);
}

/* -- the record -- */

/* A name for people that lies in the module becomes an atom's text, which stays. */
static void move_name(struct kri_proc *p, const struct kri_span *span)
{
        uint32_t atom;

        if (!kri_span_holds(span, (uintptr_t)p->entry_name))
                return;
        p->entry_name = kri_atom_make(p->entry_name, strlen(p->entry_name), &atom) ==
                                        KR_OK
                                ? kr_atom_text((kr_atom){ atom }, NULL)
                                : "";
}

static void scan_record(struct kri_proc *p, const struct kri_span *span,
                        struct kri_holds *holds)
{
        move_name(p, span);
        if (kri_span_holds(span, (uintptr_t)p->fn))
                add(holds, KRI_HOLD_FUNCTION, (uintptr_t)p->fn, 0);
        if (kri_has(p, KRI_P_TOP) && kri_span_holds(span, (uintptr_t)p->top_site))
                add(holds, KRI_HOLD_RECORD, (uintptr_t)p->top_site, 0);
        for (const struct kri_defer *d = p->extra != NULL ? p->extra->defers : NULL;
             d != NULL; d = d->next) {
                if (kri_span_holds(span, (uintptr_t)d->fn))
                        add(holds, KRI_HOLD_CLEAN_UP, (uintptr_t)d->fn, 0);
                if (kri_span_holds(span, (uintptr_t)d->arg))
                        add(holds, KRI_HOLD_CLEAN_UP, (uintptr_t)d->arg, 0);
        }
}

/* -- its memory -- */

/* Where a look has come to. `block` NULL: at the end. */
struct place {
        const void *block;
        size_t word; /* in it */
};

UNCHECKED static void scan_words(const uintptr_t *words, size_t count,
                                 const struct kri_span *span, struct kri_holds *holds)
{
        for (size_t i = 0; i < count; i++)
                if (__builtin_expect(kri_span_holds(span, words[i]), 0))
                        add(holds, KRI_HOLD_MEMORY, words[i], 0);
}

/* Up to LOOK_WORDS more. */
static void scan_memory(const struct kri_proc *p, struct place *at,
                        const struct kri_span *span, struct kri_holds *holds)
{
        size_t left = LOOK_WORDS;

        while (at->block != NULL && left > BLOCK_WORDS) {
                bool kept;
                size_t words = kri_owned_size(at->block, &kept) / sizeof(uintptr_t);
                size_t count = kept ? 0 : words - at->word;

                left -= BLOCK_WORDS;
                if (count > left)
                        count = left;
                scan_words((const uintptr_t *)at->block + at->word, count, span, holds);
                left -= count;
                at->word += count;
                if (kept || at->word == words)
                        *at = (struct place){ kri_owned_next(p, at->block), 0 };
        }
}

/* -- one that sleeps -- */

/* It keeps still meanwhile, as if it ran: nobody else may touch it. */
static void scan_rest_in_steps(struct kri_proc *self, struct kri_proc *p,
                               struct place *at, const struct kri_span *span,
                               struct kri_holds *holds)
{
        while (at->block != NULL) {
                kri_sched_set(p, NULL);
                kri_switch_out(self,
                               KRI_OUT_YIELD); /* whatever has happened: p must go back */
                kri_sched_set(p, self->sched);
                scan_memory(p, at, span, holds);
        }
}

static bool is_thread(const struct kri_proc *self)
{
        return kri_has(self, KRI_P_THREAD);
}

enum kri_look kri_scan_sleeper(struct kri_proc *self, kri_word pid,
                               const struct kri_span *span, struct kri_holds *ret)
{
        struct kri_proc *p = kri_proc_of(self->node, pid);
        struct place at;
        const kr_loop *loop;

        ret->count = 0;
        ret->unfinished = false;
        if (p == NULL || kri_serial(p) != kri_pid_serial(pid))
                return KRI_LOOK_GONE;
        p = kri_sleeper_borrow(self->sched, pid);
        if (p == NULL)
                return KRI_LOOK_AWAKE;
        loop = kri_loop_of(p);
        if (p->stack == NULL && loop != NULL && !kri_span_holds(span, (uintptr_t)loop) &&
            loop->refresh != NULL)
                loop->refresh(p->arg.ptr);
        if (p->stack != NULL)
                scan_parked(p, span, ret);
        scan_old_stacks(p, span, ret);
        scan_record(p, span, ret);
        at = (struct place){ kri_owned_next(p, NULL), 0 };
        scan_memory(p, &at, span, ret);
        if (!is_thread(self))
                scan_rest_in_steps(self, p, &at, span, ret);
        ret->unfinished = at.block != NULL;
        kri_sleeper_return(self->sched, p);
        kri_stack_wipe(); /* the span's addresses were here */
        return KRI_LOOK_DONE;
}

/* -- one that is asked -- */

#define HOLD_WORDS (2 + 4) /* a cell, {Kind, At, Frame} */

bool kri_scan_ask(struct kri_proc *self, kri_word pid, kr_ref ref,
                  const struct kri_span *span)
{
        kr_term root = kr_build("{~, ~, ~, ~}", (uint64_t)span->low, (uint64_t)span->high,
                                (uint64_t)span->text_low, (uint64_t)span->text_high);
        struct kri_sig *sig = NULL;

        if (!kr_is_none(root))
                sig = kri_sig_control(&self->sched->pool, KRI_SIG_CODE,
                                      kri_proc_word(self), root.w);
        kr_release(root);
        if (sig == NULL)
                return false;
        kri_ref_store(ref, kri_sig_ctl(sig)->ref);
        (void)kri_signal(self->node, self->sched, pid,
                         sig); /* or it answers as the dead */
        return true;
}

static struct kri_sig *new_answer(struct kri_sched *s, const struct kri_proc *p,
                                  const struct kri_sig_ctl *ctl,
                                  const struct kri_holds *holds)
{
        struct kri_sig *sig = kri_sig_new(&s->pool, 3 + KRI_REF_BOX_WORDS + 4 +
                                                            holds->count * HOLD_WORDS);
        kri_word *at, *said, list = KRI_NIL;

        if (sig == NULL)
                return NULL;
        sig->kind = KRI_SIG_MESSAGE;
        sig->heap[0] = kri_header(KRI_TUPLE, 0, 2);
        kri_store(&sig->root, kri_boxed(sig->heap));
        kri_ref_box(&sig->heap[3], kri_ref_load(ctl->ref));
        kri_store(&sig->heap[1], kri_boxed(&sig->heap[3]));
        said = &sig->heap[3 + KRI_REF_BOX_WORDS];
        said[0] = kri_header(KRI_TUPLE, 0, 3);
        kri_store(&sig->heap[2], kri_boxed(said));
        said[1] = kri_proc_word(p);
        said[2] = holds->unfinished ? KRI_A(true) : KRI_A(false);
        at = said + 4;
        for (uint32_t i = 0; i < holds->count; i++, at += HOLD_WORDS) {
                const struct kri_hold *hold = &holds->found[i];

                at[2] = kri_header(KRI_TUPLE, 0, 3);
                at[3] = kri_int(hold->kind);
                at[4] = kri_int((int64_t)hold->at);
                at[5] = kri_int((int64_t)hold->frame);
                kri_store(&at[0], kri_boxed(&at[2]));
                kri_store(&at[1], list);
                list = kri_cons(at);
        }
        kri_store(&said[3], list);
        return sig;
}

static struct kri_span span_of(const struct kri_sig *request)
{
        return (struct kri_span){
                (uintptr_t)kri_int_value(kri_sig_element(request, 1)),
                (uintptr_t)kri_int_value(kri_sig_element(request, 2)),
                (uintptr_t)kri_int_value(kri_sig_element(request, 3)),
                (uintptr_t)kri_int_value(kri_sig_element(request, 4)),
        };
}

/* Whose frames are below `here`, none but ours, may hold what they like. */
static __attribute__((noinline)) struct kri_sig *look(struct kri_sched *s,
                                                      struct kri_proc *p,
                                                      struct kri_sig *request,
                                                      const struct kri_jump *here)
{
        struct kri_span span = span_of(request);
        struct kri_holds holds = { .count = 0 };
        struct place at = { kri_owned_next(p, NULL), 0 };

        if (kri_is_taken(p))
                add(&holds, KRI_HOLD_BUSY, 0, 0);
        else if (kri_stack_holds(p->stack, here))
                scan_running(p, here, &span, &holds);
        else if (p->stack != NULL && p->sp != NULL)
                scan_parked(p, &span, &holds);
        scan_old_stacks(p, &span, &holds);
        scan_record(p, &span, &holds);
        scan_memory(p, &at, &span, &holds);
        holds.unfinished = at.block != NULL;
        return new_answer(s, p, kri_sig_ctl(request), &holds);
}

void kri_scan_answer(struct kri_sched *s, struct kri_proc *p, struct kri_sig *request)
{
        struct kri_sig *answer;
        struct kri_jump here;

        if (kri_jump_set(&here) != 0)
                return; /* nobody jumps: it is for the registers */
        answer = look(s, p, request, &here);
        kri_stack_wipe();
        if (answer == NULL) {
                kri_doom_atom(p, KRI_A_system_limit);
                kri_stray(s, kri_proc_word(p), request);
                return;
        }
        (void)kri_signal(s->node, s, kri_sig_ctl(request)->from, answer);
        kri_sig_free(&s->pool, request);
}

bool kri_scan_get_answer(kr_term message, kr_ref ref, kr_pid *ret_pid,
                         struct kri_holds *ret)
{
        int64_t kind, at, frame;
        kr_term list;

        ret->count = 0;
        ret->unfinished = false;
        if (!kr_match(message, "{=, {~, ~, ~}}", ref, ret_pid, &ret->unfinished, &list))
                return false;
        for (; kr_is_cons(list) && ret->count < KRI_HOLDS_MAX; list = kr_tl(list))
                if (kr_match(kr_hd(list), "{~, ~, ~}", &kind, &at, &frame))
                        ret->found[ret->count++] =
                                (struct kri_hold){ (enum kri_hold_kind)kind,
                                                   (uintptr_t)at, (uintptr_t)frame };
        return true;
}

/* -- all of them -- */

kri_word kri_scan_next(const struct kr_node *node, uint32_t *at)
{
        uint32_t used = __atomic_load_n(&node->slots_used, __ATOMIC_RELAXED);

        while (*at < used) {
                struct kri_proc *p = kri_proc_at(node, (*at)++);
                uint32_t serial = kri_serial(p);

                if (atomic_load_explicit(&p->outer, memory_order_acquire) != KRI_DEAD)
                        return kri_near_pid(node->slot, *at - 1, serial);
        }
        return 0;
}

void kri_scan_node(struct kr_node *node, const struct kri_span *span,
                   struct kri_holds *ret)
{
        uint32_t count = atomic_load(&node->keep.count);

        ret->count = 0;
        ret->unfinished = false;
        for (uint32_t i = 0; i < count; i++) {
                uintptr_t words[] = { (uintptr_t)node->keep.kept[i].key,
                                      (uintptr_t)node->keep.kept[i].value,
                                      (uintptr_t)node->keep.kept[i].release };

                for (unsigned k = 0; k < 3; k++)
                        if (kri_span_holds(span, words[k]))
                                add(ret, KRI_HOLD_RECORD, words[k], 0);
        }
        if (kri_span_holds(span, (uintptr_t)node->opts.report))
                add(ret, KRI_HOLD_RECORD, (uintptr_t)node->opts.report, 0);
}
