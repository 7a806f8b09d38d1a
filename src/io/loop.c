/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <krarup/loop.h>

#include "core/extra.h"
#include "core/sched.h"

#include "io.h"

#define EVENTS 256

struct kri_loop {
        struct kri_poll poll; /* first */
        struct kri_io *io;
        uint32_t index;
        int epoll, bell;

        /* -- the holder's -- */
        struct kri_sched *s;        /* while it serves */
        bool has_uv, uv_hurries;    /* libuv has something to do at once */
        bool uv_told;               /* or its descriptor was readable */
        int count;                  /* of events */
        struct epoll_event *events; /* EVENTS of them */
        void *block;                /* free; see kri_loop_block */
        uv_loop_t uv;

        /* -- any thread -- */
        struct kri_loop_call *_Atomic calls; /* newest first */
        _Atomic uint32_t watches;            /* how often something was, ever */
};

static const char io_key;

/* -- errors -- */

kr_err kri_io_err(int err)
{
        static const struct {
                int err;
                kr_err ours;
        } known[] = {
                { ENOMEM, KR_ENOMEM },
                { ENOBUFS, KR_ENOMEM },
                { EMFILE, KR_ESYSTEMLIMIT },
                { ENFILE, KR_ESYSTEMLIMIT },
                { EPERM, KR_EPERM },
                { ENOENT, KR_ENOENT },
                { EACCES, KR_EACCES },
                { EEXIST, KR_EEXIST },
                { ENOTDIR, KR_ENOTDIR },
                { EISDIR, KR_EISDIR },
                { ENOSPC, KR_ENOSPC },
                { EROFS, KR_EROFS },
                { EBUSY, KR_EBUSY },
                { EIO, KR_EIO },
                { EADDRINUSE, KR_EADDRINUSE },
                { EADDRNOTAVAIL, KR_EADDRNOTAVAIL },
                { ECONNREFUSED, KR_ECONNREFUSED },
                { EHOSTUNREACH, KR_EHOSTUNREACH },
                { ENETUNREACH, KR_ENETUNREACH },
                { ENOTCONN, KR_ENOTCONN },
                { ETIMEDOUT, KR_ENOANSWER },
                { EPIPE, KR_ECLOSED },
                { ECONNRESET, KR_ECLOSED },
                { ECONNABORTED, KR_ECLOSED },
                { EFAULT, KR_EBADARG },
                { EINVAL, KR_EBADARG },
                { EMSGSIZE, KR_EMSGSIZE },
                { EOPNOTSUPP, KR_ENOTSUP },
                { EAFNOSUPPORT, KR_ENOTSUP },
        };

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
                if (known[i].err == err)
                        return known[i].ours;
        return KR_EOS;
}

/* -- waiting -- */

static struct kri_loop *loop_of_poll(const struct kri_poll *poll)
{
        return (struct kri_loop *)(uintptr_t)poll;
}

static bool has_calls(struct kri_loop *loop)
{
        return atomic_load(&loop->calls) != NULL;
}

/* libuv's timers, if it has any, are earlier. */
static int64_t uv_limit(struct kri_loop *loop, int64_t timeout_ns)
{
        int uv_ms = loop->has_uv && uv_loop_alive(&loop->uv)
                            ? uv_backend_timeout(&loop->uv)
                            : -1;

        if (uv_ms >= 0 && (timeout_ns < 0 || uv_ms * INT64_C(1000000) < timeout_ns))
                return uv_ms * INT64_C(1000000);
        return timeout_ns;
}

static int epoll_wait_ns(int epoll, struct epoll_event *events, int64_t timeout_ns)
{
        struct timespec limit = { timeout_ns / 1000000000, timeout_ns % 1000000000 };
        int count =
                epoll_pwait2(epoll, events, EVENTS, timeout_ns < 0 ? NULL : &limit, NULL);
        int64_t ms = (timeout_ns + 999999) / 1000000;

        if (count >= 0 || errno != ENOSYS) /* which is so before Linux 5.11 */
                return count;
        if (timeout_ns < 0 || ms > INT32_MAX)
                ms = timeout_ns < 0 ? -1 : INT32_MAX;
        return epoll_wait(epoll, events, EVENTS, (int)ms);
}

