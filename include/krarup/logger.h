/* SPDX-License-Identifier: Apache-2.0 */
/* logger.h: what a node has to say to people. Follows OTP's logger.
 *
 *      kr_log(KR_LOG_NOTICE, "{listening, ~}", port);
 *      kr_log_text(KR_LOG_WARNING, "disk %s is %d %% full", name, percent);
 *
 * Flow     The limit of the module (or of the node) decides first; then the filters of the
 *          node; then each handler has its own limit and filters. What is left is laid out by
 *          the process that logs and written by the handler's own process.
 * Layout   A first line that says when, how bad, who, why and where in the source; below it,
 *          indented, what else is known. JSON if asked for, one object a line. Colours only
 *          on a terminal (and not when NO_COLOR is set).
 * Reports  Crashes of processes, of servers and of supervisors' children come here by
 *          themselves. Those alike (same kind, same shape of reason) within a second are
 *          counted: "... 14 more like this". A planned end is silent.
 * Load     A handler that does not keep up makes those that log wait for it (more than
 *          sync_mode_qlen events waiting), then drop (drop_mode_qlen), and throws away what
 *          waits (flush_qlen); what is lost is told. More than burst_limit_max_count events
 *          in burst_limit_window_ms are dropped too.
 * Without  Where the logger has not been started, errors and worse go as one line to
 *          kr_node_opts.report.
 *
 * Threads  Functions with a node: any; those without: processes (attached threads too), and
 *          kr_log on another thread has no effect. kr_log may wait for a handler that does
 *          not keep up, and then not return; in a clean-up (kr_defer) it never waits for what
 *          is no more than a notice.
 */
#ifndef KRARUP_LOGGER_H
#define KRARUP_LOGGER_H

#include <krarup/process.h>

/* The most important first, as in syslog and in OTP. */
typedef enum kr_log_level {
        KR_LOG_NONE = -1, /* as a limit: nothing */
        KR_LOG_EMERGENCY,
        KR_LOG_ALERT,
        KR_LOG_CRITICAL,
        KR_LOG_ERROR,
        KR_LOG_WARNING,
        KR_LOG_NOTICE, /* the limit of a node unless it is set */
        KR_LOG_INFO,
        KR_LOG_DEBUG,
        KR_LOG_ALL, /* as a limit: everything */
} kr_log_level;

/* Where in the source: made once by each call. */
struct kri_log_place {
        const char *file;
        const char *function;
        int line;
};

/* kr_log(level, "pattern", ...): log a term. A map is a report; with a key `msg` or `text`
 * that is a string or binary, that is its first line. Arguments are evaluated only if the
 * level is on. */
#define kr_log(level, ...)                                                               \
        do {                                                                             \
                if (kr_log_is_on(level, __FILE__))                                       \
                        kri_log_term((level), KRI_LOG_PLACE(), KRI_SITE(__VA_ARGS__),    \
                                     KRI_ARGS(__VA_ARGS__));                             \
        } while (0)

/* kr_log_text(level, "format", ...): log a text in the manner of printf. */
#define kr_log_text(level, ...)                                                          \
        do {                                                                             \
                if (kr_log_is_on(level, __FILE__))                                       \
                        kri_log_text((level), KRI_LOG_PLACE(), __VA_ARGS__);             \
        } while (0)

#define KRI_LOG_PLACE()                                                                  \
        (__extension__({                                                                 \
                static const struct kri_log_place kri_place = { __FILE__, NULL,          \
                                                                __LINE__ };              \
                &kri_place;                                                              \
        }))

/* What is logged, as filters and handlers of one's own see it. All of it borrows. */
typedef struct kr_log_event {
        kr_log_level level;
        int64_t time_ns;  /* kr_system_time_ns */
        kr_pid pid;       /* who logs, or what it is about */
        const char *name; /* its registered name, or what else it is known by; "" */
        const char *file; /* of the user's source; NULL: not known */
        int line;
        const char *function; /* "" */
        const char *domain;   /* "otp", "otp.sasl", or "" for the user's own */
        kr_term report;       /* none for a text */
        const char *text;     /* the first line, without time, level, name and place */
        const char *details;  /* further lines, each with its end; "" */
        kr_term metadata;     /* of the process; a map, or none */
} kr_log_event;

typedef enum kr_log_verdict {
        KR_LOG_IGNORE, /* let the next filter decide; after the last the event passes */
        KR_LOG_STOP,   /* nothing of it */
        KR_LOG_PASS,   /* passes; no further filter is asked */
} kr_log_verdict;

/* Called by the process that logs; may change the event's level. One that crashes is removed, and
 * told; so is a handler's `log`. (One that crashes while a fault is reported ends that report; then
 * all are told of the fault again, in short.) */
typedef kr_log_verdict (*kr_log_filter_fn)(kr_log_event *event, void *context);

