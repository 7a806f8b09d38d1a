/* SPDX-License-Identifier: Apache-2.0 */
/* file.h: files and folders. Follows OTP's file.
 *
 *      kr_file file;
 *      char buf[4096];
 *      size_t len;
 *
 *      if (kr_file_open("log/today", KR_FILE_WRITE | KR_FILE_APPEND, &file) != KR_OK) ...
 *      (void)kr_file_write(file, "hello\n", 6);
 *      (void)kr_file_close(file);
 *
 * Handle    An open file is a port identifier, as a socket is (tcp.h): a plain value; that of
 *           a closed one is never another one's, and what is asked of it fails with KR_ECLOSED.
 * Owner     The process that opened it: when that ends, by whatever it may be, the file is
 *           closed. Any process of the node may use it. What is done with one file is done one
 *           after the other, in the order in which it was asked for.
 * Waiting   The work is done by threads beside the schedulers (libuv's, UV_THREADPOOL_SIZE of
 *           them): a call suspends the process and keeps nobody else from running. Like a
 *           receive it may not return (exit signals); what was begun is finished all the same.
 *           What the system itself waits for, opening a pipe that nobody else has open for one,
 *           keeps one of those threads.
 * Errors    What the operating system says: KR_ENOENT, KR_EACCES, KR_EPERM, KR_EEXIST,
 *           KR_EISDIR, KR_ENOTDIR, KR_ENOTEMPTY, KR_ENOSPC, KR_EROFS, KR_EBUSY, KR_EIO, KR_EOS
 *           KR_ECLOSED     it is closed
 *           KR_ENOMEM, KR_ESYSTEMLIMIT (descriptors, or 1,048,576 handles)
 *           KR_ENOTSUP     there are no files in a simulation
 *           KR_EBADARG     on a thread that is no process; a process ends with badarg when it
 *                          gives what is no file, or no path, or a place or a size beyond
 *                          2^63
 */
#ifndef KRARUP_FILE_H
#define KRARUP_FILE_H

#include <krarup/process.h>

typedef kr_port kr_file;

/* How a file is opened. Without KR_FILE_WRITE it must be there; with it, it is made if it is
 * not, and emptied unless one of the others says what else. */
enum kr_file_mode {
        KR_FILE_READ = 1,
        KR_FILE_WRITE = 2,
        KR_FILE_APPEND = 4,    /* each write goes to the end */
        KR_FILE_EXCLUSIVE = 8, /* KR_EEXIST if it is there */
        KR_FILE_KEEP = 16, /* what is in it stays; so with KR_FILE_READ | KR_FILE_WRITE */
        KR_FILE_SYNC = 32, /* a write returns when the disk has it */
};

typedef enum kr_file_type {
        KR_FILE_REGULAR,
        KR_FILE_DIRECTORY,
        KR_FILE_SYMLINK,
        KR_FILE_DEVICE,
        KR_FILE_OTHER, /* a pipe, a socket */
} kr_file_type;

typedef struct kr_file_info {
        kr_file_type type;
        uint64_t size;  /* bytes */
        uint32_t mode;  /* permissions */
        uint32_t links; /* names that it has */
        uint32_t uid, gid;
        uint64_t inode, device;
        int64_t atime_ns, mtime_ns, ctime_ns; /* since 1970 */
} kr_file_info;

typedef enum kr_file_from {
        KR_FILE_FROM_START,
        KR_FILE_FROM_HERE,
        KR_FILE_FROM_END
} kr_file_from;

KR_BEGIN_DECLS

KR_API KR_MUST_CHECK kr_err kr_file_open(const char *path, unsigned modes,
                                         kr_file *ret_file);
/* The error, if there is one, is that of writes before; it is closed in any case. */
KR_API kr_err kr_file_close(kr_file file);

/* Read on: up to `size` bytes; *ret_len is 0 at the end of the file. pread: from `at`, without
 * moving the place where read goes on. */
KR_API KR_MUST_CHECK kr_err kr_file_read(kr_file file, void *buf, size_t size,
                                         size_t *ret_len);
KR_API KR_MUST_CHECK kr_err kr_file_pread(kr_file file, uint64_t at, void *buf,
                                          size_t size, size_t *ret_len);
/* Write all of it. On an error a part may have been written. */
KR_API KR_MUST_CHECK kr_err kr_file_write(kr_file file, const void *data, size_t len);
KR_API KR_MUST_CHECK kr_err kr_file_pwrite(kr_file file, uint64_t at, const void *data,
                                           size_t len);
/* Go elsewhere; *ret_at (may be NULL): from the start of the file. */
KR_API KR_MUST_CHECK kr_err kr_file_position(kr_file file, kr_file_from from,
                                             int64_t offset, uint64_t *ret_at);
/* End it where it is now; file:truncate/1. */
KR_API KR_MUST_CHECK kr_err kr_file_truncate(kr_file file);
/* The disk has what was written: all of it, or the bytes without times and the like. */
KR_API KR_MUST_CHECK kr_err kr_file_sync(kr_file file);
KR_API KR_MUST_CHECK kr_err kr_file_datasync(kr_file file);
KR_API KR_MUST_CHECK kr_err kr_file_stat_open(kr_file file, kr_file_info *ret);

/* stat follows symbolic links, lstat does not: file:read_file_info, read_link_info. */
KR_API KR_MUST_CHECK kr_err kr_file_stat(const char *path, kr_file_info *ret);
KR_API KR_MUST_CHECK kr_err kr_file_lstat(const char *path, kr_file_info *ret);
/* The names in a folder but . and .. : gives a new term, a list of binaries, sorted. */
KR_API KR_MUST_CHECK kr_err kr_file_list_dir(const char *path, kr_term *ret_names);
/* What is there under the new name is replaced, at once, as rename(2) does. */
KR_API KR_MUST_CHECK kr_err kr_file_rename(const char *path, const char *to);
KR_API KR_MUST_CHECK kr_err kr_file_delete(const char *path);
KR_API KR_MUST_CHECK kr_err kr_file_make_dir(const char *path);
KR_API KR_MUST_CHECK kr_err kr_file_del_dir(const char *path);

/* All of a file, appended to `buf` as it is when KR_OK is returned; at most `max` bytes (0:
 * 1 GiB), else KR_ETOOBIG. And the other way: the file is there as a whole or not at all
 * (it is another one that takes its name, and its mode); a device or a pipe is written to. */
KR_API KR_MUST_CHECK kr_err kr_file_read_file(const char *path, size_t max, kr_buf *buf);
KR_API KR_MUST_CHECK kr_err kr_file_write_file(const char *path, const void *data,
                                               size_t len);

KR_END_DECLS
#endif
