/* SPDX-License-Identifier: Apache-2.0 */
#include "describe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/switch.h"
#include "term/atom.h"

#include "dict.h"
#include "entry.h"
#include "extra.h"
#include "fault.h"
#include "link.h"
#include "loop.h"
#include "module.h"
#include "node.h"
#include "fault_symbol.h"
#include "fault_unwind.h"
#include "watching.h"

/* Items in the order of process_info/1; the rest has to be asked for. */
/* clang-format off */
#define DEFAULT_ITEM_MAP(X)                                                              \
        X(registered_name) X(current_function) X(initial_call) X(status)                 \
        X(message_queue_len) X(links) X(dictionary) X(trap_exit) X(priority)             \
        X(group_leader) X(total_heap_size) X(heap_size) X(stack_size) X(reductions)      \
        X(suspending)
#define OTHER_ITEM_MAP(X)                                                                \
        X(monitors) X(monitored_by) X(messages) X(current_stacktrace) X(memory)          \
        X(parent) X(backtrace) X(modules)
/* clang-format on */

enum item {
#define ITEM_ENUM(name) ITEM_##name,
        DEFAULT_ITEM_MAP(ITEM_ENUM) DEFAULT_ITEMS,
        ITEM_NONE = DEFAULT_ITEMS,
        OTHER_ITEM_MAP(ITEM_ENUM)
#undef ITEM_ENUM
                ITEMS
};

/* A process as it is described. Each description is written twice by the same code: first
 * nowhere, to count its words, then into the signal that has so many. */
struct view {
        struct kri_proc *p;
        bool running;           /* on its own stack, which we stand on */
        struct kri_trace trace; /* once it is wanted: then trace_words is not 0 */
        uint64_t trace_words;
        struct kri_sig *sig; /* NULL: counting */
        kri_word *heap;      /* where the next word goes */
        uint64_t words;      /* so far */
};

static kri_word *room(struct view *v, uint64_t words)
{
        kri_word *at = v->heap;

        v->words += words;
        if (v->sig == NULL)
                return NULL;
        v->heap += words;
        return at;
}

/* -- terms; where nothing is written, their value means nothing -- */

static kri_word copy(struct view *v, kri_word t)
{
        if (v->sig != NULL)
                return kri_term_copy(&v->heap, t, (kri_word *)v->sig, &v->sig->blobs);
        v->words += kri_term_words(t);
        return KRI_NIL;
}

static kri_word tuple(struct view *v, unsigned arity, const kri_word *elements)
{
        kri_word *at = room(v, 1 + arity);

        if (at == NULL)
                return KRI_NIL;
        at[0] = kri_header(KRI_TUPLE, 0, arity);
        for (unsigned i = 0; i < arity; i++)
                kri_store(&at[1 + i], elements[i]);
        return kri_boxed(at);
}

static kri_word pair(struct view *v, kri_word a, kri_word b)
{
        return tuple(v, 2, (const kri_word[]){ a, b });
}

struct list {
        kri_word first;
        kri_word *tail; /* of the last cell */
};
#define LIST_INIT                                                                        \
        {                                                                                \
                KRI_NIL, NULL                                                            \
        }

static void append(struct view *v, struct list *list, kri_word item)
{
        kri_word *cell = room(v, 2);

        if (cell == NULL)
                return;
        kri_store(&cell[0], item);
        cell[1] = KRI_NIL;
        if (list->tail != NULL)
                kri_store(list->tail, kri_cons(cell));
        else
                list->first = kri_cons(cell);
        list->tail = &cell[1];
}

static kri_word binary(struct view *v, const char *bytes, size_t len)
{
        uint64_t words = kri_bin_words(len);
        kri_word *box = room(v, 1 + words);

        if (box == NULL)
                return KRI_NIL;
        memset(box, 0, (1 + words) * sizeof(*box));
        box[0] = kri_header(KRI_BIN, 0, words);
        box[1] = (uint64_t)len * 8;
        memcpy(&box[2], bytes, len);
        return kri_boxed(box);
}

static kri_word pid_or_undefined(kri_word pid)
{
        return pid != 0 ? pid : KRI_A(undefined);
}

/* The watch has its scheduler taken away, and answers for it: what it runs moves on. */
static bool is_taken(const struct kri_proc *p)
{
        return atomic_load_explicit(&p->taken, memory_order_relaxed);
}

/* -- items from the record -- */

static kri_word registered_name(struct view *v)
{
        uint32_t name = atomic_load_explicit(&v->p->name, memory_order_relaxed);

        return name != 0 && name != KRI_NAME_DEAD ? kri_atom(name) : KRI_NIL;
}

