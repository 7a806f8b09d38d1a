/* SPDX-License-Identifier: Apache-2.0 */
/* os_signal.c: who listens for which signal, and the handler, which rings their bells.
 *
 * A bell is a descriptor (eventfd). The handler may be in the middle of ringing one on another
 * thread when its listener goes, so a bell stays for its signal as long as the program runs,
 * and is used again.
 */
#include <krarup/os_signal.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/extra.h"
#include "core/receive.h"
#include "core/sched.h"
#include "term/atom.h"

#include "io.h"
#include "port.h"

#define BELLS 64

static const struct {
        int number;
        const char *name;
} names[] = {
        { SIGHUP, "sighup" },   { SIGINT, "sigint" },     { SIGQUIT, "sigquit" },
        { SIGUSR1, "sigusr1" }, { SIGUSR2, "sigusr2" },   { SIGPIPE, "sigpipe" },
        { SIGALRM, "sigalrm" }, { SIGTERM, "sigterm" },   { SIGCHLD, "sigchld" },
        { SIGCONT, "sigcont" }, { SIGTSTP, "sigtstp" },   { SIGTTIN, "sigttin" },
        { SIGTTOU, "sigttou" }, { SIGWINCH, "sigwinch" }, { SIGIO, "sigio" },
};

/* NULL: it is none of ours. */
static const char *name_of(int number)
{
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (names[i].number == number)
                        return names[i].name;
        return NULL;
}

/* -- the whole program's -- */

static struct bell {
        _Atomic int number; /* of its signal, from the first use on */
        _Atomic bool rings; /* somebody listens */
        int fd;             /* constant since `number` was set */
        bool instead;       /* table_lock */
} bells[BELLS];

static struct {
        unsigned listeners;      /* table_lock */
        _Atomic bool chains;     /* `before` is to be called */
        struct sigaction before; /* constant while anybody listens */
} signals[NSIG];

static kri_mutex table_lock = KRI_MUTEX_INIT;

/* In a signal handler. */
static void ring(int number)
{
        uint64_t one = 1;

        for (int i = 0; i < BELLS; i++)
                if (atomic_load(&bells[i].number) == number &&
                    atomic_load(&bells[i].rings))
                        (void)!write(bells[i].fd, &one,
                                     sizeof(one)); /* full: it has rung */
}

static void on_signal(int number, siginfo_t *info, void *context)
{
        const struct sigaction *before = &signals[number].before;
        int saved = errno;

        ring(number);
        errno = saved;
        if (!atomic_load(&signals[number].chains))
                return;
        if (before->sa_flags & SA_SIGINFO)
                before->sa_sigaction(number, info, context);
        else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN)
                before->sa_handler(number);
}

/* table_lock held. */
static void settle_chain(int number)
{
        bool chains = true;

        for (int i = 0; i < BELLS; i++)
                if (atomic_load(&bells[i].number) == number &&
                    atomic_load(&bells[i].rings) && bells[i].instead)
                        chains = false;
        atomic_store(&signals[number].chains, chains);
}

static bool install(int number)
{
        struct sigaction action = { .sa_sigaction = on_signal,
                                    .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK };

        (void)sigfillset(&action.sa_mask);
        return sigaction(number, NULL, &signals[number].before) == 0 &&
               sigaction(number, &action, NULL) == 0;
}

/* What somebody has put in our place since then stays. */
static void uninstall(int number)
{
        struct sigaction now;

        if (sigaction(number, NULL, &now) == 0 && now.sa_sigaction == on_signal)
                (void)sigaction(number, &signals[number].before, NULL);
}

/* table_lock held. A bell of this signal that nobody uses, a new one if need be; -1: errno. */
static int take_bell(int number)
{
        for (int i = 0; i < BELLS; i++) {
                struct bell *bell = &bells[i];

                if (atomic_load(&bell->number) == number && !atomic_load(&bell->rings))
                        return i;
                if (atomic_load(&bell->number) != 0)
                        continue;
                bell->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
                if (bell->fd < 0)
                        return -1;
                atomic_store(&bell->number, number);
                return i;
        }
        errno = EMFILE;
        return -1;
}

/* -- those who listen -- */

struct listener {
        struct kri_port port;
        struct kri_watched watched;
        struct kri_loop *home;
        int bell; /* -1: none, or no more */
        int number;
        bool rung; /* and the owner has not been told */
};

static struct listener *listener_of(struct kri_port *port)
{
        return (struct listener *)port;
}

