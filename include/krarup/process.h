/* SPDX-License-Identifier: Apache-2.0 */
/* process.h: processes: start, end, flags, information. Follows the Erlang module `erlang`.
 *
 * A process is a loop and a state. It runs until it returns from its function, exits, or is
 * ended by an exit signal. All that it owns (messages, kr_alloc memory, names, timers,
 * links) goes with it. A fault in it ends it alone (see node.h, kr_fault_mode).
 *
 * Misuse: any function here that gets a wrong argument ends the calling process with
 * {badarg, {Function, Argument}} and then does not return; on a thread that is no process it
 * returns its error or "none" value.
 * "Process" below means a process or an attached thread (kr_thread_attach).
 */
#ifndef KRARUP_PROCESS_H
#define KRARUP_PROCESS_H

#include <krarup/message.h>
#include <krarup/node.h>

typedef enum kr_priority {
        KR_PRIORITY_NORMAL,
        KR_PRIORITY_LOW,  /* mixed with normal, about one turn in eight */
        KR_PRIORITY_HIGH, /* lower ones wait while one of these can run */
        KR_PRIORITY_MAX,
} kr_priority;

/* What happens to a message for a mailbox that is full. */
typedef enum kr_overflow {
        KR_OVERFLOW_REFUSE,  /* kr_send returns KR_EFULL */
        KR_OVERFLOW_DROP,    /* the message is dropped silently */
        KR_OVERFLOW_SUSPEND, /* the sender waits until there is room */
        KR_OVERFLOW_EXIT,    /* the receiver exits with reason mailbox_overflow */
} kr_overflow;

typedef struct kr_mailbox_limit {
        uint32_t messages; /* 0: no limit */
        uint64_t bytes;    /* 0: no limit; counts what the messages occupy */
        kr_overflow overflow;
} kr_mailbox_limit;

/* How an alias that goes with a monitor ends (see link.h). */
typedef enum kr_alias_mode {
        KR_ALIAS_NONE,
        KR_ALIAS_EXPLICIT_UNALIAS,
        KR_ALIAS_DEMONITOR,
        KR_ALIAS_REPLY_DEMONITOR,
} kr_alias_mode;

/* All zero: a plain spawn. Follows spawn_opt/2. */
typedef struct kr_spawn_opts {
        bool link;
        bool monitor;        /* then *ret_monitor is set, before the process runs */
        kr_alias_mode alias; /* with monitor */
        const kr_term *tag;  /* with monitor: takes the place of 'DOWN'; copied */
        kr_ref *ret_monitor;
        kr_priority priority;
        size_t memory_max; /* kr_alloc memory and mailbox, bytes; beyond it the
                                       process ends with `killed`; 0: no limit */
        kr_mailbox_limit mailbox;
} kr_spawn_opts;

enum kri_entry_kind {
        KRI_ENTRY_NONE,
        KRI_ENTRY_INT,
        KRI_ENTRY_TERM,
        KRI_ENTRY_PTR,
        KRI_ENTRY_LOOP, /* see loop.h */
};

/* A function that a process runs, its argument, and its name for people. */
struct kri_entry {
        void (*fn)(void);
        const char *name;
        enum kri_entry_kind kind;
        size_t size; /* PTR: bytes to copy */
        union {
                int64_t i;
                kr_term term;
                const void *ptr;
        } arg;
};

/* kr_spawn(fn), kr_spawn(fn, arg): start a process that runs fn(arg); returns its pid.
 *
 * `fn` takes nothing, an int64_t, a kr_term or a pointer to a struct; the argument is copied
 * (deeply for a term, sizeof *arg bytes for a pointer): the process gets its own, which it
 * owns. It inherits the group leader, nothing else. Ends the caller with system_limit when
 * the process table is full or there is no memory. On a thread that is no process: none. */
#define kr_spawn(...) kri_spawn(NULL, NULL, KRI_ENTRY(__VA_ARGS__))
/* Atomically linked. */
#define kr_spawn_link(...)                                                               \
        kri_spawn(NULL, &(const kr_spawn_opts){ .link = true }, KRI_ENTRY(__VA_ARGS__))
/* Atomically monitored; `ret_ref` is a kr_ref *. */
#define kr_spawn_monitor(ret_ref, ...)                                                   \
        kri_spawn(NULL,                                                                  \
                  &(const kr_spawn_opts){ .monitor = true, .ret_monitor = ret_ref },     \
                  KRI_ENTRY(__VA_ARGS__))
#define kr_spawn_opt(opts, ...) kri_spawn(NULL, opts, KRI_ENTRY(__VA_ARGS__))
/* From any thread: on this node, without parent. None: no room, or no memory. */
#define kr_node_spawn(node, ...) kri_spawn(node, NULL, KRI_ENTRY(__VA_ARGS__))

