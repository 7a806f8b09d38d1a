/* SPDX-License-Identifier: Apache-2.0 */
/* plat_wait.h: what the first thread of a node's program waits for: signals, words from other
 * threads, changed files; and what it tells systemd. */
#ifndef KR_CLI_PLAT_WAIT_H
#define KR_CLI_PLAT_WAIT_H

#include <krarup/base.h>

/* SIGINT, SIGTERM and SIGHUP come as numbers from this descriptor and do nothing else; SIGPIPE
 * does nothing at all. Before there are other threads. -1: it cannot be had. */
int kri_signals_open(void);
/* The next one; 0: none has come. Does not wait. */
int kri_signals_take(int fd);

/* A descriptor that is readable once somebody has called kri_flag_raise. */
int kri_flag_open(void);
void kri_flag_raise(int flag);
void kri_flag_lower(int flag);

/* Wait until one of these is readable (-1: passed over); which one, as an index; -1: the time
 * is up. */
int kri_wait_any(const int *fds, int count, int64_t timeout_ms);

/* A thread that nobody waits for; signals do not come to it. */
bool kri_thread_begin(void (*run)(void *arg), void *arg);

/* -- files that change -- */

/* Watch a folder and those in it, but for hidden ones and `skip`. -1: see errno. */
int kri_watch_open(const char *folder, const char *skip);
/* Take what has been told: true if a source has changed (.c .h .cc .cpp .hpp .app, Makefile,
 * meson.build), with its name. New folders are watched, too. */
bool kri_watch_take(int fd, char *name, size_t size);

/* -- systemd: sd_notify(3), by hand: one datagram -- */

/* "READY=1", "STOPPING=1", "WATCHDOG=1"; nothing if nobody wants to know. */
void kri_notify(const char *state);
/* How often a sign of life is wanted; 0: not at all. Half the time of WatchdogSec. */
int64_t kri_notify_interval_ms(void);

/* Before kri_run_behind: what is started will say a word when it has started. */
void kri_started_expect(void);
/* Before we start others: they do not get descriptor 3, for who started us waits for its end. */
void kri_started_keep(void);
/* A word to who started us so (descriptor 3). */
void kri_started_say(const char *text);
/* Wait for it. 0: it came; -1: it never will; else the signal from `signals` that came before. The
 * descriptor is taken. */
int kri_started_hear(int fd, int signals);

#endif