static bool loop_wait(struct kri_poll *poll, int64_t timeout_ns)
{
        struct kri_loop *loop = loop_of_poll(poll);
        bool waits = timeout_ns != 0 && !has_calls(loop) && !loop->uv_hurries;

        if (waits && loop->has_uv)
                timeout_ns = uv_limit(loop, timeout_ns);
        if (waits && timeout_ns != 0)
                loop->count = epoll_wait_ns(loop->epoll, loop->events, timeout_ns);
        else
                loop->count = epoll_wait(loop->epoll, loop->events, EVENTS, 0);
        if (loop->count < 0)
                loop->count = 0; /* EINTR */
        return loop->count > 0 || loop->uv_hurries || has_calls(loop);
}

static void loop_wake(struct kri_poll *poll)
{
        uint64_t one = 1;

        /* a full counter is a bell that has rung */
        if (write(loop_of_poll(poll)->bell, &one, sizeof(one)) < 0)
                return;
}

static int loop_fd(const struct kri_poll *poll)
{
        return loop_of_poll(poll)->epoll;
}

/* -- serving -- */

static struct kri_loop_call *take_calls(struct kri_loop *loop)
{
        struct kri_loop_call *call = atomic_exchange(&loop->calls, NULL),
                             *in_order = NULL;

        while (call != NULL) {
                struct kri_loop_call *after = call->next;

                call->next = in_order;
                in_order = call;
                call = after;
        }
        return in_order;
}

static uint32_t serve_calls(struct kri_loop *loop)
{
        struct kri_loop_call *call = take_calls(loop);
        uint32_t count = 0;

        while (call != NULL) {
                struct kri_loop_call *after = call->next;

                call->fn(loop, loop->s, call);
                call = after;
                count++;
        }
        return count;
}

/* An event may be late: then what was watched is being used for something else, and not whole. */
static void tell(struct kri_loop *loop, struct kri_watched *watched, uint32_t events)
{
        void (*fn)(struct kri_watched *, struct kri_sched *, uint32_t) =
                __atomic_load_n(&watched->fn, __ATOMIC_RELAXED);

        if (fn != NULL)
                fn(watched, loop->s, events);
}

static void serve_events(struct kri_loop *loop)
{
        /* acquire: pairs with kri_loop_watch. The kernel orders these already, but not for a
         * sanitizer that does not know epoll_pwait2. */
        (void)atomic_load_explicit(&loop->watches, memory_order_acquire);
        for (int i = 0; i < loop->count; i++) {
                void *what = loop->events[i].data.ptr;

                if (what == loop)
                        continue; /* the bell: it is told at its edge, and not read */
                if (what == &loop->uv) {
                        loop->uv_told = true;
                        continue;
                }
                tell(loop, what, loop->events[i].events);
        }
}

/* What was begun must be told to the kernel, which libuv does as it runs. */
static void serve_uv(struct kri_loop *loop)
{
        loop->uv_told = false;
        (void)uv_run(&loop->uv, UV_RUN_NOWAIT);
        loop->uv_hurries = uv_loop_alive(&loop->uv) && uv_backend_timeout(&loop->uv) == 0;
}

static uint32_t loop_serve(struct kri_poll *poll, struct kri_sched *s)
{
        struct kri_loop *loop = loop_of_poll(poll);
        uint32_t count = (uint32_t)loop->count, called;

        loop->s = s;
        serve_events(loop);
        called = serve_calls(loop);
        if (loop->has_uv && (loop->uv_told || loop->uv_hurries || called > 0)) {
                serve_uv(loop);
                count++;
        }
        loop->s = NULL;
        return count + called;
}

static const struct kri_poll_fns loop_fns = {
        .wait = loop_wait,
        .serve = loop_serve,
        .wake = loop_wake,
        .fd = loop_fd,
};

void kri_loop_call(struct kri_loop *loop, struct kri_loop_call *call)
{
        struct kri_loop_call *old =
                atomic_load_explicit(&loop->calls, memory_order_relaxed);

        do {
                call->next = old;
                /* seq_cst: before the look at `sleeping` in kick; the sleeper stores that
                 * before it looks at `calls`: one of the two sees the other */
        } while (!atomic_compare_exchange_weak(&loop->calls, &old, call));
        kri_sched_kick(&loop->io->node->scheds[loop->index]);
}

