/* SPDX-License-Identifier: Apache-2.0 */
/* trace.c: call traces: walking the caller's frames, and a trace as a term. */
#include "fault_priv.h"

#include <string.h>

#include "term/atom.h"

#include "entry.h"
#include "extra.h"
#include "fault_symbol.h"
#include "fault_unwind.h"
#include "module.h"

/* Words of one element: the list cell, {Function, Offset, Location}, and of the location two
 * cells with {file, File} and {line, Line}. Names beside. */
#define ELEMENT_WORDS (2 + 4)
#define LOCATION_WORDS (2 * (2 + 3))

/* Of a module that may be gone when the trace is read, four cells with {module, Module},
 * {version, Version}, {build_id, Text} and {at, Offset}. Names beside. */
#define MODULE_WORDS (4 * (2 + 3))

static const struct kri_symbol nowhere = { .function = "", .file = "" };

/* -- walking -- */

__attribute__((noinline, no_sanitize("address", "thread"))) void kri_trace_here(
        const struct kri_proc *p, struct kri_trace *ret_trace)
{
        const uintptr_t *frame = __builtin_frame_address(0);

        ret_trace->count = 0;
        ret_trace->entry = (uintptr_t)p->fn;
        while (ret_trace->count < KRI_TRACE_MAX && kri_stack_holds(p->stack, frame) &&
               kri_stack_holds(p->stack, frame + 1) && (uintptr_t)frame % 8 == 0) {
                const uintptr_t *outer = (const uintptr_t *)frame[0];

                if (frame[1] == 0)
                        return;
                ret_trace->at[ret_trace->count++] = kri_plain_address(frame[1]) - 1;
                if (outer <= frame)
                        return;
                frame = outer;
        }
}

void kri_trace_of_raise(struct kri_proc *p, struct kri_trace *ret_trace)
{
        struct kri_fault *fault = p->extra != NULL ? p->extra->fault : NULL;

        if (fault != NULL) {
                p->extra->fault = NULL;
                *ret_trace = fault->trace;
                return;
        }
        kri_trace_here(p, ret_trace);
}

/* -- whose -- */

/* Where they lie: the linker's names for the bounds of a section. None, if there is none. */
extern const char __start_kri_tails[] __attribute__((weak, visibility("hidden")));
extern const char __stop_kri_tails[] __attribute__((weak, visibility("hidden")));

static bool is_ours(const struct kri_symbol *symbol)
{
        return strncmp(symbol->function, "kri_", 4) == 0 ||
               strncmp(symbol->function, "kr_", 3) == 0;
}

static bool is_tail(uintptr_t at)
{
        return at >= (uintptr_t)__start_kri_tails && at < (uintptr_t)__stop_kri_tails;
}

static bool is_entry(uintptr_t at)
{
        const struct kri_symbol *symbol;
        bool is;

        kri_symbols_hold();
        symbol = kri_symbol_known(at);
        is = is_tail(at) || (symbol != NULL && symbol->is_global && is_ours(symbol));
        kri_symbols_release();
        return is;
}

/* A compiler need not make a jump of a call in the end: then both are there. */
uint32_t kri_entry_behind(const struct kri_trace *trace, uint32_t from)
{
        while (from < trace->count && !is_entry(trace->at[from]))
                from++;
        if (from == trace->count)
                return 0;
        while (is_tail(trace->at[from]) && from + 1 < trace->count &&
               is_entry(trace->at[from + 1]))
                from++;
        return from + 1;
}

/* -- as a term -- */

/* Somebody else may learn an address in between: what the words were counted for stays. */
static void find_symbols(struct kri_trace *trace)
{
        kri_symbols_learn(trace->at, trace->count);
        kri_symbols_hold();
        for (uint32_t i = 0; i < trace->count; i++) {
                trace->symbol[i] = kri_symbol_known(trace->at[i]);
                if (trace->symbol[i] == NULL)
                        trace->symbol[i] = &nowhere;
        }
}

#define RAISE_DEPTH 6u /* so far up at most is the function that raises */

/* Behind the function of ours that was called, if the trace is of a raise in it. */
static uint32_t behind_entry(const struct kri_trace *trace)
{
        uint32_t raise = 0, behind;

        while (raise < trace->count && raise < RAISE_DEPTH &&
               strncmp(trace->symbol[raise]->function, "kri_raise_term", 14) != 0)
                raise++;
        if (raise == trace->count || raise == RAISE_DEPTH)
                return 0;
        behind = kri_entry_behind(trace, raise);
        return behind != 0 ? behind : raise;
}

/* Past the way from the API to where the trace was taken: it says nothing to its reader. */
static uint32_t first_shown(const struct kri_trace *trace)
{
        uint32_t first = behind_entry(trace);

        while (first < trace->count && is_ours(trace->symbol[first]))
                first++;
        return first;
}

/* The part of the trace that is shown. */
static void bounds(const struct kri_trace *trace, uint32_t *ret_first, uint32_t *ret_end)
{
        uint32_t first = first_shown(trace), end = trace->count;

        for (uint32_t i = first; i < trace->count; i++)
                if (trace->at[i] - trace->symbol[i]->offset == trace->entry)
                        end = i + 1;
        while (end > first && is_ours(trace->symbol[end - 1]))
                end--;
        *ret_first = first;
        *ret_end = end;
}

static const struct kri_version *version_of(uintptr_t at)
{
        struct kri_proc *p = kri_current();

        return p != NULL ? kri_version_at(p->node, at) : NULL;
}

static const char *version_text(const struct kri_version *v, size_t *ret_len)
{
        return kr_atom_text((kr_atom){ v->version }, ret_len);
}

