/* SPDX-License-Identifier: Apache-2.0 */
/* plat_file.h: files and folders, as the command needs them. A false or -1: see errno. */
#ifndef KR_CLI_PLAT_FILE_H
#define KR_CLI_PLAT_FILE_H

#include <krarup/term.h>

#define KRI_PATH_MAX 4096

/* "a/b"; false: too long. */
bool kri_path_join(char *buf, size_t size, const char *a, const char *b);

bool kri_file_is(const char *path);
bool kri_folder_is(const char *path);

/* Make a folder, and those on its way; there already is well. */
bool kri_folder_make(const char *path, unsigned mode);

/* A folder that is ours alone (0700, of this user, no link): made if it is missing. False: it
 * cannot be, errno EPERM if somebody else has a say in it. */
bool kri_folder_make_private(const char *path);

/* Where the sockets and pid files of this user's nodes are: $KRARUP_RUN_DIR,
 * $XDG_RUNTIME_DIR/krarup, /run/krarup for root, or a private one in /tmp. */
bool kri_folder_run(char *buf, size_t size);

/* Make a new file; it must not be there (EEXIST). */
bool kri_file_create(const char *path, const char *text);
/* Append all of it to `buf`, up to `max` bytes (EFBIG). */
bool kri_file_read(const char *path, kr_buf *buf, size_t max);
/* Changes whenever the file does; 0: it is not there. */
uint64_t kri_file_stamp(const char *path);

/* Call fn for each entry of a folder, in the order of their names; false: it cannot be read. */
bool kri_folder_each(const char *path, void (*fn)(void *arg, const char *name),
                     void *arg);

/* The whole path of a file or folder that is there, without links. */
bool kri_path_real(const char *path, char *buf, size_t size);
/* The folder we are in. */
bool kri_folder_here(char *buf, size_t size);
bool kri_folder_go(const char *path);

/* Bytes of memory that this program has resident. */
uint64_t kri_resident_bytes(void);

/* Descriptors 0, 1 and 2 are open from here on, if only at /dev/null: nothing that we open is taken
 * for one of them. */
void kri_standard_open(void);

#endif
