/* SPDX-License-Identifier: Apache-2.0 */
/* file_op.h: one thing that is done with a file, by a thread beside the schedulers.
 *
 * Model    A request (request.h) that the loop hands to libuv's threads. Those for one file
 *          stand in a line: each begins when the one before has come back.
 * Owns     What it works with is its own, names and bytes too: the process that wanted it may
 *          be gone before it is done.
 */
#ifndef KR_IO_FILE_OP_H
#define KR_IO_FILE_OP_H

#include <krarup/file.h>

#include "port.h"
#include "request.h"

struct kri_file_op;

/* The record of an open file. */
struct kri_file {
        struct kri_port port;

        /* -- port.lock -- */
        int fd;                           /* -1: none, or no more */
        struct kri_file_op *running;      /* on a thread, or on its way there */
        struct kri_file_op *first, *last; /* those that wait */
        struct kri_loop *home;            /* of who opened it: closes it */
        struct kri_loop_call close_call;
        uv_work_t close_work;
        int closing_fd; /* -1: nothing is being closed */
};

struct kri_file_op {
        struct kri_request request; /* first */
        struct kri_io *io;
        size_t size; /* of this record */

        /* The work, on some thread: sets `err` on an error. */
        void (*fn)(struct kri_file_op *op);
        int err; /* of errno; 0: done. ESTALE: the file is closed */

        /* -- for an open file -- */
        struct kri_file *file; /* NULL: by path */
        kr_port id;
        struct kri_file_op *next;
        struct kri_loop *loop;           /* that began it */
        struct kri_loop_call start_call; /* when its turn has come */
        uv_work_t work;

        /* -- what it works with -- */
        int fd; /* of the file; that of an open one that nobody has taken yet */
        unsigned modes;
        uint64_t at; /* also a result */
        int64_t offset;
        bool has_at;
        size_t len;        /* bytes; what has been done of them */
        kr_file_info info; /* a result */
        char *found;       /* a result, by malloc; freed with it */
        char *path, *to;   /* in `data` */
        char data[];       /* names, terminated, or bytes */
};

/* A new one with room for `len` bytes of data and copies of these paths (may be NULL); NULL: no
 * memory. */
struct kri_file_op *kri_file_op_new(struct kri_io *io, void (*fn)(struct kri_file_op *op),
                                    size_t len, const char *path, const char *to);

/* The caller inside, and what its node has. False: *ret_err is what the function returns;
 * `wrong` (NULL: nothing is) is the argument that it ends for. */
bool kri_file_enter(const char *function, const char *wrong, struct kri_proc **ret_p,
                    struct kri_io **ret_io, kr_err *ret_err);

/* Have it done, and wait; op NULL: KR_ENOMEM. KR_OK: look at it, and kri_request_drop it.
 * Otherwise it is no longer the caller's. May not return. */
kr_err kri_file_op_done(struct kri_file_op *op, struct kri_proc *p);

/* close: whoever waits in line hears of it; the descriptor goes when nobody uses it. */
void kri_file_ops_closed(struct kri_file *file, struct kri_sched *s);

/* -- the work (file_work.c) -- */

void kri_file_do_open(struct kri_file_op *op);
void kri_file_do_close(struct kri_file_op *op);
void kri_file_do_read(struct kri_file_op *op);
void kri_file_do_write(struct kri_file_op *op);
void kri_file_do_position(struct kri_file_op *op);
void kri_file_do_truncate(struct kri_file_op *op);
void kri_file_do_sync(struct kri_file_op *op); /* modes: KR_FILE_KEEP: without times */
void kri_file_do_stat_open(struct kri_file_op *op);
void kri_file_do_stat(struct kri_file_op *op);
void kri_file_do_lstat(struct kri_file_op *op);
void kri_file_do_list(struct kri_file_op *op); /* found: names, each terminated; len */
void kri_file_do_rename(struct kri_file_op *op);
void kri_file_do_delete(struct kri_file_op *op);
void kri_file_do_make_dir(struct kri_file_op *op);
void kri_file_do_del_dir(struct kri_file_op *op);
void kri_file_do_read_all(struct kri_file_op *op); /* at: the most; found, len */
void kri_file_do_write_all(struct kri_file_op *op);

#endif