/* -- watching -- */

static kr_err control(struct kri_loop *loop, int what, int fd, void *data)
{
        struct epoll_event event = {
                .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                .data.ptr = data,
        };

        if (epoll_ctl(loop->epoll, what, fd, &event) == 0)
                return KR_OK;
        return errno == ENOSPC ? KR_ESYSTEMLIMIT : kri_io_err(errno);
}

kr_err kri_loop_watch(struct kri_loop *loop, int fd, struct kri_watched *watched)
{
        /* release: what `watched` is a part of is whole for whoever hears of it */
        atomic_fetch_add_explicit(&loop->watches, 1, memory_order_release);
        return control(loop, EPOLL_CTL_ADD, fd, watched);
}

void kri_loop_tell_again(struct kri_loop *loop, int fd, struct kri_watched *watched)
{
        (void)control(loop, EPOLL_CTL_MOD, fd,
                      watched); /* it is there, so it cannot fail */
}

void kri_loop_unwatch(struct kri_loop *loop, int fd)
{
        (void)control(loop, EPOLL_CTL_DEL, fd, NULL);
}

/* -- libuv -- */

uv_loop_t *kri_loop_uv(struct kri_loop *loop)
{
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = &loop->uv };

        if (loop->has_uv)
                return &loop->uv;
        if (uv_loop_init(&loop->uv) != 0)
                return NULL;
        loop->uv.data = loop;
        if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, uv_backend_fd(&loop->uv), &event) !=
            0) {
                (void)uv_loop_close(&loop->uv);
                return NULL;
        }
        loop->has_uv = true;
        return &loop->uv;
}

struct kri_sched *kri_loop_sched(struct kri_loop *loop)
{
        return loop->s;
}

struct kri_loop *kri_loop_from_uv(uv_loop_t *uv)
{
        return uv->data;
}

struct kri_io *kri_loop_io(struct kri_loop *loop)
{
        return loop->io;
}

struct kri_loop *kri_loop_of(struct kri_io *io, const struct kri_proc *p)
{
        uint32_t index = p->sched->index;

        if (index >= io->node->sched_count)
                index = kri_proc_index(p) % io->node->sched_count;
        return &io->loops[index];
}

/* -- blocks -- */

static struct kri_loop *loop_of_sched(struct kri_io *io, const struct kri_sched *s)
{
        return s->index < io->node->sched_count ? &io->loops[s->index] : NULL;
}

void *kri_loop_block(struct kri_io *io, struct kri_sched *s)
{
        struct kri_loop *loop = loop_of_sched(io, s);
        void *block;

        if (loop == NULL || loop->block == NULL)
                return kri_node_alloc(io->node, KRI_LOOP_BLOCK);
        block = loop->block;
        loop->block = NULL;
        return block;
}

void kri_loop_block_free(struct kri_io *io, struct kri_sched *s, void *block)
{
        struct kri_loop *loop = loop_of_sched(io, s);

        if (loop != NULL && loop->block == NULL)
                loop->block = block;
        else
                kri_node_free(io->node, block, KRI_LOOP_BLOCK);
}

/* -- opening and closing -- */

static bool open_descriptors(struct kri_loop *loop)
{
        struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = loop };

        loop->epoll = epoll_create1(EPOLL_CLOEXEC);
        loop->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        return loop->epoll >= 0 && loop->bell >= 0 &&
               epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->bell, &event) == 0;
}

static kr_err loop_init(struct kri_loop *loop, struct kri_io *io, uint32_t index)
{
        memset(loop, 0, sizeof(*loop));
        loop->poll.fns = &loop_fns;
        loop->io = io;
        loop->index = index;
        loop->epoll = loop->bell = -1;
        loop->events = kri_node_alloc(io->node, EVENTS * sizeof(*loop->events));
        if (loop->events == NULL)
                return KR_ENOMEM;
        return open_descriptors(loop) ? KR_OK : kri_io_err(errno);
}

/* What libuv has begun must end before its loop can be closed. */
static void close_uv(struct kri_loop *loop)
{
        if (!loop->has_uv)
                return;
        while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0)
                ;
        kri_invariant(uv_loop_close(&loop->uv) == 0);
        loop->has_uv = false;
}

