/* SPDX-License-Identifier: Apache-2.0 */
/* atom.h: names as small numbers, for the whole OS process and for ever.
 *
 * Law      An atom's index and bytes never change and are never freed: reading a known
 *          index takes no lock.
 */
#ifndef KR_TERM_ATOM_H
#define KR_TERM_ATOM_H

#include "word.h"

/* Atoms the library itself uses; kri_atom_table starts with them, in this order.
 * X(c_name, text) */
/* clang-format off */
#define KRI_ATOM_MAP(X)                                                                  \
        X(none_, "\xff") /* index 0 means "no atom"; its text can never be looked up */     \
        X(empty, "") X(true, "true") X(false, "false") X(undefined, "undefined") X(ok, "ok")          \
        X(error, "error") X(exit, "exit") X(throw, "throw") X(normal, "normal")          \
        X(kill, "kill") X(killed, "killed") X(noproc, "noproc")                          \
        X(noconnection, "noconnection") X(badarg, "badarg") X(badarith, "badarith")      \
        X(system_limit, "system_limit") X(nocatch, "nocatch") X(timeout, "timeout")      \
        X(timeout_value, "timeout_value") X(EXIT, "EXIT") X(DOWN, "DOWN")                \
        X(process, "process") X(port, "port") X(shutdown, "shutdown") X(alias, "alias")  \
        X(abandoned, "abandoned") X(spawn_reply, "spawn_reply")                          \
        X(cancel_timer, "cancel_timer") X(read_timer, "read_timer")                      \
        X(nonode_at_nohost, "nonode@nohost") X(infinity, "infinity") X(mailbox_overflow, "mailbox_overflow")                     \
        X(registered_name, "registered_name") X(links, "links") X(monitors, "monitors")  \
        X(monitored_by, "monitored_by") X(message_queue_len, "message_queue_len")        \
        X(messages, "messages") X(status, "status") X(initial_call, "initial_call")      \
        X(current_function, "current_function")                                          \
        X(current_stacktrace, "current_stacktrace") X(dictionary, "dictionary")          \
        X(trap_exit, "trap_exit") X(group_leader, "group_leader")                        \
        X(priority, "priority") X(reductions, "reductions") X(memory, "memory")          \
        X(stack_size, "stack_size") X(total_heap_size, "total_heap_size")                \
        X(heap_size, "heap_size") X(parent, "parent") X(suspending, "suspending")        \
        X(backtrace, "backtrace") X(waiting, "waiting") X(running, "running")            \
        X(runnable, "runnable") X(suspended, "suspended") X(system, "system")            \
        X(low, "low")                                                                    \
        X(high, "high") X(max, "max") X(report, "report")                                \
        X(reports_lost, "reports_lost") X(full, "full") X(gen_cast, "$gen_cast") X(gen_call, "$gen_call") \
        X(modules, "modules") X(ack, "ack")
/* clang-format on */

enum kri_known_atom {
#define KRI_ATOM_ENUM(c_name, text) KRI_A_##c_name,
        KRI_ATOM_MAP(KRI_ATOM_ENUM)
#undef KRI_ATOM_ENUM
                KRI_KNOWN_ATOMS
};

#define KRI_ATOM_LEN_MAX 255u   /* characters; up to 4 bytes each */
#define KRI_ATOM_LIMIT 1048576u /* atoms in the table, until kri_atom_set_limit */

/* The word of a known atom: KRI_A(normal). */
#define KRI_A(c_name) kri_atom(KRI_A_##c_name)

/* Find or make. `text` is UTF-8, not terminated. KR_EBADARG: not UTF-8 or too long;
 * KR_ESYSTEMLIMIT: the table is full; KR_ENOMEM. Locks only to make a new one. */
kr_err kri_atom_make(const char *text, size_t len, uint32_t *ret_index);

/* Find only; false if there is none. */
bool kri_atom_find(const char *text, size_t len, uint32_t *ret_index);

/* The text, terminated by a zero byte, valid for ever. */
const char *kri_atom_text(uint32_t index, size_t *ret_len);

/* Atoms in the table, and the most there may be (those there stay). */
uint32_t kri_atom_count(void);
void kri_atom_set_limit(uint32_t atoms);

/* By the code points of the texts: <0, 0, >0. */
int kri_atom_compare(uint32_t a, uint32_t b);

#endif