static kri_word initial_call(struct view *v)
{
        const char *name = v->p->entry_name != NULL ? v->p->entry_name : "";
        bool has_argument = v->p->entry_kind != KRI_ENTRY_NONE;

        return pair(v, binary(v, name, strlen(name)), kri_int(has_argument));
}

/* As it was before it was given the question to answer. */
static kri_word status(struct view *v)
{
        const struct kri_proc *p = v->p;
        bool waits = p->out == KRI_OUT_WAIT || p->out == KRI_OUT_TOP;

        if (v->running || is_taken(p))
                return KRI_A(running);
        if (p->suspended != 0)
                return KRI_A(suspended);
        return waits && !kri_has(p, KRI_P_NEWS) ? KRI_A(waiting) : KRI_A(runnable);
}

static kri_word message_queue_len(struct view *v)
{
        return kri_int(v->p->len);
}

static kri_word messages(struct view *v)
{
        struct list list = LIST_INIT;

        for (struct kri_sig *sig = v->p->first; sig != NULL; sig = sig->next)
                append(v, &list, copy(v, kri_sig_root(sig)));
        return list.first;
}

static kri_word links(struct view *v)
{
        struct kri_link_walk walk = { .p = v->p };
        struct list list = LIST_INIT;
        kri_word pid;

        while (kri_link_next(&walk, &pid))
                append(v, &list, pid);
        return list.first;
}

static kri_word watched(struct view *v, const struct kri_watching *w)
{
        kri_word object = w->target;

        if (w->name != 0)
                object = pair(v, kri_atom(w->name),
                              kri_atom(kr_node_name(v->p->node).index));
        return pair(v, KRI_A(process), object);
}

static kri_word monitors(struct view *v)
{
        struct list list = LIST_INIT;
        const struct kri_watching *w;

        for (uint32_t at = 0; (w = kri_watching_next(v->p, &at)) != NULL;)
                if (w->monitoring)
                        append(v, &list, watched(v, w));
        return list.first;
}

static kri_word monitored_by(struct view *v)
{
        struct list list = LIST_INIT;
        struct kri_entry3 entry;

        for (uint32_t at = 0; kri_watcher_next(v->p, &at, &entry);)
                append(v, &list, entry.a);
        return list.first;
}

static kri_word trap_exit(struct view *v)
{
        return kri_has(v->p, KRI_P_TRAP_EXIT) ? KRI_A(true) : KRI_A(false);
}

static kri_word priority(struct view *v)
{
        static const uint32_t names[] = { [KR_PRIORITY_NORMAL] = KRI_A_normal,
                                          [KR_PRIORITY_LOW] = KRI_A_low,
                                          [KR_PRIORITY_HIGH] = KRI_A_high,
                                          [KR_PRIORITY_MAX] = KRI_A_max };

        return kri_atom(names[v->p->priority]);
}

static kri_word group_leader(struct view *v)
{
        return pid_or_undefined(v->p->leader);
}

static kri_word parent(struct view *v)
{
        return pid_or_undefined(v->p->parent);
}

static kri_word reductions(struct view *v)
{
        const struct kri_sched *s = v->p->sched;
        int32_t turn = s != NULL && s->sim ? s->turn : KRI_TURN_REDUCTIONS;
        int64_t in_turn = v->running ? turn - kri_turn_left(v->p) : 0;

        return kri_int((int64_t)v->p->reductions + in_turn);
}

/* -- memory: in words where Erlang has words -- */

static uint64_t bytes_of(const struct kri_sig *first)
{
        uint64_t bytes = 0;

        for (; first != NULL; first = first->next)
                bytes += kri_sig_size(first);
        return bytes;
}

static uint64_t heap_bytes(const struct kri_proc *p)
{
        return kri_owned_bytes(p) + bytes_of(p->held);
}

static kri_word heap_size(struct view *v)
{
        return kri_int((int64_t)(heap_bytes(v->p) / sizeof(kri_word)));
}

static kri_word total_heap_size(struct view *v)
{
        uint64_t bytes = heap_bytes(v->p) + bytes_of(v->p->first);

        return kri_int((int64_t)(bytes / sizeof(kri_word)));
}

static kri_word memory(struct view *v)
{
        const struct kri_proc *p = v->p;
        uint64_t bytes = sizeof(*p) + heap_bytes(p) + bytes_of(p->first);

        if (p->extra != NULL)
                bytes += sizeof(*p->extra);
        if (p->stack != NULL)
                bytes += p->stack->size;
        return kri_int((int64_t)bytes);
}

