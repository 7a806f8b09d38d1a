/* SPDX-License-Identifier: Apache-2.0 */
/* new_files.h: what `krarup new` writes; @name@ stands for the application's name and @NAME@ for
 * the same in capitals. */
#ifndef KR_CLI_NEW_FILES_H
#define KR_CLI_NEW_FILES_H

struct kri_new_file {
        const char *path, *text;
};

/* Ends with one whose path is NULL. */
extern const struct kri_new_file kri_new_files[];

#endif
