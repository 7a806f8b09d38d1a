/* SPDX-License-Identifier: Apache-2.0 */
/* module.h: the modules of a node: what names lead to, and whose an address is.
 *
 * Model    A name that was ever loaded stays, with its current and its old version. A version is
 *          one loaded object, or a descriptor of the program; the node's list of those that
 *          lie in objects of their own answers whose an address is.
 * Threads  Processes look without a lock: names and versions are whole before they are
 *          published, and what is taken out of the table is freed only when each process has
 *          taken in signals since (the round of a purge, module_scan.h). Attached threads do
 *          not: they look under the lock, and count as users of what they call.
 *          Changes: under the lock; by the code server, and by kr_module_add.
 * Owns     names and versions; not the objects that versions lie in, which are the code
 *          server's.
 */
#ifndef KR_CORE_MODULE_H
#define KR_CORE_MODULE_H

#include <krarup/module.h>

#include "base/plat_thread.h"

#include "forward.h"

#define KRI_MODULES_MAX 32768u
#define KRI_BUILD_ID_MAX 32u

/* Where a version lies. All zero: nowhere of its own. */
struct kri_span {
        uintptr_t low, high;           /* all of it */
        uintptr_t text_low, text_high; /* what can be run */
};

static inline bool kri_span_holds(const struct kri_span *span, uintptr_t at)
{
        return at - span->low < span->high - span->low;
}

struct kri_function {
        uint32_t name; /* atom */
        int32_t arity;
        kr_export_fn call;
};

struct kri_static {
        const char *name;
        uint64_t size;
};

/* What only the code server knows of a version. Borrowed by it, with all that is in it. */
struct kri_version_facts {
        struct kri_span span;
        const char *file; /* as it was asked for */
        uint8_t build_id[KRI_BUILD_ID_MAX];
        uint32_t build_id_len;
        const struct kri_static *statics;
        uint32_t static_count;
        uint64_t static_bytes;
};

struct kri_version {
        struct kri_version *_Atomic next; /* in the node's list */
        struct kri_module_name *of;
        const kr_module *module;
        const struct kri_version_facts *facts; /* NULL: part of the program */
        struct kri_span span;
        uint32_t version;       /* atom */
        _Atomic uint32_t users; /* calls of attached threads under way */
        uint32_t function_count, loop_count;
        uint32_t *loops;                 /* atoms, as module->loops */
        struct kri_function functions[]; /* in the order of the descriptor */
};

struct kri_module_name {
        uint32_t atom;
        struct kri_version *_Atomic current; /* NULL: deleted */
        struct kri_version *_Atomic old;
};

struct kri_modules;

/* How many versions are loaded from objects of their own in this OS process. */
extern _Atomic uint32_t kri_modules_loaded;

/* -- the code server's side -- */

/* A version that is in no table yet. KR_EBADARG: the descriptor is not well formed; KR_ENOMEM;
 * KR_ESYSTEMLIMIT: no atoms. `facts` NULL: of the program; else they stay while it does. */
kr_err kri_version_new(const kr_module *module, const struct kri_version_facts *facts,
                       struct kri_version **ret);
void kri_version_free(struct kri_version *version);

/* It can be found by address (before anything of it runs), and no more. */
kr_err kri_version_list(struct kr_node *node, struct kri_version *version, uint32_t atom);
void kri_version_unlist(struct kr_node *node, struct kri_version *version);

/* It becomes current, and what was current, if anything was, old: then there is no old one. */
void kri_version_publish(struct kri_version *version);
/* The current one becomes old; false: there is an old one, or none is current. */
bool kri_module_delete(struct kri_module_name *name);
/* Forget the old one, which is still in the list. */
void kri_module_forget_old(struct kri_module_name *name);

/* NULL: was never loaded. */
struct kri_module_name *kri_module_named(const struct kr_node *node, uint32_t atom);
/* Names and versions that are loaded, one after the other: *at begins with 0. */
struct kri_module_name *kri_module_next(const struct kr_node *node, uint32_t *at);

/* kr_apply finds no module of that name: a process asks for it. true: look again. */
void kri_module_missing_hook(struct kr_node *node, bool (*missing)(kr_atom module));

bool kri_module_ask(struct kr_node *node, uint32_t atom);
/* For attached threads, which look under the lock. */
void kri_modules_lock(const struct kr_node *node, bool lock);

/* -- everybody's -- */

/* Whose is that address? NULL: of none that was loaded. Takes no lock; a process, or
 * whoever runs while no purge can end. */
struct kri_version *kri_version_at(const struct kr_node *node, uintptr_t at);

/* As terms: give new ones. */
kr_term kri_statics_term(const struct kri_version_facts *facts);
kr_term kri_build_id_term(const struct kri_version_facts *facts);

/* Put a term in a slot (NULL: nowhere), and release it. False: no memory. p is inside. */
bool kri_answer_in(struct kri_proc *p, kr_msg *slot, kr_term term);

/* The versions of modules that p runs, each once; gives their number. p is ours, or at rest. */
#define KRI_LOOP_CODE_MAX 16u
size_t kri_modules_run(struct kri_proc *p, struct kri_version *ret[KRI_LOOP_CODE_MAX]);

/* Current and old change places; false: there is no old version. Under the lock that is the code
 * server's: nothing is loaded or purged meanwhile. */
bool kri_module_swap(struct kri_module_name *name);

/* Overwrite what calls that have returned have left below. */
void kri_stack_wipe(void);

#endif
