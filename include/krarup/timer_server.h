/* SPDX-License-Identifier: Apache-2.0 */
/* timer_server.h: things to be done later, again and again, until cancelled. Follows OTP's
 * module timer (26).
 *
 *      kr_tref every;
 *      kr_timer_send_interval(&every, 1000, kr_self(), "tick");
 *      ...
 *      kr_timer_cancel(every);
 *
 * Model    A server with the name `timer_server`, started by whoever is first to need it, has
 *          the timers; of those that fire once and send to a process here it knows nothing
 *          (kr_send_after does them, at less cost). Times are milliseconds, never early, and
 *          intervals do not drift: the n-th is due n times the interval after the start.
 * Whom     `to` is a kr_pid or a name (kr_atom or C string), looked up when the time has come; a
 *          message to a name that nobody has is dropped.
 * Results  KR_OK, and *ret_timer is what kr_timer_cancel takes (may be NULL). KR_EBADARG: a
 *          negative time, or one beyond KR_TIMER_MAX_MS, or a thread that is no process.
 *          KR_ESYSTEMLIMIT: see kr_sys_install about functions. KR_ENOMEM.
 *
 * Callable by processes (attached threads too). Those that need the server wait for it, and
 * may not return.
 */
#ifndef KRARUP_TIMER_SERVER_H
#define KRARUP_TIMER_SERVER_H

#include <krarup/timer.h>

/* 285 years */
#define KR_TIMER_MAX_MS INT64_C(9000000000000)

/* A timer: a plain value. */
typedef struct kr_tref {
        int kind; /* Krarup's */
        kr_ref ref;
} kr_tref;

/* What is done: in a process of its own, which ends with it. `argument` lives as long. */
typedef void (*kr_timer_fn)(kr_term argument);

/* -- once -- */

/* kr_timer_send_after(&timer, time_ms, to, "pattern", ...) */
#define kr_timer_send_after(ret_timer, time_ms, to, ...)                                 \
        kri_timer_send_after(ret_timer, time_ms, KRI_WATCHED(to), KRI_SITE(__VA_ARGS__), \
                             KRI_ARGS(__VA_ARGS__))

/* kr_timer_apply_after(&timer, time_ms, fn, "argument pattern", ...): fn(argument) */
#define kr_timer_apply_after(ret_timer, time_ms, fn, ...)                                \
        kri_timer_apply_after(ret_timer, time_ms, fn, KRI_SITE(__VA_ARGS__),             \
                              KRI_ARGS(__VA_ARGS__))

/* kr_timer_exit_after(&timer, time_ms, to, "reason pattern", ...): an exit signal */
#define kr_timer_exit_after(ret_timer, time_ms, to, ...)                                 \
        kri_timer_exit_after(ret_timer, time_ms, KRI_WATCHED(to), KRI_SITE(__VA_ARGS__), \
                             KRI_ARGS(__VA_ARGS__))
#define kr_timer_kill_after(ret_timer, time_ms, to)                                      \
        kr_timer_exit_after(ret_timer, time_ms, to, "kill")

/* -- again and again; the first time after one interval. Those that send end with the process
 * they send to, the others with the one that asked for them. -- */

#define kr_timer_send_interval(ret_timer, time_ms, to, ...)                              \
        kri_timer_send_interval(ret_timer, time_ms, KRI_WATCHED(to),                     \
                                KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* However long the calls before it take. */
#define kr_timer_apply_interval(ret_timer, time_ms, fn, ...)                             \
        kri_timer_apply_interval(ret_timer, time_ms, false, fn, KRI_SITE(__VA_ARGS__),   \
                                 KRI_ARGS(__VA_ARGS__))

/* One at a time: the next one when its time has come and the one before has ended. */
#define kr_timer_apply_repeatedly(ret_timer, time_ms, fn, ...)                           \
        kri_timer_apply_interval(ret_timer, time_ms, true, fn, KRI_SITE(__VA_ARGS__),    \
                                 KRI_ARGS(__VA_ARGS__))

KR_BEGIN_DECLS

/* KR_OK, whether it was still to come or not; KR_EBADARG: it is no timer. Any process. */
KR_API kr_err kr_timer_cancel(kr_tref timer);

/* timer:sleep/1 is kr_sleep. timer:tc/2: call fn(arg); gives the microseconds that it took. */
KR_API int64_t kr_timer_tc(void (*fn)(void *arg), void *arg);

KR_API kr_err kri_timer_send_after(kr_tref *ret_timer, int64_t time_ms,
                                   struct kri_watched to, struct kri_site *site,
                                   const union kri_arg *args);
KR_API kr_err kri_timer_apply_after(kr_tref *ret_timer, int64_t time_ms, kr_timer_fn fn,
                                    struct kri_site *site, const union kri_arg *args);
KR_API kr_err kri_timer_exit_after(kr_tref *ret_timer, int64_t time_ms,
                                   struct kri_watched to, struct kri_site *site,
                                   const union kri_arg *args);
KR_API kr_err kri_timer_send_interval(kr_tref *ret_timer, int64_t time_ms,
                                      struct kri_watched to, struct kri_site *site,
                                      const union kri_arg *args);
KR_API kr_err kri_timer_apply_interval(kr_tref *ret_timer, int64_t time_ms,
                                       bool one_at_a_time, kr_timer_fn fn,
                                       struct kri_site *site, const union kri_arg *args);

/* In milliseconds. */
static inline int64_t kr_timer_seconds(int64_t seconds)
{
        return seconds * 1000;
}

static inline int64_t kr_timer_minutes(int64_t minutes)
{
        return minutes * 60000;
}

static inline int64_t kr_timer_hours(int64_t hours)
{
        return hours * 3600000;
}

static inline int64_t kr_timer_hms(int64_t hours, int64_t minutes, int64_t seconds)
{
        return kr_timer_hours(hours) + kr_timer_minutes(minutes) +
               kr_timer_seconds(seconds);
}

KR_END_DECLS
#endif
