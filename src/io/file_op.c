/* SPDX-License-Identifier: Apache-2.0 */
#include "file_op.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/proc.h"

/* -- one operation -- */

static void release(struct kri_request *request)
{
        struct kri_file_op *op = (struct kri_file_op *)request;

        if (op->file == NULL && op->fd >= 0)
                (void)close(op->fd); /* opened for somebody who has ended */
        free(op->found);
        kri_node_free(op->io->node, op, op->size);
}

static void begin(struct kri_loop *loop, struct kri_request *request);
static void start_called(struct kri_loop *loop, struct kri_sched *s,
                         struct kri_loop_call *call);

struct kri_file_op *kri_file_op_new(struct kri_io *io, void (*fn)(struct kri_file_op *op),
                                    size_t len, const char *path, const char *to)
{
        size_t path_len = path != NULL ? strlen(path) + 1 : 0,
               to_len = to != NULL ? strlen(to) + 1 : 0;
        size_t size = sizeof(struct kri_file_op) + len + path_len + to_len;
        struct kri_file_op *op = kri_node_alloc(io->node, size);

        if (op == NULL)
                return NULL;
        memset(op, 0, sizeof(*op));
        kri_request_init(&op->request, begin, release);
        op->io = io;
        op->size = size;
        op->fn = fn;
        op->fd = -1;
        op->len = len;
        op->work.data = op;
        op->start_call.fn = start_called;
        if (path != NULL)
                op->path = memcpy(op->data + len, path, path_len);
        if (to != NULL)
                op->to = memcpy(op->data + len + path_len, to, to_len);
        return op;
}

/* -- calling -- */

static kr_err err_of(const struct kri_file_op *op)
{
        switch (op->err) {
        case 0:
                return KR_OK;
        case ESTALE:
        case EBADF: /* another one's close was first */
                return KR_ECLOSED;
        case EFBIG:
                return KR_ETOOBIG;
        case ENOTEMPTY:
                return KR_ENOTEMPTY;
        default:
                return kri_io_err(op->err);
        }
}

bool kri_file_enter(const char *function, const char *wrong, struct kri_proc **ret_p,
                    struct kri_io **ret_io, kr_err *ret_err)
{
        struct kri_proc *p = kri_enter();

        *ret_p = p;
        *ret_err = KR_EBADARG;
        if (p == NULL)
                return false;
        if (wrong != NULL) {
                kri_badarg(p, function, wrong);
                return false;
        }
        *ret_err = kri_io_of(p->node, ret_io);
        if (*ret_err != KR_OK)
                kri_leave(p);
        return *ret_err == KR_OK;
}

kr_err kri_file_op_done(struct kri_file_op *op, struct kri_proc *p)
{
        kr_err err = op != NULL ? kri_request_run(op->io, p, &op->request, INT64_MAX)
                                : KR_ENOMEM;

        if (err != KR_OK)
                return err;
        err = err_of(op);
        if (err != KR_OK)
                kri_request_drop(&op->request);
        return err;
}

/* -- closing -- */

/* The last of it: nobody uses the descriptor any more. */
static void closed(struct kri_file *file)
{
        kri_latch_lock(&file->port.lock);
        file->closing_fd = -1;
        kri_port_settle(&file->port);
        kri_latch_unlock(&file->port.lock);
}

static void close_work(uv_work_t *work)
{
        (void)close(((struct kri_file *)work->data)->closing_fd); /* nobody to tell */
}

static void close_done(uv_work_t *work, int status)
{
        (void)status;
        closed(work->data);
}

static void close_called(struct kri_loop *loop, struct kri_sched *s,
                         struct kri_loop_call *call)
{
        struct kri_file *file =
                (struct kri_file *)((char *)call - offsetof(struct kri_file, close_call));
        uv_loop_t *uv = s != NULL ? kri_loop_uv(loop) : NULL;

        file->close_work.data = file;
        if (uv != NULL &&
            uv_queue_work(uv, &file->close_work, close_work, close_done) == 0)
                return;
        close_work(&file->close_work);
        closed(file);
}

