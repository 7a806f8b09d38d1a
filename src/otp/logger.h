/* SPDX-License-Identifier: Apache-2.0 */
/* logger.h: the logger of a node: what its parts share.
 *
 *      logger.c            the way of an event, and the process `logger`
 *      logger_config.c     limits, filters, handlers
 *      logger_report.c     what a report says to people
 *      logger_env.c        kernel's parameters about logging
 *      logger_format.c     how an event is laid out: lines, or JSON
 *      logger_repeats.c    those alike are counted
 *      logger_writer.c     the process of a handler, which writes
 *
 * Model    One struct kri_logger hangs off the node, from kr_logger_start until the node has
 *          stopped. The process `logger` is told of processes that end by errors, starts a
 *          handler's process anew if it dies, and tells what was counted.
 * Threads  `lock` guards what is not atomic or constant. A handler is counted (refs); it is
 *          released with the node at the latest.
 */
#ifndef KR_OTP_LOGGER_H
#define KR_OTP_LOGGER_H

#include <krarup/logger.h>
#include <krarup/loop.h>

#include <stdatomic.h>

#include "plat.h"
#include "words.h"

#define KRI_LOG_FILTERS_MAX 8
#define KRI_LOG_HANDLERS_MAX 8
#define KRI_LOG_NAME_BYTES 64
#define KRI_LOG_REPEATS 32 /* kinds of reports that are counted at a time */
#define KRI_LOG_REPEAT_NS 1000000000

struct kri_log_filter {
        char name[KRI_LOG_NAME_BYTES];
        kr_log_filter_fn filter;
        void *context;
};

struct kri_log_filters {
        struct kri_log_filter at[KRI_LOG_FILTERS_MAX];
        unsigned count;
};

/* A handler. */
struct kri_log_handler {
        kr_log_handler config;          /* constant; its texts are ours */
        struct kri_logger *logger;      /* constant */
        bool colour;                    /* constant */
        struct kri_log_handler *next;   /* of all that were ever added; under the lock */
        bool in_use;                    /* under the lock; false: removed */
        struct kri_log_filters filters; /* under the lock */
        kr_pid pid;                     /* of its process; under the lock */

        _Atomic int level;
        _Atomic uint32_t refs;
        _Atomic uint32_t queued;  /* sent to the process, and not written yet */
        _Atomic uint64_t dropped; /* not sent, as too many were queued; not told yet */
};

/* Reports that are alike. */
struct kri_log_repeat {
        uint64_t key;     /* 0: free */
        int64_t since_ns; /* when the first was let through, or its number told last */
        uint64_t count;   /* of those that were not */
        kr_log_level level;
        char text[160]; /* the first line */
};

struct kri_log_module {
        struct kri_log_module *next;
        char name[KRI_LOG_NAME_BYTES];
        kr_log_level level;
};

struct kri_logger {
        kr_node *node;
        _Atomic int level;
        _Atomic unsigned module_count; /* 0: no module has a limit of its own */

        kri_plat_lock lock;
        struct kri_log_module *modules;
        struct kri_log_filters filters;
        struct kri_log_handler *handlers; /* all; newest first */
        struct kri_log_repeat repeats[KRI_LOG_REPEATS];
        kr_pid pid; /* of the process `logger` */
};

/* The logger of a node; NULL: none. */
struct kri_logger *kri_logger_of(kr_node *node);

/* Do the filters of this handler (NULL: of the node) let it through? One that crashes is removed,
 * and has not decided. */
bool kri_log_passes(struct kri_logger *logger, struct kri_log_handler *handler,
                    kr_log_event *event);

/* Tell that one has been removed: `what` is "handler" or "filter". */
void kri_log_removed(struct kri_logger *logger, const char *what, const char *name,
                     kr_term reason);

/* The handlers in use at one moment, counted: kri_log_handler_unref each. */
struct kri_log_taken {
        struct kri_log_handler *at[KRI_LOG_HANDLERS_MAX];
        kr_pid pids[KRI_LOG_HANDLERS_MAX];
        unsigned count;
};
void kri_log_take(struct kri_logger *logger, struct kri_log_taken *ret);

void kri_log_config_release(struct kri_logger *logger);

/* An event all filled in but for time, name and metadata, about the calling process if
 * event->pid is none. `may_wait`: the caller can wait for a handler. */
void kri_logger_event(struct kri_logger *logger, kr_log_event *event, bool may_wait);

/* What a report says: text, details and place of `event`, put together in `text` and
 * `details`, from which it borrows. */
void kri_log_describe(kr_log_event *event, kr_term report, struct kri_words *text,
                      struct kri_words *details);
/* {report, Pid, Name, Reason} of a process that ended by an error. */
void kri_log_describe_end(kr_log_event *event, kr_term reason, struct kri_words *text,
                          struct kri_words *details);

/* What is the same for reports that are alike; never 0. */
uint64_t kri_log_key(kr_term report);

/* Shall this one be logged? False: it has been counted. */
bool kri_log_repeat_passes(struct kri_logger *logger, uint64_t key);
/* It was logged like this. */
void kri_log_repeat_name(struct kri_logger *logger, uint64_t key,
                         const kr_log_event *event);
/* Tell the numbers whose second is over; milliseconds until the next one, or KR_INFINITY. */
int64_t kri_log_repeat_tell(struct kri_logger *logger);

/* The event as this handler lays it out. */
void kri_log_layout(const kr_log_handler *config, bool colour, const kr_log_event *event,
                    struct kri_words *out);

/* Start the process of a handler; none: there is no room or no memory. */
kr_pid kri_log_writer_start(struct kri_log_handler *handler);
/* Hand it an event. By a process. */
void kri_log_writer_send(struct kri_log_handler *handler, kr_pid pid,
                         const kr_log_event *event, bool may_wait);

/* What kernel's parameters logger_level and logger say: the handlers too. */
void kri_logger_configure(kr_node *node);

void kri_log_handler_unref(struct kri_log_handler *handler);

#endif
