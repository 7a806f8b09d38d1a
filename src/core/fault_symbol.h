/* SPDX-License-Identifier: Apache-2.0 */
/* fault_symbol.h: what function, file and line an address belongs to.
 *
 * Model    One cache for the OS process. Functions come from the symbol tables of the object
 *          files (static functions too, unless the file was stripped), files and lines from
 *          elfutils' libdw when it is there to be loaded (libdw.so.1); without it they are
 *          missing, nothing else.
 * Threads  any. Looking up takes no lock. Learning takes one, and does its work on a thread
 *          made for it: reading debug information does not fit on a process's stack.
 * Owns     what it has learned, until kri_symbols_forget, or until there are KRI_SYMBOLS_MAX and
 *          more are to be learned: then those go that nobody has wanted since the last time. Their
 *          memory is freed when nobody holds symbols (kri_symbols_hold).
 */
#ifndef KR_CORE_FAULT_SYMBOL_H
#define KR_CORE_FAULT_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KRI_SYMBOLS_MAX 4096u

struct kri_symbol {
        _Atomic uintptr_t at; /* 0: of something that was there before */
        _Atomic bool wanted;  /* somebody has looked since the last time that some went */
        uint32_t offset;      /* from the beginning of the function */
        uint32_t line;        /* 0: not known, nor is file */
        bool is_global;       /* other object files can see the function */
        uint32_t function_len, file_len;
        const char *function;    /* terminated by a zero byte, as is file */
        const char *file;        /* as the compiler was given it, without directories */
        struct kri_symbol *next; /* under the lock: taken out, not freed yet */
};

/* What kri_symbol_known gives stays from here to there. Any number of times; not for long, and
 * not over a wait. Also in a signal handler. */
void kri_symbols_hold(void);
void kri_symbols_release(void);

/* NULL: not learned yet. Between these two. */
const struct kri_symbol *kri_symbol_known(uintptr_t at);

/* Those that are known now. */
uint32_t kri_symbols_count(void);

/* Learn those of `at` that are not known, at most KRI_SYMBOLS_MAX / 2; without memory, or while others
 * hold too many, some stay unknown. Milliseconds for the first address of an object; not in a signal
 * handler. */
void kri_symbols_learn(const uintptr_t *at, uint32_t count);

/* Give back all; nobody else may be at work here. */
void kri_symbols_forget(void);

/* Let go of the files that were read; they are opened again when they are needed. */
void kri_symbols_let_go(void);

/* What is known of addresses from low to high means nothing from now on. */
void kri_symbols_drop(uintptr_t low, uintptr_t high);

/* Look into the symbol table of the file itself: false if there is no name. Name without
 * its rest if it does not fit; ret_global may be NULL. Slow; only system calls, so also in a
 * signal handler. */
bool kri_symbol_read(uintptr_t at, char *name, size_t name_size, uintptr_t *ret_offset,
                     bool *ret_global);

#endif