static void loop_fini(struct kri_loop *loop)
{
        struct kr_node *node = loop->io->node;

        (void)serve_calls(loop);
        close_uv(loop);
        if (loop->bell >= 0)
                close(loop->bell);
        if (loop->epoll >= 0)
                close(loop->epoll);
        kri_node_free(node, loop->block, KRI_LOOP_BLOCK);
        kri_node_free(node, loop->events, EVENTS * sizeof(*loop->events));
}

static void io_free(struct kri_io *io, uint32_t loops)
{
        struct kr_node *node = io->node;

        for (uint32_t i = 0; i < loops; i++)
                loop_fini(&io->loops[i]);
        kri_ports_fini(io);
        kri_node_free(node, io->loops, node->sched_count * sizeof(*io->loops));
        kri_node_free(node, io, sizeof(*io));
}

static void io_release(void *value)
{
        struct kri_io *io = value;

        io_free(io, io->node->sched_count);
}

static kr_err make_atoms(struct kri_io *io)
{
        struct {
                const char *text;
                kr_atom *place;
        } wanted[] = {
                { "tcp", &io->atoms.tcp },
                { "tcp_closed", &io->atoms.tcp_closed },
                { "tcp_error", &io->atoms.tcp_error },
                { "tcp_passive", &io->atoms.tcp_passive },
        };
        kr_err err = KR_OK;

        for (size_t i = 0; err == KR_OK && i < sizeof(wanted) / sizeof(wanted[0]); i++)
                err = kr_atom_from(wanted[i].text, strlen(wanted[i].text),
                                   wanted[i].place);
        return err;
}

static kr_err io_new(struct kr_node *node, struct kri_io **ret_io)
{
        struct kri_io *io = kri_node_alloc(node, sizeof(*io));
        uint32_t i;
        kr_err err;

        if (io == NULL)
                return KR_ENOMEM;
        memset(io, 0, sizeof(*io));
        io->node = node;
        kri_ports_init(&io->ports);
        io->loops = kri_node_alloc(node, node->sched_count * sizeof(*io->loops));
        err = io->loops != NULL ? make_atoms(io) : KR_ENOMEM;
        for (i = 0; err == KR_OK && i < node->sched_count; i++)
                err = loop_init(&io->loops[i], io, i);
        if (err != KR_OK) {
                io_free(io, i);
                return err;
        }
        *ret_io = io;
        return KR_OK;
}

/* Under the lock. Once the pollers are given they stay, and so does what they belong to. */
static kr_err io_make(struct kr_node *node, struct kri_io **ret_io)
{
        struct kri_poll *polls[256];
        kr_err err = io_new(node, ret_io);

        if (err != KR_OK)
                return err;
        kri_invariant(node->sched_count <= sizeof(polls) / sizeof(polls[0]));
        for (uint32_t i = 0; i < node->sched_count; i++)
                polls[i] = &(*ret_io)->loops[i].poll;
        if (!kr_node_put(node, &io_key, *ret_io, io_release)) {
                io_release(*ret_io);
                return KR_ESYSTEMLIMIT;
        }
        (*ret_io)->err = kri_poll_give(node, polls);
        return (*ret_io)->err;
}

kr_err kri_io_of_proc(const struct kri_proc *p, struct kri_io **ret_io)
{
        struct kri_outside *outside = p->extra != NULL ? p->extra->outside : NULL;
        kr_err err;

        if (__builtin_expect(outside != NULL && outside->world != NULL, 1)) {
                *ret_io = outside->world;
                return KR_OK;
        }
        err = kri_io_of(p->node, ret_io);
        if (err == KR_OK && outside != NULL)
                outside->world = *ret_io;
        return err;
}

kr_err kri_io_of(struct kr_node *node, struct kri_io **ret_io)
{
        static kri_mutex lock = KRI_MUTEX_INIT;
        kr_err err;

        if (node->opts.drive == KR_DRIVE_SIM)
                return KR_ENOTSUP;
        *ret_io = kr_node_get(node, &io_key);
        if (*ret_io != NULL)
                return (*ret_io)->err;
        kri_lock(&lock);
        *ret_io = kr_node_get(node, &io_key);
        err = *ret_io != NULL ? (*ret_io)->err : io_make(node, ret_io);
        kri_unlock(&lock);
        return err;
}