/* lock held. */
static void close_fd(struct kri_file *file)
{
        if (file->fd < 0 || file->running != NULL)
                return;
        file->closing_fd = file->fd;
        file->fd = -1;
        file->close_call.fn = close_called;
        kri_loop_call(file->home, &file->close_call);
}

/* lock held. */
static void close_at_once(struct kri_file *file)
{
        if (file->fd >= 0)
                (void)close(file->fd); /* nobody to tell */
        file->fd = -1;
}

void kri_file_ops_closed(struct kri_file *file, struct kri_sched *s)
{
        struct kri_file_op *op = file->first;

        file->first = file->last = NULL;
        while (op != NULL) {
                struct kri_file_op *after = op->next;

                op->err = ESTALE;
                kri_request_done(&op->request, s);
                op = after;
        }
        close_fd(file);
}

/* -- the line -- */

/* lock held. It is this one's turn; its file has this descriptor. */
static void run_next(struct kri_file *file)
{
        struct kri_file_op *op = file->first;

        file->running = op;
        if (op == NULL)
                return;
        file->first = op->next;
        if (file->first == NULL)
                file->last = NULL;
        op->fd = file->fd;
}

/* It has left the file; then the next one begins, on its own loop. When the node stops nobody
 * waits any more, and no loop can be asked. */
static void leave(struct kri_file_op *op, struct kri_sched *s)
{
        struct kri_file *file = op->file;

        kri_latch_lock(&file->port.lock);
        if (op->fn == kri_file_do_close)
                file->fd = -1;
        run_next(file);
        if (file->running != NULL)
                kri_loop_call(file->running->loop, &file->running->start_call);
        else if (!file->port.open && s != NULL)
                close_fd(file);
        else if (!file->port.open)
                close_at_once(file);
        kri_port_settle(&file->port);
        kri_latch_unlock(&file->port.lock);
}

static void finish(struct kri_file_op *op, struct kri_sched *s)
{
        if (op->file != NULL)
                leave(op, s);
        kri_request_done(&op->request, s);
}

static void do_work(uv_work_t *work)
{
        struct kri_file_op *op = work->data;

        op->fn(op);
}

static void work_done(uv_work_t *work, int status)
{
        struct kri_file_op *op = work->data;

        if (status != 0)
                op->err = EIO;
        finish(op, kri_loop_sched(op->loop));
}

static void start(struct kri_file_op *op, struct kri_sched *s)
{
        uv_loop_t *uv = s != NULL ? kri_loop_uv(op->loop) : NULL;

        if (uv != NULL && uv_queue_work(uv, &op->work, do_work, work_done) == 0)
                return;
        op->err = ENOMEM;
        finish(op, s);
}

static void start_called(struct kri_loop *loop, struct kri_sched *s,
                         struct kri_loop_call *call)
{
        (void)loop;
        start((struct kri_file_op *)((char *)call -
                                     offsetof(struct kri_file_op, start_call)),
              s);
}

static bool is_open(const struct kri_file_op *op)
{
        return op->file->port.open && op->file->fd >= 0 &&
               kri_port_id(&op->file->port).num == op->id.num;
}

/* Come last; true: it is the first. */
static bool enter(struct kri_file_op *op)
{
        struct kri_file *file = op->file;

        op->next = NULL;
        if (file->last != NULL)
                file->last->next = op;
        else
                file->first = op;
        file->last = op;
        if (file->running != NULL)
                return false;
        run_next(file);
        return true;
}

static void begin(struct kri_loop *loop, struct kri_request *request)
{
        struct kri_file_op *op = (struct kri_file_op *)request;
        bool is_first = true;

        op->loop = loop;
        if (op->file != NULL) {
                kri_latch_lock(&op->file->port.lock);
                if (is_open(op))
                        is_first = enter(op);
                else
                        op->err = ESTALE;
                kri_latch_unlock(&op->file->port.lock);
        }
        if (op->err != 0)
                kri_request_done(request, kri_loop_sched(loop));
        else if (is_first)
                start(op, kri_loop_sched(loop));
}
