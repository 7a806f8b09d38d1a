/* SPDX-License-Identifier: Apache-2.0 */
/* tty.c: the record of a terminal: how it was found, what is typed, what is written.
 *
 * A terminal is opened anew: not to wait is a property of what was opened, which the shell that
 * we were started from shares with us. */
#include <krarup/tty.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "core/receive.h"
#include "core/sched.h"
#include "term/atom.h"
#include "term/blob.h"

#include "io.h"
#include "port.h"
#include "turn.h"

#define OPEN_MOST 8
#define READ_BYTES 1024
#define ACTIVE_MOST 32767
#define COST 32 /* reductions */

struct tty {
        struct kri_port port;
        struct kri_watched watched;
        struct kri_loop *home;

        /* -- port.lock -- */
        int fd;    /* -1: none, or no more */
        int found; /* its place among those to be restored */
        bool ready;
        int32_t active;
        struct kri_turn turn; /* of writers */
};

/* -- how they were found -- */

static struct {
        bool used;
        int fd;
        struct termios termios;
} found[OPEN_MOST]; /* found_lock */

static kri_mutex found_lock = KRI_MUTEX_INIT;

/* In the background that would stop us, by SIGTTOU. */
static bool set_termios(int fd, const struct termios *termios)
{
        sigset_t stops, before;
        bool done;

        sigemptyset(&stops);
        sigaddset(&stops, SIGTTOU);
        (void)pthread_sigmask(SIG_BLOCK, &stops, &before);
        done = tcsetattr(fd, TCSANOW, termios) == 0;
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        return done;
}

static void restore_all(void)
{
        kri_lock(&found_lock);
        for (int i = 0; i < OPEN_MOST; i++)
                if (found[i].used)
                        (void)set_termios(found[i].fd, &found[i].termios);
        kri_unlock(&found_lock);
}

/* Its place; -1: errno. */
static int remember(int fd)
{
        static bool at_exit;
        int i = 0;

        kri_lock(&found_lock);
        if (!at_exit)
                at_exit = atexit(restore_all) == 0;
        while (i < OPEN_MOST && found[i].used)
                i++;
        if (i == OPEN_MOST || !at_exit) {
                errno = EMFILE;
                i = -1;
        } else if (tcgetattr(fd, &found[i].termios) != 0) {
                i = -1;
        } else {
                found[i].used = true;
                found[i].fd = fd;
        }
        kri_unlock(&found_lock);
        return i;
}

static void restore(int i)
{
        kri_lock(&found_lock);
        (void)tcsetattr(found[i].fd, TCSANOW,
                        &found[i].termios); /* gone: nothing to do */
        found[i].used = false;
        kri_unlock(&found_lock);
}

static bool set_mode(int fd, int i, kr_tty_mode mode)
{
        struct termios t;

        kri_lock(&found_lock);
        t = found[i].termios;
        kri_unlock(&found_lock);
        if (mode != KR_TTY_LINES) {
                t.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
                t.c_cflag |= CS8;
                t.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN);
                if (mode == KR_TTY_RAW)
                        t.c_lflag &= ~(tcflag_t)ISIG;
                t.c_cc[VMIN] = 1;
                t.c_cc[VTIME] = 0;
        }
        return set_termios(fd, &t);
}

/* -- the record -- */

static struct tty *tty_of(struct kri_port *port)
{
        return (struct tty *)port;
}

static void close_fd(struct tty *tty)
{
        if (tty->fd < 0 || tty->turn.busy)
                return;
        kri_loop_unwatch(tty->home, tty->fd);
        restore(tty->found);
        close(tty->fd);
        tty->fd = -1;
}

static void close_tty(struct kri_port *port, struct kri_sched *s)
{
        close_fd(tty_of(port));
        kri_turn_wake_all(&tty_of(port)->turn, s);
}

static bool is_free(struct kri_port *port)
{
        return tty_of(port)->fd < 0 && kri_turn_is_empty(&tty_of(port)->turn);
}