/* kr_become(fn), kr_become(fn, arg): go on as fn(arg), with an empty stack and all message
 * slots cleared. C's stand-in for the tail call Module:loop(State). Does not return.
 * A pointer argument is copied as by kr_spawn, unless it is the pointer that the present
 * function was entered with: then the memory stays as it is. */
#define kr_become(...) kri_become((const struct kri_entry[]){ KRI_ENTRY(__VA_ARGS__) })

KR_BEGIN_DECLS

/* The calling process; none on a thread that is no process. */
KR_API kr_pid kr_self(void);

/* True until the process has ended. Whatever the caller sent to it before has been taken in
 * when this returns: may block for that, and may not return. */
KR_API bool kr_is_process_alive(kr_pid pid);

/* Let others run. May not return. */
KR_API void kr_yield(void);

/* Wait; other processes run meanwhile. As kr_receive without clauses. May not return. */
KR_API void kr_sleep(int64_t timeout_ms);

/* -- ending -- */

typedef enum kr_class { KR_CLASS_EXIT, KR_CLASS_ERROR, KR_CLASS_THROW } kr_class;

/* kr_exit("reason pattern", ...): end the caller with this reason; error: {Reason, Trace};
 * throw: {{nocatch, Term}, Trace}, unless caught by kr_catch. Clean-ups registered with
 * kr_defer run; local variables with clean-up attributes or C++ destructors do not. */
#define kr_exit(...)                                                                     \
        kri_raise(KR_CLASS_EXIT, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))
#define kr_error(...)                                                                    \
        kri_raise(KR_CLASS_ERROR, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))
