/* SPDX-License-Identifier: Apache-2.0 */
/* child_spawn.c: how a program is started: its descriptors, its environment, its signals.
 *
 * By posix_spawn, which shares the memory until the program begins: a fork would copy the tables
 * of a node of gigabytes. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* -- pipes -- */

/* Not 0, 1 or 2, which the program gets others for. */
static int above_standard(int fd)
{
        int higher;

        if (fd < 0 || fd > 2)
                return fd;
        higher = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        close(fd);
        return higher;
}

/* ends[0] is read, ends[1] written; `ours` is one of these, and never makes us wait. */
static bool open_pipe(int ends[2], int ours)
{
        if (pipe2(ends, O_CLOEXEC) != 0) {
                ends[0] = ends[1] = -1;
                return false;
        }
        ends[0] = above_standard(ends[0]);
        ends[1] = above_standard(ends[1]);
        return ends[0] >= 0 && ends[1] >= 0 &&
               fcntl(ends[ours], F_SETFL, fcntl(ends[ours], F_GETFL) | O_NONBLOCK) == 0;
}

static void close_fd(int fd)
{
        if (fd >= 0)
                close(fd);
}

struct pipes {
        int in[2], out[2], err[2];
};

static bool open_pipes(struct pipes *pipes, const kr_port_opts *opts)
{
        *pipes = (struct pipes){ { -1, -1 }, { -1, -1 }, { -1, -1 } };
        return (opts->in != KR_PORT_IN_PIPE || open_pipe(pipes->in, 1)) &&
               (opts->out != KR_PORT_OUT_PIPE || open_pipe(pipes->out, 0)) &&
               (opts->err != KR_PORT_ERR_PIPE || open_pipe(pipes->err, 0));
}

/* -- what it begins with -- */

static int add_null(posix_spawn_file_actions_t *actions, int fd, int flags)
{
        return posix_spawn_file_actions_addopen(actions, fd, "/dev/null", flags, 0);
}

/* Gives an errno. What our program has open besides these is not for it. */
static int add_descriptors(posix_spawn_file_actions_t *actions, const struct pipes *pipes,
                           const kr_port_opts *opts)
{
        int err = opts->in == KR_PORT_IN_PIPE
                          ? posix_spawn_file_actions_adddup2(actions, pipes->in[0], 0)
                          : add_null(actions, 0, O_RDONLY);

        if (err == 0 && opts->out == KR_PORT_OUT_PIPE)
                err = posix_spawn_file_actions_adddup2(actions, pipes->out[1], 1);
        else if (err == 0 && opts->out == KR_PORT_OUT_NONE)
                err = add_null(actions, 1, O_WRONLY);
        if (err == 0 && opts->err == KR_PORT_ERR_PIPE)
                err = posix_spawn_file_actions_adddup2(actions, pipes->err[1], 2);
        else if (err == 0 && opts->err == KR_PORT_ERR_TO_OUT)
                err = posix_spawn_file_actions_adddup2(actions, 1, 2);
        else if (err == 0 && opts->err == KR_PORT_ERR_NONE)
                err = add_null(actions, 2, O_WRONLY);
        if (err == 0)
                err = posix_spawn_file_actions_addclosefrom_np(actions, 3);
        return err == 0 && opts->cd != NULL
                       ? posix_spawn_file_actions_addchdir_np(actions, opts->cd)
                       : err;
}

/* Signals as at the beginning of a program: none blocked, none ignored. */
static int set_attributes(posix_spawnattr_t *attributes, const kr_port_opts *opts)
{
        short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
        sigset_t none, all;
        int err;

        sigemptyset(&none);
        sigfillset(&all);
        if (!opts->same_group)
                flags |= POSIX_SPAWN_SETPGROUP; /* 0: its own */
        err = posix_spawnattr_setsigmask(attributes, &none);
        if (err == 0)
                err = posix_spawnattr_setsigdefault(attributes, &all);
        return err == 0 ? posix_spawnattr_setflags(attributes, flags) : err;
}

/* -- environment -- */

