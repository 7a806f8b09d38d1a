/* SPDX-License-Identifier: Apache-2.0 */
/* plat_thread.h: threads, locks, sleeping and waking, and the barrier that is paid for by
 * the rare side only.
 */
#ifndef KR_BASE_PLAT_THREAD_H
#define KR_BASE_PLAT_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef pthread_mutex_t kri_mutex;
#define KRI_MUTEX_INIT PTHREAD_MUTEX_INITIALIZER

static inline void kri_lock(kri_mutex *m)
{
        pthread_mutex_lock(m);
}

static inline bool kri_try_lock(kri_mutex *m)
{
        return pthread_mutex_trylock(m) == 0;
}

static inline void kri_unlock(kri_mutex *m)
{
        pthread_mutex_unlock(m);
}

/* A word to sleep on. wait: returns when woken, when *word != expected, after
 * `timeout_ns` (negative: never), or for no reason; callers loop. */
void kri_futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ns);
void kri_futex_wake(_Atomic uint32_t *word, int count);

/* A lock that is hardly ever contended, in one word and in line: all zero is free. */
typedef struct {
        _Atomic uint32_t word; /* 0 free, 1 held, 2 held and somebody may sleep on it */
} kri_latch;

void kri_latch_wait(kri_latch *latch);
void kri_latch_wake(kri_latch *latch);

static inline void kri_latch_lock(kri_latch *latch)
{
        uint32_t free = 0;

        /* acquire: pairs with unlock */
        if (__builtin_expect(!atomic_compare_exchange_strong_explicit(
                                     &latch->word, &free, 1, memory_order_acquire,
                                     memory_order_relaxed),
                             0))
                kri_latch_wait(latch);
}

static inline void kri_latch_unlock(kri_latch *latch)
{
        /* release: whoever holds it next sees what we did */
        if (__builtin_expect(atomic_exchange_explicit(&latch->word, 0,
                                                      memory_order_release) == 2,
                             0))
                kri_latch_wake(latch);
}

/* A full barrier on every other running thread of this OS process (3 us), so that their
 * side of a store-then-load needs a compiler barrier only. init first; false: the kernel
 * (before 4.14) has none, and whoever relies on it must do without. */
bool kri_barrier_init(void);
void kri_barrier_heavy(void);

static inline void kri_barrier_light(void)
{
        atomic_signal_fence(memory_order_seq_cst);
}

static inline void kri_cpu_relax(void)
{
#if defined(__x86_64__)
        __builtin_ia32_pause();
#else
        __asm__ volatile("yield");
#endif
}

int kri_thread_id(void);        /* the kernel's number of this thread */
bool kri_thread_is_first(void); /* the one that runs main */
int kri_thread_start(pthread_t *ret_thread, void *(*fn)(void *), void *arg, size_t stack);
void kri_thread_name(const char *name);
void kri_thread_demote(int tid); /* that thread from now on gets what others leave */
/* The calling thread, from now on: it gets no more of a core than others, but sooner when it
 * wakes up, in smaller pieces; the threads and programs that it starts do not, unless its nice
 * value is below 0. Best effort (Linux 6.12). */
void kri_thread_hurry(void);
/* How long a thread has run, and whether it sleeps in the kernel (else it runs, or would if
 * it had a core). False: the kernel does not tell. */
bool kri_thread_look(int tid, uint64_t *ret_ran_ns, bool *ret_sleeps);
/* The former, exactly and at little cost. */
uint64_t kri_thread_ran_ns(pthread_t thread);
bool kri_is_readable(int fd); /* without waiting */
void kri_thread_signal(int tid, int signo);
unsigned kri_cpu_count(void);
void kri_sleep_ns(int64_t ns); /* the thread, not a process */

#endif