#define kr_throw(...)                                                                    \
        kri_raise(KR_CLASS_THROW, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* Raise again, with this class and reason as they are (erlang:raise/3). */
KR_API KR_NORETURN void kr_raise(kr_class kind, kr_term reason);
/* The same; takes the term, which is the caller's own (kr_build), so that nothing is left
 * over where the exit is caught. */
KR_API KR_NORETURN void kr_raise_given(kr_class kind, kr_term reason);

/* kr_exit_signal(pid, "reason pattern", ...): exit/2: send an exit signal. `kill` cannot be
 * trapped and becomes `killed`. Never fails for a dead pid. */
#define kr_exit_signal(to, ...)                                                          \
        kri_exit_signal(to, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* Call fn(arg); true if it returned. Otherwise an exit, error, throw or fault came out of
 * it (not a kill, nor any other exit signal): *ret_class says which and the slot holds the
 * reason, for errors {Reason, Trace}. Clean-ups registered within have run. */
KR_API bool kr_catch(void (*fn)(void *arg), void *arg, kr_class *ret_class,
                     kr_msg *ret_reason);

/* -- flags -- */

/* Returns the old value. */
KR_API bool kr_trap_exit(bool on);
KR_API kr_priority kr_set_priority(kr_priority priority);
KR_API size_t kr_set_memory_max(size_t bytes);
KR_API kr_mailbox_limit kr_set_mailbox_limit(kr_mailbox_limit limit);

/* The process that does this one's input and output; inherited by spawn. Setting that of a
 * dead process is badarg. */
KR_API kr_pid kr_group_leader(void);
KR_API void kr_set_group_leader(kr_pid leader, kr_pid of);

/* -- the process dictionary (put/2, get/1, erase/1) -- */

/* put keeps copies. get gives a term valid until that key is put or erased. none: no such
 * key. */
KR_API void kr_put(kr_term key, kr_term value);
KR_API kr_term kr_get(kr_term key);
KR_API void kr_erase(kr_term key);

/* -- information -- */

/* {Item, Value} as process_info/2 gives it, in the slot; false: no such process (the slot is
 * left empty). Items: registered_name links monitors monitored_by message_queue_len messages
 * status initial_call current_function current_stacktrace dictionary trap_exit group_leader
 * priority reductions memory stack_size total_heap_size heap_size parent suspending backtrace
 * modules ([{Module, Version}]: those loaded whose code it runs).
 * Another process answers when it next takes in signals: may block, may not return. */
KR_API bool kr_process_info(kr_pid pid, kr_atom item, kr_msg *slot);
/* A list of them, in this order; one look for all. count 0: process_info/1's items. */
KR_API bool kr_process_info_list(kr_pid pid, const kr_atom *items, size_t count,
                                 kr_msg *slot);

/* All processes of the caller's node: a list of pids in the slot, those that are exiting
 * left out. */
KR_API void kr_processes(kr_msg *slot);

/* suspend_process/1, resume_process/1: counted; for debugging. False: no such process.
 * Suspending waits until the other has stopped: may block, may not return. */
KR_API bool kr_suspend_process(kr_pid pid);
KR_API void kr_resume_process(kr_pid pid);

/* Unique in the cluster's life (make_ref/0). */
KR_API kr_ref kr_make_ref(void);

/* unique_integer([positive, monotonic]): grows with every call on this node. */
KR_API int64_t kr_unique_integer(void);

/* -- spawn_request/5: ask for a process; {spawn_reply, Ref, ok, Pid} comes as a message -- */
typedef enum kr_reply {
        KR_REPLY_YES,
        KR_REPLY_NO,
        KR_REPLY_ERROR_ONLY,
        KR_REPLY_SUCCESS_ONLY
} kr_reply;
typedef struct kr_spawn_request_opts {
        kr_spawn_opts spawn; /* ret_monitor is not used: the request's ref monitors */
        kr_reply reply;
        const kr_term *reply_tag; /* takes the place of spawn_reply; NULL: none */
} kr_spawn_request_opts;
#define kr_spawn_request(opts, ...) kri_spawn_request(opts, KRI_ENTRY(__VA_ARGS__))
/* True when the request was given up; false when the reply has come or it is unknown. */
KR_API bool kr_spawn_request_abandon(kr_ref request);

/* -- behind the macros -- */
KR_API kr_pid kri_spawn(struct kr_node *node, const kr_spawn_opts *opts,
                        struct kri_entry entry);
KR_API kr_ref kri_spawn_request(const kr_spawn_request_opts *opts,
                                struct kri_entry entry);
KR_API KR_NORETURN void kri_become(const struct kri_entry *entry);
KR_API KR_NORETURN void kri_raise(kr_class kind, struct kri_site *site,
                                  const union kri_arg *args);
KR_API void kri_exit_signal(kr_pid to, struct kri_site *site, const union kri_arg *args);

static inline struct kri_entry kri_entry_none(void (*fn)(void), const char *name,
                                              int unused, size_t size)
{
        struct kri_entry e = { fn, name, KRI_ENTRY_NONE, 0, { 0 } };

        (void)unused;
        (void)size;
        return e;
}

static inline struct kri_entry kri_entry_int(void (*fn)(void), const char *name,
                                             int64_t arg, size_t size)
{
        struct kri_entry e = { fn, name, KRI_ENTRY_INT, 0, { 0 } };

        (void)size;
        e.arg.i = arg;
        return e;
}

static inline struct kri_entry kri_entry_term(void (*fn)(void), const char *name,
                                              kr_term arg, size_t size)
{
        struct kri_entry e = { fn, name, KRI_ENTRY_TERM, 0, { 0 } };

        (void)size;
        e.arg.term = arg;
        return e;
}

static inline struct kri_entry kri_entry_ptr(void (*fn)(void), const char *name,
                                             const void *arg, size_t size)
{
        struct kri_entry e = { fn, name, KRI_ENTRY_PTR, 0, { 0 } };

        e.size = size;
        e.arg.ptr = arg;
        return e;
}

KR_END_DECLS

#ifndef __cplusplus
/* KRI_ENTRY(fn) or KRI_ENTRY(fn, arg). The call inside sizeof is never made: it has the
 * compiler check that `fn` takes `arg`. */
#define KRI_ENTRY(...)                                                                   \
        KRI_ENTRY_PICK(__VA_ARGS__, KRI_ENTRY_2, KRI_ENTRY_1, )(__VA_ARGS__)
#define KRI_ENTRY_PICK(a, b, name, ...) name
#define KRI_ENTRY_1(function)                                                            \
        ((void)sizeof(((function)()), 0), kri_entry_none((function), #function, 0, 0))
/* clang-format does not know _Generic. */
/* clang-format off */
#define KRI_ENTRY_2(function, argument)                                                  \
        ((void)sizeof(((function)(argument)), 0),                                        \
         _Generic((function), void (*)(int64_t): kri_entry_int,                          \
                  void (*)(kr_term): kri_entry_term, default: kri_entry_ptr)(            \
                 (void (*)(void))(function), #function, (argument),                      \
                 sizeof(*KRI_POINTER_OR_NULL(argument))))
#define KRI_POINTER_OR_NULL(x)                                                           \
        _Generic((x), char: (char *)0, signed char: (char *)0, unsigned char: (char *)0, \
                 short: (char *)0, unsigned short: (char *)0, int: (char *)0,            \
                 unsigned: (char *)0, long: (char *)0, unsigned long: (char *)0,         \
                 long long: (char *)0, unsigned long long: (char *)0, bool: (char *)0,   \
                 kr_term: (char *)0, default: (x))
/* clang-format on */
#endif
#endif
