/* SPDX-License-Identifier: Apache-2.0 */
/* outside.h: what a node might leave behind in the OS process: threads, descriptors, signal
 * handlers.
 *
 *      struct outside before = outside_look();
 *      ...
 *      outside_is_as(&before);
 */
#ifndef KR_TESTS_OUTSIDE_H
#define KR_TESTS_OUTSIDE_H

#include "kit.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

/* libc sets it in whatever passes through its sigaction. */
#define OUTSIDE_RESTORER 0x04000000

struct outside {
        int threads, descriptors;
        struct {
                void (*handler)(int);
                int flags;
                uint64_t mask;
        } signal[NSIG];
        stack_t signal_stack;
        sigset_t blocked;
};

static inline int outside_entries(const char *path)
{
        DIR *dir = opendir(path);
        int count = -2; /* . and .. */

        while (readdir(dir) != NULL)
                count++;
        closedir(dir);
        return count;
}

static inline void *outside_nothing(void *arg)
{
        return arg;
}

static inline struct outside outside_look(void)
{
        struct outside o;
        pthread_t thread;

        /* the first thread of an OS process may bring another one, of the sanitizer */
        kit_int_eq(pthread_create(&thread, NULL, outside_nothing, NULL), 0);
        kit_int_eq(pthread_join(thread, NULL), 0);
        memset(&o, 0, sizeof(o));
        o.threads = outside_entries("/proc/self/task");
        o.descriptors = outside_entries("/proc/self/fd");
        for (int i = 1; i < NSIG; i++) {
                struct sigaction action;

                if (sigaction(i, NULL, &action) != 0)
                        continue;
                o.signal[i].handler = action.sa_handler;
                if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN)
                        continue; /* then the rest means nothing */
                o.signal[i].flags = action.sa_flags & ~OUTSIDE_RESTORER;
                memcpy(&o.signal[i].mask, &action.sa_mask, sizeof(o.signal[i].mask));
        }
        (void)sigaltstack(NULL, &o.signal_stack);
        (void)pthread_sigmask(SIG_SETMASK, NULL, &o.blocked);
        return o;
}

static inline void outside_is_as(const struct outside *before)
{
        struct outside now;

        /* one that has been joined may be seen for a moment */
        kit_eventually(outside_entries("/proc/self/task") == before->threads);
        now = outside_look();

        kit_int_eq(now.descriptors, before->descriptors);
        for (int i = 1; i < NSIG; i++) {
                kit_true(now.signal[i].handler == before->signal[i].handler);
                kit_int_eq(now.signal[i].flags, before->signal[i].flags);
                kit_uint_eq(now.signal[i].mask, before->signal[i].mask);
        }
        kit_ptr_eq(now.signal_stack.ss_sp, before->signal_stack.ss_sp);
        for (int i = 1; i < NSIG; i++)
                kit_int_eq(sigismember(&now.blocked, i),
                           sigismember(&before->blocked, i));
}

#endif
