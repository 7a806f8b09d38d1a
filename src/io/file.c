/* SPDX-License-Identifier: Apache-2.0 */
#include <krarup/file.h>

#include <string.h>

#include "core/proc.h"

#include "file_op.h"

#define PIECE_BYTES ((size_t)256 << 10) /* one turn of a file */
#define ALL_MODES                                                                        \
        (KR_FILE_READ | KR_FILE_WRITE | KR_FILE_APPEND | KR_FILE_EXCLUSIVE |             \
         KR_FILE_KEEP | KR_FILE_SYNC)

/* -- the record -- */

static struct kri_file *file_of(struct kri_port *port)
{
        return (struct kri_file *)port;
}

static void init(struct kri_port *port)
{
        file_of(port)->fd = file_of(port)->closing_fd = -1;
}

static void close_port(struct kri_port *port, struct kri_sched *s)
{
        kri_file_ops_closed(file_of(port), s);
}

static bool is_free(struct kri_port *port)
{
        const struct kri_file *file = file_of(port);

        return file->fd < 0 && file->closing_fd < 0 && file->running == NULL;
}

static const struct kri_port_kind file_kind = {
        .family = KRI_PORT_FILE,
        .size = sizeof(struct kri_file),
        .init = init,
        .close = close_port,
        .is_free = is_free,
};

/* -- calling -- */

/* Is it one, of ours? *ret_err: KR_ECLOSED, or badarg has been said. */
static struct kri_file *find(struct kri_proc *p, kr_file id, const char *function,
                             kr_err *ret_err)
{
        bool is_file;
        struct kri_port *port = kri_port_lock(p, id, &file_kind, &is_file);

        if (port != NULL) {
                kri_latch_unlock(&port->lock);
                return file_of(port);
        }
        *ret_err = is_file ? KR_ECLOSED : KR_EBADARG;
        if (is_file)
                kri_leave(p);
        else
                kri_badarg(p, function, "file");
        return NULL;
}

static struct kri_file_op *op_on(struct kri_file *file, kr_file id,
                                 void (*fn)(struct kri_file_op *op), size_t len)
{
        struct kri_file_op *op = kri_file_op_new(file->port.io, fn, len, NULL, NULL);

        if (op != NULL) {
                op->file = file;
                op->id = id;
        }
        return op;
}

/* -- opening and closing -- */

static kr_err take_fd(struct kri_file_op *op, struct kri_proc *p, kr_file *ret_file)
{
        struct kri_port *port;
        kr_err err = kri_port_new(op->io, p, &file_kind, &port);

        if (err != KR_OK)
                return err;
        kri_latch_lock(&port->lock);
        file_of(port)->fd = op->fd;
        file_of(port)->home = kri_loop_of(op->io, p);
        *ret_file = kri_port_id(port);
        kri_latch_unlock(&port->lock);
        op->fd = -1;
        return KR_OK;
}

kr_err kr_file_open(const char *path, unsigned modes, kr_file *ret_file)
{
        struct kri_file_op *op;
        struct kri_proc *p;
        struct kri_io *io;
        kr_err err;

        if (!kri_file_enter("kr_file_open",
                            path == NULL                              ? "path"
                            : modes == 0 || (modes & ~ALL_MODES) != 0 ? "modes"
                            : ret_file == NULL                        ? "ret"
                                                                      : NULL,
                            &p, &io, &err))
                return err;
        op = kri_file_op_new(io, kri_file_do_open, 0, path, NULL);
        if (op != NULL)
                op->modes = modes;
        err = kri_file_op_done(op, p);
        if (err == KR_OK) {
                err = take_fd(op, p, ret_file);
                kri_request_drop(&op->request);
        }
        kri_leave(p);
        return err;
}

kr_err kr_file_close(kr_file id)
{
        struct kri_port *port;
        struct kri_file *file;
        struct kri_file_op *op;
        struct kri_proc *p;
        struct kri_io *io;
        bool is_file;
        kr_err err;

        if (!kri_file_enter("kr_file_close", NULL, &p, &io, &err))
                return err;
        file = find(p, id, "kr_file_close", &err);
        if (file == NULL)
                return err;
        op = op_on(file, id, kri_file_do_close, 0);
        err = kri_file_op_done(op, p);
        if (err == KR_OK)
                kri_request_drop(&op->request);
        port = kri_port_lock(p, id, &file_kind, &is_file);
        if (port != NULL) {
                kri_port_close(port, p, p->sched);
                kri_latch_unlock(&port->lock);
        }
        kri_leave(p);
        return err;
}

/* -- reading and writing -- */

static kr_err read_pieces(struct kri_file *file, kr_file id, struct kri_proc *p,
                          bool has_at, uint64_t at, char *buf, size_t size,
                          size_t *ret_len)
{
        size_t done = 0, want, got;
        kr_err err;

        do {
                struct kri_file_op *op;

                want = size - done < PIECE_BYTES ? size - done : PIECE_BYTES;
                op = op_on(file, id, kri_file_do_read, want);
                if (op != NULL) {
                        op->has_at = has_at;
                        op->at = at + done;
                }
                err = kri_file_op_done(op, p);
                if (err != KR_OK)
                        break;
                got = op->len;
                memcpy(buf + done, op->data, got);
                kri_request_drop(&op->request);
                done += got;
        } while (done < size && got == want);
        if (err == KR_OK || done > 0)
                *ret_len = done;
        return done > 0 ? KR_OK : err;
}