/* In use. Of one that the watch has taken it is not known, and counts as none. */
static kri_word stack_size(struct view *v)
{
        const struct kri_proc *p = v->p;
        const char *sp = v->running ? __builtin_frame_address(0) : p->sp;

        if (!kri_stack_holds(p->stack, sp) || is_taken(p))
                return kri_int(0);
        return kri_int((p->stack->top - sp) / (int64_t)sizeof(kri_word));
}

/* -- where it is -- */

/* A process that has left its stack by kri_switch: what that pushed is on top. */
static void parked_frame(const struct kri_proc *p, struct kri_frame *ret_frame)
{
        const uintptr_t *saved = p->sp;

        *ret_frame = (struct kri_frame){ .is_call = true,
                                         .low = (uintptr_t)kri_stack_floor(p->stack),
                                         .high = (uintptr_t)p->stack->top };
        kri_switch_saved(saved, &ret_frame->pc, &ret_frame->regs[KRI_REG_FRAME],
                         &ret_frame->regs[KRI_REG_SP]);
        ret_frame->known = 1u << KRI_REG_FRAME | 1u << KRI_REG_SP;
}

static void trace_parked(const struct kri_proc *p, struct kri_trace *trace)
{
        struct kri_frame frame;

        parked_frame(p, &frame);
        trace->count = 0;
        trace->entry = (uintptr_t)p->fn;
        do {
                trace->at[trace->count++] = kri_frame_at(&frame);
        } while (trace->count < KRI_TRACE_MAX && kri_frame_up(&frame));
}

/* As in Erlang the innermost function is the program's: what it has called of ours, up to
 * the function that it called, is left out. */
static void leave_out_ours(struct kri_trace *trace)
{
        uint32_t behind;

        kri_symbols_learn(trace->at, trace->count);
        behind = kri_entry_behind(trace, 0);
        trace->count -= behind;
        memmove(trace->at, trace->at + behind, trace->count * sizeof(trace->at[0]));
}

/* Without a stack it is at the top of its function. Of one that the watch has taken nothing
 * is known but that. */
static void find_trace(struct view *v)
{
        const struct kri_proc *p = v->p;

        if (!v->running && (p->stack == NULL || p->sp == NULL || is_taken(p))) {
                v->trace.count = p->fn != NULL;
                v->trace.at[0] = (uintptr_t)p->fn;
                return;
        }
        if (v->running)
                kri_trace_here(p, &v->trace);
        else
                trace_parked(p, &v->trace);
        leave_out_ours(&v->trace);
}

/* {Name, 0, []}: of a loop that waits at its top; its function's own name says nothing. */
static kri_word top_of_loop(struct view *v, const char *name)
{
        const kri_word element[3] = { binary(v, name, strlen(name)), kri_int(0),
                                      KRI_NIL };

        return tuple(v, 3, element);
}

static bool waits_in_loop(const struct view *v)
{
        return !v->running && v->p->stack == NULL && kri_loop_of(v->p) != NULL;
}

static kri_word current_stacktrace(struct view *v)
{
        struct list list = LIST_INIT;

        if (waits_in_loop(v)) {
                append(v, &list, top_of_loop(v, kri_proc_name(v->p)));
                return list.first;
        }
        if (v->sig != NULL)
                return kri_trace_term(&v->trace, &v->heap);
        if (v->trace_words == 0) { /* once: the names are found now, and kept */
                find_trace(v);
                v->trace_words = 1 + kri_trace_words(&v->trace);
        }
        v->words += v->trace_words;
        return KRI_NIL;
}

static kri_word current_function(struct view *v)
{
        kri_word trace = current_stacktrace(v);
        kri_word innermost[2] = { KRI_NIL, KRI_NIL };

        if (trace != KRI_NIL) {
                innermost[0] = kri_tuple_at(kri_head(trace), 0);
                innermost[1] = kri_tuple_at(kri_head(trace), 1);
        } else if (v->sig != NULL) {
                return KRI_A(undefined);
        }
        return tuple(v, 2, innermost);
}

#define TEXT_MAX 2048u

static const char *function_of(kri_word trace, size_t *ret_len)
{
        uint64_t bits;
        const uint8_t *bytes = kri_bits(kri_tuple_at(kri_head(trace), 0), &bits);

        *ret_len = bits / 8;
        return (const char *)bytes;
}

static size_t print_trace(kri_word trace, char text[TEXT_MAX])
{
        size_t len = 0;

        for (; trace != KRI_NIL; trace = kri_tail(trace)) {
                size_t name_len, left = TEXT_MAX - len;
                const char *name = function_of(trace, &name_len);
                int64_t offset = kri_int_value(kri_tuple_at(kri_head(trace), 1));
                int n = snprintf(text + len, left, "%.*s+%" PRId64 "\n", (int)name_len,
                                 name, offset);

                if (n < 0 || (size_t)n >= left)
                        break;
                len += (size_t)n;
        }
        return len;
}

