/* SPDX-License-Identifier: Apache-2.0 */
/* version.h: a version of a module, from its file into the table, and out of it again.
 *
 * Threads  the code server, which waits while files are read and mapped (job.h).
 */
#ifndef KR_CODE_VERSION_H
#define KR_CODE_VERSION_H

#include "room.h"

/* `text` has one %s, for the module. */
void kri_refuse(struct kri_refusal *why, const char *reason, const char *text,
                const char *module) __attribute__((format(printf, 3, 0)));

/* NULL: no module of that name was ever loaded. */
struct kri_module_name *kri_code_named(struct kri_code_room *code, const char *module);

/* Load a file, or bytes that are called so (bytes.data NULL: the file's). The version can be
 * found by address, and is not published. `name` NULL: of any module. NULL: refused. */
struct kri_version *kri_version_bring(struct kri_code_room *code, const char *file,
                                      const char *name, kr_bytes bytes,
                                      struct kri_refusal *ret_why);

/* Nobody holds it any more: its on_unload, which is killed if it takes too long. */
void kri_version_run_out(const struct kri_version *version);

/* Nobody holds it, nor does the table: unmap it. What somebody may still be reading of it is
 * freed after the next round. */
void kri_version_let_go(struct kri_code_room *code, struct kri_version *version);

#endif
