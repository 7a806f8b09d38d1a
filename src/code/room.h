/* SPDX-License-Identifier: Apache-2.0 */
/* room.h: what the code room keeps with a node: its options, the search path, the folder of the
 * copies, and the objects that are loaded.
 *
 * Threads  options are constant; path and objects under the lock, which a process takes in a
 *          critical region. Released when every process has ended: objects are unloaded, the
 *          copies and their folder go.
 */
#ifndef KR_CODE_ROOM_H
#define KR_CODE_ROOM_H

#include <krarup/code.h>

#include "base/plat_thread.h"

#include "object.h"

#define KRI_PATH_BYTES_MAX 65536u
#define KRI_FILE_BYTES_MAX 4096u

struct kri_code_room {
        struct kr_node *node;
        bool strict, embedded;
        char *directory;
        bool own_directory;
        kri_mutex lock;
        char *path;                  /* folders with ':' between them */
        struct kri_object *objects;  /* loaded */
        struct kri_version *retired; /* freed after the next round of a purge */
        pthread_t thread;            /* job.h; the code server's */
        bool working;
};

/* NULL: no code server was started on it. */
struct kri_code_room *kri_code_of(kr_node *node);
/* Make it, once. KR_EALREADY, KR_ENOMEM, KR_EOS (the folder), KR_EBADARG. */
kr_err kri_code_open(kr_node *node, const kr_code_opts *opts);

/* Put a term in a slot (NULL: nowhere), and release it. No memory ends the caller. */
void kri_code_answer(kr_msg *slot, kr_term term);

/* Around what is under the lock. */
void kri_code_lock(struct kri_code_room *code);
void kri_code_unlock(struct kri_code_room *code);

void kri_code_add_object(struct kri_code_room *code, struct kri_object *object);
void kri_code_remove_object(struct kri_code_room *code, struct kri_object *object);

static inline struct kri_object *kri_object_of(const struct kri_version *version)
{
        return version->facts == NULL
                       ? NULL
                       : (struct kri_object *)((char *)(uintptr_t)version->facts -
                                               offsetof(struct kri_object, facts));
}

/* The file of a module in the path: NAME.so or libNAME.so. False: there is none. */
bool kri_code_find_file(struct kri_code_room *code, const char *module, char *file,
                        size_t size);

#endif