static uint64_t module_words(uintptr_t at)
{
        const struct kri_version *v = version_of(at);
        size_t len;

        if (v == NULL)
                return 0;
        (void)version_text(v, &len);
        return MODULE_WORDS + 2 + kri_bin_words(len) +
               kri_bin_words(2 * (uint64_t)v->facts->build_id_len);
}

uint64_t kri_trace_words(struct kri_trace *trace)
{
        uint32_t first, end;
        uint64_t words = 0;

        find_symbols(trace);
        bounds(trace, &first, &end);
        for (uint32_t i = first; i < end; i++) {
                const struct kri_symbol *symbol = trace->symbol[i];

                words += ELEMENT_WORDS + 1 + kri_bin_words(symbol->function_len);
                if (symbol->line != 0)
                        words += LOCATION_WORDS + 1 + kri_bin_words(symbol->file_len);
                words += module_words(trace->at[i]);
        }
        return words;
}

void kri_trace_done(struct kri_trace *trace)
{
        trace->count = 0; /* its symbols may go */
        kri_symbols_release();
}

static kri_word *take(kri_word **heap, uint64_t words)
{
        kri_word *at = *heap;

        *heap += words;
        return at;
}

static kri_word put_text(kri_word **heap, const char *text, uint32_t len)
{
        kri_word *box = take(heap, 1 + kri_bin_words(len));

        box[0] = kri_header(KRI_BIN, 0, kri_bin_words(len));
        box[1] = (kri_word)len * 8;
        box[kri_bin_words(len)] = 0; /* the bytes after the text */
        memcpy(box + 2, text, len);
        return kri_boxed(box);
}

static kri_word put_cell(kri_word **heap, kri_word head, kri_word tail)
{
        kri_word *cell = take(heap, 2);

        kri_store(&cell[0], head);
        kri_store(&cell[1], tail);
        return kri_cons(cell);
}

static kri_word put_pair(kri_word **heap, kri_word key, kri_word value)
{
        kri_word *tuple = take(heap, 3);

        tuple[0] = kri_header(KRI_TUPLE, 0, 2);
        tuple[1] = key;
        kri_store(&tuple[2], value);
        return kri_boxed(tuple);
}

static kri_word put_build_id(kri_word **heap, const struct kri_version_facts *facts)
{
        char text[2 * KRI_BUILD_ID_MAX];

        for (uint32_t i = 0; i < facts->build_id_len; i++) {
                text[2 * i] = "0123456789abcdef"[facts->build_id[i] >> 4];
                text[2 * i + 1] = "0123456789abcdef"[facts->build_id[i] & 15];
        }
        return put_text(heap, text, 2 * facts->build_id_len);
}

/* What tells, when the module is gone, which line of which build it was. */
static kri_word put_module(kri_word **heap, uintptr_t at)
{
        const struct kri_version *v = version_of(at);
        uint32_t module_atom, version_atom, build_atom, at_atom;
        kri_word module, version, build, offset;
        const char *text;
        size_t len;

        if (v == NULL || kri_atom_make("module", 6, &module_atom) != KR_OK ||
            kri_atom_make("version", 7, &version_atom) != KR_OK ||
            kri_atom_make("build_id", 8, &build_atom) != KR_OK ||
            kri_atom_make("at", 2, &at_atom) != KR_OK)
                return KRI_NIL;
        text = version_text(v, &len);
        module = put_pair(heap, kri_atom(module_atom), kri_atom(v->of->atom));
        version = put_pair(heap, kri_atom(version_atom),
                           put_text(heap, text, (uint32_t)len));
        build = put_pair(heap, kri_atom(build_atom), put_build_id(heap, v->facts));
        offset = put_pair(heap, kri_atom(at_atom), kri_int((int64_t)(at - v->span.low)));
        return put_cell(heap, module,
                        put_cell(heap, version,
                                 put_cell(heap, build, put_cell(heap, offset, KRI_NIL))));
}

static kri_word put_location(kri_word **heap, const struct kri_symbol *symbol,
                             kri_word module)
{
        uint32_t file_atom, line_atom;
        kri_word file, line;

        if (symbol->line == 0 || kri_atom_make("file", 4, &file_atom) != KR_OK ||
            kri_atom_make("line", 4, &line_atom) != KR_OK)
                return module;
        file = put_pair(heap, kri_atom(file_atom),
                        put_text(heap, symbol->file, symbol->file_len));
        line = put_pair(heap, kri_atom(line_atom), kri_int(symbol->line));
        return put_cell(heap, file, put_cell(heap, line, module));
}

static kri_word put_element(kri_word **heap, const struct kri_trace *trace, uint32_t i)
{
        const struct kri_symbol *symbol = trace->symbol[i];
        kri_word *tuple = take(heap, 4);

        tuple[0] = kri_header(KRI_TUPLE, 0, 3);
        kri_store(&tuple[1], put_text(heap, symbol->function, symbol->function_len));
        /* without a name the address is all there is to say */
        tuple[2] = kri_int(symbol->function_len != 0 ? (int64_t)symbol->offset
                                                     : (int64_t)trace->at[i]);
        kri_store(&tuple[3], put_location(heap, symbol, put_module(heap, trace->at[i])));
        return kri_boxed(tuple);
}

/* From the outermost inward, so that every cell finds its tail. */
kri_word kri_trace_term(const struct kri_trace *trace, kri_word **heap)
{
        uint32_t first, end;
        kri_word list = KRI_NIL;

        bounds(trace, &first, &end);
        while (end > first) {
                kri_word element = put_element(heap, trace, --end);

                list = put_cell(heap, element, list);
        }
        return list;
}