/* A handler. All zero but the name: a terminal, at standard error. */
typedef struct kr_log_handler {
        const char *name;
        kr_log_level
                level; /* its own limit; 0 (emergency): all that the node lets through */

        /* One of three. `log` is called by the process that logs, several at a time, and must
         * neither log nor wait for long. */
        void (*log)(const kr_log_event *event, void *context);
        void *context;
        const char *file; /* appended to; made if missing, with its folder's help */
        int fd;           /* written to; 0: standard error */

        /* -- file -- */
        uint64_t file_bytes_max; /* then it is rotated: file.0 is the newest; 0: never */
        unsigned files_max;      /* how many rotated ones are kept; 0: none, begin anew */

        /* -- layout -- */
        bool json;
        bool single_line; /* no details */
        bool no_time;
        enum { KR_COLOUR_AUTO, KR_COLOUR_NEVER, KR_COLOUR_ALWAYS } colour;

        /* -- load; 0: as OTP -- */
        uint32_t sync_mode_qlen;        /* 10 */
        uint32_t drop_mode_qlen;        /* 200 */
        uint32_t flush_qlen;            /* 1000 */
        uint32_t burst_limit_max_count; /* 500 */
        uint32_t burst_limit_window_ms; /* 1000 */
} kr_log_handler;

typedef struct kr_logger_opts {
        kr_log_level level; /* 0: notice */
        bool no_default;    /* without the handler `default`, a terminal */
} kr_logger_opts;

KR_BEGIN_DECLS

/* Start the logger of a node: the process `logger` and a handler `default`. From now on what
 * ends by an error is reported here. `opts` may be NULL. Any thread that is no process, or a
 * process of that node. KR_EALREADY: it runs; KR_ENOMEM; KR_ESYSTEMLIMIT. */
KR_API KR_MUST_CHECK kr_err kr_logger_start(kr_node *node, const kr_logger_opts *opts);

/* Wait until everything logged before has been written, or counted as lost, at most so long. A
 * process; true: it has. May not return. */
KR_API bool kr_logger_sync(int64_t timeout_ms);

/* The same by looking, for threads that are no processes and do not drive the node. */
KR_API bool kr_logger_drain(kr_node *node, int64_t timeout_ms);

/* Would this level be logged from this file? A few nanoseconds. */
KR_API bool kr_log_is_on(kr_log_level level, const char *file);

/* The limit of the node; of a module: the name of its source file without folder and ending
 * ("counter" for src/counter.c), which takes the place of the node's limit. level -2 (unset)
 * takes it back. KR_ENOMEM, KR_ESTATE (the logger does not run), KR_EBADARG. */
#define KR_LOG_UNSET ((kr_log_level)-2)
KR_API kr_err kr_logger_set_level(kr_node *node, kr_log_level level);
KR_API kr_log_level kr_logger_level(kr_node *node);
KR_API kr_err kr_logger_set_module_level(kr_node *node, const char *module,
                                         kr_log_level level);

/* Handlers and filters, at most 8 of each kind. A filter is for the node (handler NULL) or for
 * one handler; names tell them apart. KR_EALREADY, KR_ESYSTEMLIMIT (8 are there), KR_ENOPROC
 * (no such handler or filter), KR_EOS (the file cannot be opened, see errno), KR_ENOMEM,
 * KR_ESTATE, KR_EBADARG. Removing waits for nothing: what is under way is still written. */
KR_API kr_err kr_logger_add_handler(kr_node *node, const kr_log_handler *handler);
KR_API kr_err kr_logger_remove_handler(kr_node *node, const char *name);
KR_API kr_err kr_logger_set_handler_level(kr_node *node, const char *name,
                                          kr_log_level level);
KR_API kr_err kr_logger_add_filter(kr_node *node, const char *handler, const char *name,
                                   kr_log_filter_fn filter, void *context);
KR_API kr_err kr_logger_remove_filter(kr_node *node, const char *handler,
                                      const char *name);

/* kr_log_metadata("#{request => ~}", id): what the events of the calling process carry;
 * kr_log_metadata("#{}") takes it back. Follows logger:set_process_metadata/1. */
#define kr_log_metadata(...)                                                             \
        kri_log_metadata(KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* What a person can do about a reason that a process ended with or that a start failed for;
 * reports say it too. Static text; NULL: nothing is known of it. Any thread. */
KR_API const char *kr_remedy(kr_term reason);

/* "error"; NULL for what is no level. And back: false if there is none of that name. */
KR_API const char *kr_log_level_name(kr_log_level level);
KR_API bool kr_log_level_from(const char *name, kr_log_level *ret_level);

KR_API void kri_log_term(kr_log_level level, const struct kri_log_place *place,
                         struct kri_site *site, const union kri_arg *args);
KR_API void kri_log_text(kr_log_level level, const struct kri_log_place *place,
                         const char *format, ...) __attribute__((format(printf, 3, 4)));
KR_API void kri_log_metadata(struct kri_site *site, const union kri_arg *args);

KR_END_DECLS
#endif