static void happened(struct kri_watched *watched, struct kri_sched *s, uint32_t events)
{
        struct tty *tty = (struct tty *)((char *)watched - offsetof(struct tty, watched));

        (void)events;
        kri_latch_lock(&tty->port.lock);
        tty->ready = true;
        kri_turn_ready(&tty->turn, s);
        if (tty->port.open && tty->active != 0)
                kri_port_tell(&tty->port, s);
        kri_latch_unlock(&tty->port.lock);
}

static void left(struct kri_turn *turn, struct kri_sched *s)
{
        struct tty *tty = (struct tty *)((char *)turn - offsetof(struct tty, turn));

        (void)s;
        kri_latch_lock(&tty->port.lock);
        if (!tty->port.open)
                close_fd(tty);
        kri_port_settle(&tty->port);
        kri_latch_unlock(&tty->port.lock);
}

static void init(struct kri_port *port)
{
        struct tty *tty = tty_of(port);

        tty->fd = -1;
        tty->ready = true;
        tty->active = KR_ACTIVE_TRUE;
        tty->watched.fn = happened;
        tty->turn.lock = &port->lock;
        tty->turn.ready = true;
        tty->turn.left = left;
}

/* -- messages -- */

static kri_word *pair_at(kri_word **heap)
{
        kri_word *box = *heap;

        box[0] = kri_header(KRI_TUPLE, 0, 2);
        *heap += 3;
        return box;
}

static void put(struct kri_proc *p, struct kri_sig *sig)
{
        sig->to_serial = kri_serial(p);
        kri_put(p, sig);
}

/* {Tty, {data, Data}} */
static bool put_data(struct tty *tty, struct kri_proc *p, struct kri_sched *s,
                     const char *data, size_t len)
{
        uint64_t bits = (uint64_t)len * 8;
        struct kri_sig *sig =
                kri_sig_new(&s->pool, 6 + KRI_PORT_BOX_WORDS + kri_bits_words(bits));
        kri_word *heap, *outer, *inner, term;
        uint8_t *bytes;

        if (sig == NULL)
                return false;
        heap = sig->heap;
        outer = pair_at(&heap);
        inner = pair_at(&heap);
        kri_store(&outer[1], kri_port_box(heap, &tty->port));
        heap += KRI_PORT_BOX_WORDS;
        if (kri_bits_begin(&heap, bits, (kri_word *)sig, &sig->blobs, &term, &bytes) !=
            KR_OK) {
                kri_sig_free(&s->pool, sig);
                return false;
        }
        memcpy(bytes, data, len);
        kri_store(&outer[2], kri_boxed(inner));
        kri_store(&inner[1], kri_atom(KR_ATOM("data").index));
        kri_store(&inner[2], term);
        kri_store(&sig->root, kri_boxed(outer));
        put(p, sig);
        return true;
}

/* {Tty, eof} */
static bool put_eof(struct tty *tty, struct kri_proc *p, struct kri_sched *s)
{
        struct kri_sig *sig = kri_sig_new(&s->pool, 3 + KRI_PORT_BOX_WORDS);
        kri_word *heap, *outer;

        if (sig == NULL)
                return false;
        heap = sig->heap;
        outer = pair_at(&heap);
        kri_store(&outer[1], kri_port_box(heap, &tty->port));
        kri_store(&outer[2], kri_atom(KR_ATOM("eof").index));
        kri_store(&sig->root, kri_boxed(outer));
        put(p, sig);
        return true;
}

/* -- what is typed; the owner, lock held -- */

static bool read_on(struct tty *tty, struct kri_proc *p, struct kri_sched *s)
{
        char data[READ_BYTES];

        while (tty->port.open && tty->active != 0 && tty->ready) {
                ssize_t n = read(tty->fd, data, sizeof(data));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
                        tty->ready = false;
                        return true;
                }
                if (n <= 0) { /* ^D, or it hangs up */
                        if (!put_eof(tty, p, s))
                                return false;
                        kri_port_close(&tty->port, p, s);
                        return true;
                }
                if (!put_data(tty, p, s, data, (size_t)n))
                        return false;
                if (tty->active == KR_ACTIVE_ONCE)
                        tty->active = 0;
                else if (tty->active > 0)
                        tty->active--;
        }
        return true;
}