static size_t count_of(const char *const *list)
{
        size_t count = 0;

        while (list != NULL && list[count] != NULL)
                count++;
        return count;
}

static size_t name_len(const char *entry)
{
        return strcspn(entry, "=");
}

static bool is_named_in(const char *entry, const char *const *list)
{
        size_t len = name_len(entry);

        for (size_t i = 0; list != NULL && list[i] != NULL; i++)
                if (name_len(list[i]) == len && memcmp(list[i], entry, len) == 0)
                        return true;
        return false;
}

/* An array to be freed; NULL: no memory. */
static const char **environment(const kr_port_opts *opts)
{
        const char *const *base = opts->env != NULL ? opts->env
                                                    : (const char *const *)environ;
        const char **all =
                malloc((count_of(base) + count_of(opts->env_add) + 1) * sizeof(*all));
        size_t count = 0;

        if (all == NULL)
                return NULL;
        for (size_t i = 0; base != NULL && base[i] != NULL; i++)
                if (!is_named_in(base[i], opts->env_add))
                        all[count++] = base[i];
        for (size_t i = 0; opts->env_add != NULL && opts->env_add[i] != NULL; i++)
                if (strchr(opts->env_add[i], '=') != NULL)
                        all[count++] = opts->env_add[i];
        all[count] = NULL;
        return all;
}

/* -- starting -- */

/* Gives an errno. */
static int spawn_with(const char *program, const kr_port_opts *opts,
                      const posix_spawn_file_actions_t *actions,
                      const posix_spawnattr_t *attributes, pid_t *ret_pid)
{
        const char *const alone[] = { program, NULL };
        const char *const *args = opts->args != NULL ? opts->args : alone;
        const char **env = environment(opts);
        int err;

        if (env == NULL)
                return ENOMEM;
        err = posix_spawnp(ret_pid, program, actions, attributes,
                           (char *const *)(uintptr_t)args, (char *const *)(uintptr_t)env);
        free(env);
        return err;
}

static int spawn(const char *program, const kr_port_opts *opts, const struct pipes *pipes,
                 pid_t *ret_pid)
{
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        int err = posix_spawn_file_actions_init(&actions);

        if (err != 0)
                return err;
        err = posix_spawnattr_init(&attributes);
        if (err == 0) {
                err = add_descriptors(&actions, pipes, opts);
                if (err == 0)
                        err = set_attributes(&attributes, opts);
                if (err == 0)
                        err = spawn_with(program, opts, &actions, &attributes, ret_pid);
                (void)posix_spawnattr_destroy(&attributes);
        }
        (void)posix_spawn_file_actions_destroy(&actions);
        return err;
}

static int open_pidfd(pid_t pid)
{
        return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* It has been started for nothing. */
static void undo(pid_t pid)
{
        (void)kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
}

void kri_child_parts_close(const struct kri_child_parts *parts)
{
        close_fd(parts->pidfd);
        close_fd(parts->in);
        for (unsigned i = 0; i < KRI_CHILD_STREAMS; i++)
                close_fd(parts->streams[i]);
        if (parts->pid > 0)
                undo(parts->pid);
}

kr_err kri_child_spawn(const char *program, const kr_port_opts *opts,
                       struct kri_child_parts *ret)
{
        int err, own = open_pidfd(getpid());
        struct pipes pipes;
        bool opened;

        if (own < 0)
                return errno == ENOSYS ? KR_ENOTSUP : kri_io_err(errno);
        close(own);
        opened = open_pipes(&pipes, opts);
        *ret = (struct kri_child_parts){
                0, -1, pipes.in[1], { pipes.out[0], pipes.err[0] }
        };
        err = opened ? spawn(program, opts, &pipes, &ret->pid) : errno;
        close_fd(pipes.in[0]);
        close_fd(pipes.out[1]);
        close_fd(pipes.err[1]);
        if (err == 0) {
                ret->pidfd = open_pidfd(ret->pid);
                err = ret->pidfd < 0 ? errno : 0;
        } else {
                ret->pid = 0;
        }
        if (err != 0)
                kri_child_parts_close(ret);
        return err != 0 ? kri_io_err(err) : KR_OK;
}
