/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_pid.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TAKE_TRIES 100 /* that many holders have ended just now: one more is there */

static struct flock whole(short type)
{
        return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

static bool has_path(int fd, const char *path)
{
        struct stat ours, theirs;

        return fstat(fd, &ours) == 0 && lstat(path, &theirs) == 0 &&
               ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

/* The locked file; -1: see errno. The holder before may have removed it after we had opened it:
 * what is locked then is nobody's, and the next one would make another. */
static int open_locked(const char *path)
{
        struct flock lock = whole(F_WRLCK);

        for (int i = 0; i < TAKE_TRIES; i++) {
                int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

                if (fd < 0)
                        return -1;
                if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
                        (void)close(fd);
                        break;
                }
                if (has_path(fd, path))
                        return fd;
                (void)close(fd);
        }
        errno = EALREADY;
        return -1;
}

bool kri_pid_take(const char *path)
{
        int fd = open_locked(path); /* never closed: the lock goes with the program */
        char text[32];
        int len;

        if (fd < 0)
                return false;
        len = snprintf(text, sizeof(text), "%lld\n", (long long)getpid());
        if (ftruncate(fd, 0) == 0 && write(fd, text, (size_t)len) == len)
                return true;
        (void)close(fd);
        return false;
}

void kri_pid_drop(const char *path)
{
        (void)unlink(path);
}

int64_t kri_pid_holder(const char *path)
{
        struct flock lock = whole(F_RDLCK);
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        char text[32] = "";
        long long pid = 0;

        if (fd < 0)
                return 0;
        if (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK &&
            read(fd, text, sizeof(text) - 1) > 0)
                (void)sscanf(text, "%lld", &pid);
        (void)close(fd);
        return pid > 0 ? pid : 0;
}

/* A handle that stays that of this program; -1: it is gone, or never was the holder. */
static int handle_of(const char *path, int64_t pid)
{
        int fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);

        if (fd >= 0 && kri_pid_holder(path) == pid)
                return fd;
        if (fd >= 0)
                (void)close(fd);
        return -1;
}

bool kri_pid_await_end(const char *path, int64_t pid, int64_t timeout_ms)
{
        int fd = handle_of(path, pid);
        struct pollfd ended = { .fd = fd, .events = POLLIN };
        bool done;

        if (fd < 0)
                return true;
        done = poll(&ended, 1, timeout_ms > 1000000000 ? -1 : (int)timeout_ms) > 0;
        (void)close(fd);
        return done;
}

bool kri_pid_end(const char *path, int64_t pid, bool at_once)
{
        int fd = handle_of(path, pid);
        bool sent;

        if (fd < 0)
                return false;
        sent = syscall(SYS_pidfd_send_signal, fd, at_once ? SIGKILL : SIGTERM, NULL, 0) ==
               0;
        (void)close(fd);
        return sent;
}

int64_t kri_pid_own(void)
{
        return getpid();
}
