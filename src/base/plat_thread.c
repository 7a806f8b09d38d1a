/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define HURRY_SLICE_NS 100000
/* SCHED_FLAG_RESET_ON_FORK: <linux/sched.h> does not go with <sched.h> */
#define RESET_ON_FORK 1u

void kri_futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ns)
{
        struct timespec ts = { .tv_sec = timeout_ns / 1000000000,
                               .tv_nsec = timeout_ns % 1000000000 };

        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected,
                timeout_ns < 0 ? NULL : &ts, NULL, 0);
}

void kri_futex_wake(_Atomic uint32_t *word, int count)
{
        syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

void kri_latch_wait(kri_latch *latch)
{
        while (atomic_exchange_explicit(&latch->word, 2, memory_order_acquire) != 0)
                kri_futex_wait(&latch->word, 2, -1);
}

void kri_latch_wake(kri_latch *latch)
{
        kri_futex_wake(&latch->word, 1);
}

bool kri_barrier_init(void)
{
        return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) ==
               0;
}

void kri_barrier_heavy(void)
{
        atomic_thread_fence(memory_order_seq_cst);
        syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

int kri_thread_id(void)
{
        return (int)syscall(SYS_gettid);
}

bool kri_thread_is_first(void)
{
        return kri_thread_id() == (int)getpid();
}

int kri_thread_start(pthread_t *ret_thread, void *(*fn)(void *), void *arg, size_t stack)
{
        pthread_attr_t attr;
        sigset_t all, old;
        int err;

        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, stack);
        /* the host's signals are the host's business: ours are sent to our threads by name */
        sigfillset(&all);
        sigdelset(&all, SIGSEGV);
        sigdelset(&all, SIGBUS);
        sigdelset(&all, SIGFPE);
        sigdelset(&all, SIGILL);
        sigdelset(&all, SIGABRT);
        sigdelset(&all, SIGTRAP);
        sigdelset(&all, SIGPROF);
        sigdelset(&all, SIGURG);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        err = pthread_create(ret_thread, &attr, fn, arg);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        pthread_attr_destroy(&attr);
        return err;
}

void kri_thread_name(const char *name)
{
        pthread_setname_np(pthread_self(), name);
}

void kri_thread_demote(int tid)
{
        /* best effort: where it is refused the hog keeps its ordinary share */
        (void)setpriority(PRIO_PROCESS, (id_t)tid, 19);
}

/* What the kernel calls struct sched_attr, as it was at first. */
struct sched_attribute {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime_ns, deadline_ns, period_ns;
};

/* Who asks for short slices of time is given one sooner. */
void kri_thread_hurry(void)
{
        struct sched_attribute attribute = { .size = sizeof(attribute) };

        if (syscall(SYS_sched_getattr, 0, &attribute, sizeof(attribute), 0) != 0 ||
            attribute.policy != SCHED_OTHER)
                return;
        attribute.runtime_ns = HURRY_SLICE_NS;
        /* for itself only; but from what it starts the kernel would take a nice value below 0 */
        if (attribute.nice >= 0)
                attribute.flags |= RESET_ON_FORK;
        (void)syscall(SYS_sched_setattr, 0, &attribute, 0);
}

uint64_t kri_thread_ran_ns(pthread_t thread)
{
        struct timespec ran = { 0, 0 };
        clockid_t clock;

        if (pthread_getcpuclockid(thread, &clock) == 0)
                clock_gettime(clock, &ran);
        return (uint64_t)ran.tv_sec * 1000000000u + (uint64_t)ran.tv_nsec;
}

bool kri_is_readable(int fd)
{
        struct pollfd what = { .fd = fd, .events = POLLIN };

        return poll(&what, 1, 0) == 1;
}

void kri_thread_signal(int tid, int signo)
{
        syscall(SYS_tgkill, getpid(), tid, signo);
}

unsigned kri_cpu_count(void)
{
        cpu_set_t set;

        if (sched_getaffinity(0, sizeof(set), &set) != 0)
                return 1;
        return (unsigned)CPU_COUNT(&set);
}

void kri_sleep_ns(int64_t ns)
{
        struct timespec ts = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

        nanosleep(&ts, NULL);
}

/* The first bytes of /proc/self/task/<tid>/<name>, as a string. */
static bool read_task_file(int tid, const char *name, char *text, size_t size)
{
        char path[64];
        ssize_t n;
        int fd;

        snprintf(path, sizeof(path), "/proc/self/task/%d/%s", tid, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return false;
        n = read(fd, text, size - 1);
        close(fd);
        if (n <= 0)
                return false;
        text[n] = 0;
        return true;
}

bool kri_thread_look(int tid, uint64_t *ret_ran_ns, bool *ret_sleeps)
{
        unsigned long long ran;
        char text[256];
        const char *state;

        if (!read_task_file(tid, "schedstat", text, sizeof(text)) ||
            sscanf(text, "%llu", &ran) != 1)
                return false;
        if (!read_task_file(tid, "stat", text, sizeof(text)))
                return false;
        state = strrchr(text, ')'); /* the thread's name may hold anything */
        if (state == NULL || state[1] == 0)
                return false;
        *ret_ran_ns = ran;
        *ret_sleeps = state[2] != 'R';
        return true;
}
