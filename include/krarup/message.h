/* SPDX-License-Identifier: Apache-2.0 */
/* message.h: send and receive. Follows the Erlang reference manual, "Processes".
 *
 * Signals from one process to another arrive in the order they were sent: messages, exits,
 * links, monitors, by pid, by name or by alias alike. A message is a snapshot: what was sent
 * is copied. Between different senders nothing is promised.
 */
#ifndef KRARUP_MESSAGE_H
#define KRARUP_MESSAGE_H

#include <krarup/pattern.h>

/* A slot that the caller owns. The message in it, and every kr_term taken out of it, is
 * valid until the slot is filled again, cleared, or leaves scope; nested receives use slots
 * of their own. Start with KR_MSG_INIT. A slot may live anywhere; one on the stack of a
 * function that has returned is released by the next receive. */
typedef struct kr_msg {
        kr_term term; /* what arrived */
        void *sig;    /* Krarup's */
} kr_msg;
/* clang-format off */
#ifdef __cplusplus
#define KR_MSG_INIT kr_msg{}
#else
#define KR_MSG_INIT { .sig = NULL }
#endif
/* clang-format on */

/* What kr_receive returns when the time is up; clause numbers are 0 or more. */
#define KR_TIMEOUT (-1)

/* kr_send(to, "pattern", ...): send a message. `to` is a kr_pid, a registered name (kr_atom
 * or C string), or an alias (kr_ref).
 *
 * Does not block, except for a receiver whose mailbox limit suspends senders: then it may
 * wait, and not return. A message larger than the whole limit is refused. Like most calls it
 * may let others run first, when the turn is over, and exit signals act then.
 * A dead pid or an inactive alias drops the message, as in Erlang; an unregistered name ends
 * the caller with badarg; no memory ends the caller with system_limit.
 * Returns KR_OK, or KR_EFULL when the receiver's mailbox limit refuses it. On a thread that
 * is no process: KR_EBADARG. */
#define kr_send(to, ...) KRI_SEND(to)(to, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_receive(&slot, timeout_ms, kr_on(ID, "pattern", ...), ...): take the first message in
 * the mailbox that fits any of the clauses (tried in order per message), write the results
 * of its pattern, and return its ID. The others stay, in order. Up to 32 clauses.
 *
 * Blocks the process (not the thread) until a message fits or `timeout_ms` has passed since
 * the call: 0 looks at what has arrived already, KR_INFINITY waits for ever; then
 * KR_TIMEOUT. Where nothing fits, a timeout below KR_INFINITY or above 4294967295 ends the
 * caller with timeout_value. May not return (exit signals). `errno` and thread-locals of the
 * host do not survive it: the process may go on on another thread. */
#define kr_receive(slot, timeout_ms, ...)                                                \
        KRI_RECEIVE(kri_receive, slot, timeout_ms, __VA_ARGS__)

/* As kr_receive, for the first thing that a function entered by kr_spawn or kr_become does:
 * while nothing fits, the process gives its stack back and waits without one; the function
 * is entered again, with the same argument, when there is something new to look at or the
 * time is up. So nothing that the function did before this call survives the wait, and it
 * happens again. Anywhere else (an argument that is a kr_term or none included, deeper in the
 * call stack as well) the effect is the same: the loop function is entered anew. */
#define kr_receive_top(slot, timeout_ms, ...)                                            \
        KRI_RECEIVE(kri_receive_top, slot, timeout_ms, __VA_ARGS__)

KR_BEGIN_DECLS

/* Release what the slot holds. NULL is ignored. */
KR_API void kr_msg_clear(kr_msg *slot);

/* -- behind the macros -- */
KR_API kr_err kri_send_pid(kr_pid to, struct kri_site *site, const union kri_arg *args);
KR_API kr_err kri_send_name(kr_atom to, struct kri_site *site, const union kri_arg *args);
KR_API kr_err kri_send_text(const char *to, struct kri_site *site,
                            const union kri_arg *args);
KR_API kr_err kri_send_alias(kr_ref to, struct kri_site *site, const union kri_arg *args);
KR_API int kri_receive(kr_msg *slot, int64_t timeout_ms, const struct kr_clause *clauses);
KR_API int kri_receive_top(kr_msg *slot, int64_t timeout_ms,
                           const struct kr_clause *clauses);

KR_END_DECLS

#define KRI_SEND(to)                                                                     \
        _Generic((to), kr_pid: kri_send_pid, kr_atom: kri_send_name,                     \
                 const char *: kri_send_text, char *: kri_send_text, kr_ref: kri_send_alias)

#define KRI_RECEIVE(function, slot, timeout_ms, ...)                                     \
        function(slot, timeout_ms,                                                       \
                 (const struct kr_clause[]){ __VA_ARGS__, kri_clause(0, NULL, NULL) })
#endif