static kr_err read_file(const char *function, kr_file id, bool has_at, uint64_t at,
                        void *buf, size_t size, size_t *ret_len)
{
        struct kri_file *file;
        struct kri_proc *p;
        struct kri_io *io;
        kr_err err;

        if (!kri_file_enter(function,
                            buf == NULL || size == 0                    ? "buf"
                            : ret_len == NULL                           ? "ret_len"
                            : has_at && at > (uint64_t)INT64_MAX - size ? "at"
                                                                        : NULL,
                            &p, &io, &err))
                return err;
        file = find(p, id, function, &err);
        if (file == NULL)
                return err;
        err = read_pieces(file, id, p, has_at, at, buf, size, ret_len);
        kri_leave(p);
        return err;
}

kr_err kr_file_read(kr_file file, void *buf, size_t size, size_t *ret_len)
{
        return read_file("kr_file_read", file, false, 0, buf, size, ret_len);
}

kr_err kr_file_pread(kr_file file, uint64_t at, void *buf, size_t size, size_t *ret_len)
{
        return read_file("kr_file_pread", file, true, at, buf, size, ret_len);
}

static kr_err write_pieces(struct kri_file *file, kr_file id, struct kri_proc *p,
                           bool has_at, uint64_t at, const char *data, size_t len)
{
        kr_err err = KR_OK;

        for (size_t done = 0; done < len && err == KR_OK;) {
                size_t piece = len - done < PIECE_BYTES ? len - done : PIECE_BYTES;
                struct kri_file_op *op = op_on(file, id, kri_file_do_write, piece);

                if (op != NULL) {
                        op->has_at = has_at;
                        op->at = at + done;
                        memcpy(op->data, data + done, piece);
                }
                err = kri_file_op_done(op, p);
                if (err == KR_OK)
                        kri_request_drop(&op->request);
                done += piece;
        }
        return err;
}

static kr_err write_file(const char *function, kr_file id, bool has_at, uint64_t at,
                         const void *data, size_t len)
{
        struct kri_file *file;
        struct kri_proc *p;
        struct kri_io *io;
        kr_err err;

        if (!kri_file_enter(function,
                            data == NULL && len > 0                    ? "data"
                            : has_at && at > (uint64_t)INT64_MAX - len ? "at"
                                                                       : NULL,
                            &p, &io, &err))
                return err;
        file = find(p, id, function, &err);
        if (file == NULL)
                return err;
        err = write_pieces(file, id, p, has_at, at, data, len);
        kri_leave(p);
        return err;
}

kr_err kr_file_write(kr_file file, const void *data, size_t len)
{
        return write_file("kr_file_write", file, false, 0, data, len);
}

kr_err kr_file_pwrite(kr_file file, uint64_t at, const void *data, size_t len)
{
        return write_file("kr_file_pwrite", file, true, at, data, len);
}

/* -- other things with an open file -- */

struct ask {
        void (*fn)(struct kri_file_op *op);
        unsigned modes;
        int64_t offset;
        uint64_t *ret_at;
        kr_file_info *ret_info;
};

static kr_err ask_file(const char *function, const char *wrong, kr_file id,
                       const struct ask *ask)
{
        struct kri_file_op *op;
        struct kri_file *file;
        struct kri_proc *p;
        struct kri_io *io;
        kr_err err;

        if (!kri_file_enter(function, wrong, &p, &io, &err))
                return err;
        file = find(p, id, function, &err);
        if (file == NULL)
                return err;
        op = op_on(file, id, ask->fn, 0);
        if (op != NULL) {
                op->modes = ask->modes;
                op->offset = ask->offset;
        }
        err = kri_file_op_done(op, p);
        if (err == KR_OK) {
                if (ask->ret_at != NULL)
                        *ask->ret_at = op->at;
                if (ask->ret_info != NULL)
                        *ask->ret_info = op->info;
                kri_request_drop(&op->request);
        }
        kri_leave(p);
        return err;
}

kr_err kr_file_position(kr_file file, kr_file_from from, int64_t offset, uint64_t *ret_at)
{
        return ask_file("kr_file_position",
                        (unsigned)from > KR_FILE_FROM_END ? "from" : NULL, file,
                        &(struct ask){ .fn = kri_file_do_position,
                                       .modes = (unsigned)from,
                                       .offset = offset,
                                       .ret_at = ret_at });
}

kr_err kr_file_truncate(kr_file file)
{
        return ask_file("kr_file_truncate", NULL, file,
                        &(struct ask){ .fn = kri_file_do_truncate });
}

kr_err kr_file_sync(kr_file file)
{
        return ask_file("kr_file_sync", NULL, file,
                        &(struct ask){ .fn = kri_file_do_sync });
}

kr_err kr_file_datasync(kr_file file)
{
        return ask_file("kr_file_datasync", NULL, file,
                        &(struct ask){ .fn = kri_file_do_sync, .modes = KR_FILE_KEEP });
}

kr_err kr_file_stat_open(kr_file file, kr_file_info *ret)
{
        return ask_file("kr_file_stat_open", ret == NULL ? "ret" : NULL, file,
                        &(struct ask){ .fn = kri_file_do_stat_open, .ret_info = ret });
}