static kri_word backtrace(struct view *v)
{
        kri_word trace = current_stacktrace(v);
        char text[TEXT_MAX];

        return binary(v, text, v->sig != NULL ? print_trace(trace, text) : TEXT_MAX);
}

/* -- what hangs off the record -- */

static kri_word dictionary(struct view *v)
{
        struct list list = LIST_INIT;

        if (v->p->extra == NULL)
                return KRI_NIL;
        for (struct kri_dict *d = v->p->extra->dict; d != NULL; d = d->next)
                append(v, &list, copy(v, kri_sig_root(d->pair)));
        return list.first;
}

/* {Pid, Count, 0}: how often we have suspended it. That it obeys is seen at once, so none is
 * outstanding. */
static kri_word suspending(struct view *v)
{
        struct list list = LIST_INIT;
        struct kri_entry3 *entry;

        if (v->p->extra == NULL)
                return KRI_NIL;
        for (uint32_t at = 0;
             (entry = kri_table_next(&v->p->extra->suspending, &at)) != NULL;)
                append(v, &list,
                       tuple(v, 3,
                             (const kri_word[]){ entry->key, kri_int((int64_t)entry->a),
                                                 kri_int(0) }));
        return list.first;
}

/* {Module, Version}: those loaded whose code it runs: of its loop, or of its function. */
static kri_word modules(struct view *v)
{
        struct kri_version *versions[KRI_LOOP_CODE_MAX];
        struct list list = LIST_INIT;
        size_t count = kri_modules_run(v->p, versions);

        for (size_t i = 0; i < count; i++)
                append(v, &list,
                       tuple(v, 2,
                             (const kri_word[]){ kri_atom(versions[i]->of->atom),
                                                 kri_atom(versions[i]->version) }));
        return list.first;
}

/* -- the description -- */

static const struct {
        uint32_t atom;
        kri_word (*value)(struct view *v);
} items[ITEMS] = {
#define ITEM_ENTRY(name) [ITEM_##name] = { KRI_A_##name, name },
        DEFAULT_ITEM_MAP(ITEM_ENTRY) OTHER_ITEM_MAP(ITEM_ENTRY)
#undef ITEM_ENTRY
};

/* ITEMS: there is none of that name. */
static unsigned item_of(uint32_t atom)
{
        unsigned item = 0;

        while (item < ITEMS && items[item].atom != atom)
                item++;
        return item;
}

static kri_word write_item(struct view *v, unsigned item)
{
        return pair(v, kri_atom(items[item].atom), items[item].value(v));
}

static kri_word write_these(struct view *v, kri_word atoms)
{
        struct list list = LIST_INIT;

        for (uint64_t i = 0; i < kri_tuple_arity(atoms); i++)
                append(v, &list,
                       write_item(v, item_of(kri_atom_index(kri_tuple_at(atoms, i)))));
        return list.first;
}

static kri_word write_default(struct view *v)
{
        struct list list = LIST_INIT;

        for (unsigned item = 0; item < DEFAULT_ITEMS; item++)
                if (item != ITEM_registered_name || registered_name(v) != KRI_NIL)
                        append(v, &list, write_item(v, item));
        return list.first;
}

static kri_word write_info(struct view *v, kri_word wanted)
{
        if (wanted == KRI_NIL)
                return write_default(v);
        if (kri_tag(wanted) != KRI_ATOM)
                return write_these(v, wanted);
        if (wanted == KRI_A(registered_name) && registered_name(v) == KRI_NIL)
                return KRI_NIL; /* as in Erlang, in this form only */
        return write_item(v, item_of(kri_atom_index(wanted)));
}

struct kri_sig *kri_describe(struct kri_sched *s, struct kri_proc *p, kri_word wanted,
                             uint64_t before, kri_word *ret_info)
{
        struct view v = { .p = p, .running = kri_current() == p };

        (void)write_info(&v, wanted);
        v.sig = kri_sig_new(&s->pool, before + v.words);
        if (v.sig != NULL) {
                v.sig->kind = KRI_SIG_MESSAGE;
                v.heap = v.sig->heap + before;
                *ret_info = write_info(&v, wanted);
        }
        if (v.trace_words != 0)
                kri_trace_done(&v.trace);
        return v.sig;
}

bool kri_describe_knows(uint32_t atom)
{
        return item_of(atom) < ITEMS;
}