static void look(struct kri_port *port, struct kri_proc *p, struct kri_sched *s)
{
        kri_latch_lock(&port->lock);
        if (port->open && port->owner == kri_proc_word(p) && !read_on(tty_of(port), p, s))
                kri_doom_atom(p, KRI_A_system_limit); /* it would never know */
        kri_latch_unlock(&port->lock);
}

static const struct kri_port_kind tty_kind = {
        .family = KRI_PORT_TTY,
        .size = sizeof(struct tty),
        .init = init,
        .close = close_tty,
        .is_free = is_free,
        .look = look,
};

/* -- opening -- */

/* -1: errno. */
static int open_anew(int fd)
{
        char name[200];
        int err = ttyname_r(fd, name, sizeof(name));

        if (err != 0) {
                errno = err;
                return -1;
        }
        return open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

/* lock held. Takes fd. */
static kr_err begin(struct tty *tty, int fd, kr_tty_mode mode)
{
        kr_err err = KR_OK;

        tty->found = remember(fd);
        if (tty->found < 0) {
                err = kri_io_err(errno);
                close(fd);
                return err;
        }
        tty->fd = fd;
        if (!set_mode(fd, tty->found, mode))
                err = kri_io_err(errno);
        return err == KR_OK ? kri_loop_watch(tty->home, fd, &tty->watched) : err;
}

static kr_err open_tty(struct kri_proc *p, int fd, kr_tty_mode mode, kr_tty *ret_tty)
{
        struct kri_port *port;
        struct kri_io *io;
        kr_err err = kri_io_of(p->node, &io);

        if (err != KR_OK)
                return err;
        fd = open_anew(fd);
        if (fd < 0)
                return errno == ENOTTY || errno == EBADF || errno == ENODEV
                               ? KR_ENOTSUP
                               : kri_io_err(errno);
        err = kri_port_new(io, p, &tty_kind, &port);
        if (err != KR_OK) {
                close(fd);
                return err;
        }
        kri_latch_lock(&port->lock);
        tty_of(port)->home = kri_loop_of(io, p);
        err = begin(tty_of(port), fd, mode);
        *ret_tty = err == KR_OK ? kri_port_id(port) : *ret_tty;
        if (err != KR_OK)
                kri_port_close(port, p, p->sched);
        kri_latch_unlock(&port->lock);
        return err;
}

kr_err kr_tty_open(int fd, kr_tty_mode mode, kr_tty *ret_tty)
{
        struct kri_proc *p = kri_enter();
        kr_err err;

        if (p == NULL)
                return KR_EBADARG;
        if ((unsigned)mode > KR_TTY_RAW_SIGNALS || ret_tty == NULL) {
                kri_badarg(p, "kr_tty_open", ret_tty == NULL ? "ret_tty" : "mode");
                return KR_EBADARG;
        }
        err = open_tty(p, fd, mode, ret_tty);
        kri_leave(p);
        return err;
}

/* Locked; NULL: p has left the runtime, and *ret_err is what the function returns. */
static struct tty *lock_tty(struct kri_proc *p, kr_tty id, const char *function,
                            const char *wrong, kr_err *ret_err)
{
        struct kri_port *port;
        bool is_tty = false;

        *ret_err = KR_EBADARG;
        if (p == NULL)
                return NULL;
        port = wrong == NULL ? kri_port_lock(p, id, &tty_kind, &is_tty) : NULL;
        if (port != NULL) {
                *ret_err = KR_OK;
                return tty_of(port);
        }
        if (is_tty) {
                *ret_err = KR_ECLOSED;
                kri_leave(p);
        } else {
                kri_badarg(p, function, wrong != NULL ? wrong : "tty");
        }
        return NULL;
}

kr_err kr_tty_close(kr_tty id)
{
        struct kri_proc *p = kri_enter();
        kr_err err;
        struct tty *tty = lock_tty(p, id, "kr_tty_close", NULL, &err);

        if (tty == NULL)
                return err;
        kri_port_close(&tty->port, p, p->sched);
        kri_latch_unlock(&tty->port.lock);
        kri_leave(p);
        return KR_OK;
}

kr_err kr_tty_set_mode(kr_tty id, kr_tty_mode mode)
{
        struct kri_proc *p = kri_enter();
        kr_err err;
        struct tty *tty = lock_tty(p, id, "kr_tty_set_mode",
                                   (unsigned)mode > KR_TTY_RAW_SIGNALS ? "mode" : NULL,
                                   &err);

        if (tty == NULL)
                return err;
        if (!set_mode(tty->fd, tty->found, mode))
                err = kri_io_err(errno);
        kri_latch_unlock(&tty->port.lock);
        kri_leave(p);
        return err;
}

kr_err kr_tty_active(kr_tty id, int active)
{
        struct kri_proc *p = kri_enter();
        bool wrong = active < KR_ACTIVE_ONCE || active > ACTIVE_MOST;
        kr_err err;
        struct tty *tty = lock_tty(p, id, "kr_tty_active", wrong ? "active" : NULL, &err);

        if (tty == NULL)
                return err;
        tty->active = active;
        if (active != 0)
                kri_port_tell(&tty->port, p->sched);
        kri_latch_unlock(&tty->port.lock);
        kri_leave(p);
        return KR_OK;
}

/* -- writing; lock held, but not while the system copies -- */

static kr_err write_some(struct tty *tty, struct kri_outside *outside, const char **data,
                         size_t *len)
{
        ssize_t n;
        int why;

        tty->turn.busy = true;
        tty->turn.ready = false;
        kri_latch_unlock(&tty->port.lock);
        n = write(tty->fd, *data, *len);
        why = errno;
        kri_latch_lock(&tty->port.lock);
        tty->turn.busy = false;
        if (n >= 0) {
                *data += n;
                *len -= (size_t)n;
                tty->turn.ready = true;
        } else if (why == EAGAIN || why == EWOULDBLOCK) {
                while (tty->port.open && !tty->turn.ready)
                        (void)kri_turn_wait(&tty->turn, outside, INT64_MAX);
        } else if (why != EINTR) {
                return kri_io_err(why);
        }
        return tty->port.open ? KR_OK : KR_ECLOSED;
}

static kr_err write_all(struct tty *tty, struct kri_proc *p, const char *data, size_t len)
{
        struct kri_outside *outside = kri_turn_outside(p);
        kr_err err = KR_OK;

        if (outside == NULL)
                return KR_ENOMEM;
        kri_turn_enter(&tty->turn, outside);
        while (tty->port.open && (tty->turn.first != outside || tty->turn.busy))
                (void)kri_turn_wait(&tty->turn, outside, INT64_MAX);
        if (!tty->port.open)
                err = KR_ECLOSED;
        while (err == KR_OK && len > 0)
                err = write_some(tty, outside, &data, &len);
        kri_turn_leave(&tty->turn, outside, p->sched);
        if (!tty->port.open)
                close_fd(tty);
        kri_port_settle(&tty->port);
        return err;
}

kr_err kr_tty_write(kr_tty id, const void *data, size_t len)
{
        struct kri_proc *p = kri_enter();
        kr_err err;
        struct tty *tty = lock_tty(p, id, "kr_tty_write",
                                   data == NULL && len > 0 ? "data" : NULL, &err);

        if (tty == NULL)
                return err;
        err = write_all(tty, p, data, len);
        kri_latch_unlock(&tty->port.lock);
        kri_spend(p, COST);
        kri_leave(p);
        return err;
}

/* -- its size -- */

kr_err kr_tty_size(int fd, unsigned *ret_columns, unsigned *ret_rows)
{
        struct winsize size;

        if (ret_columns == NULL || ret_rows == NULL)
                return KR_EBADARG;
        if (ioctl(fd, TIOCGWINSZ, &size) != 0)
                return errno == ENOTTY || errno == EBADF ? KR_ENOTSUP : kri_io_err(errno);
        *ret_columns = size.ws_col;
        *ret_rows = size.ws_row;
        return KR_OK;
}
