/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define WAIT_FDS_MAX 8
#define STARTED_FD 3
#define STARTED_BY "KRARUP_STARTED_BY" /* the pid of who listens there */

/* -- signals, flags, threads -- */

int kri_signals_open(void)
{
        sigset_t set;

        (void)signal(SIGPIPE, SIG_IGN);
        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGINT);
        (void)sigaddset(&set, SIGTERM);
        (void)sigaddset(&set, SIGHUP);
        if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
                return -1;
        return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int kri_signals_take(int fd)
{
        struct signalfd_siginfo info;

        return read(fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

int kri_flag_open(void)
{
        return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void kri_flag_raise(int flag)
{
        (void)eventfd_write(flag, 1); /* full: it is up */
}

void kri_flag_lower(int flag)
{
        eventfd_t value;

        (void)eventfd_read(flag, &value); /* down already */
}

int kri_wait_any(const int *fds, int count, int64_t timeout_ms)
{
        struct pollfd polled[WAIT_FDS_MAX];

        for (int i = 0; i < count; i++)
                polled[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
        for (;;) {
                int ready = poll(polled, (nfds_t)count,
                                 timeout_ms < 0 ? -1 : (int)timeout_ms);

                if (ready < 0 && errno == EINTR)
                        continue;
                if (ready <= 0)
                        return -1;
                for (int i = 0; i < count; i++) {
                        if (polled[i].revents != 0)
                                return i;
                }
        }
}

struct thread {
        void (*run)(void *arg);
        void *arg;
};

static void *run_thread(void *arg)
{
        struct thread t = *(struct thread *)arg;

        free(arg);
        t.run(t.arg);
        return NULL;
}

bool kri_thread_begin(void (*run)(void *arg), void *arg)
{
        struct thread *t = malloc(sizeof(*t));
        sigset_t all, old;
        pthread_t id;
        int error;

        if (t == NULL)
                return false;
        *t = (struct thread){ run, arg };
        (void)sigfillset(&all);
        (void)sigdelset(&all, SIGSEGV); /* faults are told, not blocked */
        (void)sigdelset(&all, SIGBUS);
        (void)sigdelset(&all, SIGFPE);
        (void)sigdelset(&all, SIGILL);
        (void)sigdelset(&all, SIGABRT);
        (void)pthread_sigmask(SIG_BLOCK, &all, &old);
        error = pthread_create(&id, NULL, run_thread, t);
        (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
        if (error != 0) {
                free(t);
                return false;
        }
        (void)pthread_detach(id);
        return true;
}

/* -- systemd -- */

void kri_notify(const char *state)
{
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        size_t len = path != NULL ? strlen(path) : 0;
        int fd;

        if (len == 0 || len >= sizeof(address.sun_path))
                return;
        memcpy(address.sun_path, path, len);
        if (path[0] == '@') /* an abstract name */
                address.sun_path[0] = 0;
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return;
        (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
        (void)close(fd);
}

int64_t kri_notify_interval_ms(void)
{
        const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
        long long wanted = usec != NULL ? atoll(usec) : 0;

        if (wanted <= 0 || (pid != NULL && atoll(pid) != (long long)getpid()))
                return 0;
        return wanted / 2000 > 0 ? wanted / 2000 : 1;
}

/* -- a program that was started behind -- */

void kri_started_expect(void)
{
        char pid[32];

        (void)snprintf(pid, sizeof(pid), "%lld", (long long)getpid());
        (void)setenv(STARTED_BY, pid, 1);
}

/* The descriptor may be anybody's pipe, make's job server for one: it is ours only if our parent says
 * so. */
static bool is_listened_to(void)
{
        const char *by = getenv(STARTED_BY);
        struct stat st;

        return by != NULL && atoll(by) == (long long)getppid() &&
               fstat(STARTED_FD, &st) == 0 && S_ISFIFO(st.st_mode);
}

void kri_started_keep(void)
{
        if (is_listened_to())
                (void)fcntl(STARTED_FD, F_SETFD, FD_CLOEXEC);
}

void kri_started_say(const char *text)
{
        if (!is_listened_to())
                return;
        (void)!write(STARTED_FD, text, strlen(text));
        (void)close(STARTED_FD);
}

/* One byte, not to the end of the pipe: nothing else is said. */
int kri_started_hear(int fd, int signals)
{
        const int fds[] = { fd, signals };
        int number = 0;
        ssize_t got;
        char byte;

        while (kri_wait_any(fds, 2, -1) == 1) {
                number = kri_signals_take(signals);
                if (number != 0)
                        break;
        }
        do
                got = number == 0 ? read(fd, &byte, 1) : 0;
        while (got < 0 && errno == EINTR);
        (void)close(fd);
        return number != 0 ? number : got == 1 ? 0 : -1;
}
