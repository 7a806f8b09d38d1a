/* SPDX-License-Identifier: Apache-2.0 */
/* plat.h: what this layer owes to the operating system: locks, a thread, files and terminals,
 * signals. Other files of the layer include no system header.
 *
 * Locks are for a few words that threads share; a process holds one inside a critical region
 * (kri_lock enters it), so that a kill waits and a lock is never left held.
 */
#ifndef KR_OTP_PLAT_H
#define KR_OTP_PLAT_H

#include <krarup/base.h>

#include <pthread.h>

/* -- locks -- */

typedef pthread_mutex_t kri_plat_lock;
#define KRI_PLAT_LOCK_INIT PTHREAD_MUTEX_INITIALIZER

void kri_plat_lock_init(kri_plat_lock *lock);
void kri_plat_lock_fini(kri_plat_lock *lock);
void kri_plat_lock_take(kri_plat_lock *lock);
void kri_plat_lock_give(kri_plat_lock *lock);

/* -- threads -- */

typedef struct kri_plat_thread {
        pthread_t id;
} kri_plat_thread;

/* All signals are blocked in it. */
kr_err kri_plat_thread_start(kri_plat_thread *ret_thread, void *(*run)(void *),
                             void *arg);
void kri_plat_thread_join(kri_plat_thread *thread);

/* Sleeps; for threads that are no processes. */
void kri_plat_nap_us(unsigned us);

/* -- files and terminals; a return of -1: see errno -- */

/* To append to; folders on its way that are missing are made. */
int kri_plat_open_append(const char *path, uint64_t *ret_size);
int kri_plat_truncate(const char *path);
int kri_plat_rename(const char *from, const char *to);
int kri_plat_remove(const char *path);
void kri_plat_close(int fd);
/* Is the file of this descriptor still the one that has this name? */
bool kri_plat_is_same_file(int fd, const char *path);
bool kri_plat_is_file(const char *path);
bool kri_plat_is_terminal(int fd);
/* Columns and rows of a terminal; false: it is none, or does not say. */
bool kri_plat_window(int fd, unsigned *ret_columns, unsigned *ret_rows);

/* Write what can be written without waiting for long: how much, 0: not now, -1: it cannot. */
int64_t kri_plat_write_some(int fd, const char *data, size_t len);
/* Read what is there; waits up to `wait_ms`: how much, 0: the end, -2: nothing yet, -1: it
 * cannot. */
int64_t kri_plat_read_some(int fd, char *data, size_t size, int wait_ms);

/* -- signals of the program -- */

/* From now on the descriptor that is given becomes readable when SIGTERM or SIGINT comes;
 * they do nothing else. -1: it cannot be had. One at a time in a program. */
int kri_plat_signals_open(void);
/* The signal that came, up to `wait_ms` (-1: for ever); 0: none, or somebody called wake. */
int kri_plat_signals_wait(int fd, int wait_ms);
void kri_plat_signals_wake(void);
void kri_plat_signals_close(int fd);

#endif
