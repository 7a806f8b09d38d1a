/* SPDX-License-Identifier: Apache-2.0 */
/* timer.h: messages later. Follows erlang:send_after/4, start_timer/4, cancel_timer/2,
 * read_timer/2. Times are milliseconds of the node's monotonic clock; never early.
 *
 * `to` is a kr_pid of this node (the timer goes when it ends) or a name (kr_atom or C
 * string), looked up when the timer fires. A wrong destination, a negative or too large time
 * ends the caller with badarg. Callable by processes; none blocks.
 */
#ifndef KRARUP_TIMER_H
#define KRARUP_TIMER_H

#include <krarup/link.h>

/* kr_send_after(time_ms, to, "pattern", ...): the message itself. */
#define kr_send_after(time_ms, to, ...)                                                  \
        kri_timer_start(time_ms, KRI_WATCHED(to), 0, KRI_SITE(__VA_ARGS__),              \
                        KRI_ARGS(__VA_ARGS__))
/* kr_start_timer(...): {timeout, Ref, Message}. */
#define kr_start_timer(time_ms, to, ...)                                                 \
        kri_timer_start(time_ms, KRI_WATCHED(to), KRI_TIMER_WRAP, KRI_SITE(__VA_ARGS__), \
                        KRI_ARGS(__VA_ARGS__))
/* At an absolute time of kr_monotonic_ms(NULL). */
#define kr_send_at(at_ms, to, ...)                                                       \
        kri_timer_start(at_ms, KRI_WATCHED(to), KRI_TIMER_ABS, KRI_SITE(__VA_ARGS__),    \
                        KRI_ARGS(__VA_ARGS__))
#define kr_start_timer_at(at_ms, to, ...)                                                \
        kri_timer_start(at_ms, KRI_WATCHED(to), KRI_TIMER_ABS | KRI_TIMER_WRAP,          \
                        KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

enum { KRI_TIMER_WRAP = 1, KRI_TIMER_ABS = 2 };

KR_BEGIN_DECLS

/* The milliseconds that were left, or -1 when it has fired, was cancelled or never was (the
 * message may be in the mailbox). Any process of the node may cancel and read. */
KR_API int64_t kr_cancel_timer(kr_ref timer);
KR_API int64_t kr_read_timer(kr_ref timer);

/* The same, answered by a message {cancel_timer | read_timer, Ref, Milliseconds | false}. */
KR_API void kr_cancel_timer_async(kr_ref timer);
KR_API void kr_read_timer_async(kr_ref timer);

KR_API kr_ref kri_timer_start(int64_t time_ms, struct kri_watched to, int flags,
                              struct kri_site *site, const union kri_arg *args);

KR_END_DECLS
#endif
