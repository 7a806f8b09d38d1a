/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX ((size_t)1 << 20)

bool kri_run_self(char *buf, size_t size)
{
        ssize_t len = readlink("/proc/self/exe", buf, size - 1);

        if (len <= 0 || (size_t)len >= size - 1)
                return false;
        buf[len] = 0;
        return true;
}

void kri_run_prepend_env(const char *name, const char *value)
{
        const char *old = getenv(name);
        char *joined = NULL;

        if (old == NULL || old[0] == 0)
                (void)setenv(name, value, 1);
        else if (asprintf(&joined, "%s:%s", value, old) > 0)
                (void)setenv(name, joined, 1);
        free(joined);
}

static int exit_status(int status)
{
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int await(pid_t pid)
{
        int status;

        while (waitpid(pid, &status, 0) < 0) {
                if (errno != EINTR)
                        return -1;
        }
        return exit_status(status);
}

/* All it says, to the end. */
static void take_output(int fd, const struct kri_run_opts *opts)
{
        size_t max = opts->output_max != 0 ? opts->output_max : OUTPUT_MAX;
        char some[4096];
        ssize_t len;

        while ((len = read(fd, some, sizeof(some))) != 0) {
                if (len < 0 && errno != EINTR)
                        return;
                if (len > 0 && opts->output->len + (size_t)len <= max)
                        (void)!kr_buf_append(opts->output, some, (size_t)len);
        }
}

extern char **environ;

/* Signals as a new program has them: ours block and ignore some. */
static void plain_signals(posix_spawnattr_t *attr)
{
        sigset_t none, all;

        (void)sigemptyset(&none);
        (void)sigemptyset(&all);
        (void)sigaddset(&all, SIGPIPE);
        (void)sigaddset(&all, SIGINT);
        (void)sigaddset(&all, SIGTERM);
        (void)posix_spawnattr_setsigmask(attr, &none);
        (void)posix_spawnattr_setsigdefault(attr, &all);
}

static int spawn(const char *const *argv, posix_spawn_file_actions_t *actions,
                 short flags, pid_t *ret_pid)
{
        posix_spawnattr_t attr;
        int error;

        (void)posix_spawnattr_init(&attr);
        plain_signals(&attr);
        (void)posix_spawnattr_setflags(&attr, (short)(POSIX_SPAWN_SETSIGMASK |
                                                      POSIX_SPAWN_SETSIGDEF | flags));
        error = posix_spawnp(ret_pid, argv[0], actions, &attr, (char *const *)argv,
                             environ);
        (void)posix_spawnattr_destroy(&attr);
        errno = error;
        return error == 0 ? 0 : -1;
}

int kri_run(const char *const *argv, const struct kri_run_opts *opts)
{
        static const struct kri_run_opts none = { .directory = NULL };
        posix_spawn_file_actions_t actions;
        int ends[2] = { -1, -1 }, status = -1;
        pid_t pid;

        if (opts == NULL)
                opts = &none;
        if (opts->output != NULL && pipe2(ends, O_CLOEXEC) != 0)
                return -1;
        (void)posix_spawn_file_actions_init(&actions);
        if (opts->directory != NULL)
                (void)posix_spawn_file_actions_addchdir_np(&actions, opts->directory);
        (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        if (opts->output != NULL) {
                (void)posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
                (void)posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
        }
        if (spawn(argv, &actions, 0, &pid) == 0) {
                if (opts->output != NULL) {
                        (void)close(ends[1]);
                        ends[1] = -1;
                        take_output(ends[0], opts);
                }
                status = await(pid);
        }
        (void)posix_spawn_file_actions_destroy(&actions);
        for (int i = 0; i < 2; i++) {
                if (ends[i] >= 0)
                        (void)close(ends[i]);
        }
        return status;
}

int kri_run_behind(const char *const *argv, const char *directory, const char *log,
                   int64_t *ret_pid)
{
        posix_spawn_file_actions_t actions;
        int ends[2], result = -1;
        pid_t pid;

        if (pipe2(ends, O_CLOEXEC) != 0)
                return -1;
        (void)posix_spawn_file_actions_init(&actions);
        if (directory != NULL)
                (void)posix_spawn_file_actions_addchdir_np(&actions, directory);
        (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        (void)posix_spawn_file_actions_addopen(&actions, 1, log,
                                               O_WRONLY | O_APPEND | O_CREAT, 0600);
        (void)posix_spawn_file_actions_adddup2(&actions, 1, 2);
        (void)posix_spawn_file_actions_adddup2(&actions, ends[1], 3);
        if (spawn(argv, &actions, POSIX_SPAWN_SETSID, &pid) == 0)
                result = ends[0];
        (void)posix_spawn_file_actions_destroy(&actions);
        (void)close(ends[1]);
        if (result < 0)
                (void)close(ends[0]);
        else
                *ret_pid = pid;
        return result;
}
