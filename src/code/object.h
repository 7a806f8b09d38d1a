/* SPDX-License-Identifier: Apache-2.0 */
/* object.h: one shared object: read, checked, copied, loaded, and unloaded for good.
 *
 * Model    The file is read whole and checked (elf.h) before a copy of it, under a name that no
 *          other has, is given to dlopen: that goes by names and inodes, and would find what
 *          it has already. The copy stays as long as the object, for debuggers.
 * Threads  one at a time per object. dlopen and dlclose take a lock of the OS process and run
 *          the object's constructors: not on a scheduler.
 * Owns     the copy, the handle, and the texts in `facts`.
 */
#ifndef KR_CODE_OBJECT_H
#define KR_CODE_OBJECT_H

#include "core/module.h"

#include "elf.h"

#define KRI_OBJECT_BYTES_MAX ((size_t)256 << 20)

/* Why it was refused. */
struct kri_refusal {
        const char *reason; /* an atom's text: see code.h */
        char text[480];     /* for people */
};

struct kri_object {
        void *handle;
        char *copy; /* path */
        char *file; /* as asked for */
        const kr_module *module;
        struct kri_version_facts facts;
        struct kri_static statics[KRI_ELF_STATICS_MAX];
        char *names; /* of the statics */
        char module_name[256];
        struct kri_object *next; /* the code server's */
};

/* What is wanted. */
struct kri_object_order {
        const char *file;     /* to be read, or what the bytes are called */
        const uint8_t *bytes; /* NULL: read the file */
        size_t size;
        const char *name;      /* that the module must have; NULL: any */
        const char *directory; /* for the copy; NULL: only look */
        bool strict;
        /* NULL, or: may this build of this module be loaded? False: not, and why. */
        bool (*judge)(void *context, const char *module, const uint8_t *build_id,
                      uint32_t len, struct kri_refusal *ret_why);
        void *context;
};

/* NULL: refused, for *ret_why. With no directory nothing has been loaded: handle, module and
 * span are none. */
struct kri_object *kri_object_open(const struct kri_object_order *order,
                                   struct kri_refusal *ret_why);

/* Unload it, if it was loaded; its range is reserved as `module`, `version` (atoms; 0: nothing of
 * it was ever handed out, and it is not). False: something else keeps it mapped; it is left as
 * it is, and the object is gone for us. Frees the object. */
bool kri_object_close(struct kri_object *object, uint32_t module, uint32_t version);

#endif