/* Has it rung? It is told that it can be rung again, too. */
static bool has_rung(int bell)
{
        uint64_t count;

        return read(bells[bell].fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

static void happened(struct kri_watched *watched, struct kri_sched *s, uint32_t events)
{
        struct listener *listener =
                (struct listener *)((char *)watched - offsetof(struct listener, watched));

        (void)events;
        kri_latch_lock(&listener->port.lock);
        if (listener->port.open && listener->bell >= 0 && has_rung(listener->bell)) {
                listener->rung = true;
                kri_port_tell(&listener->port, s);
        }
        kri_latch_unlock(&listener->port.lock);
}

static void close_listener(struct kri_port *port, struct kri_sched *s)
{
        struct listener *listener = listener_of(port);
        int number = listener->number;

        (void)s;
        if (listener->bell < 0)
                return;
        kri_loop_unwatch(listener->home, bells[listener->bell].fd);
        kri_lock(&table_lock);
        atomic_store(&bells[listener->bell].rings, false);
        if (--signals[number].listeners == 0)
                uninstall(number);
        settle_chain(number);
        kri_unlock(&table_lock);
        listener->bell = -1;
}

/* The owner: {os_signal, Name}. */
static void look(struct kri_port *port, struct kri_proc *p, struct kri_sched *s)
{
        struct listener *listener = listener_of(port);
        const char *name;
        struct kri_sig *sig;
        kr_atom atom;

        kri_latch_lock(&port->lock);
        name = port->open && listener->rung ? name_of(listener->number) : NULL;
        listener->rung = false;
        kri_latch_unlock(&port->lock);
        if (name == NULL)
                return;
        sig = kri_sig_new(&s->pool, 3);
        if (sig == NULL || kr_atom_from(name, strlen(name), &atom) != KR_OK) {
                if (sig != NULL)
                        kri_sig_free(&s->pool, sig);
                kri_doom_atom(p, KRI_A_system_limit); /* it would never know */
                return;
        }
        sig->heap[0] = kri_header(KRI_TUPLE, 0, 2);
        kri_store(&sig->heap[1], kri_atom(KR_ATOM("os_signal").index));
        kri_store(&sig->heap[2], kri_atom(atom.index));
        kri_store(&sig->root, kri_boxed(sig->heap));
        sig->to_serial = kri_serial(p);
        kri_put(p, sig);
}

static void init(struct kri_port *port)
{
        listener_of(port)->bell = -1;
        listener_of(port)->watched.fn = happened;
}

static bool is_free(struct kri_port *port)
{
        return listener_of(port)->bell < 0;
}

static const struct kri_port_kind listener_kind = {
        .family = KRI_PORT_SIGNAL,
        .size = sizeof(struct listener),
        .init = init,
        .close = close_listener,
        .is_free = is_free,
        .look = look,
};

/* The one of p for this signal; NULL: there is none. By p, whose list it is. */
static struct kri_port *find(struct kri_proc *p, int number)
{
        struct kri_outside *outside = p->extra != NULL ? p->extra->outside : NULL;
        struct kri_port *port = outside != NULL ? outside->things : NULL;

        while (port != NULL &&
               (port->kind != &listener_kind || listener_of(port)->number != number))
                port = port->next;
        return port;
}

/* lock held. From here on it hears. */
static kr_err begin_to_listen(struct listener *listener, int number, kr_os_signal_how how)
{
        kr_err err = KR_OK;
        int bell;

        kri_lock(&table_lock);
        bell = take_bell(number);
        if (bell < 0 || (signals[number].listeners == 0 && !install(number)))
                err = kri_io_err(errno);
        if (err == KR_OK) {
                (void)has_rung(bell); /* for somebody before */
                err = kri_loop_watch(listener->home, bells[bell].fd, &listener->watched);
        }
        if (err == KR_OK) {
                signals[number].listeners++;
                bells[bell].instead = how == KR_OS_SIGNAL_INSTEAD;
                atomic_store(&bells[bell].rings, true);
                settle_chain(number);
                listener->bell = bell;
        } else if (bell >= 0 && signals[number].listeners == 0) {
                uninstall(number);
        }
        kri_unlock(&table_lock);
        return err;
}

static kr_err new_listener(struct kri_io *io, struct kri_proc *p, int number,
                           kr_os_signal_how how)
{
        struct kri_port *port;
        kr_err err = kri_port_new(io, p, &listener_kind, &port);

        if (err != KR_OK)
                return err;
        kri_latch_lock(&port->lock);
        listener_of(port)->number = number;
        listener_of(port)->home = kri_loop_of(io, p);
        err = begin_to_listen(listener_of(port), number, how);
        if (err != KR_OK)
                kri_port_close(port, p, p->sched);
        kri_latch_unlock(&port->lock);
        return err;
}

kr_err kr_os_signal_listen(int number, kr_os_signal_how how)
{
        struct kri_proc *p = kri_enter();
        struct kri_io *io;
        kr_err err;

        if (p == NULL)
                return KR_EBADARG;
        err = name_of(number) != NULL && (unsigned)how <= KR_OS_SIGNAL_INSTEAD
                      ? kri_io_of(p->node, &io)
                      : KR_EBADARG;
        if (err == KR_OK && find(p, number) != NULL)
                err = KR_EALREADY;
        if (err == KR_OK)
                err = new_listener(io, p, number, how);
        kri_leave(p);
        return err;
}

kr_err kr_os_signal_forget(int number)
{
        struct kri_proc *p = kri_enter();
        struct kri_port *port;

        if (p == NULL)
                return KR_EBADARG;
        port = find(p, number);
        if (port != NULL) {
                kri_latch_lock(&port->lock);
                kri_port_close(port, p, p->sched);
                kri_latch_unlock(&port->lock);
        }
        kri_leave(p);
        return port != NULL ? KR_OK : KR_ENOENT;
}

kr_err kr_os_signal_set(int number, kr_os_signal_action action)
{
        struct sigaction wanted = { .sa_handler = action == KR_OS_SIGNAL_IGNORE
                                                          ? SIG_IGN
                                                          : SIG_DFL };
        kr_err err = KR_OK;

        if (name_of(number) == NULL || (unsigned)action > KR_OS_SIGNAL_IGNORE)
                return KR_EBADARG;
        (void)sigemptyset(&wanted.sa_mask);
        kri_lock(&table_lock);
        if (signals[number].listeners > 0)
                err = KR_ESTATE;
        else if (sigaction(number, &wanted, NULL) != 0)
                err = kri_io_err(errno);
        kri_unlock(&table_lock);
        return err;
}
