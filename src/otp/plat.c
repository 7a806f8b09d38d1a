/* SPDX-License-Identifier: Apache-2.0 */
#include "plat.h"

#include <krarup/memory.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_BYTES 4096
/* What a pipe takes whole or not at all, and a terminal at once. */
#define CHUNK 4096u

/* -- locks -- */

void kri_plat_lock_init(kri_plat_lock *lock)
{
        (void)pthread_mutex_init(lock, NULL); /* cannot fail without attributes */
}

void kri_plat_lock_fini(kri_plat_lock *lock)
{
        (void)pthread_mutex_destroy(lock);
}

void kri_plat_lock_take(kri_plat_lock *lock)
{
        kr_critical_begin();
        (void)pthread_mutex_lock(lock);
}

void kri_plat_lock_give(kri_plat_lock *lock)
{
        (void)pthread_mutex_unlock(lock);
        kr_critical_end();
}

/* -- threads -- */

kr_err kri_plat_thread_start(kri_plat_thread *ret_thread, void *(*run)(void *), void *arg)
{
        sigset_t all, old;
        int error;

        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &old);
        error = pthread_create(&ret_thread->id, NULL, run, arg);
        (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
        return error == 0 ? KR_OK : KR_EOS;
}

void kri_plat_thread_join(kri_plat_thread *thread)
{
        (void)pthread_join(thread->id, NULL);
}

void kri_plat_nap_us(unsigned us)
{
        const struct timespec time = { .tv_sec = us / 1000000,
                                       .tv_nsec = us % 1000000 * 1000L };

        (void)nanosleep(&time, NULL); /* waking early is no harm */
}

/* -- files -- */

/* Every folder before the last '/'. What is wrong shows when the file is opened. */
static void make_folders(const char *path)
{
        char folder[PATH_BYTES];

        if (strlen(path) >= sizeof(folder))
                return;
        (void)snprintf(folder, sizeof(folder), "%s", path);
        for (char *at = strchr(folder + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
                *at = 0;
                (void)mkdir(folder, 0777);
                *at = '/';
        }
}

int kri_plat_open_append(const char *path, uint64_t *ret_size)
{
        const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
        struct stat info;
        int fd = open(path, flags, 0666);

        if (fd < 0 && errno == ENOENT && path[0] != 0) {
                make_folders(path);
                fd = open(path, flags, 0666);
        }
        if (fd >= 0 && ret_size != NULL)
                *ret_size = fstat(fd, &info) == 0 ? (uint64_t)info.st_size : 0;
        return fd;
}

int kri_plat_truncate(const char *path)
{
        return truncate(path, 0);
}

int kri_plat_rename(const char *from, const char *to)
{
        return rename(from, to);
}

int kri_plat_remove(const char *path)
{
        return unlink(path);
}

void kri_plat_close(int fd)
{
        if (fd >= 0)
                (void)close(fd); /* what it held has been written with write */
}

bool kri_plat_is_same_file(int fd, const char *path)
{
        struct stat here, there;

        return fstat(fd, &here) == 0 && stat(path, &there) == 0 &&
               here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

bool kri_plat_is_file(const char *path)
{
        struct stat info;

        return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

bool kri_plat_is_terminal(int fd)
{
        return isatty(fd) == 1;
}

bool kri_plat_window(int fd, unsigned *ret_columns, unsigned *ret_rows)
{
        struct winsize size;

        if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
                return false;
        *ret_columns = size.ws_col;
        *ret_rows = size.ws_row;
        return true;
}

int64_t kri_plat_write_some(int fd, const char *data, size_t len)
{
        struct pollfd wait = { .fd = fd, .events = POLLOUT };
        ssize_t n;

        if (poll(&wait, 1, 0) == 0)
                return 0;
        n = write(fd, data, len < CHUNK ? len : CHUNK);
        if (n >= 0)
                return n;
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

int64_t kri_plat_read_some(int fd, char *data, size_t size, int wait_ms)
{
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        ssize_t n;

        if (poll(&wait, 1, wait_ms) <= 0)
                return -2;
        n = read(fd, data, size);
        if (n >= 0)
                return n;
        return errno == EAGAIN || errno == EINTR ? -2 : -1;
}

/* -- signals -- */

static int signal_pipe[2] = { -1, -1 };
static struct sigaction old_term, old_int;

/* Only what a handler may do; errno is somebody else's. */
static void on_signal(int number)
{
        const char byte = (char)number;
        int saved = errno;

        (void)!write(signal_pipe[1], &byte, 1); /* full: one is waiting already */
        errno = saved;
}

int kri_plat_signals_open(void)
{
        struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

        if (signal_pipe[0] >= 0 || pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
                return -1;
        (void)sigemptyset(&action.sa_mask);
        (void)sigaction(SIGTERM, &action, &old_term);
        (void)sigaction(SIGINT, &action, &old_int);
        return signal_pipe[0];
}

int kri_plat_signals_wait(int fd, int wait_ms)
{
        char byte;

        return kri_plat_read_some(fd, &byte, 1, wait_ms) == 1 ? byte : 0;
}

void kri_plat_signals_wake(void)
{
        if (signal_pipe[1] >= 0)
                (void)!write(signal_pipe[1], "", 1); /* full: it will wake anyway */
}

void kri_plat_signals_close(int fd)
{
        if (fd < 0)
                return;
        (void)sigaction(SIGTERM, &old_term, NULL);
        (void)sigaction(SIGINT, &old_int, NULL);
        kri_plat_close(signal_pipe[0]);
        kri_plat_close(signal_pipe[1]);
        signal_pipe[0] = signal_pipe[1] = -1;
}
